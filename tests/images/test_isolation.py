"""Tests that a locked-down container is one, and that nothing is missing in it."""

import json
from pathlib import Path

import pytest

import hydro_serving_grpc as hs
from tests.images.containers import mounted
from tests.images.locked_down import (
    GROUP,
    LOCKED_DOWN,
    MEMORY_BYTES,
    PROCESSES,
    USER,
    reached,
)
from tests.support.messages import reply, request, tensor
from tests.support.services import Connection
from tools import docker

LARGE_BYTES = 2**20

# Prints what a process of the container sees and may do; the first one is the server.
LOOK = """
import json, os, socket

def can(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return False
    return True

told = dict(line.split(':', 1) for line in open('/proc/1/status') if ':' in line)
print(json.dumps({
    'capabilities': [int(told[name], 16) for name in ('CapEff', 'CapPrm', 'CapBnd', 'CapAmb')],
    'no_new_privileges': int(told['NoNewPrivs']),
    'users': [int(number) for number in told['Uid'].split()],
    'groups': [int(number) for number in told['Gid'].split()],
    'networks': os.listdir('/sys/class/net'),
    'reaches_outside': can(socket.create_connection, ('192.0.2.1', 80), 5),
    'writes': [place for place in ('/', '/tmp', '/home/runtime', '/model', '/var/tmp', '/dev/shm')
               if can(open, place + '/written', 'w')],
}))
"""
DESCRIPTORS = """
import glob, os
print([os.readlink(path) for path in glob.glob('/proc/[0-9]*/fd/*') if os.path.islink(path)])
"""


def test_a_locked_down_container_has_no_rights(run, model):
    """What the tests below rely on: nothing to write to, nowhere to go, no way to more rights."""
    container = run(mounted(model), *LOCKED_DOWN)
    container.wait_health("healthy")
    assert json.loads(container.python(LOOK)) == {
        "capabilities": [0] * 4,
        "no_new_privileges": 1,
        "users": [USER] * 4,
        "groups": [GROUP] * 4,
        "networks": ["lo"],
        "reaches_outside": False,
        "writes": [],
    }
    limits = docker.describe(container.id)["HostConfig"]
    assert (limits["PidsLimit"], limits["Memory"]) == (PROCESSES, MEMORY_BYTES)


def test_large_tensors_need_no_shared_memory_folder(run, row, image):
    """They go by memory without a name, which the container has though it has no /dev/shm."""
    model = Path(row.folder, "tests", "models", "identity").resolve()
    if not model.is_dir():
        pytest.skip("its models take columns; the server's code is that of the other rows")
    x = tensor(hs.DT_UINT8, [LARGE_BYTES], tensor_content=bytes(range(256)) * (LARGE_BYTES // 256))
    container = run(mounted(model), *LOCKED_DOWN)
    with reached(container, image) as address:
        service = Connection(address)
        service.wait_until_serving()
        answer = service.answer(request("identity_uint8", x=x))
        service.channel.close()
    assert hs.PredictResponse.FromString(answer.payload) == reply(y=x)
    assert "/memfd:payloads" in container.python(DESCRIPTORS)
