"""Know by which names and which version clients may ask for the one model that is served.

The front and the workers answer alike, so both have it from here.
"""

import os
from typing import TYPE_CHECKING, NamedTuple, Tuple

from serving_runtime.errors import ModelNotFound
from serving_runtime.settings import Settings

if TYPE_CHECKING:
    from serving_runtime.signature import Contract  # brings numpy, which the front must not have

DEFAULT_NAME = "model"
DEFAULT_VERSION = "1"
# Where images and KServe mount whatever model there is: these say nothing of it.
MOUNTS = ("/model", "/mnt/models")
# A client's may be long.
SHOWN_LETTERS = 100


class ModelNames(NamedTuple):
    """What the served model is called.

    ``name``: what replies and metadata say. ``names``: all by which clients may ask for it, that
    one first. ``version``: the only one there is.
    """

    name: str
    names: Tuple[str, ...]
    version: str

    @classmethod
    def of(cls, contract: "Contract", settings: Settings, model_dir: str) -> "ModelNames":
        """Return the names of a model.

        Args:
            contract: its ``model_name`` answers always, and is the name where none is set.
            settings: MODEL_NAME.
            model_dir: whose last part is the name where there is no other.
        """
        chosen = (settings.model_name, contract.model_name, _of_directory(model_dir), DEFAULT_NAME)
        name = next(_text(one) for one in chosen if one)
        names = (name, contract.model_name) if contract.model_name else (name,)
        version = str(contract.version) if contract.version else DEFAULT_VERSION
        return cls(name, tuple(dict.fromkeys(names)), version)

    def check(self, asked_name: str, asked_version: str) -> None:
        """Refuse a request that is for another model; an empty name, or version, is any.

        Raises:
            ModelNotFound: there is no model of that name, or it has no such version.
        """
        if asked_name and asked_name not in self.names:
            served = " and ".join(f'"{name}"' for name in self.names)
            raise ModelNotFound(
                f'there is no model "{_shown(asked_name)}" here: what is served is called {served} '
                "(MODEL_NAME, or --model-name, calls it otherwise)"
            )
        if asked_version and asked_version != self.version:
            raise ModelNotFound(
                f'the model "{self.name}" has no version "{_shown(asked_version)}": '
                f'its only version is "{self.version}"'
            )


def _of_directory(model_dir: str) -> str:
    path = os.path.abspath(model_dir)
    return "" if path in MOUNTS else os.path.basename(path)


def _text(name: str) -> str:
    """Return a name as it can be written in UTF-8: a path's bytes may be none."""
    return name.encode("utf-8", "replace").decode()


def _shown(asked: str) -> str:
    return asked if len(asked) <= SHOWN_LETTERS else f"{asked[:SHOWN_LETTERS]}..."
