"""What happened, as the host saw it: one line per event, append-only."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from orchestrator.models.base import Instant, Noun
from orchestrator.models.event_kinds import DATA, EventKind, Teller, teller
from orchestrator.models.ids import RunId, StepId

SCHEMA = "handrail.event/1"


class Event(Noun):
    """``data`` has the shape that :data:`~orchestrator.models.event_kinds.DATA` gives to ``kind``."""

    schema_version: int = 1
    at: Instant
    run: RunId
    kind: EventKind
    node: str = ""
    step: StepId | None = None
    attempt: int = 0
    data: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _shaped(self) -> Event:
        DATA[self.kind].model_validate(self.data)
        return self


def line(number: int, event: Event) -> dict[str, Any]:
    """An event as it is printed; ``by`` says whose word it is."""
    return {"schema": SCHEMA, "number": number, "by": teller(event.kind).value, "event": event.model_dump(mode="json")}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a line of ``handrail events``: the event's fields, and its data by kind."""
    definitions: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    for kind, shape in DATA.items():
        told = shape.model_json_schema(ref_template="#/$defs/{model}")
        definitions |= told.pop("$defs", {})
        definitions[shape.__name__] = told
        cases.append(
            {
                "if": {"properties": {"kind": {"const": kind.value}}, "required": ["kind"]},
                "then": {"properties": {"data": {"$ref": f"#/$defs/{shape.__name__}"}}},
            }
        )
    event = Event.model_json_schema(ref_template="#/$defs/{model}")
    definitions |= event.pop("$defs")
    event["allOf"] = sorted(cases, key=lambda case: case["if"]["properties"]["kind"]["const"])
    definitions["Event"] = event
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA},
            "number": {"type": "integer", "minimum": 1},
            "by": {"enum": [who.value for who in Teller]},
            "event": {"$ref": "#/$defs/Event"},
        },
        "required": ["schema", "number", "by", "event"],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }
