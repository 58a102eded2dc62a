"""Keep cases that failed as files, which a test replays for ever.

A file has the requests that were answered together, one a line: the method and the bytes in hex.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.corpus import Case

FOLDER = Path(__file__).with_name("regressions")


def save(wrong: str, cases: Sequence[Case], folder: Path = FOLDER) -> Path:
    """Write a file named after what is wrong; returns its path."""
    text = "".join(f"{case.method} {case.payload.hex()}\n" for case in cases)
    slug = re.sub(r"[^a-z0-9]+", "-", wrong.lower()).strip("-")[:60]
    path = folder / f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.txt"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    return path


def load(path: Path) -> list[Case]:
    """Read the cases of a file."""
    lines = path.read_text(encoding="ascii").splitlines()
    pairs = (line.split(" ") for line in lines)
    return [Case(method, bytes.fromhex(payload)) for method, payload in pairs]


def files() -> list[Path]:
    """Return the files that there are."""
    return sorted(FOLDER.glob("*.txt"))
