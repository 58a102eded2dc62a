"""Bring a service's health into each of its phases."""

from serving_runtime.server.health import Health, Phase

PATHS = {
    Phase.LOADING: [],
    Phase.SERVING: [Phase.SERVING],
    Phase.NO_WORKER: [Phase.SERVING, Phase.NO_WORKER],
    Phase.LOST: [Phase.SERVING, Phase.NO_WORKER, Phase.LOST],
    Phase.DRAINING: [Phase.SERVING, Phase.DRAINING],
}


def in_phase(phase):
    """Return the health of a service that has come to a phase."""
    health = Health()
    for step in PATHS[phase]:
        health.enter(step)
    return health
