"""What a change adds, updates and removes of the packages that a project names: a CycloneDX 1.6 document (ECMA-424).

``components`` are those that are new or have another version, each with a package URL where its ecosystem has one; what
is gone stands in the metadata. The same change gives the same bytes: there is no time in it, and its serial number
comes from the trees. It is made by the readers of the gate ``dependencies`` alone: no index is asked.

Not in it: licences, packages that the change leaves as they are, and manifests that cannot be read (they are named).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from orchestrator import __version__
from orchestrator.gates.changes.sides import Side, sides
from orchestrator.gates.kinds.manifests import Dependency, Manifest
from orchestrator.gates.kinds.readers import reader_of
from orchestrator.models.changed import ChangedFile
from orchestrator.ports import Candidate

__all__ = ["difference"]

_SPACE = uuid.UUID("8d1cf3a6-6f0e-5b52-9a53-0f2f8f1c8e55")
_PURL = {"PyPI": "pypi", "npm": "npm", "crates.io": "cargo", "Go": "golang"}
_Row = tuple[Dependency, Dependency | None, str]


def difference(candidate: Candidate) -> dict[str, Any]:
    """A JSON object that the schema of CycloneDX 1.6 accepts."""
    rows, gone, unread = list[_Row](), list[_Row](), list[str]()
    for file in candidate.files:
        if not any(p and reader_of(p) for p in (file.path, file.old_path)):
            continue
        head, base = sides(candidate, file)
        try:
            new, old = _read(head), _read(base)
        except ValueError:
            unread.append(file.path)
            continue
        rows += _rows(new, old, file)
        gone += [(d, None, file.path) for d in old.values() if d.key not in new]
    identity = candidate.identity
    properties = [
        _property("base", identity.tip),
        _property("tree", identity.tree),
        *(_property("removed", _reference(d, path)) for d, _, path in gone),
        *(_property("unread", path) for path in unread),
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, identity.tip + identity.tree)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "handrail", "version": __version__}]},
            "properties": properties,
        },
        "components": [_component(*row) for row in rows],
    }


def _read(side: Side | None) -> dict[tuple[str, str], Dependency]:
    reader = reader_of(side.path) if side else None
    try:
        manifest = reader(side.data.decode("utf-8-sig")) if side and reader else Manifest()
    except (RecursionError, AttributeError, TypeError) as error:
        raise ValueError("not readable") from error
    return {d.key: d for d in manifest.dependencies}


def _rows(
    new: dict[tuple[str, str], Dependency], old: dict[tuple[str, str], Dependency], file: ChangedFile
) -> Iterator[_Row]:
    for key, dependency in new.items():
        before = old.get(key)
        if before is None or (before.version, before.spec, before.source) != _asked(dependency):
            yield dependency, before, file.path


def _asked(dependency: Dependency) -> tuple[str, str, str]:
    return dependency.version, dependency.spec, dependency.source


def _component(dependency: Dependency, before: Dependency | None, path: str) -> dict[str, Any]:
    told = [_property("change", "updated" if before else "added"), _property("file", path)]
    if before:
        told.append(_property("from", before.version or before.spec or before.source or "any"))
    if dependency.source:
        told.append(_property("source", dependency.source))
    purl = _package_url(dependency)
    return {
        "type": "library",
        "bom-ref": _reference(dependency, path),
        "name": dependency.name,
        **({"version": dependency.version} if dependency.version else {}),
        **({"purl": purl} if purl else {}),
        "properties": told,
    }


def _package_url(dependency: Dependency) -> str:
    """'' for what comes from an address: a package URL would name another thing."""
    kind = _PURL.get(dependency.ecosystem)
    if kind is None or dependency.source:
        return ""
    name = "/".join(quote(part, safe="") for part in dependency.name.split("/"))
    return f"pkg:{kind}/{name}" + (f"@{quote(dependency.version, safe='')}" if dependency.version else "")


def _reference(dependency: Dependency, path: str) -> str:
    """One package may stand in several files."""
    return f"{path}#{_package_url(dependency) or f'{dependency.ecosystem}/{dependency.name}'}"


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"handrail:{name}", "value": value}
