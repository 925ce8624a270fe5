"""OpenAI's Chat Completions, ``POST …/chat/completions``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.testing.scenario.exchange import Answer, Asked, Call, arguments_of, event, listed, texts


class Chat:
    """Implements :class:`~orchestrator.testing.scenario.exchange.Wire`."""

    def read(self, path: str, body: Mapping[str, Any]) -> Asked:  # noqa: ARG002  the protocol's signature
        messages = listed(body.get("messages"))
        functions = [t.get("function", {}) for t in listed(body.get("tools")) if t.get("type") == "function"]
        return Asked(
            model=str(body.get("model", "")),
            stream=bool(body.get("stream")),
            tools={str(f.get("name")): arguments_of(f.get("parameters")) for f in functions},
            text="\n".join(text for m in messages for text in texts(m.get("content"))),
            answers=sum(m.get("role") == "assistant" for m in messages),
        )

    def whole(self, asked: Asked, answer: Answer) -> Mapping[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        if answer.calls:
            message["tool_calls"] = [self._call(c) for c in answer.calls]
        choice = {"index": 0, "message": message, "finish_reason": self._reason(answer)}
        return self._frame(asked, answer, "chat.completion") | {"choices": [choice], "usage": self._usage(answer)}

    def stream(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        yield self._chunk(asked, answer, {"role": "assistant", "content": ""})
        if answer.text:
            for piece in answer.pieces():
                yield self._chunk(asked, answer, {"content": piece})
        for index, call in enumerate(answer.calls):
            yield self._chunk(asked, answer, {"tool_calls": [{"index": index, **self._call(call)}]})
        yield self._chunk(asked, answer, {}, self._reason(answer))
        last: dict[str, Any] = self._frame(asked, answer, "chat.completion.chunk") | {
            "choices": [],
            "usage": self._usage(answer),
        }
        yield event(last)
        yield event("[DONE]")

    def filler(self, asked: Asked, text: str) -> bytes:
        return self._chunk(asked, Answer(), {"content": text})

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        kinds = {429: "rate_limit_exceeded", 400: "invalid_request_error"}
        kind = kinds.get(status, "server_error")
        return {"error": {"message": words, "type": kind, "code": kind}}

    def _chunk(self, asked: Asked, answer: Answer, delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event(self._frame(asked, answer, "chat.completion.chunk") | {"choices": [choice]})

    @staticmethod
    def _frame(asked: Asked, answer: Answer, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{answer.id}", "object": kind, "created": 0, "model": asked.model}

    @staticmethod
    def _call(call: Call) -> dict[str, Any]:
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.encoded()}}

    @staticmethod
    def _usage(answer: Answer) -> dict[str, int]:
        total = answer.input_tokens + answer.output_tokens
        return {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": total,
        }

    @staticmethod
    def _reason(answer: Answer) -> str:
        return "tool_calls" if answer.calls else "stop"
