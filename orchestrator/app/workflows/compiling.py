"""Described processes: compiled, read back, drawn, proved, certified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.files import read_file
from orchestrator.app.trust.keys import signer
from orchestrator.assets.find import workflow_place
from orchestrator.errors import EvidenceInvalid, UsageError, WorkflowInvalid
from orchestrator.models.certificate import PAYLOAD_TYPE, Certificate
from orchestrator.models.ids import sha256
from orchestrator.models.spec import Problem
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import checker, judge

if TYPE_CHECKING:
    from orchestrator.models.policy import Policy
    from orchestrator.workflows.compile import Compiled

PROCESS = "process.md"
_ALLOW = "handrail policy change, with --role, --approve-role or --ceiling"


@dataclass(frozen=True, slots=True)
class Checked:
    """A workflow that was read and searched; ``situations`` is what the independent checker looked at, if asked.

    ``same_prover``: the certificate that was checked is of a prover with the same source as this one.
    """

    workflow: Workflow
    states: int
    transitions: int
    signed_by: str = ""
    situations: int = 0
    same_prover: bool = True


def process_id(path: Path) -> str:
    """The id that a process has by its folder."""
    return path.resolve().parent.name.lower().replace("_", "-").replace(" ", "-")


def compile_file(path: Path, workflow_id: str | None, by: str | None) -> Compiled:
    """A ``process.md`` read and proved; what the proof finds stands at the sentence of its node."""
    return compile_text(read_file(path), path, workflow_id or process_id(path), by)


def compile_text(data: bytes, path: Path, workflow_id: str, by: str | None) -> Compiled:
    """The same of a text that is not saved; ``path`` is what problems name."""
    from orchestrator.workflows.compile import compile_prose

    found = compile_prose(data, str(path), workflow_id, by)
    if found.workflow is None:
        return found
    wrong = tuple(_placed(found.workflow, str(path), *problem) for problem in judge.problems(found.workflow))
    return type(found)(None if wrong else found.workflow, wrong, found.read)


def dumped(workflow: Workflow, path: Path) -> bytes:
    """The ``workflow.yaml`` of what was compiled of ``path``. ``WorkflowInvalid`` WF107: it could not be read again."""
    from orchestrator.models.strict_yaml import MAX_BYTES
    from orchestrator.workflows.dump import dump

    data = dump(workflow).encode()
    if len(data) > MAX_BYTES:
        text = f"{path} makes a workflow of {len(data):,} bytes, and {MAX_BYTES:,} is the most."
        raise WorkflowInvalid("WF107", text, "make two processes of it")
    return data


def _placed(workflow: Workflow, path: str, name: str, code: str, text: str) -> Problem:
    node = workflow.nodes.get(name)
    span = node.span if node else None
    return Problem(code=code, path=path, line=span.line if span else 1, column=span.column if span else 1, message=text)


def load_file(path: Path) -> Workflow:
    """A ``workflow.yaml`` with the ``process.md`` beside it.

    Raises ``UsageError``, WF006 for prose and where there is no ``process.md``, or ``WorkflowInvalid``.
    """
    from orchestrator.workflows.load import load_workflow

    place = workflow_place(path)
    if place.suffix == ".md":
        text = f"{path} is a process in words; this wants the workflow that is made of it."
        raise UsageError("WF006", text, f"handrail workflow compile {path} --output workflow.yaml")
    data, process = read_file(place), place.parent / PROCESS
    if not process.exists():
        text = f"Beside {path} there is no {PROCESS}, the words that it was made of."
        raise UsageError("WF006", text, f"keep both in one folder, the words as {PROCESS}")
    return load_workflow(data, read_file(process), str(path))


def check_file(path: Path, certificate: Path | None, expected: str | None) -> Checked:
    """The workflow, searched; with a certificate, held against it by the independent checker as well.

    Raises ``WorkflowInvalid`` for the workflow, also where it says something else than its ``process.md`` (WF037), and
    ``EvidenceInvalid`` for the certificate.
    """
    from orchestrator.workflows.described import ensure_as_described

    workflow = load_file(path)
    ensure_as_described(workflow, read_file(workflow_place(path).parent / PROCESS), str(path))
    found = judge.proved(workflow)
    if certificate is None:
        return Checked(workflow, found.states, found.transitions)
    stated, keyid = _open(read_file(certificate))
    if expected is not None and keyid != expected:
        raise EvidenceInvalid("EVID070", f"The certificate is signed by {keyid}.", f"a certificate by {expected}")
    if (stated.workflow, stated.id) != (workflow.digest(), workflow.id):
        raise EvidenceInvalid(
            "EVID071", "The certificate is of another workflow.", "handrail workflow check --certify F"
        )
    if stated.properties != judge.PROPERTIES:
        raise EvidenceInvalid("EVID072", "The certificate promises other properties.", "certify with this version")
    searched = (judge.ENGINE, found.states, found.transitions)
    if (stated.engine, stated.states, stated.transitions) != searched:
        text = "The certificate is of another search: its engine, standings or passages are not those found here."
        raise EvidenceInvalid("EVID074", text, "certify with this version")
    seen = checker.check(workflow)
    if seen.broken:
        raise WorkflowInvalid("WF036", f"The independent checker does not agree: {seen.broken}.")
    from orchestrator.engine.evidence import rules_digest

    same = stated.rules == rules_digest()
    return Checked(workflow, found.states, found.transitions, keyid, seen.situations, same_prover=same)


def ensure_under(workflow: Workflow, policy: Policy) -> None:
    """Raises ``WorkflowInvalid`` WF056 with every problem that the policy makes."""
    found = [f"{code} {text}" for _, code, text in judge.under(workflow, policy)]
    if found:
        raise WorkflowInvalid("WF056", f"The policy does not allow {workflow.id}.", _ALLOW, found)


def certify(checked: Checked, target: Path, key: Path | None) -> str:
    """Write the signed certificate; the key's id. Raises ``UsageError`` without a key or when it cannot be written."""
    from orchestrator.engine.evidence import rules_digest
    from orchestrator.provenance import dsse

    pen = signer(key)
    stated = Certificate(
        workflow=checked.workflow.digest(),
        id=checked.workflow.id,
        properties=judge.PROPERTIES,
        engine=judge.ENGINE,
        rules=rules_digest(),
        states=checked.states,
        transitions=checked.transitions,
        public_key=pen.public_key,
    )
    write(target, dsse.seal(stated.to_bytes(), [pen], PAYLOAD_TYPE))
    return pen.keyid


def write(target: Path, data: bytes) -> None:
    """Raises ``UsageError`` WF005 when it cannot be written."""
    try:
        target.write_bytes(data)
    except OSError as problem:
        raise UsageError("WF005", f"{target} cannot be written: {problem.strerror}.", "another path") from problem


def _open(line: bytes) -> tuple[Certificate, str]:
    from orchestrator.provenance import dsse

    try:
        stated = Certificate.model_validate_json(dsse.unpack(line, PAYLOAD_TYPE).payload)
    except ValueError as problem:
        raise EvidenceInvalid("EVID073", "The file is no certificate of a workflow.", "name one") from problem
    keyid = sha256(bytes.fromhex(stated.public_key)).removeprefix("sha256:")
    opened = dsse.open_line(line, {keyid: stated.public_key}, PAYLOAD_TYPE)
    if keyid not in opened.keyids or opened.payload != stated.to_bytes():
        raise EvidenceInvalid(
            "EVID073", "The certificate's signature does not hold.", "a certificate as it was written"
        )
    return stated, keyid
