"""What stands in for a registry where none can be reached: bases, engine, packages, wheels."""
