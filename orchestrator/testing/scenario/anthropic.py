"""Anthropic's Messages, ``POST /v1/messages``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.testing.scenario.exchange import Answer, Asked, Call, arguments_of, event, listed, texts


class Anthropic:
    """Implements :class:`~orchestrator.testing.scenario.exchange.Wire`."""

    def read(self, path: str, body: Mapping[str, Any]) -> Asked:  # noqa: ARG002  the protocol's signature
        messages = listed(body.get("messages"))
        said = [body.get("system"), *(m.get("content") for m in messages)]
        return Asked(
            model=str(body.get("model", "")),
            stream=bool(body.get("stream")),
            tools={str(t.get("name")): arguments_of(t.get("input_schema")) for t in listed(body.get("tools"))},
            text="\n".join(text for part in said for text in texts(part)),
            answers=sum(m.get("role") == "assistant" for m in messages),
        )

    def whole(self, asked: Asked, answer: Answer) -> Mapping[str, Any]:
        content = [{"type": "text", "text": answer.text}] if answer.text else []
        return self._message(asked, answer) | {
            "content": [*content, *(self._call(c) | {"input": c.arguments} for c in answer.calls)],
            "stop_reason": self._reason(answer),
            "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
        }

    def stream(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        start: dict[str, Any] = self._message(asked, answer) | {"content": [], "stop_reason": None}
        start["usage"] = {"input_tokens": answer.input_tokens, "output_tokens": 0}
        yield self._event("message_start", message=start)
        index = 0
        if answer.text:
            yield self._event("content_block_start", index=0, content_block={"type": "text", "text": ""})
            for piece in answer.pieces():
                yield self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
            yield self._event("content_block_stop", index=0)
            index = 1
        for index_, call in enumerate(answer.calls, index):
            yield self._event("content_block_start", index=index_, content_block=self._call(call) | {"input": {}})
            delta = {"type": "input_json_delta", "partial_json": call.encoded()}
            yield self._event("content_block_delta", index=index_, delta=delta)
            yield self._event("content_block_stop", index=index_)
        usage = {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens}
        yield self._event(
            "message_delta", delta={"stop_reason": self._reason(answer), "stop_sequence": None}, usage=usage
        )
        yield self._event("message_stop")

    def filler(self, asked: Asked, text: str) -> bytes:  # noqa: ARG002  the protocol's signature
        return self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        kinds = {429: "rate_limit_error", 400: "invalid_request_error"}
        return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": words}}

    @staticmethod
    def _event(kind: str, **fields: Any) -> bytes:  # noqa: ANN401  whatever JSON can hold
        return event({"type": kind, **fields}, kind)

    @staticmethod
    def _message(asked: Asked, answer: Answer) -> dict[str, Any]:
        return {
            "id": f"msg_{answer.id}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "stop_sequence": None,
        }

    @staticmethod
    def _call(call: Call) -> dict[str, Any]:
        return {"type": "tool_use", "id": call.id, "name": call.name}

    @staticmethod
    def _reason(answer: Answer) -> str:
        return "tool_use" if answer.calls else "end_turn"
