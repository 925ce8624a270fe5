"""``stream-json`` as Claude Code and Qwen Code print it."""

from __future__ import annotations

import json
import re

SHELL = {"Bash", "run_shell_command"}
FILES = {"Write", "Edit", "MultiEdit", "NotebookEdit", "write_file", "edit", "notebook_edit"}
EXIT = re.compile(r"^Exit [Cc]ode:? (\d+)", re.MULTILINE)


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
        if kind in {"assistant", "user"}:
            content = event["message"]["content"]
            for block in content if isinstance(content, list) else []:
                yield from self.block(block)
        elif kind == "result":
            yield from self.result(event)

    def block(self, block):  # noqa: ANN001, ANN201 - as above
        """A part of a message."""
        if block["type"] == "text":
            yield "message", block["text"], {}
        elif block["type"] == "tool_use":
            given = block.get("input") or {}
            self.calls[block["id"]] = (block["name"], given)
            told = given.get("command") or given.get("file_path") or given.get("pattern") or ""
            yield "tool-call", f"{block['name']}: {told}", {"tool": block["name"]}
        elif block["type"] == "tool_result":
            yield from self.done(block)

    def done(self, block):  # noqa: ANN001, ANN201 - as above
        """What a tool came to."""
        name, given = self.calls.pop(block.get("tool_use_id"), ("", {}))
        output = block.get("content") or ""
        text = output if isinstance(output, str) else "\n".join(str(part.get("text", "")) for part in output)
        if name in SHELL:
            found = EXIT.search(text)
            code = int(found[1]) if found else int(bool(block.get("is_error")))
            yield "command", text, {"command": given.get("command", ""), "exit_code": code}
        elif name in FILES and not block.get("is_error"):
            path = str(given.get("file_path") or given.get("notebook_path") or "")
            yield "file-written", path, {"path": path.removeprefix("/work/")}

    def result(self, event):  # noqa: ANN001, ANN201 - as above
        """The last line."""
        usage = event.get("usage") or {}
        cached = usage.get("cache_read_input_tokens", 0)
        counts = {"input_tokens": usage.get("input_tokens", 0), "output_tokens": usage.get("output_tokens", 0)}
        yield "usage", "", {**counts, "cached_tokens": cached}
        if event.get("is_error"):
            self.error = str(event.get("result") or event.get("error") or event.get("subtype"))
        else:
            self.final = str(event.get("result", ""))
