"""Makes calls from the OpenAPI document at an address, and ends with an error for a wrong answer.

Schemathesis calls every operation with what the document allows and with what it does not. What is
looked at are the answers: none is a failure of the server, or other than the document says. Which
requests are refused is not: a document cannot say all that a model's contract asks for.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)

address, examples = sys.argv[1:]
program = Path(sys.executable).with_name("schemathesis")
command = [program, "run", f"{address}/openapi.json", "--checks", ",".join(CHECKS)]
command += ["--max-examples", examples, "--seed", "1", "--no-color"]
with tempfile.TemporaryDirectory() as folder:  # it leaves what it has found where it runs
    run = subprocess.run(list(map(str, command)), stdout=sys.stderr, check=False, cwd=folder)
print("fine" if run.returncode == 0 else f"exit code {run.returncode}")
