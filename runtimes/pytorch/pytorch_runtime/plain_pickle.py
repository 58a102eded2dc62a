"""A pickle module for torch.load that makes tensors and nothing else, for PyTorch before 1.13."""

import pickle
import re
from typing import Any

# What newer versions take for weights only, but for subclasses of tensors. torch.load itself
# resolves the storages, which are not named here.
_ALLOWED = {
    "__builtin__.bytearray",
    "__builtin__.complex",
    "__builtin__.set",
    "_codecs.encode",
    "collections.Counter",
    "collections.OrderedDict",
    "torch.Size",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_qtensor",
    "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch.device",
    "torch.serialization._get_layout",
}
_STORAGE = re.compile(r"torch\.[A-Z][A-Za-z0-9]*Storage$")
# Dtypes, and how values are quantised.
_CONSTANT = re.compile(
    r"torch\.(bool|q?u?int\d+|b?float\d+|complex\d+|per_(tensor|channel)_[a-z_]+)$"
)


class Unpickler(pickle.Unpickler):
    """Refuses every class and function that weights do not need."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        """Return a global that is known to be harmless.

        Raises:
            UnpicklingError: it is not.
        """
        name = f"{module_name}.{global_name}"
        if name in _ALLOWED or _STORAGE.match(name) or _CONSTANT.match(name):
            return super().find_class(module_name, global_name)
        raise pickle.UnpicklingError(f"unsupported global {name}")


def load(file: Any, **options: Any) -> Any:
    """Unpickle a file, as ``pickle.load`` does."""
    return Unpickler(file, **options).load()
