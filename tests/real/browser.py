"""Debian's Chromium over its debugging pipe: no driver, no port, no package.

Source of the commands: Chrome DevTools Protocol. Messages are JSON, each ends in a NUL byte.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any

from tests.conftest import skip_or_fail

_TIMEOUT = 60.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


@dataclass
class Browser:
    """A running browser; `page` opens pages in it."""

    process: subprocess.Popen[bytes]
    commands: int
    answers: int
    number: int = 0
    buffer: bytes = b""
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for what it returns."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + _TIMEOUT
        while True:
            answer = self._receive(end)
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait(self, method: str, session: str) -> dict[str, Any]:
        """The first event of a name that has not been taken yet."""
        end = time.monotonic() + _TIMEOUT
        while True:
            for event in self.events:
                if event.get("method") == method and event.get("sessionId") == session:
                    self.events.remove(event)
                    return event
            self.events.append(self._receive(end))

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            ready, _, _ = select([self.answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self.answers, 1 << 20)
            assert data, "the browser is gone"
            self.buffer += data
        message, _, self.buffer = self.buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Chromium with a profile of its own in `folder`; skips (or fails) where there is none."""
    program = shutil.which("chromium")
    if program is None:
        skip_or_fail("not installed: chromium")
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()

    # The browser reads commands from descriptor 3 and writes answers to 4.
    connected = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
    process = subprocess.Popen(
        ["bash", "-c", connected, "bash", program, *_FLAGS, f"--user-data-dir={folder}"],
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Browser(process, commands, answers)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(commands)
        os.close(answers)


@dataclass
class Page:
    """One page, and what it did that pages of ours do not do."""

    browser: Browser
    session: str
    target: str

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to the page."""
        return self.browser.call(method, self.session, **parameters)

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript, run by the debugger (policies do not hold for it)."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def open(self, url: str) -> None:
        """Load an address and wait until it has loaded."""
        self.call("Page.navigate", url=url)
        self.browser.wait("Page.loadEventFired", self.session)
        # What a page does after loading, it does in the next frames.
        self.call("Runtime.evaluate", expression="1")
        time.sleep(0.1)

    def complaints(self) -> list[str]:
        """Requests but for documents from our server and files, dialogs, messages, errors: in words."""
        self.call("Runtime.evaluate", expression="1")
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            method, parameters = event["method"], event["params"]
            if method == "Network.requestWillBeSent" and parameters["type"] != "Document":
                found.append(f"request {parameters['request']['url']}")
            elif method == "Page.javascriptDialogOpening":
                found.append(f"dialog {parameters['message']}")
            elif method == "Runtime.exceptionThrown":
                found.append(f"exception {parameters['exceptionDetails']}")
            elif method == "Runtime.consoleAPICalled":
                found.append(f"console {parameters['args']}")
            elif method == "Log.entryAdded":
                found.append(f"log {parameters['entry']['text']}")
        return found

    def press(self, key: str) -> None:
        """A key, such as `Tab` or `ArrowRight`."""
        codes = {
            "Tab": 9,
            "Enter": 13,
            "Escape": 27,
            "ArrowLeft": 37,
            "ArrowUp": 38,
            "ArrowRight": 39,
            "ArrowDown": 40,
        }
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=codes[key],
                **(text if kind == "keyDown" else {}),
            )

    def resize(self, width: int, height: int) -> None:
        """The size of the window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )


@contextmanager
def page(browser: Browser, *, scripts: bool = True) -> Iterator[Page]:
    """An empty page that is being watched."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    opened = Page(browser, session, target)
    for domain in ("Page", "Network", "Runtime", "Log", "DOM", "Accessibility"):
        opened.call(f"{domain}.enable")
    if not scripts:
        opened.call("Emulation.setScriptExecutionDisabled", value=True)
    opened.resize(1280, 900)
    try:
        yield opened
    finally:
        browser.call("Target.closeTarget", targetId=target)
        browser.events.clear()
