"""List the stages that pyspark has, from its source, without Spark.

``python -m runtimes.spark.tests.pyspark_classes SITE_PACKAGES/pyspark …`` writes the classes of
each version into ``pyspark_classes.json``, against which the README's table of stages is held.
"""

import ast
import json
import sys
from pathlib import Path

MODULES = ("classification", "clustering", "feature", "fpm", "pipeline", "recommendation",
           "regression", "tuning")  # fmt: skip
# What others are derived from, and nobody saves.
ABSTRACT = ("ClassificationModel", "JavaClassificationModel", "ProbabilisticClassificationModel",
            "RegressionModel", "LSHModel", "LDAModel", "DecisionTreeModel",
            "TreeEnsembleModel")  # fmt: skip
LISTED = Path(__file__).with_suffix(".json")


def of_package(package):
    """Return the version of a pyspark, and the stages that are fitted or need no fit."""
    version = (package / "version.py").read_text(encoding="utf-8")
    number = ast.literal_eval(version.rpartition("=")[2].split("#")[0].strip())
    found = [name for module in MODULES for name in _of_module(package, module)]
    return number, sorted(found)


def _of_module(package, module):
    path = package / "ml" / f"{module}.py"
    if not path.is_file():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    prefix = "" if module == "pipeline" else f"{module}."
    return [prefix + node.name for node in classes if _is_stage(node)]


def _is_stage(node):
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    is_public = not node.name.startswith("_") and node.name not in ABSTRACT
    return is_public and (node.name.endswith("Model") or "JavaTransformer" in bases)


def main(packages):
    """Write the list."""
    versions = dict(of_package(Path(package)) for package in packages)
    names = sorted({name for found in versions.values() for name in found})
    listed = {
        name: [version for version in versions if name in versions[version]] for name in names
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(it)}" for name, it in listed.items())
    LISTED.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
