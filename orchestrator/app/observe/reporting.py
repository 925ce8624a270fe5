"""All that is known of one run, as plain data for a page: asked, done, granted, refused, decided and proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.app.evidence.verifying import Options, verify_line
from orchestrator.app.observe.decided import WITHHELD, Told, decided_in
from orchestrator.app.observe.drifting import unlike_before
from orchestrator.app.observe.outside import outside
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import HandrailError, RepositoryError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Proposal
from orchestrator.models.event import Event
from orchestrator.models.found import GateReport
from orchestrator.models.gate import Demonstration
from orchestrator.models.plan import Kept, Plan, Step
from orchestrator.models.review import ChangeSheet, ReviewSheet
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.run import Run, RunSettings
from orchestrator.models.spec import Requirement, Spec
from orchestrator.models.traffic import Traffic, TrafficKind
from orchestrator.policy import enforcement
from orchestrator.policy.risks import headline

if TYPE_CHECKING:
    from orchestrator.models.verification import Verification
    from orchestrator.vcs.trees import GitTrees

_VIOLATIONS = frozenset({"violation", "grant-exceeded"})
_QUIET = frozenset({"transition", "exchange", "agent-prompt", "program-seen", "executed"})


def report(project: Project, run: Run) -> dict[str, Any]:
    """``report --json``, and what the page shows. Raises as ``verify`` when there is no policy at the run's base."""
    told = standing(project, run)
    evidence = _with_risks(_evidence(project, run), Told(project, run, (), {}))
    events = tuple(event for _, event in project.index.events(run.id))
    told["steps"] = _with_proposed(Told(project, run, events, {}), told["steps"])
    return {"run": told.pop("run"), "evidence": evidence, **told, "drift": unlike_before(project, run, events)}


def _with_proposed(told: Told, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where nobody was shown a change, what the last attempt proposed: it is why gates or limits ended the step."""
    wanted = {s["id"]: told.of(s["id"], "proposed")[-1:] for s in steps if s["diff"] is None}
    found = {i: p for i, e in wanted.items() if e and (p := told.load(Proposal, e[0].data["proposal"]))}
    if not found:
        return steps
    with open_trees(told.project) as trees:
        diffs = {i: _proposed(trees, p) for i, p in found.items()}
    return [{**s, **diffs.get(s["id"], {})} for s in steps]


def _proposed(trees: GitTrees, proposal: Proposal) -> dict[str, Any]:
    try:
        found = trees.diff(proposal.base_tree, proposal.tree)
    except RepositoryError:
        return {"diff": WITHHELD, "shown": False}
    files = [f.model_dump(mode="json") for f in found.files]
    return {"diff": found.text.decode(errors="replace"), "files": files, "shown": False}


def standing(project: Project, run: Run) -> dict[str, Any]:
    """The same but for the evidence, which takes the longest to look at. Raises as :func:`report`."""
    events = tuple(event for _, event in project.index.events(run.id))
    told = Told(project, run, events, chain_at(project, run.base_commit).keys())
    plan, spec = told.load(Plan, run.plan), told.load(Spec, run.spec)
    decided = decided_in(told)
    sheets = sheets_of(told)
    steps = [_step(told, step, sheets.get(step.id), decided) for step in plan.steps] if plan else []
    return {
        "run": {**run.model_dump(mode="json", exclude={"settings"}), "title": spec.title if spec else WITHHELD},
        "requirements": _coverage(spec, steps, plan.kept if plan else ()),
        "steps": steps,
        "decisions": [d for rows in decided.values() for d in rows],
        "totals": _totals(steps),
        "outside": outside(project, run, events),
        "violations": [{**e.data, "at": _stamp(e.at), "step": e.step or ""} for e in events if e.kind in _VIOLATIONS],
        "timeline": [_happened(e) for e in events if e.kind not in _QUIET],
        "generated_at": project.clock.now().isoformat(timespec="seconds"),
    }


def sheets_of(told: Told) -> dict[str, ChangeSheet]:
    """Step → the newest change of it that a person was shown."""
    found: dict[str, ChangeSheet] = {}
    for item, _ in told.project.index.items_of(told.run.id):
        sheet = told.load(ReviewSheet, item.document)
        found |= {c.step.id: c for c in sheet.changes} if sheet else {}
    return found


def _step(
    told: Told, step: Step, sheet: ChangeSheet | None, decided: Mapping[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    ends = [e.kind.removeprefix("step-") for e in told.events if e.step == step.id and e.kind.startswith("step-")]
    proposals = [p for e in told.of(step.id, "proposed") if (p := told.load(Proposal, e.data.get("proposal")))]
    traffic = [t for p in proposals if (t := told.load(Traffic, p.traffic))]
    mine = [e for e in told.events if e.step == step.id]
    return {
        "id": step.id,
        "title": step.title,
        "requirements": list(step.requirements),
        "depends_on": list(step.depends_on),
        "status": ends[-1] if ends else "pending",
        "attempts": max((e.attempt for e in mine), default=0),
        "agents": sorted({f"{p.agent} {p.agent_version}" for p in proposals}),
        "began": mine[0].at.isoformat() if mine else None,
        "ended": mine[-1].at.isoformat() if mine else None,
        "gates": [_gated(told, e) for e in told.of(step.id, "gated")],
        "acceptance": acceptance_of(sheet),
        "coverage": _lines_run(sheet),
        "files": [f.model_dump(mode="json") for f in sheet.change.files] if sheet else [],
        "hunks": [h.model_dump(mode="json") for h in sheet.change.hunks] if sheet else [],
        "diff": _diff(told, sheet),
        "shown": sheet is not None,
        "decisions": decided.get(step.id, []),
        "denials": _denials(proposals, traffic),
        "cost": _cost(traffic),
        "capabilities": _granted_and_used(step.capabilities, sheet, proposals),
    }


def _diff(told: Told, sheet: ChangeSheet | None) -> str | None:
    """``None`` where no change was shown to anybody."""
    if sheet is None:
        return None
    text = told.text(sheet.change.diff)
    return WITHHELD if text is None else text.decode(errors="replace")


def _gated(told: Told, event: Event) -> dict[str, Any]:
    reports = [r for d in event.data.get("reports", []) if (r := told.load(GateReport, d))]
    rows = [
        {"gate": r.gate, **f.model_dump(mode="json", include={"rule", "message", "path", "line", "fingerprint"})}
        | {"disposition": f.disposition.value}
        for r in reports
        for f in r.findings
    ]
    gates = {r.gate: {"result": r.result.value, "reason": r.reason} for r in reports}
    return {"attempt": event.attempt, "result": str(event.data.get("result", "")), "gates": gates, "findings": rows}


def acceptance_of(sheet: ChangeSheet | None) -> list[dict[str, Any]]:
    """Each acceptance command, what it gave before and after, and what that shows."""
    runs = sheet.acceptance.runs if sheet and sheet.acceptance else ()
    kept = {"source", "exit_on_base", "exit_on_change"}
    return [{"argv": list(r.argv), "shows": r.shows.value, **r.model_dump(include=kept)} for r in runs]


def _lines_run(sheet: ChangeSheet | None) -> dict[str, Any] | None:
    """Which changed lines the commands ran; ``None`` where nobody looked."""
    found = sheet.acceptance.coverage if sheet and sheet.acceptance else None
    return {**found.model_dump(mode="json"), "words": list(found.words())} if found else None


def _denials(proposals: Iterable[Proposal], traffic: Iterable[Traffic]) -> list[str]:
    refused = [x for t in traffic for x in t.exchanges if x.kind is TrafficKind.REFUSED]
    said = [f"broker: {x.method} {x.host}:{x.port}{x.path} {x.code} {x.reason}" for x in refused]
    return list(dict.fromkeys([*(d for p in proposals for d in p.denials), *said]))


def _cost(traffic: list[Traffic]) -> dict[str, Any]:
    """``cost_usd`` is ``None`` as soon as one price is unknown: a sum that leaves something out is no sum."""
    usages = [t.usage for t in traffic]
    prices = [u.cost_usd for u in usages if u.requests]
    known = [p for p in prices if p is not None]
    return {
        "requests": sum(u.requests for u in usages),
        "input_tokens": sum(u.input_tokens for u in usages),
        "output_tokens": sum(u.output_tokens for u in usages),
        "cost_usd": sum(known) if len(known) == len(prices) else None,
    }


def _granted_and_used(
    grant: Capabilities, sheet: ChangeSheet | None, proposals: Iterable[Proposal]
) -> list[dict[str, Any]]:
    """Per capability: what was granted, what was seen of it, and who holds the limit (D7)."""
    written = (f.path for f in sheet.change.files) if sheet else ()
    return enforcement.as_json(enforcement.rows(grant, written, [p.used for p in proposals]))


def _coverage(spec: Spec | None, steps: list[dict[str, Any]], kept: Sequence[Kept]) -> list[dict[str, Any]]:
    """Per requirement: its steps, whether all are merged, and whether a command failed before and passed after (D4).

    One that an earlier run has built, and of which nothing changed, names that run and its step instead.
    """
    earlier = {one.requirement: one for one in kept}
    return [_covered(r, steps, earlier.get(r.id)) for r in (spec.requirements if spec else ())]


def _covered(of: Requirement, steps: list[dict[str, Any]], kept: Kept | None) -> dict[str, Any]:
    mine = [s for s in steps if of.id in s["requirements"]]
    shown = any(a["shows"] == Demonstration.DEMONSTRATED for s in mine for a in s["acceptance"])
    done = bool(mine) and all(s["status"] == "merged" for s in mine)
    return {
        "id": of.id,
        "text": of.title or of.statement,
        "sentence": of.statement,
        "line": of.span.line,
        "steps": [s["id"] for s in mine],
        "merged": done or kept is not None,
        "demonstrated": done and shown,
        "kept": kept.model_dump(mode="json", include={"run", "step", "commit"}) if kept else None,
    }


def _totals(steps: list[dict[str, Any]]) -> dict[str, Any]:
    costs = [s["cost"] for s in steps]
    known = all(c["cost_usd"] is not None for c in costs)
    return {
        "attempts": sum(s["attempts"] for s in steps),
        "merged": sum(s["status"] == "merged" for s in steps),
        "denials": sum(len(s["denials"]) for s in steps),
        "tokens": sum(c["input_tokens"] + c["output_tokens"] for c in costs),
        "cost_usd": sum(c["cost_usd"] for c in costs) if known else None,
    }


def _happened(event: Event) -> dict[str, Any]:
    return {
        "at": _stamp(event.at),
        "kind": event.kind,
        "node": event.node,
        "step": event.step or "",
        "attempt": event.attempt,
    }


def _stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


def verdict_of(project: Project, run: Run) -> str:
    """What ``verify`` says first of the run's line, or that nothing is merged."""
    return str(_evidence(project, run)["verdict"])


def _with_risks(evidence: dict[str, Any], told: Told) -> dict[str, Any]:
    """The first line, which names each risk that the run or a commit of it accepted (D18)."""
    settings = told.load(RunSettings, told.run.settings)
    stated = [AcceptedRisk.model_validate(r) for c in evidence["commits"] for r in c["risks"]]
    by_words = {risk.words(): risk for risk in (*stated, *(settings.risks if settings else ()))}
    said = [by_words[words] for words in sorted(by_words)]
    rows = [risk.model_dump(mode="json") for risk in said]
    return {**evidence, "headline": headline(evidence["verdict"], said), "risks_accepted": rows}


def _evidence(project: Project, run: Run) -> dict[str, Any]:
    """What ``verify`` says of the run's line; its verdict is the first line there and here."""
    with open_trees(project) as trees:
        merged = trees.ref(run.run_ref) is not None
    if not merged:
        return {"verdict": "NOTHING MERGED", "trust": "", "root": "", "commits": [], "problems": [], "notes": []}
    try:
        return _verified(verify_line(project, run.run_ref, Options(base=run.base_commit)))
    except HandrailError as problem:
        said = [{"code": problem.code, "message": problem.message, "commit": None}]
        return {"verdict": "NOT VERIFIED", "trust": "", "root": "", "commits": [], "problems": said, "notes": []}


def _verified(found: Verification) -> dict[str, Any]:
    return found.model_dump(mode="json", include={"verdict", "trust", "root", "commits", "problems", "notes"})
