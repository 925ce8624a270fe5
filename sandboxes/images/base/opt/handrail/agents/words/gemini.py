"""What ``gemini -o stream-json`` prints. It does not say how a command ended."""

from __future__ import annotations

import json


class Words:
    """One run."""

    def __init__(self) -> None:
        self.final = None
        self.error = ""
        self.said = self.speaking = ""
        self.calls = {}

    def line(self, raw):  # noqa: ANN001, ANN201 - bytes to events, as the package says
        """One line."""
        event = json.loads(raw)
        kind = event.get("type")
        if kind == "message" and event.get("role") == "assistant":
            self.speaking += event.get("content", "")
            return
        if self.speaking:
            self.said, self.speaking = self.speaking, ""
            yield "message", self.said, {}
        if kind == "tool_use":
            given = event.get("parameters") or {}
            self.calls[event["tool_id"]] = (event["tool_name"], given)
            told = given.get("command") or given.get("file_path") or ""
            yield "tool-call", f"{event['tool_name']}: {told}", {"tool": event["tool_name"]}
        elif kind == "tool_result":
            yield from self.done(event)
        elif kind == "error":
            yield "message", str(event.get("message", "")), {"failed": event.get("severity") == "error"}
        elif kind == "result":
            yield from self.result(event)

    def done(self, event):  # noqa: ANN001, ANN201 - as above
        """What a tool came to."""
        name, given = self.calls.pop(event.get("tool_id"), ("", {}))
        if name == "run_shell_command":
            yield "command", event.get("output") or "", {"command": given.get("command", "")}
        elif name in {"write_file", "replace"} and event.get("status") == "success":
            path = str(given.get("file_path", ""))
            yield "file-written", path, {"path": path.removeprefix("/work/")}

    def result(self, event):  # noqa: ANN001, ANN201 - as above
        """The last line."""
        stats = event.get("stats") or {}
        counts = {"input_tokens": stats.get("input_tokens", 0), "output_tokens": stats.get("output_tokens", 0)}
        yield "usage", "", {**counts, "cached_tokens": stats.get("cached", 0)}
        if event.get("status") == "success":
            self.final = self.said
        else:
            self.error = str((event.get("error") or {}).get("message", "failed"))
