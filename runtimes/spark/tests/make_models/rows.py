"""The rows that models are fitted to: the same on each machine and Python."""

import csv
import random
from pathlib import Path
from typing import Any, List, Tuple

from pyspark.ml.linalg import Vectors

PRAISE = """The battery lasts all day and the screen is bright.
I love this phone: fast, light and well made.
Great sound, great price, great service.
It arrived early and works exactly as described.
Best purchase of the year, I would buy it again.
My children use it every day and it still looks new.
The camera takes sharp pictures even at night.
Easy to set up; the manual is short and clear.
Very happy with the quality of this bag.
The coffee is excellent and the machine is quiet.
A wonderful book, I could not put it down.
Friendly staff, clean rooms and a great breakfast.""".splitlines()
COMPLAINTS = """The battery died after two days and the screen is dim.
I hate this phone: slow, heavy and badly made.
Terrible sound, bad price, no service at all.
It arrived late and does not work as described.
Worst purchase of the year, I want my money back.
It broke on the first day and looks cheap.
The camera is useless at night and the pictures are blurred.
Hard to set up; the manual is long and confusing.
Very unhappy with the quality of this bag.
The coffee is cold and the machine is loud.
A boring book, I could not finish it.
Rude staff, dirty rooms and a bad breakfast.""".splitlines()
ODD_TEXTS = [
    "",
    " ",
    "  two  spaces, and\ttabs\nand lines ",
    "ΣΊΣΥΦΟΣ İstanbul straße ŒUVRE Ünïcode naïve café",
    "emoji \U0001f600 and \U0001d518nicode beyond the plane",
    "no\u00a0break\u2003space \u3000 ideographic \x1c separators \x0b too",
    "don't can't won't it's 3.14 1,000 e-mail @home #tag",
    "The the THE great great great bad",
]


def reviews() -> List[Tuple[str, float]]:
    """Return texts with whether they praise."""
    pairs = zip(PRAISE, COMPLAINTS)
    return [row for good, bad in pairs for row in ((good, 1.0), (bad, 0.0))]


def questions() -> List[Tuple[str]]:
    """Return texts to ask about, all kinds of white space and letters among them."""
    mixed = [f"{good} {bad}" for good, bad in zip(PRAISE[:4], reversed(COMPLAINTS[:4]))]
    return [(text,) for text in [*PRAISE[:3], *COMPLAINTS[-3:], *mixed, *ODD_TEXTS]]


def cars() -> List[Tuple[Any, ...]]:
    """Return cars of the seventies: eight columns, of which horsepower is not always known."""
    path = Path(__file__).resolve().parent / "cars.csv"
    with path.open(encoding="utf-8") as lines:
        found = list(csv.DictReader(lines))
    numbers = ("mpg", "displacement", "horsepower", "weight", "acceleration")
    return [
        (
            int(row["cylinders"]),
            *(float(row[name]) if row[name] else None for name in numbers[1:]),
            row["origin"],
            row["year"],
            float(row["mpg"]),
        )
        for row in found
    ]


def points(count: int, width: int, seed: int) -> List[List[float]]:
    """Return numbers around three centres, rounded so that the files of models stay small."""
    draw = random.Random(seed)
    centres = [[draw.random() * 6 - 3 for _ in range(width)] for _ in range(3)]
    return [
        [round(centre + draw.random() * 3 - 1.5, 3) for centre in centres[row % 3]]
        for row in range(count)
    ]


def counts(count: int, width: int, seed: int) -> List[List[float]]:
    """Return small counts, many of them 0, that depend on the row's class of three."""
    draw = random.Random(seed)
    return [
        [
            float(max(0, int(draw.random() * 6) - (0 if place % 3 == row % 3 else 3)))
            for place in range(width)
        ]
        for row in range(count)
    ]


def dense(values: List[float]) -> Any:
    """Return Spark's dense vector."""
    return Vectors.dense(values)


def sparse(values: List[float]) -> Any:
    """Return Spark's sparse vector, without the zeros."""
    return Vectors.sparse(len(values), [(at, value) for at, value in enumerate(values) if value])
