"""What a step may do. Default is nothing; ``meet`` only narrows.

Who enforces each field stands in one table (D7): :data:`orchestrator.policy.enforcement.HELD`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer

from orchestrator.models.base import Noun

_HOST = re.compile(r"(\*|(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)")
_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_METHOD = re.compile(r"[A-Z]{3,10}")
_PATH = re.compile(r"(/[A-Za-z0-9._~@:+=$-]+)*/?")
_MODEL = re.compile(r"\*|[a-z0-9][a-z0-9-]{0,63}/(\*|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127})")
_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}")
_SECRET = re.compile(r"[a-z][a-z0-9-]{0,63}")
_MAX_HOST = 253


def _host(value: str) -> str:
    if len(value) > _MAX_HOST or not _HOST.fullmatch(value) or _NUMERIC.fullmatch(value):
        raise ValueError("a host is a lower-case DNS name, *.name or *; never an address")
    return value


def _path(value: str) -> str:
    if not value.startswith("/") or not _PATH.fullmatch(value) or {".", ".."} & set(value.split("/")):
        raise ValueError("a path prefix starts with / and has plain components only")
    return value


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(what)
        return value

    return AfterValidator(check)


Host = Annotated[str, AfterValidator(_host)]
Method = Annotated[str, _matching(_METHOD, "a method is an upper-case word such as GET")]
PathPrefix = Annotated[str, AfterValidator(_path)]
ModelPattern = Annotated[str, _matching(_MODEL, "a model is ENDPOINT/MODEL, ENDPOINT/* or *")]
ProgramName = Annotated[str, _matching(_PROGRAM, "a program is a plain file name such as curl, without a folder")]
SecretName = Annotated[str, _matching(_SECRET, "a secret's name has small letters, digits and hyphens")]


class Enforcement(StrEnum):
    """Who holds a limit."""

    KERNEL = "kernel"
    COPY = "copy"
    BROKER = "broker"
    HOST = "host"
    ADVISORY = "advisory"


class DataClass(StrEnum):
    """What a step gets to see. With ``restricted`` data only endpoints labelled ``local`` answer it."""

    OPEN = "open"
    RESTRICTED = "restricted"


class Egress(Noun):
    """One host that a step may reach through the broker, over TLS.

    ``host`` is exact, ``*.name`` (any name below it, not itself) or ``*``.
    ``paths`` are prefixes that end at a component: ``/simple`` covers ``/simple``
    and ``/simple/x``, not ``/simplest``. ``max_kib`` counts the bytes of bodies and heads both ways with
    one concrete host over the whole step: a rule lets a request through while that host's count is below it.
    """

    host: Host
    port: int = Field(default=443, ge=1, le=65535)
    methods: tuple[Method, ...] = ("GET", "HEAD")
    paths: tuple[PathPrefix, ...] = ("/",)
    max_kib: int = Field(default=10_240, ge=0)


class Limits(Noun):
    """Ceilings of one step.

    Up to ``output_kib`` they are one container's, enforced by the kernel or the
    supervisor and probed (D8). ``egress_kib`` (all hosts together), ``tokens`` (input
    and output together) and ``cost_usd`` are the broker's, over all attempts. Without
    ``cost_usd`` money is not counted; under one a model of unknown price is refused.
    """

    cpus: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    memory_mib: int = Field(default=1024, ge=64)
    pids: int = Field(default=128, ge=16)
    disk_mib: int = Field(default=256, ge=8)
    inodes: int = Field(default=50_000, ge=256)
    wall_seconds: int = Field(default=600, ge=1)
    output_kib: int = Field(default=1024, ge=1)
    egress_kib: int = Field(default=102_400, ge=0)
    tokens: int = Field(default=2_000_000, ge=0)
    cost_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def meet(self, other: Limits) -> Limits:
        """The lower of each; of two costs the one that is set."""
        lower = {n: min(getattr(self, n), getattr(other, n)) for n in type(self).model_fields if n != "cost_usd"}
        costs = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Limits(**lower, cost_usd=min(costs, default=None))

    def __le__(self, other: Limits) -> bool:
        """Whether no ceiling here is above the other's."""
        return self.meet(other) == self


class Capabilities(Noun):
    """The grant of one step.

    ``read`` and ``write`` are gitignore-like globs relative to the root of the
    tree (``src/**``, ``docs/*.md``, ``README.md``). ``write`` is enforced by the
    kernel (modes inside the container) and again on the way out; ``read`` by
    what is copied in. ``protected`` paths are never writable without their own
    grant in ``write_protected``. ``commands`` is advisory: an agent has a shell. ``refused`` are programs that must not
    run: they are looked for from outside, and one that is seen ends the step. Of two grants both lists count.
    ``models`` are ``endpoint/model`` names of the user's own configuration. ``secrets`` are
    names; the broker adds the header to requests for the secret's host, and nothing inside can read the value (D7).
    """

    read: tuple[str, ...] = ("**",)
    write: tuple[str, ...] = ()
    write_protected: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    refused: tuple[ProgramName, ...] = ()
    egress: tuple[Egress, ...] = ()
    models: tuple[ModelPattern, ...] = ()
    secrets: tuple[SecretName, ...] = ()
    data: DataClass = DataClass.OPEN
    limits: Limits = Limits.model_construct()

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A grant that refuses nothing is written as before refusals were known: what was approved keeps its digest."""
        told: dict[str, Any] = handler(self)
        if not self.refused:
            told.pop("refused", None)
        return told
