"""Hydrosphere's published clients, unchanged, and contracts that they wrote."""

import shutil

import pytest

from tests.support.targets import OTHER_NIGHTLY
from tests.system.clients.environments import SCRIPTS, results_of, run_script

# Making an environment takes minutes on a new machine: it happens in fixtures, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

GOOD = {"equal": True, "same bytes": True, "scalar has a shape": True}
EVERY_GENERATION = {
    "typed": GOOD,
    "double for float": GOOD,
    "-1 in a shape": GOOD,
    "unsigned in int_val": GOOD,
    "no signature": GOOD,
    "unknown signature": [
        "INVALID_ARGUMENT",
        'infre signature is not present in the model; it has: infer: did you mean "infer"?',
    ],
    "exception": ["INTERNAL", "ValueError('no such mode', 'raise')"],
    "repr": ["INTERNAL", "ValueError('no such mode', 'raise')"],
    "exit": ["INTERNAL", "SystemExit('over', 3)"],
    "wrong type": ["OUT_OF_RANGE", "Type of a result (scaled) is not `PredictResponse`"],
    "extra": ["INVALID_ARGUMENT", 'input "z" is not in the signature'],
}
FLAT = {"flat": True}
STATUS = {"status": ["SERVING", "ok"], "unknown_fields": 0, "health": "0801"}
GENERATIONS = [
    ("stock-0.1.10", "stock_0_x.py", FLAT),
    ("stock-0.2.3", "stock_0_x.py", FLAT),
    ("stock-2.1.0", "stock_2_x.py", STATUS),
    ("stock-2.4.0", "stock_2_x.py", STATUS),
]


@pytest.fixture(params=GENERATIONS, ids=lambda generation: generation[0])
def generation(request, python_of):
    """A published package's own Python, the script that uses it, and what only it has."""
    name, script, own = request.param
    return python_of(name), script, own


@pytest.fixture
def model_dir(generation, tmp_path):
    """A model of that generation: its contract is written by the package itself."""
    (tmp_path / "files" / "src").mkdir(parents=True)
    shutil.copy(str(SCRIPTS / "func_main.py"), str(tmp_path / "files" / "src" / "func_main.py"))
    run_script(generation[0], "stock_contract.py", tmp_path / "contract.protobin")
    return tmp_path


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_a_published_client_gets_the_original_s_replies(generation, model_dir, serving, transport):
    """A published package's model and client get what Hydrosphere's own runtime gave them."""
    python, script, own = generation
    with serving(model_dir, RUNTIME_GRPC_TRANSPORT=transport) as service:
        results = results_of(python, script, service.address)
    assert results == dict(EVERY_GENERATION, **own)


ANSWERED_BY_3_X = (
    "typed",
    "double for float",
    "-1 in a shape",
    "unsigned in uint32_val",
    "raw",
    "a map where anything goes",
    "maps where anything goes",
)
OF_3_X = {
    **dict.fromkeys(ANSWERED_BY_3_X, GOOD),
    "any": [
        "INVALID_ARGUMENT",
        'input "anything": dtype number 24 is not one that tensors are served in: DT_ANY is a '
        "contract's, and a tensor says which dtype its values have",
    ],
    "exception": ["INTERNAL", "RuntimeError('no such mode', 'raise')"],
    "exit": ["INTERNAL", "SystemExit('over', 3)"],
    "wrong type": [
        "OUT_OF_RANGE",
        "Type of a result (scaled) is not `PredictResponse`, nor a dict of arrays by output name: "
        "infer returned str",
    ],
    "missing": ["INVALID_ARGUMENT", 'input "count" is missing: expected uint8[]'],
    "extra": ["INVALID_ARGUMENT", 'input "z" is not in the signature'],
    "health": "0801",
}
# What hydrosdk makes of the reply, as each type that it can return.
SEEN = {"y": [300.0, 500.0], "total": 800.0, "mode": "fine", "anything": 7}
ROWS = {name: value if name == "y" else [value] * 2 for name, value in SEEN.items()}
BY_SDK = {
    f"{sent} to {kind}": ROWS if kind == "dataframe" else SEEN
    for sent in ("arrays", "lists")
    for kind in ("dict", "nparray", "dataframe")
}


@pytest.fixture
def python_3_x(python_of):
    """The Python of Hydrosphere 3.x's published packages."""
    return python_of("stock-3.0.3")


@pytest.fixture
def model_3_x(python_3_x, tmp_path):
    """A model of 3.x, whose contract is one signature, bare, written by hydrosdk itself."""
    (tmp_path / "files" / "src").mkdir(parents=True)
    shutil.copy(str(SCRIPTS / "func_main_3_x.py"), str(tmp_path / "files/src/func_main.py"))
    run_script(python_3_x, "stock_contract_3_x.py", tmp_path / "contract.protobin")
    return tmp_path


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_clients_of_3_x_get_what_its_runtimes_gave(python_3_x, model_3_x, serving, transport):
    """hydro-serving-grpc 3.0.3 and what hydrosdk 3.0.3 makes of tensors, both ways."""
    contract = model_3_x / "contract.protobin"
    with serving(model_3_x, RUNTIME_GRPC_TRANSPORT=transport) as service:
        results = results_of(python_3_x, "stock_3_x.py", service.address, contract)
    assert results.pop("sdk") == BY_SDK
    assert results == OF_3_X
