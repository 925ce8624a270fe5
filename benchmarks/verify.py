"""How fast evidence is verified: statements against securesystemslib's bare loop, a long history, blame.

    python benchmarks/verify.py [STEPS]

A history of STEPS steps (default 10,000) is made by the product's own builders in a real git repository. Each step has
the statements of a run with two gates, but for the monitor's: authorship, lines, gates, acceptance, decision. Making it
is not measured.
"""

from __future__ import annotations

import gc
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measuring import report
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from orchestrator.errors import StoreError
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.policy import Custody
from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import log
from orchestrator.provenance.predicates import claims, statements
from orchestrator.provenance.roots import root
from orchestrator.provenance.signing.keys import KeySigner, generate_key
from orchestrator.provenance.verification.blame import Blamed, Standing, blame
from orchestrator.provenance.verification.incremental import verify_more
from orchestrator.provenance.verification.verify import Request, examine
from orchestrator.vcs.trees import GitTrees

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIN = "refs/heads/main"
D = sha256(b"x")
PLAN = sha256(b"the plan")
FILES = 50
ROUNDS = 3
LINES = 2000
GOAL_SPEED, GOAL_WHOLE, GOAL_INCREMENTAL, GOAL_BLAME = 0.8, 15.0, 1.0, 2.0


class NoTexts:
    """A store that holds nothing."""

    def put(self, data: bytes) -> Digest:
        raise NotImplementedError(len(data))

    def get(self, digest: Digest) -> bytes:
        raise StoreError("STORE002", f"{digest} is not here.")

    def flush(self) -> None:
        """Nothing to do."""


@dataclass
class History:
    """A repository with a line of attested commits, written through ``git fast-import``."""

    folder: Path
    signer: KeySigner

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def make(self, steps: int) -> str:
        """The id of the first commit; the root digest is that of its policy."""
        subprocess.run(["git", "init", "-q", "-b", "main", self.repository], check=True)
        policy = root.create_policy("ana", self.signer.public_key, NOW, gates=("ruff", "bandit"))
        signed = root.sign_policy(policy, [self.signer])
        rows = {f"src/file{n:02}.py": f"VALUE = {n}\n".encode() for n in range(FILES)}
        rows["src/long.py"] = b"".join(b"line_%04d = %d\n" % (n, n) for n in range(LINES))
        base = self._import(None, {**signed, **rows}, "The sample")
        self._plan()
        tip, batches = base, list[list[bytes]]()
        shas = {path: hashlib.sha256(data).hexdigest() for path, data in {**signed, **rows}.items()}
        trees = self._commits(base, steps, rows)
        for n, (commit, tree, path, data) in enumerate(trees):
            shas[path] = hashlib.sha256(data).hexdigest()
            whole = b"".join(b"100644 %b %b\0" % (shas[p].encode(), p.encode()) for p in sorted(shas))
            identity = ChangeIdentity(target_ref=MAIN, tip=GitOid(tip), tree=GitOid(tree), manifest=sha256(whole))
            batches.append(self._step(n, commit, identity, path, data))
            tip = commit
        self._evidence(batches)
        return base

    def _plan(self) -> None:
        self.plans = [self._decision(SubjectKind.PLAN, PLAN, None)]

    def _import(self, parent: str | None, files: dict[str, bytes], message: str) -> str:
        body = b"commit refs/heads/main\ncommitter a <a@b> 1767225600 +0000\ndata %d\n%b\n" % (
            len(message),
            message.encode(),
        )
        body += b"from %b\n" % parent.encode() if parent else b""
        for path, data in files.items():
            body += b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data)
        subprocess.run(["git", "fast-import", "--quiet"], cwd=self.repository, input=body, check=True)
        return self._git("rev-parse", "main")

    def _git(self, *argv: str) -> str:
        return subprocess.run(
            ["git", *argv], cwd=self.repository, check=True, capture_output=True, text=True
        ).stdout.strip()

    def _commits(self, base: str, steps: int, rows: dict[str, bytes]) -> list[tuple[str, str, str, bytes]]:
        body, told = [], []
        for n in range(steps):
            path = "src/long.py" if n % 20 == 0 else f"src/file{n % FILES:02}.py"
            if path == "src/long.py":
                lines = rows[path].splitlines(keepends=True)
                lines[(n * 7) % LINES] = b"changed_%05d = %d\n" % (n, n)
                rows[path] = b"".join(lines)
            else:
                rows[path] = b"VALUE = %d\n" % (1000 + n)
            start = b"from %b\n" % base.encode() if n == 0 else b""
            body.append(
                b"commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 4\nstep\n%bM 100644 inline %b\ndata %d\n%b\n"
                % (1767225601 + n, start, path.encode(), len(rows[path]), rows[path])
            )
            told.append((path, rows[path]))
        subprocess.run(["git", "fast-import", "--quiet"], cwd=self.repository, input=b"".join(body), check=True)
        ids = self._git("log", "--reverse", "--format=%H %T", f"{base}..main").split("\n")
        return [(*row.split(" "), *what) for row, what in zip(ids, told, strict=True)]

    def _step(self, n: int, commit: str, identity: ChangeIdentity, path: str, data: bytes) -> list[bytes]:
        at = NOW + timedelta(seconds=n)
        required = (claims.RequirementClaim(id=RequirementId(f"sample/REQ-{n:05}"), text=D),)
        change = claims.ChangeClaim(
            repository="sample",
            run=RunId("20260101-sample"),
            step=StepId("S01"),
            attempt=1,
            commit=GitOid(commit),
            identity=identity,
            base_commit=identity.tip,
            plan=PLAN,
            workflow=D,
            spec_text=D,
            requirements=required,
            agent="scripted",
            agent_version="1",
            image=D,
            capabilities=D,
            proposed=identity.tree,
            acceptance=D,
            custody=Custody.HOST,
            started_at=at,
            finished_at=at,
        )
        authorship = self._seal(change)
        blob = hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()
        number = (n * 7) % LINES + 1 if path == "src/long.py" else 1
        line = data.splitlines(keepends=True)[number - 1]
        lines = claims.LinesClaim(
            commit=change.commit,
            identity=identity,
            run=change.run,
            step=change.step,
            attempt=1,
            requirements=required,
            authorship=sha256(authorship),
            agent="scripted",
            agent_version="1",
            files=(
                claims.LinesOfFile(
                    path=path,
                    blob=GitOid(blob),
                    ranges=(claims.LineRange(start=number, end=number, content=sha256(line)),),
                ),
            ),
            custody=Custody.HOST,
            at=at,
        )
        common = {"identity": identity, "result": Result.PASSED, "report": D, "custody": Custody.HOST, "at": at}
        gates = [
            claims.GateClaim(gate=g, tool=g, tool_version="1", config=D, **common)  # type: ignore[arg-type]
            for g in ("ruff", "bandit")
        ]
        command = claims.CommandClaim(
            argv=("true",),
            source="prd.md:1",
            exit_on_base=1,
            exit_on_change=0,
            shows=Demonstration.DEMONSTRATED,
            output=D,
        )
        tested = claims.AcceptanceClaim(image=D, commands=(command,), **common)  # type: ignore[arg-type]
        said = [self._seal(c) for c in (lines, *gates, tested)]
        first = self.plans if n == 0 else []
        return [*first, authorship, *said, self._decision(SubjectKind.CHANGE, identity.digest(), identity)]

    def _decision(self, kind: SubjectKind, subject: Digest, identity: ChangeIdentity | None) -> bytes:
        decision = Decision(
            item="i",
            run=RunId("20260101-sample"),
            kind=kind,
            subject=subject,
            change=identity,
            verdict=Verdict.APPROVE,
            reviewer="ana",
            role="reviewer",
            decided_at=NOW + timedelta(days=1),
        )
        return self._seal(claims.DecisionClaim(decision=decision, keyid=self.signer.keyid, custody=Custody.USER))

    def _seal(self, claim: claims.Claim) -> bytes:
        return dsse.seal(statements.build(claim), [self.signer])

    def _evidence(self, batches: list[list[bytes]]) -> None:
        files: dict[str, bytes] = {}
        body = [
            b"commit %b\ncommitter a <a@b> 1767225600 +0000\ndata 8\nEvidence\n"
            % log.branch(self.signer.keyid).encode()
        ]
        for batch in batches:
            added = log.append({k: files[k] for k in (log.HEAD, log.FRONTIER) if k in files}, batch, self.signer)
            files.update(added)
        for path, data in files.items():
            body.append(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(data), data))
        subprocess.run(["git", "fast-import", "--quiet"], cwd=self.repository, input=b"".join(body), check=True)
        self._git("repack", "-adq")


def speeds(lines: list[bytes], signer: KeySigner) -> tuple[float, float]:
    """Statements a second: ours, opened and read; theirs, the bare loop over the same envelopes."""
    keys = {signer.keyid: signer.public_key}
    theirs = SSlibKey(signer.keyid, "ed25519", "ed25519", {"public": signer.public_key})
    best = [0.0, 0.0]
    for _ in range(3):
        started = time.perf_counter()
        for line in lines:
            statements.read(dsse.open_line(line, keys).payload)
        best[0] = max(best[0], len(lines) / (time.perf_counter() - started))
        started = time.perf_counter()
        for line in lines:
            Envelope.from_dict(json.loads(line)).verify([theirs], 1)
        best[1] = max(best[1], len(lines) / (time.perf_counter() - started))
    return best[0], best[1]


def main(steps: int) -> None:
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        signer = generate_key(folder / "key", "ana")
        history = History(folder, signer)
        base = history.make(steps)
        with GitTrees.open(history.repository, folder / "private") as trees:
            sample = dsse.lines_of(trees.evidence(log.branch(signer.keyid))[log.bundle_path(0)]) * 100
            ours, theirs = speeds(sample, signer)
            figures |= {
                "statements_per_second": ours,
                "securesystemslib_per_second": theirs,
                "speed_ratio": ours / theirs,
            }
        request = Request(head="main", now=NOW + timedelta(days=2), repository="sample", base=base, ref=MAIN)
        with GitTrees.open(history.repository, folder / "private") as trees:
            digest = examine(trees, replace(request, head=base, base=None, allow_self_asserted=True)).answer.root
        request = replace(request, root_digest=digest)
        figures |= _whole(history, request, steps)
        figures["incremental_seconds"] = _incremental(history, request)
        figures |= _blame(history, folder)
    figures["steps"] = float(steps)
    report(
        "verify",
        figures,
        {
            "speed_ratio": (">=", GOAL_SPEED),
            "whole_history_seconds": ("<=", GOAL_WHOLE),
            "incremental_seconds": ("<=", GOAL_INCREMENTAL),
            "blame_ratio": ("<=", GOAL_BLAME),
        },
    )


def _whole(history: History, request: Request, steps: int) -> dict[str, float]:
    """The best of three: what others do on the machine only adds to it. Nothing of one is alive in the next."""
    took, statements = list[float](), 0
    for _ in range(ROUNDS):
        gc.collect()
        with GitTrees.open(history.repository, history.folder / "private") as trees:
            started = time.perf_counter()
            found = examine(trees, request)
            took.append(time.perf_counter() - started)
        if found.answer.verdict is not Verified.VERIFIED or len(found.answer.commits) != steps:
            raise RuntimeError(str(found.answer.problems[:3]))
        statements = sum(s.size for s in found.pool.states.values())
        del found
    return {"whole_history_seconds": min(took), "statements": float(statements)}


def _incremental(history: History, request: Request) -> float:
    """The best of three, after one that remembers."""
    took, remembered = list[float](), history.folder / "verified.json"
    for first in (True, *[False] * ROUNDS):
        gc.collect()
        with GitTrees.open(history.repository, history.folder / "private") as trees:
            started = time.perf_counter()
            found = verify_more(trees, request, remembered)
            took.append(time.perf_counter() - started)
        if found.verdict is not Verified.VERIFIED or bool(found.commits) is not first:
            raise RuntimeError("the incremental verification was no incremental one")
    return min(took[1:])


def _blame(history: History, folder: Path) -> dict[str, float]:
    argv = ["git", "blame", "-M", "-C", "--porcelain", "main", "--", "src/long.py"]
    index, took, plain = folder / "places", list[float](), list[float]()
    found: Sequence[Blamed] = ()
    for _ in range(1 + ROUNDS):
        gc.collect()
        started = time.perf_counter()
        subprocess.run(argv, cwd=history.repository, check=True, capture_output=True)
        plain.append(time.perf_counter() - started)
        with GitTrees.open(history.repository, folder / "private") as trees:
            started = time.perf_counter()
            head = trees.resolve("main")
            lines = trees.blame(head, "src/long.py", 1, 0)
            found = blame(trees, lines, head, NOW + timedelta(days=2), NoTexts(), index=index)
            took.append(time.perf_counter() - started)
    ours, git = min(took[1:]), min(plain[1:])
    if len(found) != LINES or not any(r.standing is Standing.VERIFIED for r in found):
        raise RuntimeError("blame did not find what was made")
    return {
        "blame_first_seconds": took[0],
        "blame_seconds": ours,
        "git_blame_seconds": git,
        "blame_ratio": ours / git,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
