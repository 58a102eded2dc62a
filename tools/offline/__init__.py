"""Stands in for what cannot be reached: bases without a registry, an engine, Debian's packages."""
