"""What a row of the matrix means: its names, arguments and labels, made in one place."""

import enum
from pathlib import Path
from typing import NamedTuple

from tools.command_line import ToolError

LABELS = "io.hydrosphere.runtime"


class MatrixError(ToolError):
    """The matrix cannot be used; the message has which row, what was found and what would help."""


class Status(str, enum.Enum):
    """What users may expect of a row."""

    SUPPORTED = "supported"
    LEGACY = "legacy"
    UNVERIFIED = "unverified"
    EOL = "eol"

    def __str__(self) -> str:
        """Return the word that the matrix uses."""
        return self.value

    @property
    def is_built(self) -> bool:
        """Whether the project builds and tests such rows."""
        return self in (Status.SUPPORTED, Status.LEGACY)


class Row(NamedTuple):
    """One image; every name that it has anywhere follows from these fields."""

    runtime: str
    version: str
    status: Status
    python: str
    base: str
    framework: tuple[str, ...]
    reason: str
    release: str
    repository: str
    budget_mb: int
    is_newest: bool
    is_proof: bool

    @property
    def name(self) -> str:
        """The row as verbs take it: `python/3.6`."""
        return f"{self.runtime}/{self.version}"

    @property
    def is_built(self) -> bool:
        """Whether the project builds and tests an image, and so has its lock."""
        return self.status.is_built

    @property
    def can_be_built(self) -> bool:
        """Whether anybody can build an image: if not the project, then who reaches the wheels."""
        return self.status is not Status.EOL

    @property
    def image(self) -> str:
        """The image without a tag; without a registry if it is docker's own, as users type it."""
        return f"{self.repository}/serving-runtime-{self.runtime}"

    @property
    def immutable_tag(self) -> str:
        """The tag that never moves."""
        return f"{self.version}-{self.release}"

    @property
    def moving_tags(self) -> tuple[str, ...]:
        """The tags that later releases take over, the row's own first."""
        return (f"{self.version}-latest", *(["latest"] if self.is_newest else []))

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, the one that users know first; none if there can be no image."""
        if not self.can_be_built:
            return ()
        own, *others = self.moving_tags
        return (own, self.immutable_tag, *others)

    @property
    def references(self) -> tuple[str, ...]:
        """The full names, `image:tag`, in the order of the tags."""
        return tuple(f"{self.image}:{tag}" for tag in self.tags)

    @property
    def candidate(self) -> str:
        """The name of an image that is built but not verified; it is never pushed."""
        return f"candidate/serving-runtime-{self.runtime}:{self.version}"

    @property
    def folder(self) -> Path:
        """The runtime's folder, relative to the checkout."""
        return Path("runtimes", self.runtime)

    @property
    def dockerfile(self) -> Path:
        """The runtime's Dockerfile, relative to the checkout, which is the build context."""
        return self.folder / "Dockerfile"

    @property
    def lock(self) -> Path:
        """The hashed pins of everything inside, relative to the checkout."""
        return self.folder / "locks" / f"{self.version}.txt"

    @property
    def build_args(self) -> dict[str, str]:
        """What the Dockerfile gets (not PYTHON_VERSION: the base's own variable would win)."""
        return {
            "BASE": self.base,
            "LOCK": self.lock.as_posix(),
            "VERSION": self.version,
            "IMAGE": self.image,
        }

    @property
    def labels(self) -> dict[str, str]:
        """What the image states of itself: what is measured inside must agree."""
        past = {f"{LABELS}.reason": self.reason} if self.reason else {}
        return {
            "org.opencontainers.image.title": f"serving-runtime-{self.runtime}",
            "org.opencontainers.image.version": self.immutable_tag,
            "org.opencontainers.image.base.name": self.base,
            "org.opencontainers.image.licenses": "Apache-2.0",
            "DEPLOYMENT_TYPE": "APP",  # Hydrosphere's manager looks for it
            f"{LABELS}.framework": self.runtime,
            f"{LABELS}.framework-version": self.version,
            f"{LABELS}.python": self.python,
            f"{LABELS}.release": self.release,
            f"{LABELS}.status": str(self.status),
            **past,
        }


class Matrix(NamedTuple):
    """All rows, in the order of the file, and the checkout they belong to."""

    root: Path
    rows: tuple[Row, ...]

    @property
    def built(self) -> tuple[Row, ...]:
        """The rows that become images."""
        return tuple(row for row in self.rows if row.is_built)

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The runtimes' names, in the order of the file."""
        return tuple(dict.fromkeys(row.runtime for row in self.rows))

    def rows_of(self, runtime: str) -> tuple[Row, ...]:
        """Return a runtime's rows."""
        rows = tuple(row for row in self.rows if row.runtime == runtime)
        if not rows:
            known = ", ".join(self.runtimes)
            raise MatrixError(f"no runtime {runtime!r} in build_matrix.yaml; there are: {known}")
        return rows

    def row(self, runtime: str, version: str) -> Row:
        """Return one row."""
        rows = self.rows_of(runtime)
        found = [row for row in rows if row.version == version]
        if not found:
            known = ", ".join(row.version for row in rows)
            raise MatrixError(
                f"no row {runtime}/{version} in build_matrix.yaml; there are: {known}"
            )
        return found[0]
