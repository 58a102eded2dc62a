import pytest

from serving_runtime.framework import discovery
from tests.images.containers import target
from tests.system.clients import conftest, test_stock
from tests.system.clients.environments import results_of

# Making an environment takes minutes on a new machine: it happens in fixtures, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

python_of, generation, model_dir = conftest.python_of, test_stock.generation, test_stock.model_dir


def test_a_published_client_gets_the_original_s_replies(row, image, generation, model_dir):
    """Hydrosphere's own clients, old and new, are answered by an image as by the server alone."""
    if not discovery.installed()[row.runtime].recognises(model_dir / "files"):
        pytest.skip(f"{row.runtime} does not serve the model that the clients know")
    python, script, own = generation
    model_dir.chmod(0o755)
    with target(image).start(row.runtime, model_dir, {}) as service:
        results = results_of(python, script, service.address)
    assert results == dict(test_stock.EVERY_GENERATION, **own)
