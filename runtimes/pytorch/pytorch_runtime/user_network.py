"""Build the network that weights alone are not, with the user's ``files/src/model.py``."""

from pathlib import Path

import torch

from serving_runtime.errors import LoadError
from serving_runtime.framework.user_code import UserCode

_EXAMPLE = "def build(): return Net()"


class UserNetwork(UserCode):
    """The user's folder ``src``, where pickles find their classes too.

    Args:
        files: the model's folder.
    """

    def __init__(self, files: Path) -> None:
        super().__init__(files, files / "src" / "model.py")

    def build(self) -> torch.nn.Module:
        """Call ``build()`` of ``model.py``.

        Raises:
            LoadError: there is none, it raised, or it returned no module.
        """
        if not self.path.is_file():
            raise LoadError(
                f"{self.path} was not found: weights alone are no network",
                f"put the network's code there, with a function that makes it: `{_EXAMPLE}`",
            )
        build = getattr(self.import_module(), "build", None)
        if not callable(build):
            raise LoadError(f"{self.path} has no function build()", f"write `{_EXAMPLE}`")
        network = self.run("build()", build)
        if not isinstance(network, torch.nn.Module):
            kind = type(network).__name__
            raise LoadError(
                f"build() of {self.path} returned a {kind}, not a torch.nn.Module",
                f"write `{_EXAMPLE}`",
            )
        return network
