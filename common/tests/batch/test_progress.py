import io

from serving_runtime.batch.progress import Progress


def test_a_line_has_the_rate_and_the_time_left():
    """What an earlier run has done counts for how far it is, not for how fast."""
    progress = Progress(1000, 200, io.StringIO())
    text = progress.text(400, 3, 10.0)
    assert text == "400 of 1,000 rows (40 %), 3 bad, 20 rows/s, 30.0 s left"
    assert progress.text(200, 0, 0.0).endswith("0 rows/s")


def test_nothing_is_said_of_what_is_not_known():
    """A file of lines shows how many rows it has only at its end."""
    stream = io.StringIO()
    progress = Progress(None, 0, stream)
    assert progress.text(7200, 0, 7200.0) == "7,200 rows, 1 rows/s"
    progress.end(5)
    assert "5 rows in" in stream.getvalue()
    assert stream.getvalue().endswith(" rows/s\n")
