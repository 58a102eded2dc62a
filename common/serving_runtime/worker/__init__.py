"""One process of the model: turn bytes into arrays, call the model, turn arrays into bytes."""
