"""Of what TensorFlow says, the line is kept and told that tells something."""

import numpy as np
import pytest

from tensorflow_runtime import failures
from tensorflow_runtime.framework import tf, v1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Incompatible shapes\n\t [[Node: add = Add[T=...]]]", "Incompatible shapes"),
        ("bad value [[{{node add}}]]", "bad value"),
        ("2 root error(s) found.\n  (0) Invalid argument: bad\n\t [[{{node}}]]\n  (1) x", "bad"),
        ("2 root error(s) found.\n  (0) INVALID_ARGUMENT:  bad\n\t [[{{node}}]]", "bad"),
        (
            "Graph execution error:\n\nDetected at node 'a' defined at (most recent call last):\n"
            '    File "x.py", line 1, in <module>\n      run()\n'
            "Node: 'a'\nbad\n\t [[{{node a}}]]",
            "bad",
        ),
        (
            "Graph execution error:\n\nDetected at node a defined at (most recent call last):\n"
            "<stack traces unavailable>\nbad",
            "bad",
        ),
        ("\n", "\n"),
    ],
)
def test_the_first_useful_line(text, line):
    """Counts of errors, stacks and nodes are left out."""
    assert failures.first_line(ValueError(text)) == line


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (tf.errors.NotFoundError(None, None, "no such file"), "copy or export it again"),
        (tf.errors.DataLossError(None, None, "not an sstable"), "copy or export it again"),
        (ValueError("not a valid checkpoint: variables"), "copy or export it again"),
        (ValueError("Op type not registered 'New'"), "serve it from the image of the version"),
        (ValueError("something that nobody has seen"), "the log has the traceback"),
    ],
)
def test_the_fix_is_that_of_the_cause(tmp_path, error, fix):
    """Files that are lost are copied again; where the cause is unknown there is no fix."""
    assert failures.not_loaded(tmp_path, error).fix.startswith(fix)


def test_a_failure_is_told_in_its_repr(export, load):
    """What a graph raises reaches clients as its repr, so that says what is wrong."""

    def build():
        path = v1.placeholder(tf.string, [], name="path")
        return {"read": ({"path": path}, {"text": v1.read_file(path)})}

    export(build)
    with pytest.raises(tf.errors.NotFoundError) as caught:
        load().predict("read", {"path": np.array(b"/no/such/file", object)})
    assert repr(caught.value).startswith("NotFoundError('")
    assert "/no/such/file" in repr(caught.value)
