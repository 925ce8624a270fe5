"""Which format a document is written in, by what it holds and not by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.models.spec import SpecFormat
from orchestrator.specs import ears, feature, openspec, pr_faq, speckit
from orchestrator.specs.codes import Report
from orchestrator.specs.markdown import Block

_COUNTS: dict[SpecFormat, Callable[[Sequence[Block]], int]] = {
    SpecFormat.FEATURE: feature.count,
    SpecFormat.EARS: ears.count,
    SpecFormat.OPENSPEC: openspec.count,
    SpecFormat.SPEC_KIT: speckit.count,
}


def detect_format(blocks: Sequence[Block], report: Report) -> SpecFormat:
    """The format with the most requirements; prose when none has any.

    Items of another format become a warning: they are text, not requirements.
    """
    counts = {name: count(blocks) for name, count in _COUNTS.items()}
    chosen = max(counts, key=lambda name: counts[name])
    if not counts[chosen]:
        return SpecFormat.PR_FAQ if pr_faq.count(blocks) else SpecFormat.PLAIN
    for name, number in counts.items():
        if number and name is not chosen:
            message = f"Read as {chosen}; {number} items in the form of {name} are not read as requirements."
            report.add("PRD031", 1, 1, message)
    return chosen
