"""Google's Gemini, ``POST …/models/NAME:generateContent`` and ``:streamGenerateContent``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.testing.scenario.exchange import Answer, Asked, arguments_of, event, listed, texts


class Gemini:
    """Implements :class:`~orchestrator.testing.scenario.exchange.Wire`."""

    def read(self, path: str, body: Mapping[str, Any]) -> Asked:
        model, _, method = path.rpartition("/")[2].partition(":")
        contents = listed(body.get("contents"))
        declared = [d for t in listed(body.get("tools")) for d in listed(t.get("functionDeclarations"))]
        said = [body.get("systemInstruction"), *contents]
        return Asked(
            model=model,
            stream=method.startswith("stream"),
            tools={str(d.get("name")): self._arguments(d) for d in declared},
            text="\n".join(text for part in said for text in texts(part)),
            answers=sum(c.get("role") == "model" for c in contents),
        )

    @staticmethod
    def _arguments(declared: Mapping[str, Any]) -> frozenset[str]:
        return arguments_of(declared.get("parametersJsonSchema") or declared.get("parameters"))

    def whole(self, asked: Asked, answer: Answer) -> Mapping[str, Any]:
        said: list[dict[str, Any]] = [{"text": answer.text}] if answer.text else []
        return self._frame(asked, answer, [*said, *self._calls(answer)], "STOP")

    def stream(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        if answer.text:
            for piece in answer.pieces():
                yield event(self._frame(asked, answer, [{"text": piece}], None))
        yield event(self._frame(asked, answer, self._calls(answer) or [{"text": ""}], "STOP"))

    def filler(self, asked: Asked, text: str) -> bytes:
        return event(self._frame(asked, Answer(), [{"text": text}], None))

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        kinds = {429: "RESOURCE_EXHAUSTED", 400: "INVALID_ARGUMENT"}
        return {"error": {"code": status, "message": words, "status": kinds.get(status, "INTERNAL")}}

    @staticmethod
    def _calls(answer: Answer) -> list[dict[str, Any]]:
        return [{"functionCall": {"id": c.id, "name": c.name, "args": c.arguments}} for c in answer.calls]

    @staticmethod
    def _frame(asked: Asked, answer: Answer, parts: list[dict[str, Any]], reason: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
        if reason:
            candidate["finishReason"] = reason
        usage = {
            "promptTokenCount": answer.input_tokens,
            "candidatesTokenCount": answer.output_tokens,
            "totalTokenCount": answer.input_tokens + answer.output_tokens,
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model}
