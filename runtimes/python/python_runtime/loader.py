"""Serve the functions of the user's ``func_main.py``: one for each signature of the contract."""

import inspect
from pathlib import Path
from typing import Any, Callable, Coroutine, Dict, Optional

from python_runtime import arrays, event_loop, functions, messages, styles
from python_runtime.styles import Style
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
    # Whoever sets RUNTIME_CONCURRENCY knows the functions.
    runs_in_threads = True

    def __init__(self, user: UserModule, contract: Contract, python_style: str) -> None:
        self._user = user
        self._predict: Dict[str, functions.Predict] = {}
        self._predict_async: Dict[str, functions.PredictAsync] = {}
        for signature in contract.signatures:
            self._add(signature, python_style)
        self.asynchronous = frozenset(self._predict_async)
        load, self._unload = functions.find_hooks(user.module, contract.names)
        hooks = [hook for hook in (load, self._unload) if hook is not None]
        if self.asynchronous or any(map(functions.is_async, hooks)):
            self.loop = event_loop.make()
        if load is not None:
            self._load(load)

    def _add(self, signature: Signature, python_style: str) -> None:
        function = functions.find(self._user.module, signature)
        style = styles.choose(function, python_style)
        logger.info('function "%s": %s style, since %s', signature.name, style.name, style.reason)
        if style.name != styles.MESSAGES:
            self.string_type = str
        if functions.is_async(function):
            predict = _adapted_async(function, signature, style)
            self._predict_async[signature.name] = predict
            self._predict[signature.name] = lambda inputs: self._awaited(predict(inputs))
        elif style.name == styles.MESSAGES:
            self._predict[signature.name] = messages.adapt(function, signature)
        else:
            self._predict[signature.name] = arrays.adapt(function, signature.name)

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Call the signature's function; what it raises is raised here, unchanged."""
        return self._predict[signature_name](inputs)

    async def predict_async(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Await the signature's function likewise."""
        return await self._predict_async[signature_name](inputs)

    def close(self) -> None:
        """Call the user's ``unload()``, if any, and leave the process as it was before."""
        unload, self._unload = self._unload, None
        try:
            if unload is not None:
                self._run(unload)
        finally:
            self._close_loop()
            self._user.forget()

    def _load(self, hook: Callable[[], Any]) -> None:
        try:
            self._user.run("load()", lambda: self._run(hook))
        except BaseException:
            self._close_loop()
            raise

    def _run(self, hook: Callable[[], Any]) -> None:
        """Call a hook, which may be a coroutine function."""
        result = hook()
        if self.loop is not None and inspect.iscoroutine(result):
            self._awaited(result)

    def _awaited(self, coroutine: "Coroutine[Any, Any, Any]") -> Any:
        loop: Any = self.loop  # there is one where there are coroutine functions
        return loop.run_until_complete(coroutine)

    def _close_loop(self) -> None:
        loop, self.loop = self.loop, None
        if loop is not None:
            event_loop.close(loop)


def _adapted_async(
    function: functions.Function, signature: Signature, style: Style
) -> functions.PredictAsync:
    if style.name == styles.MESSAGES:
        return messages.adapt_async(function, signature)
    return arrays.adapt_async(function, signature.name)


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
