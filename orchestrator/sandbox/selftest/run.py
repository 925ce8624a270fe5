"""Tries every attack twice and gives the verdicts. What another room holds is added by its own file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from orchestrator.errors import HandrailError, SandboxUnavailable, SandboxUnsafe
from orchestrator.models.capabilities import Limits
from orchestrator.sandbox.docker_engine import DockerSandboxes
from orchestrator.sandbox.selftest import filesystem, kernel, network, resources, secrets
from orchestrator.sandbox.selftest.bench import Bench, Seen
from orchestrator.sandbox.selftest.engine import SelftestEngine
from orchestrator.sandbox.selftest.host import host_side
from orchestrator.sandbox.selftest.model import Attack, Attempt, Result, Verdict, verdict

LOUD = frozenset({"resources"})
"""Families whose attacks take as much of the machine as they get, and may not disturb each other."""
AT_ONCE = 4
FAMILIES = (resources, kernel, filesystem, network, secrets)
"""Each has ``ATTACKS``. A family of another room is added where the rooms are put together."""


def attacks() -> tuple[Attack, ...]:
    """Of this room."""
    return tuple(attack for family in FAMILIES for attack in family.ATTACKS)


@contextmanager
def bench(sandboxes: DockerSandboxes, limits: Limits, base_url: str | None = None) -> Generator[Bench]:
    """Everything that attacks need. Raises ``SandboxUnavailable`` or ``SandboxUnsafe`` when nothing can be tried."""
    sandboxes.probe()
    engine = SelftestEngine(base_url)
    try:
        with host_side() as host:
            yield Bench(sandboxes, engine, limits, host)
    finally:
        engine.close()


def judge(where: Bench, chosen: Sequence[Attack], say: Callable[[Result], None]) -> tuple[Result, ...]:
    """One result per attack, told as it is known: quiet families are tried together, then the loud ones one by one."""
    where.share([attack.inside for attack in chosen if attack.inside is not None])
    results: list[Result] = []
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        quiet = {a.id: _begun(pool, a, where) for a in chosen if a.family not in LOUD}
        for attack in sorted(chosen, key=lambda a: a.family in LOUD):
            both = quiet.get(attack.id) or _begun(pool, attack, where)
            seen, positive = (attempt.result() for attempt in both)
            result = Result(attack, seen.words, positive.words, verdict(seen, positive))
            say(result)
            results.append(result)
    return tuple(sorted(results, key=lambda result: chosen.index(result.attack)))


def _begun(pool: ThreadPoolExecutor, attack: Attack, where: Bench) -> tuple[Future[Seen], Future[Seen]]:
    """The attempt and its positive control, side by side."""
    return pool.submit(_tried, attack.attempt, where), pool.submit(_tried, attack.positive, where)


def _tried(attempt: Attempt, where: Bench) -> Seen:
    """An attempt that ends with an error of ours shows nothing, unless the error is the protection's own."""
    try:
        return attempt(where)
    except HandrailError as error:
        return Seen(succeeded=False, words=f"broke: {error}", broke=True)


def require_held(results: Sequence[Result]) -> None:
    """Raises ``SandboxUnsafe`` (``SBX013``, exit 8) naming every attack that did not end as held."""
    open_ = [r for r in results if r.verdict is not Verdict.HELD]
    if not results:
        raise SandboxUnavailable("SBX014", "no attack was tried", "leave --only out")
    if open_:
        escaped = sum(r.verdict is Verdict.ESCAPED for r in open_)
        raise SandboxUnsafe(
            "SBX013",
            f"{escaped} of {len(results)} attacks escaped and {len(open_) - escaped} are inconclusive",
            "do not run agents here before each is explained: docs/reference/sandbox-selftest.md",
            [f"{r.attack.id} {r.attack.name}: {r.verdict} ({r.attack.control})" for r in open_],
        )
