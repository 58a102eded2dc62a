"""Why some stages of Spark ML are not evaluated, for those who meet one."""

_LDA = "its answers start from random numbers of the JVM's, which still show in them at the end"

REASONS = {
    "clustering.LocalLDAModel": _LDA,
    "clustering.DistributedLDAModel": _LDA,
    "clustering.LDAModel": _LDA,
    "fpm.FPGrowthModel": "its answers are lists of no fixed length, which no tensor holds",
}


def reason(name: str) -> str:
    """Return why a stage is not evaluated.

    Args:
        name: of its class, without ``org.apache.spark.ml``.
    """
    return REASONS.get(name, "it is none of Spark ML's own stages that this runtime knows")
