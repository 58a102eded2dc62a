"""Write the bodies of failures, in the form that the table of operations gives for each row.

Failures of the workers too: a client sees no difference in who has refused its request.
"""

import json
from typing import Callable, Dict

from serving_runtime.operations import ErrorForm

# Exactly so: KServe's client shows the words of no other type, and of none with a charset.
CONTENT_TYPE = "application/json"


def _error_object(text: str) -> bytes:
    return json.dumps({"error": text}, ensure_ascii=False).encode("utf-8", "replace")


_BY_FORM: Dict[ErrorForm, Callable[[str], bytes]] = {ErrorForm.ERROR_OBJECT: _error_object}


def error_body(text: str, form: ErrorForm = ErrorForm.ERROR_OBJECT) -> bytes:
    """Return the body that says what went wrong.

    Args:
        text: in one line.
        form: of the operation that was asked for; of all where none was.
    """
    return _BY_FORM[form](text)
