"""Greets a user who comes as a map."""


def greet(user):
    """Return a card for the user."""
    text = "{} from {}".format(user["name"], user["address"]["city"])
    return {"card": {"text": text, "best": user["scores"].max()}}
