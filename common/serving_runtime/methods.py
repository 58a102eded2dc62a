"""The methods that workers answer, by full gRPC name: the front forwards them unread."""

PREDICT = "/tensorflow.serving.PredictionService/Predict"

FORWARDED = (PREDICT,)
