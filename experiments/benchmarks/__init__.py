"""Measure this runtime, its peers and the bare transport: same model, same load, in turns."""
