"""Serve HTTP: requests are read, routed and answered here, and forwarded as bytes."""
