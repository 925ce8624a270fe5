"""How long a proof takes: 10,000 nodes in a row, and how it grows with bounded retries and parallel branches."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from measuring import report

from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import sha256
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import checker, judge

GOAL_SECONDS = 0.2


def workflow(nodes: dict[str, dict[str, Any]], start: str) -> Workflow:
    ends = {"done": {"kind": "end", "exit": 0}, "stopped": {"kind": "end", "exit": 1}}
    body = {"id": "w", "title": "W", "start": start, "nodes": {**nodes, **ends}, "roles": ["lead"]}
    return Workflow.model_validate({**body, "ceiling": Capabilities(), "source_digest": sha256(b"")})


def change(number: int, onward: str, *, bound: int | None) -> dict[str, dict[str, Any]]:
    """Agent, gate, tests, review, merge: five nodes."""
    a, g, t, r, m = (f"{kind}{number}" for kind in ("agent", "gate", "tests", "review", "merge"))
    back = {"again": a, "exhausted": "stopped"} if bound else {"again": "stopped"}
    gate: dict[str, Any] = {"kind": "gate", "gates": ["ruff"]}
    return {
        a: {"kind": "agent", "instruction": "Do it.", "on": {"proposed": g, "failed": "stopped"}},
        g: {
            **gate,
            "at_most": {"again": bound} if bound else {},
            "on": {"passed": t, "needs-person": t, "error": "stopped", **back},
        },
        t: {"kind": "command", "argv": ["make", "check"], "on": {"passed": r, "failed": "stopped"}},
        r: {
            "kind": "review",
            "role": "lead",
            "reviews": "change",
            "on": {"approve": m, "reject": "stopped", "request-changes": "stopped", "moved": g},
        },
        m: {"kind": "merge", "line": "run", "on": {"merged": onward, "moved": g}},
    }


def chain(count: int, *, bound: int | None = None) -> Workflow:
    nodes: dict[str, dict[str, Any]] = {}
    for number in range(count):
        nodes |= change(number, f"agent{number + 1}" if number + 1 < count else "done", bound=bound)
    return workflow(nodes, "agent0")


def fan(branches: int, length: int, **fields: object) -> Workflow:
    """Tasks in branches; with ``edits`` each of a change of its branch, which every order may matter to."""
    nodes: dict[str, dict[str, Any]] = {
        "all": {"kind": "parallel", "on": {f"b{b}": f"t{b}x0" for b in range(branches)}},
        "join": {"kind": "join", "about": "all", "on": {"joined": "done"}},
    }
    for branch in range(branches):
        for number in range(length):
            onward = f"t{branch}x{number + 1}" if number + 1 < length else "join"
            on = {"done": onward, "blocked": "stopped"}
            own = {"kind": "task", "role": "lead", "inside": f"all/b{branch}", "change": f"c{branch}", "on": on}
            nodes[f"t{branch}x{number}"] = own | fields
    return workflow(nodes, "all")


def loops(depth: int) -> Workflow:
    """Tasks, and behind them as many checks: each goes back to the task of its number, at most five times."""
    nodes: dict[str, dict[str, Any]] = {}
    for number in range(depth):
        nodes[f"t{number}"] = {"on": {"done": f"t{number + 1}" if number + 1 < depth else "c0", "blocked": "stopped"}}
        onward = f"c{number + 1}" if number + 1 < depth else "done"
        back = {"done": onward, "blocked": f"t{number}", "exhausted": "stopped"}
        nodes[f"c{number}"] = {"at_most": {"blocked": 5}, "on": back}
    return workflow({name: {"kind": "task", "role": "lead", **node} for name, node in nodes.items()}, "t0")


def ruled(length: int, rules: int) -> Workflow:
    """A row of tasks, and rules that one is never done unless the one before it was."""
    row = {
        f"t{n}": {"kind": "task", "role": "lead", "on": {"done": f"t{n + 1}", "blocked": "stopped"}}
        for n in range(length)
    }
    row[f"t{length - 1}"]["on"] = {"done": "done", "blocked": "stopped"}
    events = [(f"t{n % (length - 1) + 1}", f"t{n % (length - 1)}") for n in range(rules)]
    told = [{"kind": "never-unless", "what": {"node": what}, "other": {"node": other}} for what, other in events]
    return Workflow.model_validate(workflow(row, "t0").model_dump(mode="json") | {"rules": told})


def timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> tuple[float, Any]:
    """The best of five."""
    best, found = float("inf"), None
    for _ in range(5):
        begin = clock()
        found = work()
        best = min(best, clock() - begin)
    return best, found


def main() -> None:
    figures: dict[str, float] = {}
    cases = {
        "10,000 nodes in a row": chain(2000),
        "1,000 nodes in a row": chain(200),
        "1,000 nodes, each gate retried thrice": chain(200, bound=3),
        "10,000 nodes, each gate retried thrice": chain(2000, bound=3),
        "2 branches of 4": fan(2, 4),
        "4 branches of 4": fan(4, 4),
        "6 branches of 4": fan(6, 4),
        "4 branches of 8": fan(4, 8),
        "8 branches of 6": fan(8, 6),
        "20 branches of 20": fan(20, 20),
        "4 branches of 4 that edit": fan(4, 4, edits=True),
        "6 branches of 4 that edit": fan(6, 4, edits=True),
        "20 loops within each other": loops(20),
        "100 tasks under 500 rules": ruled(100, 500),
    }
    for name, made in cases.items():
        seconds, found = timed(lambda made=made: judge.proved(made))
        if found.broken is not None or not found.complete:
            raise SystemExit(f"{name} should have been proved")
        figures |= {f"{name} (s)": seconds, f"{name}, standings": float(found.states)}
    figures["10,000 nodes in a row, processor (s)"], _ = timed(
        lambda: judge.proved(cases["10,000 nodes in a row"]), time.process_time
    )
    figures["10,000 nodes in a row, all checks (s)"], problems = timed(
        lambda: list(judge.problems(cases["10,000 nodes in a row"]))
    )
    if problems:
        raise SystemExit(f"the row should have no problem: {problems[0]}")
    for name in (
        "20 branches of 20",
        "4 branches of 4 that edit",
        "20 loops within each other",
        "100 tasks under 500 rules",
    ):
        figures[f"{name}, independent checker (s)"], seen = timed(lambda name=name: checker.check(cases[name]))
        if seen.broken:
            raise SystemExit(f"the checker refuses {name}: {seen.broken}")
    report("proof", figures, {"10,000 nodes in a row (s)": ("<=", GOAL_SECONDS)})


if __name__ == "__main__":
    main()
