"""Faults that are planted in a copy of the tree, to see that the short suite catches each."""
