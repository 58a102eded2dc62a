"""What documents have from the code is what the code says, and lacks nothing."""

import pytest

from serving_runtime.errors import ProblemKind
from tools import documents


@pytest.mark.parametrize("path", documents.DOCUMENTS, ids=lambda path: path.parent.name)
def test_generated_parts_are_what_the_code_says(path):
    """Each document is as `make documents` would write it."""
    document = path.read_text(encoding="utf-8")
    assert document == documents.updated(document, documents.DOCUMENTS[path])


def test_each_kind_of_problem_has_a_message():
    """The table of problems has a row for every kind that the code knows."""
    rows = list(documents.problems())[2:]
    assert [row.split("`")[1] for row in rows] == [kind.value for kind in ProblemKind]


def test_a_document_without_a_place_for_a_part_is_refused():
    """A marker that was lost is named, instead of a part that is silently left out."""
    with pytest.raises(ValueError, match="no place for the reasons"):
        documents.updated("# Errors\n", {"reasons": documents.reasons})
