"""A policy, a workflow and a spec to plan with."""

from datetime import UTC, datetime

from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import GitOid, sha256
from orchestrator.models.plan import Plan, ReviewMode
from orchestrator.models.policy import Policy
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.planning.planner import make_plan
from orchestrator.specs.parse import parse_spec

ALL = Capabilities(write=("**",), write_protected=("**",))
BASE = GitOid("a" * 40)
PROFILE = RepositoryProfile(
    languages=("python",),
    source_roots=("src", "cli.py"),
    test_roots=("tests",),
    test=("python", "-m", "pytest"),
)
PATHS = ("src/billing/fees.py", "src/app.py", "tests/test_fees.py", "pyproject.toml", "cli.py")


def policy(ceiling: Capabilities = ALL, protected: tuple[str, ...] = ()) -> Policy:
    return Policy(
        version=1,
        expires=datetime(2030, 1, 1, tzinfo=UTC),
        roles={},
        principals=(),
        ceiling=ceiling,
        protected_paths=protected,
    )


def workflow(ceiling: Capabilities = ALL) -> Workflow:
    return Workflow(
        id="w",
        title="W",
        start="end",
        nodes={"end": Node(kind=NodeKind.END)},
        ceiling=ceiling,
        source_digest=sha256(b""),
    )


def spec(*requirements: str) -> Spec:
    body = "\n\n".join(f"### REQ-{i:03d}: Title {i}\n\nStatement {i}.\n\n{r}" for i, r in enumerate(requirements, 1))
    return parse_spec(f"# Fees\n\n## Requirements\n\n{body}\n".encode(), "fees.md")


def plan(
    made: Spec,
    *,
    profile: RepositoryProfile = PROFILE,
    ceiling: Capabilities = ALL,
    workflow_ceiling: Capabilities = ALL,
    protected: tuple[str, ...] = (),
) -> Plan:
    return make_plan(
        made,
        profile,
        workflow(workflow_ceiling),
        policy(ceiling, protected),
        BASE,
        "refs/heads/main",
        paths=PATHS,
        review=ReviewMode.EACH_STEP,
    )


SMALL = Limits(memory_mib=256, wall_seconds=60)
