"""The model of a soak: the signatures of many, in one."""

import tempfile
from pathlib import Path

from serving_runtime import contract
from serving_runtime.framework.model_dir import PROTOBIN, YAML
from serving_runtime.signature import Contract
from tests.conformance.setups import models_of
from tests.support import models

# These are served as one model, whose signatures are theirs.
MODELS = ("identity", "later_dtypes", "mirror", "text", "failures", "lookup", "maps", "rows",
          "summator")  # fmt: skip
MODEL_NAME = "soak"


def write_model(folder: Path) -> Path:
    """Write the model that the diet is for."""
    models.write_obedient(folder)
    src = folder / "files" / "src"
    (src / "func_main.py").rename(src / "soak_obedient.py")
    (folder / "contract.yaml").unlink()
    for name in MODELS:
        source = models_of("python") / name / "files" / "src" / "func_main.py"
        (src / f"soak_{name}.py").write_bytes(source.read_bytes())
    imports = [f"from soak_{name} import *" for name in ("obedient", *MODELS)]
    (src / "func_main.py").write_text("\n".join(imports) + "\n", encoding="utf-8")
    (folder / PROTOBIN).write_bytes(contract.serialise(merged_contract()))
    return folder


def merged_contract() -> Contract:
    """Return the signatures of all models; the first of a name is the one that counts."""
    read = [contract.read_contract(models_of("python") / name / YAML) for name in MODELS]
    with tempfile.TemporaryDirectory() as folder:
        read.append(contract.read_contract(models.write_obedient(Path(folder)) / YAML))
    merged = {it.name: it for each in reversed(read) for it in each.signatures}
    return Contract(MODEL_NAME, tuple(merged.values()))
