"""What a machine says of the cluster that it belongs to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.models.base import Noun

Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,30}$")]
"""Something that a machine has and a run may need: ``docker``, ``runsc``, ``gpu``, …"""


class Cluster(Noun):
    """``cluster.yaml``. ``database`` is a connection string of libpq, ``shared`` a folder that every machine has.

    ``lease_seconds`` is how long a run is its worker's without a sign of life; the same on all machines.
    """

    format: Literal["handrail.cluster/1"] = Field(alias="schema")
    database: str = Field(min_length=1, max_length=4096)
    shared: str = Field(pattern=r"^/")
    lease_seconds: float = Field(default=30.0, ge=1.0, le=600.0)
