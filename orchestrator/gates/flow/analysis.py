"""One file's bytes in, JSON out: what runs inside the worker process."""

from __future__ import annotations

import sys
from typing import Any

from orchestrator.gates.changes.parsing import parsed
from orchestrator.gates.flow.families import FAMILIES
from orchestrator.gates.flow.heeding import Heeding
from orchestrator.gates.flow.mentions import mentions
from orchestrator.gates.flow.module import Module
from orchestrator.gates.flow.vouched import worth_vouching

__all__ = ["analyse"]

_RECURSION = 20_000
_HEEDING = Heeding(FAMILIES)


def analyse(data: bytes) -> dict[str, Any]:
    """A JSON object: ``error`` (why it does not parse, or ''), ``issues``, ``uses`` and ``vouched``.

    ``uses``: capability, name, line. ``vouched``: number of a scanner's rule, first line, last line, whether
    what stands there is harmless for certain.
    """
    try:
        tree = parsed(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300], "issues": [], "uses": [], "vouched": []}
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_RECURSION)
    try:
        module = Module(FAMILIES, _HEEDING)
        vouch = worth_vouching(data)
        module.run(tree, vouch=vouch)
    finally:
        sys.setrecursionlimit(limit)
    # The same of the same lines is said once, however often it stands there: each further one changes the lines.
    places = dict.fromkeys(
        (rule.code, what, line, end)
        for (_, line, end, _), (rule, _, what) in sorted(
            module.findings.items(), key=lambda pair: (pair[0][1], pair[0])
        )
    )
    issues = [{"rule": code, "what": what, "line": line, "end_line": end} for code, what, line, end in places]
    uses = sorted({(use.capability, use.name, use.line) for use in module.uses.values()} | set(mentions(tree)))
    vouched = [[*place, harmless] for place, harmless in sorted(module.vouched().items())] if vouch else []
    return {"error": "", "issues": issues, "uses": [list(use) for use in uses], "vouched": vouched}
