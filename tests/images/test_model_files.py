from tests.images.containers import PUBLISHED, mounted
from tests.images.models import copy_of


def test_nothing_is_written_into_the_model(run, model, sample, tmp_path):
    """Start, a call and stop leave a model directory that everybody may write as it was."""
    copy = copy_of(model, tmp_path)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = snapshot(copy)
    container = run(PUBLISHED, mounted(copy, "rw"))
    assert container.answer(sample).status == "OK"
    container.stop()
    assert snapshot(copy) == before


def snapshot(folder):
    """Return what is in a folder, with the times of its last changes."""
    return {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
