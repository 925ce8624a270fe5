"""Cassettes: what went out and came back, as lines of JSON (``handrail.cassette/1``), and their replay offline.

The first line names the schema. Each further line is one exchange in the order in which requests were sent:
``n``, ``method``, ``host``, ``target``, ``digest`` and ``body`` of the request; ``status``, ``headers`` and ``pieces``
of the answer, each piece ``[milliseconds, text]`` or ``[milliseconds, null, base64]``; and ``end``: ``complete``,
``cut`` (with ``code`` and ``words``), ``left`` (the sandbox went away) or ``capped``. Credentials are never in it:
they are added after what is recorded, and any secret value that turns up in a body is masked.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, cast

from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker
from orchestrator.broker.setup import MAX_CASSETTE_BYTES, DriftPolicy
from orchestrator.broker.upstream import Cut, Origin, Outgoing, Resolve
from orchestrator.models.ids import Digest, canonical, sha256

SCHEMA = "handrail.cassette/1"
MAX_ANSWER_BYTES = 32 * 1024 * 1024
_KEPT_HEADERS = frozenset({"content-type", "content-length", "location", "etag", "retry-after", "content-encoding"})


class Reply(Protocol):
    """An answer whose head has come. ``notes`` are codes and words for the record of the exchange."""

    status: int
    headers: list[tuple[str, str]]
    notes: list[tuple[str, str]]

    def get(self, name: str) -> str:
        """A header's value, '' without one."""
        ...

    async def piece(self) -> bytes:
        """What is ready of the body; ``b""`` at its end. Raises :class:`Cut`."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


class Sender(Protocol):
    """Sends a request: to its upstream, past a recorder, or into a recording."""

    async def request(self, origin: Origin, resolve: Resolve, outgoing: Outgoing) -> Reply:
        """Raises :class:`Refusal`."""
        ...


def request_digest(outgoing: Outgoing, masker: Masker) -> Digest:
    """Of method, target and body; a JSON body counts by its values, not by its spacing or order of names."""
    body = masker.data(outgoing.body)
    with contextlib.suppress(ValueError, RecursionError):
        body = canonical(json.loads(body))
    return sha256(f"{outgoing.method} {outgoing.target}\n".encode() + body)


class Recorder:
    """Writes each exchange of ``inner`` to ``path`` when it is over."""

    def __init__(self, inner: Sender, path: Path, masker: Masker) -> None:
        self._inner, self._path, self._masker = inner, path, masker
        self._count = self._written = 0
        path.touch(mode=0o600)
        self._append({"schema": SCHEMA})

    async def request(self, origin: Origin, resolve: Resolve, outgoing: Outgoing) -> Reply:
        """As :class:`Sender`. A request that got no answer is not recorded: there is nothing to replay."""
        self._count += 1
        told = {
            "n": self._count,
            "method": outgoing.method,
            "host": origin.host,
            "target": self._masker.text(outgoing.target),
            "digest": request_digest(outgoing, self._masker),
            "body": _packed(self._masker.data(outgoing.body)),
        }
        return _Recorded(await self._inner.request(origin, resolve, outgoing), told, self)

    def finish(self, told: dict[str, Any], reply: Reply, pieces: list[tuple[int, bytes]]) -> None:
        """The exchange is over."""
        headers = [[n, self._masker.text(v)] for n, v in reply.headers if n in _KEPT_HEADERS]
        whole, place, masked = self._masker.data(b"".join(data for _, data in pieces)), 0, list[list[Any]]()
        for at, data in pieces:
            masked.append([at, *_packed(whole[place : place + len(data)])])
            place += len(data)
        self._append({**told, "status": reply.status, "headers": headers, "pieces": masked})

    def _append(self, line: dict[str, Any]) -> None:
        data = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        if self._written + len(data) > MAX_CASSETTE_BYTES:
            return
        self._written += len(data)
        with self._path.open("ab") as file:
            file.write(data)


class _Recorded:
    """Passes an answer on and keeps it."""

    def __init__(self, inner: Reply, told: dict[str, Any], recorder: Recorder) -> None:
        self._inner, self._told, self._recorder = inner, told, recorder
        self.status, self.headers, self.notes = inner.status, inner.headers, inner.notes
        self._pieces: list[tuple[int, bytes]] = []
        self._bytes, self._began, self._capped = 0, time.monotonic(), False
        self._told["end"] = "left"

    def get(self, name: str) -> str:
        return self._inner.get(name)

    async def piece(self) -> bytes:
        try:
            data = await self._inner.piece()
        except Cut as cut:
            self._told |= {"end": "cut", "code": cut.code, "words": cut.words}
            raise
        self._capped |= self._bytes + len(data) > MAX_ANSWER_BYTES
        if not data:
            self._told["end"] = "capped" if self._capped else "complete"
        elif not self._capped:
            self._bytes += len(data)
            self._pieces.append((int((time.monotonic() - self._began) * 1000), data))
        return data

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._capped:
            self._told["end"] = "capped"
        self._recorder.finish(self._told, self, self._pieces)
        await self._inner.__aexit__(*error)


@dataclass(slots=True)
class Recording:
    """One exchange of a cassette."""

    number: int
    method: str
    target: str
    digest: str
    body: bytes
    status: int
    headers: list[tuple[str, str]]
    pieces: list[bytes]
    end: str
    words: str
    code: str
    notes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def load(data: bytes) -> list[Recording]:
    """The exchanges by number. Raises :class:`Refusal` (``BRK003``) for what is no cassette of this version."""
    lines = data.splitlines()
    try:
        head: Any = json.loads(lines[0]) if lines else None
        if head != {"schema": SCHEMA}:
            raise _unreadable(f"its first line does not say {SCHEMA}")
        found = [_recording(json.loads(line)) for line in lines[1:]]
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error, RecursionError) as error:
        raise _unreadable(f"{type(error).__name__} in a line") from None
    numbers = [recording.number for recording in found]
    if len(set(numbers)) != len(numbers):
        raise _unreadable("a number stands twice")
    return sorted(found, key=lambda recording: recording.number)


def _unreadable(why: str) -> Refusal:
    return Refusal("BRK003", 502, f"the cassette cannot be replayed: {why}")


def _recording(line: dict[str, Any]) -> Recording:
    if line["end"] not in {"complete", "cut", "left", "capped"}:
        raise ValueError("an unknown end")
    return Recording(
        number=int(line["n"]),
        method=str(line["method"]),
        target=str(line["target"]),
        digest=str(line["digest"]),
        body=_unpacked(line["body"]),
        status=int(line["status"]),
        headers=[(str(name), str(value)) for name, value in line["headers"]],
        pieces=[_unpacked(piece[1:]) for piece in line["pieces"]],
        end=line["end"],
        words=str(line.get("words", "")),
        code=str(line.get("code", "")),
    )


class Replayer:
    """Answers from a recording, in its order. Nothing leaves the machine."""

    def __init__(self, recordings: list[Recording], drift: DriftPolicy, masker: Masker) -> None:
        self._left, self._drift, self._masker = list(recordings), drift, masker

    @property
    def left(self) -> int:
        """Exchanges that nobody has asked for."""
        return len(self._left)

    async def request(self, origin: Origin, resolve: Resolve, outgoing: Outgoing) -> Reply:
        """Raises :class:`Refusal`: ``BRK050`` nothing like it is left, ``BRK051`` it differs under a strict policy."""
        del resolve
        path = outgoing.target.partition("?")[0]
        fitting = [r for r in self._left if (r.method, r.target.partition("?")[0]) == (outgoing.method, path)]
        if not fitting:
            raise Refusal("BRK050", 404, f"the recording has no further {outgoing.method} {path} on {origin.host}")
        digest = request_digest(outgoing, self._masker)
        same = [recording for recording in fitting if recording.digest == digest]
        chosen = (same or fitting)[0]
        if not same:
            words = f"drift: request differs from recorded exchange {chosen.number} at {difference(chosen, outgoing)}"
            if self._drift is DriftPolicy.STRICT:
                raise Refusal("BRK051", 404, words)
            chosen.notes.append(("BRK052", words))
        elif chosen is not self._left[0]:
            chosen.notes.append(("BRK052", f"drift: exchange {chosen.number} was asked for out of its order"))
        self._left.remove(chosen)
        return _Replayed(chosen)


class _Replayed:
    """One recorded answer."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._pieces = iter(recording.pieces)
        self.status, self.headers, self.notes = recording.status, recording.headers, recording.notes

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    async def piece(self) -> bytes:
        data = next(self._pieces, b"")
        if not data and self._recording.end == "cut":
            raise Cut(self._recording.code or "BRK043", self._recording.words or "broke off, as recorded")
        if not data and self._recording.end != "complete":
            raise Cut("BRK054", "answer goes on, and its recording does not")
        return data

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return


def difference(recording: Recording, outgoing: Outgoing) -> str:
    """The place of the first difference, as a JSON path; never the values."""
    try:
        one, two = cast("object", json.loads(recording.body)), cast("object", json.loads(outgoing.body))
    except (ValueError, RecursionError):
        return "its body"
    return _first(one, two, "$") or "its query"


def _first(one: object, two: object, place: str) -> str:
    if isinstance(one, dict) and isinstance(two, dict):
        left, right = cast("dict[str, object]", one), cast("dict[str, object]", two)
        for name in (*left, *(n for n in right if n not in left)):
            if name not in left or name not in right:
                return f"{place}.{name}"
            if found := _first(left[name], right[name], f"{place}.{name}"):
                return found
        return ""
    if isinstance(one, list) and isinstance(two, list):
        lefts, rights = cast("list[object]", one), cast("list[object]", two)
        for number, (a, b) in enumerate(zip(lefts, rights, strict=False)):
            if found := _first(a, b, f"{place}[{number}]"):
                return found
        return "" if len(lefts) == len(rights) else f"{place}[{min(len(lefts), len(rights))}]"
    return "" if one == two else place


def _packed(data: bytes) -> list[Any]:
    try:
        return [data.decode()]
    except UnicodeDecodeError:
        return [None, base64.b64encode(data).decode()]


def _unpacked(packed: list[Any]) -> bytes:
    if packed[0] is None:
        return base64.b64decode(packed[1], validate=True)
    return str(packed[0]).encode()
