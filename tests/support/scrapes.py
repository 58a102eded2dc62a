"""Read a service's metrics, as Prometheus does, but for those that are zero or only bounds."""

from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.support.processes import wait_until
from tests.support.web import Web

Series = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """What one scrape has found."""

    def __init__(self, text: str) -> None:
        self.samples: dict[Series, float] = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's values with these labels; there must be one."""
        wanted = set(labels.items())
        found = [it for (key, its), it in self.samples.items() if key == name and wanted <= its]
        assert found, f"no {name} with {labels}"
        return sum(found)

    def nonzero(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return a metric's values that are not 0, by one of its labels."""
        wanted = set(labels.items())
        return {
            dict(its)[label]: value
            for (key, its), value in self.samples.items()
            if key == name and wanted <= its and value
        }


def web_of(server: Any) -> Web:
    """Return the HTTP address of a server, once it listens."""
    wait_until(lambda: "listening on http://" in server.log or server.has_ended, "HTTP")
    return Web(server.log.splitlines())


def scrape(server: Any) -> Metrics:
    """Return what a server's metrics are now."""
    response = web_of(server).get("/metrics")
    assert response.status == 200, response.body
    return Metrics(response.body.decode())


def scrape_until(server: Any, condition: Callable[[Metrics], bool], what: str) -> Metrics:
    """Scrape until a condition holds: some counts come a moment after what they count."""
    found: list[Metrics] = []

    def is_so() -> bool:
        found.append(scrape(server))
        return condition(found[-1])

    wait_until(is_so, what)
    return found[-1]
