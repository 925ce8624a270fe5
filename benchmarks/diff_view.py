"""What it costs to open and to page through a long diff on the review screen.

    python benchmarks/diff_view.py [ROUNDS]

A Python file of which two lines in five are changed, in a real repository, diffed by git, opened from the inbox in
Textual's headless driver at 160 by 48. The first paint counts from the key to the painted screen: reading the store,
parsing, checking that diff and hunks fit together, layout, colours. Each round is a process of its own, and medians are
of rounds. CPU seconds, because a headless driver waits. `textual-diff-view` is measured beside it where you have
installed it yourself: it is AGPL-3.0, so nothing here depends on it or brings it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from measuring import report
from textual.app import App
from textual.pilot import Pilot

from orchestrator.app.project import Project, open_project
from orchestrator.app.trees import open_trees
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change, ChangeIdentity
from orchestrator.models.decision import Decision, ReviewItem, SubjectKind
from orchestrator.models.ids import RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Step
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.review import ChangeSheet, ReviewSheet
from orchestrator.models.run import Run, RunStatus
from orchestrator.review.service import Reviews
from orchestrator.tui.app import HandrailApp

GOALS = {
    "20,000 rows, first paint (CPU s)": 0.25,
    "20,000 rows, page p95 (CPU s)": 0.05,
    "20,000 rows, peak memory (MB)": 100.0,
    "200,000 rows, first paint (CPU s)": 1.5,
}
SIZES = {"20,000 rows": 14_300, "200,000 rows": 143_000}
"""Lines of the file; with two in five replaced, a unified diff has 1.4 times as many rows."""
PAGES = 80
PEER = "textual_diff_view"
_RUN, _ITEM = RunId("20260101-000001"), "R1"


def main(rounds: int) -> None:
    figures: dict[str, float] = {}
    peer = importlib.util.find_spec(PEER) is not None
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in SIZES.items():
            where = Path(folder) / str(lines)
            _prepare(where, lines)
            figures |= _medians(name, [_child(where, "ours") for _ in range(rounds)])
        if peer:
            figures |= _medians("textual-diff-view, 20,000 rows", [_child(Path(folder) / "14300", "peer")])
    report("diff_view", figures, {name: ("<=", goal) for name, goal in GOALS.items()})


def _medians(name: str, rounds: list[dict[str, float]]) -> dict[str, float]:
    return {f"{name}, {figure}": statistics.median(r[figure] for r in rounds) for figure in rounds[0]}


def _child(folder: Path, what: str) -> dict[str, float]:
    argv = [sys.executable, __file__, what, str(folder)]
    done = subprocess.run(argv, env=_environment(folder), capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONDONTWRITEBYTECODE", "NO_COLOR"}}
    return kept | {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}


def _prepare(folder: Path, lines: int) -> None:
    """A repository with two commits, and an item that asks about their difference."""
    os.environ |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
    repository = folder / "repository"
    repository.mkdir(parents=True)
    _git(repository, "init", "-q", "-b", "main")
    for turn in ("old", "new"):
        (repository / "big.py").write_text("".join(_line(n, turn) for n in range(lines)))
        _git(repository, "add", "big.py")
        _git(repository, "-c", "user.name=b", "-c", "user.email=b@handrail.invalid", "commit", "-qm", turn)
    with open_project(repository) as project:
        _store(project)


def _git(folder: Path, *argv: str) -> None:
    subprocess.run(["git", *argv], cwd=folder, check=True)


def _line(n: int, turn: str) -> str:
    mark = turn if n % 5 < 2 else "same"
    if n % 20 == 0:
        return f'def step_{n}(value: int, name: str = "{mark}") -> str:  # row {n}\n'
    return f'    value_{n} = compute(value, {n}, name="{mark} {n}") or not value  # {mark}\n'


def _store(project: Project) -> None:
    with open_trees(project) as trees:
        tip, new = trees.resolve("HEAD~1"), trees.resolve("HEAD")
        tree, made = trees.tree_of(new), trees.diff(tip, new)
        identity = ChangeIdentity(target_ref="refs/heads/main", tip=tip, tree=tree, manifest=trees.manifest(tree))
    change = Change(
        run=_RUN,
        step=StepId("S01"),
        attempt=1,
        proposal=sha256(b""),
        identity=identity,
        files=made.files,
        hunks=made.hunks,
        diff=project.blobs.put(made.text),
    )
    step = Step(
        id=StepId("S01"),
        title="Change many lines",
        requirements=(RequirementId("bench/REQ-001"),),
        instruction="Change many lines.",
        write=(),
        acceptance=(),
        capabilities=Capabilities(),
    )
    sheet = ReviewSheet(
        spec_path="prd.md",
        spec_title="A long diff",
        changes=(ChangeSheet(step=step, requirements=(), change=change, reports=()),),
    )
    now, digest = datetime.now(UTC), sha256(b"")
    run = Run(
        id=_RUN,
        repository=project.repository.id,
        spec_path="prd.md",
        spec=digest,
        spec_source=digest,
        workflow="prd-to-code",
        workflow_digest=digest,
        base_commit=tip,
        target_ref="refs/heads/main",
        run_ref=f"refs/heads/handrail/{_RUN}",
        agent="scripted",
        settings=digest,
        status=RunStatus.WAITING,
        created_at=now,
        updated_at=now,
    )
    project.index.add_run(run)
    item = ReviewItem(
        id=_ITEM,
        run=_RUN,
        node="review",
        kind=SubjectKind.CHANGE,
        step=step.id,
        subject=identity.digest(),
        change=identity,
        document=project.blobs.put(sheet.to_bytes()),
        title="Change many lines",
        role="reviewer",
        created_at=now,
    )
    project.index.add_item(item)


@contextmanager
def _reviews(folder: Path) -> Iterator[Reviews]:
    """A queue for somebody who only looks."""
    key = "0" * 64
    who = Principal(name="you", keyid=sha256(b"you").removeprefix("sha256:"), public_key=key)
    roles = {"reviewer": Role(principals=("you",))}
    policy = Policy(version=1, expires=datetime.now(UTC) + timedelta(days=1), roles=roles, principals=(who,))
    with open_project(folder / "repository") as project:
        yield Reviews(
            index=project.index,
            blobs=project.blobs,
            seal=_signs_nothing,
            open_decision=_signs_nothing,
            policy=policy,
            reviewer=who.name,
            keyid=who.keyid,
            clock=project.clock,
        )


def _signs_nothing(what: Decision | bytes) -> NoReturn:
    raise NotImplementedError(f"nothing is decided here: {type(what)}")


async def _ours(reviews: Reviews) -> dict[str, float]:
    async with HandrailApp(reviews).run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        opened = await _measured(pilot, "enter")
        pages = sorted([(await _measured(pilot, "pagedown"))[0] for _ in range(PAGES)])
        end, _ = await _measured(pilot, "G")
    return {
        "first paint (CPU s)": opened[0],
        "first paint (s)": opened[1],
        "page p50 (CPU s)": pages[PAGES // 2],
        "page p95 (CPU s)": pages[PAGES * 95 // 100],
        "to the end (CPU s)": end,
        "peak memory (MB)": _peak_mb(),
    }


async def _measured(pilot: Pilot[object], key: str) -> tuple[float, float]:
    """CPU and wall seconds of a key until the screen is painted."""
    cpu, wall = time.process_time(), time.perf_counter()
    await pilot.press(key)
    await pilot.pause()
    return time.process_time() - cpu, time.perf_counter() - wall


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


async def _peer(old: str, new: str) -> dict[str, float]:
    """The same two texts in the other widget."""
    from textual.containers import VerticalScroll  # noqa: PLC0415  only where the peer is there
    from textual_diff_view import DiffView  # type: ignore[import-not-found]  # noqa: PLC0415

    view = DiffView("big.py", "big.py", old, new)

    scroll = VerticalScroll(view)
    app: App[None] = App()

    async with app.run_test(size=(160, 48)):
        start, done = time.process_time(), asyncio.Event()
        await view.prepare()
        await app.mount(scroll)
        app.screen.call_after_refresh(done.set)
        await done.wait()
        opened = time.process_time() - start
    return {
        "first paint (CPU s)": opened,
        "peak memory (MB)": _peak_mb(),
    }


def _one(what: str, folder: Path) -> None:
    if what == "peer":
        shown = ["git", "show", "HEAD~1:big.py", "HEAD:big.py"]
        both = subprocess.run(shown, cwd=folder / "repository", capture_output=True, text=True, check=True).stdout
        half = len(both.splitlines(keepends=True)) // 2
        texts = ("".join(both.splitlines(keepends=True)[part]) for part in (slice(half), slice(half, None)))
        print(json.dumps(asyncio.run(_peer(*texts))))
        return
    with _reviews(folder) as reviews:
        print(json.dumps(asyncio.run(_ours(reviews))))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _one(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
