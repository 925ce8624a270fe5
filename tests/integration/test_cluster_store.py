"""A cluster's database: the same index, one owner at a time, separate roles, what is said when it cannot be used."""

import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypedDict

import psycopg
import pytest
from cluster_store_support import REPOSITORY, RUN, opened
from cluster_support import server
from langgraph.graph import END, START, StateGraph

from orchestrator.errors import StoreError, UsageError
from orchestrator.store import budgets, timers
from orchestrator.store.carrying import Travelling, note, rows_of, take_in, travelling
from orchestrator.store.checkpoints import serializer
from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster import pools, schema
from orchestrator.store.cluster.lease import lease
from orchestrator.store.cluster.pools import open_pool
from orchestrator.store.cluster.saver import FencedSaver
from orchestrator.store.index import StoredIndex

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit"))
from test_store import (
    NOW,
    a_run,
    an_item,
    test_an_altered_blob_is_refused,
    test_items_of_runs_that_are_over_no_longer_wait,
    test_many_threads_write_one_index,
    test_one_decision_a_key_and_none_after_the_end,
    test_rows_are_what_the_models_say,
    test_runs_come_newest_first_and_unknown_ones_are_refused,
    test_the_first_result_of_an_effect_stays,
)

__all__ = [
    "test_an_altered_blob_is_refused",
    "test_items_of_runs_that_are_over_no_longer_wait",
    "test_many_threads_write_one_index",
    "test_one_decision_a_key_and_none_after_the_end",
    "test_rows_are_what_the_models_say",
    "test_runs_come_newest_first_and_unknown_ones_are_refused",
    "test_the_first_result_of_an_effect_stays",
]
pytest_plugins = ("cluster_store_fixtures",)
pytestmark = [pytest.mark.slow]


def test_what_is_kept_beside_the_runs_is_kept_here_too(base, index):
    theirs = StoredIndex(base)
    theirs.add_run(a_run(RUN))
    park = timers.StoredTimers(theirs)
    assert park.park(RUN, "R1", NOW, an_item("R1", RUN)) == NOW
    assert park.fire(NOW) == (RUN,)
    assert park.fired("R1") is not None
    assert index.outcome("R1") == "expired"
    spend = budgets.StoredBudgets(theirs, RUN, 10)
    assert [spend.reserve("k", 6, 0.5), spend.reserve("k", 6, 0.5)] == [True, False]
    spend.settle("k", 3, 0.25)
    assert spend.spent() == (3, 0.25)
    note(index, RUN, Travelling("origin", held=True, sequence=1, tip="0" * 40))
    rows = rows_of(index, RUN)
    now = Travelling("origin", held=True, sequence=2, tip="1" * 40)
    take_in(index, a_run(RUN), rows, now)
    assert travelling(index, RUN) == now
    assert rows_of(index, RUN) == rows


def test_a_decision_counts_what_it_adds_itself(index):
    index.add_run(a_run(RUN))
    index.add_item(an_item("R1", RUN))
    assert index.add_decision("R1", "k1", b"1", lambda lines: "approve" if len(lines) == 2 else None) is None
    assert index.add_decision("R1", "k2", b"2", lambda lines: "approve" if len(lines) == 2 else None) == "approve"
    assert index.outcome("R1") == "approve"


def test_events_have_no_gaps_and_come_in_the_order_of_their_commits(base, index):
    theirs = StoredIndex(base)
    for one in (theirs, index, theirs):
        one.add_run(a_run(f"r{time.monotonic_ns()}"))
    with base.transaction() as db:
        db.execute("INSERT INTO events (run, document) VALUES (?, ?)", (RUN, "{}"))
    with pytest.raises(StoreError):
        broken(base)
    with base.transaction() as db:
        db.execute("INSERT INTO events (run, document) VALUES (?, ?)", (RUN, "{}"))
    assert base.read("SELECT number FROM events ORDER BY number") == [(1,), (2,)]


def broken(base):
    with base.transaction() as db:
        db.execute("INSERT INTO events (run, document) VALUES (?, ?)", (RUN, "{}"))
        db.execute("SELECT 1 / 0")


class State(TypedDict):
    count: int
    words: list[str]
    name: str


def _graph(saver, steps):
    graph = StateGraph(State)
    graph.add_node("more", lambda s: {"count": s["count"] + 1, "words": [*s["words"], "w"]})
    graph.add_edge(START, "more")
    graph.add_conditional_edges("more", lambda s: "more" if s["count"] < steps else END, ["more", END])
    return graph.compile(checkpointer=saver)


@pytest.mark.parametrize("key", [None, b"k" * 32], ids=["plain", "sealed"])
def test_two_checkpoints_are_kept_and_suffice_to_go_on(base, key):
    config = {"configurable": {"thread_id": RUN}}
    with lease(base, RUN, 30.0) as owner:
        saver = FencedSaver(base.pool, serializer(RUN, key), owner)
        ended = _graph(saver, 5).invoke({"count": 0, "words": [], "name": "secret words"}, config, durability="sync")
        assert ended == {"count": 5, "words": ["w"] * 5, "name": "secret words"}
        assert base.read("SELECT count(*) FROM checkpoints") == [(2,)]
        assert base.read("SELECT count(*) FROM checkpoint_blobs")[0][0] < 20
        assert _graph(FencedSaver(base.pool, serializer(RUN, key), owner), 5).get_state(config).values == ended
        everything = base.read(
            "SELECT string_agg(c::text, '') || (SELECT string_agg(b::text, '') FROM checkpoint_blobs b)"
            " FROM checkpoints c"
        )[0][0]
        assert (b"secret words".hex() in everything) == (key is None)
        assert "secret words" not in everything


def test_state_that_did_not_come_through_the_serializer_is_refused(name, base):
    config = {"configurable": {"thread_id": RUN}}
    with lease(base, RUN, 30.0) as owner:
        saver = FencedSaver(base.pool, serializer(RUN, b"k" * 32), owner)
        graph = _graph(saver, 2)
        graph.invoke({"count": 0, "words": [], "name": ""}, config, durability="sync")
        with server().admin(name) as db:
            db.execute(f"SET search_path = {postgres.schema_of(REPOSITORY)}")
            db.execute("UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{channel_values,count}', '9')")
        with pytest.raises(StoreError, match="STORE030"):
            graph.get_state(config)
        with server().admin(name) as db:
            db.execute(f"SET search_path = {postgres.schema_of(REPOSITORY)}")
            db.execute("UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{channel_values}', '{}')")
            db.execute("UPDATE checkpoint_blobs SET type = 'msgpack'")
        with pytest.raises(StoreError, match="STORE030"):
            graph.get_state(config)


MAY = {
    "owner": {"decide", "see", "checkpoint", "end", "job", "make", "forget"},
    "person": {"decide", "see", "job", "forget"},
    "worker": {"see", "checkpoint", "end", "job"},
    "screen": {"see"},
}
TRIED = {
    "see": "SELECT * FROM runs, decisions, handrail_queue.procrastinate_jobs",
    "decide": "INSERT INTO decisions (item, keyid, envelope) VALUES ('x', gen_random_uuid()::text, '')",
    "checkpoint": "INSERT INTO checkpoints VALUES ('x', '', gen_random_uuid()::text, NULL, NULL, '{}', '{}')",
    "end": "INSERT INTO handrail.ends VALUES (floor(random() * 1e15)::bigint, 'x', 0, '', '', '[]')",
    "job": "INSERT INTO handrail_queue.procrastinate_jobs (queue_name, task_name) VALUES ('q', 't')",
    "forget": "DELETE FROM runs",
    "make": "CREATE TABLE made (id int)",
}


@pytest.mark.parametrize("login", MAY)
def test_a_role_may_do_what_it_is_for_and_no_more(name, base, login):
    del base
    for what, statement in TRIED.items():
        with postgres.connected(server().url(name, login), postgres.schema_of(REPOSITORY)) as db, ExitStack() as stack:
            if what not in MAY[login]:
                stack.enter_context(pytest.raises(psycopg.errors.InsufficientPrivilege))
            with db.transaction(force_rollback=True):
                if what == "job":
                    db.execute("SET LOCAL search_path = handrail_queue")
                db.execute(statement)


def test_another_repositorys_rows_are_not_here(name, index):
    index.add_run(a_run(RUN))
    schema.upgrade(server().url(name, "owner"), "other-0123456789ab")
    with closing(
        StoredIndex(
            postgres.PostgresDatabase(open_pool(server().url(name, "person"), postgres.schema_of("other-0123456789ab")))
        )
    ) as other:
        assert other.runs() == ()


def test_an_upgrade_can_be_repeated_and_a_broken_one_begun_again(name, base, index, monkeypatch):
    index.add_run(a_run(RUN))
    url = server().url(name, "owner")
    assert schema.upgrade(url, REPOSITORY) == ()
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setitem(schema.CHANGES, 2, ("CREATE TABLE new (id int)", "SELECT 1 / 0"))
    with pytest.raises(StoreError):
        schema.upgrade(url, REPOSITORY)
    assert base.read("SELECT version FROM store_version") == [(1,)]
    monkeypatch.setitem(schema.CHANGES, 2, ("CREATE TABLE new (id int)",))
    assert any("from version 1 to 2" in told for told in schema.upgrade(url, REPOSITORY))
    try:
        with pytest.raises(StoreError, match="STORE044"), opened(name, "worker"):
            pass
        assert index.runs()[0].id == RUN
    finally:
        with server().admin(name) as db:
            for where in (postgres.schema_of(REPOSITORY), "handrail"):
                db.execute(f"SET search_path = {where}")
                db.execute("UPDATE store_version SET version = 1")
                db.execute("DROP TABLE IF EXISTS new")


def test_a_database_that_cannot_be_used_is_said_by_its_code(name):
    good, where = server().url(name, "worker"), postgres.schema_of(REPOSITORY)
    with pytest.raises(StoreError, match="STORE042"):
        open_pool(server().url(name, "worker", "wrong"), where)
    with pytest.raises(StoreError, match="STORE041"):
        open_pool(server().url(name, "worker", port=1), where)
    with pytest.raises(StoreError, match="STORE043"):
        open_pool(good, postgres.schema_of("nobody-0123456789ab"))
    with pytest.raises(UsageError, match="CLU003"):
        open_pool("postgresql://[", where)
    with pytest.raises(UsageError, match="CLU003"):
        open_pool("no such words", where)


def backends(name, login):
    with server().admin(name) as db:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename = %s ORDER BY pid"
        return [row[0] for row in db.execute(query, (name, login)).fetchall()]


def gone(name, login):
    """A server notices within moments that a connection was dropped."""
    over = time.monotonic() + 30
    while backends(name, login):
        assert time.monotonic() < over
        time.sleep(0.05)


def test_who_advances_one_run_after_another_connects_once(name):
    with pools.kept():
        with opened(name, "worker") as first:
            assert first.read("SELECT pg_backend_pid()") == [(backends(name, "worker")[0],)]
            (there,) = backends(name, "worker")
        with opened(name, "worker") as again:
            assert again.read("SELECT pg_backend_pid()") == [(there,)]
        with opened(name, "person") as other:
            assert other.read("SELECT current_user") == [("person",)]
    gone(name, "worker")
    gone(name, "person")
    with opened(name, "worker"):
        assert there not in backends(name, "worker")
    gone(name, "worker")


def test_a_connection_that_broke_while_nobody_used_it_is_replaced(name):
    with opened(name, "worker") as base:
        (before,) = base.read("SELECT pg_backend_pid()")[0]
        with server().admin(name) as db:
            db.execute("SELECT pg_terminate_backend(%s, 10000)", (before,))
        with pytest.raises(StoreError, match="STORE041"):  # it was in use a moment ago, and is not tried
            base.read("SELECT 1")
        assert base.read("SELECT pg_backend_pid()") != [(before,)]
        (after,) = base.read("SELECT pg_backend_pid()")[0]
        time.sleep(1.1)
        with server().admin(name) as db:
            db.execute("SELECT pg_terminate_backend(%s, 10000)", (after,))
        assert base.read("SELECT pg_backend_pid()") != [(after,)]
