"""What ``codex exec --json`` prints."""

from __future__ import annotations

import json


class Words:
    """One run."""

    def __init__(self) -> None:
        self.final = None
        self.error = ""
        self.said = ""

    def line(self, raw):  # noqa: ANN001, ANN201 - bytes to events, as the package says
        """One line."""
        event = json.loads(raw)
        kind = event.get("type")
        if kind in {"item.started", "item.completed"}:
            yield from self.item(event["item"], started=kind == "item.started")
        elif kind == "turn.completed":
            usage = event.get("usage") or {}
            counts = {"input_tokens": usage.get("input_tokens", 0), "output_tokens": usage.get("output_tokens", 0)}
            yield "usage", "", {**counts, "cached_tokens": usage.get("cached_input_tokens", 0)}
            self.final, self.error = self.said, ""
        elif kind in {"turn.failed", "error"}:  # an `error` alone may be a connection that it takes up again
            error = event.get("error") or event
            self.error = str(error.get("message", "failed"))
            yield "message", self.error, {"failed": True}

    def item(self, item, *, started):  # noqa: ANN001, ANN201 - as above
        """A message, a command, a change of files."""
        kind = item.get("type")
        if kind == "agent_message" and not started:
            self.said = item.get("text", "")
            yield "message", self.said, {}
        elif kind == "command_execution" and started:
            yield "tool-call", item.get("command", ""), {"tool": "command"}
        elif kind == "command_execution":
            data = {"command": item.get("command", ""), "exit_code": item.get("exit_code")}
            yield "command", item.get("aggregated_output", ""), data
        elif kind == "file_change" and not started:
            for change in item.get("changes", []):
                path = str(change.get("path", ""))
                yield (
                    "file-written",
                    path,
                    {"path": path.removeprefix("/work/"), "deleted": change.get("kind") == "delete"},
                )
        elif kind == "error" and not started:
            yield "message", item.get("message", ""), {}
