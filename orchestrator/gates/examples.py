"""Python in prose: doctest sessions and code blocks of documentation, which test runners execute and readers paste.

A session (``>>>``) runs under ``doctest`` and ``pytest --doctest-modules``: it is a finding when it starts a program,
makes code from text, or has a finding of the data-flow rules. A block (fenced, or ``code-block``) is one when it has
such a finding, and so is a value in a file of data that imports something and runs it.

Not seen: blocks without a language, output of a session, and pieces of one example that only run together.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from orchestrator.gates.differential import Hit
from orchestrator.gates.sides import suffix_of
from orchestrator.gates.words import OWN
from orchestrator.gates.worker import Worker
from orchestrator.models.gate import Disposition

__all__ = ["example_hits"]

_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc"})
_PYTHON = frozenset({".py", ".pyi", ".pyw"})
_PROMPT = re.compile(r"\s*(?:>>>|\.\.\.)(?: (?P<code>.*))?")
_FENCE = re.compile(
    r"(?ms)^(?P<mark>[ \t]*(?:```+|~~~+))[ \t]*\{?(?:python|py|pycon|ipython)[^\n]*\n(?P<code>.*?)^(?P=mark)"
)
_DIRECTIVE = re.compile(
    r"(?m)^(?P<indent>[ \t]*)\.\. (?:code-block|code|sourcecode|testcode|ipython)::[ \t]*(?:python3?|py)?[ \t]*\n"
    r"(?P<code>(?:(?P=indent)[ \t]+[^\n]*\n|[ \t]*\n)+)"
)
_DATA = frozenset({".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".properties", ".env", ".xml"})
_PROGRAM = re.compile(
    r"(?:^|[;\n\"'])\s*(?:import\s+\w+|from\s+[\w.]+\s+import\b)|__import__\s*\(|\b(?:exec|eval)\s*\("
)
_QUOTED = re.compile(r"(?s)(?P<mark>\"\"\"|'''|\"|')(?P<code>(?:\\.|(?!(?P=mark)).){8,20000}?)(?P=mark)")
_YAML_BLOCK = re.compile(
    r"(?m)(?P<mark>)^(?P<indent>[ ]*)[\w.-]+:\s*[|>][+-]?\d?[ ]*\n(?P<code>(?:(?P=indent)[ ]+[^\n]*\n|[ ]*\n)+)"
)
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
        for found in pattern.finditer(text + "\n"):
            code = textwrap.dedent(found["code"])
            if ">>>" not in code:
                yield text.count("\n", 0, found.start("code")) + 1, code


def _values(text: str) -> Iterator[tuple[int, str]]:
    """Quoted values, and blocks of YAML, that import something: Python as a text in a file of data."""
    for found in (*_QUOTED.finditer(text), *_YAML_BLOCK.finditer(text)):
        code = found["code"]
        if found["mark"]:
            # Escapes as JSON, TOML and YAML have them; others stay as they are.
            code = code.replace("\\n", "\n").replace('\\"', '"').replace("\\'", "'").replace("\\t", "\t")
        if _PROGRAM.search(code):
            yield text.count("\n", 0, found.start()) + 1, textwrap.dedent(code).strip()


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
