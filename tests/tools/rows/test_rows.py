import pytest

from tools.rows import MatrixError, Status


def test_every_row_has_a_moving_and_an_immutable_tag(checkout):
    """The seeds' tag moves with releases; the one with the release never does."""
    assert checkout.load().row("toy", "1.9").tags == ("1.9-latest", "1.9-0.7.0")


def test_newest_supported_row_is_latest(checkout):
    """Newest counts as people count: 1.10 comes after 1.9."""
    assert checkout.load().row("toy", "1.10").tags == ("1.10-latest", "1.10-0.7.0", "latest")


def test_newer_row_without_support_is_not_latest(checkout):
    """`latest` is what users get who ask for nothing, so it is never a legacy row."""
    checkout.replace("build_matrix.yaml", '"1.9"', '"1.11"')
    assert "latest" not in checkout.load().row("toy", "1.11").tags
    assert "latest" in checkout.load().row("toy", "1.10").tags


def test_row_that_is_not_built_has_no_tags(checkout):
    """Nobody is sent to an image that does not exist."""
    row = checkout.load().row("toy", "0.9")
    assert (row.status, row.tags, row.references) == (Status.EOL, (), ())


def test_unverified_row_is_built_by_who_asks_for_it(checkout):
    """It has an image's names, but is none of those that the project builds, nor its newest."""
    checkout.unverify("1.9")
    checkout.replace("build_matrix.yaml", '"1.9"', '"1.11"')
    matrix = checkout.load()
    row = matrix.row("toy", "1.11")
    assert (row.tags, row.can_be_built) == (("1.11-latest", "1.11-0.7.0"), True)
    assert row not in matrix.built
    assert row.labels["io.hydrosphere.runtime.status"] == "unverified"


@pytest.mark.parametrize(
    ("variables", "image"),
    [
        ({}, "hydrosphere/serving-runtime-toy"),
        ({"OWNER": "acme"}, "acme/serving-runtime-toy"),
        ({"REGISTRY": "localhost:5000"}, "localhost:5000/hydrosphere/serving-runtime-toy"),
        ({"REGISTRY": "", "OWNER": ""}, "hydrosphere/serving-runtime-toy"),
    ],
)
def test_registry_and_owner_are_settings(checkout, variables, image):
    """A fork sets a variable; an empty one, as Make and CI pass, means the default."""
    row = checkout.load(**variables).row("toy", "1.9")
    assert row.image == image
    assert row.references[0] == f"{image}:1.9-latest"


@pytest.mark.parametrize(("name", "value"), [("REGISTRY", "https://x/"), ("OWNER", "Acme Inc")])
def test_unusable_registry_or_owner_is_refused(checkout, name, value):
    """What no image could be called is refused here, not by the engine at the end of a build."""
    with pytest.raises(MatrixError, match=f"{name.lower()} is {value!r}"):
        checkout.load(**{name: value})


def test_build_arguments_come_from_the_row(checkout):
    """A Dockerfile repeats nothing that the matrix says."""
    row = checkout.load().row("toy", "1.9")
    assert row.build_args == {
        "BASE": "python:3.6-slim-bullseye",
        "LOCK": "runtimes/toy/locks/1.9.txt",
        "VERSION": "1.9",
        "IMAGE": "hydrosphere/serving-runtime-toy",
    }
    assert (checkout.root / row.dockerfile).exists()


def test_labels_say_what_the_row_is(checkout):
    """A label warns of a legacy image, with the reason; a supported one needs none."""
    legacy, supported = checkout.load().built
    prefix = "io.hydrosphere.runtime"
    assert legacy.labels[f"{prefix}.status"] == "legacy"
    assert legacy.labels[f"{prefix}.reason"] == "for old toys"
    assert f"{prefix}.reason" not in supported.labels
    assert supported.labels["DEPLOYMENT_TYPE"] == "APP"
    assert supported.labels["org.opencontainers.image.version"] == "1.10-0.7.0"


@pytest.mark.parametrize(
    ("runtime", "version", "known"), [("joy", "1.9", "toy"), ("toy", "2.0", "0.9, 1.9, 1.10")]
)
def test_unknown_row_is_answered_with_those_there_are(checkout, runtime, version, known):
    """A typing error in `make image/...` is answered with what could have been meant."""
    with pytest.raises(MatrixError, match=known):
        checkout.load().row(runtime, version)
