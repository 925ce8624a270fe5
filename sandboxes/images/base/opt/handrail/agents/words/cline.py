"""What ``cline --json`` prints."""

from __future__ import annotations

import json
import re

EXIT = re.compile(r"^\[Command exited with code (\d+)\]")


class Words:
    """One run."""

    def __init__(self) -> None:
        self.final = None
        self.error = ""
        self.calls = {}

    def line(self, raw):  # noqa: ANN001, ANN201 - bytes to events, as the package says
        """One line."""
        event = json.loads(raw)
        kind = event.get("type")
        if kind == "agent_event":
            yield from self.inner(event["event"])
        elif kind == "error":
            self.error = str(event.get("message"))
            yield "message", self.error, {"failed": True}
        elif kind == "run_result":
            self.result(event)

    def inner(self, event):  # noqa: ANN001, ANN201 - as above
        """An event of its session."""
        kind, what = event.get("type"), event.get("contentType")
        if kind == "usage":
            counts = {"input_tokens": event.get("inputTokens", 0), "output_tokens": event.get("outputTokens", 0)}
            yield "usage", "", {**counts, "cached_tokens": event.get("cacheReadTokens", 0)}
        elif kind == "content_start" and what == "tool":
            self.calls[event["toolCallId"]] = event.get("input") or {}
        elif kind == "content_end" and what == "text":
            yield "message", event.get("text", ""), {}
        elif kind == "content_end" and what == "tool":
            given = self.calls.pop(event["toolCallId"], {})
            yield from self.tool(event["toolName"], given, event.get("output"), event.get("error"))

    def tool(self, name, given, output, error):  # noqa: ANN001, ANN201 - as above
        """A tool that has ended: one result for each of its commands."""
        results = [part for part in output if isinstance(part, dict)] if isinstance(output, list) else []
        path = str(given.get("path") or "")
        told = "; ".join(map(str, given.get("commands") or [])) or path
        yield "tool-call", f"{name}: {told}", {"tool": name}
        if name == "run_commands":
            for part in results:
                text = str(part.get("result") or part.get("error") or "")
                found = EXIT.search(text)
                code = int(found[1]) if found else int(not part.get("success"))
                yield "command", text, {"command": str(part.get("query", "")), "exit_code": code}
        elif name == "editor" and not error:
            yield "file-written", path, {"path": path.removeprefix("/work/")}

    def result(self, event):  # noqa: ANN001, ANN201 - as above
        """The last line."""
        if event.get("finishReason") == "completed":
            self.final = str(event.get("text", ""))
        else:
            self.error = self.error or str(event.get("text") or event.get("finishReason"))
