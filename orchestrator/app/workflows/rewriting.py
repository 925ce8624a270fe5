"""Free prose in the controlled form, as a model proposes it: compiled, shown as a difference, taken by a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.files import read_file
from orchestrator.app.models.connections import load_connections, model_for
from orchestrator.app.models.lease import Purpose, leased
from orchestrator.app.project import Project
from orchestrator.app.specs.model_planning import ANSWERS, TOKENS, PlannerChoice
from orchestrator.app.workflows.compiling import compile_text, process_id, write
from orchestrator.errors import UsageError, WorkflowInvalid
from orchestrator.models.capabilities import DataClass
from orchestrator.models.ids import Digest, sha256
from orchestrator.ports import ModelClient, Question


@dataclass(frozen=True, slots=True)
class Proposal:
    """``text`` would stand in place of ``old``; ``digest`` is of the two, and names what a person takes."""

    old: bytes
    text: bytes
    digest: Digest
    difference: str


def place_of(path: Path) -> Path:
    """Where the proposal for a process is kept until it is taken."""
    return path.with_name(f"{path.stem}.proposed{path.suffix}")


def propose(project: Project, path: Path, choice: PlannerChoice) -> Proposal:
    """What a model makes of the process, once the compiler reads it without a problem; kept beside it.

    Raises ``UsageError`` for the file, or without a model (MDL012, MDL013), ``LimitReached`` past the budget, and
    ``WorkflowInvalid`` WF103 when no answer compiles: the old text stands, and nothing is written.
    """
    old = read_file(path)
    if old.decode("utf-8", "replace").encode() != old:
        raise UsageError("WF104", f"{path} is not UTF-8.", "save it as UTF-8")
    chosen = model_for(load_connections(), "planner", choice.model)
    purpose = Purpose("rewriting", sha256(old), DataClass.OPEN, TOKENS, choice.record, choice.replay)
    with leased(project, chosen, purpose) as client:
        text = _rewritten(client, path, old)
    write(place_of(path), text)
    return _proposal(path, old, text)


def proposed(path: Path) -> Proposal:
    """The proposal that is kept beside a process. Raises ``UsageError`` when there is none."""
    return _proposal(path, read_file(path), read_file(place_of(path)))


def take(path: Path, found: Proposal, digest: Digest) -> None:
    """Put the proposal in the place of the process.

    Raises ``UsageError`` WF105 when either text is another than the one that was shown, ``WorkflowInvalid`` WF102 when
    it does not compile (it was edited since).
    """
    if found.digest != digest:
        raise UsageError("WF105", "This is not the difference that was shown.", f"handrail workflow rewrite {path}")
    compiled = compile_text(found.text, path, process_id(path), None)
    if compiled.workflow is None:
        details = [str(problem) for problem in compiled.problems]
        raise WorkflowInvalid("WF102", f"{place_of(path)} is not a workflow yet.", "mend the lines named", details)
    write(path, found.text)
    place_of(path).unlink()


def _proposal(path: Path, old: bytes, text: bytes) -> Proposal:
    from orchestrator.workflows.rewrite import difference, taken

    return Proposal(old, text, taken(old, text), difference(old, text, str(path)))


def _rewritten(client: ModelClient, path: Path, old: bytes) -> bytes:
    from orchestrator.render.prompts import REWRITER, rewrite_prompt
    from orchestrator.workflows.rewrite import judged, schema

    form, answer, problems = schema(), "", tuple[str, ...]()
    for _ in range(ANSWERS):
        prompt = rewrite_prompt(old.decode(), form, answer=answer, problems=problems)
        answer = client.ask(Question(REWRITER, prompt, form)).text
        text, problems = judged(answer, lambda data: compile_text(data, path, process_id(path), None))
        if text is not None:
            return text
    said = f"{client.name} wrote no process that compiles in {ANSWERS} answers; nothing is changed."
    raise WorkflowInvalid("WF103", said, "rewrite it by hand: handrail workflow compile says what is unclear", problems)
