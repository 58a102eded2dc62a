import re

import pytest

from experiments.benchmarks import load
from experiments.benchmarks.load import Load, LoadError, Shape

# As h2load 1.52 and wrk 4.1 print it, shortened.
H2LOAD = """\
starting benchmark...
finished in 1.00s, 454.00 req/s, 3.89MB/s
requests: 454 total, 462 started, 454 done, 452 succeeded, 2 failed, 1 errored, 0 timeout
status codes: 452 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 3.89MB (4078951) total, 133.42KB (136620) headers (space savings 96.29%), 24KB (24970) data
                     min         max         mean         sd        +/- sd
time for request:       39us      5.22ms       161us       156us    97.98%
"""
LOG = "1795328950213659\t200\t628\n1795328950213661\t200\t1000\n1795328950213661\t200\t200\n"
WRK = """\
Running 1s test @ http://127.0.0.1:1/predict
  1 threads and 2 connections
Requests/sec:    243.80
Transfer/sec:     38.64KB

summary {"requests": 244, "microseconds": 1000817, "bytes": 38674, "errors": 3, "p50": 7810.0, "p99": 10850.5}
"""  # noqa: E501


def test_h2load_is_read():
    """Counts come from the summary, percentiles from the log."""
    found = load.read_h2load(H2LOAD, LOG, 1.0)
    assert found == Load(454, 1.0, 2, 0.628, 1.0, 24970)
    assert found.per_second == 452


def test_h2load_without_an_answer_has_no_latency():
    """A server that is not there gives zeros."""
    nothing = H2LOAD.replace("454 done, 452 succeeded, 2 failed", "0 done, 0 succeeded, 0 failed")
    found = load.read_h2load(nothing, "", 1.0)
    assert (found.requests, found.per_second) == (0, 0)
    assert found.p50_ms == found.p99_ms == 0


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (load.read_wrk, "wrk: unable to connect"),
        (lambda text: load.read_h2load(text, "", 1.0), "h2load: no such option"),
    ],
)
def test_what_cannot_be_read_is_shown(read, text):
    """The generator's own words are in the message."""
    with pytest.raises(LoadError, match=text):
        read(text)


@pytest.mark.parametrize(("answers", "errors"), [(455, 2), (454, 2), (450, 4), (0, 454)])
def test_calls_without_data_are_errors(answers, errors):
    """Failed gRPC calls have status 200 and no data; more data than answers is no failure."""
    told = Load(454, 1.0, 2, 1.0, 2.0, data_bytes=answers * 55)
    assert load.with_empty_as_errors(told, 50).errors == errors


def test_wrk_is_read():
    """Wrk's own summary, in our units."""
    assert load.read_wrk(WRK) == Load(244, 1.000817, 3, 7.81, 10.8505, 38674)


@pytest.mark.parametrize(
    ("text", "shape", "name"), [("8", Shape(8, 8), "8"), ("64/1", Shape(64, 1), "64/1")]
)
def test_shapes(text, shape, name):
    """A number is so many connections; with a slash, the connections are said."""
    assert load.shape_of(text) == shape
    assert shape.name == name


@pytest.mark.parametrize("text", ["x", "0", "8/3", "1/2", "-1"])
def test_shapes_that_are_none(text):
    """What h2load could not run is refused."""
    with pytest.raises(ValueError, match=re.escape(text)):
        load.shape_of(text)


def test_frame_of_a_message():
    """GRPC's prefix: not compressed, four bytes of length."""
    assert load.framed(b"abc") == b"\0\0\0\0\3abc"
