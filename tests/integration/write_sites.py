"""Where the source makes something durable: found by reading it, so that a new place cannot be forgotten."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "orchestrator"
ROOMS = ("store", "engine", "app", "vcs", "provenance", "review", "observe", "broker", "sandbox", "gates", "agents")
ALWAYS = {"transaction", "fsync", "rename", "link", "hardlink_to", "update_refs", "write_bytes", "write_text"}
ALWAYS |= {"replace_file", "write_new", "write_whole", "write_once", "sync_directory", "executescript"}
OUR_OWN = {"store": {"_write"}, "app": {"_write"}}
"""Helpers that write, by the room that they are of."""
"""Methods and functions that write, whoever they belong to."""
MODE = re.compile(r"(?=.*[wax+])[rwaxbt+]{1,3}")
GIT = {"update-ref", "unpack-objects", "index-pack", "fast-import", "push", "fetch", "commit-tree", "hash-object"}


def sites() -> dict[str, set[str]]:
    """``module:function`` → what it calls that writes."""
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in sorted(set((PACKAGE / room).rglob("*.py")) - set((PACKAGE / room).rglob("selftest/*"))):
            module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            for name, call in _calls(ast.parse(path.read_text(encoding="utf-8")), ""):
                word = _writes(call, ALWAYS | OUR_OWN.get(room, set()))
                if word:
                    found.setdefault(f"{module}:{name}", set()).add(word)
    return found


def _calls(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _calls(child, f"{inside}.{child.name}".lstrip("."))
            continue
        if isinstance(child, ast.Call):
            yield inside or "<module>", child
        yield from _calls(child, inside)


def _writes(call: ast.Call, always: set[str]) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in always or _opens(call, name):
        return name
    if name == "replace" and _is_of_a_path(call):
        return name
    words = {a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return next(iter(sorted(words & GIT)), "")


def _opens(call: ast.Call, name: str) -> bool:
    """``open`` in a mode that writes, ``os.open`` with a flag that does."""
    if name not in {"open", "fdopen"}:
        return name == "touch"
    given = [*call.args, *(k.value for k in call.keywords)]
    modes = {a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    flags = {n.attr for a in given for n in ast.walk(a) if isinstance(n, ast.Attribute)}
    return any(MODE.fullmatch(mode) for mode in modes) or bool(flags & {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND"})


def _is_of_a_path(call: ast.Call) -> bool:
    """``Path.replace`` and ``os.replace``; ``str.replace`` has two arguments, ``dataclasses.replace`` names them."""
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "os":
        return True
    return isinstance(call.func, ast.Attribute) and len(call.args) == 1 and not call.keywords
