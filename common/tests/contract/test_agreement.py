import pytest

from serving_runtime.contract import read_yaml
from serving_runtime.contract.agreement import reconcile
from serving_runtime.errors import LoadError
from serving_runtime.signature import Contract, Field, Signature


def model(*inputs, **options):
    """Return a contract of one signature that answers y."""
    outputs = options.get("outputs", (Field("y", "float32", (-1,)),))
    return Contract("m", (Signature(options.get("name", "predict"), inputs, outputs),))


def x(dtype="float32", shape=(-1, 4), **more):
    """Return the input that every model here has."""
    return Field("x", dtype, shape, **more)


def refusal(ours, theirs, policy="lenient"):
    """Return what is said when two contracts cannot be reconciled."""
    with pytest.raises(LoadError) as caught:
        reconcile(ours, theirs, policy)
    return str(caught.value)


def test_no_contract():
    """Without a contract the artefact's own is served, and the log says what it is."""
    inferred = model(x())
    assert reconcile(None, inferred, "lenient") == (
        inferred,
        [
            "no contract was found, serving what the model says: "
            "predict(x: float32[-1, 4]) -> y: float32[-1]"
        ],
    )


def test_no_inference():
    """Where the artefact's format cannot say, the contract is served as it is."""
    assert reconcile(model(x()), None, "strict") == (model(x()), [])


def test_neither():
    """With neither the start stops, and the fix is to write a contract, with an example."""
    text = refusal(None, None)
    assert "there is no contract" in text
    assert "fix: write contract.yaml beside files/, for example:\n    name: predict\n" in text
    assert "`serving-runtime contract compile contract.yaml`" in text


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed"),
    [
        ((-1, 4), (-1, 4), (-1, 4)),
        ((1, 4), (-1, 4), (1, 4)),
        ((-1, -1), (-1, 4), (-1, 4)),
        ((2, -1), (-1, 4), (2, 4)),
        (None, (-1, 4), (-1, 4)),
        ((-1, 4), None, (-1, 4)),
        (None, None, None),
        ((), (), ()),
    ],
)
def test_compatible_shapes(ours, theirs, agreed):
    """Where both shapes can be true, what either of them fixes is checked, without a warning."""
    assert reconcile(model(x(shape=ours)), model(x(shape=theirs)), "strict") == (
        model(x(shape=agreed)),
        [],
    )


@pytest.mark.parametrize("shape", [(-1, 5), (4,), (), (-1, 4, 1)])
def test_contradicting_shape_is_served_as_the_models(shape):
    """A contract that is wrong about a shape is served with the model's shape and one warning."""
    contract, warnings = reconcile(model(x(shape=shape)), model(x()), "lenient")
    assert contract == model(x())
    assert warnings == [
        "the contract contradicts the model; where shapes differ, the model's are served:\n"
        f'  - signature "predict", input "x": the contract says float32{list(shape)}, '
        "the model says float32[-1, 4]"
    ]


def test_several_contradictions_are_one_warning():
    """All contradictions come in one warning, inputs and outputs alike."""
    outputs = (Field("y", "float32", ()),)
    _, warnings = reconcile(model(x(shape=()), outputs=outputs), model(x()), "lenient")
    assert len(warnings) == 1
    assert 'input "x"' in warnings[0]
    assert 'output "y"' in warnings[0]


def test_contradicting_shape_is_refused_when_strict():
    """Strict refuses what lenient warns of, and says which setting would serve it."""
    text = refusal(model(x(shape=(3,))), model(x()), "strict")
    assert "the contract says float32[3], the model says float32[-1, 4]" in text
    assert "RUNTIME_CONTRACT=lenient" in text


def test_unknown_signature():
    """A signature that the model does not have stops the start; the nearest one is named."""
    text = refusal(model(x(), name="predcit"), model(x()))
    assert (
        'signature "predcit" is not in the model: did you mean "predict"? the model has predict'
    ) in text
    assert "fix: correct the contract" in text


def test_unknown_fields():
    """Inputs and outputs that the model does not have stop the start, all in one message."""
    ours = model(Field("z", "float32"), outputs=(Field("out", "float32"),))
    text = refusal(ours, model(x()))
    assert 'signature "predict", input "z" is not in the model; it has x' in text
    assert 'signature "predict", output "out" is not in the model; it has y' in text


def test_dtype():
    """A dtype that the model does not have stops the start, whatever the policy."""
    text = refusal(model(x("float64")), model(x()))
    assert 'input "x": the contract says float64[-1, 4], the model says float32[-1, 4]' in text


def test_everything_is_shown_at_once():
    """What cannot be served comes first, contradicting shapes after it, in one message."""
    ours = model(x("float64"), outputs=(Field("y", "float32", ()),))
    text = refusal(ours, model(x()))
    assert text.index('input "x"') < text.index('output "y"')


def test_any_takes_the_models_dtype():
    """Where one side leaves the dtype open, the other's is served."""
    assert reconcile(model(x("any")), model(x()), "strict").contract == model(x())
    assert reconcile(model(x()), model(x("any")), "strict").contract == model(x())


def test_input_that_the_contract_leaves_out():
    """An input that only the model has is shown, since the model may fail without it."""
    both = model(x(), Field("k", "int64", ()))
    contract, warnings = reconcile(model(x()), both, "lenient")
    assert contract == model(x())
    assert "the contract leaves it out, the model says int64[]" in warnings[0]
    assert "the contract leaves it out" in refusal(model(x()), both, "strict")


def test_what_else_the_contract_leaves_out_is_not_served():
    """Outputs and signatures that only the model has are left out without a word."""
    more = model(x(), outputs=(Field("y", "float32", (-1,)), Field("z", "int8")))
    theirs = more._replace(signatures=more.signatures + model(x(), name="other").signatures)
    assert reconcile(model(x()), theirs, "strict") == (model(x()), [])


def test_subfields():
    """The fields of maps are compared too; where one side does not list them, the other does."""
    listed = x("map", None, subfields=(Field("a", "int8", (1,)),))
    bare = x("map", None)
    assert reconcile(model(bare), model(listed), "strict").contract == model(listed)
    assert reconcile(model(listed), model(bare), "strict").contract == model(listed)
    other = x("map", None, subfields=(Field("b", "int8", (1,)),))
    assert 'input "x", field "a" is not in the model' in refusal(model(listed), model(other))


def test_profiles_and_name_are_the_contracts():
    """What only the contract knows is kept; the model's name is the artefact's if it has none."""
    ours = model(x(profile="numerical"))._replace(model_name="")
    assert reconcile(ours, model(x()), "strict").contract == model(x(profile="numerical"))


@pytest.mark.parametrize(
    ("ours", "theirs", "hint"),
    [
        ("float64", "float32", ": `float`, `double` in contract.yaml mean float64; write float32"),
        ("int64", "int32", ": `int`, `integer`, `long` in contract.yaml mean int64; write int32"),
        (
            "complex128",
            "complex64",
            ": `complex` in contract.yaml means complex128; write complex64",
        ),
        ("string", "float32", ""),
        ("float64", "int32", ""),
        ("bool", "uint8", ""),
        ("uint64", "uint32", ""),
    ],
)
def test_words_of_another_width(ours, theirs, hint):
    """A word of contract.yaml that frameworks use for another width is explained."""
    text = refusal(model(x(ours)), model(x(theirs)))
    assert text.split("\n")[1].endswith(f"the model says {theirs}[-1, 4]{hint}")


@pytest.mark.parametrize(
    ("word", "dtype"),
    [("float", "float64"), ("float32", "float32"), ("float64", "float64"), ("double", "float64")],
)
def test_words_for_floats(word, dtype):
    """`float` is what Hydrosphere's own YAML meant; the widths can be written as well."""
    text = f"inputs: {{x: {{shape: [-1, 4], type: {word}}}}}\noutputs: {{y: {{type: float32}}}}"
    assert read_yaml(text).signatures[0].inputs[0].dtype == dtype
