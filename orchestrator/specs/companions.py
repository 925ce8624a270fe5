"""What beside a spec names paths and commands (D4): spec-kit's ``tasks.md`` and ``plan.md``, OpenSpec's tasks.

A task counts for the requirements that it names, or whose story it names; in
an OpenSpec change, which links nothing, for each requirement. A path is taken
from code spans and bare words with a slash; a command only from a code span
that begins with a known program. What the spec says itself wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.models.spec import Declared, Span
from orchestrator.policy.commands import split_command
from orchestrator.policy.globs import refusal
from orchestrator.specs.beside import parse_beside
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.draft import Draft
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import ID

_NAMES = re.compile(rf"\b{ID}\b")
_STORY = re.compile(r"\[US([0-9]{1,4})\]|\bUser Story ([0-9]{1,4})\b|\bUS-?([0-9]{1,4})\b", re.IGNORECASE)
_PATH = re.compile(r"(?<![\w./-])(?:[\w.-]+/)+[\w.*-]+(?:/\*\*)?(?![\w/-])")
_FILE = re.compile(r"[\w./*-]*[\w*-]\.[A-Za-z0-9]{1,8}|[\w.*-]+(?:/[\w.*-]+)+/?")
_PROGRAMS = frozenset(
    {"pytest", "python", "python3", "npm", "npx", "pnpm", "yarn", "go", "cargo", "make", "tox", "uv", "poetry", "node"}
)
_TESTS = re.compile(r"\b(?:test|check|verif\w+|lint)\w*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Task:
    """One line of a companion. ``ids`` and ``stories`` say for which requirements it speaks."""

    ids: frozenset[str]
    stories: frozenset[str]
    paths: tuple[Declared, ...]
    commands: tuple[Declared, ...]


def name_sources(drafts: Sequence[Draft], files: Mapping[str, bytes], report: Report, *, all_of: bool) -> list[str]:
    """Give drafts without *Where* or *Verify by* what the files name for them; returns the files that were used.

    ``all_of``: a task speaks for every requirement.
    """
    used: list[str] = []
    for name, data in sorted(files.items()):
        tasks = list(_tasks(name, data, report))
        if tasks:
            used.append(name)
        for draft, own in [(d, (bool(d.body.where), bool(d.body.verify_by))) for d in drafts]:
            for task in tasks:
                if all_of or _speaks_for(task, draft, whole=name == "plan.md"):
                    _give(draft, task, own)
    return used


def _speaks_for(task: _Task, draft: Draft, *, whole: bool) -> bool:
    if whole:
        return not task.paths
    named = {draft.key, *draft.aliases} & task.ids
    stories = {next(g for g in found.groups() if g) for found in _STORY.finditer(f"{draft.key} {draft.statement}")}
    return bool(named or (stories & task.stories and not task.ids))


def _give(draft: Draft, task: _Task, own: tuple[bool, bool]) -> None:
    body = draft.body
    if not own[0]:
        body.where += [p for p in task.paths if p.value not in {w.value for w in body.where}]
    if not own[1]:
        body.verify_by += [c for c in task.commands if c.value not in {v.value for v in body.verify_by}]


def _tasks(name: str, data: bytes, report: Report) -> Iterator[_Task]:
    blocks, inner = parse_beside(name, data, report)
    story: frozenset[str] = frozenset()
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            story = _stories(block.text)
        elif block.kind is not BlockKind.CODE and (block.kind is BlockKind.ITEM or name == "plan.md"):
            task = _task(name, block, story, inner)
            if task.paths or task.commands:
                yield task


def _stories(text: str) -> frozenset[str]:
    return frozenset(next(g for g in found.groups() if g) for found in _STORY.finditer(text))


def _task(name: str, block: Block, story: frozenset[str], report: Report) -> _Task:
    text = block.text
    plan = name == "plan.md"
    paths = () if plan else tuple(_paths(name, block, report))
    commands = tuple(_commands(name, block)) if _TESTS.search(text) else ()
    return _Task(frozenset(_NAMES.findall(text)), _stories(text) or story, paths, commands)


def _paths(name: str, block: Block, report: Report) -> Iterator[Declared]:
    offers = [
        (run.code.strip(), run.line, run.column)
        for _, run in block.located()
        if run.code is not None and _FILE.fullmatch(run.code.strip())
    ]
    offers += [(found[0].rstrip("."), *block.place(found.start())) for found in _PATH.finditer(block.plain)]
    for value, line, column in offers:
        if "://" in value or not ("/" in value or "." in value):
            continue
        reason = refusal(value)
        if reason:
            report.add("PRD034", line, column, f"The path {shown(value)!r} {reason}.")
        else:
            yield Declared(value=value, span=_here(name, line, column, block))


def _commands(name: str, block: Block) -> Iterator[Declared]:
    for _, run in block.located():
        words = (run.code or "").split()
        if not words or words[0] not in _PROGRAMS or len(words) == 1:
            continue
        try:
            split_command(run.code or "")
        except ValueError:
            continue
        yield Declared(value=" ".join(words), span=_here(name, run.line, run.column, block))


def _here(name: str, line: int, column: int, block: Block) -> Span:
    return Span(path=name, line=line, column=column, end_line=max(line, block.end_line), end_column=block.end_column)
