"""Explain why a build failed, and what would help, by what had begun and by pip's own words."""

from serving_runtime.errors import StartError, nearest
from serving_runtime.image import engine

# Of pip, where a requirement and the image's own versions exclude each other.
CONFLICT = ("(constraint)", "ResolutionImpossible")
MISSING = "No matching distribution found"


def explain(failure: engine.BuildFailed, base: str, runtime: str) -> StartError:
    """Return the message about a build that failed.

    Args:
        failure: the builder's last words.
        base: the image to build on.
        runtime: FRAMEWORK:VERSION if that is how it was named.
    """
    has_base = any(not step.startswith("FROM ") for step in failure.steps)
    last = str(failure).rpartition("\n")[2]
    if not has_base and not engine.is_here(base):
        return StartError(
            f"the image {base} is not here, and docker cannot fetch it: {last}",
            _where_to_get(base, runtime),
        )
    return StartError(f"the build failed:\n{failure}", _remedy(str(failure)))


def _where_to_get(base: str, runtime: str) -> str:
    repository = base.rpartition(":")[0]
    here = engine.tags_of(repository)
    if here:
        tags = ", ".join(name.rpartition(":")[2] for name in here)
        return f"of {repository} there are here: {tags}{nearest(base, tuple(here))}"
    row = runtime.partition("-")[0].replace(":", "/")
    make = f", or make it: `make image/{row}`" if ":" in runtime and "/" not in runtime else ""
    return f"see that its name is right and that its registry can be reached{make}"


def _remedy(words: str) -> str:
    if any(sign in words for sign in CONFLICT):
        return (
            "what pip calls a constraint is a version that the image has, and that its server and"
            " framework were tested with: ask for what fits it, or build on another version of"
            " the runtime"
        )
    if MISSING in words:
        return (
            "see that the package has a wheel for the image's Python (images have no compiler),"
            " and that the index can be reached; PIP_INDEX_URL names another"
        )
    return ""
