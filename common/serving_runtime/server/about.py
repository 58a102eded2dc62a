"""What the front says of the service and of its model's state, whichever transport asks."""

from serving_runtime.server.health import Phase

SERVER_NAME = "serving-runtime"
# Of Open Inference, in Triton's names. Those that are in every server of it have none.
EXTENSIONS = ("model_configuration", "parameters", "statistics")

# What TensorFlow Serving calls each phase. A service that loads its model again is loading, which
# is what its clients wait for; one that cannot is at its end.
STATES = {
    Phase.LOADING: "LOADING",
    Phase.SERVING: "AVAILABLE",
    Phase.NO_WORKER: "LOADING",
    Phase.LOST: "END",
    Phase.DRAINING: "UNLOADING",
}
ERRORS = (Phase.NO_WORKER, Phase.LOST)
