"""How a notification leaves this machine's engine: a line in a file of the run, or the desktop."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from orchestrator.app.clock import SystemClock
from orchestrator.models.workflow import Channel

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class LocalNotifier:
    """Implements :class:`orchestrator.ports.Notifier`. ``file`` is the run's own list, one JSON object a line."""

    file: Path
    clock: SystemClock

    def tell(self, channel: Channel, to: str, words: str, key: str) -> bool:
        """As the port says."""
        match channel:
            case Channel.FILE:
                return self._write(to, words, key)
            case Channel.DESKTOP:
                return _show(to, words)
            case Channel.WEBHOOK:
                return False  # goes through the broker, from a sandbox
            case _:
                assert_never(channel)

    def _write(self, to: str, words: str, key: str) -> bool:
        line = json.dumps({"at": self.clock.now().isoformat(), "to": to, "text": words, "key": key})
        try:
            with self.file.open("a", encoding="utf-8") as handle:
                handle.write(line + "\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError:
            return False
        return True


def _show(to: str, words: str) -> bool:
    program = shutil.which("notify-send")
    if program is None:
        return False
    argv = [program, "--app-name=handrail", "--", f"Handrail: {to}", words]
    try:
        return subprocess.run(argv, check=False, capture_output=True, timeout=_SECONDS).returncode == 0  # noqa: S603  no shell; the words are arguments
    except (OSError, subprocess.TimeoutExpired):
        return False
