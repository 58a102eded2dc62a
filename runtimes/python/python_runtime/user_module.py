"""Find the user's ``func_main.py`` and import it."""

from pathlib import Path

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import listing
from serving_runtime.framework.user_code import UserCode, absolute


class UserModule(UserCode):
    """The user's ``func_main``, imported.

    Args:
        files: the folder that holds it.

    Raises:
        LoadError: it is missing, twice there, or its import fails.
    """

    def __init__(self, files: Path) -> None:
        super().__init__(files, locate(absolute(files)))
        self.module = self.import_module()


def locate(files: Path) -> Path:
    """Find ``func_main.py``.

    Raises:
        LoadError: it is missing, or in both places.
    """
    found = [path for path in (files / "src" / "func_main.py", files / "func_main.py")
             if path.is_file()]  # fmt: skip
    if len(found) == 1:
        return found[0]
    if found:
        raise LoadError(
            f"func_main.py is there twice, in {files}/src and in {files}: which one is the model?",
            "remove one of them",
        )
    raise LoadError(
        f"func_main.py was not found: looked for src/func_main.py ({_content_text(files / 'src')}) "
        f"and func_main.py ({_content_text(files)}) in {files}",
        "put your function into src/func_main.py, in the folder `files` of the model",
    )


def _content_text(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder.name}"
    return f"{folder.name} has {listing(folder, most=12)}"
