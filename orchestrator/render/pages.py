"""HTML pages that need nothing else: no script, no font, no image, no request. Every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  costs start-up

    loader = PackageLoader("orchestrator.render")
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def html(template: str, values: Mapping[str, Any]) -> str:
    """A page from a template of this package. A value that it names and nobody gave is an error."""
    return _environment().get_template(template).render(values)
