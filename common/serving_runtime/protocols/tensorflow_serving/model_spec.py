"""Read which model a request is for, and write which one answers."""

from typing import NamedTuple, Optional

import hydro_serving_grpc as hs
from serving_runtime.signature import Contract


class ModelSpec(NamedTuple):
    """A model's name, its version (None where there is none) and a signature's name."""

    name: str = ""
    version: Optional[int] = None
    signature_name: str = ""

    def answered(self, contract: Contract, signature_name: str = "") -> "ModelSpec":
        """Return what goes into the reply: the name and version asked for, else the contract's.

        Args:
            contract: of the model that answers.
            signature_name: of the signature that answers, if one does.
        """
        version = (contract.version or None) if self.version is None else self.version
        return ModelSpec(self.name or contract.model_name, version, signature_name)


def read(proto: "hs.ModelSpec") -> ModelSpec:
    """Read a request's."""
    version = proto.version.value if proto.HasField("version") else None
    return ModelSpec(proto.name, version, proto.signature_name)


def fill(proto: "hs.ModelSpec", spec: ModelSpec) -> None:
    """Write a reply's into an empty message."""
    proto.name = spec.name
    proto.signature_name = spec.signature_name
    if spec.version is not None:
        proto.version.SetInParent()  # version 0 is present and empty
        proto.version.value = spec.version
