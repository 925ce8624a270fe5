"""A cluster's database with one repository, as its roles see it."""

import pytest
from cluster_store_support import REPOSITORY, opened
from cluster_support import server

from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster import schema
from orchestrator.store.index import StoredIndex


@pytest.fixture(scope="module")
def name():
    """A database that was upgraded by its owner, with the roles granted."""
    made = server().database()
    assert schema.upgrade(server().url(made, "owner"), REPOSITORY)
    server().grant()
    return made


@pytest.fixture
def base(name):
    """As a worker sees it, empty."""
    tables = "runs, items, decisions, comments, events, effects, blobs, drafts, leases, timers, spending, travelling"
    with server().admin(name) as db:
        db.execute(f"SET search_path = {postgres.schema_of(REPOSITORY)}")
        db.execute(f"TRUNCATE {tables}, checkpoints, checkpoint_blobs, checkpoint_writes")
    with opened(name, "worker") as made:
        yield made


@pytest.fixture
def index(name, base):
    """As a person sees it."""
    assert base.read("SELECT count(*) FROM runs") == [(0,)]
    with opened(name, "person") as made:
        yield StoredIndex(made)
