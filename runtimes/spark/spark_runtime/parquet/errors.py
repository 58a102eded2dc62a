"""The one exception of the reader, which its modules share."""


class ParquetError(Exception):
    """The file is not whole, or has what this reader does not read; the text says which."""
