"""Write the README's table of stages: ``python -m runtimes.spark.tests.stage_table``."""

import re
from pathlib import Path

from spark_runtime.stages import CONTAINERS, FAMILIES, registered

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"<!-- stages: .*?<!-- end of stages -->", re.DOTALL)
# Spark's own, inside of the model of an RFormula.
INTERNAL = ("feature.ColumnPruner", "feature.VectorAttributeRewriter")


def table():
    """Return the table, with the comments around it."""
    lines = [
        "<!-- stages: written by `python -m runtimes.spark.tests.stage_table` -->",
        "| Family | Stages |",
        "| --- | --- |",
        *(f"| {family} | {names} |" for family, names in _families()),
        f"| what holds stages | {_listed(CONTAINERS)} |",
        "<!-- end of stages -->",
    ]
    return "\n".join(lines)


def _families():
    for module in FAMILIES:
        names = [
            name for name, stage in registered().items() if stage.__module__ == module.__name__
        ]
        if set(names) - set(INTERNAL):
            yield module.__name__.rpartition(".")[2].replace("_", " "), _listed(names)


def _listed(names):
    return ", ".join(f"`{name.rpartition('.')[2]}`" for name in names)


def main():
    """Put the table in its place."""
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: table(), text), encoding="utf-8")


if __name__ == "__main__":
    main()
