"""Taking merged work back as a run like any other: a spec that says so, and a script that puts the files back.

What undoes the commits is computed here by a three-way merge on the present target, newest first; the scripted agent
writes it within a grant of exactly those files. Gates, acceptance, review, merge and evidence are those of every run.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from orchestrator.app.landing.recalling import Where, landed
from orchestrator.app.project import Project
from orchestrator.app.runs.start import RunRequest, base_and_target
from orchestrator.app.trees import open_trees
from orchestrator.errors import IntegrationConflict, UsageError
from orchestrator.models.change import ChangedFile
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid, RunId, sha256

if TYPE_CHECKING:
    from orchestrator.vcs.trees import GitTrees

_REQUIREMENT: Final = "REQ-001"
_MODES: Final = {"100644": "0644", "100755": "0755"}
_NAMEABLE = re.compile(r"[^`*?\[\]{},\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Merged:
    """One commit to take back: of which step, and what it stands on."""

    step: str
    commit: GitOid


@dataclass(frozen=True, slots=True)
class Whose:
    """Who starts the run that takes back, and from which branch."""

    target: str | None = None
    key: Path | None = None
    trust: Digest | None = None


def undo(project: Project, run: str, step: str | None, whose: Whose) -> RunRequest:
    """What to start so that the run's commits, or those of one step, are taken back from the target branch.

    Raises ``UsageError``: UNDO001 nothing of it is on the target, UNDO002 a file that a step cannot be given by name,
    UNDO003 later changes are in the way, UNDO004 it is undone already.
    """
    found = project.index.run(RunId(run))
    base, ref = base_and_target(project, whose.target)
    what = f"step {step} of run {run}" if step else f"run {run}"
    with open_trees(project) as trees:
        merged = _merged(project, trees, found.id, step, base)
        if not merged:
            raise UsageError("UNDO001", f"{what.capitalize()} has no commit on {ref}.", f"handrail show {run}")
        return _request(project, trees, base, merged, what=what, whose=whose)


def undo_where(project: Project, where: Where, whose: Whose) -> RunRequest:
    """The same for every commit that :func:`~orchestrator.app.landing.recalling.landed` finds on the target."""
    base, ref = base_and_target(project, whose.target)
    found = landed(project, base, where)
    if not found:
        raise UsageError("UNDO001", f"Nothing of {where.words()} is on {ref}.", f"handrail blame --where {where.said}")
    merged = [Merged(str(one.step), one.commit) for one in reversed(found)]
    with open_trees(project) as trees:
        return _request(project, trees, base, merged, what=f"what {where.words()} made", whose=whose)


def _request(
    project: Project, trees: GitTrees, base: GitOid, merged: Sequence[Merged], *, what: str, whose: Whose
) -> RunRequest:
    files, script = _written(trees, base, _undone(trees, merged, base))
    commits = ", ".join(one.commit for one in merged)
    name = f"undo-{sha256(f'{base} {commits}'.encode())[7:19]}"
    folder = project.layout.root / "undo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    spec, actions = folder / f"{name}.md", folder / f"{name}.yaml"
    spec.write_text(_spec(name, f"The files are as if {what} had not been merged: {commits}.", files))
    actions.write_text(yaml.safe_dump(script, sort_keys=False))
    return RunRequest(
        spec, agent="scripted", agent_input=actions, target=whose.target, key=whose.key, trust=whose.trust
    )


def _merged(project: Project, trees: GitTrees, run: RunId, step: str | None, base: GitOid) -> tuple[Merged, ...]:
    """Those that are on the target, newest first."""
    kinds = {EventKind.STEP_MERGED, EventKind.STEP_STACKED}
    landed = [e for _, e in project.index.events(run) if e.kind in kinds and e.data.get("commit")]
    by_step = {str(e.step): GitOid(e.data["commit"]) for e in landed if step in {None, e.step}}
    return tuple(Merged(s, c) for s, c in reversed(by_step.items()) if trees.merge_base(c, base) == c)


def _undone(trees: GitTrees, merged: Sequence[Merged], base: GitOid) -> GitOid:
    """The tree of the target without the commits."""
    tree = trees.tree_of(base)
    for one in merged:
        (node,) = trees.nodes([one.commit])
        try:
            tree = trees.integrate(one.commit, trees.tree_of(node.parents[0]), tree)
        except IntegrationConflict as conflict:
            words = f"Later changes stand on {one.commit[:12]} of step {one.step}: it cannot be taken back alone."
            raise UsageError("UNDO003", words, "take back what came after it first", conflict.details) from None
    return tree


def _written(trees: GitTrees, base: GitOid, tree: GitOid) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """The paths that change, and the script that changes them."""
    files = trees.diff(trees.tree_of(base), tree).files
    if not files:
        raise UsageError("UNDO004", "The target has nothing of it any more.", "git log --oneline")
    paths = sorted({name for file in files for name in (file.path, file.old_path) if name})
    strange = [path for path in paths if not _NAMEABLE.fullmatch(path)]
    odd = [file.path for file in files if file.new_mode is not None and file.new_mode not in _MODES]
    if strange or odd:
        words = f"{len({*strange, *odd})} of its files cannot be written by a step: odd names, or links."
        raise UsageError("UNDO002", words, "git revert, and a review by hand", sorted({*strange, *odd}))
    actions = [action for file in files for action in _actions(trees, file)]
    return tuple(paths), {"schema": "handrail.script/1", "steps": {_REQUIREMENT: [actions]}}


def _actions(trees: GitTrees, file: ChangedFile) -> list[dict[str, Any]]:
    gone = file.path if file.new_blob is None else file.old_path
    made = list[dict[str, Any]]()
    if gone and (file.new_blob is None or gone != file.path):
        made.append({"delete": gone})
    if file.new_blob is not None and file.new_mode is not None:
        content = base64.b64encode(trees.blob(file.new_blob)).decode()
        made.append({"write": {"path": file.path, "base64": content, "mode": _MODES[file.new_mode]}})
    return made


def _spec(name: str, said: str, files: Sequence[str]) -> str:
    where = ", ".join(f"`{path}`" for path in files)
    return f"""---
namespace: {name}
---
# Take merged work back

## Requirements

### {_REQUIREMENT}: Take it back

{said}

- *Accept:*
  - Given the target branch, when the change is merged, then nothing of these commits is left in it.
  - Given the target branch, when the change is merged, then what came after these commits is left as it was.
- *Where:* {where}
"""
