"""One question to a chat-completions endpoint, with everything that can go wrong on the way.

Standard library only. The endpoint is the relay on 127.0.0.1; its token is worth nothing outside this lease.
An answer is read whole, within a size and a time; refusals that asking again does not change are not asked again.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ANSWER_BYTES = 8 << 20
ANSWER_SECONDS = 600
SILENCE_SECONDS = 180
TRIES = 6
WAIT_SECONDS = 60
WORDS = 400
AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
UNKNOWN_FORM = {400, 404, 415, 422, 501}
SAYS_SO = re.compile(r"\b(tools?|response_format|json_schema|grammar)\b.*\b(requires?|support(s|ed)?)\b", re.IGNORECASE)
"""llama.cpp without templates answers tools with 500 and "tools param requires --jinja flag"."""


class ModelFailed(Exception):
    """No answer, and none to be expected. ``code`` is a word for programs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass
class Call:
    """A tool that the model wants. ``arguments`` is None when they were no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None
    raw: str = ""

    @property
    def sent(self) -> str:
        """What goes back: endpoints refuse a conversation with broken JSON in it."""
        return "{}" if self.arguments is None else self.raw or "{}"


@dataclass
class Reply:
    """One answer. ``message`` is what goes back into the conversation."""

    text: str = ""
    calls: list[Call] = field(default_factory=list)
    cut: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    message: dict[str, Any] = field(default_factory=dict)


class Model:
    """An endpoint and what was learnt of it: whether it takes tools, schemas, and which name for a limit."""

    def __init__(self, url: str, token: str, model: str, output_tokens: int) -> None:
        self._url, self._token, self._model, self._output = urlsplit(url), token, model, output_tokens
        self.tools = True
        self.schemas = True
        self.limit_name = "max_tokens"
        self.note = lambda _text: None

    def ask(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]], schema: dict[str, Any]) -> Reply:
        """Raises ModelFailed; ``too-long`` when the conversation does not fit."""
        while True:
            status, document = self._post(self._body(messages, tools, schema))
            if status == http.client.OK:
                return self._reply(document)
            words = _words(document)
            if not self._learn(status, words):
                raise ModelFailed(_code(status, document, words), f"the model endpoint answered {status}: {words}")

    def _body(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]], schema: dict[str, Any]) -> bytes:
        body: dict[str, Any] = {"model": self._model, "messages": messages, self.limit_name: self._output}
        if self.tools:
            body |= {"tools": tools, "tool_choice": "auto"}
        elif self.schemas:
            form = {"name": "action", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return json.dumps(body).encode()

    def _learn(self, status: int, words: str) -> bool:
        """Whether the request may be put in another form that this endpoint takes."""
        if not _of_form(status, words):
            return False
        low = words.lower()
        if "max_completion_tokens" in low and self.limit_name == "max_tokens":
            self.limit_name = "max_completion_tokens"
        elif self.tools and re.search(r"tool|function|jinja|template", low):
            self.tools = False
        elif not self.tools and self.schemas and re.search(r"response_format|json_schema|schema|grammar", low):
            self.schemas = False
        else:
            return False
        self.note(f"the endpoint refused the form of the request ({status}); asking in another one")
        return True

    def _post(self, body: bytes) -> tuple[int, Any]:
        why = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self._wait(attempt, why))
            try:
                status, headers, data = self._exchange(body)
            except (OSError, http.client.HTTPException) as error:
                why = f"{type(error).__name__}: {error}"
                self.note(f"no answer from the model endpoint ({why}); try {attempt + 1} of {TRIES}")
                if isinstance(error, ConnectionRefusedError) and attempt >= TRIES // 2:
                    break  # nobody is there, and a relay that is gone does not come back
                continue
            document = _document(data)
            if status == http.client.OK and isinstance(document, dict):
                return status, document
            if status != http.client.OK and (status not in AGAIN or _of_form(status, _words(document))):
                return status, document
            if headers.get("x-should-retry") == "false":
                return status, document
            why = headers.get("retry-after") or ""
            what = f"answered {status}" if status != http.client.OK else "answered no JSON object"
            self.note(f"the model endpoint {what}; try {attempt + 1} of {TRIES}")
        raise ModelFailed("unreachable", "the model endpoint gave no usable answer, however often it was asked")

    @staticmethod
    def _wait(attempt: int, why: str) -> float:
        asked = float(why) if re.fullmatch(r"\d{1,4}(\.\d+)?", why) else 0.0
        return min(max(asked, 0.5 * 2 ** (attempt - 1)), WAIT_SECONDS)

    def _exchange(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=SILENCE_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        try:
            connection.request("POST", self._url.path.rstrip("/") + "/v1/chat/completions", body, headers)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return response.status, told, _bounded(response)
        finally:
            connection.close()

    def _reply(self, document: dict[str, Any]) -> Reply:
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        message = choice.get("message") if isinstance(choice.get("message"), dict) else {}
        text = _text(message.get("content"))
        reply = Reply(text, _calls(message.get("tool_calls")), choice.get("finish_reason") == "length")
        usage = document.get("usage") if isinstance(document.get("usage"), dict) else {}
        reply.input_tokens, reply.output_tokens = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        reply.message = {"role": "assistant", "content": text}
        if reply.calls:
            reply.message["tool_calls"] = [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.sent}} for c in reply.calls
            ]
        else:
            reply.calls = spoken_calls(text)
        return reply


def _bounded(response: http.client.HTTPResponse) -> bytes:
    """The body. Slow tokens and endless output end in an OSError."""
    parts, size, deadline = [], 0, time.monotonic() + ANSWER_SECONDS
    while piece := response.read1(65536):
        parts.append(piece)
        size += len(piece)
        if size > ANSWER_BYTES:
            raise OSError(f"the answer is larger than {ANSWER_BYTES >> 20} MiB")
        if time.monotonic() > deadline:
            raise OSError(f"the answer did not end within {ANSWER_SECONDS} s")
    return b"".join(parts)


def _document(data: bytes) -> Any:  # noqa: ANN401 - whatever came
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data[:WORDS].decode(errors="replace")


def _of_form(status: int, words: str) -> bool:
    """Whether a refusal may be of the request's form: its status says so, or a 500 whose words do."""
    return status in UNKNOWN_FORM or (status == http.client.INTERNAL_SERVER_ERROR and SAYS_SO.search(words) is not None)


def _words(document: Any) -> str:  # noqa: ANN401 - whatever came
    if isinstance(document, dict):
        error = document.get("error", document)
        document = error.get("message", error) if isinstance(error, dict) else error
    return str(document)[:WORDS]


def _code(status: int, document: Any, words: str) -> str:  # noqa: ANN401 - whatever came
    error = document.get("error") if isinstance(document, dict) else None
    told = str(error.get("code", "")) if isinstance(error, dict) else ""
    if re.fullmatch(r"BRK\d{3}", told):
        return told
    long = re.search(r"context|too long|too large|maximum.*(length|tokens)|exceed", words.lower())
    return "too-long" if status == http.client.REQUEST_ENTITY_TOO_LARGE or long else f"http-{status}"


def _text(content: Any) -> str:  # noqa: ANN401 - whatever came
    """Some endpoints answer in a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(usage: dict[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and 0 <= value < 1 << 40 else 0


def _calls(told: Any) -> list[Call]:  # noqa: ANN401 - whatever came
    found = []
    for number, item in enumerate(told if isinstance(told, list) else []):
        function = item.get("function") if isinstance(item, dict) else None
        if not isinstance(function, dict):
            continue
        raw = function.get("arguments")
        raw = raw if isinstance(raw, str) else json.dumps(raw)
        name, own = str(function.get("name", "")), str(item.get("id") or f"call-{number}")
        found.append(Call(own, name, _object(raw), raw))
    return found


def _object(raw: str) -> dict[str, Any] | None:
    try:
        value = json.loads(raw or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def spoken_calls(text: str) -> list[Call]:
    """A call that a small model wrote as text: the first JSON object that names a tool."""
    decoder = json.JSONDecoder()
    for place in [m.start() for m in re.finditer(r"\{", text)][:64]:
        try:
            value, _ = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            continue
        name = value.get("tool", value.get("name"))
        arguments = value.get("arguments", value.get("parameters"))
        if isinstance(name, str) and isinstance(arguments, dict):
            return [Call("", name, arguments, json.dumps(arguments))]
    return []
