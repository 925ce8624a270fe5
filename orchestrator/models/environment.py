"""A project's own dependencies, by the digest of what they were built from, and the services of its tests (D5)."""

from __future__ import annotations

import re
from enum import StrEnum
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest

NPM = "npm/1"
_PLACES = frozenset({"host", "port", "user", "password", "database", "url"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TAKEN = frozenset({"PATH", "HOME", "PYTHONPATH", "TMPDIR"})

Name = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,30}$")]
Password = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class ServiceKind(StrEnum):
    POSTGRESQL = "postgresql"
    REDIS = "redis"


PORTS = {ServiceKind.POSTGRESQL: 5432, ServiceKind.REDIS: 6379}
SERVICE_MIB = {ServiceKind.POSTGRESQL: 160, ServiceKind.REDIS: 32}
"""What a service's files may take, in memory."""


def _variables(given: dict[str, str]) -> dict[str, str]:
    for name, template in given.items():
        if not _VARIABLE.fullmatch(name) or name in _TAKEN or name.startswith("LD_"):
            raise ValueError(f"{name!r} cannot be the name of a connection variable")
        try:
            parts = list(Formatter().parse(template))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        strange = [
            field for _, field, spec, turn in parts if field is not None and (field not in _PLACES or spec or turn)
        ]
        if strange or "\0" in template:
            raise ValueError(f"{name}: {strange} is none of {', '.join(sorted(_PLACES))}")
    return given


class Service(Noun):
    """A program that runs beside the project's tests, on the sandbox's own loopback and nowhere else.

    ``variables`` maps the name of an environment variable to a template with ``{host}``, ``{port}``, ``{user}``,
    ``{password}``, ``{database}`` and ``{url}``; without any there are the usual ones. The password is no secret:
    whoever can reach the service sits in the same sandbox. Redis knows neither user, password nor database name.
    """

    kind: ServiceKind
    port: Annotated[int | None, Field(ge=1024, le=65535)] = None
    user: Name = "postgres"
    password: Password = "postgres"  # noqa: S105  no secret, as said above
    database: Name = "test"
    variables: Annotated[dict[str, str], AfterValidator(_variables)] = Field(default_factory=dict)

    @property
    def listens_on(self) -> int:
        """The port, or the kind's usual one."""
        return PORTS[self.kind] if self.port is None else self.port

    def environment(self) -> dict[str, str]:
        """The connection variables as agent and acceptance get them."""
        values = {
            "host": "127.0.0.1",
            "port": str(self.listens_on),
            "user": self.user,
            "password": self.password,
            "database": self.database if self.kind is ServiceKind.POSTGRESQL else "0",
        }
        login = f"{self.user}:{self.password}@" if self.kind is ServiceKind.POSTGRESQL else ""
        values["url"] = f"{self.kind}://{login}127.0.0.1:{values['port']}/{values['database']}"
        return {name: template.format(**values) for name, template in (self.variables or _USUAL[self.kind]).items()}


_USUAL = {
    ServiceKind.POSTGRESQL: {
        "DATABASE_URL": "{url}",
        "PGHOST": "{host}",
        "PGPORT": "{port}",
        "PGUSER": "{user}",
        "PGPASSWORD": "{password}",
        "PGDATABASE": "{database}",
    },
    ServiceKind.REDIS: {"REDIS_URL": "{url}", "REDIS_HOST": "{host}", "REDIS_PORT": "{port}"},
}


class Environment(Noun):
    """``inputs`` maps each lock or requirements file to the digest of its bytes; ``recipe`` names how they were used.

    ``services`` run in the network namespace of each sandbox; they are part of what a result was obtained with.
    """

    recipe: str
    inputs: dict[str, Digest]
    image: str
    content: Digest
    packages: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def node_modules(self) -> bool:
        """Whether it holds a ``node_modules`` that belongs at the top of the tree."""
        return NPM in self.recipe.split("+")


def check_services(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """One of each kind, each on a port of its own, each variable set once. Raises ``ValueError``."""
    kinds, ports = [str(s.kind) for s in services], [str(s.listens_on) for s in services]
    names = [name for service in services for name in service.environment()]
    for what, given in (("kind of service", kinds), ("port", ports), ("variable", names)):
        twice = sorted({item for item in given if given.count(item) > 1})
        if twice:
            raise ValueError(f"the {what} {', '.join(twice)} is there twice")
    return services


Services = Annotated[tuple[Service, ...], AfterValidator(check_services)]
