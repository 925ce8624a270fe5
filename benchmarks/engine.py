"""What the engine costs beside bare LangGraph, what it keeps, and what parked runs cost.

    python benchmarks/engine.py [SUPERSTEPS] [RUNS] [PARKED]

The supersteps are those of a real process, a loop over a list, through the whole engine: transitions checked, the
monitor asked, each one an event that is on the disk with its checkpoint. The peer is the same loop in a bare
LangGraph graph, with three fields of state, over the same saver in the same mode (ours: WAL, synchronous=FULL, the
strict serializer, two checkpoints kept). The engine writes what a lone node leaves once, with its checkpoint, where
LangGraph writes it before as well. So beside it stand bare LangGraph spared of that too, which is right for this loop
and not for every graph; bare over LangGraph's own saver; and bare with as many channels as the state has fields. All
in turn, nine rounds; the ratio is the median of the rounds' ratios. A rate is taken between the first superstep and
the last, so that opening a run, which happens once, stands apart. No container runs. The state of 1,000 steps has the
fields of a real one and is written step by step. Parked runs are real runs that wait for a person, parked one after
another by this one process; the other runs in the store are rows of real shape.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import sample
import yaml
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from measuring import median, process, report

from orchestrator.app.project import Project, open_project
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.engine.channels import Channels, written
from orchestrator.engine.state import RunState, Update, opened
from orchestrator.errors import ExitCode
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId, sha256
from orchestrator.store.checkpoints import checkpoints

if TYPE_CHECKING:
    from orchestrator.models.run import Run

_STEPS = 1000
_ROUNDS = 9
_RESUMES = 3
_WARM = 10
GOALS = {
    "supersteps per second / bare LangGraph": (">=", 0.9),
    "database of a state of 1,000 steps (MB)": ("<=", 2.0),
    "resume with that many runs in the store (s)": ("<=", 1.0),
    "processes, open files and sockets left by parked runs": ("<=", 0.0),
}


class Loop(TypedDict, total=False):
    at: str
    turn: str
    exit: int


Opener = Callable[[Path], AbstractContextManager[SqliteSaver]]


def main(supersteps: int = 300, runs: int = 10_000, parked: int = 2000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = sample.environment(folder) | {"XDG_STATE_HOME": f"{folder}/state"}
        os.environ.update(env)
        where, _, _ = sample.set_up(folder / "sample", 1, env)
        with open_project(where) as project:
            figures = _speed(project, folder, supersteps)
            figures |= {"database of a state of 1,000 steps (MB)": _state(folder / "state-of-steps")}
            figures |= _parked(project, folder, parked)
            figures |= _resume(project, folder, runs, env)
    report("engine", figures, GOALS)


def _speed(project: Project, folder: Path, supersteps: int) -> dict[str, float]:
    path = _process(folder / "loop", _loop(supersteps - 2))
    loops: dict[str, Callable[[], float]] = {
        "engine": lambda: _engine(project, path),
        "bare LangGraph": lambda: _bare(folder, supersteps, _our_saver),
        "bare LangGraph spared of it too": lambda: _bare(folder, supersteps, _spared_saver),
        "bare LangGraph over its own saver": lambda: _bare(folder, supersteps, _stock_saver),
        "bare LangGraph with the engine's fields": lambda: _bare(folder, supersteps, _our_saver, RunState),
    }
    rounds = [{name: loop() for name, loop in loops.items()} for _ in range(_ROUNDS + 1)][1:]
    run = start(project, RunRequest(None, workflow=str(path)))
    before = project.layout.database.stat().st_size
    go_on(project, run)
    grown = _size(project.layout.run(run.id)) + project.layout.database.stat().st_size - before
    return {
        "supersteps": float(supersteps),
        **{f"{name}, supersteps per second": statistics.median(r[name] for r in rounds) for name in loops},
        "supersteps per second / bare LangGraph": _ratio(rounds, "bare LangGraph"),
        "supersteps per second / bare LangGraph spared of it too": _ratio(rounds, "bare LangGraph spared of it too"),
        "kept for each superstep (KiB)": grown / 1024 / supersteps,
    }


def _ratio(rounds: Sequence[Mapping[str, float]], bare: str) -> float:
    return statistics.median(r["engine"] / r[bare] for r in rounds)


def _engine(project: Project, path: Path) -> float:
    run = start(project, RunRequest(None, workflow=str(path)))
    go_on(project, run)
    at = [event.at for _, event in project.index.events(run.id) if event.kind is EventKind.TRANSITION]
    return (len(at) - 1) / (at[-1] - at[0]).total_seconds()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _loop(items: int) -> dict[str, Any]:
    each = {"repeat": {"items": [str(n) for n in range(items)]}, "on": {"each": "loop", "done": "end"}}
    return {"loop": {"kind": "for_each", **each}, "end": {"kind": "end", "exit": 0}}


def _waits() -> dict[str, Any]:
    done = {"done": "end", "blocked": "end"}
    return {"first": {"kind": "task", "role": "reviewer", "on": done}, "end": {"kind": "end", "exit": 0}}


def _process(folder: Path, nodes: dict[str, Any]) -> Path:
    folder.mkdir()
    prose = b"Words for people.\n"
    (folder / "process.md").write_bytes(prose)
    named = {"title": "Measured", "start": next(iter(nodes)), "roles": ["reviewer"], "facts": {}, "ceiling": {}}
    body = {"schema": "handrail.workflow/1", "id": folder.name, **named, "nodes": nodes, "source_digest": sha256(prose)}
    (folder / "workflow.yaml").write_text(yaml.safe_dump(body, sort_keys=False))
    return folder / "workflow.yaml"


def _bare(folder: Path, supersteps: int, opened: Opener, fields: type = Loop) -> float:
    graph: Any = StateGraph(fields)
    at = list[float]()

    def loop(state: Loop) -> Loop:
        at.append(time.perf_counter())
        return {"at": "loop", "turn": "loop", "exit": state["exit"] + 1}

    graph.add_node("loop", loop)
    graph.add_edge(START, "loop")
    graph.add_conditional_edges("loop", lambda s: "loop" if s["exit"] < supersteps else END, ["loop", END])
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": supersteps + 10}
    with tempfile.TemporaryDirectory(dir=folder) as name, opened(Path(name) / "checkpoints.db") as saver:
        graph.compile(checkpointer=saver).invoke({"exit": 0}, config, durability="sync")
    return (len(at) - 1) / (at[-1] - at[0])


def _our_saver(path: Path) -> AbstractContextManager[SqliteSaver]:
    return checkpoints(path)


def _spared_saver(path: Path) -> AbstractContextManager[SqliteSaver]:
    return checkpoints(path, in_turns=True)


@contextmanager
def _stock_saver(path: Path) -> Iterator[SqliteSaver]:
    with closing(sqlite3.connect(path, check_same_thread=False)) as db:
        saver = SqliteSaver(db, serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None))
        saver.setup()
        db.execute("PRAGMA synchronous = FULL")
        yield saver


def _state(folder: Path) -> float:
    """Megabytes on disk, write-ahead log included, after 1,000 steps of one superstep each."""
    graph: Any = StateGraph(Channels)

    def work(state: Channels) -> Update:
        number = len(state["steps"]) + 1
        digest = sha256(str(number).encode())
        record = {**opened(), "status": "merged", "proposal": digest, "sheet": digest, "commit": digest[7:47]}
        return written({"tip": digest[7:47], "steps": {f"S{number:04}": record}})

    graph.add_node("work", work)
    graph.add_edge(START, "work")
    graph.add_conditional_edges("work", lambda s: "work" if len(s["steps"]) < _STEPS else END, ["work", END])
    config = {"configurable": {"thread_id": "t"}, "recursion_limit": _STEPS + 10}
    with checkpoints(folder / "checkpoints.db") as saver:
        graph.compile(checkpointer=saver).invoke({"steps": {}}, config, durability="sync")
        return _size(folder) / 1e6


def _parked(project: Project, folder: Path, count: int) -> dict[str, float]:
    path = _process(folder / "waits", _waits())
    for _ in range(_WARM):
        _park(project, path)
    before, held, disk = _memory(), _held(), _size(project.layout.root)
    began = time.perf_counter()
    for _ in range(count):
        _park(project, path)
    took = time.perf_counter() - began
    return {
        "parked runs": float(count),
        "growth of the process that parks them, for each (KiB)": max(0.0, _memory() - before) / count,
        "processes, open files and sockets left by parked runs": float(_held() - held),
        "disk for each parked run (KiB)": (_size(project.layout.root) - disk) / 1024 / count,
        "runs parked per second": count / took,
    }


def _park(project: Project, path: Path) -> Run:
    run = start(project, RunRequest(None, workflow=str(path)))
    go_on(project, run)
    return run


def _resume(project: Project, folder: Path, runs: int, env: dict[str, str]) -> dict[str, float]:
    run = _park(project, _process(folder / "resumed", _waits()))
    with project.index.transaction() as db:
        for number in range(runs):
            other = run.model_copy(update={"id": RunId(f"20250101-{number:06}")})
            db.execute("INSERT INTO runs VALUES (?, ?, ?)", (other.id, "2025", other.model_dump_json()))
    argv = [*sample.HANDRAIL, "resume", run.id, "--repo", str(folder / "sample"), "--no-input"]
    whole = median([process(argv, env=env, expect=ExitCode.WAITING) for _ in range(_RESUMES)])
    inside = min(_seconds(lambda: go_on(project, run)) for _ in range(_RESUMES))
    return {
        "runs in the store": float(len(project.index.run_rows())),
        "resume with that many runs in the store (s)": inside,
        "resume as a command, start-up included (s)": whole.wall_seconds,
        "resume as a command, start-up included (cpu s)": whole.cpu_seconds,
    }


def _memory() -> float:
    """KiB that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


def _held() -> int:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return len(children) + len(list(Path("/proc/self/fd").iterdir()))


def _size(folder: Path) -> float:
    return float(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
