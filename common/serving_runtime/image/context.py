"""Check a model directory before it becomes a build context, where mistakes cost the least."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional

from serving_runtime import contract
from serving_runtime.errors import LoadError
from serving_runtime.framework import model_dir
from serving_runtime.signature import Contract

IGNORE = ".dockerignore"
CHUNK_BYTES = 2**20


class Context(NamedTuple):
    """A model directory that can be baked, as absolute paths."""

    root: Path
    contract: Optional[Contract]
    # Relative to the root: what another user of the image's group could not read.
    private: List[str]

    @property
    def title(self) -> str:
        """The model's name, from its contract or its directory."""
        return (self.contract.model_name if self.contract else "") or self.root.name

    @property
    def digest(self) -> str:
        """Hash every file; empty where a .dockerignore leaves out what is not known here.

        It is what ``find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum``
        prints, here and in /model of the image.

        Raises:
            LoadError: a file cannot be read.
        """
        if (self.root / IGNORE).exists():
            return ""
        names = [name for name in _names(self.root) if _is_file(self.root / name)]
        listing = b"".join(
            f"{_digest_of(self.root / name)}  ./".encode() + os.fsencode(name) + b"\n"
            for name in sorted(names, key=os.fsencode)
        )
        return hashlib.sha256(listing).hexdigest()


def check(root: Path) -> Context:
    """Check a model directory as far as can be without its framework.

    Raises:
        LoadError: nothing could be served from it, or a link leads out of it.
    """
    root = Path(os.path.realpath(str(root)))
    try:
        located = model_dir.locate(root)
    except LoadError as error:
        is_mount = "docker run" in error.fix
        raise LoadError(
            error.problem, "name the model's own directory" if is_mount else error.fix
        ) from None
    read = located.contract_path and contract.read_contract(located.contract_path)
    names = list(_names(root))
    if not (root / IGNORE).exists():
        _check_links(root, names)
    return Context(root, read or None, [name for name in names if _is_private(root / name)])


def _names(root: Path) -> Iterator[str]:
    """Yield what is below a directory, relative to it."""
    for folder, folders, files in os.walk(str(root)):
        for name in sorted(folders + files):
            yield os.path.relpath(os.path.join(folder, name), str(root))


def _check_links(root: Path, names: List[str]) -> None:
    """Refuse links such as those of a Hugging Face cache, whose files are elsewhere.

    Raises:
        LoadError: a link would lead nowhere in an image.
    """
    for name in names:
        path = root / name
        if not path.is_symlink():
            continue
        target = os.readlink(str(path))
        is_inside = os.path.realpath(str(path)).startswith(f"{root}{os.sep}")
        if os.path.isabs(target) or not is_inside:
            raise LoadError(
                f"{name} is a link to {target}: an image has only what is in {root} itself",
                f"copy the files and not the links: cp -rL {root} COPY",
            )


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _is_private(path: Path) -> bool:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return False
    needed = 0o550 if stat.S_ISDIR(mode) else 0o440
    return mode & needed != needed


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for chunk in iter(lambda: file.read(CHUNK_BYTES), b""):
                digest.update(chunk)
    except OSError as error:
        raise LoadError(
            f"{path} cannot be read: {error.strerror}", f"chmod u+r {path}, or remove it"
        ) from None
    return digest.hexdigest()
