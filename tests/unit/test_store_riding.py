"""Events that go to the disk with a checkpoint: none lost, none twice, whatever breaks off in between."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from orchestrator.errors import StoreError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId
from orchestrator.store import index as stored
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.checkpoints import checkpoints
from orchestrator.store.index import SqliteIndex

RUN = RunId("20260101-abcdef")
KEY = bytes(range(32))
SEEDS = range(25)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written only because this machine is slow today."""
    monkeypatch.setattr(stored, "_STAGE_SECONDS", 600.0)


def an_event(number: int, run: RunId = RUN) -> Event:
    at = datetime(2026, 1, 1, tzinfo=UTC)  # all at one moment: alike but for their text
    return Event(at=at, run=run, kind=EventKind.TRANSITION, node="n", data={"before": "", "outcome": str(number)})


@dataclass
class Owner:
    """A process that advances the run."""

    index: SqliteIndex
    saver: Any
    there: Path

    def put(self) -> None:
        config: Any = {"configurable": {"thread_id": RUN, "checkpoint_ns": ""}}
        self.saver.put(config, empty_checkpoint(), {}, {})

    def rides(self) -> int:
        with sqlite3.connect(self.there / RUN / "checkpoints.db") as db:
            found: int = db.execute("SELECT count(*) FROM riding").fetchone()[0]
        db.close()
        return found


@contextmanager
def owner(there: Path, key: bytes | None = None) -> Iterator[Owner]:
    """One that dies at its end: what is staged is lost with it."""
    index = SqliteIndex(there / "runs.db")
    with checkpoints(there / RUN / "checkpoints.db", key) as saver, index.ride(RUN, saver.ridden()) as events:
        saver.carry(events)
        yield Owner(index, saver, there)
        index.forget_staged()
    index.close()


def told(there: Path) -> list[str]:
    """What another process reads."""
    index = SqliteIndex(there / "runs.db")
    found = [str(event.data["outcome"]) for _, event in index.events(RUN)]
    index.close()
    return found


def test_events_alone_wait_for_the_checkpoint_and_for_nothing_else(tmp_path: Path) -> None:
    with owner(tmp_path) as here:
        here.index.emit(an_event(1))
        here.index.settle()
        assert (told(tmp_path), here.rides()) == ([], 0)
        here.put()
        assert (told(tmp_path), here.rides()) == ([], 1)


def test_a_blob_does_not_wait_for_the_checkpoint_that_refers_to_it(tmp_path: Path) -> None:
    with owner(tmp_path) as here:
        here.index.emit(an_event(1))
        digest = StoredBlobs(here.index, tmp_path / "blobs").put(b"text")
        here.index.settle()
        other = SqliteIndex(tmp_path / "runs.db")
        assert other.blob(digest) == b"text"
        other.close()
        assert told(tmp_path) == ["1"]


def test_an_event_of_another_run_does_not_wait(tmp_path: Path) -> None:
    with owner(tmp_path) as here:
        here.index.emit(an_event(1, RunId("20260101-bbbbbb")))
        here.index.settle()
        assert here.index.read("SELECT count(*) FROM events") == [(1,)]


def test_what_has_arrived_is_cleared_with_the_next_checkpoint(tmp_path: Path) -> None:
    with owner(tmp_path) as here:
        here.index.emit(an_event(1))
        here.put()
        here.index.flush()
        assert (told(tmp_path), here.rides()) == (["1"], 1)
        here.put()
        assert here.rides() == 0


def test_who_goes_on_after_a_crash_brings_what_had_not_arrived_once(tmp_path: Path) -> None:
    with owner(tmp_path) as here:
        for number in (1, 2):
            here.index.emit(an_event(number))
            here.put()
        here.index.flush()
        here.index.emit(an_event(3))
        here.put()
        here.index.emit(an_event(4))
    for _ in range(2):  # also when he dies before his first checkpoint
        with owner(tmp_path):
            assert told(tmp_path) == ["1", "2", "3"]


def test_a_run_that_ends_leaves_word_that_its_events_have_arrived(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "runs.db")
    with checkpoints(tmp_path / RUN / "checkpoints.db") as saver, index.ride(RUN, saver.ridden()) as events:
        saver.carry(events)
        index.emit(an_event(1))
        Owner(index, saver, tmp_path).put()
    index.close()  # writes what is staged
    with owner(tmp_path):
        assert told(tmp_path) == ["1"]


def test_sealed_they_are_sealed(tmp_path: Path) -> None:
    with owner(tmp_path, KEY) as here:
        here.index.emit(an_event(1))
        here.put()
    assert b"outcome" not in (tmp_path / RUN / "checkpoints.db").read_bytes()
    with owner(tmp_path, KEY):
        assert told(tmp_path) == ["1"]


def test_one_that_somebody_put_there_unsealed_is_refused(tmp_path: Path) -> None:
    with owner(tmp_path, KEY) as here:
        here.put()
    with sqlite3.connect(tmp_path / RUN / "checkpoints.db") as db:
        db.execute("INSERT INTO riding VALUES (9, 'event', ?)", (an_event(9).model_dump_json().encode(),))
    db.close()
    with pytest.raises(StoreError, match="STORE030"), owner(tmp_path, KEY):
        pass


@pytest.mark.parametrize("seed", SEEDS)
def test_no_event_before_a_checkpoint_is_lost_and_none_is_told_twice(tmp_path: Path, seed: int) -> None:
    chance, kept, number = random.Random(seed), list[str](), 0  # noqa: S311  no secret
    for _ in range(4):
        with owner(tmp_path) as here:
            fresh = list[str]()
            for _ in range(chance.randrange(12)):
                act = chance.choice(("emit", "emit", "put", "flush"))
                if act == "emit":
                    number += 1
                    fresh.append(str(number))
                    here.index.emit(an_event(number))
                    continue
                if act == "put":
                    here.put()
                else:
                    here.index.flush()
                kept, fresh = kept + fresh, []
    with owner(tmp_path):
        assert told(tmp_path) == kept
