"""Tests that a change weakens: deleted, fewer, emptier, or skipped. A person decides, never the agent.

Base and head are compared by their syntax trees (:mod:`orchestrator.gates.test_integrity.tested`):
collected tests, their cases and time limits, checks in them that can fail, skips
and expected failures, hooks, and decorators that may replace a test. Settings of
test runners are compared one by one. Of tests in other languages numbers are
compared (:mod:`orchestrator.gates.test_integrity.tested_text`). Not checked: whether a test still
tests anything, and what the tests' own helpers do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from orchestrator import __version__
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, PythonKind, Side, is_test, python_kind, sides, suffix_of
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.runner_settings import is_settings, settings_of
from orchestrator.gates.test_integrity.tested_text import tested_text
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["IntegrityGate"]

_RULES = (
    *("TEST-DELETED", "TEST-FEWER", "TEST-EMPTIER", "TEST-SKIPPED", "TEST-UNREADABLE", "TEST-RENAMED"),
    *("TEST-HOOK", "TEST-WRAPPED", "TEST-LIMIT", "TEST-SETTINGS", "TEST-REPLACED", "TEST-WEAKER"),
)


class IntegrityGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "integrity"
    tool = "handrail"
    tool_version = __version__

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def config(self) -> Digest:
        return config_digest(self.name, _RULES, SIZE_LIMIT_BYTES, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for file in candidate.files:
            was = file.old_mode is not None and is_test(file.old_path or file.path, candidate.test_roots)
            now = file.new_mode is not None and is_test(file.path, candidate.test_roots)
            if is_settings(file.path) or is_settings(file.old_path or ""):
                outcome.scanned(file, introduced(file.path, _settings(candidate, file), []))
            elif not was and not now and _tests_inside(candidate, file):
                outcome.scanned(file, introduced(file.path, self._compare(candidate, file, was=True), []))
            elif not was and not now:
                outcome.passed_over(file, "not a test")
            elif was and not now:
                lost = self._lost(sides(candidate, file)[1])
                outcome.scanned(file, introduced(file.path, [_gone(file, note=not lost)], []))
            else:
                outcome.scanned(file, introduced(file.path, self._compare(candidate, file, was=was), []))
        return outcome

    def _compare(self, candidate: Candidate, file: ChangedFile, *, was: bool) -> list[Hit]:
        head, base = sides(candidate, file)
        before = self._outline(base if was else None)
        after = self._outline(head)
        if head is None and base is not None:
            return [_gone(file, note=not self._lost(base))]
        if after.get("error"):
            known = bool(before.get("error"))
            return [_hit("TEST-UNREADABLE", f"the test file cannot be read: {after['error']}", note=known)]
        return [hit for compare in _COMPARISONS for hit in compare(before, after)]

    def _lost(self, base: Side | None) -> bool:
        """Whether there is a test or a check, as far as anybody can tell; a helper alone has none."""
        before = self._outline(base)
        known = not before.get("error") and "executes" in before
        return not known or any(before.get(key) for key in ("tests", "checks", "hooks", "skips"))

    def _outline(self, side: Side | None) -> Mapping[str, Any]:
        """Empty for what is not Python."""
        if side is None:
            return {}
        if len(side.data) > SIZE_LIMIT_BYTES:
            return {"error": "larger than a test file may be"}
        if python_kind(side, self._worker) in {PythonKind.NO, PythonKind.NOTEBOOK}:
            return {"other": tested_text(side.path, side.data)}
        return self._worker.outline(side.data)


def _tests_inside(candidate: Candidate, file: ChangedFile) -> bool:
    """Rust keeps tests in the file of what they test; a file that held some is compared as well."""
    if suffix_of(file.path) != ".rs":
        return False
    return any(
        side is not None and (b"#[test]" in side.data or b"cfg(test)" in side.data) for side in sides(candidate, file)
    )


def _hit(rule: str, message: str, text: str = "", *, note: bool = False) -> Hit:
    return Hit(
        rule=rule,
        message=message,
        disposition=Disposition.NOTE if note else Disposition.PERSON,
        text=text or message,
        severity="low" if note else "high",
        hint="a person must agree that this test may go",
    )


def _gone(file: ChangedFile, *, note: bool) -> Hit:
    name = file.old_path or file.path
    where = f"moved to {file.path}, which is not collected" if file.new_blob else "deleted"
    return _hit("TEST-DELETED", f"the test file {name} was {where}", f"{name} {file.old_blob}", note=note)


def _skipped(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    old: Mapping[str, int] = before.get("skips", {})
    new: Mapping[str, int] = after.get("skips", {})
    # A test whose class has another name now was skipped already; one that ran under this name was not.
    gone = Counter(_own_name(name) for name in old if name not in new and name not in after.get("tests", {}))
    hits: list[Hit] = []
    for name, count in sorted(new.items()):
        if name not in before.get("tests", {}) and count <= 1 and gone[_own_name(name)] > 0:
            gone[_own_name(name)] -= 1
        elif count > old.get(name, 0):
            text = f"{name or 'the module'} is skipped, expected to fail, or hidden from collection"
            hits.append(_hit("TEST-SKIPPED", text, name))
    return hits


def _own_name(test: str) -> str:
    return test.rpartition(".")[2]


def _fewer(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    old: Mapping[str, int] = before.get("tests", {})
    new: Mapping[str, int] = after.get("tests", {})
    lost = sorted(set(old) - set(new))
    hits: list[Hit] = []
    if lost:
        # As many tests and checks as before under other names is a rename, and is only noted.
        renamed = len(new) >= len(old) and after.get("checks", 0) >= before.get("checks", 0)
        rule = "TEST-RENAMED" if renamed else "TEST-FEWER"
        hits.append(_hit(rule, f"tests that are gone: {', '.join(lost)}", " ".join(lost), note=renamed))
    hits += [
        _hit("TEST-EMPTIER", f"{name} had {old[name]} checks and has {new[name]}", f"{name} {new[name]}")
        for name in sorted(set(old) & set(new))
        if new[name] < old[name]
    ]
    if not hits and after.get("checks", 0) < before.get("checks", 0):
        text = f"the file had {before['checks']} checks and has {after.get('checks', 0)}"
        hits.append(_hit("TEST-EMPTIER", text))
    return hits


def _fewer_cases(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    old: Mapping[str, int] = before.get("cases", {})
    new: Mapping[str, int] = after.get("cases", {})
    return [
        _hit(
            "TEST-FEWER", f"{name} had {old[name]} cases and has {new.get(name, 1)}", f"{name} {new.get(name, 1)} cases"
        )
        for name in sorted(set(old) & set(after.get("tests", {})))
        if new.get(name, 1) < old[name]
    ]


def _hooked(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    old: Mapping[str, str] = before.get("hooks", {})
    new: Mapping[str, str] = after.get("hooks", {})
    return [
        _hit("TEST-HOOK", f"{name} decides which tests run, or how they end", f"{name} {new[name]}")
        for name in sorted(new)
        if new[name] != old.get(name)
    ]


def _wrapped(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    """Of tests that were there before: a decorator can put anything in a test's place."""
    old: Mapping[str, list[str]] = before.get("wrapped", {})
    new: Mapping[str, list[str]] = after.get("wrapped", {})
    return [
        _hit("TEST-WRAPPED", f"{name} is newly wrapped by {', '.join(new[name])}", f"{name} {' '.join(new[name])}")
        for name in sorted(set(new) & set(before.get("tests", {})))
        if new[name] != old.get(name)
    ]


def _limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    """0 is no limit."""
    old: Mapping[str, float] = before.get("limits", {})
    new: Mapping[str, float] = after.get("limits", {})
    return [
        _hit("TEST-LIMIT", f"{name} had to end within {old[name]:g} s, and now {_within(new.get(name, 0.0))}")
        for name in sorted(set(old) & set(after.get("tests", {})))
        if old[name] and (not new.get(name) or new[name] > old[name])
    ]


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    """What was imported and is now made by the test itself is no longer what is tested."""
    new = (set(before.get("brought", {})) & set(after.get("own", {}))) - set(before.get("own", {}))
    return [
        _hit("TEST-REPLACED", f"{name} was imported, and is now defined in the test file itself", name)
        for name in sorted(new)
    ]


def _other(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    """Of other languages only numbers are known."""
    old: Mapping[str, int] = before.get("other") or {}
    new: Mapping[str, int] = after.get("other") or {}
    if not new:
        return []
    hits: list[Hit] = []
    if new["left_out"] > old.get("left_out", 0):
        hits.append(_hit("TEST-SKIPPED", f"{new['left_out']} places leave tests out, {old.get('left_out', 0)} before"))
    for key, rule in (("tests", "TEST-FEWER"), ("checks", "TEST-EMPTIER")):
        if new[key] < old.get(key, 0):
            hits.append(_hit(rule, f"the file had {old[key]} {key} and has {new[key]}"))
    if not hits and new["exact"] < old.get("exact", 0):
        what = f"the file compared {old['exact']} times with a value, and does {new['exact']} times"
        hits.append(_hit("TEST-WEAKER", what))
    return hits


def _weaker(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Hit]:
    """As many checks as before, content with more; where there are fewer, that is said already."""
    hits: list[Hit] = []
    for key, what in _WEAKER.items():
        old: Mapping[str, float] = before.get(key, {})
        new: Mapping[str, float] = after.get(key, {})
        for name in sorted(set(before.get("tests", {})) & set(after.get("tests", {}))):
            was, now = old.get(name, 0), new.get(name, 0)
            emptier = after["tests"][name] < before["tests"][name]
            known = key not in {"examples", "bound"} or name in old
            if (now < was and not emptier) if key == "exact" else (now > was and known):
                hits.append(_hit("TEST-WEAKER", f"{name} {what}", f"{name} {key} {now}"))
    return hits


_WEAKER = {
    "exact": "compares fewer values with what is expected",
    "exits": "may end before its checks",
    "tolerance": "takes a result that is further off",
    "bound": "lets a result be twice as large, or more",
    "replaces": "replaces what it then calls",
    "narrow": "assumes away what it says to try, or tries one value",
    "examples": "tries fewer examples",
    "itself": "raises what it expects by itself",
    "retried": "is tried again until it passes",
    "writes": "writes what it then compares with",
}


def _within(seconds: float) -> str:
    return f"within {seconds:g} s" if seconds else "has no limit"


_COMPARISONS = (_skipped, _fewer, _fewer_cases, _hooked, _wrapped, _limits, _replaced, _weaker, _other)


def _settings(candidate: Candidate, file: ChangedFile) -> list[Hit]:
    head, base = sides(candidate, file)
    try:
        old = settings_of(base.path, base.data) if base and is_settings(base.path) else {}
    except ValueError:
        old = {}
    try:
        new = settings_of(head.path, head.data) if head and is_settings(head.path) else {}
    except ValueError as error:
        return [_hit("TEST-UNREADABLE", f"settings of tests cannot be read: {error}")]
    return [
        _hit("TEST-SETTINGS", f"{key} was {old.get(key, 'not set')} and is {new.get(key, 'not set')}")
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
