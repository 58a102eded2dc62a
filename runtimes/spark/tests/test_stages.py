"""What is evaluated, held against what pyspark has."""

import json
from pathlib import Path

import pytest

from runtimes.spark.tests import pyspark_classes, stage_table
from spark_runtime.stages import CONTAINERS, registered

LISTED = json.loads(pyspark_classes.LISTED.read_text(encoding="utf-8"))
KNOWN = {*registered(), *CONTAINERS}


@pytest.mark.parametrize("name", LISTED)
def test_each_stage_of_pyspark_is_evaluated(name):
    """No stage of any version that was looked at is missing."""
    assert name in KNOWN


@pytest.mark.parametrize("name", sorted(KNOWN - set(stage_table.INTERNAL)))
def test_each_stage_here_is_one_of_pyspark(name):
    """A name that is misspelt here would never be met."""
    assert name in LISTED


def test_the_readme_has_the_table_of_stages():
    """The README's table is what the registry says."""
    assert stage_table.table() in stage_table.README.read_text(encoding="utf-8")


def test_a_pyspark_that_is_installed_has_no_other_stages():
    """With a pyspark at hand, its own modules are asked."""
    pyspark = pytest.importorskip("pyspark")
    _, names = pyspark_classes.of_package(Path(pyspark.__file__).parent)
    assert set(names) <= KNOWN
