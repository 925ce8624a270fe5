"""A batch for people and for CI: plain data, JUnit XML, and the gates' findings of all its runs as SARIF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from orchestrator.app.batches.conducting import Progress, Standing
from orchestrator.app.project import open_project
from orchestrator.models.batch import Batch
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest


def row(progress: Progress) -> dict[str, Any]:
    """One entry as plain data."""
    entry = progress.entry
    return {
        "run": entry.run,
        "spec": entry.spec,
        "repo": entry.repo,
        "target": entry.target_ref,
        "priority": entry.asked.priority,
        "standing": progress.standing.value,
        "exit_code": progress.exit_code,
        "code": progress.code,
        "message": progress.why,
        "details": list(progress.details),
    }


def junit(batch: Batch, entries: Sequence[Progress]) -> bytes:
    """One suite, one case a run, as Jenkins' schema of JUnit has it. A run that waits or never began is skipped."""
    failed = [p for p in entries if p.standing is Standing.FAILED]
    open_ = [p for p in entries if p.standing in {Standing.PENDING, Standing.WAITING, Standing.SKIPPED}]
    counts = {"tests": len(entries), "failures": len(failed), "errors": 0, "skipped": len(open_)}
    numbers = {name: str(count) for name, count in counts.items()}
    suite = ET.Element("testsuite", {"name": f"handrail batch {batch.id}", **numbers})
    for progress in entries:
        entry = progress.entry
        case = ET.SubElement(suite, "testcase", {"classname": _xml(entry.repo), "name": _xml(entry.spec)})
        if progress.standing is Standing.FAILED:
            kind = progress.code or f"exit {progress.exit_code}"
            told = ET.SubElement(case, "failure", {"type": kind, "message": _xml(progress.why)})
            told.text = _xml("\n".join(progress.details))
        elif progress in open_:
            ET.SubElement(case, "skipped", {"message": _xml(f"{progress.standing}: {progress.why}")})
        ET.SubElement(case, "system-out").text = f"run {entry.run}"
    written: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def sarif(entries: Sequence[Progress]) -> bytes:
    """The last gate reports of every step of every run, as one log."""
    from orchestrator.gates.reports.sarif import to_bytes

    return to_bytes([report for progress in entries for report in _last_reports(progress)])


def _last_reports(progress: Progress) -> Iterator[GateReport]:
    last = dict[str, list[str]]()
    with open_project(Path(progress.entry.repo)) as project:
        for _, event in project.index.events(progress.entry.run):
            if event.kind == "gated" and event.step:
                last[event.step] = event.data["reports"]
        for digests in last.values():
            for digest in digests:
                yield GateReport.model_validate_json(project.blobs.get(Digest(digest)))


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot carry, not even escaped."""
    fine = (
        c if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff") else "?"
        for c in text
    )
    return "".join(fine)
