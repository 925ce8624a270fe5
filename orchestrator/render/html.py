"""Pages: one file each, without script, font, picture or address of another place. Every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestrator.render.data import capped, literal


@cache
def environment() -> Environment:
    """Escapes every value and writes out what cannot be seen in it; ``capped`` also cuts the middle of a long text."""
    made = Environment(
        loader=PackageLoader("orchestrator.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    filters: dict[str, Any] = made.filters
    filters.update({"literal": literal, "capped": capped})
    return made


def _visible(value: object) -> object:
    """Markup is what this room made itself, and was made visible in its parts."""
    return literal(value) if type(value) is str else value


def page(template: str, values: Mapping[str, Any]) -> str:
    """A template of this package as HTML. A value that it names and nobody gave is an error."""
    return environment().get_template(template).render(values)
