"""The service that a runtime answers in 3.x."""
