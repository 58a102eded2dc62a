import contextlib
import re
from pathlib import Path

import pytest

from serving_runtime import contract
from serving_runtime.errors import LoadError
from serving_runtime.signature import Contract, Field, Signature

DATA = Path(__file__).parents[3] / "tests" / "data"
NESTED = (
    Field("id", "int64", ()),
    Field("tags", "map", None, (Field("words", "string"),)),
)


def digits(name, profile="", note="string"):
    """Return the signature that every golden contract has."""
    return Signature(
        name,
        (Field("image", "float32", (-1, 28, 28), (), profile), Field("meta", "map", None, NESTED)),
        (Field("class", "int64", (-1,)), Field("note", note)),
    )


def scalars(name, *names):
    """Return a signature over int8 scalars; the last name is the output's."""
    return Signature(
        name,
        tuple(Field(each, "int8", ()) for each in names[:-1]),
        (Field(names[-1], "int8", ()),),
    )


TWICE = Contract("digits", (digits("predict"), digits("explain")))
GOLDEN = {
    "tf_summator/contract.protobin": Contract(
        "tf_summator", (scalars("add", "a", "b", "sum"), scalars("mul", "a", "b", "mul"))
    ),
    "calculator/contract.protobin": Contract(
        "calculator",
        (Signature("add", (Field("a", "int8"), Field("b", "int8")), (Field("sum", "int8"),)),),
    ),
    "contracts/0.0.5.protobin": TWICE,
    "contracts/0.0.15.protobin": TWICE,
    "contracts/0.1.10.protobin": TWICE,
    "contracts/2.4.0.protobin": Contract("digits", (digits("predict", "numerical"),)),
    "contracts/3.0.3.protobin": Contract("", (digits("predict", "numerical", "any"),)),
}


def small(**changes):
    """Return a small contract whose output has these changes."""
    fields = {"name": "y", "dtype": "int64", "shape": ()}
    fields.update(changes)
    return Contract("m", (Signature("predict", (Field("x", "int64"),), (Field(**fields),)),))


def encoded(number, payload):
    """Encode a length-delimited field of fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


def model(*fields):
    """Encode a contract of one signature, with these outputs, in the format of 0.1 to 2.x."""
    outputs = b"".join(encoded(3, field) for field in fields)
    return encoded(1, b"m") + encoded(2, encoded(1, b"predict") + outputs)


Y = encoded(1, b"y")


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name):
    """Files of Hydrosphere's own packages and tests, in all formats, mean what they meant."""
    assert contract.read_contract(DATA / name) == GOLDEN[name]


def unnoticed_cuts(name):
    """Return what a golden file means when it is cut where no cut can show."""
    whole = GOLDEN[name]
    (first, *more) = whole.signatures
    if name == "contracts/3.0.3.protobin":
        return [Contract("", (first._replace(outputs=first.outputs[:1]),))]
    return [whole._replace(signatures=(first,))] if more else []


@pytest.mark.parametrize("name", GOLDEN)
def test_truncated(name):
    """A file that is cut short is refused wherever the cut shows.

    No format says how many parts follow, so two cuts do not show: one right between two
    signatures, and in 3.x, where the signature itself is the file, one between two outputs.
    """
    data = (DATA / name).read_bytes()
    survivors = []
    for size in range(len(data)):
        try:
            survivors.append(contract.parse(data[:size]))
        except LoadError:
            continue
    assert survivors == unnoticed_cuts(name)


@pytest.mark.parametrize("name", GOLDEN)
def test_damaged(name):
    """A file with one changed byte is read or refused, and never fails in any other way."""
    data = (DATA / name).read_bytes()
    for index in range(len(data)):
        for byte in (0x00, 0x7F, 0x80, 0xFF, data[index] ^ 1, data[index] ^ 8):
            changed = data[:index] + bytes([byte]) + data[index + 1 :]
            with contextlib.suppress(LoadError):
                contract.parse(changed)


def test_two_signature_contract_is_serialised_as_the_seeds_package_does():
    """What is written is byte for byte what hydro-serving-grpc 0.1.10 writes."""
    assert contract.serialise(TWICE) == (DATA / "contracts/0.1.10.protobin").read_bytes()


def test_profile_is_serialised_as_2_x_does():
    """What is written with profiles is byte for byte what hydro-serving-grpc 2.4.0 writes."""
    expected = (DATA / "contracts/2.4.0.protobin").read_bytes()
    assert contract.serialise(GOLDEN["contracts/2.4.0.protobin"]) == expected


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "c is empty: expected a contract of at least one signature"),
        (encoded(1, b"m"), "signatures: there are none; expected at least one"),
        (
            model(Y + b"\x20\x01")[:-1],
            "signatures[0], at byte 5: it should have 16 bytes but only 15 follow: "
            "the file is cut short or damaged",
        ),
        (b"\xff" * 11, "at byte 0: a number has more than 10 bytes"),
        (b"\x80", "at byte 0: the file is cut short within a number"),
        (
            b'{"model_name": "m"}',
            "at byte 0: found field 15 with an unknown encoding; expected",
        ),
        (model(), 'signatures[0].outputs: signature "predict" has no outputs'),
        (
            model(Y),
            'signatures[0].outputs[0]: field "y" has neither a dtype nor subfields; '
            "expected one of them (read as a contract of Hydrosphere 0.1 to 2.x)",
        ),
        (
            model(Y + b"\x20\x62"),
            "signatures[0].outputs[0].dtype: unknown dtype number 98; expected one of float32 (1)",
        ),
        (model(Y + b"\x20\x00"), "outputs[0].dtype: DT_INVALID (0) cannot be sent"),
        (model(Y + b"\x20\x14"), "outputs[0].dtype: DT_RESOURCE (20) cannot be sent"),
        (
            model(Y + b"\x20\x01\x50\x63"),
            "outputs[0].profile: unknown profile number 99; expected one of none (0)",
        ),
        (model(b"\x20\x01"), "signatures[0].outputs[0]: it has no name"),
        (
            model(Y + b"\x20\x01", Y + b"\x20\x01"),
            'signatures[0].outputs[1]: name "y" is that of signatures[0].outputs[0] too',
        ),
        (
            model(Y + b"\x20\x01") + encoded(1, b"n"),
            "model_name, at byte 21: it is there twice; expected it once",
        ),
        (
            model(Y + encoded(3, encoded(1, encoded(1, b"z") + b"\x20\x01")) + b"\x20\x01"),
            "signatures[0].outputs[0]: it has a dtype and subfields; expected one of them",
        ),
        (
            model(Y + encoded(2, encoded(2, b"\x08\x02") + b"\x18\x01") + b"\x20\x01"),
            "outputs[0].shape: it has dimensions and an unknown rank; expected one of them",
        ),
        (
            model(
                Y + encoded(2, encoded(2, b"\x08" + b"\xfe" + b"\xff" * 8 + b"\x01")) + b"\x20\x01"
            ),
            'outputs[0].shape[0]: field "y" has dimension -2; expected 0 or more, or -1 for free',
        ),
        (model(encoded(1, b"\xff") + b"\x20\x01"), "outputs[0].name, at byte 18: it is not UTF-8"),
        (
            model(Y + b"\x20\x01\x38\x01"),
            "signatures[0].outputs[0], at byte 21: found field 7 with an integer; expected "
            "name (1) or shape (2) or subfields (3) or dtype (4) or profile (10)",
        ),
        (
            encoded(2, encoded(3, Y + b"\x20\x01")),
            "signatures[0]: it has no name",
        ),
    ],
)
def test_refused(data, said):
    """What cannot be served is refused with the place, what was found and what was expected."""
    with pytest.raises(LoadError, match=re.escape(said)):
        contract.parse(data, "c")


def test_deep_nesting_is_refused():
    """A file that nests without end is refused rather than followed."""
    field = Y + b"\x20\x01"
    for _ in range(200):
        length = bytes([len(field) & 0x7F | 0x80, len(field) >> 7])
        inner = b"\x0a" + length + field
        field = Y + b"\x1a" + bytes([len(inner) & 0x7F | 0x80, len(inner) >> 7]) + inner
    length = bytes([len(field) & 0x7F | 0x80, len(field) >> 7])
    signature = encoded(1, b"predict") + b"\x1a" + length + field
    data = b"\x12" + bytes([len(signature) & 0x7F | 0x80, len(signature) >> 7]) + signature
    with pytest.raises(LoadError, match="nest deeper than 100"):
        contract.parse(data)


def test_deep_nesting_is_not_written():
    """Fields deeper than any reader would follow are refused before they are written."""
    field = Field("y", "int8")
    for _ in range(40):
        field = Field("y", "map", None, (field,))
    deep = Contract("m", (Signature("predict", (), (field,)),))
    with pytest.raises(LoadError, match="fields are nested deeper than 32 levels"):
        contract.serialise(deep)


def test_unknown_rank_means_any_shape():
    """A shape that says its rank is unknown is as good as none."""
    read = contract.parse(model(Y + encoded(2, b"\x18\x01") + b"\x20\x01"))
    assert read.signatures[0].outputs == (Field("y", "float32", None),)


def test_reference_types_are_served_as_their_values():
    """A variable's reference type, as contracts made from old graphs have it, is its value's."""
    read = contract.parse(model(Y + b"\x20\x65"))
    assert read.signatures[0].outputs == (Field("y", "float32", None),)


def test_empty_subfields_are_a_map_of_anything():
    """Subfields without any field in them are a map whose content is not said."""
    read = contract.parse(model(Y + encoded(3, b"")))
    assert read.signatures[0].outputs == (Field("y", "map", None),)


def test_text_is_shown_to_belong_into_yaml():
    """YAML in contract.protobin is recognised, and where it belongs is said."""
    with pytest.raises(LoadError, match="a contract in YAML belongs into contract.yaml"):
        contract.parse(b"name: predict\noutputs: {}\n")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (small(dtype="float31"), 'field "y" has the unknown dtype "float31"'),
        (small(subfields=NESTED), 'field "y" has subfields and dtype int64'),
        (small(shape=(2**63,)), "has dimension 9223372036854775808"),
        (small(name="\ud800"), "cannot be written as UTF-8"),
        (small()._replace(signatures=()), "signatures: there are none"),
        (small(profile="colour"), 'the unknown profile "colour"'),
    ],
)
def test_serialise_refuses(wrong, said):
    """What could not be read again is not written."""
    with pytest.raises(LoadError, match=re.escape(said)):
        contract.serialise(wrong)
    with pytest.raises(LoadError, match=re.escape(said)):
        contract.write_yaml(wrong)


def test_duplicate_signatures_are_refused():
    """Two signatures of one name cannot be shown apart by a caller."""
    twice = small()._replace(signatures=small().signatures * 2)
    with pytest.raises(LoadError, match=re.escape('signatures[1]: name "predict" is that of')):
        contract.serialise(twice)


def test_read_contract_chooses_by_name(tmp_path):
    """A file called .yaml is read as YAML, any other one as protobuf."""
    (tmp_path / "contract.yaml").write_text(contract.write_yaml(TWICE), encoding="utf-8")
    (tmp_path / "contract.protobin").write_bytes(contract.serialise(TWICE))
    assert contract.read_contract(tmp_path / "contract.yaml") == TWICE
    assert contract.read_contract(tmp_path / "contract.protobin") == TWICE


@pytest.mark.parametrize("name", ["contract.protobin", "contract.yaml"])
def test_missing_file(tmp_path, name):
    """A file that cannot be opened is named with the system's reason."""
    with pytest.raises(LoadError, match=f"{name} cannot be read: No such file"):
        contract.read_contract(tmp_path / name)
