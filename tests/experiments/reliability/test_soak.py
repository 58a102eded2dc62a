import asyncio
import itertools
import queue
import socket
import time

import pytest

from experiments.reliability import soak, soak_clients, soak_diet, soak_samples
from experiments.reliability.experiment import Goal
from experiments.reliability.soak_clients import Task
from experiments.reliability.soak_exchange import Kind
from experiments.reliability.soak_samples import Sample
from serving_runtime import operations

SECONDS = 4
# The rarest exchange is one of some thousands.
MANY = 20_000


@pytest.fixture(scope="module")
def exchanges():
    """Enough of what is sent to have everything."""
    return list(itertools.islice(soak_diet.mix(1), MANY))


# Its seconds count from before its clients have started, which takes as many on a busy machine.
@pytest.mark.nightly
def test_a_short_soak_finds_nothing(monkeypatch):
    """All of the diet together, crashes too, is answered rightly, and samples are taken of it."""
    monkeypatch.setenv("no_proxy", "localhost")
    wanted = soak.Soak(SECONDS / 3600, 0.5, processes=1, callers=4, crashes_per_minute=60)
    found = soak.soak(wanted, print)
    assert found.figures["problems"] == {}
    assert {goal.what: goal.measured for goal in found.goals}["unexpected statuses or details"] == 0
    assert found.counts["requests"] > 20
    assert found.counts[Kind.CRASHES] > 1
    assert found.counts[soak_clients.CONNECTIONS] > 4
    samples = found.figures["samples"]
    assert len(samples["seconds"]) > 2
    assert max(samples["processes"]) > soak.WORKERS
    assert min(samples["front_pss_mb"]) > 1
    assert max(samples["connections"]) > 1
    assert max(samples["segments"]) > 1
    assert min(samples["descriptors"]) > 10
    assert min(samples["threads"]) > min(samples["processes"])
    assert min(samples["pool_threads"]) > 1
    assert all(sorted(values) == values for values in (samples["seconds"], samples["requests"]))


def test_diet_has_everything(exchanges):
    """Each kind, each method that is forwarded, and each status that a request can bring about."""
    assert {exchange.kind for exchange in exchanges} == set(Kind) - {Kind.CRASHES}
    assert {exchange.method for exchange in exchanges} >= {
        *(row.grpc_method for row in operations.FORWARDED if row.grpc_method),
        operations.STATUS.grpc_method,
        operations.HEALTH_CHECK.grpc_method,
    }
    assert {exchange.status for exchange in exchanges} == {
        "OK", "INVALID_ARGUMENT", "INTERNAL", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED",
        "DEADLINE_EXCEEDED", "CANCELLED", "UNIMPLEMENTED", "NOT_FOUND",
    }  # fmt: skip


def test_every_dtype_is_served(exchanges):
    """What the identities of the conformance suite take is in the diet."""
    asked = b"".join({exchange.request for exchange in exchanges if exchange.kind == Kind.VALUES})
    for sample in soak_diet.dtypes.SAMPLES:
        assert f"identity_{sample.dtype}".encode() in asked


def test_every_wrong_answer_is_seen(exchanges):
    """Another status, other words, one bit more in the last value, and no values at all."""
    golden = soak_diet.golden()
    right = golden.reply.SerializeToString()
    assert not golden.problem("OK", "", right)
    assert "UNAVAILABLE" in golden.problem("UNAVAILABLE", "no worker", b"")
    wrong = right.replace(golden.reply.outputs["y"].tensor_content,
                          golden.reply.outputs["y"].tensor_content[:-1] + b"\x40")  # fmt: skip
    assert "wrong answer" in golden.problem("OK", "", wrong)
    assert "wrong answer" in golden.problem("OK", "", b"")
    refused = next(
        exchange
        for exchange in exchanges
        if exchange.details and not exchange.details.endswith("…")
    )
    assert not refused.problem(refused.status, refused.details, b"")
    assert refused.problem(refused.status, refused.details + "!", b"")


def test_only_three_kinds_may_end_in_several_ways(exchanges):
    """What is too large is cut off, too late is refused, or was answered before it is given up."""
    lenient = [exchange for exchange in exchanges if exchange.or_statuses]
    cut_off = [it for it in lenient if len(it.request) > soak_diet.MAX_MESSAGE_BYTES]
    assert {it.kind for it in lenient if it not in cut_off} == {Kind.CANCELS, Kind.DEADLINES}
    assert cut_off[0].problem("UNAVAILABLE", "Socket closed", b"") == ""
    assert cut_off[0].problem("INTERNAL", "", b"")


def test_every_success_has_a_reply_to_compare(exchanges):
    """No answer is taken on trust."""
    assert not [
        exchange for exchange in exchanges if exchange.status == "OK" and exchange.reply is None
    ]


def test_clients_tell_of_calls_that_fail():
    """Calls of a port where nobody listens are problems, not answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        reports = queue.Queue()
        task = Task(address, 1, callers=1, crashes_per_minute=0, until=time.monotonic() + 1)
        problems = asyncio.run(_problems(task, reports))
    assert any("UNAVAILABLE instead of" in problem for problem in problems)


async def _problems(task, reports):
    clients = soak_clients._Clients(task, reports)
    await asyncio.wait_for(clients.run(), 30)
    return [problem for report in list(reports.queue) for problem in report.problems]


def sampled(count, **figures):
    """Return samples of a service in which only these figures change, by number of the sample."""
    flat = dict.fromkeys(Sample._fields, 50)
    return [
        Sample(**{**flat, "requests": 10_000 * number,
                  **{name: of(number) for name, of in figures.items()}})
        for number in range(count)
    ]  # fmt: skip


def test_memory_that_grows_is_seen_through_noise():
    """Neither the warm-up nor samples that missed a worker hide what a million requests cost."""
    samples = sampled(
        100,
        pss_mb=lambda n: n * 5 if n < 10 else 100 + n * 0.11 - 30 * (n % 7 == 0),
        rss_mb=lambda n: 200 - 30 * (n % 7 == 0),
    )
    assert soak_samples.growth_per_million(samples, "pss_mb") == pytest.approx(11, abs=0.5)
    assert soak_samples.growth_per_million(samples, "rss_mb") == pytest.approx(0, abs=0.1)


def test_one_descriptor_more_is_seen():
    """A slow leak is one more in the end; a peak in between and the warm-up are none."""
    samples = sampled(
        100,
        descriptors=lambda n: 50 + n // 90,
        threads=lambda n: 9 if n < 10 else 8 + 5 * (n == 50),
    )
    assert soak_samples.change(samples, "descriptors") == 1
    assert soak_samples.change(samples, "threads") == 0


def test_too_few_samples_meet_no_goal():
    """What cannot be told is not a success."""
    for samples in ([], sampled(1)):
        growth = soak_samples.growth_per_million(samples, "pss_mb")
        assert not Goal("growth", growth, at_most=soak.MB_PER_MILLION).is_met
