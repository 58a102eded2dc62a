import pytest

from serving_runtime.errors import ModelNotFound, Status
from serving_runtime.model_names import ModelNames
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract


def names_of(contract_name="", version=0, chosen="", model_dir="/model"):
    """Return the names of a model of which so much is known."""
    settings = Settings.from_env({"MODEL_NAME": chosen})
    return ModelNames.of(Contract(contract_name, (), version), settings, model_dir)


@pytest.mark.parametrize(
    ("chosen", "contract_name", "model_dir", "name"),
    [
        ("flowers", "iris", "/models/petals", "flowers"),
        ("", "iris", "/models/petals", "iris"),
        ("", "", "/models/petals", "petals"),
        ("", "", "/models/petals/", "petals"),
        ("", "", "/model", "model"),
        ("", "", "/model/", "model"),
        ("", "", "/mnt/models", "model"),
        ("", "", "/", "model"),
    ],
)
def test_the_first_that_is_known_is_the_name(chosen, contract_name, model_dir, name):
    """MODEL_NAME, the contract, the directory, else a plain word: in that order."""
    assert names_of(contract_name, chosen=chosen, model_dir=model_dir).name == name


def test_a_relative_directory_has_the_name_of_where_it_is(monkeypatch, tmp_path):
    """`serving-runtime serve .` names the model by the folder, not by the dot."""
    monkeypatch.chdir(tmp_path)
    assert names_of(model_dir=".").name == tmp_path.name


def test_the_contracts_name_answers_too():
    """Clients that know a model by its contract find it, whatever MODEL_NAME is."""
    names = names_of("iris", chosen="flowers")
    assert names.names == ("flowers", "iris")
    for asked in ("flowers", "iris", ""):
        names.check(asked, "")


def test_no_name_stands_twice():
    """A list of names is shown to clients."""
    assert names_of("iris", chosen="iris").names == ("iris",)


@pytest.mark.parametrize(("version", "text"), [(0, "1"), (7, "7"), (-3, "-3")])
def test_the_version_is_the_contracts_else_1(version, text):
    """Open Inference's versions are texts, and clients ask for 1 where they know none."""
    names = names_of(version=version)
    assert names.version == text
    names.check("", text)


def test_another_name_is_not_found():
    """The text has what is served, and how to call it otherwise."""
    with pytest.raises(ModelNotFound) as refused:
        names_of("iris", chosen="flowers").check("roses", "1")
    assert refused.value.status is Status.NOT_FOUND
    assert str(refused.value) == (
        'there is no model "roses" here: what is served is called "flowers" and "iris" '
        "(MODEL_NAME, or --model-name, calls it otherwise)"
    )


def test_another_version_is_not_found():
    """So a client never takes one version's answers for another's."""
    with pytest.raises(ModelNotFound) as refused:
        names_of("iris").check("iris", "2")
    assert str(refused.value) == ('the model "iris" has no version "2": its only version is "1"')


def test_names_are_compared_as_they_are():
    """Neither letters' case nor blanks are guessed at."""
    for asked in ("Iris", "iris ", " "):
        with pytest.raises(ModelNotFound):
            names_of("iris").check(asked, "")
    with pytest.raises(ModelNotFound):
        names_of("iris").check("iris", "01")


def test_a_long_name_hides_nothing():
    """What is served still stands in the line, which has an end."""
    with pytest.raises(ModelNotFound) as refused:
        names_of("iris").check("x" * 10**6, "")
    assert '"iris"' in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_directory_of_odd_bytes_has_a_name_that_can_be_sent():
    """A path may be no UTF-8, and a name travels in protobuf's strings, which are."""
    assert names_of(model_dir="/models/caf\udce9").name == "caf?"
