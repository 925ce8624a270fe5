"""``drift --narrow``: what an agent's runs never used of the policy's ceiling, as a smaller ceiling to accept."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.app.project import Project
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest
from orchestrator.models.run import OVER, Run
from orchestrator.models.traffic import Traffic, TrafficKind
from orchestrator.policy.tightening import Seen, tightened

if TYPE_CHECKING:
    from orchestrator.models.usage import Peaks

MIN_RUNS = 5


@dataclass(frozen=True, slots=True)
class Narrower:
    """``patch`` is a unified diff of the ceiling in YAML, '' when everything was used; ``text`` the smaller one."""

    runs: int
    patch: str
    text: str


def narrower(project: Project, agent: str, runs: int) -> Narrower:
    """From the newest ``runs`` runs of this agent that are over.

    Raises ``UsageError`` OBS020 where there are fewer: what a few runs did not need, the next one may.
    """
    if runs < MIN_RUNS:
        raise UsageError("OBS020", f"{runs} runs say too little.", f"at least {MIN_RUNS}")
    found = [run for run in project.index.runs() if run.agent == agent and run.status in OVER][:runs]
    if len(found) < runs:
        text = f"Only {len(found)} runs of {agent or 'no agent'} are over, and {runs} were asked for."
        raise UsageError("OBS020", text, f"wait for more, or --runs N with N from {MIN_RUNS}")
    ceiling = chain_at(project).current.ceiling
    made = tightened(ceiling, _seen([p for run in found for p in _proposals(project, run)], project))
    before, after = _yaml(ceiling), _yaml(made)
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), "ceiling", "narrower ceiling")  # noqa: FBT003  keep line ends
    return Narrower(len(found), "".join(lines), after)


def write(found: Narrower, path: Path) -> None:
    """The smaller ceiling, for ``policy change --ceiling``. Raises ``UsageError`` CFG024 when it cannot be written."""
    try:
        path.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise UsageError("CFG024", f"{path} cannot be written: {error.strerror}", "name another file") from error


def _proposals(project: Project, run: Run) -> Iterator[Proposal]:
    """Of every attempt that ended, merged or not."""
    for _, event in project.index.events(run.id):
        if event.kind is EventKind.PROPOSED:
            yield Proposal.model_validate_json(project.blobs.get(Digest(event.data["proposal"])))


def _seen(proposals: list[Proposal], project: Project) -> Seen:
    from orchestrator.app.trees import open_trees

    used = [proposal.used for proposal in proposals]
    with open_trees(project) as trees:
        diffs = [trees.diff(proposal.base_tree, proposal.tree) for proposal in proposals]
    traffic = [Traffic.model_validate_json(project.blobs.get(p.traffic)) for p in proposals if p.traffic]
    answered = {x.endpoint for t in traffic for x in t.exchanges if x.kind is TrafficKind.MODEL}
    return Seen(
        paths=frozenset(file.path for diff in diffs for file in diff.files),
        hosts=frozenset(host for one in used for host in one.hosts),
        endpoints=frozenset(answered - {""}),
        peaks=_highest([one.peaks for one in used]),
        wall_seconds=max((one.wall_seconds for one in used), default=0.0),
        tokens=max((one.tokens for one in used), default=0),
        egress_kib=max((one.egress_kib for one in used), default=0),
    )


def _highest(peaks: list[Peaks]) -> Peaks:
    from orchestrator.models.usage import Peaks
    from orchestrator.sandbox.peaks import higher

    found = Peaks()
    for one in peaks:
        found = higher(found, one)
    return found


def _yaml(ceiling: Capabilities) -> str:
    """As ``policy change --ceiling`` reads it; what is at its default is left out, but for what may be written."""
    import yaml

    told: dict[str, Any] = {"write": list(ceiling.write)}
    told |= ceiling.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(told, sort_keys=True, default_flow_style=False)
