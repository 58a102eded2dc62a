"""What no client sends in good faith: frames out of order, floods, and requests that swell."""
