"""Whole runs on real parts, made short: a repository with a policy, a spec, a script, and the ways to advance a run."""

import atexit
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from orchestrator.app.base import trust_store
from orchestrator.app.evidence.verifying import Options, verify_line
from orchestrator.app.project import Project, open_project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.engine.run import Ended, Waiting
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.decision import ReviewItem, Verdict
from orchestrator.models.ids import RunId
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.run import Run
from orchestrator.planning.profile_file import dump_profile
from orchestrator.ports import Signer
from orchestrator.provenance.roots.root import create_policy, read_chain, sign_policy
from orchestrator.provenance.roots.trusted import folder_digest
from orchestrator.provenance.signing.keys import generate_key
from orchestrator.review.service import Reviews

ROOT = Path(__file__).resolve().parents[2]
GATES = ("ruff", "bandit", "protected", "integrity", "hygiene")
LIMITS = Limits(memory_mib=256, disk_mib=64, pids=64, wall_seconds=60, output_kib=256)
FILES = {"src/base.py": "BASE = 1\n", "README.md": "A small project.\n", ".gitignore": "*.pyc\n"}
_SHARED: list[tempfile.TemporaryDirectory[str]] = []

Action = dict[str, object]
Attempts = list[list[Action]]
Decide = Callable[[Reviews, ReviewItem], None]


def state_home() -> Path:
    """One for all tests of this process: the engine is probed once. Each repository has its own folder below."""
    if not _SHARED:
        _SHARED.append(tempfile.TemporaryDirectory(prefix="handrail-tests-"))
        atexit.register(_SHARED[0].cleanup)
    return Path(_SHARED[0].name)


def write(path: str, text: str, **more: str) -> Action:
    return {"write": {"path": path, "text": text, **more}}


def shell(text: str) -> Action:
    """What a shell inside the sandbox does with this text."""
    return {"run": {"argv": ["/bin/sh", "-c", text], "timeout_seconds": 600}}


@dataclass
class Req:
    """A requirement of a spec. ``where`` ``None`` leaves the paths to be inferred."""

    number: int
    where: Sequence[str] | None = None
    verify: Sequence[str] | None = None
    depends: Sequence[int] = ()
    named: bool = True

    @property
    def id(self) -> str:
        return f"REQ-{self.number:03}"

    @property
    def path(self) -> str:
        return f"src/f{self.number}.py"

    def text(self) -> str:
        where = self.where or [self.path]
        verify = [f"grep -q VALUE {self.path}"] if self.verify is None else self.verify
        lines = [f"### {self.id}: Part {self.number}", f"The system shall have part {self.number}.", "- It is there."]
        lines += ["*Where:* " + ", ".join(f"`{w}`" for w in where)] if self.named else []
        lines += ["*Depends on:* " + ", ".join(f"REQ-{d:03}" for d in self.depends)] if self.depends else []
        lines += ["*Verify by:* " + ", ".join(f"`{v}`" for v in verify)] if verify else []
        return "\n\n".join(lines)


def spec_text(reqs: Sequence[Req]) -> str:
    return "\n\n".join(["# Parts", "Parts that are wanted.", "## Requirements", *(r.text() for r in reqs)]) + "\n"


def script_text(steps: Mapping[str, object]) -> str:
    return yaml.safe_dump({"schema": "handrail.script/1", "steps": dict(steps)}, sort_keys=False)


def good(*reqs: Req) -> dict[str, Attempts]:
    """Each part written at the first attempt."""
    return {r.id: [[write(r.path, f"VALUE = {r.number}\n")]] for r in reqs}


def approve(reviews: Reviews, item: ReviewItem) -> None:
    reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings)


def nobody(_reviews: Reviews, _item: ReviewItem) -> None:
    """Leaves the item as it is."""


@dataclass
class Finished:
    run: Run
    result: Ended | Waiting
    asked: list[ReviewItem]

    @property
    def code(self) -> int:
        return self.result.exit_code if isinstance(self.result, Ended) else 4

    @property
    def statuses(self) -> dict[str, str]:
        assert isinstance(self.result, Ended)
        return {step: status for step, (status, _) in self.result.steps.items()}

    @property
    def whys(self) -> dict[str, str]:
        assert isinstance(self.result, Ended)
        return {step: why for step, (_, why) in self.result.steps.items()}


@dataclass
class Lab:
    """One repository with its own configuration; state is shared with the other repositories of this process."""

    folder: Path
    state: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def repo(self) -> Path:
        return self.folder / f"repo-{self.folder.name}"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def prd(self) -> Path:
        return self.folder / "prd.md"

    @property
    def script(self) -> Path:
        return self.folder / "script.yaml"

    def git(self, *argv: str, check: bool = True) -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
        done = subprocess.run(["git", *who, *argv], cwd=self.repo, check=check, capture_output=True, text=True)
        return done.stdout.strip()

    def write_job(self, reqs: Sequence[Req], steps: Mapping[str, object]) -> None:
        self.prd.write_text(spec_text(reqs))
        self.script.write_text(script_text(steps))

    @contextmanager
    def project(self) -> Iterator[Project]:
        with open_project(self.repo) as project:
            yield project

    def run(
        self, reqs: Sequence[Req], steps: Mapping[str, object], *, decide: Decide = approve, **asked: object
    ) -> Finished:
        """A new run, in this process, until it ends or nobody decides."""
        self.write_job(reqs, steps)
        with self.project() as project:
            request = RunRequest(self.prd, agent="scripted", agent_input=self.script, **asked)  # type: ignore[arg-type]
            return _advance(project, start(project, request), decide)

    def resume(self, run: RunId, *, decide: Decide = approve) -> Finished:
        with self.project() as project:
            return _advance(project, project.index.run(run), decide)

    @contextmanager
    def reviews(self, run: Run, key: Path | None = None) -> Iterator[Reviews]:
        with self.project() as project, open_reviews(project, run, key=key) as reviews:
            yield reviews

    def row(self, run: RunId) -> Run:
        with self.project() as project:
            return project.index.run(run)

    def runs(self) -> tuple[Run, ...]:
        with self.project() as project:
            return project.index.runs()

    def events(self, run: RunId) -> list[tuple[str, str, int]]:
        """(kind, step, attempt) of each event."""
        with self.project() as project:
            return [(e.kind, str(e.step or ""), e.attempt) for _, e in project.index.events(run)]

    def verify(self, run: Run, **more: object):
        with self.project() as project:
            return verify_line(project, run.run_ref, Options(base=run.base_commit, **more))  # type: ignore[arg-type]

    def commits(self, ref: str, base: str = "main") -> list[str]:
        """Oldest first."""
        return self.git("rev-list", "--reverse", f"{base}..{ref}").split()

    def file(self, ref: str, path: str) -> str:
        return self.git("show", f"{ref}:{path}")

    def spawn(self, *argv: str, stderr: int = subprocess.PIPE, **env: str) -> subprocess.Popen[str]:
        """``handrail …`` as a process of its own, without a terminal unless ``stderr`` is one."""
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator.cli", *argv],
            cwd=self.repo,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def cli(self, *argv: str, timeout: float = 90, **env: str) -> subprocess.CompletedProcess[str]:
        process = self.spawn(*argv, **env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def run_words(self, *more: str) -> list[str]:
        """The arguments of a ``run`` of the job that was written."""
        return ["run", str(self.prd), "--agent", "scripted", "--script", str(self.script), "--approve-plan", *more]

    def items(self) -> list[dict[str, object]]:
        said = self.cli("review", "list", "--json")
        assert said.returncode == 0, said.stderr
        return json.loads(said.stdout)["items"]

    def database(self) -> Path:
        with self.project() as project:
            return project.layout.database

    def checkpoints(self, run: RunId) -> Path:
        with self.project() as project:
            return project.layout.run(run) / "checkpoints.db"

    def wait_for(self, kind: str, *, count: int = 1, seconds: float = 150) -> str:
        """The id of the newest run, once it has that many durable events of a kind; seen from outside."""
        where, until = self.database(), time.monotonic() + seconds
        query = "SELECT run FROM events WHERE json_extract(document, '$.kind') = ? ORDER BY number DESC"
        while time.monotonic() < until:
            with sqlite3.connect(where) as db:
                found = db.execute(query, (kind,)).fetchall()
            db.close()
            if len(found) >= count:
                return str(found[0][0])
            time.sleep(0.02)
        raise AssertionError(f"no event {kind} within {seconds} s")


def containers(run: str) -> list[str]:
    """Names of containers of a run, running or not."""
    asked = ["docker", "ps", "-aq", "--filter", f"label=dev.handrail.run={run}"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()


def gone(run: str, seconds: float) -> bool:
    """Whether no container of the run is left within that time."""
    until = time.monotonic() + seconds
    while containers(run):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def lab(
    folder: Path,
    files: Mapping[str, str] = FILES,
    *,
    human: bool = True,
    limits: Limits = LIMITS,
    profile: RepositoryProfile | None = None,
    state: Path | None = None,
    people: Mapping[str, Sequence[str]] | None = None,
    ceiling: Mapping[str, object] | None = None,
    approve: Sequence[str] = ("reviewer",),
    separate: bool = False,
    times: bool = False,
    lift_roles: Sequence[str] = ("reviewer",),
    policy_age: timedelta = timedelta(0),
    policy: Mapping[str, Any] | None = None,
) -> Iterator[Lab]:
    """A repository on ``main``, set up and trusted, whose policy lets a step write what the spec names exactly.

    ``people`` are further persons with their roles; the key of each is ``NAME.pem``. ``ceiling`` is what the policy's
    is beside the defaults, ``approve`` the roles that can approve a merge. ``separate`` is the policy's
    ``separate_approval``, ``times`` its ``keep_review_times``. ``lift_roles`` may lift findings. The policy was made
    ``policy_age`` ago; ``policy`` are further fields of it.
    """
    made = Lab(folder, state or state_home())
    variables = {
        "XDG_STATE_HOME": str(made.state),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "HANDRAIL_KEY": str(made.key),
        "PYTHONPATH": str(ROOT),
    }
    made.env = {**os.environ, **variables}
    with mock.patch.dict(os.environ, variables):
        for path, text in files.items():
            (made.repo / path).parent.mkdir(parents=True, exist_ok=True)
            (made.repo / path).write_text(text)
        made.repo.mkdir(exist_ok=True)
        made.git("init", "-q", "-b", "main")
        _set_up(
            made,
            profile or RepositoryProfile(languages=("python",), source_roots=("src",)),
            limits,
            human=human,
            people=people or {},
            more={
                "ceiling": ceiling or {},
                "approve_roles": tuple(approve),
                "separate_approval": separate,
                "keep_review_times": times,
                "lift_roles": tuple(lift_roles),
                **(policy or {}),
            },
            age=policy_age,
        )
        made.git("add", "-A")
        made.git("commit", "-qm", "The project")
        yield made


def _set_up(
    made: Lab,
    profile: RepositoryProfile,
    limits: Limits,
    *,
    human: bool,
    people: Mapping[str, Sequence[str]],
    more: Mapping[str, Any],
    age: timedelta,
) -> None:
    with made.project() as project:
        signer, now = generate_key(made.key, "you"), project.clock.now() - age
        policy = create_policy("you", signer.public_key, now, protected_refs=(), gates=GATES)
        person = policy.principals[0].model_copy(update={"human": human})
        wide = {"write": ("**",), "write_protected": ("**",), "models": ("*",), "limits": limits, **more["ceiling"]}
        said = {name: value for name, value in more.items() if name != "ceiling"}
        update = {"principals": (person,), "ceiling": Capabilities(**wide), **said}
        policy = policy.model_copy(update=update)
        for name, roles in people.items():
            policy = _with_person(policy, name, generate_key(made.folder / f"{name}.pem", name), roles)
        files = {**sign_policy(policy, [signer]), ".handrail/profile.yaml": dump_profile(profile)}
        for relative, data in files.items():
            (made.repo / relative).parent.mkdir(parents=True, exist_ok=True)
            (made.repo / relative).write_bytes(data)
        store = trust_store()
        store.pin(project.repository.id, read_chain(files, now).root_digest)
        store.record_folder(project.repository.id, folder_digest(files))


def _with_person(policy: Policy, name: str, signer: Signer, roles: Sequence[str]) -> Policy:
    one = Principal(name=name, keyid=signer.keyid, public_key=signer.public_key)
    held = dict(policy.roles)
    for role in roles:
        before = held[role].principals if role in held else ()
        held[role] = Role(principals=(*before, name))
    return policy.model_copy(update={"principals": (*policy.principals, one), "roles": held})


def _advance(project: Project, run: Run, decide: Decide) -> Finished:
    asked: list[ReviewItem] = []
    with open_reviews(project, run) as reviews:

        def ask(item: ReviewItem) -> None:
            asked.append(item)
            decide(reviews, item)

        result = go_on(project, run, ask=ask)
    return Finished(project.index.run(run.id), result, asked)
