"""Serve fitted estimators with scikit-learn's interface, and ONNX models."""

from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple

from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract, Nullable, Signature
from sklearn_runtime.formats import Program, open_model
from sklearn_runtime.options import WARN, Options

# infer_contract must load the model, and load comes after it: a pickle is run, and a large model is
# read, once and not twice.
_opened: Dict[Path, Program] = {}


class SklearnModel(Model):
    """A model of scikit-learn's, whatever it was saved as."""

    def __init__(self, program: Program, contract: Contract) -> None:
        program.serve(contract)
        self._program = program

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Call the methods that the signature names."""
        return self._program.run(signature_name, inputs)

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return which inputs may have missing values, and what stands for one."""
        return self._program.nullable(signature)

    def samples(self, signature: Signature) -> Mapping[str, Any]:
        """Return values that encoders have seen, since others may be refused."""
        return self._program.samples(signature)


def load(files: Path, contract: Optional[Contract], **options: Any) -> Model:
    """Load the model in ``files``.

    Args:
        files: holds one model file.
        contract: what is to be served of it; None for what the model itself says.
        options: the fields of ``Options``.

    Raises:
        LoadError: there is no model, it may not be loaded, or it cannot do what the contract says.
    """
    program = _opened.pop(files, None) or open_model(files, Options(**options))
    return SklearnModel(program, contract or program.contract(None))


def infer_contract(  # noqa: PLR0913  common passes the settings that have a parameter here
    files: Path,
    contract: Optional[Contract] = None,
    *,
    model_file: str = "",
    model_sha256: str = "",
    allow_pickle: bool = True,
    trusted_types: Tuple[str, ...] = (),
    version_skew: str = WARN,
    threads: int = 0,
) -> Contract:
    """Return what the model itself says that it takes and gives.

    Args:
        files: holds one model file.
        contract: what is declared. A model can be called in several ways: with a matrix or columns,
            one method or more; what it says is put in the declared way.
        model_file: the fields of ``Options``, from here on.
        model_sha256: pins the file.
        allow_pickle: whether a file may run code.
        trusted_types: of a skops file.
        version_skew: what to do about another version.
        threads: for one call.

    Raises:
        LoadError: there is no model, it may not be loaded, or it cannot do what the contract says.
    """
    _opened.clear()
    options = Options(model_file, model_sha256, allow_pickle, trusted_types, version_skew, threads)
    program = _opened[files] = open_model(files, options)
    return program.contract(contract)
