"""All attacks. A family is a module with ``ATTACKS``: a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.app.machine.sandboxing import engine
from orchestrator.assets.find import capability_profile
from orchestrator.errors import UsageError
from orchestrator.sandbox.selftest import run
from orchestrator.sandbox.selftest.model import Attack, Result
from orchestrator.sandbox.selftest.run import require_held

__all__ = ["catalogue", "choose", "require_held", "row", "selftest"]


def catalogue() -> tuple[Attack, ...]:
    """By id."""
    from orchestrator.app.selftest import patch, tree, way_out

    every = (*run.attacks(), *tree.ATTACKS, *patch.ATTACKS, *way_out.ATTACKS)
    return tuple(sorted(every, key=lambda attack: attack.id))


def choose(only: tuple[int, ...]) -> tuple[Attack, ...]:
    """All, or those with these ids. Raises ``UsageError`` (``SBX024``) for an id that is not there."""
    known = {attack.id: attack for attack in catalogue()}
    unknown = sorted(set(only) - known.keys())
    if unknown:
        words = ", ".join(map(str, unknown))
        raise UsageError("SBX024", f"there is no attack {words}", "docs/reference/sandbox-selftest.md lists them")
    return tuple(known[number] for number in dict.fromkeys(only)) if only else tuple(known.values())


def selftest(
    only: tuple[int, ...],
    say: Callable[[Result], None],
    *,
    image: str = "",
    runtime: str = "",
    profile: str = "default",
) -> tuple[str, tuple[Result, ...]]:
    """The runtime and one result per attack, with the limits of a capability profile.

    Raises ``SandboxUnavailable`` or ``SandboxUnsafe`` when nothing can be tried.
    """
    chosen, limits = choose(only), capability_profile(profile).limits
    sandboxes = engine(image, runtime)
    try:
        with run.bench(sandboxes, limits) as bench:
            return sandboxes.connect().runtime, run.judge(bench, chosen, say)
    finally:
        sandboxes.close()


def row(result: Result) -> dict[str, str | int]:
    """As ``sandbox selftest --json`` lists it."""
    attack = result.attack
    return {
        "id": attack.id,
        "family": attack.family,
        "name": attack.name,
        "control": attack.control,
        "expected": attack.expected,
        "observed": result.observed,
        "weakened": attack.weakened,
        "positive_control": result.positive_control,
        "verdict": str(result.verdict),
    }
