"""What landed by an agent, a model or a key: the commits whose evidence names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from orchestrator.app.evidence.verifying import Options, verify_line
from orchestrator.app.project import Project
from orchestrator.errors import UsageError
from orchestrator.models.verification import CommitEvidence

_NAMES: Final = ("agent", "model", "key")


@dataclass(frozen=True, slots=True)
class Where:
    """All that is said must hold. ``agent`` is a name, or name and version; ``key`` how a key id begins.

    ``since`` is compared with the time at which a change was made, by the word of who signed it. ``said`` is the text
    that was read.
    """

    said: str
    agent: str = ""
    model: str = ""
    key: str = ""
    since: datetime | None = None

    def holds(self, one: CommitEvidence) -> bool:
        """Whether the evidence of a commit names it."""
        name = one.agent.partition(" ")[0]
        agent = not self.agent or self.agent in {name, one.agent.replace(" ", "@", 1)}
        model = not self.model or self.model in one.model.split(", ")
        key = not self.key or any(keyid.startswith(self.key) for keyid in one.signed_by)
        return agent and model and key and (self.since is None or (one.at is not None and one.at >= self.since))

    def words(self) -> str:
        """For a sentence."""
        return self.said + (f" since {self.since:%Y-%m-%d}" if self.since else "")


def read_where(text: str, since: datetime | None = None) -> Where:
    """``agent=NAME[@VERSION],model=NAME,key=ID``, one of them at least, each once. Raises ``UsageError`` (UNDO005)."""
    pairs = [part.partition("=") for part in text.split(",")]
    said = {name.strip(): value.strip() for name, _, value in pairs}
    if len(said) != len(pairs) or not said.keys() <= set(_NAMES) or not all(said.values()):
        names = ", ".join(_NAMES)
        raise UsageError("UNDO005", f"{text!r} is not NAME=VALUE of {names}.", "--where agent=codex@0.169.0")
    return Where(text, since=since.replace(tzinfo=UTC) if since else None, **said)


def landed(project: Project, rev: str, where: Where) -> tuple[CommitEvidence, ...]:
    """Oldest first. By the repository's own word of whom to trust: whether it verifies is another question."""
    found = verify_line(project, rev, Options(allow_self_asserted=True))
    return tuple(one for one in found.commits if where.holds(one))
