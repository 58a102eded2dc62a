import pytest

from serving_runtime.server import trace_context

IDS = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
PARENT = f"00-{IDS}-01"


@pytest.mark.parametrize("flags", ["00", "01", "03"])
def test_what_is_well_formed_is_passed_on(flags):
    """As it came: whoever reads it next knows more of it."""
    parent = f"00-{IDS}-{flags}"
    state, baggage = "congo=t61rcWkgMzE,rojo@a=00f067aa0ba902b7", "user=a%20b;p=1, tenant = 7"
    found = trace_context.read(parent, state, baggage)
    assert found == {"traceparent": parent, "tracestate": state, "baggage": baggage}
    assert trace_context.is_sampled(parent) is (flags != "00")


@pytest.mark.parametrize(
    ("parent", "passed_on"),
    [
        (f"cc-{IDS}-01", PARENT),
        (f"01-{IDS}-09-what-comes-later", PARENT),
        (f" {PARENT}\t", PARENT),
        (f"ff-{IDS}-01", ""),
        (f"{PARENT}-more", ""),
        (f"01-{IDS}-01more", ""),
        (PARENT.upper(), ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01", ""),
        (f"{PARENT}, {PARENT}", ""),
        ("00-١bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ""),
        (f"{PARENT}\n", PARENT),
        ("", ""),
    ],
)
def test_a_parent_is_one_of_the_known_version_or_none(parent, passed_on):
    """Of a later version what is known; the malformed is as if it had not come."""
    found = trace_context.read(parent, "a=b", "")
    assert found == ({"traceparent": passed_on, "tracestate": "a=b"} if passed_on else {})


@pytest.mark.parametrize(
    "state",
    ["a", "a=b=c", "A=b", "a=b\nc", "a=é", ",".join(f"k{i}=v" for i in range(33)), "a=" + "x" * 300,
     ",".join(["k=" + "v" * 200] * 30)],
)  # fmt: skip
def test_a_state_that_is_malformed_or_too_large_is_dropped(state):
    """The parent is not."""
    assert trace_context.read(PARENT, state, "") == {"traceparent": PARENT}


@pytest.mark.parametrize(
    "baggage",
    ["a", "=b", "a=b c", 'a="b"', "a=é", "a=b\r\nx: y", "a=" + "x" * 9000, "a=b," * 200],
)
def test_baggage_needs_no_parent_but_its_form(baggage):
    """It may be passed on alone; what is malformed is dropped as a whole."""
    assert trace_context.read("", "a=b", "a=b") == {"baggage": "a=b"}
    assert trace_context.read(PARENT, "", baggage) == {"traceparent": PARENT}
