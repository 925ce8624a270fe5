"""Commands: shells, programs chosen by data, terminals given away."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import ANY_INPUT, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.values import NOTHING, Value, constant
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

SHELL = Rule(
    "HR201",
    78,
    "a shell runs a command that is put together or reached in a roundabout way",
    "A shell takes what is in the data for commands; a name that is looked up hides that there is one.",
    "call the program with a list of arguments and no shell",
    "import os\ngetattr(os, 'sys' + 'tem')(input())\n",
    "import subprocess\nsubprocess.run(['ls', '-l'], check=True)\n",
)
PROGRAM = Rule(
    "HR202",
    78,
    "untrusted data chooses the program",
    "Whoever chooses the program runs anything that is installed.",
    "keep the program fixed; check arguments against a list",
    "import subprocess\nfrom flask import request\nsubprocess.run([request.args['tool'], '-h'])\n",
    "import subprocess\nsubprocess.run(['git', 'status'])\n",
)
TERMINAL = Rule(
    "HR203",
    506,
    "a terminal or a shell is handed to somebody else",
    "Input and output of a program are joined to a connection or to an interactive shell: a way in from outside.",
    "remove it; remote control has its own protected tools",
    "import pty\npty.spawn('/bin/sh')\n",
    "import socket\nsocket.create_connection(('db', 5432)).close()\n",
)
SPAWN = Rule(
    "HR204",
    78,
    "a program is started past subprocess",
    "The calls of os that start programs are rarely needed and seldom looked at.",
    "use subprocess.run with a list",
    "import os\nos.posix_spawn(path, [path], {})\n",
    "import subprocess\nsubprocess.run(['true'])\n",
    "medium",
    Disposition.PERSON,
)

INTERPRETER = Rule(
    "HR205",
    95,
    "another interpreter is given a program as text",
    "What it runs is put together here, and no scanner reads it.",
    "keep the program in a file of its own and pass arguments",
    "import subprocess\n\n\ndef run(code):\n    subprocess.run(['python3', '-c', code])\n",
    "import subprocess\n\n\ndef run(name):\n    subprocess.run(['python3', 'tool.py', name])\n",
    "medium",
    Disposition.PERSON,
)

INSTALLS = Rule(
    "HR206",
    829,
    "packages are installed while the program runs",
    "What is fetched then is what the index gives at that moment, and its install scripts run with all rights.",
    "name it in the requirements, pinned by digest",
    "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n",
    "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'json.tool', 'x'])\n",
    "medium",
    Disposition.PERSON,
)

_INSTALLERS = frozenset({"pip", "pip3", "npm", "pipx", "easy_install"})
_SHELLS = frozenset(
    {
        "os.system",
        "os.popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "asyncio.create_subprocess_shell",
        "commands.getoutput",
        "popen2.popen2",
        "asyncio.subprocess.create_subprocess_shell",
        "pexpect.run",
        "invoke.run",
        "fabric.api.run",
        "fabric.api.local",
        "fabric.Connection().run",
        "fabric.Connection().sudo",
        "fabric.Connection().local",
        "invoke.Context().run",
        "invoke.Context().sudo",
        "invoke.context.Context().run",
        "invoke.context.Context().sudo",
        "invoke.sudo",
        "ctypes.CDLL().system",
        "ctypes.PyDLL().system",
        "paramiko.SSHClient().exec_command",
        "IPython.get_ipython().system",
        "IPython.get_ipython().getoutput",
        "ctypes.cdll.LoadLibrary().system",
    }
)
_BROWSERS = frozenset(
    {"webbrowser.get", "webbrowser.register", "webbrowser.GenericBrowser", "webbrowser.BackgroundBrowser"}
)
_COMMAND_VARIABLES = frozenset(
    {"BROWSER", "PAGER", "GIT_PAGER", "MANPAGER", "EDITOR", "VISUAL", "GIT_EDITOR", "LESSOPEN"}
)
_LOOP_SHELL = frozenset({"subprocess_shell"})
_REMOTE = frozenset({"exec_command"})
"""A shell on another machine, whatever the client is called."""
_RUNNERS = frozenset(
    {
        "subprocess.run",
        "subprocess.call",
        "subprocess.Popen",
        "subprocess.check_call",
        "subprocess.check_output",
        "asyncio.create_subprocess_exec",
    }
)
_SPAWNERS = (
    "os.startfile",
    "os.spawn",
    "os.posix_spawn",
    "os.exec",
    "_posixsubprocess.fork_exec",
    "subprocess.fork_exec",
)
_BEGINNERS = frozenset({*_RUNNERS, "pexpect.spawn", "pexpect.spawnu", "pexpect.run", "ptyprocess.PtyProcess.spawn"})
_SHELL_PLACE = 8
"""Of ``Popen``'s parameters."""
_WITH_PROGRAM = Late(r"-[a-zA-Z]*[ce]|/c|-Command|--eval|--command")
_SPLITS = frozenset({"-S", "--split-string"})
_INTERPRETERS = Late(r"(?:python|pypy|perl|ruby|node|nodejs|php|lua|deno|osascript)[0-9.]*(?:\.exe)?")
_SHELL_NAMES = frozenset(
    {"sh", "bash", "zsh", "dash", "ksh", "cmd", "cmd.exe", "powershell", "pwsh", "ash", "fish", "csh"}
)


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_SHELLS) or ("subprocess_shell" if call.calls_method(_LOOP_SHELL) else "")
    name = name or ("exec_command()" if call.calls_method(_REMOTE) else "")
    if name:
        _shell(call, name, call.arg(1 if name == "subprocess_shell" else 0, "command", "cmd"), say)
    name = call.is_one_of(_RUNNERS)
    if name:
        _runner(call, name, say)
    elif call.is_one_of(_BEGINNERS):
        words = tuple(part for arg in call.args for part in (arg.items or (arg,)))
        _with_text(call, call.is_one_of(_BEGINNERS), words, say)
    module = next((n.partition(".") for n in sorted(call.names) if n.startswith(("sh.", "plumbum.cmd."))), None)
    if module is not None and last(module[2]) in _SHELL_NAMES:
        _with_text(call, ".".join((module[0], module[2])), (constant(last(module[2])), *call.args), say)
    _terminal(call, say)
    if call.is_one_of(_BROWSERS):
        _browser(call, call.args, say)
    if "set:os.environ[]" in call.names and call.args[1].text in _COMMAND_VARIABLES:
        _browser(call, call.args[:1], say)
    name = next((n for n in sorted(call.names) if n.startswith(_SPAWNERS)), "")
    if name:
        _spawn(call, name, say)


def _shell(call: Call, name: str, command: Value | None, say: Say) -> None:
    # A method of an object is spelt as everybody spells it; only that of a C library hides what it is.
    hidden = not call.plain and ("()" not in name or name.startswith("ctypes."))
    if command is not None and "shell" in command.everything().safe and not hidden:
        return
    if hidden or command is None or command.const is NOTHING:
        origin = dirty(command, "shell", ANY_INPUT | {"env"})
        say(
            SHELL,
            call.node,
            name + (" under another name" if hidden else "") + (f" on data from {origin}" if origin else ""),
        )


def _browser(call: Call, commands: Sequence[Value], say: Say) -> None:
    """A browser, pager or editor that is a command line of its own: ``webbrowser.get("sh -c %s")``."""
    words = [word for value in commands for word in (value.items or _split(value))]
    if any(dirty(value, "program", ANY_INPUT | {"env"}) for value in commands):
        say(PROGRAM, call.node, call.method())
    elif any(_is_shell(word) or _is_interpreter(word) for word in words):
        say(SHELL, call.node, f"{call.method()} of a shell as a browser")


def _split(value: Value) -> Sequence[Value]:
    return [constant(word) for word in (value.text or "").split()]


def _runner(call: Call, name: str, say: Say) -> None:
    command = call.arg(0, "args", "program")
    shell = call.arg(_SHELL_PLACE if name.startswith("subprocess.") else -1, "shell")
    if shell is not None and shell.const is not NOTHING and bool(shell.const):
        _shell(call, name, command, say)
        return
    if (
        shell is not None
        and shell.const is NOTHING
        and command is not None
        and (dirty(command, "shell") or command.built)
    ):
        say(SHELL, call.node, f"{name} with a shell that is switched on by a variable")
    parts = command.items if command is not None and command.items is not None else call.args
    words = [part.text or "" for part in parts]
    if any(one in _INSTALLERS and "install" in words[at + 1 : at + 3] for at, one in enumerate(words)):
        say(INSTALLS, call.node, name)
    if not _with_text(call, name, parts, say) and parts and dirty(parts[0], "program", ANY_INPUT):
        say(PROGRAM, call.node, name)


def _with_text(call: Call, name: str, parts: Sequence[Value], say: Say) -> bool:
    """A shell or an interpreter among the words of a command, and a text for it that is not fixed."""
    fixed = call.keywords.get("executable")
    if not parts:
        return False
    words = [fixed, *parts[1:]] if fixed is not None and fixed.const is not None else list(parts)
    # env, nice, sudo and their like stand before the program that they start.
    at = next((n for n, word in enumerate(words[:4]) if _is_shell(word) or _is_interpreter(word)), None)
    if at is None:
        split = (words[0].text or "").rpartition("/")[2] == "env" and any(w.text in _SPLITS for w in words[1:-1])
        if split and words[-1].const is NOTHING:
            say(SHELL, call.node, f"{name} of env that splits a text into a command")
        return split
    rest = [part for word in words[at + 1 :] for part in (word.items or (word,))]
    if any(w.text is not None and _WITH_PROGRAM.fullmatch(w.text) for w in rest):
        text = next((w for w in rest if w.const is NOTHING and "shell" not in w.safe), None)
        if text is None and rest[-1].text is not None and _WITH_PROGRAM.fullmatch(rest[-1].text):
            text = call.keywords.get("input")
    else:
        text = call.keywords.get("input") if not rest else None
    if text is None or text.const is not NOTHING:
        return False
    if _is_shell(words[at]):
        say(SHELL, call.node, f"{name} of a shell with -c" if rest else f"{name} of a shell that reads commands")
    else:
        say(INTERPRETER, call.node, name)
    return True


def _is_interpreter(value: Value) -> bool:
    name = (value.text or "").replace("\\", "/").rpartition("/")[2]
    return "sys.executable" in value.refs or bool(_INTERPRETERS.fullmatch(name))


def _is_shell(value: Value) -> bool:
    return value.text is not None and value.text.replace("\\", "/").rpartition("/")[2] in _SHELL_NAMES


def _terminal(call: Call, say: Say) -> None:
    if "pty.spawn" in call.names:
        say(TERMINAL, call.node, "pty.spawn")
    joined = [v for v in call.every() if any(r.startswith("socket.") for r in v.refs)]
    if "os.dup2" in call.names and joined:
        say(TERMINAL, call.node, "a socket becomes standard input or output")
    if call.is_one_of(_RUNNERS):
        streams = [call.keywords.get(k) for k in ("stdin", "stdout", "stderr")]
        if any(s is not None and any(r.startswith("socket.") for r in s.refs) for s in streams):
            say(TERMINAL, call.node, "a program talks to a socket")


def _spawn(call: Call, name: str, say: Say) -> None:
    if any(dirty(v, "program", ANY_INPUT) for v in call.every()):
        say(PROGRAM, call.node, name)
    elif any(_is_shell(v) for v in call.every()):
        say(SHELL, call.node, f"{name} of a shell")
    elif call.args and not (call.args[0].known and name.startswith("os.exec")):
        say(SPAWN, call.node, name)


_HEEDS = Heeds(
    names=_SHELLS | _BEGINNERS | _BROWSERS | {"pty.spawn", "os.dup2", "set:os.environ[]"},
    methods=_LOOP_SHELL | _REMOTE,
    beginnings=("sh.", "plumbum.cmd.", *_SPAWNERS),
)
FAMILY = Family("process", (SHELL, PROGRAM, TERMINAL, SPAWN, INTERPRETER, INSTALLS), _on_call, heeds=_HEEDS)
