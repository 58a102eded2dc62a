"""All experiments, in the order in which the document tells of them."""

from experiments.reliability import (
    amplification,
    floods,
    fuzz_in_process,
    fuzz_on_wire,
    fuzz_rest,
    hangs,
    idle_connections,
    isolation,
    kills,
    memory,
    overload,
    poison,
    restarts,
    slow_bodies,
    slow_loris,
    soak,
    stock_clients,
)
from experiments.reliability.calling import over_http
from experiments.reliability.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    fuzz_in_process.EXPERIMENT,
    fuzz_on_wire.EXPERIMENT,
    kills.EXPERIMENT,
    poison.EXPERIMENT,
    hangs.EXPERIMENT,
    overload.EXPERIMENT,
    slow_loris.EXPERIMENT,
    idle_connections.EXPERIMENT,
    floods.EXPERIMENT,
    amplification.EXPERIMENT,
    memory.EXPERIMENT,
    restarts.EXPERIMENT,
    stock_clients.EXPERIMENT,
    soak.EXPERIMENT,
    isolation.EXPERIMENT,
    fuzz_rest.EXPERIMENT,
    over_http(kills.EXPERIMENT),
    over_http(poison.EXPERIMENT),
    over_http(hangs.EXPERIMENT),
    over_http(overload.EXPERIMENT),
    slow_bodies.EXPERIMENT,
    over_http(restarts.EXPERIMENT),
)
