"""A verifier's own rules in a file (policy as file), beside what the repository's signed policy asks.

YAML, each member optional::

    format: handrail.demands/1
    gates: [ruff, bandit]      # must have passed on every attested commit
    roles: {reviewer: 2}       # so many different persons must have approved in the role
    human: true                # every commit needs a person's approval
    independent: true          # checks by another custody than the author's
    attested: true             # no commit without evidence
    lines: true                # every commit states its lines
    from: <revision>           # nothing at or before this commit is asked about

They only ever add: nothing here makes a commit pass that the signed policy refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from orchestrator.errors import UsageError
from orchestrator.models.base import Noun
from orchestrator.models.found import Result
from orchestrator.models.ids import GitOid
from orchestrator.models.strict_yaml import YamlProblem
from orchestrator.models.strict_yaml import parse as parse_yaml
from orchestrator.models.verification import Checks, CommitEvidence, EvidenceProblem


class Demands(Noun):
    """See the module. ``since`` is the member ``from``."""

    format: Literal["handrail.demands/1"] = "handrail.demands/1"
    gates: tuple[str, ...] = ()
    roles: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    human: bool = False
    independent: bool = False
    attested: bool = False
    lines: bool = False
    since: str | None = Field(default=None, alias="from", min_length=1)

    def problems(self, commits: Sequence[CommitEvidence], unattested: Sequence[GitOid]) -> list[EvidenceProblem]:
        """EVID057, one for each demand that a commit does not meet."""
        found = [_problem(c.commit, why) for c in commits for why in self._of(c)]
        return found + [_problem(c, "no statement covers it") for c in unattested if self.attested]

    def _of(self, c: CommitEvidence) -> Iterator[str]:
        for gate in self.gates:
            if c.gates.get(gate) not in {Result.PASSED, Result.NEEDS_PERSON}:
                yield f"the gate {gate} is demanded and did not pass"
        for role, count in self.roles.items():
            if len(c.roles.get(role, ())) < count:
                yield f"{count} persons in the role {role} are demanded, {len(c.roles.get(role, ()))} approved"
        if self.human and not c.human:
            yield "no person approved it"
        if self.independent and c.checks is not Checks.INDEPENDENT:
            yield "its checks are self-attested"
        if self.lines and c.lines is None:
            yield "nobody states its lines"


def _problem(commit: GitOid, why: str) -> EvidenceProblem:
    return EvidenceProblem(code="EVID057", message=why, hint="see the file given with --policy", commit=commit)


def parse(data: bytes, path: str) -> Demands:
    """Raises ``UsageError`` CFG017 for a file of another shape."""
    try:
        return Demands.model_validate(parse_yaml(data).data)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(str(p) for p in e["loc"]) or "the whole" for e in error.errors()}))
    except YamlProblem as error:
        wrong = f"line {error.line}, {error.message}"
    raise UsageError("CFG017", f"{path} does not fit: {wrong}.", "see docs/how-to/verify-in-ci.md")
