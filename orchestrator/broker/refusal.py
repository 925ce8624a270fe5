"""Why a request is not relayed, in the form that the agent's protocol understands."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.models.endpoint import WireProtocol

_OVERLOADED, _PROXY_LOGIN = 503, 407
_TYPES = {
    400: ("invalid_request_error", "INVALID_ARGUMENT"),
    401: ("authentication_error", "UNAUTHENTICATED"),
    403: ("permission_error", "PERMISSION_DENIED"),
    404: ("not_found_error", "NOT_FOUND"),
    405: ("invalid_request_error", "INVALID_ARGUMENT"),
    407: ("authentication_error", "UNAUTHENTICATED"),
    408: ("invalid_request_error", "DEADLINE_EXCEEDED"),
    413: ("request_too_large", "INVALID_ARGUMENT"),
    421: ("permission_error", "PERMISSION_DENIED"),
    431: ("invalid_request_error", "INVALID_ARGUMENT"),
    502: ("api_error", "UNAVAILABLE"),
    503: ("overloaded_error", "UNAVAILABLE"),
    504: ("api_error", "DEADLINE_EXCEEDED"),
}


class Refusal(Exception):
    """A request that ends here. ``code`` is listed in docs/reference/broker.md; never carries a secret."""

    def __init__(self, code: str, status: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.status, self.message, self.hint = code, status, message, hint

    def words(self) -> str:
        """``CODE sentence Try: hint``."""
        return f"{self.code} sandbox: {self.message}" + (f" Try: {self.hint}" if self.hint else "")

    def body(self, protocol: WireProtocol | None) -> bytes:
        """The JSON of the error as this protocol's clients read it."""
        kind, status = _TYPES.get(self.status, ("api_error", "UNKNOWN"))
        told: dict[str, Any]
        match protocol:
            case WireProtocol.ANTHROPIC:
                told = {"type": "error", "error": {"type": kind, "message": self.words()}}
            case WireProtocol.RESPONSES | WireProtocol.CHAT:
                told = {"error": {"message": self.words(), "type": kind, "param": None, "code": self.code}}
            case WireProtocol.GEMINI:
                told = {"error": {"code": self.status, "message": self.words(), "status": status}}
            case None:
                told = {"error": {"code": self.code, "message": self.message, "hint": self.hint}}
        return json.dumps(told).encode()

    def raw(self, protocol: WireProtocol | None) -> bytes:
        """A whole HTTP/1.1 answer, after which the connection ends."""
        body = self.body(protocol)
        lines = [f"HTTP/1.1 {self.status} Refused", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def headers(self) -> list[tuple[str, str]]:
        """Beside the length: asking again changes nothing, so clients are told not to."""
        told = [("content-type", "application/json"), ("x-handrail-code", self.code)]
        if self.status == _PROXY_LOGIN:
            told.append(("proxy-authenticate", 'Basic realm="handrail"'))
        return told if self.status >= _OVERLOADED else [*told, ("x-should-retry", "false")]
