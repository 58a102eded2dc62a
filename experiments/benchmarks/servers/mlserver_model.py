"""MLServer's custom model for the cases that are not scikit-learn's."""

import os
import sys

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import models


class Served(MLModel):
    """Answers with the model that its settings name."""

    async def load(self):
        """Load the model; returns whether it can be used."""
        extra = self.settings.parameters.extra
        self.answer = models.load(extra["model"], extra["folder"], extra["framework"])
        return True

    async def predict(self, payload):
        """Answer a request with arrays, as MLServer's own runtimes do."""
        x = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        y = np.asarray(self.answer(x))
        output = NumpyCodec.encode_output(models.OUTPUT, y)
        return InferenceResponse(model_name=self.name, model_version=None, outputs=[output])
