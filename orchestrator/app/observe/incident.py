"""Everything about one run, for people who look into an incident: one archive, redacted, with each file's digest.

What is signed is not changed: a statement or a policy with something secret in it is left out whole, and its digest
says so. The same run in the same state gives the same bytes, by the same key and version of Handrail.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator import __version__
from orchestrator.app.base import folder_at
from orchestrator.app.evidence.carrying import every_line
from orchestrator.app.landing.halting import orders
from orchestrator.app.observe.incident_archive import Packed, pack
from orchestrator.app.observe.reporting import report
from orchestrator.app.project import Project
from orchestrator.app.redacting import redactor
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, RunBusy, StoreError
from orchestrator.models.change import Proposal
from orchestrator.models.event import SCHEMA, Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest, sha256
from orchestrator.models.run import Run, RunSettings

if TYPE_CHECKING:
    from orchestrator.observe.redaction import Redactor
    from orchestrator.vcs.trees import GitTrees

BROKEN: Final = "NOT VERIFIED"
_OF_A_GATE: Final = {"gate", "tool", "tool_version", "config"}


@dataclass(frozen=True, slots=True)
class Collected:
    """The archive's bytes, what ``verify`` said of the run, how much was taken out, by kind, and what was left out."""

    data: bytes
    verdict: str
    redacted: dict[str, int]
    withheld: tuple[str, ...]


def collect(project: Project, run: Run, key: Path | None) -> Collected:
    """The archive (``.tar.gz``) of a run that nobody advances at the moment.

    Evidence that does not verify is collected all the same, and said. Raises ``RunBusy`` (INC001) for a live run.
    """
    if project.owners.is_owned(run.id):
        text = f"Run {run.id} is at work: what is collected now would be of no one moment."
        raise RunBusy("INC001", text, f"handrail pause {run.id}, or handrail halt, and again")
    clean, by = redactor(), signer(key)
    body: dict[str, Any] = {**report(project, run), "generated_at": run.updated_at.isoformat(timespec="seconds")}
    with open_trees(project) as trees:
        folder = folder_at(trees, run.base_commit)
        lines = _of_run(trees, run, [c["commit"] for c in body["evidence"]["commits"]], every_line(trees))
    kept, withheld = _as_they_are(clean, folder, lines)
    files = {**_told(project, run, clean, body, folder), **kept}
    if signed := [line for line in lines if f"statement {sha256(line)}" not in withheld]:
        from orchestrator.provenance.logs.bundle import export_bundle

        files["evidence.intoto.jsonl"] = export_bundle(signed, by, run.updated_at)
    verdict = str(body["evidence"]["verdict"])
    told = Packed(run, verdict, _root(project, run), dict(sorted(clean.found.items())), withheld)
    return Collected(pack(files, told, by), verdict, told.redacted, withheld)


def _told(
    project: Project, run: Run, clean: Redactor, body: dict[str, Any], folder: dict[str, bytes]
) -> dict[str, bytes]:
    """What we say ourselves, redacted."""
    events = project.index.events(run.id)
    report_ = clean.clean(body)
    return {
        "report.json": _json({"schema": "handrail.report/1", **report_}),
        "report.html": _page(report_),
        "timeline.txt": _timeline(clean, events, body["decisions"]),
        "events.jsonl": b"".join(_event(clean, number, event) for number, event in events),
        "configuration.json": _json(clean.clean(_configuration(project, run, [e for _, e in events], folder))),
        "halts.json": _json(clean.clean({"orders": orders(project)})),
        "verify.json": _json(report_["evidence"]),
    }


def _json(body: object) -> bytes:
    return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def _page(body: dict[str, Any]) -> bytes:
    from orchestrator.render.run_page import run_page

    return run_page(body).encode()


def _event(clean: Redactor, number: int, event: Event) -> bytes:
    body = {"schema": SCHEMA, "number": number, "event": clean.clean(event.model_dump(mode="json"))}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def _timeline(clean: Redactor, events: Sequence[tuple[int, Event]], decisions: Iterable[dict[str, Any]]) -> bytes:
    """Events and decisions in the order of their times, one a line: nothing in it ends a line or acts on a terminal."""
    rows = [
        (e.at.isoformat(timespec="milliseconds"), f"event {n}", _happened(e, clean.clean(e.data))) for n, e in events
    ]
    rows += [(d["decided_at"], "decision", _decided(d)) for d in decisions if d["decided_at"]]
    told = (f"{at} {what} {json.dumps(clean.text(words))[1:-1]}\n" for at, what, words in sorted(rows))
    return "".join(told).encode()


def _happened(event: Event, said: Mapping[str, Any]) -> str:
    where = f"{event.step} attempt {event.attempt}" if event.step else event.node
    data = {name: value for name, value in said.items() if value not in (None, "", (), [])}
    told = ", ".join(f"{name} {value}" for name, value in data.items())
    return f"{event.kind} {where}: {told}".rstrip(": ")


def _decided(decision: dict[str, Any]) -> str:
    return f"{decision['verdict']} of {decision['title']} by {decision['reviewer']} as {decision['role']}"


def _of_run(trees: GitTrees, run: Run, commits: Sequence[str], lines: Sequence[bytes]) -> list[bytes]:
    """Statements that name the run, its commits, their trees or its workflow; and whatever cannot be read as one."""
    from orchestrator.provenance import dsse

    named = [run.id, run.workflow_digest.removeprefix("sha256:"), *commits]
    named += [str(trees.tree_of(trees.resolve(commit))) for commit in commits]
    needles = [name.encode() for name in named]
    found = list[bytes]()
    for line in lines:
        try:
            payload = dsse.unpack(line).payload
        except EvidenceInvalid:
            found.append(line)
            continue
        if any(needle in payload for needle in needles):
            found.append(line)
    return found


def _as_they_are(
    clean: Redactor, folder: dict[str, bytes], lines: Sequence[bytes]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Files of the trusted folder, byte for byte, and what of them and of the statements holds a secret."""
    odd = {path for path, data in folder.items() if _secret(clean, data)}
    kept = {f"handrail{path.removeprefix('.handrail')}": d for path, d in folder.items() if path not in odd}
    left = [f"file {path} {sha256(folder[path])}" for path in odd]
    left += [f"statement {sha256(line)}" for line in lines if _secret(clean, line)]
    return kept, tuple(sorted(left))


def _secret(clean: Redactor, data: bytes) -> bool:
    from orchestrator.provenance import dsse

    texts = [data.decode("utf-8", "replace")]
    for kind in ("application/vnd.in-toto+json", "application/vnd.handrail.policy+json"):
        try:
            texts.append(dsse.unpack(data, kind).payload.decode("utf-8", "replace"))
        except EvidenceInvalid:
            continue
    return any(clean.holds(text) for text in texts)


def _root(project: Project, run: Run) -> str:
    return chain_at(project, run.base_commit).root_digest


def _configuration(project: Project, run: Run, events: Sequence[Event], folder: dict[str, bytes]) -> dict[str, Any]:
    """What decided how the run went, by digest: spec, workflow, plan, policy, prompts, images, gates, agents."""
    proposals = list(_stored(project, Proposal, (e.data["proposal"] for e in events if e.kind is EventKind.PROPOSED)))
    gated = (digest for e in events if e.kind is EventKind.GATED for digest in e.data["reports"])
    reports = list(_stored(project, GateReport, gated))
    chain = chain_at(project, run.base_commit)
    return {
        "handrail": __version__,
        "run": run.model_dump(mode="json"),
        "settings": _settings(project, run),
        "policy": {"root": chain.root_digest, "version": chain.current.version},
        "handrail_folder": {path: sha256(data) for path, data in sorted(folder.items())},
        "agents": _each({"agent": p.agent, "version": p.agent_version, "model": p.model} for p in proposals),
        "images": _each({"image": p.image, "sandbox_policy": p.sandbox_policy} for p in proposals),
        "gates": _each(
            {"gate": r.gate, "tool": r.tool, "version": r.tool_version, "config": r.config} for r in reports
        ),
        "prompts": _each(
            {"template": e.data["template"], "prompt": e.data["prompt"]}
            for e in events
            if e.kind is EventKind.AGENT_PROMPT
        ),
    }


def _settings(project: Project, run: Run) -> dict[str, Any] | None:
    return next((s.model_dump(mode="json") for s in _stored(project, RunSettings, [run.settings])), None)


def _stored(project: Project, kind: Any, digests: Iterable[str]) -> Iterator[Any]:  # noqa: ANN401  a noun of that kind
    """Those that were not erased."""
    for digest in digests:
        try:
            yield kind.model_validate_json(project.blobs.get(Digest(digest)))
        except StoreError:
            continue


def _each(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once, in a fixed order."""
    unique = {json.dumps(row, sort_keys=True): row for row in rows}
    return [unique[name] for name in sorted(unique)]
