"""Read a SavedModel's file, and choose the one graph of it that is to be served."""

import warnings
from pathlib import Path
from typing import Any, List

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from serving_runtime.errors import LoadError
from tensorflow_runtime import framework  # noqa: F401  imports TensorFlow without its noise

# isort: split
from tensorflow.core.protobuf import saved_model_pb2

SERVE = "serve"
_AGAIN = "export or copy the model again"


def read_meta_graph(path: Path) -> Any:
    """Return the MetaGraphDef to serve: the one tagged ``serve``, or the only one.

    Args:
        path: ``saved_model.pb``, or ``saved_model.pbtxt``.

    Raises:
        LoadError: the file cannot be read, or none of several graphs is meant for serving.
    """
    graphs = list(_parsed(path).meta_graphs)
    if not graphs:
        raise LoadError(f"{path} holds no graph: it is empty, or no SavedModel", _AGAIN)
    serving = [graph for graph in graphs if SERVE in graph.meta_info_def.tags]
    exact = [graph for graph in serving if len(graph.meta_info_def.tags) == 1]
    for choice in (exact, serving, graphs):
        if len(choice) == 1:
            return choice[0]
    raise LoadError(
        f'{path} holds {len(graphs)} graphs, tagged {_tags(graphs)}; expected one tagged "{SERVE}"',
        f'export the one to serve with the tag "{SERVE}" alone',
    )


def _parsed(path: Path) -> Any:
    saved_model = saved_model_pb2.SavedModel()
    try:
        if path.suffix == ".pbtxt":
            text_format.Parse(path.read_text(encoding="utf-8"), saved_model)
        else:
            _parse_bytes(path.read_bytes(), saved_model)
    except (DecodeError, RuntimeWarning, text_format.ParseError, UnicodeDecodeError) as error:
        problem = f"{path} cannot be read as a SavedModel, it is cut short or something else"
        raise LoadError(f"{problem}: {error}", _AGAIN) from None
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}") from None
    return saved_model


def _parse_bytes(content: bytes, message: Any) -> None:
    with warnings.catch_warnings():
        # Protobuf before 3.20 only warns of bytes that it cannot make sense of.
        warnings.simplefilter("error", RuntimeWarning)
        message.ParseFromString(content)


def _tags(graphs: List[Any]) -> str:
    tagged = [", ".join(sorted(graph.meta_info_def.tags)) or "nothing" for graph in graphs]
    return "; ".join(f"({tags})" for tags in tagged)
