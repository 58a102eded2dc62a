"""Make named tuples quickly, of every field: for what is made for each call.

A named tuple's own ``__new__`` is written in Python, and takes three times as long.
"""

make_tuple = tuple.__new__
