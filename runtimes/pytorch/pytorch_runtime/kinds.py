"""Detect from a file's content what PyTorch has saved in it, before anything of it is loaded."""

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import List

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import Artefact

TORCHSCRIPT = "a TorchScript module"
EXPORTED = "a program of torch.export"
SAFETENSORS = "weights in safetensors"
SAVED = "weights of torch.save"

_ZIP = b"PK\x03\x04"
# torch.save's format until 1.5: a pickle that begins with this number.
_MAGIC_PICKLE = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# What else there may be, and what mends it.
_FOREIGN_FORMATS = (
    (rb"version https://git-lfs", "a pointer of Git LFS", "run `git lfs pull` where it was cloned"),
    (rb"\x89HDF", "HDF5, such as Keras's .h5", "serve it with the runtime of its framework"),
    (
        rb"\x80[\x02-\x05]",
        "a pickle that torch.save has not written",
        "serve it with the runtime of its framework, or save it with torch.save",
    ),
    (
        rb"[\s\S]{257}ustar",
        "a tar archive: torch.save's format before PyTorch 0.1.10",
        "load it with PyTorch 1.x and save its state_dict() again",
    ),
    (rb"$", "an empty file", "copy or download it again"),
)
_EXPECTED = (
    "expected what torch.jit.save, torch.export.save, torch.save or safetensors have written"
)


def kind_of(artefact: Artefact) -> str:
    """Return one of the kinds above.

    Raises:
        LoadError: the file is of none of them, is damaged, or is made to write outside a folder.
    """
    content = artefact.content
    if content.startswith(_ZIP):
        return _kind_of_zip(artefact)
    if content.startswith(_MAGIC_PICKLE):
        return SAVED
    # 8 bytes with the length of a JSON object, which follows.
    if content[8:9] == b"{" and int.from_bytes(content[:8], "little") <= len(content):
        return SAFETENSORS
    for pattern, name, fix in _FOREIGN_FORMATS:
        if re.match(pattern, content):
            raise _foreign_file(artefact, name, fix)
    raise _foreign_file(artefact, "in no format that is known here")


def names_in(artefact: Artefact) -> List[str]:
    """Return the names of a zip archive's entries, without the folder that holds them all."""
    with zipfile.ZipFile(io.BytesIO(artefact.content)) as archive:
        names = archive.namelist()
    _check_names(artefact, names)
    tops = {name.partition("/")[0] for name in names}
    return [name.partition("/")[2] for name in names] if len(tops) == 1 else names


def _kind_of_zip(artefact: Artefact) -> str:
    try:
        names = names_in(artefact)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(artefact, f"it begins as a zip archive, but: {error}") from None
    if any(name.startswith("data/aotinductor/") for name in names):
        raise LoadError(
            f"{artefact.path} is compiled for one machine by AOTInductor: expected a program that "
            "torch.export.save has written",
            "save what torch.export.export returns, without compiling it",
        )
    if any(re.match(r"models/.*\.json$|serialized_exported_program\.json$", it) for it in names):
        return EXPORTED
    if "constants.pkl" in names:
        return TORCHSCRIPT
    if "data.pkl" in names:
        return SAVED
    raise _foreign_file(artefact, f"a zip archive of something else: it has {', '.join(names[:4])}")


def _check_names(artefact: Artefact, names: List[str]) -> None:
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise LoadError(
                f"{artefact.path} has an entry that leads out of the archive, {name[:80]!r}: "
                "no tool of PyTorch writes such",
                "do not trust whoever made the file",
            )


def damaged(artefact: Artefact, what: str) -> LoadError:
    """Return the error of a file that is cut short or changed."""
    return LoadError(
        f"{artefact.path} ({len(artefact.content)} bytes) is damaged: {what}",
        "copy or download it again, and compare the sizes",
    )


def _foreign_file(
    artefact: Artefact, what: str, fix: str = "look at how the file was made, and save it so"
) -> LoadError:
    return LoadError(f"{artefact.path} is no PyTorch model but {what}; {_EXPECTED}", fix)
