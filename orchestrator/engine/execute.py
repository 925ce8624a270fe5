"""A command on a whole tree in a fresh sandbox, and whether it could run there at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.engine.context import RunContext
from orchestrator.errors import LimitReached, SandboxUnavailable
from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.models.plan import SourceKind, Step
from orchestrator.policy.imports import import_roots
from orchestrator.ports import Execution, Sandboxes, SandboxRequest, Trees

_TAIL_BYTES = 4096
_TIMED_OUT, _NOT_EXECUTABLE, _NOT_FOUND = 124, 126, 127
_NO_MODULE = re.compile(r"No module named '?([\w.]+)'?")


class CommandResult(Noun):
    """How one command ended on one tree."""

    exit_code: int
    output: Digest
    duration_seconds: float


def run_on_tree(
    sandboxes: Sandboxes,
    trees: Trees,
    request: SandboxRequest,
    tree: GitOid,
    *,
    argv: Sequence[str],
    source_roots: Sequence[str],
) -> Execution:
    """Run ``argv`` on a copy of ``tree`` that is thrown away. ``request`` needs no import roots of its own."""
    entries = trees.entries(tree)
    roots = import_roots(source_roots, [entry.path for entry in entries])
    with sandboxes.open(replace(request, import_roots=roots, open_tree=True)) as sandbox:
        sandbox.copy_in(entries, trees.blobs, Capabilities(write=("**",)), ())
        return sandbox.execute(argv, timeout_seconds=request.limits.wall_seconds)


def result_on_tree(ctx: RunContext, name: str, limits: Limits, argv: Sequence[str], tree: GitOid) -> CommandResult:
    """Run once per (tree, command, environment, image, limits): the same inputs are not run twice in one store.

    ``name`` is of the step or node that it is run for.
    """
    environment = ctx.environment(tree)
    inputs = [tree, argv, environment.digest if environment else "", ctx.sandboxes().image, ctx.profile.source_roots]
    key = "accept:" + sha256(canonical([*inputs, limits.model_dump()]))
    known = ctx.index.effect(key)
    if known is not None:
        return ctx.load(CommandResult, known)
    request = SandboxRequest(f"{ctx.run.id}:{name}:accept", ctx.run.id, limits).furnished(environment)
    done = run_on_tree(ctx.sandboxes(), ctx.trees, request, tree, argv=argv, source_roots=ctx.profile.source_roots)
    result = CommandResult(
        exit_code=done.exit_code,
        output=ctx.blobs.put(done.stdout + done.stderr),
        duration_seconds=round(done.duration_seconds, 3),
    )
    ctx.index.record_effect(key, ctx.keep(result))
    return result


def make_acceptance_ahead(ctx: RunContext, step: Step, tree: GitOid) -> None:
    """Have the container of the step's first acceptance made while its agent works, should the environment stay."""
    if step.acceptance:
        request = SandboxRequest("", ctx.run.id, step.capabilities.limits, open_tree=True)
        ctx.sandboxes().warm(request.furnished(ctx.environment(tree)))


def ensure_runnable(ctx: RunContext, step: Step, tree: GitOid) -> None:
    """Try the project's own test command on the base before an agent works in vain.

    Raises ``SandboxUnavailable`` (ENV030) when it cannot even start. That it fails is only noted: the step may mend it.
    """
    for acceptance in step.acceptance:
        if acceptance.source.kind is not SourceKind.PROFILE:
            continue
        try:
            with ctx.turn:
                result = result_on_tree(ctx, step.id, step.capabilities.limits, acceptance.argv, tree)
        except LimitReached:
            ctx.emit(EventKind.BASE_FAILS, "agent", step.id, exit_code=_TIMED_OUT)
            continue
        why = cannot_run(acceptance.argv, result.exit_code, ctx.blobs.get(result.output))
        if why is not None:
            raise unrunnable(acceptance.argv, why)
        if result.exit_code != 0:
            ctx.emit(EventKind.BASE_FAILS, "agent", step.id, exit_code=result.exit_code, output=result.output)


def cannot_run(argv: Sequence[str], exit_code: int, output: bytes) -> str | None:
    """Why the command did not even begin its work, or ``None``. A failure of the tests themselves is none."""
    words = output[-_TAIL_BYTES:].decode(errors="replace")
    if exit_code in {_NOT_EXECUTABLE, _NOT_FOUND}:
        return f"there is no program {argv[0]}"
    missing = _NO_MODULE.findall(words)
    module = argv[2].partition(".")[0] if list(argv[1:2]) == ["-m"] and len(argv) > 2 else None  # noqa: PLR2004  the module's place
    if exit_code != 0 and module in missing:
        return f"Python has no module {module}"
    return None


def unrunnable(argv: Sequence[str], why: str) -> SandboxUnavailable:
    """ENV030 with the way out."""
    text = f"The test command `{' '.join(argv)}` cannot run in the sandbox: {why}."
    hint = "commit a requirements file that names it, list it under requirements in .handrail/profile.yaml and commit"
    hint += " that too; then: handrail trust DIGEST, handrail doctor --project"
    if argv[0] not in {"python", "python3", "pytest"}:
        hint = "list package-lock.json under requirements for npm, name the service or program, and build that image:"
        hint += " handrail sandbox build --project; or take an image that has it: handrail run --image ID"
    return SandboxUnavailable("ENV030", text, hint)
