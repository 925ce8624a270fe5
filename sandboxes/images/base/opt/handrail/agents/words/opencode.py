"""What ``opencode run --format json`` prints."""

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
        kind, part = event.get("type"), event.get("part") or {}
        if kind == "text":
            self.said = part.get("text", "")
            yield "message", self.said, {}
        elif kind == "tool_use":
            yield from self.tool(part["tool"], part.get("state") or {})
        elif kind == "step_finish":
            tokens = part.get("tokens") or {}
            counts = {"input_tokens": tokens.get("input", 0), "output_tokens": tokens.get("output", 0)}
            yield "usage", "", {**counts, "cached_tokens": (tokens.get("cache") or {}).get("read", 0)}
            if part.get("reason") == "stop":
                self.final = self.said
        elif kind == "error":
            error = event.get("error") or {}
            self.error = str((error.get("data") or {}).get("message") or error.get("name") or "failed")
            yield "message", self.error, {"failed": True}

    def tool(self, name, state):  # noqa: ANN001, ANN201 - as above
        """A tool that has ended."""
        given, metadata = state.get("input") or {}, state.get("metadata") or {}
        path = str(given.get("filePath") or "")
        yield "tool-call", f"{name}: {given.get('command') or path}", {"tool": name}
        if name == "bash":
            data = {"command": given.get("command", ""), "exit_code": metadata.get("exit")}
            yield "command", state.get("output") or state.get("error") or "", data
        elif name in {"write", "edit", "patch"} and state.get("status") == "completed":
            yield "file-written", path, {"path": path.removeprefix("/work/")}
