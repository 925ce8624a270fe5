"""What several ``prd`` commands share: a spec as plain data, and the option that names its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from orchestrator.models.spec import Spec, SpecFormat

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("feature", "spec-kit", "ears", "openspec", "pr-faq", "plain")


def spec_format(function: F) -> F:
    """``--spec-format``: read the document as this, whatever it looks like."""
    words = "Read it as this format (default: by what it holds, or `format:` in its front matter)."
    return click.option("--spec-format", type=click.Choice(FORMATS), help=words)(function)


def as_format(name: str | None) -> SpecFormat | None:
    """The chosen format, when one was."""
    from orchestrator.models.spec import SpecFormat

    return SpecFormat(name) if name else None


def body(spec: Spec) -> dict[str, object]:
    """A spec as plain data."""
    return {
        "namespace": spec.namespace,
        "format": spec.format,
        "title": spec.title,
        "requirements": rows(spec),
        "non_goals": rows(spec, non_goals=True),
    }


def rows(spec: Spec, *, non_goals: bool = False) -> list[dict[str, object]]:
    """Its requirements, or its non-goals, as plain data."""
    return [
        {
            "id": r.id,
            "aliases": r.aliases,
            "title": r.title,
            "kind": r.kind,
            "priority": r.priority,
            "provisional": r.provisional,
            "delta": r.delta,
            "where": [d.value for d in r.where],
            "verify_by": [d.value for d in r.verify_by],
            "statement": r.statement,
            "acceptance": [c.text for c in r.acceptance],
            "line": r.span.line,
            "column": r.span.column,
            "end_line": r.span.end_line,
            "end_column": r.span.end_column,
            "file": r.span.path,
            "digest": r.text_digest,
        }
        for r in (spec.non_goals if non_goals else spec.requirements)
    ]
