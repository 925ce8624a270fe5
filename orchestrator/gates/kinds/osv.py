"""Known vulnerabilities from an export of OSV: a zip archive or a folder of its JSON files, read from disk alone.

The form is the OSV schema 1.x. An export is brought up to date by putting a
newer one in its place; nothing is fetched. A version that cannot be compared
counts as affected when its package is named.

Not checked: how old the export is (its digest is in the gate's configuration).
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from orchestrator.errors import GateBroken
from orchestrator.models.ids import Digest

__all__ = ["Vulnerabilities", "Vulnerability"]

_ENTRY_LIMIT_BYTES = 4 * 1024**2
_ENTRIES_LIMIT = 2_000_000


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """``fixed`` are versions without it, as the export says, in its order."""

    id: str
    summary: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]


class Vulnerabilities:
    """One export. Raises ``GateBroken`` (``GATE040``) whenever it cannot be read whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def digest(self) -> Digest:
        """Of the archive's bytes, or of names, sizes and times of a folder's files."""
        try:
            if self._path.is_file():
                with self._path.open("rb") as stream:
                    return Digest("sha256:" + hashlib.file_digest(stream, "sha256").hexdigest())
            seen = hashlib.sha256()
            for file in self._files():
                state = file.stat()
                seen.update(f"{file.name} {state.st_size} {state.st_mtime_ns}\n".encode())
            return Digest("sha256:" + seen.hexdigest())
        except OSError as error:
            raise self._broken(error) from error

    def of(self, wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], tuple[Vulnerability, ...]]:
        """For each (ecosystem, name, version) what is known about it. One pass over the export."""
        asked = list(wanted)
        known: dict[tuple[str, str], list[Mapping[str, Any]]] = {(eco, _name(eco, name)): [] for eco, name, _ in asked}
        if not known:
            return {}
        # Most entries are of other packages: a search of the bytes spares parsing them.
        marks = re.compile("|".join(_spelling(name) for _, name in known).encode(), re.IGNORECASE)
        for raw in self._entries():
            if marks.search(raw):
                self._sort_in(raw, known)
        return {one: tuple(_hits(known[one[0], _name(*one[:2])], *one)) for one in asked}

    def _sort_in(self, raw: bytes, known: Mapping[tuple[str, str], list[Mapping[str, Any]]]) -> None:
        try:
            entry: Mapping[str, Any] = json.loads(raw)
            if entry.get("withdrawn"):
                return
            packages = {
                (str(a["package"]["ecosystem"]).partition(":")[0], str(a["package"]["name"]))
                for a in entry.get("affected", ())
                if "package" in a
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._broken(error) from error
        for ecosystem, name in packages:
            if (key := (ecosystem, _name(ecosystem, name))) in known:
                known[key].append(entry)

    def _entries(self) -> Iterator[bytes]:
        try:
            if self._path.is_dir():
                yield from (file.read_bytes() for file in self._files())
                return
            with zipfile.ZipFile(self._path) as archive:
                yield from (archive.read(info) for info in _infos(archive))
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise self._broken(error) from error

    def _files(self) -> list[Path]:
        files = sorted(self._path.rglob("*.json"))
        if not files:
            raise FileNotFoundError("no JSON files in it")
        return files

    def _broken(self, error: Exception) -> GateBroken:
        text = f"the export of known vulnerabilities cannot be read: {type(error).__name__}: {error}"
        return GateBroken("GATE040", text, "put a whole OSV export (all.zip) where the preference names it")


def _infos(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = [i for i in archive.infolist() if i.filename.endswith(".json")]
    if not infos or len(infos) > _ENTRIES_LIMIT or any(i.file_size > _ENTRY_LIMIT_BYTES for i in infos):
        raise ValueError("no entries, or too many or too large ones")
    return infos


def _spelling(name: str) -> str:
    """A name with any of the separators that are taken for the same, also as an escaped solidus."""
    return "".join("[-_.]+" if c in "-_." else r"\\?/" if c == "/" else re.escape(c) for c in name)


def _name(ecosystem: str, name: str) -> str:
    return canonicalize_name(name) if ecosystem == "PyPI" else name


def _hits(entries: Iterable[Mapping[str, Any]], ecosystem: str, name: str, version: str) -> Iterator[Vulnerability]:
    for entry in entries:
        mine = [
            a
            for a in entry["affected"]
            if "package" in a
            and str(a["package"]["ecosystem"]).partition(":")[0] == ecosystem
            and _name(ecosystem, str(a["package"]["name"])) == _name(ecosystem, name)
        ]
        if any(_affects(a, version) for a in mine):
            fixed = [str(e["fixed"]) for a in mine for r in _ranges(a) for e in r.get("events", ()) if "fixed" in e]
            aliases = tuple(str(a) for a in entry.get("aliases", ()))
            yield Vulnerability(str(entry.get("id")), str(entry.get("summary", "")), aliases, tuple(fixed))


def _ranges(affected: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [r for r in affected.get("ranges", ()) if r.get("type") != "GIT"]


def _affects(affected: Mapping[str, Any], version: str) -> bool:
    if version in affected.get("versions", ()):
        return True
    ranges = _ranges(affected)
    return any(_within(r.get("events", ()), version) for r in ranges) if ranges else not affected.get("versions")


def _within(events: Iterable[Mapping[str, Any]], version: str) -> bool:
    """The schema's own evaluation: events in order of versions, each switching the state."""
    try:
        mine = Version(version)
        told = sorted((_at(str(text)), kind) for event in events for kind, text in event.items() if kind != "limit")
    except InvalidVersion:
        return True
    vulnerable = False
    for at, kind in told:
        if kind == "introduced" and mine >= at:
            vulnerable = True
        elif (kind == "fixed" and mine >= at) or (kind == "last_affected" and mine > at):
            vulnerable = False
    return vulnerable


def _at(text: str) -> Version:
    return Version("0.dev0" if text == "0" else text)
