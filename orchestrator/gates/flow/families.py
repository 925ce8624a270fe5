"""All families of our own rules. Who only tells a finding needs no more than this of the data flow."""

from __future__ import annotations

from orchestrator.gates.flow.rule import Family, Rule
from orchestrator.gates.flow.rules import (
    assumed,
    bare,
    chance,
    code,
    connections,
    deserialise,
    files,
    fresh,
    handed_in,
    hidden,
    lenient,
    process,
    queries,
    settings,
    trust,
    versions,
    web,
)

__all__ = ["FAMILIES", "RULES", "table", "told"]

FAMILIES: tuple[Family, ...] = (
    code.FAMILY,
    process.FAMILY,
    deserialise.FAMILY,
    files.FAMILY,
    web.FAMILY,
    queries.FAMILY,
    trust.FAMILY,
    versions.FAMILY,
    hidden.FAMILY,
    assumed.FAMILY,
    settings.FAMILY,
    chance.FAMILY,
    connections.FAMILY,
    handed_in.FAMILY,
    fresh.FAMILY,
    bare.FAMILY,
    lenient.FAMILY,
)
RULES: dict[str, Rule] = {rule.code: rule for family in FAMILIES for rule in family.rules}


def table() -> list[list[object]]:
    """Of each rule what decides beside its code: what a gate's configuration is the digest of."""
    return [[r.code, r.cwe, r.severity, r.disposition] for r in RULES.values()]


def told(_: bytes) -> dict[str, object]:
    """The table as a scanner's answer."""
    return {"rules": table()}
