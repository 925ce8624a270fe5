"""State at rest: sealed with a key, nothing else is read; without one nothing sealed."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from orchestrator.app.runs.state_key import state_key
from orchestrator.errors import StoreError
from orchestrator.models.ids import sha256
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.checkpoints import checkpoints, dump, load
from orchestrator.store.index import SqliteIndex
from orchestrator.store.sealing import Seal

KEY, OTHER = bytes(range(32)), bytes(32)
WORD = "the-tip-of-the-iceberg"


class State(TypedDict):
    word: str


def parked(folder: Path, key: bytes | None) -> Path:
    """A graph that waits, with its checkpoints in the folder of a run."""
    path = folder / "checkpoints.db"
    with checkpoints(path, key) as saver:
        graph(saver).invoke({"word": WORD}, {"configurable": {"thread_id": "t"}}, durability="sync")
    return path


def graph(saver: Any) -> Any:
    def ask(state: State) -> State:
        return {"word": state["word"] + str(interrupt("go on"))}

    made: Any = StateGraph(State)
    made.add_node("ask", ask)
    made.add_edge(START, "ask")
    made.add_edge("ask", END)
    return made.compile(checkpointer=saver)


def word(path: Path, key: bytes | None) -> str:
    with checkpoints(path, key) as saver:
        return str(graph(saver).get_state({"configurable": {"thread_id": "t"}}).values["word"])


def rows(path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in path.parent.iterdir())


def test_sealed_checkpoints_hold_nothing_that_can_be_read_and_come_back(tmp_path: Path) -> None:
    path = parked(tmp_path / "one", KEY)
    assert WORD.encode() not in rows(path)
    assert WORD.encode() in rows(parked(tmp_path / "plain", None))
    assert word(path, KEY) == WORD


@pytest.mark.parametrize(
    ("written", "read", "code"),
    [(KEY, OTHER, "STORE031"), (KEY, None, "STORE032"), (None, KEY, "STORE030")],
    ids=["another key", "no key", "plain rows"],
)
def test_what_the_key_did_not_seal_is_refused(
    tmp_path: Path, written: bytes | None, read: bytes | None, code: str
) -> None:
    path = parked(tmp_path / "one", written)
    with pytest.raises(StoreError, match=code):
        word(path, read)


def test_a_plain_row_put_among_sealed_ones_is_refused(tmp_path: Path) -> None:
    path, plain = parked(tmp_path / "one", KEY), parked(tmp_path / "two", None)
    with sqlite3.connect(path) as db:
        db.execute("ATTACH ? AS other", (str(plain),))
        db.execute("UPDATE checkpoints SET (type, checkpoint) = (SELECT type, checkpoint FROM other.checkpoints)")
    db.close()
    with pytest.raises(StoreError, match="STORE030"):
        word(path, KEY)


@pytest.mark.parametrize("harm", ["kind", "bit", "run", "short"])
def test_a_row_that_was_changed_or_moved_is_refused(tmp_path: Path, harm: str) -> None:
    path = parked(tmp_path / "one", KEY)
    with sqlite3.connect(path) as db:
        data = bytearray(db.execute("SELECT checkpoint FROM checkpoints").fetchone()[0])
        if harm == "kind":
            db.execute("UPDATE checkpoints SET type = 'sealed-bytes'")
        elif harm == "bit":
            data[-1] ^= 1
            db.execute("UPDATE checkpoints SET checkpoint = ?", (bytes(data),))
        elif harm == "short":
            db.execute("UPDATE checkpoints SET checkpoint = ?", (bytes(data[:5]),))
    db.close()
    if harm == "run":
        path = path.parent.rename(tmp_path / "another") / "checkpoints.db"
    with pytest.raises(StoreError, match="STORE031"):
        word(path, KEY)


def test_a_run_travels_unsealed_and_is_sealed_where_it_comes_to(tmp_path: Path) -> None:
    sent, values = dump(parked(tmp_path / "one", KEY), KEY)
    assert WORD in repr(values)
    load(tmp_path / "two" / "checkpoints.db", sent, OTHER)
    assert WORD.encode() not in rows(tmp_path / "two" / "checkpoints.db")
    assert word(tmp_path / "two" / "checkpoints.db", OTHER) == WORD
    load(tmp_path / "three" / "checkpoints.db", sent)
    assert word(tmp_path / "three" / "checkpoints.db", None) == WORD


@pytest.mark.parametrize("data", [WORD.encode(), WORD.encode() * 20_000], ids=["small", "large"])
def test_blobs_are_sealed_under_their_names(tmp_path: Path, data: bytes) -> None:
    index = SqliteIndex(tmp_path / "runs.db")
    blobs = StoredBlobs(index, tmp_path / "blobs", Seal(KEY, "blobs"))
    digest = blobs.put(data)
    assert blobs.get(digest) == data
    blobs.flush()
    assert blobs.get(digest) == data
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert WORD.encode() not in kept
    for seal, code in ((Seal(OTHER, "blobs"), "STORE031"), (Seal(KEY, "other"), "STORE031"), (None, "STORE032")):
        with pytest.raises(StoreError, match=code):
            StoredBlobs(index, tmp_path / "blobs", seal).get(digest)
    plain = StoredBlobs(index, tmp_path / "blobs").put(data + b".")
    with pytest.raises(StoreError, match="STORE030"):
        blobs.get(plain)
    index.close()


def test_plain_bytes_that_look_sealed_are_still_themselves(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "runs.db")
    blobs = StoredBlobs(index, tmp_path)
    data = b"handrail sealed 1\n" + b"x" * 40
    assert blobs.get(blobs.put(data)) == data
    assert sha256(data) == blobs.put(data)
    index.close()


def key_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "state.key"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_key_comes_from_a_file_or_from_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANDRAIL_STATE_KEY", raising=False)
    assert state_key() is None
    file = key_file(tmp_path, KEY.hex() + "\n")
    monkeypatch.setenv("HANDRAIL_STATE_KEY", file)
    assert state_key() == KEY
    monkeypatch.setenv("HANDRAIL_STATE_KEY_COMMAND", f"cat '{file}'")
    with pytest.raises(StoreError, match="STORE034"):
        state_key()
    monkeypatch.delenv("HANDRAIL_STATE_KEY")
    assert state_key() == KEY


@pytest.mark.parametrize(
    ("command", "code"),
    [("false", "STORE034"), ("no-such-program-here", "STORE034"), ("echo 12", "STORE033"), ("echo '", "STORE034")],
)
def test_a_command_that_gives_no_key_is_told(monkeypatch: pytest.MonkeyPatch, command: str, code: str) -> None:
    monkeypatch.setenv("HANDRAIL_STATE_KEY_COMMAND", command)
    with pytest.raises(StoreError, match=code):
        state_key()


@pytest.mark.parametrize("text", ["", "12", KEY.hex()[:-2], KEY.hex() + "00", "zz" * 32, "é" * 32])
def test_what_is_no_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HANDRAIL_STATE_KEY", key_file(tmp_path, text))
    with pytest.raises(StoreError, match="STORE033"):
        state_key()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_STATE_KEY", key_file(tmp_path, KEY.hex(), 0o644))
    with pytest.raises(StoreError, match="STORE034"):
        state_key()
    monkeypatch.setenv("HANDRAIL_STATE_KEY", str(tmp_path / f"none-{os.getpid()}"))
    with pytest.raises(StoreError, match="STORE034"):
        state_key()
