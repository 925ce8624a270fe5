"""What a run needs and what a machine has, as the names of queues.

A job waits in the queue of its repository and of all that it needs; a worker listens to those of its repositories and
of every choice of what it has. So nobody takes a job that he cannot do, and nothing needs to be asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain, combinations

from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import UsageError
from orchestrator.models.cluster import Label
from orchestrator.models.run import RunSettings
from orchestrator.models.workflow import NodeKind, Workflow

DOCKER = "docker"
_MOST = 6
_NAME = 32
_WITHOUT_SANDBOX = {
    NodeKind.TASK,
    NodeKind.REVIEW,
    NodeKind.ASK,
    NodeKind.DECIDE,
    NodeKind.WAIT,
    NodeKind.END,
}
_LABEL: TypeAdapter[str] = TypeAdapter(Label)


def read_labels(given: Iterable[str]) -> tuple[str, ...]:
    """Sorted, each once. Raises ``UsageError`` (CLU007) for what is none, and for more than six."""
    found = tuple(sorted(set(given)))
    try:
        checked = tuple(_LABEL.validate_python(label) for label in found)
    except ValidationError as problem:
        text = f"{', '.join(found)}: a label is a lower-case letter, then letters, digits, dots and dashes."
        raise UsageError("CLU007", text, "--label docker --label gpu") from problem
    if len(checked) > _MOST:
        raise UsageError("CLU007", f"{len(checked)} labels are more than {_MOST}.", "name what runs really ask for")
    return checked


def needs_of(workflow: Workflow, settings: RunSettings) -> tuple[str, ...]:
    """A container engine where any node starts a container, and the runtime that the run names."""
    if all(node.kind in _WITHOUT_SANDBOX for node in workflow.nodes.values()):
        return ()
    named = settings.runtime if settings.runtime not in {"", "auto", "runc"} else ""
    return (DOCKER, named) if named else (DOCKER,)


def queue_of(repository: str, needs: Iterable[str]) -> str:
    """A digest of the two: names of queues are names of PostgreSQL's channels, which are short.

    Raises ``UsageError`` (CLU007).
    """
    named = " ".join([repository, *read_labels(needs)])
    return hashlib.sha256(named.encode()).hexdigest()[:_NAME]


def queues_of(repositories: Iterable[str], labels: Sequence[str]) -> tuple[str, ...]:
    """Every queue whose jobs a machine can do."""
    choices = list(chain.from_iterable(combinations(labels, size) for size in range(len(labels) + 1)))
    return tuple(queue_of(repository, choice) for repository in repositories for choice in choices)
