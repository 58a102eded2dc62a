"""All recipes."""

from runtimes.spark.tests.make_models import (
    cars,
    classifiers,
    columns,
    composed,
    groups,
    regressors,
    text,
    vectors,
)

MODELS = [
    *text.MODELS,
    *cars.MODELS,
    *columns.MODELS,
    *vectors.MODELS,
    *classifiers.MODELS,
    *regressors.MODELS,
    *groups.MODELS,
    *composed.MODELS,
]
