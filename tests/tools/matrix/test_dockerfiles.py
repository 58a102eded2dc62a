import os
import re

import pytest

from tools.rows import load
from tools.rows.reader import ROOT

RUNTIMES = load(environment={}).runtimes
IMAGE_SCRIPTS = sorted((ROOT / "common" / "image").iterdir())


def shared(runtime):
    """Return how a framework's image behaves: what follows its layers, without its name."""
    text = (ROOT / "runtimes" / runtime / "Dockerfile").read_text()
    behaviour = text[text.index("type=bind,from=packages") :]
    own = r'^ARG VERSION=.*|(?<=image\.description=)".*"'
    return re.sub(own, "", behaviour, flags=re.MULTILINE).replace(runtime, "framework")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_images_behave_alike_whatever_is_inside(runtime):
    """User, variables, labels, health and entrypoint are the same; only the layers differ."""
    assert shared(runtime) == shared(RUNTIMES[0])


@pytest.mark.parametrize("script", IMAGE_SCRIPTS, ids=lambda script: script.name)
def test_steps_are_programs(script):
    """Dockerfiles run the steps as they are, in any shell."""
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/sh\n# ")
    assert "\nset -eu\n" in script.read_text()
