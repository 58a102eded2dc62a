"""Greets users who come as several maps."""


def greet_all(users):
    """Return a card for each user; an empty list of them for none."""
    return {"cards": [{"text": f"{it['name']}!", "best": it["scores"].max()} for it in users]}
