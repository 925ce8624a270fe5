"""What the sandboxes of a tree are given: its own lock files' dependencies, and the services of the base's profile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import Base
from orchestrator.app.machine.sandboxing import packages_at
from orchestrator.app.project import Project
from orchestrator.app.runs.fencing import fenced
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.environment import Environment
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.ports import Prepared, Trees

if TYPE_CHECKING:
    from orchestrator.sandbox.abort import Abort
    from orchestrator.sandbox.docker_engine import DockerSandboxes


@dataclass(frozen=True, slots=True)
class TreeEnvironments:
    """Built or found when first asked for, from the folder ``packages`` alone when one is named.

    Trees with the same lock files share one. Safe to call from several threads.
    """

    project: Project
    trees: Trees
    base: Base
    sandboxes: Callable[[], DockerSandboxes]
    say: Callable[[str], None]
    packages: str = ""
    abort: Abort | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _made: dict[Digest, Prepared | None] = field(default_factory=dict[Digest, Prepared | None])
    _found: dict[GitOid, Prepared | None] = field(default_factory=dict[GitOid, Prepared | None])

    def of(self, tree: GitOid) -> Prepared | None:
        """``None`` where there is nothing to give. Raises ``SandboxUnavailable``: ENV031, what building raises."""
        with self._turn:
            if tree not in self._found:
                files = self._files_of(tree)
                key = sha256(canonical({path: sha256(data) for path, data in files.items()}))
                if key not in self._made:
                    self._made[key] = self._build(files)
                self._found[tree] = self._made[key]
            return self._found[tree]

    def _files_of(self, tree: GitOid) -> dict[str, bytes]:
        read = {path: self.trees.file(tree, path) for path in self.base.profile.requirements}
        files = {path: data for path, data in read.items() if data is not None}
        absent = sorted(read.keys() - files.keys())
        if absent:
            hint = "correct requirements in .handrail/profile.yaml"
            raise SandboxUnavailable("ENV031", f"The profile lists {', '.join(absent)}, which the tree lacks.", hint)
        return files

    def _build(self, files: dict[str, bytes]) -> Prepared | None:
        from orchestrator.sandbox.environment import ProjectEnvironments

        note = self.base.profile.detected_from.get("requirements", "")
        if not self._made and (note or not files):
            self.say(note or "no file of dependencies is listed in the profile: only what the image has is there")
        image, services = fenced(self.sandboxes, self.project.owners.check)().image, self.base.profile.services
        source = Path(packages_at(Path(self.packages))) if self.packages else None
        root = self.project.layout.root
        maker = ProjectEnvironments(image, root, self.say, abort=self.abort, packages=source)
        built = maker.prepare(files) if files else None
        if built is None and not services:
            return None
        bare = Environment(recipe="none", inputs={}, image=image, content=sha256(b""))
        noun = (built[0] if built else bare).model_copy(update={"services": services})
        return Prepared(self.project.blobs.put(noun.to_bytes()), built and built[1], noun.node_modules, services)
