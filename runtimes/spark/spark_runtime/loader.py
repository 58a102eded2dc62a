"""Serve fitted pipelines of Spark ML as they were saved, without Spark and without Java."""

from pathlib import Path
from typing import Any, Mapping, Optional, Tuple, Union

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import listing
from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract, Nullable, Signature
from spark_runtime import NUMPY, SPARK, inference, model_folder, session
from spark_runtime.pipeline import Pipeline
from spark_runtime.program import Program
from spark_runtime.session import SessionProgram


class SparkModel(Model):
    """A saved pipeline, or a single fitted stage."""

    def __init__(self, program: Union[Program, SessionProgram]) -> None:
        self._program = program
        # A session starts with the first call: that must not be a client's.
        self.warm_up = isinstance(program, SessionProgram)

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Run the inputs through all stages."""
        return self._program.run(inputs)

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return which inputs may have missing values: each column, but no vector."""
        return self._program.nullable

    def samples(self, signature: Signature) -> Mapping[str, Any]:
        """Return values of columns of which a stage may refuse others."""
        return self._program.samples


def load(files: Path, contract: Optional[Contract], spark_engine: str = NUMPY) -> Model:
    """Load the pipeline in ``files``.

    Args:
        files: is, or holds, the folder that Spark has written.
        contract: what is to be served of it; None for what the pipeline itself says.
        spark_engine: ``numpy``, or ``spark`` for a session of pyspark's.

    Raises:
        LoadError: there is none, or it has what cannot be evaluated without Spark.
    """
    folder = _folder(files)
    if spark_engine == SPARK:
        session.require_spark()
        declared = contract or _self_described(folder, files)
        return SparkModel(SessionProgram(folder, _only(declared)))
    pipeline = Pipeline(folder)
    declared = contract or inference.contract_of(pipeline, files)
    return SparkModel(Program(pipeline, _only(declared)))


def infer_contract(
    files: Path, contract: Optional[Contract] = None, spark_engine: str = NUMPY
) -> Optional[Contract]:
    """Return what the pipeline itself says that it takes and gives.

    Args:
        files: is, or holds, the folder that Spark has written.
        contract: what is declared; what the pipeline says is put in that form.
        spark_engine: ``numpy``; for ``spark`` the contract is taken as it is.

    Raises:
        LoadError: there is none, or it does not say what its columns are.
    """
    folder = _folder(files)
    if spark_engine == SPARK:
        return _self_described(folder, files) if contract is None else None
    if contract is None:
        return inference.contract_of(Pipeline(folder), files)
    fitted = inference.fitted_to(Pipeline(folder), _only(contract))
    return contract._replace(signatures=(fitted,))


def _only(contract: Contract) -> Signature:
    """Return a contract's one signature, which may have any name.

    Raises:
        LoadError: it has several: a pipeline can do but one thing.
    """
    if len(contract.signatures) != 1:
        raise LoadError(
            f"a pipeline has one signature, and the contract has {', '.join(contract.names)}",
            "leave one of them, with all inputs and outputs",
        )
    return contract.signatures[0]


def _self_described(folder: Path, files: Path) -> Contract:
    """Return the contract of a model that Spark is to evaluate, if the stages here can say it."""
    try:
        return inference.contract_of(Pipeline(folder), files)
    except LoadError as error:
        raise LoadError(
            f"there is no contract, and none can be made of the stages: {error.problem}",
            "write contract.yaml beside files/: the columns that the pipeline reads, and those of "
            "its own that are to be answered",
        ) from error


def _folder(files: Path) -> Path:
    found = model_folder(files)
    if found is None:
        raise LoadError(
            f"there is no saved model in {files}: found {listing(files)}; expected metadata/ and "
            "stages/, or one folder that has them",
            "save it with `model.write().save(path)`, and put the content of that folder there",
        )
    return found
