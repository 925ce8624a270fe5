"""A team: one bare remote, and a clone with a key of its own for each person."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

from run_support import ROOT, Req, good, lab, script_text, spec_text, state_home

from orchestrator.app.base import trust_store
from orchestrator.cli.main import main

PEOPLE = {"pam": ["product"], "ann": ["reviewer"], "bob": ["reviewer"]}
ONE = Req(1)


def flow():
    """The bundled workflow, whose plan is a product manager's to approve and whose changes need two reviewers."""
    source = ROOT / "workflows/prd-to-code"
    text = (source / "workflow.yaml").read_text().replace("roles: [reviewer]", "roles: [reviewer, product]")
    text = text.replace("    reviews: plan\n    role: reviewer\n", "    reviews: plan\n    role: product\n")
    text = text.replace(
        "    reviews: change\n    role: reviewer\n", "    reviews: change\n    role: reviewer\n    approvals: 2\n"
    )
    return {"flow/workflow.yaml": text, "flow/process.md": (source / "process.md").read_text()}


@dataclass
class Said:
    code: int
    stdout: str
    stderr: str


def call(repo, variables, argv):
    """A command in this process, as if it were typed in ``repo``."""
    words = ["handrail", *map(str, argv)]
    out, err, ended = StringIO(), StringIO(), None
    with ExitStack() as here:
        here.enter_context(mock.patch.dict(os.environ, variables))
        here.enter_context(mock.patch.multiple(sys, argv=words, stdin=StringIO()))
        for context in (chdir(repo), redirect_stdout(out), redirect_stderr(err)):
            here.enter_context(context)
        try:
            main()
        except SystemExit as end:
            ended = end.code
    return Said(ended or 0, out.getvalue(), err.getvalue())


@dataclass
class Seat:
    """One person at one machine. ``repo`` is their clone."""

    home: Path
    repo: Path
    key: Path
    state: Path
    remote_path: Path
    digest: str

    def handrail(self, *argv, code=0, **env):
        """The command in this process, in this person's clone, with this person's key."""
        variables = {
            "XDG_STATE_HOME": str(self.state),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "HANDRAIL_KEY": str(self.key),
            **env,
        }
        done = call(self.repo, variables, argv)
        assert done.code == code, (argv, done.code, done.stdout[-2000:], done.stderr[-4000:])
        return done

    def json(self, *argv, code=0, **env):
        return json.loads(self.handrail(*argv, "--json", code=code, **env).stdout)

    def git(self, *argv, check=True):
        who = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
        done = subprocess.run(["git", *who, *argv], cwd=self.repo, check=check, capture_output=True, text=True)
        return done.stdout.strip()

    def inbox(self, *more, code=0):
        return self.json("review", "inbox", *more, code=code)

    def mine(self):
        (item,) = [i for i in self.inbox()["items"] if i["mine"]]
        return item["id"]

    def decide(self, verdict, item, *more, push=True):
        self.handrail("review", verdict, item, *more)
        if push:
            self.handrail("review", "push", self.run())

    def run(self):
        return self.json("runs")["runs"][0]["id"]

    def wiped(self, name):
        """The same person at a fresh machine: no clone, no store, no trust; the key alone is theirs."""
        shutil.rmtree(self.repo)
        return seat(self.home / name, self.key, self.remote_path, self.digest)


def seat(home, key, remote, digest):
    home.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", str(remote), str(home / "clone")], check=True, capture_output=True)
    made = Seat(home, home / "clone", key, state_home(), remote, digest)
    made.handrail("trust", digest)
    return made


@contextmanager
def team(folder, reqs=(ONE,), steps=None, people=PEOPLE):
    """Runner ``you`` and the people, each in a clone of one bare repository; a job is written."""
    files = {"src/base.py": "BASE = 1\n", "README.md": "A small project.\n", ".gitignore": "*.pyc\n", **flow()}
    with lab(folder / "seed", files, people=people, lift_roles=("reviewer", "product")) as here:
        remote = folder / "remote.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(here.repo), str(remote)], check=True, capture_output=True)
        with here.project() as project:
            digest = str(trust_store().known(project.repository.id).folder)
        keys = {"you": here.key, **{name: here.folder / f"{name}.pem" for name in people}}
        seats = {name: seat(folder / name, key, remote, digest) for name, key in keys.items()}
        for one in seats.values():
            (one.home / "prd.md").write_text(spec_text(reqs))
            (one.home / "script.yaml").write_text(script_text(steps or good(*reqs)))
        yield seats


def begin(runner):
    """A run that waits for its plan's approval, and is pushed."""
    words = ["run", runner.home / "prd.md", "--workflow", "flow/workflow.yaml", "--agent", "scripted"]
    runner.handrail(*words, "--script", runner.home / "script.yaml", code=4)
    runner.handrail("review", "push", runner.run())
    return runner.run()


class Mallory:
    """Whoever can write to the remote and holds no key that counts."""

    def __init__(self, folder, remote):
        self.remote = remote
        self.git_dir = folder / "mallory.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(remote), str(self.git_dir)], check=True)
        self.git("config", "remote.origin.fetch", "+refs/*:refs/*")

    def git(self, *argv, stdin=b""):
        done = subprocess.run(
            ["git", "-c", "user.name=M", "-c", "user.email=m@example.invalid", f"--git-dir={self.git_dir}", *argv],
            input=stdin,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode().strip()

    def ref(self, name):
        """Where a branch of the remote is."""
        self.git("fetch", "-q", "--prune", "origin")
        return self.git("rev-parse", name)

    def names(self, prefix):
        self.git("fetch", "-q", "--prune", "origin")
        return self.git("for-each-ref", "--format=%(refname)", prefix).split()

    def file(self, commit, path):
        argv = ["git", f"--git-dir={self.git_dir}", "cat-file", "blob", f"{commit}:{path}"]
        return subprocess.run(argv, check=True, capture_output=True).stdout

    def rows(self, commit):
        """The top of a commit's tree, as ``mktree`` reads it."""
        rows = [row.split("\t") for row in self.git("ls-tree", commit).splitlines()]
        return {name: tuple(head.split(" ")) for head, name in rows}

    def tree(self, rows):
        listed = "".join(f"{' '.join(held)}\t{name}\n" for name, held in rows.items())
        return "040000", "tree", self.git("mktree", stdin=listed.encode())

    def commit(self, rows, *parents):
        tree = self.tree(rows)[2]
        return self.git("commit-tree", tree, "-m", "x", *[word for p in parents for word in ("-p", p)])

    def blob(self, data, mode="100644"):
        return mode, "blob", self.git("hash-object", "-w", "--stdin", stdin=data)

    def put(self, ref, commit):
        """Forced: nothing protects a branch from who may write."""
        self.git("push", "-q", "--force", "origin", f"{commit}:{ref}")

    def drop(self, ref):
        self.git("push", "-q", "origin", f":{ref}")
