"""Strict JSON (D21): one way to write a thing, so that nobody can say two things with one signature."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final, NoReturn, cast

import orjson

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import canonical

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 32

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
_HINT: Final = "fetch the evidence again from its writer; it was altered or made by another program"


def invalid(code: str, message: str, hint: str = _HINT) -> EvidenceInvalid:
    """The error of this room."""
    return EvidenceInvalid(code, message, hint)


class _Repeated(ValueError):
    pass


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _Repeated
    return out


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _too_deep(data: bytes) -> bool:
    depth = 0
    for byte in _BRACKETS.findall(_STRINGS.sub(b"", data)):
        depth += 1 if byte in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def parse(data: bytes, what: str, cap_bytes: int = MAX_BYTES) -> object:
    """JSON without repeated keys, NaN, or more than 32 levels. Raises ``EvidenceInvalid`` EVID001-003."""
    if len(data) > cap_bytes:
        raise invalid("EVID001", f"{what} has {len(data)} bytes, more than {cap_bytes}")
    if _too_deep(data):
        raise invalid("EVID002", f"{what} is nested deeper than {MAX_DEPTH} levels")
    try:
        return cast("object", json.loads(data.decode(), object_pairs_hook=_unrepeated, parse_constant=_no_constant))
    except _Repeated:
        raise invalid("EVID003", f"{what} has a JSON key twice") from None
    except (ValueError, RecursionError):
        raise invalid("EVID002", f"{what} is not JSON") from None


def quick(data: bytes, cap_bytes: int = MAX_BYTES) -> object:
    """JSON for a reader that builds the same bytes again and compares; ``None`` for what is none.

    A repeated key, another form or a value that nobody reads cannot survive that comparison.
    """
    if len(data) > cap_bytes:
        return None
    try:
        return cast("object", orjson.loads(data))
    except orjson.JSONDecodeError:
        return None


def parse_canonical(data: bytes, what: str, cap_bytes: int = MAX_BYTES) -> object:
    """Like :func:`parse`, and the bytes are exactly our serialisation (EVID006)."""
    value = parse(data, what, cap_bytes)
    if not is_canonical(value, data):
        raise invalid("EVID006", f"{what} is not in the one serialisation that is signed")
    return value


def is_canonical(value: object, data: bytes) -> bool:
    """Whether ``data`` is what we would have written for ``value``."""
    try:
        return canonical(value) == data
    except ValueError:  # a lone surrogate, which no UTF-8 can carry
        return False


def is_written(value: object, data: bytes) -> bool:
    """As :func:`is_canonical`, fast, for what our builders make: strings, whole numbers, booleans, null.

    Of these a fast writer makes the same bytes, or none; then the one definition decides. NOT for floats.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data
    except orjson.JSONEncodeError:
        return is_canonical(value, data)


def exact(value: object, keys: frozenset[str], what: str) -> dict[str, object]:
    """An object with exactly these keys (EVID004)."""
    if not isinstance(value, dict):
        raise invalid("EVID004", f"{what} is not an object")
    found = cast("dict[str, object]", value)
    if found.keys() != keys:
        odd = ", ".join(sorted(found.keys() ^ keys))[:200]
        raise invalid("EVID004", f"{what} has missing or extra keys: {odd}")
    return found


def text(value: object, what: str) -> str:
    """A string (EVID004)."""
    if not isinstance(value, str):
        raise invalid("EVID004", f"{what} is not a string")
    return value


def unbase64(value: object, what: str) -> bytes:
    """Canonical base64 only: decoding and encoding again gives the same characters (EVID005)."""
    encoded = text(value, what)
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("EVID005", f"{what} is not base64") from None
    if base64.b64encode(raw).decode() != encoded:
        raise invalid("EVID005", f"{what} is base64 in a form that is not canonical")
    return raw
