"""Find a framework's package, and what a loader may use of ours."""
