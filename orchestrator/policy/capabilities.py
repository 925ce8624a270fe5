"""The algebra of grants: ``meet`` only narrows, ``is_within`` says whether a grant is below a ceiling (D18).

Over the fields of :class:`~orchestrator.models.capabilities.Capabilities`:
patterns as in :mod:`orchestrator.policy.globs`, egress and models as in
:mod:`orchestrator.policy.egress`, commands and secrets as sets, refused programs as the union of both, limits as
numbers; ``restricted`` data is the narrower class. Sound and not complete: a meet may be narrower than the true
intersection, never wider.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.models.capabilities import Capabilities, DataClass, Limits
from orchestrator.policy import egress, globs

_DEFAULTS = {**Limits().model_dump(), "cost_usd": 0.0}


def meet(left: Capabilities, right: Capabilities) -> Capabilities:
    """What both grant. Below each side, and the same for either order but for the order of patterns."""
    return Capabilities(
        read=globs.meet(left.read, right.read),
        write=globs.meet(left.write, right.write),
        write_protected=globs.meet(left.write_protected, right.write_protected),
        commands=tuple(command for command in left.commands if command in right.commands),
        refused=tuple(sorted({*left.refused, *right.refused})),
        egress=egress.meet(left.egress, right.egress),
        models=egress.meet_models(left.models, right.models),
        secrets=tuple(secret for secret in left.secrets if secret in right.secrets),
        data=DataClass.RESTRICTED if DataClass.RESTRICTED in (left.data, right.data) else DataClass.OPEN,
        limits=left.limits.meet(right.limits),
    )


def lowered(grant: Capabilities, ceilings: Mapping[str, float]) -> Capabilities:
    """The grant with no limit above a ceiling by the same name. Raises ``KeyError`` for a name that is no limit."""
    limits = grant.limits
    for name, ceiling in ceilings.items():
        limits = limits.meet(limits.model_copy(update={name: type(_DEFAULTS[name])(ceiling)}))
    return grant.model_copy(update={"limits": limits})


def is_within(grant: Capabilities, ceiling: Capabilities) -> bool:
    """Whether nothing in ``grant`` is above ``ceiling``, as far as it can be proved."""
    return (
        globs.below(grant.read, ceiling.read)
        and globs.below(grant.write, ceiling.write)
        and globs.below(grant.write_protected, ceiling.write_protected)
        and set(grant.commands) <= set(ceiling.commands)
        and set(grant.refused) >= set(ceiling.refused)
        and egress.below(grant.egress, ceiling.egress)
        and egress.models_below(grant.models, ceiling.models)
        and set(grant.secrets) <= set(ceiling.secrets)
        and (grant.data is DataClass.RESTRICTED or ceiling.data is DataClass.OPEN)
        and grant.limits <= ceiling.limits
    )
