"""The messages of 3.x; it has no flat names."""
