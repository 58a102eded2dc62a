"""Load a running service with more and more callers, to find out how much it can answer."""
