"""The store keeps what it was given, says what it lost, and lets one process own a run."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from orchestrator.errors import RunBusy, StoreError, UsageError
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid, RunId, sha256
from orchestrator.models.run import Run, RunStatus
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.checkpoints import checkpoints
from orchestrator.store.index import SqliteIndex
from orchestrator.store.lease import lease
from orchestrator.store.migrations import VERSION

NOW = datetime(2026, 1, 2, tzinfo=UTC)
D = sha256(b"x")


def a_run(name: str, status: RunStatus = RunStatus.RUNNING) -> Run:
    return Run(
        id=RunId(name),
        repository="r",
        spec_path="prd.md",
        spec=D,
        spec_source=D,
        workflow="w",
        workflow_digest=D,
        base_commit=GitOid("a" * 40),
        target_ref="refs/heads/main",
        run_ref=f"refs/heads/handrail/{name}",
        agent="scripted",
        settings=D,
        status=status,
        created_at=NOW,
        updated_at=NOW,
    )


def an_item(name: str, run: str) -> ReviewItem:
    return ReviewItem(
        id=name,
        run=RunId(run),
        node="n",
        kind=SubjectKind.PLAN,
        subject=D,
        document=D,
        title="t",
        role="r",
        created_at=NOW,
    )


@pytest.fixture
def index(tmp_path: Path):
    made = SqliteIndex(tmp_path / "runs.db")
    yield made
    made.close()


LARGE = b"text" * 100_000


@pytest.mark.parametrize("data", [b"", b"text", LARGE], ids=["empty", "small", "large"])
def test_a_blob_comes_back_before_and_after_it_is_durable(tmp_path: Path, index: SqliteIndex, data: bytes) -> None:
    blobs = StoredBlobs(index, tmp_path / "blobs")
    digest = blobs.put(data)
    assert blobs.put(data) == digest
    assert blobs.get(digest) == data
    blobs.flush()
    other = SqliteIndex(tmp_path / "runs.db")
    assert StoredBlobs(other, tmp_path / "blobs").get(digest) == data
    other.close()


def test_an_altered_blob_is_refused(tmp_path: Path, index: SqliteIndex) -> None:
    blobs = StoredBlobs(index, tmp_path / "blobs")
    digest = blobs.put(LARGE)
    next(p for p in (tmp_path / "blobs").rglob("*") if p.is_file()).write_bytes(b"other")
    with pytest.raises(StoreError, match="STORE003"):
        blobs.get(digest)


def test_every_durable_row_finds_the_blobs_it_refers_to(tmp_path: Path) -> None:
    """A process dies right after a write that refers to a blob: the blob is there."""
    program = (
        "import os, sys; from pathlib import Path; from orchestrator.store.index import SqliteIndex;"
        "from orchestrator.store.blobs import StoredBlobs; root = Path(sys.argv[1]);"
        "index = SqliteIndex(root / 'runs.db'); digest = StoredBlobs(index, root).put(b'kept');"
        "index.record_effect('key', digest); index.ask_to_cancel('run'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    after = SqliteIndex(tmp_path / "runs.db")
    digest = after.effect("key")
    assert digest is not None
    assert StoredBlobs(after, tmp_path).get(digest) == b"kept"
    after.close()


@pytest.mark.parametrize("name", ["sha256:../../etc/passwd", "sha256:" + "A" * 64, "", "sha256:abc"])
def test_a_blob_name_is_a_digest_or_nothing(tmp_path: Path, index: SqliteIndex, name: str) -> None:
    with pytest.raises(StoreError, match="STORE001"):
        StoredBlobs(index, tmp_path).get(Digest(name))


def test_a_missing_blob_is_said(tmp_path: Path, index: SqliteIndex) -> None:
    with pytest.raises(StoreError, match="STORE002"):
        StoredBlobs(index, tmp_path).get(D)


def test_a_full_disk_leaves_no_half_blob(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from pathlib import Path; from orchestrator.store.blobs import StoredBlobs;"
        "from orchestrator.store.index import SqliteIndex; root = Path(sys.argv[1]);"
        "blobs = StoredBlobs(SqliteIndex(root / 'runs.db'), root / 'blobs');"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)); blobs.put(b'x' * 1_000_000)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "STORE005" in done.stderr
    assert not [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()]


def test_runs_come_newest_first_and_unknown_ones_are_refused(index: SqliteIndex) -> None:
    index.add_run(a_run("20260101-a"))
    index.add_run(a_run("20260102-b"))
    index.save_run(a_run("20260101-a", RunStatus.DONE))
    assert [(r.id, r.status) for r in index.runs()] == [("20260102-b", "running"), ("20260101-a", "done")]
    with pytest.raises(UsageError, match="RUN001"):
        index.run(RunId("nope"))


def test_items_of_runs_that_are_over_no_longer_wait(index: SqliteIndex) -> None:
    index.add_run(a_run("one"))
    index.add_item(an_item("R1", "one"))
    index.add_item(an_item("R1", "one"))
    assert [i.id for i in index.open_items()] == ["R1"]
    index.save_run(a_run("one", RunStatus.CANCELLED))
    assert index.open_items() == ()


def test_one_decision_a_key_and_none_after_the_end(index: SqliteIndex) -> None:
    index.add_run(a_run("one"))
    index.add_item(an_item("R1", "one"))
    index.add_decision("R1", "k1", b"1")
    with pytest.raises(UsageError, match="REV003"):
        index.add_decision("R1", "k1", b"2")
    index.add_decision("R1", "k2", b"2")
    index.close_item("R1", "approve")
    index.close_item("R1", "reject")
    assert (index.outcome("R1"), index.decisions("R1")) == ("approve", (b"1", b"2"))
    with pytest.raises(UsageError, match="REV002"):
        index.add_decision("R1", "k3", b"3")


def test_the_first_result_of_an_effect_stays(index: SqliteIndex) -> None:
    assert index.effect("k") is None
    index.record_effect("k", D)
    index.record_effect("k", sha256(b"other"))
    assert index.effect("k") == D


def test_many_threads_write_one_index(index: SqliteIndex) -> None:
    def work() -> None:
        for _ in range(20):
            index.emit(Event(at=NOW, run=RunId("one"), kind=EventKind.ENDED, data={"exit": 0}))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(index.events(RunId("one"))) == 120


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "runs.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="STORE013"):
        SqliteIndex(tmp_path / "runs.db")


OLD = sorted((Path(__file__).parents[1] / "data/stores").glob("runs-*.sql"))


def schema(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    db.close()
    return {name: " ".join(sql.split()) for name, sql in found}


def test_a_file_of_every_earlier_version_is_kept() -> None:
    assert [path.name for path in OLD] == [f"runs-{version}.sql" for version in range(1, VERSION)]


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.stem)
def test_a_database_of_an_earlier_version_becomes_a_new_one_with_all_that_it_held(tmp_path: Path, old: Path) -> None:
    db = sqlite3.connect(tmp_path / "old.db")
    db.executescript(old.read_text(encoding="utf-8"))
    db.close()
    brought, new = SqliteIndex(tmp_path / "old.db"), SqliteIndex(tmp_path / "new.db")
    (run,) = brought.runs()
    assert (run.id, run.status) == ("20260101-abcdef", RunStatus.WAITING)
    assert [event.kind for _, event in brought.events(run.id)] == ["planned"]
    assert brought.effect("merge:x") is not None
    assert brought.asked(run.id).cancel
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")
    brought.close()
    new.close()


def test_a_process_that_dies_while_it_brings_a_file_forward_leaves_the_old_one(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "runs.db")
    db.executescript(OLD[0].read_text(encoding="utf-8"))
    db.close()
    before = schema(tmp_path / "runs.db")
    program = (
        "import os, sys; from pathlib import Path; from orchestrator.store import index, migrations;"
        "migrations.CHANGES[3] = ('SELECT die()',); from orchestrator.store.index import SqliteIndex;"
        "SqliteIndex(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "runs.db")], capture_output=True, text=True, check=False
    )
    assert "STORE012" in done.stderr
    assert schema(tmp_path / "runs.db") == before
    SqliteIndex(tmp_path / "runs.db").close()


def test_one_process_owns_a_run_until_it_dies(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from orchestrator.store.lease import lease\n"
        "with lease(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(RunBusy, match=str(holder.pid)), lease(tmp_path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with lease(tmp_path):
        pass


class Counted(TypedDict):
    count: int


def test_two_checkpoints_are_kept_and_suffice_to_go_on(tmp_path: Path) -> None:
    def work(state: Counted) -> Counted:
        return {"count": state["count"] + 1}

    def ask(state: Counted) -> Counted:
        return {"count": state["count"] + int(interrupt("how many"))}

    graph: Any = StateGraph(Counted)
    graph.add_node("work", work)
    graph.add_node("ask", ask)
    graph.add_edge(START, "work")
    graph.add_conditional_edges("work", lambda s: "ask" if s["count"] % 10 == 0 else "work", ["ask", "work"])
    graph.add_conditional_edges("ask", lambda s: END if s["count"] > 100 else "work", [END, "work"])
    path, config = tmp_path / "checkpoints.db", {"configurable": {"thread_id": "t"}}
    given: Any = {"count": 0}
    for _ in range(2):
        with checkpoints(path) as saver:
            graph.compile(checkpointer=saver).invoke(given, config, durability="sync")
        given = Command(resume=100)
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT count(*) FROM checkpoints").fetchone()[0] == 2
            assert db.execute("SELECT count(DISTINCT checkpoint_id) FROM writes").fetchone()[0] <= 2
        db.close()
    with checkpoints(path) as saver:
        assert graph.compile(checkpointer=saver).get_state(config).values == {"count": 110}


def test_rows_are_what_the_models_say(index: SqliteIndex) -> None:
    index.add_run(a_run("20260101-aaaaaa"))
    index.add_item(an_item("R1", "20260101-aaaaaa"))
    assert index.run_rows() == [json.loads(r.model_dump_json()) for r in index.runs()] != []
    assert index.open_item_rows() == [json.loads(i.model_dump_json()) for i in index.open_items()] != []
