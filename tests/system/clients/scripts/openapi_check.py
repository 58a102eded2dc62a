"""Validates OpenAPI documents; prints what is wrong with each, by the file's name, as JSON."""

import json
import sys
from pathlib import Path

import openapi_spec_validator

wrong = {}
for path in map(Path, sys.argv[1:]):
    document = json.loads(path.read_text(encoding="utf-8"))
    validator = openapi_spec_validator.OpenAPIV31SpecValidator(document)
    found = [str(error)[:500] for error in validator.iter_errors()]
    if found:
        wrong[path.name] = found
print(json.dumps({"count": len(sys.argv) - 1, "wrong": wrong}))
