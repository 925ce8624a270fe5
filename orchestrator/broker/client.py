"""A model asked from the host through a lease: the same process, budget, masking and cassette as for an agent.

Answers are read within a size and a time, parsed as JSON and nothing more.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from orchestrator.broker.setup import SOCKET
from orchestrator.errors import AgentFailed, LimitReached
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import Answer, Lease, Question

ANSWER_BYTES = 4 << 20
ANSWER_SECONDS = 600.0
SILENCE_SECONDS = 180.0
TRIES = 4
_AGAIN = {408, 429, 500, 502, 503, 504, 529}
_BUDGET = "BRK023"
_WORDS = 300
_HINT = "handrail models check, then try again"


class LeasedModel:
    """Implements :class:`~orchestrator.ports.ModelClient` for one lease. ``model`` is ``endpoint/model``."""

    def __init__(self, lease: Lease, model: str, protocol: WireProtocol) -> None:
        self._lease, self._model, self._protocol = lease, model, protocol
        self._schemas = True

    @property
    def name(self) -> str:
        return self._model

    def ask(self, question: Question) -> Answer:
        """As the port says."""
        status, told = self._post(question)
        if status in {400, 422} and self._schemas:  # an older server that knows no schemas
            self._schemas = False
            status, told = self._post(question)
        if status != http.client.OK:
            raise self._refused(status, told)
        text = _text(self._protocol, told)
        if not text:
            raise AgentFailed("MDL020", f"{self._model} gave an empty answer.", _HINT)
        return Answer(text, str(told.get("model") or told.get("modelVersion") or "")[:200])

    def _post(self, question: Question) -> tuple[int, dict[str, Any]]:
        path, body = _request(self._protocol, self._model, question, schemas=self._schemas)
        base = urlsplit(self._lease.urls[self._protocol])
        why = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(2.0 ** (attempt - 1))
            try:
                status, told = self._exchange(base.netloc, base.path.rstrip("/") + path, json.dumps(body).encode())
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = f"{type(error).__name__}: {error}"
                continue
            if status not in _AGAIN:
                return status, told
            why = f"status {status}: {_words(told)}"
        raise AgentFailed("MDL020", f"{self._model} gave no answer in {TRIES} tries ({why[:_WORDS]}).", _HINT)

    def _exchange(self, host: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        connection = _Connection(f"{self._lease.mount}/{SOCKET}")
        token = self._lease.token
        headers = {"Host": host, "Content-Type": "application/json", "x-api-key": token, "x-goog-api-key": token}
        try:
            connection.request("POST", path, body, {**headers, "Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            told = json.loads(_bounded(response))
            return response.status, cast("dict[str, Any]", told) if isinstance(told, dict) else {}
        except RecursionError as error:
            raise ValueError("the answer is nested too deeply") from error
        finally:
            connection.close()

    def _refused(self, status: int, told: Mapping[str, Any]) -> AgentFailed | LimitReached:
        words = _words(told)
        if _BUDGET in words:
            return LimitReached("MDL021", f"The budget for planning is used up: {words}", "raise it, or ask for less")
        return AgentFailed("MDL020", f"{self._model} refused with status {status}: {words}", _HINT)


class _Connection(http.client.HTTPConnection):
    """Over the lease's socket."""

    def __init__(self, path: str) -> None:
        super().__init__("127.0.0.1", timeout=SILENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SILENCE_SECONDS)
        self.sock.connect(self._path)


def _bounded(response: http.client.HTTPResponse) -> bytes:
    data, deadline = bytearray(), time.monotonic() + ANSWER_SECONDS
    while piece := response.read1(65536):
        data += piece
        if len(data) > ANSWER_BYTES or time.monotonic() > deadline:
            raise ValueError(f"the answer is larger than {ANSWER_BYTES >> 20} MiB or later than {ANSWER_SECONDS:.0f} s")
    return bytes(data)


def _words(told: Mapping[str, Any]) -> str:
    error: Any = told.get("error", told)
    words = cast("Mapping[str, Any]", error).get("message", error) if isinstance(error, dict) else error
    return re.sub(r"\s+", " ", str(words))[:_WORDS]


def _request(protocol: WireProtocol, model: str, asked: Question, *, schemas: bool) -> tuple[str, dict[str, Any]]:
    """The protocol's own path and body."""
    form = {"name": "answer", "strict": True, "schema": dict(asked.schema)}
    user = [{"role": "user", "content": asked.prompt}]
    body: dict[str, Any]
    match protocol:
        case WireProtocol.CHAT:
            messages = [{"role": "system", "content": asked.system}, *user]
            body = {"model": model, "messages": messages, "max_tokens": asked.max_output_tokens}
            if schemas:
                body["response_format"] = {"type": "json_schema", "json_schema": form}
            return "/v1/chat/completions", body
        case WireProtocol.ANTHROPIC:
            tool = {"name": "answer", "description": "The answer.", "input_schema": dict(asked.schema)}
            body = {"model": model, "system": asked.system, "messages": user, "max_tokens": asked.max_output_tokens}
            if schemas:
                body |= {"tools": [tool], "tool_choice": {"type": "tool", "name": "answer"}}
            return "/v1/messages", body
        case WireProtocol.RESPONSES:
            body = {"model": model, "instructions": asked.system, "input": asked.prompt, "store": False}
            body["max_output_tokens"] = asked.max_output_tokens
            if schemas:
                body["text"] = {"format": {"type": "json_schema", **form}}
            return "/v1/responses", body
        case WireProtocol.GEMINI:
            config: dict[str, Any] = {"maxOutputTokens": asked.max_output_tokens}
            config |= {"responseMimeType": "application/json"} if schemas else {}
            parts = [{"role": "user", "parts": [{"text": asked.prompt}]}]
            body = {"contents": parts, "systemInstruction": {"parts": [{"text": asked.system}]}}
            return f"/v1beta/models/{model.partition('/')[2]}:generateContent", {**body, "generationConfig": config}


def _text(protocol: WireProtocol, told: Mapping[str, Any]) -> str:
    """What the model said; '' for an answer of another form."""
    match protocol:
        case WireProtocol.CHAT:
            found = [_at(choice, "message", "content") for choice in _list(told.get("choices"))[:1]]
        case WireProtocol.ANTHROPIC:
            blocks = _list(told.get("content"))
            found = [json.dumps(b["input"]) if "input" in b else b.get("text", "") for b in blocks]
        case WireProtocol.RESPONSES:
            items = [part for item in _list(told.get("output")) for part in _list(item.get("content"))]
            found = [part.get("text", "") for part in items]
        case WireProtocol.GEMINI:
            first = _list(told.get("candidates"))[:1]
            found = [part.get("text", "") for c in first for part in _list(_at(c, "content", "parts"))]
    return "".join(text for text in found if isinstance(text, str))


def _list(value: object) -> list[dict[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


def _at(value: Mapping[str, Any], outer: str, inner: str) -> Any:  # noqa: ANN401  JSON
    within = value.get(outer)
    return cast("dict[str, Any]", within).get(inner) if isinstance(within, dict) else None
