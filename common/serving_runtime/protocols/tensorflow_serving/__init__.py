"""tensorflow.serving.PredictionService, Hydrosphere's and TensorFlow Serving's."""
