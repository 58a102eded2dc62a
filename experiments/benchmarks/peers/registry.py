"""List all peers, in the order of tables."""

from experiments.benchmarks.peers import (
    Peer,
    bentoml,
    kserve,
    limits,
    litserve,
    mlserver,
    mosec,
    ray_serve,
    seeds,
    serving_runtime,
    torchserve,
    triton,
)

MODULES = (
    serving_runtime,
    seeds,
    mlserver,
    kserve,
    triton,
    torchserve,
    ray_serve,
    litserve,
    bentoml,
    mosec,
    limits,
)
PEERS: tuple[Peer, ...] = tuple(peer for module in MODULES for peer in module.PEERS)
BY_NAME = {peer.name: peer for peer in PEERS}
