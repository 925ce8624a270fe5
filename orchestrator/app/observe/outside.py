"""What a process did beside its changes: commands on its line, effects in the world, notices; how each ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from orchestrator.app.project import Project
from orchestrator.errors import StoreError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest
from orchestrator.models.run import Run
from orchestrator.models.workflow import Workflow

LAST_LINES: Final = 20
_MAX_CHARACTERS: Final = 4000


def outside(project: Project, run: Run, events: Iterable[Event]) -> list[dict[str, Any]]:
    """``at``, ``node``, ``title``, ``outcome`` (done, failed, unknown, sent, unsent), ``why`` and ``printed``.

    That is what one that failed printed last: words of a program in a sandbox, to be shown literally. What was erased
    is left out.
    """
    titles = _titles(project, run)
    return [
        {"at": event.at.isoformat(timespec="seconds"), "node": event.node, "title": titles.get(event.node, "")} | row
        for event in events
        for row in _rows(project, event)
    ]


def _rows(project: Project, event: Event) -> Iterator[dict[str, Any]]:
    why, code = str(event.data.get("why", "")), event.data.get("exit_code")
    match event.kind:
        case EventKind.EFFECT | EventKind.EFFECT_TRIED | EventKind.COMMAND:
            failed = code != 0
            why = f"exit code {code}" if failed and code is not None else why
            why = ": ".join(filter(None, ("dry run", why))) if event.kind is EventKind.EFFECT_TRIED else why
            printed = _printed(project, event.data.get("output")) if failed else ""
            yield {"outcome": "failed" if failed else "done", "why": why, "printed": printed}
        case EventKind.EFFECT_UNKNOWN:
            yield {"outcome": "unknown", "why": why, "printed": ""}
        case EventKind.NOTIFIED:
            yield {"outcome": str(event.data.get("outcome", "")), "why": why, "printed": ""}
        case _:
            return


def _printed(project: Project, output: object) -> str:
    try:
        text = project.blobs.get(Digest(str(output))).decode(errors="replace") if output else ""
    except StoreError:
        return ""
    return "\n".join(text[-_MAX_CHARACTERS:].splitlines()[-LAST_LINES:])


def _titles(project: Project, run: Run) -> dict[str, str]:
    try:
        kept = Workflow.model_validate_json(project.blobs.get(run.workflow_digest))
    except StoreError:
        return {}
    return {name: node.title for name, node in kept.nodes.items()}
