import pytest

from serving_runtime.batch.folder import Folder
from serving_runtime.batch.parts import Counts
from serving_runtime.errors import StartError


def test_the_same_job_goes_on(tmp_path):
    """What is done is known to the next run of the same job, and when all is."""
    first = Folder(str(tmp_path / "scores"))
    assert first.begin({"input": ["a"]}) is None
    (tmp_path / "scores" / "_job" / "part-00003.bad.jsonl").write_text("{}\n")
    first.mark(3, Counts(10, 1))
    assert (first.done(3), first.done(4)) == (Counts(10, 1), None)
    first.finish([3], Counts(10, 1))
    assert (tmp_path / "scores" / "_bad_rows.jsonl").read_text() == "{}\n"
    first.release()
    assert Folder(str(tmp_path / "scores")).begin({"input": ["a"]}) == Counts(10, 1)


def test_another_job_is_refused(tmp_path):
    """Results of two models, or of two data sets, never stand in one folder."""
    first = Folder(str(tmp_path))
    first.begin({"input": ["a"], "model": 1})
    first.release()
    with pytest.raises(StartError, match=r'input was \["a"\], and is \["b"\]'):
        Folder(str(tmp_path)).begin({"input": ["b"], "model": 1})


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"input": {"a": [5, 2], "b": [6, 1]}}, "input: a has changed"),
        ({"input": {"b": [6, 1]}}, "input: a is gone"),
        ({"input": {"b": [6, 1], "a": [5, 1]}}, "input: other files"),
        ({"input": {"a": [5, 1], "b": [6, 1], "c": [7, 1]}}, "input: other files"),
        ({"model": {"m": [3, 4]}}, "model: m has changed"),
    ],
)
def test_it_says_which_file_is_another(tmp_path, now, message):
    """Only what is new beside a model does not count: its own code may have written that."""
    files = {"input": {"a": [5, 1], "b": [6, 1]}, "model": {"m": [3, 3]}}
    for description in (files, {**files, "model": {"cache": [1, 1], "m": [3, 3]}}):
        folder = Folder(str(tmp_path))
        folder.begin(description)
        folder.release()
    with pytest.raises(StartError, match=f"cannot continue: {message}"):
        Folder(str(tmp_path)).begin({**files, **now})


def test_two_jobs_at_a_time_are_refused(tmp_path):
    """The second one would write the same parts."""
    first = Folder(str(tmp_path))
    first.begin({})
    with pytest.raises(StartError, match="another job is writing"):
        Folder(str(tmp_path)).begin({})


def test_a_folder_with_other_files_is_refused(tmp_path):
    """What is there is somebody's."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StartError, match=r"not empty \(it has notes.txt\)"):
        Folder(str(tmp_path)).begin({})
