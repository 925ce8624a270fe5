"""Which paths of the socket are model requests, and what such a request asks for. Everything else is refused.

Only generation, token counting and the list of granted models exist here: no files, batches, stored
conversations or administration, whatever the key would allow.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from orchestrator.broker.refusal import Refusal
from orchestrator.models.endpoint import WireProtocol

PREFIXES = {
    WireProtocol.ANTHROPIC: "/anthropic",
    WireProtocol.RESPONSES: "/openai",
    WireProtocol.CHAT: "/openai",
    WireProtocol.GEMINI: "/gemini",
}
_GEMINI = re.compile(r"/(v1|v1beta|v1alpha)/models/([A-Za-z0-9][A-Za-z0-9._-]{0,127}):([A-Za-z]{1,40})")
_QUERY = re.compile(r"[A-Za-z0-9=&._~%-]*")
_OUTPUT = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_DEFAULT_OUTPUT = 8192
_MAX_OUTPUT = 1 << 24


class Operation(StrEnum):
    GENERATE = "generate"
    COUNT = "count"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` begins with ``version`` (``/v1``), which an upstream's base URL may hold already."""

    protocol: WireProtocol
    operation: Operation
    method: str
    version: str
    path: str
    query: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a body says. ``document`` is the parsed body."""

    model: str
    max_output: int
    document: dict[str, Any]


_POSTS = {
    "/anthropic/v1/messages": (WireProtocol.ANTHROPIC, Operation.GENERATE),
    "/anthropic/v1/messages/count_tokens": (WireProtocol.ANTHROPIC, Operation.COUNT),
    "/openai/v1/responses": (WireProtocol.RESPONSES, Operation.GENERATE),
    "/openai/v1/chat/completions": (WireProtocol.CHAT, Operation.GENERATE),
}
_LISTS = {
    "/anthropic/v1/models": WireProtocol.ANTHROPIC,
    "/openai/v1/models": WireProtocol.CHAT,
    "/gemini/v1beta/models": WireProtocol.GEMINI,
    "/gemini/v1/models": WireProtocol.GEMINI,
}
_GEMINI_CALLS = {
    "generateContent": Operation.GENERATE,
    "streamGenerateContent": Operation.GENERATE,
    "countTokens": Operation.COUNT,
}


def protocol_of(target: str) -> WireProtocol | None:
    """Whose error form a client at this path reads."""
    return next((protocol for protocol, prefix in PREFIXES.items() if target.startswith(prefix + "/")), None)


def route(method: str, target: str) -> Route:
    """Raises :class:`Refusal` (``BRK017``) for everything that is no model request.

    OpenAI's clients put ``/v1`` into their base URL or not: both forms are one.
    """
    path, _, query = target.partition("?")
    if path.startswith("/openai/") and not path.startswith("/openai/v1/"):
        path = "/openai/v1/" + path.removeprefix("/openai/")
    found = _found(method, path)
    if found is None or not _QUERY.fullmatch(query):
        raise Refusal(
            "BRK017", 404, "this path is no model request", "see the table of paths in the broker's reference"
        )
    kept = "&".join(pair for pair in query.split("&") if pair and not pair.startswith("key="))
    protocol, operation, model = found
    inner = path.removeprefix(PREFIXES[protocol])
    return Route(protocol, operation, method, "/" + inner.split("/")[1], inner, kept, model)


def _found(method: str, path: str) -> tuple[WireProtocol, Operation, str] | None:
    if method == "GET" and path in _LISTS:
        return _LISTS[path], Operation.LIST, ""
    if method != "POST":
        return None
    if path in _POSTS:
        return (*_POSTS[path], "")
    match = _GEMINI.fullmatch(path.removeprefix("/gemini")) if path.startswith("/gemini/") else None
    if match is None or match[3] not in _GEMINI_CALLS:
        return None
    return WireProtocol.GEMINI, _GEMINI_CALLS[match[3]], match[2]


def read(found: Route, body: bytes) -> Ask:
    """Raises :class:`Refusal` (``BRK018``) for a body that is no request of this protocol."""
    try:
        told = json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise Refusal("BRK018", 400, "the request's body is not JSON, or names something twice") from None
    if not isinstance(told, dict):
        raise Refusal("BRK018", 400, "the request's body is not a JSON object")
    document = cast("dict[str, Any]", told)
    model = found.model or document.get("model")
    if not isinstance(model, str) or not model.isprintable() or not 0 < len(model) <= 256:  # noqa: PLR2004
        raise Refusal("BRK018", 400, "the request names no model")
    return Ask(model, _max_output(found.protocol, document), document)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that comes twice is read in one way here and in another there."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a name twice")
    return told


def _max_output(protocol: WireProtocol, document: dict[str, Any]) -> int:
    if protocol is WireProtocol.GEMINI:
        config = document.get("generationConfig") or document.get("generation_config")
        values = [cast("dict[str, Any]", config).get("maxOutputTokens")] if isinstance(config, dict) else []
    else:
        values = [document.get(name) for name in _OUTPUT]
    told = [v for v in values if isinstance(v, int) and not isinstance(v, bool) and 0 < v <= _MAX_OUTPUT]
    return max(told, default=_DEFAULT_OUTPUT)
