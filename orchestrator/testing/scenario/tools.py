"""From a scenario's actions to calls of the tools that the agent has offered, whatever they are called.

Where no tool is offered the actions are written as text, each file whole in a fence below its name: the form that
agents without tools read.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.testing.scenario.exchange import Answer, Asked, Call
from orchestrator.testing.scenario.script import Action, FileWrite, Turn

WORK = "/work"
_MINI_END = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
Arguments = Mapping[str, Any]

_SHELL: Mapping[str, Callable[[str], Arguments]] = {
    "Bash": lambda command: {"command": command, "description": "Run a command"},
    "bash": lambda command: {"command": command, "description": "Run a command"},
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["sh", "-c", command]},
    "run_shell_command": lambda command: {"command": command, "description": "Run a command", "is_background": False},
    "run_commands": lambda command: {"commands": [command]},
    "run": lambda command: {"command": command},
}
_WRITE: Mapping[str, Callable[[FileWrite], Arguments]] = {
    "Write": lambda file: {"file_path": f"{WORK}/{file.path}", "content": file.text},
    "write_file": lambda file: {"file_path": f"{WORK}/{file.path}", "content": file.text},
    "write": lambda file: {"filePath": f"{WORK}/{file.path}", "path": file.path, "content": file.text},
}
_DONE: Mapping[str, Callable[[str], Arguments]] = {
    "done": lambda words: {"summary": words},
    "submit_and_exit": lambda words: {"summary": words, "verified": True},
}


def answer(asked: Asked, turn: Turn, name: str) -> Answer:
    """The turn as this agent understands it. ``name`` makes the ids of calls, the same at every repetition."""
    words = turn.say if turn.done is None else " ".join(filter(None, (turn.say, turn.done)))
    if not asked.tools:
        text = "\n\n".join([words, *map(_as_text, turn.do)])
        return Answer(text, (), turn.input_tokens, turn.output_tokens, name)
    wanted = [_call(asked, action) for action in turn.do]
    if turn.done is not None:
        wanted += _end(asked, turn.done)
    calls = tuple(Call(f"call_{name}_{number}", tool, given) for number, (tool, given) in enumerate(wanted))
    return Answer(words, calls, turn.input_tokens, turn.output_tokens, name)


def _call(asked: Asked, action: Action) -> tuple[str, Arguments]:
    if action.write is not None:
        for tool, arguments in _WRITE.items():
            if tool in asked.tools:
                return tool, _offered(asked, tool, arguments(action.write))
        return _shell(asked, _written(action.write))
    return _shell(asked, action.run or "")


def _shell(asked: Asked, command: str) -> tuple[str, Arguments]:
    for tool, arguments in _SHELL.items():
        if tool in asked.tools:
            return tool, _offered(asked, tool, arguments(command))
    raise LookupError(f"none of the tools {sorted(asked.tools)} runs a command")


def _offered(asked: Asked, tool: str, arguments: Arguments) -> Arguments:
    """Without what this version of the tool does not take."""
    names = asked.tools[tool]
    return {key: value for key, value in arguments.items() if not names or key in names}


def _end(asked: Asked, words: str) -> list[tuple[str, Arguments]]:
    """How an agent is told that nothing more comes, where silence does not say it."""
    for tool, arguments in _DONE.items():
        if tool in asked.tools:
            return [(tool, _offered(asked, tool, arguments(words)))]
    if _MINI_END in asked.text:
        return [_shell(asked, f"echo {_MINI_END}; echo {shlex.quote(words)}")]
    return []


def _written(file: FileWrite) -> str:
    place = shlex.quote(file.path)
    return f'mkdir -p -- "$(dirname -- {place})" && printf %s {shlex.quote(file.text)} > {place}'


def _as_text(action: Action) -> str:
    if action.write is not None:
        return f"{action.write.path}\n```\n{action.write.text}```"
    return f"```bash\n{action.run}\n```"
