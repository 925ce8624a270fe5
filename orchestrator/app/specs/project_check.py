"""Whether the project's own tests run in the sandbox, on the base, in the project's environment (D5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.base import Base, read_base
from orchestrator.app.machine.doctor import Check, ask_check
from orchestrator.app.machine.environments import TreeEnvironments
from orchestrator.app.machine.sandboxing import engine, layers_of, packages_at
from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.app.wiring import open_workflow
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Limits
from orchestrator.models.ids import RunId

_TAIL_LINES = 15


@dataclass(frozen=True)
class ProjectCheck:
    """The answers, and the last lines of the test command when it is not green."""

    checks: tuple[Check, ...]
    output: tuple[str, ...] = ()


def examine_project(
    folder: Path, say: Callable[[str], None], workflow: str = "prd-to-code", wheelhouse: Path | None = None
) -> ProjectCheck:
    """Build the environment of HEAD and run the profile's test command on it, within the limits of policy and workflow.

    Declared services run beside it. A network and compiled parts of the project are not there; what needs them fails
    here as it would in a run.
    """
    output: list[str] = []
    check = ask_check("project tests", lambda: _green(folder, say, workflow, output, packages_at(wheelhouse)))
    return ProjectCheck((check,), tuple(output))


def _green(folder: Path, say: Callable[[str], None], workflow: str, output: list[str], packages: str) -> str:
    from orchestrator.engine.execute import cannot_run, run_on_tree, unrunnable
    from orchestrator.ports import SandboxRequest

    with open_project(folder) as project, open_trees(project) as trees:
        base = read_base(project, trees, trees.resolve("HEAD"), None)
        argv = base.profile.test
        if not argv:
            raise UsageError("PROF020", "The profile names no test command.", "write `test:` in .handrail/profile.yaml")
        sandboxes = engine(layers=layers_of(base.profile))
        try:
            sandboxes.probe()
            tree = trees.tree_of(base.commit)
            environment = TreeEnvironments(project, trees, base, lambda: sandboxes, say, packages).of(tree)
            limits = _limits(base, workflow)
            request = SandboxRequest("doctor:project", RunId("doctor"), limits).furnished(environment)
            say(f"running {' '.join(argv)} on {base.commit[:12]}")
            done = run_on_tree(sandboxes, trees, request, tree, argv=argv, source_roots=base.profile.source_roots)
        finally:
            sandboxes.close()
    if done.exit_code == 0:
        return f"`{' '.join(argv)}` is green on {base.commit[:12]} ({done.duration_seconds:.1f} s)"
    words = done.stdout + done.stderr
    for stream in (done.stderr, done.stdout):
        output += stream.decode(errors="replace").splitlines()[-_TAIL_LINES:]
    why = cannot_run(argv, done.exit_code, words)
    if why is not None:
        raise unrunnable(argv, why)
    text = f"`{' '.join(argv)}` ends with {done.exit_code} on {base.commit[:12]}, before anybody changed anything."
    hint = "see its last lines; add what is missing to the requirements, or name a narrower `test:` in the profile"
    raise UsageError("PROF021", text, hint)


def _limits(base: Base, workflow: str) -> Limits:
    from orchestrator.policy.capabilities import meet

    return meet(base.chain.current.ceiling, open_workflow(workflow).ceiling).limits
