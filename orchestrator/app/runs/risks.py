"""``--accept-risk``: going on in a sandbox that lacks a protection, where policy and a person let it (D18)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import ValidationError

from orchestrator.app.base import read_base
from orchestrator.app.machine.sandboxing import engine, layers_of
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.errors import SandboxUnsafe, UsageError
from orchestrator.models.base import Instant
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.run import Run, RunSettings
from orchestrator.policy.risks import PREFIX, refusals

if TYPE_CHECKING:
    from orchestrator.ports import Clock

FORM = "PROTECTION:OWNER:YYYY-MM-DD"


def read_risks(given: Iterable[str]) -> tuple[AcceptedRisk, ...]:
    """``PROTECTION:OWNER:DATE`` each. Raises ``UsageError``: RISK001 another form, RISK002 none such, or twice."""
    found = tuple(_read(text) for text in given)
    twice = {risk.protection for risk in found if sum(r.protection == risk.protection for r in found) > 1}
    if twice:
        raise UsageError("RISK002", f"{', '.join(sorted(twice))} is accepted twice.", "name each protection once")
    return found


def _read(text: str) -> AcceptedRisk:
    from orchestrator.sandbox.probe import CHECKS

    protection, _, rest = text.partition(":")
    owner, _, until = rest.rpartition(":")
    try:
        found = AcceptedRisk.model_validate_json(_document(protection, owner, until))
    except ValidationError as error:
        raise UsageError("RISK001", f"--accept-risk {text!r} is not {FORM}.", "cpu:ana:2027-01-31") from error
    if protection not in CHECKS:
        raise UsageError("RISK002", f"The sandbox has no protection {protection!r}.", ", ".join(sorted(CHECKS)))
    return found


def _document(protection: str, owner: str, until: str) -> bytes:
    from orchestrator.models.ids import canonical

    return canonical({"protection": protection, "owner": owner, "until": until})


def refuse_unlisted(risks: tuple[AcceptedRisk, ...], policy: Policy, when: Instant) -> None:
    """Raises ``UsageError`` (RISK003): the policy does not list it, nobody owns it, or its day has passed."""
    wrong = refusals(risks, policy, when)
    if wrong:
        hint = f"a root key holder lists it: handrail policy change --accept-risk {PREFIX}NAME"
        raise UsageError("RISK003", f"This risk cannot be accepted: {wrong[0]}.", hint, wrong[1:])


def refuse_held(risks: tuple[AcceptedRisk, ...], image: str, runtime: str, layers: Iterable[str]) -> None:
    """Raises ``UsageError`` (RISK004) for a protection that holds here, else as the probe does."""
    if not risks:
        return
    sandboxes = engine(image, runtime, layers, accepted=[risk.protection for risk in risks])
    try:
        sandboxes.probe()
        held = sorted({risk.protection for risk in risks} - sandboxes.missing)
    finally:
        sandboxes.close()
    if held:
        raise UsageError("RISK004", f"There is no risk to accept: {', '.join(held)} holds here.", "leave it out")


def accept(project: Project, run: Run, given: Iterable[str], trust: Digest | None) -> Run:
    """The run with further accepted risks; one for the same protection takes the place of an earlier one.

    Raises as :func:`read_risks`, :func:`refuse_unlisted` and :func:`refuse_held`; nothing is changed then.
    """
    fresh = read_risks(given)
    settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
    if not set(fresh) - set(settings.risks):
        return run
    with open_trees(project) as trees:
        base = read_base(project, trees, run.base_commit, trust)
    refuse_unlisted(fresh, base.chain.current, project.clock.now())
    refuse_held(fresh, settings.image, settings.runtime, layers_of(base.profile))
    named = {risk.protection for risk in fresh}
    kept = tuple(risk for risk in settings.risks if risk.protection not in named)
    changed = settings.model_copy(update={"risks": (*kept, *fresh)})
    row = run.model_copy(update={"settings": project.blobs.put(changed.to_bytes())})
    project.index.save_run(row)
    return row


def in_force(risks: tuple[AcceptedRisk, ...], missing: frozenset[str], clock: Clock) -> tuple[AcceptedRisk, ...]:
    """Those whose protection is missing here. Raises ``SandboxUnsafe`` (RISK005) when the day of one has passed."""
    taken = tuple(risk for risk in risks if risk.protection in missing)
    over = [risk for risk in taken if not risk.holds_at(clock.now())]
    if over:
        text = f"This sandbox lacks what somebody had accepted until then: {', '.join(r.words() for r in over)}."
        raise SandboxUnsafe(
            "RISK005", text, f"mend the engine, or accept it anew: handrail resume RUN --accept-risk {FORM}"
        )
    return taken
