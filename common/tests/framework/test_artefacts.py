"""One file is the model; what is hashed is what is loaded; no pickle is run that is not allowed."""

import hashlib

import pytest

from serving_runtime import settings
from serving_runtime.errors import LoadError, SettingError
from serving_runtime.framework import artefacts
from serving_runtime.settings import parsing

SUFFIXES = (".one", ".two")
CONTENT = b"a model"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, empty."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def put(files):
    """Write a file of the model."""

    def write(name, content=CONTENT):
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def refused(files, model_file=""):
    """Return why no file is chosen."""
    with pytest.raises(LoadError) as caught:
        artefacts.find(files, SUFFIXES, model_file)
    return str(caught.value)


def test_the_only_file_of_a_known_format_is_the_model(files, put):
    """Others may lie beside it, hidden ones too, and the suffix may be in capitals."""
    put("labels.txt")
    put("._model.one")
    path = put("model.ONE")
    assert artefacts.find(files, SUFFIXES) == path


def test_several_models_are_refused(files, put):
    """The message lists them, and names the setting that chooses."""
    put("a.one")
    put("b.two")
    text = refused(files)
    assert "a.one, b.two; expected one" in text
    assert "RUNTIME_MODEL_FILE=a.one" in text


def test_no_model_is_told_with_what_is_there(files, put):
    """Found, expected, and the setting."""
    put("labels.txt")
    put("src/code.py")
    text = refused(files)
    assert "found labels.txt, src/; expected one file that ends in .one, .two" in text
    assert "RUNTIME_MODEL_FILE" in text


def test_a_long_listing_is_cut(files, put):
    """A folder of thousands does not fill the screen."""
    for number in range(12):
        put(f"{number:02}.txt")
    assert "07.txt and 4 more" in refused(files)


def test_an_empty_folder_is_told(files):
    """Nothing is something to say."""
    assert "found nothing" in refused(files)


def test_a_model_one_level_too_deep_is_told(files, put):
    """The usual mistake has its own hint."""
    put("model/a.one")
    assert "name it: RUNTIME_MODEL_FILE=model/a.one" in refused(files)


@pytest.mark.parametrize("name", ["b.one", "deep/er/c.two"])
def test_the_setting_names_the_model(files, put, name):
    """It chooses among several, and reaches deeper."""
    put("a.one")
    path = put(name)
    assert artefacts.find(files, SUFFIXES, name) == path


@pytest.mark.parametrize("name", ["../outside.one", "deep/../../outside.one", "/etc/passwd"])
def test_the_setting_does_not_lead_out(tmp_path, files, put, name):
    """Neither upwards nor to the root, whether or not a file is there."""
    put("deep/a.one")
    (tmp_path / "outside.one").write_bytes(CONTENT)
    assert f"RUNTIME_MODEL_FILE={name} leads out of" in refused(files, name)


def test_a_link_that_is_named_does_not_lead_out(tmp_path, files):
    """A link may stay inside, not leave."""
    (tmp_path / "outside.one").write_bytes(CONTENT)
    (files / "link.one").symlink_to(tmp_path / "outside.one")
    assert "is a link out of" in refused(files, "link.one")


def test_a_folder_that_links_out_is_no_way_either(tmp_path, files):
    """Every part of the path is followed."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.one").write_bytes(CONTENT)
    (files / "deep").symlink_to(tmp_path / "outside")
    assert "is a link out of" in refused(files, "deep/a.one")


def test_links_of_a_mount_are_followed(tmp_path, files, put):
    """Kubernetes mounts files of a ConfigMap as links, through a hidden folder."""
    put("..data/model.one")
    (files / "model.one").symlink_to(files / "..data" / "model.one")
    assert artefacts.find(files, SUFFIXES) == files / "model.one"
    assert artefacts.find(files, SUFFIXES, "model.one") == files / "model.one"


@pytest.mark.parametrize(("name", "problem"), [
    ("none.one", "names no file"), ("deep", "names no file"), ("labels.txt", "no suffix"),
])  # fmt: skip
def test_a_name_that_is_no_model_is_refused(files, put, name, problem):
    """Missing, a folder, or of no known format."""
    put("labels.txt")
    put("deep/a.one")
    assert problem in refused(files, name)


def test_what_is_read_is_what_is_vouched_for(put):
    """The digest is of the bytes that are handed over, whatever becomes of the file."""
    path = put("model.One")
    artefact = artefacts.read(path, SHA256)
    path.write_bytes(b"another")
    assert artefact == (path, CONTENT, SHA256)
    assert artefact.suffix == ".one"


def test_another_content_than_the_pinned_is_refused(put):
    """The message names both digests."""
    with pytest.raises(LoadError) as caught:
        artefacts.read(put("model.one"), "0" * 64)
    assert SHA256 in str(caught.value)
    assert "0" * 64 in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(files):
    """A folder stands for whatever prevents reading."""
    (files / "model.one").mkdir()
    with pytest.raises(LoadError, match="cannot be read: Is a directory"):
        artefacts.read(files / "model.one")


def test_a_pickle_is_announced(put, caplog):
    """One line: the file, its digest, what loading it does, and the settings."""
    artefact = artefacts.read(put("model.one"))
    artefacts.admit_pickle(artefact, True, "save it otherwise")
    (line,) = [record.getMessage() for record in caplog.records]
    for part in (str(artefact.path), SHA256, "runs code", "RUNTIME_ALLOW_PICKLE=0"):
        assert part in line


def test_a_pickle_is_refused_where_that_is_set(put, caplog):
    """The message says what to do instead, and nothing is announced."""
    artefact = artefacts.read(put("model.one"))
    with pytest.raises(LoadError, match="RUNTIME_ALLOW_PICKLE is off") as caught:
        artefacts.admit_pickle(artefact, False, "save it as .two")
    assert caught.value.fix.startswith("save it as .two, or set RUNTIME_ALLOW_PICKLE=1")
    assert not caplog.records


@pytest.mark.parametrize("text", [SHA256, SHA256.upper(), "sha256:" + SHA256, f" {SHA256} "])
def test_a_digest_is_read_in_any_usual_form(text):
    """As sha256sum prints it, and as image digests are written."""
    values = settings.read(artefacts.SETTINGS, {"RUNTIME_MODEL_SHA256": text})
    assert values["model_sha256"] == SHA256


@pytest.mark.parametrize("text", ["abc", SHA256[1:], "md5:" + SHA256])
def test_what_is_no_digest_stops_the_start(text):
    """A pin that can never match is a mistake in the setting, not in the file."""
    with pytest.raises(SettingError, match="64 hexadecimal digits"):
        settings.read(artefacts.SETTINGS, {"RUNTIME_MODEL_SHA256": text})


def test_the_defaults():
    """Any only file, any content, pickles allowed; a framework may be stricter."""
    values = settings.read(artefacts.SETTINGS, {})
    assert values == {"model_file": "", "model_sha256": "", "allow_pickle": True}
    stricter = artefacts.ALLOW_PICKLE._replace(default="0")
    assert stricter.parser is parsing.SWITCH
    assert settings.read((stricter,), {}) == {"allow_pickle": False}
