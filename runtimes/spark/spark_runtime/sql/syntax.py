"""Read an SQL statement into a tree of its expressions."""

import re
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from spark_runtime.sql.tokens import Token, tokens_of
from spark_runtime.unsupported import Unsupported

_CLAUSES = ("WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "JOIN", "UNION", "LATERAL", "OVER")
_RESERVED = ("AS", "FROM", "WHEN", "THEN", "ELSE", "END", "AND", "OR", "NOT", "IN", "IS", "SELECT")
_COMPARISONS = ("=", "==", "<=>", "<>", "!=", "<", "<=", ">", ">=")
_LEVELS: Tuple[Tuple[str, ...], ...] = (("+", "-", "||"), ("*", "/", "%", "DIV"))


class Node(NamedTuple):
    """An expression: what it is, what it is about, and the expressions in it."""

    kind: str
    value: Any = None
    parts: Tuple["Node", ...] = ()


class Item(NamedTuple):
    """What is selected: an expression and its name; the name ``*`` means all columns."""

    name: str
    node: Optional[Node] = None


def parse(statement: str) -> List[Item]:
    """Return what a statement selects.

    Raises:
        Unsupported: it is more than expressions of one row.
    """
    parser = _Parser(list(tokens_of(statement)))
    parser.expect("SELECT")
    items = parser.listed(parser.item)
    parser.expect("FROM")
    parser.expect("__THIS__")
    parser.end()
    return items


class _Parser:
    def __init__(self, tokens: List[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def _next(self) -> Token:
        is_there = self._at < len(self._tokens)
        return self._tokens[self._at] if is_there else Token("end", "", "")

    def _take(self) -> Token:
        token = self._next()
        self._at += 1
        return token

    def accept(self, *words: str) -> str:
        token = self._next()
        if token.kind in ("word", "sign") and token.text in words:
            self._at += 1
            return token.text
        return ""

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self._refused(word)

    def end(self) -> None:
        if self._next().kind != "end":
            raise self._refused("nothing more")

    def _refused(self, expected: str) -> Unsupported:
        token = self._next()
        if token.text in _CLAUSES:
            return Unsupported(f"its statement has {token.text}, which is of more than one row")
        return Unsupported(f"its statement has {token.written or 'its end'!r}: expected {expected}")

    def listed(self, read: Callable[[], Any]) -> List[Any]:
        items = [read()]
        while self.accept(","):
            items.append(read())
        return items

    def item(self) -> Item:
        if self.accept("*"):
            return Item("*")
        node = self.expression()
        if self.accept("AS") or self._next().kind in ("escaped",) or self._is_name():
            return Item(self._take().written, node)
        if node.kind != "column":
            raise Unsupported("its statement has an expression without a name: write AS name")
        return Item(node.value, node)

    def _is_name(self) -> bool:
        token = self._next()
        return token.kind == "word" and token.text not in ("FROM", *_CLAUSES)

    def expression(self) -> Node:
        node = self._conjunction()
        while self.accept("OR"):
            node = Node("or", None, (node, self._conjunction()))
        return node

    def _conjunction(self) -> Node:
        node = self._negation()
        while self.accept("AND"):
            node = Node("and", None, (node, self._negation()))
        return node

    def _negation(self) -> Node:
        if self.accept("NOT", "!"):
            return Node("not", None, (self._negation(),))
        return self._comparison()

    def _comparison(self) -> Node:
        node = self._sum(0)
        sign = self.accept(*_COMPARISONS)
        if sign:
            return Node("compare", sign, (node, self._sum(0)))
        if self.accept("IS"):
            is_not = self.accept("NOT")
            self.expect("NULL")
            return _negated(Node("isnull", None, (node,)), is_not)
        is_not = self.accept("NOT")
        return _negated(self._test(node, is_not), is_not)

    def _test(self, node: Node, is_not: str) -> Node:
        if self.accept("BETWEEN"):
            low = self._sum(0)
            self.expect("AND")
            bounds = (
                Node("compare", ">=", (node, low)),
                Node("compare", "<=", (node, self._sum(0))),
            )
            return Node("and", None, bounds)
        if self.accept("IN"):
            return Node("in", None, (node, *self._arguments()))
        if self.accept("LIKE"):
            return Node("call", "LIKE", (node, self._sum(0)))
        if is_not:
            raise self._refused("BETWEEN, IN or LIKE")
        return node

    def _sum(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        node = self._sum(level + 1)
        sign = self.accept(*_LEVELS[level])
        while sign:
            right = self._sum(level + 1)
            is_text = sign == "||"
            node = (
                Node("call", "CONCAT", (node, right))
                if is_text
                else Node("math", sign, (node, right))
            )
            sign = self.accept(*_LEVELS[level])
        return node

    def _signed(self) -> Node:
        if self.accept("-"):
            return Node("negative", None, (self._signed(),))
        self.accept("+")
        return self._operand()

    def _operand(self) -> Node:
        if self.accept("("):
            node = self.expression()
            self.expect(")")
            return node
        token = self._take()
        if token.kind in ("text", "quoted"):
            return Node("text", _unescaped(token.text))
        if token.kind == "number":
            return Node("number", token.text)
        if token.kind == "escaped":
            return Node("column", token.text)
        if token.kind == "word" and token.text not in _RESERVED:
            return self._word(token)
        self._at -= 1
        raise self._refused("an expression")

    def _word(self, token: Token) -> Node:
        if token.text in ("TRUE", "FALSE", "NULL"):
            return Node("constant", token.text)
        if token.text == "CASE":
            return self._case()
        if token.text == "CAST":
            return self._cast()
        if self._next().text == "(" and self._next().kind == "sign":
            node = Node("call", token.text, tuple(self._arguments()))
            if self._next().text in _CLAUSES:
                raise self._refused("an expression")
            return node
        return Node("column", token.written)

    def _arguments(self) -> List[Node]:
        self.expect("(")
        if self.accept(")"):
            return []
        found: List[Node] = self.listed(self.expression)
        self.expect(")")
        return found

    def _cast(self) -> Node:
        self.expect("(")
        node = self.expression()
        self.expect("AS")
        kind = self._take().text
        self.expect(")")
        return Node("cast", kind, (node,))

    def _case(self) -> Node:
        subject = None if self._next().text == "WHEN" else self.expression()
        parts: List[Node] = []
        while self.accept("WHEN"):
            condition = self.expression()
            parts.append(Node("compare", "=", (subject, condition)) if subject else condition)
            self.expect("THEN")
            parts.append(self.expression())
        parts.append(self.expression() if self.accept("ELSE") else Node("constant", "NULL"))
        self.expect("END")
        return Node("case", None, tuple(parts))


def _negated(node: Node, is_not: str) -> Node:
    return Node("not", None, (node,)) if is_not else node


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text.replace("''", "'"))
