"""OpenAPI: a document of what can be asked over HTTP, made from the model's own contract.

``schemas`` describes values, ``rows`` and ``tensors`` the two families of bodies that hold them,
``samples`` makes the examples, ``signatures`` describes what the page reads, ``paths`` describes
each operation, ``document`` puts it together.
"""
