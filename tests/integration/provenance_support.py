"""A small world on a real git repository: policy, evidence and commits as a run leaves them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.errors import ExitCode, RepositoryError
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.policy import Custody, Policy, Principal, Role
from orchestrator.models.verification import Verified
from orchestrator.ports import CommitNode, TreeEntry
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import log
from orchestrator.provenance.predicates import claims, statements
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    CommandClaim,
    GateClaim,
    LineRange,
    LinesClaim,
    LinesOfFile,
    RequirementClaim,
)
from orchestrator.provenance.roots import root
from orchestrator.provenance.signing.keys import generate_key
from orchestrator.provenance.verification.verify import Request, verify

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = RunId("20261122-abcdef")
MAIN = "refs/heads/main"
PLAN = sha256(b"plan")
SECRET = b"the customer pays within 30 days"


class GitRepository:
    """The reading half of the ports, by running git."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "-q", "--bare", "-b", "main")

    def git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        fixed = {"PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1", **(env or {})}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=stdin, capture_output=True, env=fixed, check=False
        )
        if done.returncode:
            raise RepositoryError("REPO001", done.stderr.decode())
        return done.stdout

    def resolve(self, rev: str) -> GitOid:
        return GitOid(self.git("rev-parse", "--verify", rev + "^{commit}").decode().strip())

    def tree_of(self, commit: str) -> GitOid:
        return GitOid(self.git("rev-parse", commit + "^{tree}").decode().strip())

    def entries(self, tree: str) -> tuple[TreeEntry, ...]:
        rows = self.git("ls-tree", "-r", "-z", tree).decode().split("\0")[:-1]
        return tuple(TreeEntry(r.split("\t", 1)[1], r.split()[0], GitOid(r.split()[2])) for r in rows)

    def entry(self, tree: str, path: str) -> TreeEntry | None:
        return next((e for e in self.entries(tree) if e.path == path), None)

    def folder(self, tree: str, path: str) -> GitOid | None:
        said = self.git("ls-tree", "-d", tree, path).decode().split()
        return GitOid(said[2]) if said else None

    def blob(self, oid: str) -> bytes:
        return self.git("cat-file", "blob", oid)

    def ready(self, trees) -> None:
        """Nothing is kept here."""

    def look(self, trees) -> None:
        """Nor here."""

    def file(self, commit: str, path: str) -> bytes | None:
        try:
            return self.git("cat-file", "blob", f"{commit}:{path}")
        except RepositoryError:
            return None

    def manifest(self, tree: str) -> Digest:
        rows = [f"{e.mode} {hashlib.sha256(self.blob(e.oid)).hexdigest()} {e.path}\0" for e in self.entries(tree)]
        return sha256("".join(rows).encode())

    def commits(self, base: str | None, head: str) -> tuple[CommitNode, ...]:
        span = [head, *([f"^{base}"] if base else [])]
        rows = self.git("log", "--reverse", "--topo-order", "--format=%H|%P|%T", *span).decode().splitlines()
        parts = [r.split("|") for r in rows]
        return tuple(CommitNode(GitOid(o), tuple(GitOid(p) for p in ps.split()), GitOid(t)) for o, ps, t in parts)

    def replaced(self) -> frozenset[GitOid]:
        return frozenset()

    def evidence_refs(self) -> tuple[str, ...]:
        rows = self.git("for-each-ref", "--format=%(refname)").decode().splitlines()
        return tuple(r for r in rows if "/handrail-evidence/" in r)

    def evidence(self, ref: str, since: str = "") -> dict[str, bytes]:
        try:
            rows = [e for e in self.entries(ref) if "/" not in e.path or e.path >= since]
            return {e.path: self.blob(e.oid) for e in rows}
        except RepositoryError:
            return {}

    def make_tree(self, files: Mapping[str, bytes]) -> GitOid:
        index = {"GIT_INDEX_FILE": str(self.path / "scratch-index")}
        self.git("read-tree", "--empty", env=index)
        rows = []
        for path, data in files.items():
            oid = self.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
            rows.append(f"100644 {oid}\t{path}\n")
        self.git("update-index", "--index-info", stdin="".join(rows).encode(), env=index)
        return GitOid(self.git("write-tree", env=index).decode().strip())

    def make_commit(self, tree: str, parents: tuple[str, ...], message: str = "change") -> GitOid:
        who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "a"), ("EMAIL", "a@b"))}
        dated = {**who, "GIT_AUTHOR_DATE": "2026-11-22T00:00:00Z", "GIT_COMMITTER_DATE": "2026-11-22T00:00:00Z"}
        flags = [flag for p in parents for flag in ("-p", p)]
        return GitOid(self.git("commit-tree", tree, *flags, "-m", message, env=dated).decode().strip())

    def set_ref(self, ref: str, files: Mapping[str, bytes]) -> None:
        self.git("update-ref", ref, self.make_commit(self.make_tree(files), ()))


@dataclass
class World:
    """``statements`` of the one commit may be changed before :meth:`publish`."""

    folder: Path
    human: bool = True
    threshold: int = 1
    gates: tuple[str, ...] = ("ruff", "bandit")
    lines: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repo = GitRepository(self.folder / "repo.git")
        self.keys = {n: generate_key(self.folder / n, n) for n in ("root", "runner", "ana", "ben", "ci", "stranger")}
        self.files: dict[str, bytes] = {"app.py": b"x = 1\n", **root.sign_policy(self.policy(), [self.keys["root"]])}
        self.base = self.repo.make_commit(self.repo.make_tree(self.files), ())
        self.files["app.py"] = b"x = 2\n"
        self.tree = self.repo.make_tree(self.files)
        self.commit = self.repo.make_commit(self.tree, (self.base,))
        self.head = self.commit
        self.identity = self.identity_of(self.base, self.tree)
        self.lines = self.statements()

    def principal(self, name: str, custody: Custody = Custody.USER, *, human: bool = True) -> Principal:
        key = self.keys[name]
        return Principal(name=name, keyid=key.keyid, public_key=key.public_key, custody=custody, human=human)

    def policy(self, version: int = 1, **changes) -> Policy:
        values = {
            "version": version,
            "expires": NOW + timedelta(days=365),
            "roles": {
                "root": Role(principals=("root",)),
                "runner": Role(principals=("runner", "ci")),
                "reviewer": Role(principals=("ana", "ben"), threshold=self.threshold),
                "observer": Role(principals=("ana",)),
            },
            "principals": (
                self.principal("root"),
                self.principal("runner", Custody.HOST, human=False),
                self.principal("ci", Custody.CI, human=False),
                self.principal("ana", human=self.human),
                self.principal("ben", human=self.human),
            ),
            "protected_refs": (MAIN,),
            "gates": self.gates,
        }
        return Policy(**{**values, **changes})

    def identity_of(self, tip: str, tree: str, ref: str = "refs/heads/handrail/r") -> ChangeIdentity:
        return ChangeIdentity(target_ref=ref, tip=GitOid(tip), tree=GitOid(tree), manifest=self.repo.manifest(tree))

    def change(self, **changes) -> ChangeClaim:
        text, self.text_blob = claims.salted(SECRET)
        values = {
            "repository": "r1",
            "run": RUN,
            "step": StepId("S01"),
            "attempt": 1,
            "commit": self.commit,
            "identity": self.identity,
            "base_commit": self.base,
            "plan": PLAN,
            "workflow": sha256(b"workflow"),
            "spec_text": claims.salted(b"spec")[0],
            "requirements": (RequirementClaim(id=RequirementId("pay/REQ-001"), text=text),),
            "agent": "scripted",
            "agent_version": "1",
            "image": sha256(b"image"),
            "capabilities": sha256(b"capabilities"),
            "environment": sha256(b"environment"),
            "transcript": claims.salted(b"transcript")[0],
            "proposed": self.tree,
            "denials": 2,
            "acceptance": sha256(b"acceptance report"),
            "custody": Custody.HOST,
            "started_at": NOW,
            "finished_at": NOW + timedelta(seconds=5),
        }
        return ChangeClaim(**{**values, **changes})

    def gate(self, name: str, **changes) -> GateClaim:
        values = {
            "gate": name,
            "tool": name,
            "tool_version": "1.0",
            "config": sha256(b"config"),
            "report": sha256(name.encode()),
            "identity": self.identity,
            "result": Result.PASSED,
            "custody": Custody.HOST,
            "at": NOW,
        }
        return GateClaim(**{**values, **changes})

    def acceptance(self, **changes) -> AcceptanceClaim:
        command = CommandClaim(
            argv=("pytest", "-q"),
            source="prd.md:7",
            exit_on_base=1,
            exit_on_change=0,
            shows=Demonstration.DEMONSTRATED,
            output=sha256(b"out"),
        )
        values = {
            "identity": self.identity,
            "image": sha256(b"image"),
            "environment": sha256(b"environment"),
            "result": Result.PASSED,
            "report": sha256(b"acceptance report"),
            "commands": (command,),
            "custody": Custody.HOST,
            "at": NOW,
        }
        return AcceptanceClaim(**{**values, **changes})

    def decision(self, who: str = "ana", **changes) -> Decision:
        values = {
            "item": "i1",
            "run": RUN,
            "kind": SubjectKind.CHANGE,
            "subject": self.identity.digest(),
            "change": self.identity,
            "verdict": Verdict.APPROVE,
            "reviewer": who,
            "role": "reviewer",
            "decided_at": NOW,
        }
        return Decision(**{**values, **changes})

    def plan_decision(self, who: str = "ana") -> Decision:
        return self.decision(who, kind=SubjectKind.PLAN, subject=PLAN, change=None)

    def sealed(self, claim, *who: str) -> bytes:
        if isinstance(claim, Decision):
            claim = claims.DecisionClaim(decision=claim, keyid=self.keys[who[0]].keyid, custody=Custody.USER)
        return dsse.seal(statements.build(claim), [self.keys[w] for w in who])

    def lines_of(self, change: ChangeClaim, authorship: bytes, **changes) -> LinesClaim:
        row = self.repo.entry(change.identity.tree, "app.py")
        one = LineRange(start=1, end=1, content=sha256(self.files["app.py"]))
        values = {
            **{name: getattr(change, name) for name in ("commit", "identity", "run", "step", "attempt")},
            **{name: getattr(change, name) for name in ("requirements", "agent", "agent_version", "custody")},
            "authorship": sha256(authorship),
            "files": (LinesOfFile(path="app.py", blob=row.oid, ranges=(one,)),),
            "at": change.finished_at,
        }
        return LinesClaim(**{**values, **changes})

    def statements(self) -> dict[str, bytes]:
        change = self.change()
        authorship = self.sealed(change, "runner")
        return {
            "change": authorship,
            "lines": self.sealed(self.lines_of(change, authorship), "runner"),
            **{name: self.sealed(self.gate(name), "runner") for name in self.gates},
            "acceptance": self.sealed(self.acceptance(), "runner"),
            "decision": self.sealed(self.decision(), "ana"),
            "plan": self.sealed(self.plan_decision(), "ana"),
        }

    def log_files(self, *batches: list[bytes]) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        for batch in batches or [list(self.lines.values())]:
            files.update(log.append(files, batch, self.keys["runner"]))
        return files

    def publish(self, files: Mapping[str, bytes] | None = None, writer: str = "runner") -> None:
        self.repo.set_ref(log.branch(self.keys[writer].keyid), self.log_files() if files is None else files)

    def second_step(self, files: Mapping[str, bytes], *, tip: GitOid | None = None, plan: Digest = PLAN) -> Decision:
        """A commit more, checked, and the decision at the end of the run that lists both changes; not published."""
        tip = tip or self.commit
        self.files.update(files)
        tree = self.repo.make_tree(self.files)
        self.head = self.repo.make_commit(tree, (tip,))
        second, final = self.identity_of(tip, tree), self.identity_of(self.base, tree)
        for name, claim in (
            ("change2", self.change(commit=self.head, identity=second, step="S02", plan=plan)),
            ("ruff2", self.gate("ruff", identity=second)),
            ("bandit2", self.gate("bandit", identity=second)),
            ("acceptance2", self.acceptance(identity=second)),
        ):
            self.lines[name] = self.sealed(claim, "runner")
        shown = (self.identity.digest(), second.digest())
        return self.decision(kind=SubjectKind.RUN, subject=final.digest(), change=final, shown=shown)

    def verify(self, **changes):
        known = root.read_chain({p: d for p, d in self.files.items() if p == root.policy_path(1)}, None).root_digest
        values = {
            "base": self.base,
            "head": self.head,
            "ref": MAIN,
            "repository": "r1",
            "now": NOW,
            "root_digest": known,
        }
        return verify(self.repo, Request(**{**values, **changes}))


def codes(found) -> set[str]:
    """Those of the problems, whose verdict, exit code and words go together."""
    assert (found.verdict is Verified.NOT_VERIFIED) == bool(found.problems or not found.commits)
    assert found.exit_code is (ExitCode.EVIDENCE if found.problems else ExitCode.DONE)
    assert all(p.message and p.hint for p in found.problems)
    return {p.code for p in found.problems}


def replace(world: World, name: str, claim, *who: str):
    """What is verified when this claim stands in place of another."""
    world.lines[name] = world.sealed(claim, *who)
    world.publish()
    return world.verify()
