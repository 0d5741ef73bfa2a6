"""A headless Chromium, driven through its pipe (the DevTools protocol), and its pictures.

Needs nothing but the browser: messages are JSON, each ended by a zero byte,
on the file descriptors 3 and 4 (``--remote-debugging-pipe``).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import struct
import subprocess
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60.0  # seconds, for a machine with much to do
_KEYS = {"Enter": 13, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "ArrowLeft": 37}


def find() -> str | None:
    """The browser that is on the path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running(program: str, folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own under ``folder``."""
    command = [
        program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank",
    ]  # fmt: skip
    orders, told = os.pipe(), os.pipe()
    script = f'exec "$@" 3<&{orders[0]} 4>&{told[1]}'
    process = subprocess.Popen(
        ["bash", "-c", script, "sh", *command],
        pass_fds=(orders[0], told[1]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(orders[0])
    os.close(told[1])
    try:
        yield Browser(orders[1], told[0])
    finally:
        os.close(orders[1])  # it ends itself where nobody is left to tell it what to do
        os.close(told[0])
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Browser:
    """One tab.  ``problems`` are the errors that the page told, ``requests`` what it asked for."""

    def __init__(self, orders: int, told: int) -> None:
        self._orders, self._told, self._left = orders, told, b""
        self._count, self._session = 0, ""
        self.problems: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    # --- what a person does ---

    def open(self, path: Path, fragment: str = "") -> None:
        self.problems.clear()
        self.requests.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.as_uri() + fragment)
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def system_colors(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def click(self, selector: str) -> None:
        """The mouse, in the middle of the first such element."""
        box = self.box(selector)
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def press(self, key: str) -> None:
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def write(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    # --- what a person sees ---

    def value(self, expression: str) -> Any:
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until it is true."""
        end = time.monotonic() + PATIENCE
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def shown(self, selector: str) -> list[str]:
        """The texts of such elements, of those that are shown."""
        every = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return list(
            self.value(f"{every}.filter((e) => e.checkVisibility()).map((e) => e.innerText.trim())")
        )

    def box(self, selector: str) -> dict[str, float]:
        """Where the first such element that is shown is, once it is scrolled to."""
        found = self.value(
            f"""(() => {{
            const e = [...document.querySelectorAll({json.dumps(selector)})]
                .find((e) => e.checkVisibility());
            if (!e) return null;
            e.scrollIntoView({{ block: "center", inline: "center" }});
            return e.getBoundingClientRect().toJSON(); }})()"""
        )
        assert found is not None, f"not shown: {selector}"
        return dict(found)

    def picture(self, selector: str = "") -> bytes:
        """A PNG of what is shown in the window, or of one element."""
        more: dict[str, Any] = {}
        if selector:
            box = self.box(selector)
            y = box["y"] + self.value("scrollY")
            size = {k: box[k] for k in ("width", "height")}
            more = {"clip": {"x": box["x"], "y": y, "scale": 1, **size}}
            more["captureBeyondViewport"] = True
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        return base64.b64decode(data)

    # --- the protocol ---

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._orders, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return dict(answer["result"])

    def _note(self, event: dict[str, Any]) -> None:
        what, told = event.get("method"), event.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.problems.append(str(told["exceptionDetails"]))
        elif what == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.problems.append(str(told["entry"]))
        elif what == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            assert select.select([self._told], [], [], PATIENCE)[0], "the browser is silent"
            read = os.read(self._told, 1 << 16)
            assert read, "the browser has ended"
            self._left += read
        message, self._left = self._left.split(b"\0", 1)
        return dict(json.loads(message))


def pixels(png: bytes) -> list[tuple[int, int, int]]:
    """The colours of a PNG without an interlace, 8 bits a channel (PNG specification, 7 and 9)."""
    width, height, _, kind = struct.unpack(">IIBB", png[16:26])
    deep = {2: 3, 6: 4}[kind]
    packed, at = b"", 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + size]
        at += size + 12
    raw, stride = zlib.decompress(packed), width * deep
    before, found = bytearray(stride), []
    for y in range(height):
        start = y * (stride + 1)
        line = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), before, deep)
        found += [(line[x], line[x + 1], line[x + 2]) for x in range(0, stride, deep)]
        before = line
    return found


def _unfiltered(kind: int, line: bytearray, above: bytearray, deep: int) -> bytearray:
    for i in range(len(line)):
        left = line[i - deep] if i >= deep else 0
        up, corner = above[i], above[i - deep] if i >= deep else 0
        if kind == 4:
            add = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
        else:
            add = (0, left, up, (left + up) // 2)[kind]
        line[i] = (line[i] + add) & 0xFF
    return line
