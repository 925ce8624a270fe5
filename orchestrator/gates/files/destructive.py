"""What a change destroys, or would when it runs: raised to a person with how far it reaches.

Three looks: the words of new lines (:mod:`orchestrator.policy.destruction`), the paths that are touched
(migrations that exist already, settings of production), and the change as a whole (more deleted than added, renamed in
bulk). Prose is left out, comments are; in tests a line is only noted. Not checked: what a program that is called does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from orchestrator import __version__
from orchestrator.gates.changes.differential import Hit, introduced, line_text, shared
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, Side, is_test, sides, suffix_of
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.reports.words import OWN
from orchestrator.models.changed import ChangedFile, ChangeKind
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.policy import destruction
from orchestrator.policy.folding import lines_at
from orchestrator.policy.late import Late
from orchestrator.policy.paths import protects
from orchestrator.ports import Candidate

__all__ = ["DestructiveGate"]

_PROSE: Final = frozenset({".md", ".rst", ".txt", ".adoc", ".html", ".svg", ".csv", ".lock"})
_COMMENT = Late(r"\s*(?:#(?!!)|//|--|\*|;|%)")
_MIGRATIONS: Final = (
    "**/migrations/**",
    "**/migrate/**",
    "**/alembic/versions/**",
    "**/flyway/**",
    "**/changelog/db.*",
    "**/prisma/migrations/**",
)
_WITH_WAYS_BACK: Final = ("**/migrations/versions/**", "**/alembic/versions/**", "migrations/versions/**")
_PRODUCTION = Late(r"(?:^|[/._-])(?:prod|production|live)(?:[/._-]|$)", re.IGNORECASE)
_SETTINGS: Final = frozenset(
    {
        ".yaml",
        ".yml",
        ".json",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".env",
        ".tf",
        ".tfvars",
        ".properties",
        ".xml",
        ".hcl",
    }
)
_DELETED_LINES, _DELETED_FILES, _RENAMED_FILES, _TIMES = 200, 5, 20, 2
_NAMED = 5
_ABOVE_LINES = 8
_LINE_CHARACTERS = 1024
_ONES: Final = ("unlink", "remove", "rmdir", "unlinkSync", "rmSync")
_WALKERS: Final = ("rglob", "glob", "iglob", "walk", "fwalk", "scandir", "iterdir", "listdir", "readdirSync")
_ONE_BY_ONE = Late(rf"\b(?:{'|'.join(_ONES)})\(")
_WALKS = Late(rf"\b(?:{'|'.join(_WALKERS)})\(")
_RM = Late(r"\brm\b")
_OF_VARIABLES = r"\brm\s+-\w+\s+(?:--\s+)?((?:[\"']?\$(?:\{\w+\}|\w+)[\"']?[ \t]*)+)"
_REMOVES = Late(
    rf"^\s*trap\s+(?:'{_OF_VARIABLES}'|\"{_OF_VARIABLES}\")(?:\s+(?:EXIT|ERR|INT|TERM|HUP|QUIT|0))+\s*$"
    rf"|^\s*(?:sudo\s+)?{_OF_VARIABLES}(?:$|[;&|)])"
)
_MAKES = r"mktemp[ \t]{1,4}(?:-\w{1,20}[ \t]{1,4}){0,4}-\w{0,4}d\b[^\n;&|`)]{0,80}"
_FRESH = rf"[\"']?(?:\$\(|`){_MAKES}(?:\)|`)[\"']?[ \t]{{0,4}}(?:$|[;&|])"
_VARIABLE = Late(r"\$\{?(\w+)")
_EVERYTHING = Late(
    r"\bhome\(\)(?! ?/)|\bhomedir\(\)(?! ?[,+])"
    r"|[\"']~/?[\"']|\bHOME[\"']?[\])](?! ?[/,+])|\(r?[\"'](?:/|[A-Z]:\\\\?)[\"']\)"
)
"""The home directory or the root itself, and no folder in it."""


class DestructiveGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "destructive"
    computes = True
    tool = "handrail"
    tool_version = __version__

    @property
    def config(self) -> Digest:
        limits = (_DELETED_LINES, _DELETED_FILES, _RENAMED_FILES, _TIMES)
        return config_digest(self.name, limits, _MIGRATIONS, _PRODUCTION.pattern, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome, tally = Outcome(), _Tally()
        looked = [(file, *self._look(candidate, file, tally)) for file in candidate.files]
        first = candidate.files[0].path if candidate.files else ""
        for file, head, base in looked:
            whole = list(tally.hits()) if file.path == first else []
            outcome.scanned(file, introduced(file.path, [*whole, *head], base))
        return outcome

    @staticmethod
    def _look(candidate: Candidate, file: ChangedFile, tally: _Tally) -> tuple[list[Hit], Iterator[Hit]]:
        head, base = sides(candidate, file)
        tally.add(file, head, base)
        tested = is_test(file.path, candidate.test_roots)
        return [*_touched(file), *_lines(head, tested=tested)], _lines(base, tested=tested)


@dataclass
class _Tally:
    """Over the whole change. Lines that only moved within a file count on neither side."""

    added: int = 0
    deleted: int = 0

    def __post_init__(self) -> None:
        self.gone: list[str] = []
        self.renamed: list[str] = []

    def add(self, file: ChangedFile, head: Side | None, base: Side | None) -> None:
        now, before = _counted(head, base)
        self.added += (now - before).total()
        self.deleted += (before - now).total()
        if file.kind is ChangeKind.DELETED:
            self.gone.append(file.path)
        if file.kind is ChangeKind.RENAMED:
            self.renamed.append(f"{file.old_path} -> {file.path}")

    def hits(self) -> Iterator[Hit]:
        """Of the change: shown at its first file."""
        more = self.deleted > _TIMES * self.added
        if len(self.gone) >= _DELETED_FILES or (more and self.deleted >= _DELETED_LINES):
            words = f"{self.deleted} lines and {len(self.gone)} whole files are deleted, {self.added} lines added"
            text = f"{self.deleted} {self.added} {' '.join(sorted(self.gone))}"
            yield _raised("DESTROY-MUCH", words + _some(self.gone), text)
        if len(self.renamed) >= _RENAMED_FILES:
            text = " ".join(sorted(self.renamed))
            yield _raised("DESTROY-RENAMES", f"{len(self.renamed)} files are renamed" + _some(self.renamed), text)


def _counted(head: Side | None, base: Side | None) -> list[Counter[bytes]]:
    """Lines of both sides. Of very large files only their number is compared: a list of them would fill the memory."""
    given = [side.data if side else b"" for side in (head, base)]
    if max(map(len, given)) > SIZE_LIMIT_BYTES:
        return [Counter({b"": data.count(b"\n")}) for data in given]
    now, before = (data.splitlines() for data in given)
    same = shared(now, before)
    return [Counter(now[same:]), Counter(before[same:])]


def _raised(rule: str, message: str, text: str) -> Hit:
    return Hit(rule, message, Disposition.PERSON, text=text, severity="high", hint=OWN[rule].do)


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f": {', '.join(sorted(names)[:_NAMED])}{rest}" if names else ""


def _touched(file: ChangedFile) -> Iterator[Hit]:
    names = [name for name in dict.fromkeys((file.old_path, file.path)) if name]
    content = f"{file.old_blob} {file.new_blob}"
    if file.old_blob and any(protects(_MIGRATIONS, name) for name in names):
        text = "a migration that may have run somewhere is changed, and will not run there again"
        yield _raised("DESTROY-MIGRATION", text, content)
    if any(_PRODUCTION.search(name) and _is_settings(name) for name in names):
        text = f"settings of production are {file.kind.value}"
        yield _raised("DESTROY-PRODUCTION", text, content)


def _is_settings(path: str) -> bool:
    name = PurePosixPath(path).name.casefold()
    return PurePosixPath(name).suffix in _SETTINGS or name.startswith(".env")


def _lines(side: Side | None, *, tested: bool) -> Iterator[Hit]:
    if side is None or suffix_of(side.path) in _PROSE or b"\0" in side.data:
        return
    text = side.data.decode("utf-8", "replace")
    if _may_sweep(text) and _EVERYTHING.search(text):
        yield from _swept(text.splitlines(), tested=tested)
    places = destruction.may_act(text)
    if not places:
        return
    lines = text.splitlines()
    back = _ways_back(side.path, lines)
    for number in lines_at(places, map(len, text.splitlines(keepends=True))):
        line = lines[number - 1]
        if _COMMENT.match(line):
            continue
        for act in destruction.acts(line):
            noted = tested or act.bounded or number in back or (act.code == "DESTROY-FILES" and _own_folder(line, text))
            yield Hit(
                rule=act.code,
                message=act.what,
                disposition=Disposition.NOTE if noted else Disposition.PERSON,
                line=number,
                end_line=number,
                text=line_text(lines, number, number),
                severity="low" if noted else "high",
                hint=OWN[act.code].do,
            )


def _own_folder(line: str, text: str) -> bool:
    """``rm -rf "$work"`` of nothing but a few variables that hold a fresh folder of ``mktemp -d``, set nowhere else."""
    found = _REMOVES.search(line) if len(line) <= _LINE_CHARACTERS else None
    if found is None or len(_RM.findall(line)) != 1:
        return False
    names = set(_VARIABLE.findall(next(given for given in found.groups() if given)))
    return len(names) <= _NAMED and all(_is_fresh(name, text) for name in names)


def _is_fresh(name: str, text: str) -> bool:
    named = len(re.findall(rf"(?<![\w${{]){name}(?!\w)", text))
    return 0 < named == len(re.findall(rf"(?<![\w${{]){name}={_FRESH}", text, re.MULTILINE))


def _may_sweep(text: str) -> bool:
    return any(f"{word}(" in text for word in _ONES) and any(f"{word}(" in text for word in _WALKERS)


def _swept(lines: Sequence[str], *, tested: bool) -> Iterator[Hit]:
    """Files that are deleted one by one where a few lines above the home directory or the root is walked."""
    for number, line in enumerate(lines, 1):
        above = lines[max(number - _ABOVE_LINES, 0) : number] if _ONE_BY_ONE.search(line) else ()
        if not (any(map(_WALKS.search, above)) and any(map(_EVERYTHING.search, above))):
            continue
        yield Hit(
            rule="DESTROY-FILES",
            message="each file below the home directory or the root is deleted",
            disposition=Disposition.NOTE if tested else Disposition.PERSON,
            line=number,
            end_line=number,
            text=line_text(lines, number, number),
            severity="low" if tested else "high",
            hint=OWN["DESTROY-FILES"].do,
        )


def _ways_back(path: str, lines: Sequence[str]) -> frozenset[int]:
    """Lines of a new migration's ``downgrade``: it takes away what its ``upgrade`` made, and runs when asked for."""
    if PurePosixPath(path).suffix != ".py" or not any(protects((pattern,), path) for pattern in _WITH_WAYS_BACK):
        return frozenset()
    starts = [n for n, line in enumerate(lines, 1) if line.startswith("def downgrade(")]
    if len(starts) != 1 or sum("downgrade(" in line for line in lines) != 1:
        return frozenset()
    end = next((n for n in range(starts[0] + 1, len(lines) + 1) if lines[n - 1][:1].strip()), len(lines) + 1)
    return frozenset(range(starts[0], end))
