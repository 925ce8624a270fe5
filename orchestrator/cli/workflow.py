"""``handrail workflow``: described processes compiled, read back, drawn and proved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, interactive, no_input, repository
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.app.workflows.rewriting import Proposal
    from orchestrator.models.workflow import Workflow
    from orchestrator.workflows.compile import Compiled

_FILE = click.Path(path_type=Path)


@click.group(help="Compile, rewrite, check, explain and draw described processes.")
def command() -> None: ...


@command.command("list", help="List the workflows that this installation brings.")
@as_json
def list_(json_: bool) -> None:
    from orchestrator.assets.find import workflow_ids

    if json_:
        print_json("workflows", {"workflows": list(workflow_ids())})
    else:
        say("\n".join(workflow_ids()))


@command.command("compile", help="Compile a process.md to a workflow.yaml, without a model, and prove it.")
@click.argument("process", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Where to write the workflow; without it, to stdout.")
@click.option("--id", "id_", metavar="ID", help="The workflow's id; without it, the folder's name.")
@click.option("--by", metavar="ROLE", help="Who does the steps that name nobody.")
@as_json
def compile_(process: Path, output: Path | None, id_: str | None, by: str | None, json_: bool) -> None:
    from orchestrator.app.workflows.compiling import compile_file, dumped, write
    from orchestrator.errors import WorkflowInvalid

    found = compile_file(process, id_, by)
    data = dumped(found.workflow, process) if found.workflow is not None else b""
    if data and output is not None:
        write(output, data)
    if json_:
        _print_compiled(found)
    elif data and output is None:
        say(data.decode().rstrip("\n"))
    counts = ", ".join(f"{count} {kind}" for kind, count in found.counts().items())
    note(f"{process}: {len(found.read)} sentences: {counts}.")
    if found.workflow is None:
        details = [str(problem) for problem in found.problems]
        hint = f"mend the lines named, or: handrail workflow rewrite {process} --as-written --by ROLE"
        raise WorkflowInvalid("WF102", f"{process} is not a workflow yet.", hint, details)
    if output is not None:
        note(f"Read it back: handrail workflow explain {output}")


@command.command(help="Put a process.md into the form that compiles, as a difference that a person takes.")
@click.argument("process", type=_FILE)
@click.option("--as-written", is_flag=True, help="Without a model: quote what is not read, for somebody to see to.")
@click.option("--by", metavar="ROLE", help="With --as-written: who sees to that, and does the steps that name nobody.")
@click.option("--accept", metavar="DIGEST", help="Take the proposal that was shown with this digest.")
@click.option("--model", default="", help="ENDPOINT/MODEL that rewrites it (default: that of the role planner).")
@click.option("--record", type=_FILE, help="Keep what the model said in this file.")
@click.option("--replay", type=_FILE, help="Use such a file in the model's place, offline.")
@repository
@no_input
def rewrite(
    process: Path,
    as_written: bool,
    by: str | None,
    accept: str | None,
    model: str,
    record: Path | None,
    replay: Path | None,
    repo: Path,
    no_input: bool,
) -> None:
    from orchestrator.app.workflows import rewriting
    from orchestrator.errors import AwaitingPerson, UsageError
    from orchestrator.models.ids import Digest

    taken = f"{process} is the proposal now. Try: handrail workflow compile {process}"
    if as_written != (by is not None) or (as_written and (model or record or replay)):
        said = "--as-written wants --by, and no model."
        raise UsageError("WF109", said, f"handrail workflow rewrite {process} --as-written --by ROLE")
    if accept is not None:
        rewriting.take(process, rewriting.proposed(process), Digest(accept))
        note(taken)
        return
    found = _quoted(process, by) if by is not None else _modelled(process, model, record, replay, repo)
    say(found.difference.rstrip("\n"))
    if interactive(no_input) and click.confirm("Take this text in place of the old one?", default=False, err=True):
        rewriting.take(process, found, found.digest)
        note(taken)
        return
    text = f"A person takes it or not; {process} is as it was, the proposal is {rewriting.place_of(process)}."
    raise AwaitingPerson("WF106", text, f"handrail workflow rewrite {process} --accept {found.digest}")


def _modelled(process: Path, model: str, record: Path | None, replay: Path | None, repo: Path) -> Proposal:
    from functools import partial

    from orchestrator.app.files import read_file
    from orchestrator.app.project import open_project
    from orchestrator.app.specs.model_planning import PlannerChoice
    from orchestrator.app.specs.planning import save
    from orchestrator.app.workflows.rewriting import propose

    keep = partial(save, record) if record else None
    choice = PlannerChoice(note, model, read_file(replay) if replay else None, keep)
    with open_project(repo) as project:
        return propose(project, process, choice)


def _quoted(process: Path, by: str) -> Proposal:
    """What is not read, quoted; and what is said of that before a person takes it."""
    from orchestrator.app.workflows.rewriting import place_of, quote

    found = quote(process, by)
    for line, words in found.binding:
        note(f"{place_of(process)}:{line}: nothing enforces this: {words}")
    parts = f"{found.parts} part{'s' if found.parts != 1 else ''}"
    note(f"{found.told} of {found.sentences} sentences are told as they stand, in {parts}.")
    return found.proposal


@command.command(help="Prove a workflow.yaml with the process.md beside it; make or check a certificate of the proof.")
@click.argument("path", type=_FILE)
@click.option("--certify", type=_FILE, help="Write a signed certificate here.")
@click.option("--key", type=_FILE, help="The key that signs it.")
@click.option("--certificate", type=_FILE, help="Check this certificate, with the independent checker.")
@click.option("--signer", metavar="KEYID", help="Who must have signed it.")
@click.option("--policy", "policy", is_flag=True, help="Also under the policy of the repository.")
@repository
@as_json
def check(
    path: Path,
    certify: Path | None,
    key: Path | None,
    certificate: Path | None,
    signer: str | None,
    policy: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.workflows import compiling

    found = compiling.check_file(path, certificate, signer)
    if policy:
        from orchestrator.app.project import open_project
        from orchestrator.app.trust.policies import chain_at

        with open_project(repo) as project:
            compiling.ensure_under(found.workflow, chain_at(project).current)
    signed = compiling.certify(found, certify, key) if certify is not None else found.signed_by
    workflow = found.workflow
    if json_:
        body: dict[str, object] = {"id": workflow.id, "digest": workflow.digest(), "problems": []}
        body["nodes"] = len(workflow.nodes)
        searched = {"states": found.states, "transitions": found.transitions, "situations": found.situations}
        print_json("workflow", {**body, **searched, "signed_by": signed})
        return
    say(f"{path}: {len(workflow.nodes)} nodes; {_proved(workflow)}.")
    say(f"Searched {found.states} standings and {found.transitions} passages. What agents write is not proved by this.")
    if signed:
        say(f"Certificate signed by {signed}" + (", checked anew." if certificate else f", written to {certify}."))
    if certificate and signer is None:
        note(f"Nobody said whose key that must be. Try: --signer {signed}, when you know it to be theirs")
    if not found.same_prover:
        note("The certificate was made by another version of the prover; all that it says was found again by this one.")


def _proved(workflow: Workflow) -> str:
    """What the proof says of this workflow, of what it has at all."""
    from orchestrator.models.workflow import NodeKind

    nodes, rules = workflow.nodes.values(), len(workflow.rules)
    tests = ", tests" if workflow.needs.tests else ""
    found = ["every path comes to an end"]
    if any(node.kind is NodeKind.MERGE for node in nodes):
        found.append(f"no path merges a change without gates{tests} and a reviewer")
    if any(node.effect is not None and node.effect.irreversible for node in nodes):
        found.append("none does what nothing takes back without an approval of it")
    if rules:
        found.append(f"{rules} rule{'s hold' if rules > 1 else ' holds'} on each")
    return "; ".join(found)


@command.command(help="Read a workflow back in plain English: a file, or one of this installation's by its id.")
@click.argument("path", type=_FILE)
def explain(path: Path) -> None:
    from orchestrator.workflows.say import explain as told

    say(told(_any(path)).rstrip("\n"))


@command.command(help="Draw a workflow.")
@click.argument("path", type=_FILE)
@click.option("--format", "format_", type=click.Choice(["text", "mermaid", "svg"]), default="text", show_default=True)
def graph(path: Path, format_: str) -> None:
    from orchestrator.workflows import graph as drawing
    from orchestrator.workflows.picture import svg

    draw = {"text": drawing.terminal, "mermaid": drawing.mermaid, "svg": svg}[format_]
    say(draw(_any(path)).rstrip("\n"))


def _any(path: Path) -> Workflow:
    """A ``workflow.yaml``, or what a ``process.md`` compiles to. Raises ``WorkflowInvalid`` with each problem."""
    from orchestrator.app.workflows.compiling import compile_file, load_file
    from orchestrator.errors import WorkflowInvalid

    if path.suffix != ".md":
        return load_file(path)
    found = compile_file(path, None, None)
    if found.workflow is None:
        details = [str(problem) for problem in found.problems]
        raise WorkflowInvalid("WF102", f"{path} is not a workflow yet.", "mend the lines named", details)
    return found.workflow


def _print_compiled(found: Compiled) -> None:
    workflow = found.workflow
    head = {"id": workflow.id, "digest": workflow.digest(), "nodes": len(workflow.nodes)} if workflow else {}
    sentences = [
        {"text": r.sentence.text, "line": r.sentence.span.line, "column": r.sentence.span.column, "kind": r.kind}
        for r in found.read
    ]
    problems = [p.model_dump(mode="json") for p in found.problems]
    print_json("workflow", {**head, "problems": problems, "sentences": sentences})
