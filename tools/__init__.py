"""The project's own command-line tools; each runs as `python -m tools.NAME`."""
