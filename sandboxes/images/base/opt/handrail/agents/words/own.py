"""Lines that are events already, from the programs in this folder that drive a library."""

from __future__ import annotations

import json

KINDS = {"message", "tool-call", "command", "file-written", "permission", "usage"}


class Words:
    """One run."""

    def __init__(self) -> None:
        self.final = None
        self.error = ""

    def line(self, raw):  # noqa: ANN001, ANN201 - bytes to events, as the package says
        """One line."""
        event = json.loads(raw)
        kind, text = event["kind"], str(event["text"])
        if kind == "finished":
            self.final = text
        elif kind == "failed":
            self.error = text
        elif kind in KINDS:
            yield kind, text, event["data"]
