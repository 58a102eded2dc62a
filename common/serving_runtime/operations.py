"""The methods that workers answer, by full gRPC name: the front forwards them unread."""

PREDICT = "/tensorflow.serving.PredictionService/Predict"
GET_MODEL_METADATA = "/tensorflow.serving.PredictionService/GetModelMetadata"

FORWARDED = (PREDICT, GET_MODEL_METADATA)

# Those that the front answers itself.
STATUS = "/tensorflow.serving.PredictionService/Status"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"
HEALTH_WATCH = "/grpc.health.v1.Health/Watch"
