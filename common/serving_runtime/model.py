"""The seam: what a framework's loader implements so that common can serve it."""

import abc
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Mapping, Optional, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import ANY, FLOATS, STRING, Nullable, Signature

if TYPE_CHECKING:  # few models need it
    import asyncio

Arrays = Dict[str, np.ndarray]


class Model(abc.ABC):
    """A loaded model: named arrays in, named arrays out.

    A runtime's ``loader`` module has ``load(files, contract, **options) -> Model``, which returns
    a finished object or raises LoadError, and may have ``infer_contract(files) -> Contract``, which
    may ask for the contract that came with the model (``contract``) and for any of the options.
    """

    # True: calls run one at a time, in order, on one worker, never batched or warmed up. A loader
    # that keeps a state itself sets it; RUNTIME_STATEFUL=1 sets it for any model.
    stateful = False
    # What a call changes in the model, as the loader sees by looking at it, such as `the variable
    # "count"`: such a model is served as a stateful one, unless RUNTIME_STATEFUL=0. Empty: nothing.
    changes = ""
    # What a call might change, where the loader cannot see whether it does: that is said at start.
    may_change = ""
    # What the elements of string arrays are: str (invalid UTF-8 is refused) or bytes.
    string_type: type = str
    # Whether to run every signature once on zeros before the service says SERVING.
    warm_up = False
    # Whether several threads may call `predict` at once (RUNTIME_CONCURRENCY), and gain from it.
    runs_in_threads = False
    # The signatures that `predict_async` answers as well, many calls at once; and the event loop on
    # which it does so, which `predict` runs as long as its own call takes.
    asynchronous: FrozenSet[str] = frozenset()
    loop: "Optional[asyncio.AbstractEventLoop]" = None
    # What PredictionService/Status says beside SERVING; Hydrosphere's runtimes differ in it.
    status_message = "ok"

    @abc.abstractmethod
    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Answer one request, or several that were stacked along their free first axis.

        Args:
            signature_name: a signature of the contract.
            inputs: exactly the signature's inputs, in its dtypes and shapes, owned by the call
                (writable); a map field is a dict of arrays, one with axes an object array of
                such dicts; strings are object arrays.

        Returns:
            The signature's outputs by name; anything that ``numpy.asarray`` takes will do, as
            well as columns, tables, sparse matrices, and lists of dicts for several maps.

        Raises:
            InvalidInput: the values, not their form, are at fault.
        """

    async def predict_async(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Answer likewise, on the model's event loop; only the asynchronous signatures are asked.

        The call is cancelled, as tasks are, when nobody waits for its answer any more.
        """
        raise NotImplementedError(f"signature {signature_name} is not asynchronous")

    def rehearse(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Answer a call that no client has sent, which warms the model up.

        A loader that sees only by calling a model what calls change notes it in ``changes``, and
        undoes it.
        """
        return self.predict(signature_name, inputs)

    def reset(self) -> None:
        """Forget what earlier calls have left: the next call is the first one again.

        Only stateful models are asked to. One that raises must leave the state as it was: the call
        fails, and the state keeps its number.

        Raises:
            InvalidInput: the model has no way back (the default).
        """
        raise InvalidInput("this model's state cannot be reset, only restarted with the service")

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return which inputs of a signature may have missing values, and what stands for one.

        By default those are columns only: floats have NaN, and texts None. Override it where the
        library's columns can have missing values of other kinds.
        """
        dtypes = (*FLOATS, ANY, STRING) if self.string_type is str else FLOATS
        fields = signature.inputs if signature.is_of_columns else ()
        return tuple(Nullable(field.name) for field in fields if field.dtype in dtypes)

    def samples(self, signature: Signature) -> Mapping[str, Any]:
        """Return a value for each input of a signature whose zero, or empty text, may be refused.

        Such as a category that an encoder has seen. It stands in every place of the input, or, as a
        sequence, along the last axis. By default there are none.
        """
        return {}

    def close(self) -> None:
        """Release what the model holds; called once, after the last call."""
