"""Send pictures from several callers at a time, and compare every answer with the model's own."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import List, NamedTuple, Tuple

import numpy as np

from serving_runtime.client import Client

# Callers at the same time, and pictures in each of their calls.
ROUNDS = ((1, 1), (8, 1), (32, 1), (8, 16), (4, 128))
CALLS_A_ROUND = 800
# What an example's contract calls the label and the scores, unless its train.py has OUTPUTS.
OUTPUTS = ("label", "scores")


class Expected(NamedTuple):
    """What the model answers for the images in this process, and what is true.

    Scores may differ by ``tolerance``; the label is where they are highest.
    """

    images: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    tolerance: float
    outputs: Tuple[str, str] = OUTPUTS


class Round(NamedTuple):
    """What one round of calls came to."""

    labels: np.ndarray
    scores: np.ndarray
    latencies_ms: np.ndarray
    seconds: float


def call(address: str, expected: Expected) -> None:
    """Send the pictures in several rounds and print what came of each."""
    print("   callers  pictures   calls/s  pictures/s   p50 ms   p99 ms   accuracy")
    with Client(address) as client:
        for callers, pictures in ROUNDS:
            result = send(client, expected, callers, pictures)
            accuracy = check(result, expected)
            calls_a_second = len(result.latencies_ms) / result.seconds
            pictures_a_second = len(result.labels) / result.seconds
            p50, p99 = np.percentile(result.latencies_ms, (50, 99))
            print(
                f"   {callers:7} {pictures:9} {calls_a_second:9.0f} {pictures_a_second:11.0f}"
                f" {p50:8.1f} {p99:8.1f} {accuracy:10.2%}"
            )


def send(client: Client, expected: Expected, callers: int, pictures: int) -> Round:
    """Send all images, several times over, from ``callers`` threads.

    Args:
        client: connected to the service.
        expected: its images are sent, its outputs are taken.
        callers: calls that run at the same time.
        pictures: images in each call.
    """

    def timed(batch: np.ndarray) -> Tuple[float, np.ndarray, np.ndarray]:
        started = time.perf_counter()
        outputs = client.predict("predict", {"images": batch})
        label, scores = (outputs[name] for name in expected.outputs)
        return (time.perf_counter() - started) * 1000, label, scores

    batches = _batches(expected.images, pictures)
    with ThreadPoolExecutor(callers) as pool:
        started = time.perf_counter()
        latencies, labels, scores = zip(*pool.map(timed, batches))
        seconds = time.perf_counter() - started
    return Round(np.concatenate(labels), np.concatenate(scores), np.array(latencies), seconds)


def check(result: Round, expected: Expected) -> float:
    """Compare all answers with the model in this process; returns their accuracy."""
    repeats = -(-len(result.labels) // len(expected.labels))
    scores = np.concatenate([expected.scores] * repeats)[: len(result.scores)]
    truth = np.concatenate([expected.labels] * repeats)[: len(result.labels)]
    assert result.labels.dtype == np.int64
    assert np.array_equal(result.labels, result.scores.argmax(axis=1)), "labels and scores disagree"
    assert np.abs(result.scores - scores).max() <= expected.tolerance, "the server's scores differ"
    return float((result.labels == truth).mean())


def _batches(images: np.ndarray, size: int) -> List[np.ndarray]:
    """Cut the images into calls, again and again until there are enough calls."""
    once = [images[start : start + size] for start in range(0, len(images), size)]
    repeats = -(-CALLS_A_ROUND // len(once))
    return list(itertools.chain.from_iterable(itertools.repeat(once, repeats)))
