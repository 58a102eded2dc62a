"""The one model among the files is found, and whatever else is there gets a message."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

import tensorflow_runtime
from serving_runtime.errors import LoadError
from tensorflow_runtime import artefact, loader

ROW = np.array([[1, 2]], np.float32)


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (["saved_model.pb"], True), (["saved_model.pbtxt"], True), (["m.keras"], True),
        (["1/saved_model.pb"], True), (["007/saved_model.pbtxt", "8/x"], True),
        (["3/m.keras"], True), (["src/func_main.py"], False), (["export/saved_model.pb"], False),
        (["model.h5"], False), (["1/notes"], False), (["variables/variables.index"], False),
    ],
)  # fmt: skip
def test_models_are_recognised_by_names(files, names, known):
    """Nothing is read for it: empty files will do."""
    for name in names:
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).touch()
    assert tensorflow_runtime.recognises(files) is known


def test_the_text_form_is_served(doubling, load):
    """saved_model.pbtxt is the same in another form."""
    folder = doubling(as_text=True)
    assert (folder / "saved_model.pbtxt").is_file()
    np.testing.assert_array_equal(load().predict("serving_default", {"x": ROW})["y"], [[3, 5]])


def test_the_newest_version_is_served(doubling, load, files, caplog):
    """As numbers, not as text; the log says once which were passed over."""
    for number in ("9", "00011", "2"):
        doubling(files / number)
    (files / "notes").mkdir()
    with caplog.at_level(logging.INFO):
        model = load()
    np.testing.assert_array_equal(model.predict("serving_default", {"x": ROW})["y"], [[3, 5]])
    assert loader.infer_contract(files).version == 11
    assert "serving version 00011, the newest; passed over: 2, 9" in caplog.messages


def test_a_number_of_more_than_64_bits_is_no_version(doubling, files):
    """No message could say it."""
    doubling(files / str(2**63 - 1))
    doubling(files / str(2**63))
    assert loader.infer_contract(files).version == 2**63 - 1


def test_a_single_version_is_nothing_to_tell(doubling, load, files, caplog):
    """With one version there is no choice."""
    doubling(files / "4")
    with caplog.at_level(logging.INFO):
        load()
    assert "passed over" not in caplog.text


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["saved_model.pb", "saved_model.pbtxt"], "saved_model.pb and saved_model.pbtxt"),
        (["saved_model.pb", "m.keras"], "saved_model.pb and m.keras"),
        (["a.keras", "b.keras"], "a.keras and b.keras"),
        (["saved_model.pb", "1/saved_model.pb"], "saved_model.pb and 1/"),
        (["2/saved_model.pb", "2/m.keras"], "files/2 holds more than one model: saved_model.pb"),
    ],
)
def test_two_models_are_refused(files, names, told):
    """The message names both, and what to do."""
    for name in names:
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).touch()
    with pytest.raises(LoadError, match=told) as caught:
        artefact.find(files)
    assert caught.value.fix == "remove all but one of them"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], "found nothing; expected saved_model.pb, version directories such as 1/"),
        (["model.h5", "variables/x"], "found model.h5, variables/; expected saved_model.pb"),
        ([f"part-{n:02}" for n in range(9)], "part-07 and 1 more; expected"),
        (["out/saved_model.pb"], "one level too deep: found .*files/out/saved_model.pb"),
        (["1/saved_model.pb", "2/variables/x"], "version 2 is the newest .*: found variables/"),
        (["3/"], "version 3 is the newest in .*files and holds no model: found nothing"),
    ],
)
def test_no_model_is_told_with_what_is_there(files, names, told):
    """The message says what was found and what was expected."""
    files.mkdir()
    for name in names:
        path = files / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    with pytest.raises(LoadError, match=told) as caught:
        artefact.find(files)
    assert caught.value.fix


@pytest.mark.parametrize("content", [b"", b"no proto at all", None])
@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
def test_a_file_that_is_no_saved_model_is_named(doubling, name, content):
    """Empty, something else, or cut short: the message has the path."""
    folder = doubling(as_text=name.endswith("txt"))
    path = folder / name
    path.write_bytes(path.read_bytes()[:-50] if content is None else content)
    with pytest.raises(LoadError, match=name) as caught:
        loader.infer_contract(folder)
    assert str(path) in caught.value.problem
    assert caught.value.fix == "export or copy the model again"


@pytest.mark.parametrize("cut", [0, 100, 400, -1])
def test_a_file_that_was_cut_short_is_refused(doubling, cut):
    """Wherever a copy has ended."""
    path = doubling() / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(LoadError, match=r"saved_model\.pb"):
        loader.infer_contract(path.parent)


def test_an_unreadable_file_is_named(doubling, monkeypatch):
    """What the file system says is passed on."""

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    folder = doubling()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(LoadError, match=r"saved_model\.pb cannot be read: Permission denied"):
        loader.infer_contract(folder)


def test_the_graph_for_serving_is_chosen(doubling, load):
    """The one tagged serve alone, among others; or the only one, whatever its tag."""
    folder = doubling(tags=("serve", "gpu"))
    np.testing.assert_array_equal(load().predict("serving_default", {"x": ROW})["y"], [[3, 5]])
    shutil.rmtree(str(folder))
    doubling(tags=("inference",))
    np.testing.assert_array_equal(load().predict("serving_default", {"x": ROW})["y"], [[3, 5]])


def test_the_exact_tag_wins(doubling):
    """A graph for serving beside one for serving on something else is the one."""

    def add(saved_model):
        other = saved_model.meta_graphs.add()
        other.meta_info_def.tags.extend(["serve", "tpu"])

    assert loader.infer_contract(doubling(change=add)).names == ("serving_default",)


def test_several_graphs_none_for_serving_are_refused(doubling):
    """The message lists their tags."""

    def add(saved_model):
        saved_model.meta_graphs.add().meta_info_def.tags.extend(["eval", "cpu"])
        saved_model.meta_graphs.add()

    folder = doubling(tags=("train",), change=add)
    with pytest.raises(LoadError, match=r"3 graphs, tagged \(train\); \(cpu, eval\); \(nothing\)"):
        loader.infer_contract(folder)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: shutil.rmtree(str(folder)), "variables"),
        (lambda folder: (folder / "variables.index").unlink(), "variables/variables"),
        (lambda folder: next(folder.glob("*.data-*")).unlink(), "variables.data-00000-of-00001"),
        (lambda folder: _cut(next(folder.glob("*.data-*"))), "Read less bytes than requested"),
        (lambda folder: _cut(folder / "variables.index"), "not an sstable"),
    ],
    ids=["no folder", "no index", "no data", "data cut", "index cut"],
)
def test_broken_variables_stop_the_start(doubling, load, spoil, told):
    """Missing or cut short: the message has the directory and what TensorFlow found."""
    folder = doubling()
    spoil(folder / "variables")
    with pytest.raises(LoadError, match=told) as caught:
        load()
    assert f"cannot load the SavedModel in {folder}: " in caught.value.problem
    assert f"all of {folder}/variables" in caught.value.fix
    assert "\n" not in caught.value.problem
