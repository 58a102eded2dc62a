import json

import pytest

from serving_runtime import operations
from serving_runtime.operations import ErrorForm
from serving_runtime.server.http.error_bodies import error_body


@pytest.mark.parametrize("text", ["wrong", 'a "quote"', "\u2603\n\x00", "", "\ud800", "x" * 5000])
def test_an_error_object_has_the_words(text):
    """Whatever they are, as JSON in UTF-8."""
    expected = text.encode("utf-8", "replace").decode()
    assert json.loads(error_body(text).decode()) == {"error": expected}


ROWS = [row for row in operations.ALL if row.http_routes]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_row_of_http_has_a_form_that_can_be_written(row):
    """Else its failures would fail."""
    assert error_body("x", row.error_form)
    assert row.error_form is ErrorForm.ERROR_OBJECT
