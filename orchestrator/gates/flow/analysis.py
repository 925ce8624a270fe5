"""One file's bytes in, JSON out: what runs inside the worker process."""

from __future__ import annotations

import sys
from typing import Any

from orchestrator.gates.flow.families import FAMILIES
from orchestrator.gates.flow.mentions import mentions
from orchestrator.gates.flow.module import Module
from orchestrator.gates.parsing import parsed

__all__ = ["analyse"]

_RECURSION = 20_000


def analyse(data: bytes) -> dict[str, Any]:
    """``{"error": why it does not parse or "", "issues": [...], "uses": [[capability, name, line], ...]}``."""
    try:
        tree = parsed(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300], "issues": [], "uses": []}
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_RECURSION)
    try:
        module = Module(FAMILIES)
        module.run(tree)
    finally:
        sys.setrecursionlimit(limit)
    issues = [
        {"rule": rule.code, "what": what, "line": line, "end_line": end}
        for (_, line, end, _), (rule, _, what) in sorted(
            module.findings.items(), key=lambda pair: (pair[0][1], pair[0])
        )
    ]
    uses = sorted({(use.capability, use.name, use.line) for use in module.uses.values()} | set(mentions(tree)))
    return {"error": "", "issues": issues, "uses": [list(use) for use in uses]}
