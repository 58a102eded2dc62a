"""A real Chromium, driven by WebDriver, as a person uses a page: fields by their labels, and keys.

See: https://www.w3.org/TR/webdriver2/
"""

import base64
import contextlib
import http.client
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List

from tools.offline import packages

PROGRAMS = ("chromium", "chromedriver")
PACKAGES = ("chromium", "chromium-driver")
# A busy machine is slow, and no failure.
WAIT_SECONDS = 60.0
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for a reference to one
TAB = "\ue004"
CONTROL, ENTER = "\ue009", "\ue007"
_LABELLED = """
const wanted = arguments[0];
for (const label of document.querySelectorAll("label")) {
  if (label.textContent.trim() === wanted && label.control) return label.control;
}
for (const button of document.querySelectorAll("button, summary")) {
  if (button.textContent.trim() === wanted) return button;
}
return null;
"""


class Browser:
    """One window.

    Args:
        port: of the driver.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        arguments += ["--no-proxy-server"]
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments, "binary": packages.find("chromium")},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        made = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{made['sessionId']}"

    def open(self, address: str) -> None:
        """Open a page."""
        self._do("/url", url=address)

    def resize(self, width: int, height: int) -> None:
        """Give the window a size, such as a phone's."""
        self.run_devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def prefer(self, scheme: str) -> None:
        """Have the person like ``light`` or ``dark`` pages."""
        preferred = {"name": "prefers-color-scheme", "value": scheme}
        self.run_devtools("Emulation.setEmulatedMedia", features=[preferred])

    def run_devtools(self, command: str, **parameters: Any) -> Any:
        """Send a command of Chromium's own."""
        return self._do("/goog/cdp/execute", cmd=command, params=parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a function's body in the page, and return what it returns, or what that promises."""
        return self._do("/execute/sync", script=script, args=list(arguments))

    def until(self, script: str, *arguments: Any) -> Any:
        """Return what a function's body returns once that is something."""
        return _wait(lambda: self.run(script, *arguments), lambda: f"{script}\n{self.text}")

    def labelled(self, label: str) -> Any:
        """Return the field, or button, that has a label."""
        return self.until(_LABELLED, label)

    def fill(self, label: str, text: str) -> None:
        """Empty a field and type into it."""
        field = self.labelled(label)
        self._do(f"/element/{field[ELEMENT]}/clear")
        self.type(field, text)

    def give_file(self, label: str, path: Path) -> None:
        """Choose a file."""
        self.type(self.labelled(label), str(path))

    def type(self, element: Any, text: str) -> None:
        """Type into an element."""
        self._do(f"/element/{element[ELEMENT]}/value", text=text)

    def press(self, label: str) -> None:
        """Click on a button, or on what opens a part of the page."""
        self._do(f"/element/{self.labelled(label)[ELEMENT]}/click")

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        downs = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._do("/actions", actions=[{"type": "key", "id": "keyboard", "actions": downs}])

    def picture(self, last: str = "body") -> bytes:
        """Return the page as PNG, down to the element that a selector finds."""
        size = self.run(
            "const end = document.querySelector(arguments[0]).getBoundingClientRect().bottom;"
            "return [innerWidth, end + scrollY + 16]",
            last,
        )
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.run_devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    @property
    def text(self) -> str:
        """All that the page shows."""
        return self.run("return document.body.innerText")

    @property
    def complaints(self) -> List[str]:
        """What the browser has written to its console since the last time."""
        return [entry["message"] for entry in self._log("browser")]

    @property
    def requested(self) -> List[str]:
        """The addresses that were asked for since the last time."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        sent = [it["params"] for it in events if it["method"] == "Network.requestWillBeSent"]
        return [it["request"]["url"] for it in sent]

    def close(self) -> None:
        """Close the window."""
        self._send("DELETE", self._session)

    def _log(self, kind: str) -> Any:
        return self._do("/se/log", type=kind)

    def _do(self, path: str, **parameters: Any) -> Any:
        return self._send("POST", self._session + path, parameters)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_SECONDS * 2)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{path}: {value['error']}: {value['message']}")
        return value


@contextlib.contextmanager
def driver(folder: Path) -> Iterator[int]:
    """Start what drives browsers, which is installed where it may be; yields its port."""
    packages.ensure(PROGRAMS, PACKAGES, "to use the page as a person does")
    log = folder / "chromedriver.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [packages.find("chromedriver") or "", "--port=0"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield int(_wait(lambda: _port_in(log), lambda: log.read_text(encoding="utf-8")))
    finally:
        process.terminate()
        process.wait(timeout=WAIT_SECONDS)


def _port_in(log: Path) -> str:
    found = re.search(r"started successfully on port (\d+)", log.read_text(encoding="utf-8"))
    return found.group(1) if found else ""


def _wait(look: Callable[[], Any], what: Callable[[], str]) -> Any:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < until, f"waited {WAIT_SECONDS} s for {what()}"
        time.sleep(0.02)
