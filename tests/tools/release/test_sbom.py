import json
import sys

import pytest

from tests.tools.release.fakes import IMMUTABLE, ROW, image
from tools.release import __main__ as command
from tools.release import sbom

CONTENT = {
    "serialNumber": "urn:uuid:a0c50168-7e0f-41ec-96bc-dc78cf0b37c6",
    "metadata": {
        "timestamp": "2026-11-22T05:16:59Z",
        "component": {"bom-ref": "328e", "name": "candidate/python", "version": "3.13"},
    },
    "components": [
        {"bom-ref": "b", "name": "PyYAML", "version": "6.0.3", "purl": "pkg:pypi/pyyaml@6.0.3"},
        {"bom-ref": "c", "name": "libc6", "version": "2.36", "purl": "pkg:deb/debian/libc6@2.36"},
        {"bom-ref": "a", "name": "debian", "version": "12"},
    ],
    "dependencies": [{"ref": "c"}, {"ref": "b"}],
}
PIN = "pyyaml==6.0.3 \\\n    --hash=sha256:" + "a1" * 32 + "\n"

SYFT = """\
#!{python}
import json, os, sys
json.dump([sys.argv[1:], os.environ["SYFT_CHECK_FOR_APP_UPDATE"]], open("{folder}/called", "w"))
if not os.path.exists("{folder}/content"):
    sys.exit("no such image")
print(open("{folder}/content").read())
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the verb with a syft that writes what it is told, in a checkout with one pin."""
    program = tmp_path / "bin" / "syft"
    program.parent.mkdir()
    program.write_text(SYFT.format(python=sys.executable, folder=tmp_path))
    program.chmod(0o755)
    lock = tmp_path / ROW.lock
    lock.parent.mkdir(parents=True)
    lock.write_text(PIN)
    (tmp_path / "content").write_text(json.dumps(CONTENT))
    monkeypatch.setattr(sbom.sys, "executable", str(program.with_name("python")))
    monkeypatch.setattr(sbom.docker, "inspect", {IMMUTABLE: image("ours")}.get)
    monkeypatch.setattr(command, "load", lambda: command.Matrix(tmp_path, (ROW,)))
    monkeypatch.setattr(command.engine, "ensure", lambda: "20.10")
    return lambda: command.main(["sbom", "python", "3.13"])


def test_a_bill_of_materials_is_written(run, tmp_path, capsys):
    """Syft reads the verified image in the engine, and calls nobody else."""
    assert run() == 0
    name = "build/release/python-3.13.cdx.json"
    assert capsys.readouterr().out == f"{name}\n"
    assert json.loads((tmp_path / name).read_text()) == CONTENT
    (quiet, scan, source, *called, form), calls_home = json.loads((tmp_path / "called").read_text())
    assert (quiet, scan, source) == ("--quiet", "scan", f"docker:{IMMUTABLE}")
    assert called == [
        "--source-name=serving-runtime-python", f"--source-version={ROW.immutable_tag}"
    ]  # fmt: skip
    assert form == "--output=cyclonedx-json"
    assert calls_home == "false"


def test_a_pin_that_is_not_seen_is_an_error(run, tmp_path, capsys):
    """An image that is not what its lock says, or that syft cannot read, has no bill."""
    with (tmp_path / ROW.lock).open("a") as lock:
        lock.write(PIN.replace("pyyaml", "numpy"))
    assert run() == 1
    assert capsys.readouterr().err == "python/3.13: not in the bill of materials: numpy==6.0.3\n"
    assert not (tmp_path / "build/release/python-3.13.cdx.json").exists()


def test_a_base_that_is_not_seen_is_an_error():
    """Without Debian's packages half of the image is missing."""
    content = {"components": CONTENT["components"][:1]}
    assert list(sbom.missing(content, {})) == ["the Debian packages of the base"]


def test_a_failure_of_syft_is_told(run, tmp_path, capsys):
    """In its own words."""
    (tmp_path / "content").unlink()
    assert run() == 1
    assert capsys.readouterr().err == f"syft could not read {IMMUTABLE}:\nno such image\n"


def test_a_row_without_an_image_is_to_be_built(run, monkeypatch, capsys):
    """There is nothing to list."""
    monkeypatch.setattr(sbom.docker, "inspect", lambda name: None)
    assert run() == 1
    assert "build it first, by `make image/python/3.13`" in capsys.readouterr().err


def test_a_missing_syft_is_told(run, tmp_path, monkeypatch, capsys):
    """It is in the environment that the verb is run in."""
    (tmp_path / "bin" / "syft").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run() == 1
    assert "there is no syft; run this by `make sbom/...`" in capsys.readouterr().err
