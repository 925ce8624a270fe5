"""Python in prose: doctest sessions and code blocks of documentation, which test runners execute and readers paste.

A session (``>>>``) runs under ``doctest`` and ``pytest --doctest-modules``: it is a finding when it starts a program,
makes code from text, or has a finding of the data-flow rules. A block (fenced, or ``code-block``) is one when it has
such a finding, and so is a value in a file of data that imports something and runs it.

Not seen: blocks without a language, output of a session, and pieces of one example that only run together.
"""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_left
from collections.abc import Iterator

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.changes.sides import suffix_of
from orchestrator.gates.reports.words import OWN
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["example_hits"]

_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc"})
_PYTHON = frozenset({".py", ".pyi", ".pyw"})
_PROMPT = Late(r"\s*(?:>>>|\.\.\.)(?: (?P<code>.*))?")
_FENCE = Late(
    r"(?ms)^(?P<mark>[ \t]*(?:```+|~~~+))[ \t]*\{?(?:python|py|pycon|ipython)[^\n]*\n(?P<code>.*?)(?:^(?P=mark)|\Z)"
)
"""One that nothing closes runs to the end, as readers of Markdown have it."""
_DIRECTIVE = Late(
    r"(?m)^(?P<indent>[ \t]*)\.\. (?:code-block|code|sourcecode|testcode|ipython)::[ \t]*(?:python3?|py)?[ \t]*\n"
    r"(?P<code>(?:(?P=indent)[ \t]+[^\n]*\n|[ \t]*\n)+)"
)
_DATA = frozenset({".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".properties", ".env", ".xml"})
_PROGRAM = Late(
    r"(?:^|[;\n\r\"'])[ \t\f\v]*(?:import\s+\w+|from\s+[\w.]+\s+import\b)|__import__\s*\(|\b(?:exec|eval)\s*\("
)
_MARKS = ('"""', "'''", '"', "'")
_LEAST, _MOST = 8, 20_000
"""Characters of a quoted value that is looked at."""
_YAML_BLOCK = Late(r"(?m)^(?P<indent>[ ]*)[\w.-]+:\s*[|>][+-]?\d?[ ]*\n(?P<code>(?:(?P=indent)[ ]+[^\n]*\n|[ ]*\n)+)")
_RUN = frozenset({"process", "dynamic code", "native code"})
_PIECES = 200
"""Of one file; the rest is one piece, so that no number of examples hides one."""


def example_hits(path: str, text: str, worker: Worker) -> Iterator[Hit]:
    """One hit per piece of code, at its first line. Raises ``GateBroken``."""
    suffix = suffix_of(path)
    if suffix in _PROSE or (suffix in _PYTHON and ">>>" in text):
        for line, code in _few(_sessions(text)):
            yield from _judged(line, code, worker, runs=True)
    if suffix in _DATA and _PROGRAM.search(text):
        for line, code in _few(_values(text)):
            yield from _judged(line, code, worker, runs=True, rule="DATA-CODE")
    if suffix in _PROSE:
        for line, code in _few(_blocks(text)):
            yield from _judged(line, code, worker, runs=False)


def _few(pieces: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    found = list(pieces)
    rest = found[_PIECES:]
    return [*found[:_PIECES], (rest[0][0], "\n".join(code for _, code in rest))] if rest else found


def _sessions(text: str) -> Iterator[tuple[int, str]]:
    """Lines after a prompt; a session ends where an empty line does."""
    if ">>>" not in text:
        return
    first, lines = 0, list[str]()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        prompt = _PROMPT.fullmatch(line)
        if prompt and (lines or ">>>" in line):
            first = first or number
            lines.append(prompt["code"] or "")
        elif lines and not line.strip():
            yield first, "\n".join(lines)
            first, lines = 0, []


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    for pattern in (_FENCE, _DIRECTIVE):
        line, seen = 1, 0
        for found in pattern.finditer(text + "\n"):
            code = textwrap.dedent(found["code"])
            line, seen = line + text.count("\n", seen, found.start("code")), found.start("code")
            if ">>>" not in code:
                yield line, code


def _values(text: str) -> Iterator[tuple[int, str]]:
    """Quoted values, and blocks of YAML, that import something: Python as a text in a file of data."""
    # Escapes as JSON, TOML and YAML have them; others stay as they are.
    quoted = ((at, _unescaped(code)) for at, code in _quoted(text))
    blocks = ((found.start(), found["code"]) for found in _YAML_BLOCK.finditer(text))
    for pieces in (quoted, blocks):
        line, seen = 1, 0
        for at, code in pieces:
            if _PROGRAM.search(code):
                line, seen = line + text.count("\n", seen, at), at
                yield line, textwrap.dedent(code).strip()


def _unescaped(code: str) -> str:
    return code.replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'").replace("\\t", "\t")


def _quoted(text: str) -> Iterator[tuple[int, str]]:
    """Where each quoted value begins, and what stands in it.

    Each end is looked up: a mark that is left open costs no search through all that follows it.
    """
    ends = {mark: [m.start() for m in re.finditer(mark, text) if not _escaped(text, m.start())] for mark in _MARKS}
    past = 0
    for start in (m.start() for m in re.finditer("[\"']", text)):
        if start < past:
            continue
        for mark in (m for m in _MARKS if text.startswith(m, start)):
            inside = start + len(mark)
            at = bisect_left(ends[mark], inside)
            if at < len(ends[mark]) and _LEAST <= ends[mark][at] - inside <= _MOST:
                yield start, text[inside : ends[mark][at]]
                past = ends[mark][at] + len(mark)
                break


def _escaped(text: str, at: int) -> bool:
    before = at
    while before and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _judged(line: int, code: str, worker: Worker, *, runs: bool, rule: str = "EXAMPLE-CODE") -> Iterator[Hit]:
    answer = worker.analyse(code.encode("utf-8", "surrogatepass"))
    seen = [str(issue["what"]) for issue in answer["issues"]]
    seen += [str(name) for kind, name, _ in answer["uses"] if runs and kind in _RUN]
    if seen:
        yield Hit(
            rule=rule,
            message=f"{OWN[rule].title}: {seen[0]}",
            disposition=Disposition.PERSON,
            line=line,
            end_line=line,
            text=" ".join(code.split())[:2000],
            severity="medium",
            hint=OWN[rule].do,
        )
