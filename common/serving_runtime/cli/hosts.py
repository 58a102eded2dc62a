"""Take the argument that a host of models gives: SageMaker runs each image as ``IMAGE serve``.

See: "How SageMaker AI Runs Your Inference Image" in the developer guide of Amazon SageMaker
"""

import argparse
from typing import Mapping

SAGEMAKER_WORD = "serve"
SAGEMAKER_ALIAS = "sagemaker"
SAGEMAKER_MODEL_DIR = "/opt/ml/model"

_MODEL_DIR, _ALIASES = "MODEL_DIR", "RUNTIME_HTTP_ALIASES"


def adopt(arguments: argparse.Namespace, environ: Mapping[str, str]) -> None:
    """Set what SageMaker expects where its word stands in the model directory's place.

    A directory of that name is ``./serve``.

    Args:
        arguments: of the verb; what flags have set stays.
        environ: environment variables.
    """
    given = vars(arguments)
    if given.get(_MODEL_DIR) != SAGEMAKER_WORD:
        return
    del given[_MODEL_DIR]
    if not environ.get(_MODEL_DIR):
        given[_MODEL_DIR] = SAGEMAKER_MODEL_DIR
    aliases = given.get(_ALIASES, environ.get(_ALIASES, ""))
    words = [word.strip() for word in aliases.split(",") if word.strip()]
    given[_ALIASES] = ",".join(dict.fromkeys([*words, SAGEMAKER_ALIAS]))
