"""What a request asks the model's *provider* to do: search, fetch, run code, call other servers.

Such tools reach hosts from the provider's machines, past the sandbox and its grants. What the agent runs by
itself, in the sandbox, passes; what the provider would run is refused unless the user's own endpoint lists
it; a kind that is not known is refused as well. Not seen: what a model does behind its plain answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, assert_never, cast

from orchestrator.broker.refusal import Refusal
from orchestrator.models.endpoint import WireProtocol

URL_SOURCES = "url-sources"
"""Pictures and files that the provider fetches by their address."""
MCP = "mcp"

_VERSION = re.compile(r"_(?:preview_)?\d{8}$|_preview(?:_\d{4}_\d{2}_\d{2})?$|-preview$")
_RUN_BY_THE_AGENT = {
    WireProtocol.ANTHROPIC: frozenset(
        {
            "custom",
            "function",
            "bash",
            "text_editor",
            "computer",
            "memory",
            "tool_search_tool_regex",
            "tool_search_tool_bm25",
        }
    ),
    WireProtocol.RESPONSES: frozenset(
        {"function", "custom", "local_shell", "apply_patch", "computer_use", "computer", "tool_search"}
    ),
    WireProtocol.CHAT: frozenset({"function", "custom"}),
    WireProtocol.GEMINI: frozenset({"functiondeclarations", "computeruse"}),
}
_FETCHED = re.compile(r"\s*(?:https?|ftp|gs|s3)\s*:", re.IGNORECASE)
_ADDRESSES = frozenset({"imageurl", "fileurl", "fileuri", "videourl", "audiourl", "documenturl"})
_THE_AGENTS_OWN = frozenset(
    {"input", "args", "arguments", "parameters", "inputschema", "parametersjsonschema", "output"}
)
"""Below these names stand the arguments and schemas of the agent's own tools, which nobody fetches."""
_CONVERSATION = frozenset({"messages", "input", "contents", "system", "systeminstruction", "instructions"})
_PLUGINS = {"websearchoptions": "web_search", "plugins": "plugins", "mcpservers": MCP, "container": "code_execution"}
MAX_DEPTH = 100


def refuse_hosted(protocol: WireProtocol, document: dict[str, Any], allowed: Collection[str]) -> None:
    """Raises :class:`Refusal` (``BRK024``) for the first thing asked of the provider that is not in ``allowed``."""
    for name in hosted(protocol, document):
        if name not in allowed:
            words = f"the model's provider would run {name} for this request, past the sandbox; that is not granted"
            raise Refusal("BRK024", 403, words, "do it with the tools of the sandbox, or without it")


def hosted(protocol: WireProtocol, document: dict[str, Any]) -> Iterator[str]:
    """Names of all that a request asks its provider to do, each as often as it is asked."""
    for key, value in document.items():
        name = _plain(key)
        if name == "tools":
            yield from _tools(protocol, value)
        elif name in _PLUGINS and value not in (None, [], {}, ""):
            yield _PLUGINS[name]
        elif name in _CONVERSATION:
            yield from _sources(value, 0)


def _tools(protocol: WireProtocol, value: object) -> Iterator[str]:
    if value is None:
        return
    entries: list[object] = cast("list[object]", value) if isinstance(value, list) else [value]
    for entry in entries:
        if not isinstance(entry, dict):
            yield "an unknown tool"
            continue
        yield from _reader(protocol)(cast("dict[str, Any]", entry))


def _reader(protocol: WireProtocol) -> Callable[[dict[str, Any]], Iterator[str]]:
    match protocol:
        case WireProtocol.ANTHROPIC:
            return _anthropic
        case WireProtocol.RESPONSES:
            return _responses
        case WireProtocol.CHAT:
            return _chat
        case WireProtocol.GEMINI:
            return _gemini
        case _:
            assert_never(protocol)


def _anthropic(entry: dict[str, Any]) -> Iterator[str]:
    """A tool without a type is the caller's own."""
    kind = _kind(entry)
    if kind is not None and kind not in _RUN_BY_THE_AGENT[WireProtocol.ANTHROPIC]:
        yield kind


def _responses(entry: dict[str, Any]) -> Iterator[str]:
    kind = _kind(entry) or "an unknown tool"
    if kind == "namespace":
        yield from _tools(WireProtocol.RESPONSES, _value(entry, "tools"))
    elif kind == "shell":
        place = _value(entry, "environment")
        local = isinstance(place, dict) and _kind(cast("dict[str, Any]", place)) == "local"
        if not local:
            yield "shell"
    elif kind not in _RUN_BY_THE_AGENT[WireProtocol.RESPONSES]:
        yield kind


def _chat(entry: dict[str, Any]) -> Iterator[str]:
    kind = _kind(entry) or ("function" if _value(entry, "function") is not None else "an unknown tool")
    if kind not in _RUN_BY_THE_AGENT[WireProtocol.CHAT]:
        yield kind


def _gemini(entry: dict[str, Any]) -> Iterator[str]:
    """Each key of an entry is a tool."""
    for key in entry:
        name = _plain(key)
        if name not in _RUN_BY_THE_AGENT[WireProtocol.GEMINI]:
            yield "google_search" if name.startswith("googlesearch") else MCP if name == "mcpservers" else name


def _sources(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  it is JSON
    """Addresses in a conversation that the provider would fetch from."""
    if depth > MAX_DEPTH:
        yield "a request nested too deep to be read"
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _sources(inner, depth + 1)
    elif isinstance(value, dict):
        yield from _sources_of(cast("dict[str, Any]", value), depth)


def _sources_of(entry: dict[str, Any], depth: int) -> Iterator[str]:
    for key, value in entry.items():
        name = _plain(key)
        if (name in _ADDRESSES and _fetched(value)) or (
            name == "source" and isinstance(value, dict) and _kind(cast("dict[str, Any]", value)) == "url"
        ):
            yield URL_SOURCES
        elif name not in _THE_AGENTS_OWN:
            yield from _sources(value, depth + 1)


def _fetched(value: object) -> bool:
    address = _value(cast("dict[str, Any]", value), "url") if isinstance(value, dict) else value
    return isinstance(address, str) and _FETCHED.match(address) is not None


def _kind(entry: dict[str, Any]) -> str | None:
    """The type in small letters without its date; a type that is no text is unknown."""
    kind = _value(entry, "type")
    if kind is None:
        return None
    return _VERSION.sub("", kind.strip().casefold()) if isinstance(kind, str) else "an unknown tool"


def _value(entry: dict[str, Any], name: str) -> Any:  # noqa: ANN401  it is JSON
    return next((value for key, value in entry.items() if _plain(key) == name), None)


def _plain(key: str) -> str:
    """Some servers read names in any case, and with or without underscores."""
    return key.replace("_", "").replace("-", "").strip().casefold()
