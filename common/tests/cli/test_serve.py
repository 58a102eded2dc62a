import pytest

IMAGE = "hydrosphere/serving-runtime-python:3.13-latest"
RUN = "docker run --rm -p 9090:9090 -v"


@pytest.fixture
def in_image(monkeypatch):
    """Pretend to be in an image, which says its name in a variable."""
    monkeypatch.setenv("SERVING_RUNTIME_IMAGE", IMAGE)


@pytest.mark.usefixtures("in_image")
def test_a_wrong_mount_in_an_image_is_answered_with_the_whole_command(command, tmp_path):
    """A message that shows how to mount the model does it with the image's own name."""
    code, _, err = command("serve", tmp_path, "--workers", "0", "--port", "0")
    assert code == 1
    assert err.endswith(f"{RUN} /path/to/model:/model:ro {IMAGE}\n")
    assert err.count("docker run") == 1


@pytest.mark.usefixtures("in_image")
def test_a_wrong_model_in_an_image_is_answered_with_the_command(command, tmp_path):
    """A message on what is in the directory ends with the line that runs a good one."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "x").touch()
    (tmp_path / "contract.protobin").touch()
    code, _, err = command("serve", tmp_path, "--workers", "0", "--port", "0")
    assert code == 1
    assert err.endswith(f"\n  run: {RUN} /path/to/model:/model:ro {IMAGE}\n")
    assert err.count("docker run") == 1


def test_outside_of_an_image_no_image_is_named(command, tmp_path):
    """Who serves from a checkout is not shown of an image that is not theirs."""
    code, _, err = command("serve", tmp_path, "--workers", "0", "--port", "0")
    assert code == 1
    assert "hydrosphere/" not in err


@pytest.mark.usefixtures("in_image")
def test_a_bad_setting_is_no_matter_of_the_mount(command, monkeypatch):
    """A setting that cannot be read is answered with its fix alone."""
    monkeypatch.setenv("APP_PORT", "tcp://10.0.0.1:80")
    code, _, err = command("serve")
    assert code == 1
    assert "docker run" not in err
