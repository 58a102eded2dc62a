"""What can be set reaches TensorFlow, and what it says reaches the log once."""

import logging
import os
import subprocess
import sys

import pytest

import tensorflow_runtime
from serving_runtime.errors import SettingError
from serving_runtime.framework import discovery
from tensorflow_runtime import framework

SERVE = """
import pathlib, sys
from serving_runtime import logs
from serving_runtime.framework import discovery
logs.configure("info", "text", sys.stderr)
runtime = discovery.installed()["tensorflow"]
files = pathlib.Path(sys.argv[1])
model = runtime.load(files, runtime.infer_contract(files), {})
import os
print(os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["KERAS_BACKEND"])
"""


@pytest.mark.parametrize(
    ("environ", "threads"),
    [
        ({"TF_NUM_INTRAOP_THREADS": "3", "TF_NUM_INTEROP_THREADS": "2"}, (3, 2)),
        ({"TF_NUM_INTRAOP_THREADS": ""}, (0, 0)),
    ],
)
def test_threads_reach_the_session(doubling, environ, threads):
    """The variables are the session's configuration; 0 is TensorFlow's own choice."""
    model = discovery.installed()["tensorflow"].load(doubling(), None, environ)
    config = model._program._program.session._config
    assert (config.intra_op_parallelism_threads, config.inter_op_parallelism_threads) == threads
    assert config.gpu_options.allow_growth
    assert config.allow_soft_placement
    model.close()


def test_threads_are_checked(doubling):
    """A value that is no count stops the start."""
    with pytest.raises(SettingError, match="TF_NUM_INTRAOP_THREADS='all' cannot be read"):
        discovery.installed()["tensorflow"].load(
            doubling(), None, {"TF_NUM_INTRAOP_THREADS": "all"}
        )


def test_a_start_says_nothing_of_tensorflows_own(doubling):
    """A good model's start has no warnings, only TensorFlow's line on oneDNN where it has one."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH")
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    run = subprocess.run(
        [sys.executable, "-c", SERVE, str(doubling())],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, check=True,
    )  # fmt: skip
    assert run.stdout.decode().split() == ["1", "tensorflow"]
    told = [
        line
        for line in run.stderr.decode().splitlines()
        if "oneDNN custom operations are on" not in line and "absl::InitializeLog" not in line
    ]
    assert told == []


def test_tensorflows_warnings_are_logged_once(caplog):
    """Through the service's own handlers, without what is deprecated for those who program."""
    logger = logging.getLogger("tensorflow")
    logger.setLevel(logging.WARNING)
    assert logger.handlers == []
    logger.warning("From %s: f is deprecated and will be removed in a future version.", "x")
    logger.info("Restoring parameters")
    logger.warning("a real warning")
    assert caplog.messages == ["a real warning"]


def test_the_package_is_cheap_and_complete():
    """Its settings are TensorFlow's own variables, with loader's arguments for attributes."""
    names = [(it.variable, it.attribute) for it in tensorflow_runtime.SETTINGS]
    assert names == [
        ("TF_NUM_INTRAOP_THREADS", "intra_op_threads"),
        ("TF_NUM_INTEROP_THREADS", "inter_op_threads"),
    ]
    assert framework.VERSION >= (1, 4)
