"""Requirements files, read strictly: pip's format without whatever reaches outside an index.

Of the format of pip's requirements files only this is taken: comments, continued lines, PEP 508
requirements by name, ``--hash``, and ``-r`` of a file that is among the inputs anyway. Everything
else is refused, so that no line of a repository can choose an index, a path, or code to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.manifest import read_manifest
from orchestrator.sandbox.wanted import Target, Wanted

MAX_BYTES = 4 << 20
_HASH = re.compile(r"\s--hash=((?:sha256:[0-9a-f]{64})|(?:sha384:[0-9a-f]{96})|(?:sha512:[0-9a-f]{128}))(?=\s|$)")
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]\s*(\S+)")
_ITSELF = re.compile(r"(?:(?:-e|--editable)[\s=]?\s*)?\.(?:\[([\w\s,.-]*)\])?")
_INDEX = re.compile(r"-i\b|--(index-url|extra-index-url|find-links|trusted-host|no-index|pre\b|proxy|cert)|-f\b")
_ELSEWHERE = re.compile(r"-e\b|--editable|~|[^;\s]*/|[^;\s]*\.(whl|zip|tar\.\w+)\b|[^;]*@", re.IGNORECASE)


def read_requirements(files: Mapping[str, bytes], target: Target) -> tuple[Wanted, ...]:
    """All requirements whose markers hold on ``target``, without repeats.

    Raises :class:`SandboxUnavailable`: ``ENV002`` unreadable, ``ENV003`` a URL, path, repository or
    editable, ``ENV004`` an index or other option, ``ENV005`` an include or constraint that is not an input,
    ``ENV006`` some lines with hashes and some without.
    """
    wanted: dict[str, Wanted] = {}
    for path in sorted(files):
        for number, line in _lines(path, files[path]) if path.endswith((".txt", ".in")) else ():
            for item in _items(f"{path}:{number}", line, path, files, target):
                wanted.setdefault(item.line(), item)
    found = tuple(wanted.values())
    bare = [item.place for item in found if not item.hashes]
    if bare and len(bare) < len(found):
        hint = "give every requirement a hash, or none (`uv pip compile --generate-hashes`)"
        raise SandboxUnavailable("ENV006", "some requirements have hashes and some have none", hint, bare)
    return found


def _items(place: str, line: str, path: str, files: Mapping[str, bytes], target: Target) -> tuple[Wanted, ...]:
    """What one line asks for. ``-e .`` asks for what the project's own manifest names."""
    itself = _ITSELF.fullmatch(line)
    if itself is None:
        item = _wanted(place, line, path, files)
        return () if item is None or not target.holds(item.requirement) else (item,)
    if "pyproject.toml" not in files:
        hint = "list pyproject.toml beside it in the profile's requirements, or remove the line"
        raise SandboxUnavailable("ENV003", f"{place} installs the project, whose manifest is not an input", hint)
    extras = [extra.strip() for extra in (itself[1] or "").split(",") if extra.strip()]
    return read_manifest("pyproject.toml", files["pyproject.toml"], target, extras)


def _lines(path: str, data: bytes) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first line."""
    if len(data) > MAX_BYTES:
        raise _unreadable(f"{path}:1", f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"{path}:1", "it is not UTF-8") from error
    start, pending = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if pending else number
        line = _COMMENT.sub("", raw).rstrip()
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield start, (pending + line).strip()
        pending = ""
    if pending:
        yield start, pending.strip()


def _unreadable(place: str, what: str) -> SandboxUnavailable:
    return SandboxUnavailable("ENV002", f"{place} cannot be read as a requirement: {what}", "write `name==version`")


def _wanted(place: str, line: str, path: str, files: Mapping[str, bytes]) -> Wanted | None:
    if not line or _include(place, line, path, files):
        return None
    if _INDEX.match(line):
        hint = "leave indexes to pip's own configuration; `uv pip compile --no-emit-index-url` writes none"
        raise SandboxUnavailable("ENV004", f"{place} sets an option of pip: {line[:80]!r}", hint)
    if _ELSEWHERE.match(line):
        hint = "name a released version (`name==version`); the project itself is in the tree and needs no line"
        raise SandboxUnavailable("ENV003", f"{place} takes code from a place, not an index: {line[:80]!r}", hint)
    if line.startswith("-"):
        raise SandboxUnavailable("ENV004", f"{place} sets an option of pip: {line[:80]!r}", "remove the line")
    return _parse(place, line)


def _include(place: str, line: str, path: str, files: Mapping[str, bytes]) -> bool:
    match = _INCLUDE.fullmatch(line)
    if match is None and not line.startswith(("-c", "--constraint")):
        return False
    if match is not None and str(PurePosixPath(path).parent / match[1]) in files:
        return True  # it is read on its own
    hint = "list the included file in the repository's profile, or compile both into one file"
    raise SandboxUnavailable("ENV005", f"{place} includes a file that is not an input: {line[:80]!r}", hint)


def _parse(place: str, line: str) -> Wanted:
    hashes = tuple(sorted(set(_HASH.findall(line))))
    text = _HASH.sub("", line).strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise _unreadable(place, str(error).splitlines()[0]) from error
    return Wanted(requirement, hashes, place)
