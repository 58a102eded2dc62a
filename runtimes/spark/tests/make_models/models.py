"""All recipes."""

from runtimes.spark.tests.make_models import (
    cars,
    classifiers,
    columns,
    composed,
    groups,
    labels,
    regressors,
    sql,
    text,
    vectors,
)

MODELS = [
    *text.MODELS,
    *cars.MODELS,
    *labels.MODELS,
    *columns.MODELS,
    *vectors.MODELS,
    *classifiers.MODELS,
    *regressors.MODELS,
    *groups.MODELS,
    *composed.MODELS,
    *sql.MODELS,
]
