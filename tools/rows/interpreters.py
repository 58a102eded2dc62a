"""Dates of each Python's end of life, which decide what a row may promise."""

import datetime
from pathlib import Path

import yaml

from tools.rows.rows import MatrixError, Row

TABLE = Path(__file__).with_name("interpreters.yaml")


def end_of_life(row: Row) -> datetime.date:
    """Return the last day on which a row's interpreter gets security fixes."""
    days = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    if row.python not in days:
        raise MatrixError(
            f"{row.name}: python is {row.python!r}, expected one of {', '.join(days)}; for a new"
            " Python add its end of life to tools/rows/interpreters.yaml"
        )
    day: datetime.date = days[row.python]
    return day
