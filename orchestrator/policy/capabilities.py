"""The algebra of grants: ``meet`` only narrows, ``is_within`` says whether a grant is below a ceiling (D18).

Over the fields of :class:`~orchestrator.models.capabilities.Capabilities`:
patterns as in :mod:`orchestrator.policy.globs`, commands as sets, limits as
numbers. Sound and not complete: a meet may be narrower than the true
intersection, never wider.
"""

from __future__ import annotations

from orchestrator.models.capabilities import Capabilities
from orchestrator.policy import globs


def meet(left: Capabilities, right: Capabilities) -> Capabilities:
    """What both grant. Below each side, and the same for either order but for the order of patterns."""
    return Capabilities(
        read=globs.meet(left.read, right.read),
        write=globs.meet(left.write, right.write),
        write_protected=globs.meet(left.write_protected, right.write_protected),
        commands=tuple(command for command in left.commands if command in right.commands),
        limits=left.limits.meet(right.limits),
    )


def is_within(grant: Capabilities, ceiling: Capabilities) -> bool:
    """Whether nothing in ``grant`` is above ``ceiling``, as far as it can be proved."""
    return (
        globs.below(grant.read, ceiling.read)
        and globs.below(grant.write, ceiling.write)
        and globs.below(grant.write_protected, ceiling.write_protected)
        and set(grant.commands) <= set(ceiling.commands)
        and grant.limits <= ceiling.limits
    )
