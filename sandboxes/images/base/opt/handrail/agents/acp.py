"""A client of the Agent Client Protocol, version 1: one agent, one session, one prompt, told as events.

Reads from the environment ``HANDRAIL_ACP``, one JSON object::

    {"argv": [...], "write": "regular expression", "hosts": false, "authenticate": "method or ''"}

and the prompt from stdin. The agent is a child of this program and speaks JSON-RPC on its stdio. What it asks to be
allowed is answered by the step's grant, and each answer is an event. That is cooperative: an agent that asks nobody is
held by the container, which is the boundary. Neither files nor a terminal are offered: the agent works with its own
tools, and the kernel says what they may. Not checked: whether what a tool call says of itself is true.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import Any

sys.path.insert(0, "/opt/agent/python")
WORK = "/work"
MAX_MESSAGE_BYTES = 32 << 20
CHANGES = {"edit", "delete", "move"}
HARMLESS = {"read", "search", "think", "execute"}
"""What the container alone decides. ``execute``: a shell's command says nothing of what it will do."""
_OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever a library prints is no event


def tell(kind: str, text: str = "", **data: object) -> None:
    """Write one event."""
    print(json.dumps({"kind": kind, "text": text, "data": data}), file=_OUT, flush=True)


def below(path: str) -> str | None:
    """A path as the grant names it; ``None`` outside the tree. Links are followed as far as there are any."""
    real = os.path.realpath(path if path.startswith("/") else f"{WORK}/{path}")
    return real[len(WORK) + 1 :] if real.startswith(f"{WORK}/") else None


class Grant:
    """What the step may do, as far as an agent asks first."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.write, self.hosts = re.compile(task["write"], re.DOTALL), bool(task["hosts"])

    def writes(self, path: str) -> bool:
        """Whether the step may write this file."""
        inside = below(path)
        return inside is not None and self.write.fullmatch(inside) is not None

    def allows(self, kind: str, paths: list[str]) -> bool:
        """A tool call by its kind. An unknown kind that names no file is refused: nobody can say what it does."""
        if kind in HARMLESS:
            return True
        if kind == "fetch":
            return self.hosts
        return (kind in CHANGES or kind == "other") and bool(paths) and all(map(self.writes, paths))


class Call:
    """One tool call, as the agent has described it so far."""

    def __init__(self) -> None:
        self.kind, self.title, self.status = "other", "", ""
        self.paths: dict[str, None] = {}
        self.given: Any = None
        self.result: Any = None
        self.text = ""
        self.told = False

    def take(self, update: Any) -> None:  # noqa: ANN401 - any of the protocol's updates of a call
        """What is new."""
        self.kind = update.kind or self.kind
        self.title = update.title or self.title
        self.status = update.status or self.status
        self.given = self.given if update.raw_input is None else update.raw_input
        self.result = self.result if update.raw_output is None else update.raw_output
        self.paths.update(dict.fromkeys(location.path for location in update.locations or ()))
        for part in update.content or ():
            if part.type == "diff":
                self.paths[part.path] = None
            elif part.type == "content" and part.content.type == "text":
                self.text = part.content.text

    def events(self) -> Any:  # noqa: ANN401 - a generator of events
        """Once, when it has ended."""
        if self.told or self.status not in {"completed", "failed"}:
            return
        self.told = True
        yield "tool-call", self.title, {"tool": self.kind}
        if self.kind == "execute":
            yield "command", self.text, {"command": self.command(), "exit_code": self.exit_code()}
        elif self.kind == "edit" and self.status == "completed":
            for path in (below(path) or path for path in self.paths):
                yield "file-written", path, {"path": path}

    def command(self) -> str:
        """As the agent gave it, else the title."""
        given = self.given.get("command") if isinstance(self.given, dict) else None
        return given if isinstance(given, str) else self.title

    def exit_code(self) -> int | None:
        """Where the agent tells it: the protocol has no field for it."""
        result = self.result if isinstance(self.result, dict) else {}
        places = [result, result.get("metadata")]
        found = [p.get(name) for p in places if isinstance(p, dict) for name in ("exit", "exitCode", "exit_code")]
        return next((code for code in found if isinstance(code, int)), None)


class Client:
    """What the agent calls. Implements the library's ``Client`` as far as it is offered."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self.calls: dict[str, Call] = {}
        self.said, self.pending = "", ""

    def on_connect(self, conn: Any) -> None:  # noqa: ANN401 - the library's signature
        """Nothing is asked of the agent from here."""

    async def request_permission(self, session_id: str, tool_call: Any, options: Any, **_: Any) -> Any:  # noqa: ANN401, ARG002 - the library's signature
        """Answer by the grant: once, never for ever."""
        from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse  # noqa: PLC0415 - after the path

        call = self.calls.setdefault(tool_call.tool_call_id, Call())
        call.take(tool_call)
        paths = list(call.paths)
        granted = self.grant.allows(call.kind, paths)
        inside = [] if call.kind in HARMLESS else [below(path) or path for path in paths]
        told = {"tool": call.kind, "granted": granted, **({"path": inside[0]} if inside else {})}
        text = f"{'granted' if granted else 'refused'}: {call.kind} {', '.join(inside) or call.command()}"
        tell("permission", text, **told, **({} if granted else {"denied": True}))
        wanted = ("allow_once", "allow_always") if granted else ("reject_once", "reject_always")
        chosen = next((o.option_id for kind in wanted for o in options if o.kind == kind), None)
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:  # noqa: ANN401, ARG002 - the same
        """Words and tool calls; plans and modes are not told."""
        kind = update.session_update
        if kind == "agent_message_chunk" and update.content.type == "text":
            self.pending += update.content.text
            return
        if kind in {"tool_call", "tool_call_update"}:
            self.flush()
            call = self.calls.setdefault(update.tool_call_id, Call())
            call.take(update)
            for event, text, data in call.events():
                tell(event, text, **data)

    def flush(self) -> None:
        """What it has said since the last tool call, as one message."""
        if self.pending.strip():
            self.said = self.pending.strip()
            tell("message", self.said)
        self.pending = ""


def tell_usage(answer: Any) -> None:  # noqa: ANN401 - the protocol's answer to a prompt
    """Tokens of the session, where the agent says them."""
    usage = answer.usage
    if usage is not None:
        counts = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        tell("usage", "", **counts, cached_tokens=usage.cached_read_tokens or 0)


async def converse(task: dict[str, Any], prompt: str) -> int:
    """From the first word to the last; the exit status."""
    import acp  # noqa: PLC0415 - after the path
    from acp.schema import ClientCapabilities, Implementation  # noqa: PLC0415 - the same

    environment = {key: value for key, value in os.environ.items() if key != "HANDRAIL_ACP"}
    client = Client(Grant(task))
    async with acp.spawn_agent_process(
        client, *task["argv"], env=environment, cwd=WORK, transport_kwargs={"limit": MAX_MESSAGE_BYTES, "stderr": None}
    ) as (agent, _):
        await agent.initialize(
            protocol_version=acp.PROTOCOL_VERSION,
            client_capabilities=ClientCapabilities(),
            client_info=Implementation(name="handrail", version="1"),
        )
        if task["authenticate"]:
            await agent.authenticate(method_id=task["authenticate"])
        session = await agent.new_session(cwd=WORK, mcp_servers=[])
        answer = await agent.prompt(session_id=session.session_id, prompt=[acp.text_block(prompt)])
        client.flush()
        tell_usage(answer)
        if answer.stop_reason != "end_turn":
            tell("failed", f"the agent stopped: {answer.stop_reason}")
            return 1
        tell("finished", client.said or "done")
    return 0


def main() -> int:
    """The task in the environment, the prompt on stdin."""
    from acp import RequestError  # noqa: PLC0415 - after the path

    task, prompt = json.loads(os.environ["HANDRAIL_ACP"]), sys.stdin.read()
    try:
        return asyncio.run(converse(task, prompt))
    except RequestError as error:
        tell("failed", f"the agent answered with an error: {error} {error.data or ''}")
    except (OSError, EOFError, ConnectionError, asyncio.IncompleteReadError) as error:
        tell("failed", f"the agent is gone: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
