import json
import sys

import pytest

from tests.tools.release.fakes import IMAGE, NEWER
from tools.release import __main__ as command
from tools.release import manifest

COSIGN = """\
#!{python}
import json, os, sys
with open("{folder}/called", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if os.path.exists("{folder}/fails"):
    sys.exit("no identity")
"""


@pytest.fixture
def sign(tmp_path, monkeypatch):
    """Run the verb on a manifest of two images, with a cosign that keeps what it is told."""
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(COSIGN.format(python=sys.executable, folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.delenv("COSIGN_KEY", raising=False)
    monkeypatch.setattr(command, "load", lambda: command.Matrix(tmp_path, ()))
    bill = tmp_path / manifest.FOLDER / IMAGE.sbom
    bill.parent.mkdir(parents=True)
    bill.write_text("{}")
    listed = [each._replace(sbom_sha256=manifest.sha256_of(bill)) for each in (IMAGE, NEWER)]
    manifest.write(tmp_path, manifest.merge(listed))
    return lambda *arguments: command.main(["sign", *arguments])


def calls(folder):
    """Return what cosign was told, one list a call."""
    return [json.loads(line) for line in (folder / "called").read_text().splitlines()]


def test_every_image_is_signed_and_attested_by_its_digest(sign, tmp_path):
    """A tag could be another image by now."""
    assert sign() == 0
    bill = str(tmp_path / manifest.FOLDER / IMAGE.sbom)
    each = [
        ["sign", "--yes", IMAGE.reference],
        ["attest", "--yes", "--type", "cyclonedx", "--predicate", bill, IMAGE.reference],
    ]
    assert calls(tmp_path) == each * 2


def test_a_key_and_further_options_are_handed_over(sign, tmp_path, monkeypatch):
    """For private registries, without a public log or an identity provider."""
    monkeypatch.setenv("COSIGN_KEY", "cosign.key")
    assert sign("--", "--tlog-upload=false", "--allow-http-registry") == 0
    further = ["--key", "cosign.key", "--tlog-upload=false", "--allow-http-registry"]
    assert all(call[-5:-1] == further for call in calls(tmp_path))


def test_a_failure_of_cosign_is_told(sign, tmp_path, capsys):
    """In its own words, with the image."""
    (tmp_path / "fails").touch()
    assert sign() == 1
    told = capsys.readouterr().err
    assert told == f"`cosign sign … {IMAGE.reference}` failed:\nno identity\n"


def test_a_bill_that_is_another_one_is_not_attested(sign, tmp_path, capsys):
    """Nothing is signed either."""
    (tmp_path / manifest.FOLDER / IMAGE.sbom).write_text("{ }")
    assert sign() == 1
    assert "is not the file that python/3.9 was pushed with" in capsys.readouterr().err
    assert not (tmp_path / "called").exists()


def test_a_missing_cosign_is_told(sign, tmp_path, capsys):
    """The message says where it is to be had."""
    (tmp_path / "bin" / "cosign").unlink()
    assert sign() == 1
    assert "there is no cosign on PATH: install it" in capsys.readouterr().err


def test_nothing_is_signed_without_a_manifest(sign, tmp_path, capsys):
    """The message names the verb that makes one."""
    (tmp_path / manifest.MANIFEST).unlink()
    assert sign() == 1
    assert "make one by `make manifest`" in capsys.readouterr().err
