"""The process that clients talk to: it moves bytes, and never sees a model."""
