import re
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmarks import cases, setup
from experiments.benchmarks.__main__ import main
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.peers import SERVERS, Setup, limits
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.peers.registry import PEERS as ALL

sys.path.insert(0, str(SERVERS))

import models


def pairs():
    """Return each peer with each of its cases."""
    return [pytest.param(peer, CASES[name], id=f"{peer.name}-{name}")
            for peer in ALL for name in peer.cases]  # fmt: skip


def test_names_are_unique():
    """A name on the command line means one peer."""
    assert len(PEERS) == len(ALL)


@pytest.mark.parametrize(("peer", "case"), pairs())
def test_every_case_can_be_encoded(peer, case):
    """A peer's protocol has a request for each of its cases."""
    assert len(peer.protocol.encode(case)) > case.make().nbytes / 2


@pytest.mark.parametrize("name", ["noop", "ends", "image"])
def test_models_are_what_the_cases_expect(name):
    """The functions that peers call give the answers that are checked."""
    for case in cases.CASES:
        if case.model == name:
            cases.check(case, models.load(name, "")(case.make()))


def test_network_has_the_weights_that_are_expected():
    """Frameworks get the very weights that the answer is computed with."""
    for mine, theirs in zip(cases.network_weights(), models.weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_iris_is_trained_to_the_expected_answer(tmp_path):
    """The flower is of the third kind, so that zero is no right answer."""
    models.train(str(tmp_path))
    case = CASES["iris"]
    cases.check(case, models.load("iris", str(tmp_path))(case.make()))


@pytest.mark.parametrize("peer", [it for it in ALL if not it.is_limit and it.name != "torchserve"],
                         ids=lambda peer: peer.name)  # fmt: skip
def test_configuration_is_written_and_started_from(peer, tmp_path):
    """A peer's files go into its own folder, and its command names the port."""
    folder, saved = tmp_path / "peer", tmp_path / "models"
    folder.mkdir()
    saved.mkdir()
    (saved / "iris.joblib").write_bytes(b"model")
    setup = Setup(CASES["iris"], Path("/env/bin/python"), folder, saved, 12345, (1, 2, 3, 4))
    peer.prepare(setup)
    start = peer.start(setup)
    written = "".join(path.read_text() for path in folder.rglob("*.json"))
    assert "12345" in " ".join(start.command) + written
    assert start.command[0].startswith("/env/bin/")


def test_echo_answers_what_is_right(tmp_path):
    """The limits' prebuilt reply passes the check, in the encoding of the request."""
    for name in limits.CASES:
        case = CASES[name]
        limits._prepare(Setup(case, Path("python"), tmp_path, tmp_path, 1, ()))
        reply = (tmp_path / limits.REPLY).read_bytes()
        cases.check(case, PEERS["limit-cpp"].protocol.decode(reply))


def test_environments_are_pinned():
    """Every line is one version of one package, and the interpreter is said."""
    folder = Path(setup.__file__).parent / "environments"
    for path in folder.glob("*.txt"):
        lines = path.read_text().splitlines()
        assert any(re.fullmatch(r"# python: (>=)?3\.\d+", line) for line in lines), path
        for line in lines:
            assert re.fullmatch(r"|#.*|-r [\w.-]+\.txt|[\w.\[\]-]+==[\w.+-]+", line), (path, line)


@pytest.mark.parametrize(("peer", "case"), pairs())
def test_each_peer_has_its_environments(peer, case):
    """There is a file for each case that a peer can do, whose framework it may need."""
    folder = Path(setup.__file__).parent / "environments"
    assert (folder / f"{peer.environment_for(case)}.txt").is_file()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["run", "--peers", "nobody"], "nobody: there is serving-runtime"),
     (["run", "--concurrency", "8/3"], "expected numbers such as 8"),
     (["setup", "--cases", "x"], "x: there is iris")],
)  # fmt: skip
def test_usage_errors(arguments, problem, capsys):
    """What is not there is told with what is."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err
