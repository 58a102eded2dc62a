"""Serve fitted pipelines of Spark ML as they were saved, without Spark and without Java."""

from pathlib import Path
from typing import Dict, Optional, Tuple

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import listing
from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract, Nullable, Signature
from spark_runtime import inference, model_folder, program
from spark_runtime.pipeline import Pipeline


class SparkModel(Model):
    """A saved pipeline, or a single fitted stage."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        # The types of a signature's columns are settled in the stages, so each has its own.
        self._pipelines = {it.name: Pipeline(folder) for it in contract.signatures}
        self._programs: Dict[str, program.Program] = {
            it.name: program.Program(self._pipelines[it.name], it) for it in contract.signatures
        }

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Run the inputs through all stages."""
        return self._programs[signature_name].run(inputs)

    def nullable(self, signature: Signature) -> Tuple[Nullable, ...]:
        """Return which inputs may have missing values."""
        return program.nullable(signature, self._pipelines[signature.name])


def load(files: Path, contract: Optional[Contract]) -> Model:
    """Load the pipeline in ``files``.

    Args:
        files: is, or holds, the folder that Spark has written.
        contract: what is to be served of it; None for what the pipeline itself says.

    Raises:
        LoadError: there is none, or it has what cannot be evaluated without Spark.
    """
    folder = _folder(files)
    return SparkModel(folder, contract or inference.contract_of(Pipeline(folder), files))


def infer_contract(files: Path, contract: Optional[Contract] = None) -> Contract:
    """Return what the pipeline itself says that it takes and gives.

    Args:
        files: is, or holds, the folder that Spark has written.
        contract: what is declared; what the pipeline says is put in that form.

    Raises:
        LoadError: there is none, or it does not say what its columns are.
    """
    folder = _folder(files)
    if contract is None:
        return inference.contract_of(Pipeline(folder), files)
    fitted = [inference.fitted_to(Pipeline(folder), it) for it in contract.signatures]
    return contract._replace(signatures=tuple(fitted))


def _folder(files: Path) -> Path:
    found = model_folder(files)
    if found is None:
        raise LoadError(
            f"there is no saved model in {files}: found {listing(files)}; expected metadata/ and "
            "stages/, or one folder that has them",
            "save it with `model.write().save(path)`, and put the content of that folder there",
        )
    return found
