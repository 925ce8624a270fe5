"""A run in rows: its plan as a graph, then each step with what it was granted, used, refused and spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.review.diff import Row, RowKind
from orchestrator.review.sections import BLANK, alert, heading, text

Told = Mapping[str, Any]
_NEWEST = 40


def run_rows(told: Told) -> tuple[Row, ...]:
    """Of :meth:`Desk.run`."""
    return tuple(_rows(told))


def _rows(told: Told) -> Iterator[Row]:
    run, steps = told["run"], told["steps"]
    yield heading(f"Run {run['id']} [{run['status']}] {run['title']}")
    yield from text(f"{run['spec_path']}, agent {run['agent']}, on {run['run_ref']}")
    if told["paused"]:
        yield alert("paused: nothing more begins before handrail resume")
    if run["message"]:
        yield alert(run["message"])
    yield from text(spent(told["totals"], told["budget"]))
    yield BLANK
    yield heading(f"Plan: {len(steps)} steps, {told['totals']['merged']} merged")
    yield from graph(steps)
    for step in steps:
        yield BLANK
        yield from _step(step)
    yield BLANK
    yield heading("What happened, the newest first")
    for event in reversed(told["timeline"][-_NEWEST:]):
        where = " ".join(str(part) for part in (event["step"], event["node"]) if part)
        attempt = f" attempt {event['attempt']}" if event["attempt"] else ""
        yield from text(f"{event['at']} {event['kind']} {where}{attempt}".rstrip())


def spent(totals: Told, budget: Told) -> str:
    """Tokens and money, each beside its ceiling."""
    tokens = f"{totals['tokens']} tokens of {budget['tokens'] if budget['tokens'] is not None else 'no limit'}"
    price = "unknown" if totals["cost_usd"] is None else f"{totals['cost_usd']:.2f} USD"
    limit = "no limit" if budget["usd"] is None else f"{budget['usd']:.2f} USD"
    return f"Spent: {tokens}; {price} of {limit}; {totals['attempts']} attempts, {totals['denials']} denials"


def graph(steps: Sequence[Told]) -> Iterator[Row]:
    """One line a step, indented by how many steps must come before it; what it waits for is named."""
    depth: dict[str, int] = {}
    for step in steps:
        depth[step["id"]] = 1 + max((depth.get(one, 0) for one in step["depends_on"]), default=-1)
        lead = "   " * depth[step["id"]] + ("`- " if step["depends_on"] else "")
        after = f"  (after {', '.join(step['depends_on'])})" if step["depends_on"] else ""
        line = f"{lead}[{step['status']}] {step['id']} {step['title']}{after}"
        yield Row(RowKind.TEXT, line, step["id"])


def _step(step: Told) -> Iterator[Row]:
    name = step["id"]
    yield Row(RowKind.FILE, f"{name} [{step['status']}] {step['title']}", name)
    agents = ", ".join(step["agents"]) or "no agent yet"
    yield from text(f"for {', '.join(step['requirements'])}; {agents}; attempt {step['attempts']}", path=name)
    for gated in step["gates"]:
        results = ", ".join(f"{gate} {one['result']}" for gate, one in gated["gates"].items())
        yield from text(f"attempt {gated['attempt']}: {results or gated['result']}", 2, name)
    for one in step["acceptance"]:
        yield from text(f"{' '.join(one['argv'])}: {one['shows']}", 2, name)
    for line in (step["coverage"] or {"words": ()})["words"]:
        yield from text(line, 2, name)
    for denial in step["denials"]:
        yield alert(f"refused: {denial}", name)
    yield from _capabilities(step["capabilities"], name)
    cost = step["cost"]
    price = "price unknown" if cost["cost_usd"] is None else f"{cost['cost_usd']:.2f} USD"
    tokens = cost["input_tokens"] + cost["output_tokens"]
    yield from text(f"{cost['requests']} model requests, {tokens} tokens, {price}", 2, name)


def _capabilities(rows: Iterable[Told], step: str) -> Iterator[Row]:
    for row in rows:
        if row["granted"] or row["used"]:
            granted = ", ".join(row["granted"]) or "nothing"
            used = "not observed" if row["used"] is None else ", ".join(row["used"]) or "nothing"
            yield from text(f"{row['name']}: granted {granted}; used {used} ({row['by']})", 2, step)


def proof_rows(told: Told) -> tuple[Row, ...]:
    """Of :meth:`Desk.proved`: sentence, requirement, step, agent, hunks, checks, people, verification."""
    return tuple(_proof(told))


def _proof(told: Told) -> Iterator[Row]:
    evidence, steps = told["evidence"], {step["id"]: step for step in told["steps"]}
    yield heading(f"Evidence: {evidence['verdict']}")
    if evidence["trust"]:
        yield from text(f"trust: {evidence['trust']}, root {evidence['root']}")
    for problem in evidence["problems"]:
        yield alert(f"{problem['code']} {problem['message']}")
    for note in evidence["notes"]:
        yield from text(str(note), 2)
    for requirement in told["requirements"]:
        yield BLANK
        yield Row(RowKind.FILE, f"{requirement['id']} {requirement['text']}", requirement["id"])
        yield from text(f"{told['run']['spec_path']}:{requirement['line']}: {requirement['sentence']}", 2)
        if not requirement["demonstrated"]:
            yield alert("not demonstrated by a command that failed before and passes after")
        for name in requirement["steps"]:
            yield from _chain(steps[name], evidence["commits"])


def _chain(step: Told, commits: Iterable[Told]) -> Iterator[Row]:
    name = step["id"]
    yield Row(RowKind.HUNK, f"  -> {name} [{step['status']}] {step['title']}", name)
    yield from text(f"agent: {', '.join(step['agents']) or 'none yet'}", 5, name)
    for hunk in step["hunks"]:
        inside = f" in {hunk['definition']}" if hunk["definition"] else ""
        yield from text(f"hunk: {hunk['path']}:{hunk['new_start']}{inside}  {hunk['id'][7:19]}", 5, name)
    for gated in step["gates"][-1:]:
        results = ", ".join(f"{gate} {one['result']}" for gate, one in gated["gates"].items())
        yield from text(f"checks: {results}", 5, name)
    for one in step["acceptance"]:
        yield from text(f"test: {' '.join(one['argv'])}: {one['shows']}", 5, name)
    for said in step["decisions"]:
        looked = "" if said["seconds_on_screen"] is None else f" ({said['seconds_on_screen']} s on screen)"
        who = f"person: {said['reviewer']} as {said['role']}"
        yield from text(f"{who}: {said['verdict']}{looked} {said['comment']}", 5, name)
    mine = [commit for commit in commits if commit["step"] == name]
    for commit in mine:
        people = ", ".join(commit["reviewers"]) or "nobody"
        words = f"commit {commit['commit'][:12]}: covered; approved by {people}; checks {commit['checks']}"
        yield from text(f"verified: {words}", 5, name)
    if not mine:
        yield alert("no verified commit of this step", name)
