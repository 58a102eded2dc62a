"""The page in a real Chromium, used as a person uses it: fill, send, see the numbers."""

import json
import os
import shlex
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from tests.support.browser import CONTROL, ENTER, TAB
from tests.support.services import Connection
from tests.system.page.served import answer, choose, code_of, error_of, run, served

pytestmark = pytest.mark.apt

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "page.png"
AXE = "axe-core@4.14.1"
# A seven, of ink from 0 to 16.
SEVEN = """0 0 16 16 16 16 0 0
0 0 16 16 16 16 0 0
0 0 0 0 12 12 0 0
0 0 0 0 12 12 0 0
0 0 0 8 8 0 0 0
0 0 0 8 8 0 0 0
0 0 4 4 0 0 0 0
0 0 4 4 0 0 0 0"""


@pytest.fixture
def page(window, web):
    """The window, with a fresh page of the model; afterwards the browser has complained of none."""
    window.open(web.address)
    window.labelled("images")
    yield window
    assert window.complaints == []


def scores_of(picture):
    """Return what the model makes of one picture."""
    flat = np.array([row.split() for row in picture.splitlines()], float).reshape(-1)
    return [flat[digit::10].sum() for digit in range(10)]


def png(pixels):
    """Return a grey picture as PNG."""
    height, width = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))

    def chunk(kind, body):
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_example_that_is_filled_in_works(page):
    """Who opens the page and presses Run gets an answer."""
    assert run(page).startswith("answered in ")
    assert answer(page, "label") == ["0"]


def test_pasted_table_is_classified(page):
    """Numbers as a spreadsheet has them are answered with the model's own, as table and chart."""
    page.fill("images", SEVEN)
    assert run(page).startswith("answered in ")
    expected = scores_of(SEVEN)
    assert [float(it) for it in answer(page, "scores")[-10:]] == expected
    assert answer(page, "label") == [str(int(np.argmax(expected)))]
    chart = page.run("return document.querySelector('svg').getAttribute('aria-label')")
    assert chart.startswith("Bars of scores: 10 values, the largest 40 at three")
    if os.environ.get("UPDATE_PICTURES") == "1":
        page.prefer("light")
        page.resize(800, 600)
        PICTURE.write_bytes(page.picture("#snippets pre"))
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < 150_000


def test_counters_move(page):
    """The counts of answered and failed calls follow without the page being loaded again."""
    before = facts(page)
    run(page)
    choose(page, "refuse")
    run(page)
    moved = "return counted('calls answered') === arguments[0] && counted('calls failed')"
    moved += " === arguments[1]"
    page.until(COUNTED + moved, before["calls answered"] + 1, before["calls failed"] + 1)
    after = facts(page)
    assert after["rows"] == before["rows"] + 1
    assert (after["running"], after["waiting"], after["workers"]) == (0, 0, 1)
    assert page.complaints != []  # Chromium notes each 400


COUNTED = """
function counted(name) {
  const shown = [...document.querySelectorAll("dt")].find((it) => it.textContent === name);
  return Number(shown.nextSibling.textContent);
}
"""


def facts(window):
    """Return the numbers that the page shows of the service, by their names."""
    return window.until(
        "const all = [...document.querySelectorAll('dt')];"
        "const found = all.map((it) => [it.textContent, Number(it.nextSibling.textContent)]);"
        "return found.some(([name]) => name === 'calls answered') && Object.fromEntries(found)"
    )


def test_service_is_described(page):
    """What the model is, what serves it, and how it is, as the front knows it."""
    facts(page)
    shown = page.text
    release = "python\n{}.{}.".format(*sys.version_info)
    for words in ("shapes & colours", "ready", "serving-runtime", release, "float64[-1, 8, 8]"):
        assert words in shown


def test_every_digit_arrives(page):
    """Integers that no double holds, texts with quotes, and booleans come back as they were."""
    choose(page, "mixed")
    page.fill("x", "1 2 3 4\n0.5 -1e3 .25 +7")
    page.fill("n", "9223372036854775807\n-9007199254740993")
    page.fill("note", 'größer "снег" <b>\\')
    page.fill("is_on", "TRUE\n0")
    assert run(page).startswith("answered in ")
    assert answer(page, "n") == ["9223372036854775807", "-9007199254740993"]
    assert answer(page, "is_on") == ["true", "false"]
    assert [float(it) for it in answer(page, "total")] == [10, -992.25]
    assert 'größer "снег" <b>\\' in page.text


def test_errors_stand_beside_their_fields(page):
    """What cannot be read is named where it was written, and nothing is sent."""
    choose(page, "mixed")
    page.fill("x", "1 2 3")
    page.fill("n", "[1, 2")
    page.press("Run")
    assert error_of(page, "x") == "x has 3 values, which do not fill float32[-1, 4]"
    assert error_of(page, "n").startswith("n is no JSON: ")
    assert error_of(page, "note") == error_of(page, "is_on") == ""
    assert page.run("return document.activeElement.getAttribute('aria-invalid')") == "true"


def test_refusals_stand_beside_their_fields(page):
    """What the service finds wrong with an input is beside its field too, and the rest is not."""
    choose(page, "mixed")
    page.fill("x", "[[1, 2, 3]]")
    page.fill("n", "[1.5]")
    assert run(page).startswith("refused in ")
    assert "float32[1, 3]" in error_of(page, "x")
    assert "1.5" in error_of(page, "n")
    assert "1.5" not in error_of(page, "x")
    assert error_of(page, "note") == ""
    assert page.run("return document.getElementById('failure').textContent").startswith("400: ")
    assert page.complaints != []  # Chromium notes each 400


def test_failures_of_the_model_are_text(page):
    """The model's own words are shown, never taken for HTML."""
    choose(page, "refuse")
    run(page)
    assert "never <b>this</b>" in page.run("return document.getElementById('failure').textContent")
    assert page.complaints != []


def test_table_with_header_fills_all_fields(page, tmp_path):
    """A CSV file whose header names the inputs, in any order, fills each with its column."""
    path = tmp_path / "people.csv"
    path.write_text('city,age\n"Bonn, am Rhein",3\nUlm,\n', encoding="utf-8")
    choose(page, "table")
    page.give_file("Fill age from a CSV or NumPy file", path)
    page.until("return document.body.innerText.includes('from people.csv')")
    assert run(page).startswith("answered in ")
    assert answer(page, "line") == ["3.0/Bonn, am Rhein", "nan/Ulm"]


def test_table_that_is_typed_fills_all_fields(page):
    """As one that is pasted does; a column that is no input stays out, and the page says so."""
    choose(page, "table")
    page.fill("city", "id;city;age\n7;Bonn;1,5\n8;Ulm;2")
    assert run(page).startswith("answered in ")
    assert answer(page, "line") == ["1.5/Bonn", "2.0/Ulm"]
    assert page.text.count("from a table, without its id") == 2


PASTE = """
const data = new DataTransfer();
data.setData("text/plain", arguments[1]);
const options = { clipboardData: data, bubbles: true, cancelable: true };
const pasted = new ClipboardEvent("paste", options);
return arguments[0].dispatchEvent(pasted);
"""


def test_cells_that_are_pasted_fill_all_fields(page):
    """Cells with a header line go into the fields at once; any other text is the field's own."""
    choose(page, "table")
    assert page.run(PASTE, page.labelled("age"), "plain") is True
    assert page.run(PASTE, page.labelled("age"), "age\tcity\n3\tBonn\n4\tUlm\n") is False
    assert run(page).startswith("answered in ")
    assert answer(page, "line") == ["3.0/Bonn", "4.0/Ulm"]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_npz_fill_their_fields(page, tmp_path, save):
    """A NumPy file fills the fields that its arrays are called like, packed or not."""
    x = np.asfortranarray(np.array([[1.5, 2, 3, 4], [5, 6, 7, -0.25]], ">f4"))
    n = np.array([2**63 - 1, -(2**63)])
    arrays = {"x": x, "n": n, "is_on": np.array([True, False]), "note": np.array("héllo")}
    save(tmp_path / "all.npz", **arrays)
    choose(page, "mixed")
    page.give_file("Fill n from a CSV or NumPy file", tmp_path / "all.npz")
    page.until("return document.body.innerText.split('from all.npz').length === 5")
    assert run(page).startswith("answered in ")
    assert [float(it) for it in answer(page, "total")] == [10.5, 17.75]
    assert answer(page, "n") == [str(it) for it in n]
    assert "héllo" in page.text


def test_picture_fills_an_input(page, tmp_path):
    """A picture becomes the pixels of the input's size, in the range that is chosen."""
    pixels = np.arange(64).reshape(8, 8) * 4
    (tmp_path / "grey.png").write_bytes(png(pixels))
    page.give_file("Fill images from a picture, CSV or NumPy file", tmp_path / "grey.png")
    page.until("return document.body.innerText.includes('from grey.png')")
    assert run(page).startswith("answered in ")
    expected = [pixels.reshape(-1)[digit::10].sum() for digit in range(10)]
    assert [float(it) for it in answer(page, "scores")[-10:]] == expected


def test_large_input_is_held_and_not_shown(page, tmp_path):
    """A picture of 224 by 224 in three colours does not fill the page with numbers."""
    (tmp_path / "large.png").write_bytes(png(np.full((224, 224), 51)))
    choose(page, "large")
    page.give_file("Fill pixels from a picture, CSV or NumPy file", tmp_path / "large.png")
    page.until("return document.body.innerText.includes('from large.png')")
    field = "const field = document.querySelector('textarea'); return field."
    assert "characters of JSON" in page.run(f"{field}placeholder")
    assert page.run(f"{field}value") == ""
    assert run(page).startswith("answered in ")
    assert [float(it) for it in answer(page, "mean")[-3:]] == pytest.approx([51, 51, 51])
    page.press("Clear pixels")
    assert page.run(f"{field}placeholder") == ""
    page.press("Run")
    assert error_of(page, "pixels").startswith("pixels is empty")


def test_what_is_typed_replaces_what_is_held(page):
    """Zeros that are too many to show are an example, and no obstacle to who writes a value."""
    choose(page, "large")
    assert run(page).startswith("answered in ")
    page.fill("pixels", "1 2 3")
    page.press("Run")
    assert error_of(page, "pixels").startswith("pixels has 3 values")
    assert not page.run("return document.getElementById('answer').checkVisibility()")


def test_series_is_a_line(page):
    """A long row of numbers is drawn as a line."""
    choose(page, "series")
    page.fill("count", "200")
    run(page)
    chart = page.run("return document.querySelector('svg').getAttribute('aria-label')")
    assert chart.startswith("Line of y: 200 values from ")
    assert len(answer(page, "y")) == 100
    assert "100 of 200 rows" in page.text


def test_keyboard_is_enough(page):
    """From the field the next Tab stops lead to Run, and Enter presses it."""
    page.fill("images", SEVEN)
    for _ in range(10):
        page.keys(TAB)
        if page.run("return document.activeElement.id") == "run":
            break
    page.keys(ENTER)
    page.until("return !document.getElementById('answer').hidden")
    assert answer(page, "label") == ["3"]


def test_keys_run_from_within_a_field(page):
    """Control and Enter send what is being written."""
    page.type(page.labelled("images"), CONTROL + ENTER)
    page.until("return !document.getElementById('answer').hidden")
    assert answer(page, "label") == ["0"]


def test_phone_scrolls_one_way(page):
    """At the width of a phone nothing is wider than the page, before and after an answer."""
    page.resize(360, 740)
    try:
        run(page)
        wide = "return document.documentElement.scrollWidth - innerWidth"
        assert page.run(wide) <= 0
    finally:
        page.resize(800, 600)


def test_nothing_comes_from_elsewhere(page, web):
    """All that the page asks for is the service's own."""
    page.requested  # noqa: B018  what earlier tests have asked for
    page.open(web.address)
    page.labelled("images")
    run(page)
    requested = page.requested
    assert f"{web.address}/page.js" in requested
    assert [it for it in requested if not it.startswith((web.address, "blob:", "data:"))] == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """What finds barriers in pages, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--silent", "--no-fund", "--ignore-scripts"]
    subprocess.run([*command, "--prefix", str(folder), AXE], check=True, timeout=240)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers(page, axe, scheme):
    """axe-core finds nothing serious: neither in the empty form nor beside an answer and errors."""
    page.prefer(scheme)
    dark = "return matchMedia('(prefers-color-scheme: dark)').matches"
    assert page.run(dark) is (scheme == "dark")
    assert barriers(page, axe) == []
    run(page)
    for name in ("grpcurl", "Python", "As JSON"):
        page.press(name)
    assert barriers(page, axe) == []
    choose(page, "mixed")
    page.fill("x", "no number")
    page.press("Run")
    assert barriers(page, axe) == []


def test_barriers_would_be_found(page, axe):
    """A field without a label is one."""
    page.run("document.querySelector('label[for=input-0]').remove()")
    assert "label" in {name for name, _, _ in barriers(page, axe)}


def barriers(window, axe):
    """Return what is wrong, with where it is."""
    found = window.run(f"{axe}; return axe.run().then((it) => it.violations)")
    return [(it["id"], it["impact"], it["nodes"][0]["html"]) for it in found]


def test_curl_can_be_pasted(page):
    """The command that the page shows gives in a shell what the page has shown."""
    choose(page, "mixed")
    page.fill("x", "1 2 3 4")
    page.fill("n", "9223372036854775807")
    page.fill("note", 'it\'s "so"')
    command = code_of(page, "curl")
    ended = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, check=True, timeout=60)
    outputs = json.loads(ended.stdout)["outputs"]
    assert outputs == {"total": [10], "n": [2**63 - 1], "note": 'it\'s "so"', "is_on": [False]}


def test_python_can_be_pasted(page, web, tmp_path):
    """The script that the page shows runs as it is, but for a port that only the log names."""
    page.fill("images", SEVEN)
    script = code_of(page, "Python").replace("GRPC_PORT", web.grpc_port)
    (tmp_path / "call.py").write_text(script, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "call.py")]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
    assert b"'label': array([3]" in ended.stdout


def test_long_calls_read_a_file(page, web, tmp_path):
    """A call that is too long to read is a file, and the code reads that."""
    page.fill("images", "\n".join([SEVEN] * 20))
    curl = code_of(page, "curl")
    script = code_of(page, "Python").replace("GRPC_PORT", web.grpc_port)
    (tmp_path / "request.json").write_text(page.run("return bodyOf(true)"), encoding="utf-8")
    (tmp_path / "call.py").write_text(script, encoding="utf-8")
    for command in (["bash", "-c", curl], [sys.executable, "call.py"]):
        ended = subprocess.run(
            command, cwd=str(tmp_path), stdout=subprocess.PIPE, check=True, timeout=60
        )
        assert ended.stdout.count(b"three") == 20


def test_request_of_grpcurl_is_one(page, web):
    """What the page writes for grpcurl is a request of Open Inference as JSON, and is answered."""
    choose(page, "mixed")
    page.fill("x", "1.5 2 3 4")
    page.fill("n", str(2**63 - 1))
    page.fill("note", 'it\'s "größer"')
    program, plain, flag, text, address, method = shlex.split(
        code_of(page, "grpcurl").replace("\\\n", "")
    )
    assert (program, plain, flag) == ("grpcurl", "-plaintext", "-d")
    assert (address, f"/{method}") == ("127.0.0.1:GRPC_PORT", operations.INFER.grpc_method)
    request = json_format.Parse(text, message_class("inference.ModelInferRequest")())
    service = Connection(f"127.0.0.1:{web.grpc_port}")
    reply = service.answer(request.SerializeToString(), operations.INFER)
    service.channel.close()
    assert reply.status == "OK", reply.details
    outputs = message_class("inference.ModelInferResponse").FromString(reply.payload).outputs
    assert outputs[1].contents.int64_contents == [2**63 - 1]


def test_token_is_asked_for_and_kept_in_memory(window, tmp_path):
    """A service with tokens has the page ask for one, which a reload forgets."""
    (tmp_path / "tokens").write_text("s3cret\n")
    (tmp_path / "tokens").chmod(0o600)
    with served(tmp_path, RUNTIME_TOKEN_FILE=str(tmp_path / "tokens")) as web:
        window.open(web.address)
        window.fill("Token", "wrong")
        window.press("Use")
        window.until("return !document.getElementById('token-form').hidden")
        assert window.run("return document.getElementById('call').hidden")
        window.fill("Token", "s3cret")
        window.press("Use")
        window.labelled("images")
        window.until("return !document.getElementById('call').hidden")
        assert run(window).startswith("answered in ")
        assert "$TOKEN" in code_of(window, "curl")
        assert "s3cret" not in window.run("return document.documentElement.outerHTML")
        stored = "return localStorage.length + sessionStorage.length + document.cookie.length"
        assert window.run(stored) == 0
        window.open(web.address)
        window.until("return !document.getElementById('token-form').hidden")
    window.complaints  # noqa: B018  Chromium notes each 401
