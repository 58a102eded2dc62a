"""Serve the functions of the user's ``func_main.py``: one for each signature of the contract."""

from pathlib import Path
from typing import Dict, Optional

from python_runtime import arrays, functions, messages, styles
from python_runtime.user_module import UserModule
from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract, Signature

logger = logs.get_logger(__name__)


class PythonModel(Model):
    """The functions of one ``func_main.py``."""

    # Messages hold bytes of any content; a function that takes arrays wants text.
    string_type: type = bytes

    def __init__(self, user: UserModule, contract: Contract, python_style: str) -> None:
        self._user = user
        self._predict: Dict[str, functions.Predict] = {}
        for signature in contract.signatures:
            self._add(signature, python_style)
        load, self._unload = functions.find_hooks(user.module, contract.names)
        if load is not None:
            user.run("load()", load)

    def _add(self, signature: Signature, python_style: str) -> None:
        function = functions.find(self._user.module, signature)
        style = styles.choose(function, python_style)
        logger.info('function "%s": %s style, since %s', signature.name, style.name, style.reason)
        if style.name == styles.MESSAGES:
            self._predict[signature.name] = messages.adapt(function, signature)
        else:
            self._predict[signature.name] = arrays.adapt(function, signature.name)
            self.string_type = str

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Call the signature's function; what it raises is raised here, unchanged."""
        return self._predict[signature_name](inputs)

    def close(self) -> None:
        """Call the user's ``unload()``, if any, and leave the process as it was before."""
        unload, self._unload = self._unload, None
        try:
            if unload is not None:
                unload()
        finally:
            self._user.forget()


def load(files: Path, contract: Optional[Contract], python_style: str = "auto") -> Model:
    """Import ``func_main.py``, find and check its functions, and call its ``load()``, if any.

    Args:
        files: the folder with ``src/func_main.py`` or ``func_main.py``; it becomes the working
            directory.
        contract: names the functions and what they take and give.
        python_style: ``arrays``, ``messages`` or ``auto``.

    Raises:
        LoadError: there is no contract, or the code cannot be imported or does not fit it.
    """
    if contract is None:
        raise LoadError(
            "a Python function does not say what it takes and gives: expected a contract"
        )
    user = UserModule(files)
    try:
        return PythonModel(user, contract, python_style)
    except BaseException:
        user.forget()
        raise
