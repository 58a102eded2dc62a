"""JSON for every protocol that has it: values into arrays and back, quickly where it is simple.

``reading`` chooses who parses a text: pysimdjson, orjson or the standard library, by what is
installed and how long the text is; their answers are the same. ``reader`` is what a protocol sees
of them. ``writing`` is the way back.
"""
