"""Carry what is wrong with a contract, and where, to the one place that refuses it."""


class ContractError(Exception):
    """A contract is wrong at one place.

    Args:
        path: the place, such as ``signatures[0].inputs[1]``; empty for the whole contract.
        problem: what was found there and what was expected.
        where: the place in the file, such as ``line 4`` or ``at byte 31``, if it is known.
    """

    def __init__(self, path: str, problem: str, where: str = "") -> None:
        super().__init__(path, problem, where)
        self.path = path
        self.problem = problem
        self.where = where

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.path, self.where) if part)
        return f"{place}: {self.problem}" if place else self.problem
