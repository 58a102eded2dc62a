"""The model whose page the tests use: an input of each kind, and answers that are easy to know."""

import contextlib
from pathlib import Path

from tests.support import models
from tests.support.targets import ServerOnLoopback
from tests.support.web import Web

CONTRACT = """
model_name: shapes & colours
signatures:
  - name: serving_default
    inputs:
      images: {shape: [-1, 8, 8], type: double}
    outputs:
      label: {shape: [-1], type: int64}
      scores: {shape: [-1, 10], type: double}
      names: {shape: [-1, 10], type: string}
  - name: mixed
    inputs:
      x: {shape: [-1, 4], type: float32}
      n: {shape: [-1], type: int64}
      note: {shape: scalar, type: string}
      is_on: {shape: [-1], type: bool}
    outputs:
      total: {shape: [-1], type: float32}
      n: {shape: [-1], type: int64}
      note: {shape: scalar, type: string}
      is_on: {shape: [-1], type: bool}
  - name: table
    inputs:
      age: {shape: [-1], type: double}
      city: {shape: [-1], type: string}
    outputs:
      line: {shape: [-1], type: string}
  - name: series
    inputs:
      count: {shape: scalar, type: int32}
    outputs:
      y: {shape: [-1], type: float32}
  - name: large
    inputs:
      pixels: {shape: [-1, 224, 224, 3], type: float32}
    outputs:
      mean: {shape: [-1, 3], type: double}
  - name: refuse
    inputs:
      first: {shape: [-1], type: double}
      second: {shape: [-1], type: double}
    outputs:
      y: {shape: scalar, type: double}
"""
FUNCTIONS = """
import numpy as np

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

def serving_default(images):
    flat = images.reshape(len(images), -1)
    scores = np.stack([flat[:, digit::10].sum(axis=1) for digit in range(10)], axis=1)
    names = np.array([NAMES] * len(images), object)
    return {"label": scores.argmax(axis=1), "scores": scores, "names": names}

def mixed(x, n, note, is_on):
    return {"total": x.sum(axis=1), "n": n, "note": note, "is_on": is_on}

def table(age, city):
    return {"line": np.array([f"{a}/{c}" for a, c in zip(age.tolist(), city.tolist())], object)}

def series(count):
    return {"y": np.sin(np.arange(int(count)) / 10).astype("float32")}

def large(pixels):
    return {"mean": pixels.astype("float64").mean(axis=(1, 2))}

def refuse(first, second):
    raise ValueError("never <b>this</b>")
"""


@contextlib.contextmanager
def served(folder: Path, **settings: str):
    """Serve the model; yields its HTTP address."""
    model = models.write(folder / "model", FUNCTIONS, CONTRACT)
    target = ServerOnLoopback(workers=1)
    with target.start("python", model, {"RUNTIME_HTTP_PORT": "0", **settings}) as server:
        yield Web(server.log)


def choose(window, signature):
    """Choose a signature, as its list does."""
    window.run(
        "const list = document.getElementById('signature'); list.value = arguments[0];"
        "list.dispatchEvent(new Event('change'))",
        signature,
    )


def run(window):
    """Press Run, and return what the line beside it says once the call is over."""
    window.press("Run")
    return window.until(
        "return !document.getElementById('run').disabled"
        " && document.getElementById('time').textContent"
    )


def answer(window, output):
    """Return the text of an output's table, cell by cell."""
    return window.run(
        "return [...document.querySelectorAll('[data-output=\"' + arguments[0] + '\"] td')]"
        ".map((it) => it.textContent).filter(Boolean)",
        output,
    )


def error_of(window, label):
    """Return what stands beside a field as its problem."""
    return window.run(
        "const label = [...document.querySelectorAll('label')]"
        ".find((it) => it.textContent === arguments[0]);"
        "const ids = label.control.getAttribute('aria-describedby').split(' ');"
        "return document.getElementById(ids.find((it) => it.startsWith('error'))).textContent",
        label,
    )


def code_of(window, name):
    """Return the code that the page shows for a client, without the pause after the last letter."""
    return window.run(
        "writeSnippets();"
        'return document.querySelector(`[aria-label="The call with ${arguments[0]}"]`).textContent',
        name,
    )
