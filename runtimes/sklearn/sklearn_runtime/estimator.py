"""Serve a fitted estimator: contract, inputs, methods and results put together."""

from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.model import Arrays
from serving_runtime.signature import FREE, NUMPY_DTYPES, Contract, Field, Nullable, Signature
from sklearn_runtime import (
    boosters,
    calling,
    columns,
    failures,
    inference,
    inputs,
    plan,
    results,
    structure,
)


class _Call(NamedTuple):
    """How one signature is answered."""

    assemble: inputs.Assemble
    methods: List[str]
    sources: Dict[str, plan.Source]
    # What no rows are answered with; None where they are scikit-learn's to answer.
    nothing: Optional[Arrays]


class EstimatorProgram:
    """Anything with scikit-learn's interface, fitted.

    Args:
        estimator: what a file held.
        path: of the file, for messages.

    Raises:
        LoadError: it has none of the methods that can be served.
    """

    def __init__(self, estimator: Any, path: Path) -> None:
        estimator = boosters.served(estimator)
        if isinstance(estimator, type) or not structure.methods_of(estimator):
            raise _no_estimator(estimator, path)
        self._estimator = estimator
        self._calls: Dict[str, _Call] = {}

    def contract(self, declared: Optional[Contract]) -> Contract:
        """Return what the estimator says, in the form of the declared contract if there is one.

        Raises:
            LoadError: the contract asks for what the estimator cannot do.
        """
        if declared is None:
            return inference.contract_of(self._estimator)
        fitted = [inference.fitted_to(self._estimator, it) for it in declared.signatures]
        return declared._replace(signatures=tuple(fitted))

    def serve(self, contract: Contract) -> None:
        """Get ready to answer the signatures of a contract.

        Raises:
            LoadError: the contract asks for what the estimator cannot do.
        """
        for signature in contract.signatures:
            sources = plan.sources(signature, structure.methods_of(self._estimator))
            methods = list(dict.fromkeys(source.method for source in sources.values()))
            assemble = inputs.assembler(signature, self._estimator)
            self._calls[signature.name] = _Call(assemble, methods, sources, _nothing(signature))

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return which inputs may have missing values, and what stands for one."""
        return columns.nullable(
            self._estimator, signature, inputs.is_by_column(signature, self._estimator)
        )

    def samples(self, signature: Signature) -> Mapping[str, Any]:
        """Return values that encoders have seen, by the inputs that they are for."""
        is_by_column = inputs.is_by_column(signature, self._estimator)
        return columns.samples(self._estimator, signature, is_by_column)

    def run(self, signature_name: str, arrays: Arrays) -> Arrays:
        """Answer a request.

        Raises:
            InvalidInput: scikit-learn's own checks refuse the values.
        """
        call = self._calls[signature_name]
        if call.nothing is not None and not len(next(iter(arrays.values()))):
            return dict(call.nothing)
        try:
            found = calling.call(self._estimator, call.methods, call.assemble(arrays))
        except ValueError as error:
            if failures.is_of_values(error):
                raise InvalidInput(str(error)) from error
            raise
        return {name: results.array_of(found, source) for name, source in call.sources.items()}


def _nothing(signature: Signature) -> Optional[Arrays]:
    """Answer no rows with no rows: scikit-learn refuses them alone, and not among others."""
    if not signature.is_stackable:
        return None
    return {field.name: _no_rows(field) for field in signature.outputs}


def _no_rows(field: Field) -> np.ndarray:
    sizes = (field.shape or ())[1:]
    shape = (0, *(0 if size == FREE else size for size in sizes))
    return np.empty(shape, NUMPY_DTYPES[field.dtype])


def _no_estimator(loaded: Any, path: Path) -> LoadError:
    found = () if isinstance(loaded, type) else structure.odd_methods(loaded)
    odd = "".join(f"; its {name} takes {taken}" for name, taken in found)
    return LoadError(
        f"{path} holds {_described(loaded)}: expected a fitted estimator, with one of "
        f"{', '.join(structure.METHODS)}, which takes the rows{odd}",
        # What can be fitted is no container of a model.
        ""
        if odd or (hasattr(loaded, "fit") and not isinstance(loaded, type))
        else "save the estimator itself, or serve other code with the Python runtime",
    )


def _described(loaded: Any) -> str:
    if isinstance(loaded, type):
        return f"the class {loaded.__name__} itself"
    return f"an object of type {type(loaded).__module__}.{type(loaded).__name__}"
