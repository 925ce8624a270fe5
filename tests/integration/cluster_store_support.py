"""The repository and the run of the tests of a cluster's store, and its database as a login sees it."""

from contextlib import closing, contextmanager

from cluster_support import server

from orchestrator.models.ids import RunId
from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster.pools import open_pool

REPOSITORY = "shop-0123456789ab"
RUN = RunId("20260101-aaaaaa")


@contextmanager
def opened(name, login):
    pool = open_pool(server().url(name, login), postgres.schema_of(REPOSITORY))
    with closing(postgres.PostgresDatabase(pool)) as made:
        yield made
