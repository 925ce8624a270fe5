"""What a change newly depends on: new names, addresses, indexes, imitated names, install scripts, known weaknesses.

Manifests and lock files of both sides are read and compared package by
package (:mod:`orchestrator.gates.kinds.manifests`). Known vulnerabilities come
from an OSV export when one is named; with none nothing is said about them, and
the report's tool version says so.

Not checked: what a package does, and whether a name exists.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator import __version__
from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.changes.sides import Side, sides
from orchestrator.gates.kinds.manifests import Dependency, Manifest, Setting
from orchestrator.gates.kinds.popular import POPULAR, imitated
from orchestrator.gates.kinds.readers import reader_of
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.scanning import unscannable
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.ports import Candidate

if TYPE_CHECKING:
    from orchestrator.gates.kinds.osv import Vulnerabilities

__all__ = ["RULES", "DependenciesGate"]

_SIZE_LIMIT_BYTES = 32 * 1024**2

NEW = KindRule(
    "DEP-NEW",
    "a new dependency",
    "Its code, and that of whoever publishes it next, runs with the program's rights.",
    "a person must agree to this package by name",
    severity="medium",
    cwe=1357,
)
LOCKED = KindRule(
    "DEP-LOCKED",
    "a package that the lock did not hold",
    "It came with something else.",
    "",
    disposition=Disposition.NOTE,
    severity="low",
)
CHANGED = KindRule(
    "DEP-CHANGED",
    "another version",
    "For the reviewer.",
    "",
    disposition=Disposition.NOTE,
    severity="low",
)
ADDRESS = KindRule(
    "DEP-ADDRESS",
    "a dependency from an address instead of an index",
    "Nobody but the address's owner says what is there tomorrow.",
    "take a published version from the index",
    cwe=829,
)
INDEX = KindRule(
    "DEP-INDEX",
    "a setting changes where packages come from, or how they are checked",
    "A second index can offer a higher version of any private name (dependency confusion).",
    "let the environment name the index",
    cwe=427,
)
UNPINNED = KindRule(
    "DEP-UNPINNED",
    "no exact version",
    "What is installed tomorrow is not what was reviewed.",
    "pin it with == in a requirements file, or keep a lock",
    disposition=Disposition.NOTE,
    severity="low",
    cwe=1357,
)
UNHASHED = KindRule(
    "DEP-UNHASHED",
    "no digest where the others have one",
    "What the index sends for it is not checked.",
    "write its digest beside it",
    cwe=353,
)
REHASHED = KindRule(
    "DEP-REHASHED",
    "the digest of an unchanged version is another one",
    "A version that was published stays what it is: what is fetched now is something else under its name.",
    "restore the lock, and let the package manager write it anew from the index",
    cwe=353,
)
OLDER = KindRule(
    "DEP-OLDER",
    "an older version than before",
    "What was mended since then is broken again.",
    "keep the newer version, or say in the review why it cannot be kept",
    severity="medium",
    cwe=1395,
)
IMITATED = KindRule(
    "DEP-IMITATED",
    "a name that is easily taken for another",
    "Packages under such names are published to be installed by mistake.",
    "use the name that was meant, or let a person agree",
    cwe=1357,
)
SCRIPT = KindRule(
    "DEP-SCRIPT",
    "something runs when the package is built or installed",
    "It runs on every machine that installs, before anybody reads it.",
    "do without, or let a person agree",
    cwe=506,
)
KNOWN = KindRule(
    "DEP-VULNERABLE",
    "a version with a known vulnerability",
    "It is published how it is attacked.",
    "take a version that is fixed",
    disposition=Disposition.AGENT,
    cwe=1395,
)
RULES = (NEW, LOCKED, CHANGED, ADDRESS, INDEX, UNPINNED, UNHASHED, REHASHED, OLDER, IMITATED, SCRIPT, KNOWN)


@dataclass(slots=True)
class _Read:
    file: ChangedFile
    head: Manifest
    base: Manifest
    lines: list[str]
    hits: list[Hit] = field(default_factory=list[Hit])

    def line_of(self, text: str) -> int:
        return next((n for n, line in enumerate(self.lines, 1) if text.casefold() in line.casefold()), 0)


class DependenciesGate:
    """Implements :class:`orchestrator.ports.Gate`. ``vulnerabilities`` is an OSV export, or ``None`` for none."""

    name = "dependencies"
    computes = True
    tool = "handrail"

    def __init__(self, vulnerabilities: Vulnerabilities | None = None) -> None:
        self._known = vulnerabilities

    @property
    def tool_version(self) -> str:
        export = "with an OSV export" if self._known else "no OSV export: known vulnerabilities are not looked up"
        return f"{__version__} ({export})"

    @property
    def config(self) -> Digest:
        names = sha256(canonical({eco: sorted(found) for eco, found in POPULAR.items()}))
        rules = [[r.code, r.disposition] for r in RULES]
        return config_digest(self.name, rules, names, self._known.digest if self._known else None, __version__)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        read = [r for file in candidate.files if (r := _read(candidate, file, outcome)) is not None]
        for one in read:
            one.hits += _compared(one)
        if self._known is not None and read:
            self._look_up(self._known, read, outcome)
        for one in read:
            outcome.scanned(one.file, introduced(one.file.path, one.hits, []))
        return outcome

    @staticmethod
    def _look_up(known: Vulnerabilities, read: Sequence[_Read], outcome: Outcome) -> None:
        fresh = [(one, d) for one in read for d in _fresh(one) if d.version]
        try:
            found = known.of((*d.key, d.version) for _, d in fresh)
        except GateBroken as error:
            outcome.broken.append(str(error))
            return
        for one, dependency in fresh:
            for weak in found.get((*dependency.key, dependency.version), ()):
                fixed = f"; fixed in {', '.join(weak.fixed[:3])}" if weak.fixed else ""
                what = f"{dependency.name} {dependency.version}: {weak.id} {weak.summary}{fixed}"
                key = f"{dependency.name} {dependency.version} {weak.id}"
                one.hits.append(KNOWN.at(one.lines, one.line_of(dependency.name), what, key=key))


def _read(candidate: Candidate, file: ChangedFile, outcome: Outcome) -> _Read | None:
    if file.new_blob is None or reader_of(file.path) is None:
        outcome.passed_over(file, "deleted" if file.new_blob is None else "no manifest or lock file")
        return None
    head, base = sides(candidate, file)
    if head is None:
        outcome.passed_over(file, "not an even file")
        return None
    if file.path.casefold().endswith((".py", ".pyw")) and b"# /// script" not in head.data:
        outcome.passed_over(file, "no manifest or lock file")
        return None
    before, known = _before(base)
    try:
        return _Read(file, _manifest(head), before, head.data.decode("utf-8", "replace").split("\n"))
    except ValueError as error:
        # A lock file of another form was so before, or is a person's to read.
        form = known or "form is not read" in str(error)
        outcome.refused(file, str(error), unscannable(file, "SCAN-SYNTAX", str(error), known=form))
        return None


def _before(base: Side | None) -> tuple[Manifest, bool]:
    """A base that cannot be read excuses nothing on the head; the second says that it was so."""
    try:
        return (_manifest(base), False) if base is not None else (Manifest(), False)
    except ValueError:
        return Manifest(), True


def _manifest(side: Side) -> Manifest:
    reader = reader_of(side.path)
    if reader is None:
        return Manifest()
    if len(side.data) > _SIZE_LIMIT_BYTES:
        raise ValueError(f"more than {_SIZE_LIMIT_BYTES} bytes")
    try:
        return reader(side.data.decode("utf-8-sig"))
    except (RecursionError, AttributeError, TypeError) as error:
        raise ValueError(f"not readable ({type(error).__name__})") from error


def _fresh(one: _Read) -> list[Dependency]:
    old = Counter(one.base.dependencies)
    fresh: list[Dependency] = []
    for dependency in one.head.dependencies:
        if old[dependency]:
            old[dependency] -= 1
        else:
            fresh.append(dependency)
    return fresh


def _compared(one: _Read) -> Iterator[Hit]:
    had = {d.key: d for d in one.base.dependencies}
    hashed = any(d.hashed and d.version for d in one.head.dependencies) and _digests(one)
    hashed = hashed or any(d.digests for d in one.base.dependencies)
    for dependency in _fresh(one):
        yield from _of(dependency, had.get(dependency.key), one, hashed=hashed)
    settings = Counter(one.base.settings)
    for setting in one.head.settings:
        if settings[setting]:
            settings[setting] -= 1
        else:
            yield _set(setting, one)


def _digests(one: _Read) -> bool:
    """Whether the file is one that holds digests at all."""
    return any("--hash=" in line or '"integrity"' in line for line in one.lines)


def _of(dependency: Dependency, old: Dependency | None, one: _Read, *, hashed: bool) -> Iterator[Hit]:
    name = dependency.name
    what = f"{name} {dependency.version or dependency.spec}".strip()
    line = one.line_of(name)
    if old is None:
        yield (LOCKED if dependency.locked else NEW).at(one.lines, line, what, key=what)
        other = imitated(dependency.ecosystem, name)
        if other:
            yield IMITATED.at(one.lines, line, f"{name} resembles {other}", key=name)
    elif (old.version, old.spec) != (dependency.version, dependency.spec):
        before = f"{old.version or old.spec or 'any'} to {dependency.version or dependency.spec or 'any'}"
        rule = OLDER if _is_older(dependency.version, old.version) else CHANGED
        yield rule.at(one.lines, line, f"{name} from {before}", key=f"{name} {before}")
    elif old.version and old.digests - dependency.digests and dependency.digests - old.digests:
        yield REHASHED.at(one.lines, line, what, key=f"{what} {sorted(dependency.digests - old.digests)}")
    if dependency.source and (old is None or old.source != dependency.source):
        yield ADDRESS.at(one.lines, line, f"{name} from {dependency.source}", key=f"{name} {dependency.source}")
    elif not dependency.version and not dependency.locked and not dependency.source:
        yield UNPINNED.at(one.lines, line, what, key=what)
    if hashed and not dependency.hashed:
        yield UNHASHED.at(one.lines, line, what, key=what)


def _is_older(version: str, before: str) -> bool:
    """By their numbers; what has none is not compared."""
    now, was = ([int(n) for n in re.findall(r"\d+", v.partition("+")[0])[:4]] for v in (version, before))
    return bool(now and was) and now < was[: len(now)] and len(now) > 1


def _set(setting: Setting, one: _Read) -> Hit:
    rule = INDEX if setting.kind == "index" else SCRIPT
    return rule.at(
        one.lines, one.line_of(setting.text.partition(":")[0].partition(" ")[0]), setting.text, key=setting.text
    )
