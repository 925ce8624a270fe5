"""OpenAI's Responses, ``POST …/responses``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.testing.scenario.exchange import Answer, Asked, Call, arguments_of, event, listed, texts

_OWN = {"function_call", "custom_tool_call", "local_shell_call", "reasoning"}


class Responses:
    """Implements :class:`~orchestrator.testing.scenario.exchange.Wire`."""

    def read(self, path: str, body: Mapping[str, Any]) -> Asked:  # noqa: ARG002  the protocol's signature
        given = body.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else listed(given)
        said = [body.get("instructions"), *items]
        return Asked(
            model=str(body.get("model", "")),
            stream=bool(body.get("stream")),
            tools={str(t.get("name")): self._arguments(t) for t in listed(body.get("tools")) if "name" in t},
            text="\n".join(text for part in said for text in texts(part)),
            answers=self._answers(items),
        )

    @staticmethod
    def _arguments(tool: Mapping[str, Any]) -> frozenset[str] | None:
        return None if tool.get("type") == "custom" else arguments_of(tool.get("parameters"))

    @staticmethod
    def _answers(items: list[dict[str, Any]]) -> int:
        """Runs of the model's own items: one answer may hold several."""
        own = [i.get("type") in _OWN or i.get("role") == "assistant" for i in items]
        return sum(now and not before for before, now in zip([False, *own], own, strict=False))

    def whole(self, asked: Asked, answer: Answer) -> Mapping[str, Any]:
        return self._response(asked, answer, "completed", self._items(answer))

    def stream(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        yield self._event("response.created", response=self._response(asked, answer, "in_progress", []))
        items = self._items(answer)
        for index, item in enumerate(items):
            empty: dict[str, Any] = (
                {**item, "content": []} if item["type"] == "message" else {**item, "status": "in_progress"}
            )
            yield self._event("response.output_item.added", output_index=index, item=empty)
            if item["type"] == "message":
                place = {"output_index": index, "item_id": item["id"], "content_index": 0}
                for piece in answer.pieces():
                    yield self._event("response.output_text.delta", delta=piece, **place)
                yield self._event("response.output_text.done", text=answer.text, **place)
            yield self._event("response.output_item.done", output_index=index, item=item)
        yield self._event("response.completed", response=self._response(asked, answer, "completed", items))

    def filler(self, asked: Asked, text: str) -> bytes:  # noqa: ARG002  the protocol's signature
        return self._event("response.output_text.delta", delta=text, output_index=0, item_id="msg_0", content_index=0)

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        kinds = {429: "rate_limit_exceeded", 400: "invalid_request_error"}
        kind = kinds.get(status, "server_error")
        return {"error": {"message": words, "type": kind, "code": kind}}

    @staticmethod
    def _event(kind: str, **fields: Any) -> bytes:  # noqa: ANN401  whatever JSON can hold
        return event({"type": kind, **fields}, kind)

    def _items(self, answer: Answer) -> list[dict[str, Any]]:
        part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": []}
        said = {"type": "message", "id": f"msg_{answer.id}", "role": "assistant", "status": "completed"}
        words: list[dict[str, Any]] = [said | {"content": [part]}] if answer.text else []
        return [*words, *map(self._call, answer.calls)]

    @staticmethod
    def _call(call: Call) -> dict[str, Any]:
        common = {"id": f"fc_{call.id}", "call_id": call.id, "name": call.name, "status": "completed"}
        if isinstance(call.arguments, str):
            return {"type": "custom_tool_call", **common, "input": call.arguments}
        return {"type": "function_call", **common, "arguments": call.encoded()}

    @staticmethod
    def _response(asked: Asked, answer: Answer, status: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        usage = {
            "input_tokens": answer.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": answer.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.input_tokens + answer.output_tokens,
        }
        return {
            "id": f"resp_{answer.id}",
            "object": "response",
            "created_at": 0,
            "status": status,
            "model": asked.model,
            "output": items,
            "usage": usage if status == "completed" else None,
        }
