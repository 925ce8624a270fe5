"""SARIF 2.1.0 of a stranger, read strictly: what is broken or odd is refused, never passed over.

Read: results with rule, level, kind, message and first location; bases of URIs; notifications. Results that the
program marks as suppressed count like the others: a comment in the tree decides nothing.

Not read: fixes, code flows, baselines, other locations than the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from orchestrator.gates.command.places import ROOT, of_uri, relative
from orchestrator.gates.command.results import LEVELS, RESULTS_LIMIT, Result

__all__ = ["read_sarif"]

_VERSION = "2.1.0"
_NO_FINDING = frozenset({"pass", "notApplicable", "informational"})
_KINDS = _NO_FINDING | {"fail", "open", "review"}
_CWE = re.compile(r"cwe[-/ ]?(\d{1,5})\b", re.IGNORECASE)
_HINT = 300
_DEPTH = 5

Table = Mapping[str, Any]


def read_sarif(output: bytes) -> tuple[Result, ...]:
    """All results of all runs. Raises ``ValueError`` for what is no whole SARIF log of a run that succeeded."""
    try:
        log = json.loads(output, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    table = _table(log)
    if table.get("version") != _VERSION:
        raise ValueError(f"not SARIF {_VERSION}")
    runs = _tables(table.get("runs"))
    if not runs:
        raise ValueError("it holds no run")
    found: list[Result] = []
    for run in runs:
        _succeeded(run)
        found += _results(run)
        if len(found) > RESULTS_LIMIT:
            raise ValueError(f"more than {RESULTS_LIMIT} results")
    return tuple(found)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return table


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _table(value: Any) -> Table:  # noqa: ANN401 - a stranger's JSON
    if not isinstance(value, dict):
        raise ValueError("an object is something else")  # noqa: TRY004 - one error for all that is not understood
    return cast("Table", value)


def _tables(value: Any) -> list[Table]:  # noqa: ANN401 - a stranger's JSON
    if not isinstance(value, list):
        raise ValueError("a list is missing, or something else")  # noqa: TRY004 - as above
    return [_table(item) for item in cast("Sequence[Any]", value)]


def _optional(value: Any) -> Table:  # noqa: ANN401 - a stranger's JSON
    return {} if value is None else _table(value)


def _text(value: Any, what: str) -> str:  # noqa: ANN401 - a stranger's JSON
    if not isinstance(value, str) or not value:
        raise ValueError(f"{what} is no text")
    return value


def _succeeded(run: Table) -> None:
    for invocation in _tables(run.get("invocations", [])):
        if invocation.get("executionSuccessful") is not True:
            raise ValueError("the program says that its run did not succeed")
        for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            for told in _tables(invocation.get(kind, [])):
                if told.get("level", "warning") == "error":
                    said = _optional(told.get("message")).get("text", "")
                    raise ValueError(f"the program reports an error of its own: {str(said)[:200]}")


def _results(run: Table) -> Iterator[Result]:
    tool = _table(run.get("tool"))
    components = [_table(tool.get("driver")), *_tables(tool.get("extensions", []))]
    rules = [_tables(component.get("rules", [])) for component in components]
    folders = _optional(run.get("originalUriBaseIds"))
    artifacts = _tables(run.get("artifacts", []))
    # Absent results mean that nothing was looked for (§3.14.23): that is no clean bill.
    for result in _tables(run.get("results")):
        kind = result.get("kind", "fail")
        if kind not in _KINDS:
            raise ValueError(f"{str(kind)[:40]!r} is no kind of result")
        if kind not in _NO_FINDING:
            reference = _optional(result.get("rule"))
            yield _result(
                result, _rule(result, reference, rules[_component(reference, components)]), folders, artifacts
            )


def _component(reference: Table, components: Sequence[Table]) -> int:
    """Which of the tool's components a rule belongs to: the driver, unless an extension is named (§3.54)."""
    named = _optional(reference.get("toolComponent"))
    index = named.get("index", -1)
    if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(components) - 1:
        return index + 1
    for key in ("guid", "name"):
        places = [at for at, component in enumerate(components) if key in named and component.get(key) == named[key]]
        if places:
            return places[0]
    if named:
        raise ValueError("a rule belongs to a component that the tool does not have")
    return 0


def _rule(result: Table, reference: Table, rules: Sequence[Table]) -> Table:
    index = result.get("ruleIndex", reference.get("index", -1))
    if isinstance(index, int) and 0 <= index < len(rules):
        return rules[index]
    by_id = {str(rule.get("id")): rule for rule in rules}
    name = _text(result.get("ruleId") or reference.get("id"), "the id of a rule")
    # "rule/detail" is a more exact id of the rule "rule" (§3.27.5).
    return by_id.get(name) or by_id.get(name.partition("/")[0]) or {"id": name}


def _result(result: Table, rule: Table, folders: Table, artifacts: Sequence[Table]) -> Result:
    level = result.get("level") or _optional(rule.get("defaultConfiguration")).get("level") or "warning"
    if level not in LEVELS:
        raise ValueError(f"{str(level)[:40]!r} is no level")
    message = _table(result.get("message"))
    places = _tables(result.get("locations", []))
    if not places:
        raise ValueError("a result names no file")
    place = _table(places[0].get("physicalLocation"))
    first, last = _lines(_optional(place.get("region")))
    return Result(
        rule=_text(result.get("ruleId") or rule.get("id"), "the id of a rule"),
        message=_text(message.get("text") or message.get("markdown") or message.get("id"), "a message"),
        path=_path(_table(place.get("artifactLocation")), folders, artifacts),
        line=first,
        end_line=last,
        level=str(level),
        hint=_hint(rule),
        cwe=_cwe(rule),
    )


def _lines(region: Table) -> tuple[int, int]:
    first = region.get("startLine", 0)
    last = region.get("endLine", first)
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in (first, last)) or last < first:
        raise ValueError("a region has no lines")
    return first, last


def _path(location: Table, folders: Table, artifacts: Sequence[Table]) -> str:
    if "uri" not in location:
        index = location.get("index")
        if not isinstance(index, int) or not 0 <= index < len(artifacts):
            raise ValueError("a result names no file")
        location = _table(artifacts[index].get("location"))
    folder = _folder(location.get("uriBaseId"), folders, _DEPTH)
    return relative(of_uri(_text(location.get("uri"), "an address"), folder))


def _folder(name: Any, folders: Table, depth: int) -> str:  # noqa: ANN401 - a stranger's JSON
    """A base that is not defined, or has no address, is the top of the tree."""
    if name is None or name not in folders:
        return ROOT
    if depth == 0:
        raise ValueError("bases of addresses go round in a circle")
    base = _table(folders[name])
    above = _folder(base.get("uriBaseId"), folders, depth - 1)
    return of_uri(str(base["uri"]), above) if base.get("uri") else above


def _hint(rule: Table) -> str:
    for key in ("help", "fullDescription", "shortDescription"):
        text = _optional(rule.get(key)).get("text")
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())[:_HINT]
    return ""


def _cwe(rule: Table) -> int | None:
    tags = _optional(rule.get("properties")).get("tags")
    words = cast("Sequence[Any]", tags if isinstance(tags, list) else [])
    found = (_CWE.search(str(word)) for word in words)
    return next((int(match[1]) for match in found if match), None)
