import argparse

import pytest

from serving_runtime.cli import flags, hosts
from serving_runtime.settings import Settings


@pytest.fixture
def settings_for(monkeypatch):
    """Return the settings that arguments give beside variables."""
    for name in ("MODEL_DIR", "RUNTIME_HTTP_ALIASES"):
        monkeypatch.delenv(name, raising=False)

    def read(*words, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        parser = argparse.ArgumentParser()
        flags.add_model(parser)
        arguments = parser.parse_args(words)
        hosts.adopt(arguments, variables)
        return Settings.from_env(flags.effective(arguments))

    return read


def test_sagemaker_s_word_switches_its_paths_on(settings_for):
    """And its model directory is served, as nothing else is set."""
    settings = settings_for("serve")
    assert settings.http_aliases == {"sagemaker"}
    assert settings.model_dir == "/opt/ml/model"


def test_what_is_set_stays(settings_for):
    """Another directory, and other aliases beside it."""
    settings = settings_for("serve", MODEL_DIR="/mine", RUNTIME_HTTP_ALIASES="mlflow, sagemaker")
    assert settings.model_dir == "/mine"
    assert settings.http_aliases == {"mlflow", "sagemaker"}
    flagged = settings_for("serve", "--http-aliases", "vertex")
    assert flagged.http_aliases == {"vertex", "sagemaker"}


@pytest.mark.parametrize("word", ["./serve", "/serve", "model"])
def test_other_words_are_directories(settings_for, word):
    """One that is called as the word has a path before it."""
    settings = settings_for(word)
    assert settings.http_aliases == frozenset()
    assert settings.model_dir.endswith(word.lstrip("."))
