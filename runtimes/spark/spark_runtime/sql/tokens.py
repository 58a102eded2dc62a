"""Cut an SQL statement into its tokens."""

import re
from typing import List, NamedTuple

from spark_runtime.unsupported import Unsupported

_TOKENS = re.compile(
    r"\s+|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDlL]?)\b"
    r"|'(?P<text>(?:[^'\\]|\\.|'')*)'|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|`(?P<escaped>[^`]+)`"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign><=>|<>|!=|<=|>=|==|\|\||[-+*/%(),=<>.!])"
)


class Token(NamedTuple):
    """A piece of a statement: its kind, and its text, in capitals where it is a word."""

    kind: str
    text: str
    written: str


def tokens_of(statement: str) -> List[Token]:
    """Return the tokens of a statement.

    Raises:
        Unsupported: it has what is none.
    """
    found, at = [], 0
    while at < len(statement):
        match = _TOKENS.match(statement, at)
        if match is None:
            raise Unsupported(f"its statement cannot be read from {statement[at : at + 20]!r} on")
        at = match.end()
        if match.lastgroup:
            text = match.group(match.lastgroup)
            is_word = match.lastgroup == "word"
            found.append(Token(match.lastgroup, text.upper() if is_word else text, text))
    return found
