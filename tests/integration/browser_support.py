"""A real browser without a window, driven over a pipe by its own protocol: no port, no library."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)


@dataclass
class Page:
    """One tab. ``said`` are all events of the browser since the page was asked for, oldest first."""

    _to: int
    _from: int
    _held: bytearray = field(default_factory=bytearray)
    _session: str = ""
    _number: int = 0
    said: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The browser's answer. What it says meanwhile is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        os.write(
            self._to, json.dumps(message | ({"sessionId": self._session} if self._session else {})).encode() + b"\0"
        )
        while (answer := self._next()).get("id") != self._number:
            self.said.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            piece = os.read(self._from, 1 << 20)
            assert piece, "the browser is gone"
            self._held += piece
        data, _, rest = self._held.partition(b"\0")
        self._held = rest
        return json.loads(data)

    def _new_tab(self) -> None:
        self._session = ""
        made = self.ask("Target.createTarget", url="about:blank")
        self._session = self.ask("Target.attachToTarget", targetId=made["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Performance.enable", timeDomain="threadTicks")

    def _look(self, width: int, scheme: str) -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **metrics)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path: Path, width: int = 1280, scheme: str = "light") -> float:
        """Load a file into a new tab and paint it; seconds of CPU that the tab's own thread needed for all of that.

        ``width`` is the window's in CSS pixels; ``scheme`` says whether the reader's system is light or dark.
        """
        self._new_tab()
        self._look(width, scheme)
        self.said.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(e.get("method") == "Page.loadEventFired" for e in self.said):
            self.said.append(self._next())
        self.ask("Page.captureScreenshot")
        return {m["name"]: m["value"] for m in self.ask("Performance.getMetrics")["metrics"]}["TaskDuration"]

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page, by the debugger: the page itself may run nothing."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"]["value"]

    def requests(self) -> list[str]:
        """Every address that was asked for."""
        return [e["params"]["request"]["url"] for e in self.said if e.get("method") == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """Errors of scripts, refusals by the page's own policy, and whatever else the browser logs."""
        found = [e["params"]["entry"]["text"] for e in self.said if e.get("method") == "Log.entryAdded"]
        found += [str(e["params"]) for e in self.said if e.get("method") == "Runtime.exceptionThrown"]
        return found + [str(e["params"]) for e in self.said if e.get("method") == "Runtime.consoleAPICalled"]

    def wide(self) -> list[str]:
        """What reaches beyond the window's right edge and cannot be scrolled in a box of its own."""
        return self.value("""[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide') &&
            e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))""") + (
            ["the page"] if self.value("document.documentElement.scrollWidth > innerWidth") else []
        )

    def picture(self, *, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """The page as a PDF, as the print dialogue would make it."""
        return base64.b64decode(self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """``chromium`` with a profile of its own in ``folder``, gone with the context."""
    theirs, to = os.pipe()
    back, from_ = os.pipe()
    words = ["chromium", *_SWITCHES, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    shell = f'exec "$@" 3<&{theirs} 4>&{from_}'
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = subprocess.Popen(
        ["bash", "-c", shell, "bash", *words],
        pass_fds=(theirs, from_),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(from_)
    try:
        page = Page(to, back)
        yield page
        page._session = ""
        page.ask("Browser.close")
    finally:
        os.close(to)
        os.close(back)
        process.kill()
        process.wait(30)
