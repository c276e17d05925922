"""A headless Chromium driven through its debugging pipe (the DevTools protocol as JSON, each message ended by a zero byte): real keys, and what the page asked
of the network and told its console."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), "/usr/bin/chromium")
# A proxy where nobody listens: what would leave the machine fails, and is seen.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--proxy-server=127.0.0.1:1")
PATIENCE = 60.0  # seconds that an answer of the browser may take
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "Enter": 13, "Escape": 27, "Tab": 9}
FAULTS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening")


class Browser:
    """One tab. `requests` are the addresses it asked for, `faults` what its console and its log say."""

    def __init__(self, profile: Path) -> None:
        inward, self.outward = os.pipe()
        self.inward, outward = os.pipe()
        # Chromium reads from descriptor 3 and writes to 4.
        shell = f'exec 3<&{inward} 4>&{outward}; exec "$@"'
        command = [CHROMIUM, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(["bash", "-c", shell, "bash", *command], pass_fds=(inward, outward), stdin=null, stdout=null, stderr=null)
        os.close(inward)
        os.close(outward)
        self.rest, self.last, self.session = b"", 0, ""
        self.requests: list[str] = []
        self.faults: list[str] = []
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def close(self) -> None:
        """Ends the browser: it leaves when its pipe is closed."""
        os.close(self.outward)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.inward)

    def call(self, method: str, **parameters: Any) -> Any:
        """The answer to a command."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters} | ({"sessionId": self.session} if self.session else {})
        os.write(self.outward, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while (answer := self.receive(until)).get("id") != self.last:
            self.note(answer)
        assert "result" in answer, answer
        return answer["result"]

    def receive(self, until: float) -> dict[str, Any]:
        while b"\0" not in self.rest:
            assert select.select([self.inward], [], [], max(0.0, until - time.monotonic()))[0], "the browser does not answer"
            data = os.read(self.inward, 1 << 20)
            assert data, "the browser ended"
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])
        elif event.get("method") in FAULTS:
            self.faults.append(json.dumps(event["params"]))

    def open(self, path: Path, fragment: str = "") -> None:
        """Loads a file and waits until its scripts have run."""
        self.call("Page.navigate", url="about:blank")  # else a new fragment alone would load nothing
        self.requests.clear()
        self.faults.clear()
        self.call("Page.navigate", url=path.as_uri() + fragment)
        until = time.monotonic() + PATIENCE
        while self.run("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < until, "the page does not load"
            time.sleep(0.02)

    def run(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Real key presses: a letter, or a name such as ArrowDown."""
        for key in keys:
            code = KEYS.get(key) or ord(key.upper())
            text = {} if key in KEYS and key != "Enter" else {"text": "\r" if key == "Enter" else key}
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """The size of the window in CSS pixels, and which colours its user prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path: Path) -> None:
        """A PNG of what the window shows."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
