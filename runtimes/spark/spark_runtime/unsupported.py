"""The one exception of what cannot be evaluated, which stages and their parts share."""


class Unsupported(Exception):
    """A stage, or what it is set to, cannot be evaluated here; the text is why."""
