"""Free prose in the controlled form, by a model or by quoting: compiled, shown as a difference, taken by a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from orchestrator.workflows.compile import Compiled


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
    old = _utf8(path)
    chosen = model_for(load_connections(), "planner", choice.model)
    purpose = Purpose("rewriting", sha256(old), DataClass.OPEN, TOKENS, choice.record, choice.replay)
    with leased(project, chosen, purpose) as client:
        text = _rewritten(client, path, old)
    write(place_of(path), text)
    return _proposal(path, old, text)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A process with what is not read quoted. It had so many ``sentences``; ``told`` are those in the quoted ``parts``.

    ``binding``: line in the proposal and words of those among them that order something which nothing enforces.
    """

    proposal: Proposal
    sentences: int
    told: int
    parts: int
    binding: tuple[tuple[int, str], ...]


def quote(path: Path, by: str) -> Quoted:
    """The process in the form that compiles: the role ``by`` sees to what is not read. It is kept beside the old one.

    Raises ``UsageError`` for the file, for a name that is nobody's (WF100), and for a process that compiles as it
    stands (WF108), and ``WorkflowInvalid`` where nothing of it is a step or it cannot be looked at (WF102), or it gets
    too long (WF107).
    """
    from orchestrator.workflows.as_written import as_written, binding
    from orchestrator.workflows.naming import role_name
    from orchestrator.workflows.prose import MAX_CHARACTERS

    old, role = _utf8(path), role_name(by)
    if role is None:
        raise UsageError("WF100", f"{by!r} is nobody's name.", "--by clerk")

    def compiled(data: bytes) -> Compiled:
        return compile_text(data, path, process_id(path), None)

    before = compiled(old)
    if before.workflow is not None:
        raise UsageError("WF108", f"{path} compiles as it stands.", f"handrail workflow compile {path}")
    try:
        text, found = as_written(old, role, compiled)
    except ValueError:
        text, found = old, before
    if len(text.decode()) > MAX_CHARACTERS:
        said = f"{path} with what is not read quoted is longer than {MAX_CHARACTERS:,} characters."
        raise WorkflowInvalid("WF107", said, "make two processes of it")
    if found.workflow is None:
        details = [str(problem) for problem in found.problems]
        raise WorkflowInvalid("WF102", f"{path} is not a workflow yet.", "mend the lines named", details)
    write(place_of(path), text)
    parts = [one.sentence for one in found.read if one.sentence.quotation]
    told = sum(len(sentence.quoted) for sentence in parts)
    return Quoted(_proposal(path, old, text), len(before.read), told, len(parts), tuple(binding(found)))


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


def _utf8(path: Path) -> bytes:
    data = read_file(path)
    if data.decode("utf-8", "replace").encode() != data:
        raise UsageError("WF104", f"{path} is not UTF-8.", "save it as UTF-8")
    return data


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
