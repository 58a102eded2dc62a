"""Do what Java does where Python would do it otherwise."""
