"""The worker processes as the front sees them."""
