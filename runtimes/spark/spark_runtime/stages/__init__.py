"""Evaluate fitted stages of Spark ML, one module for each family."""

from spark_runtime.columns import Table
from spark_runtime.stages import (
    assembling,
    baskets,
    categories,
    clustering,
    combining,
    containers,
    encoding,
    hashing,
    linear,
    nonlinear,
    probabilistic,
    projecting,
    scaling,
    similarity,
    sql,
    text,
    topics,
    trees,
)
from spark_runtime.stages.containers import CONTAINERS, flattened
from spark_runtime.stages.stage import Stage, registered
from spark_runtime.unsupported import Unsupported

FAMILIES = (
    text,
    hashing,
    categories,
    encoding,
    scaling,
    projecting,
    assembling,
    combining,
    linear,
    nonlinear,
    trees,
    probabilistic,
    clustering,
    topics,
    similarity,
    baskets,
    sql,
    containers,
)

__all__ = ["CONTAINERS", "FAMILIES", "Stage", "Table", "Unsupported", "flattened", "registered"]
