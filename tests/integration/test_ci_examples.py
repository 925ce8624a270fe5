"""What the documentation gives to CI servers: read out of the page, checked, and done step by step as a server does.

Each job has a clone of its own of a real remote, a home of its own, no terminal, and nothing of any other job.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from remote_support import seat
from run_support import ROOT, Req, good, lab, script_text, spec_text

pytestmark = pytest.mark.engine

ONE, TWO = Req(1), Req(2)
IFS = {"inputs.run == ''": False, "inputs.run != ''": True}
"""Condition of a step → whether it is for a job that goes on with a run."""


def documented(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def github():
    return next(text for text in documented("reference/batch.md", "yaml") if "runs-on" in text)


def gitlab():
    text = next(text for text in documented("reference/batch.md", "yaml") if "resource_group" in text)
    return yaml.safe_load(text)["handrail"]


@dataclass
class Server:
    """A remote, what its settings hold, and a new machine for each job."""

    folder: Path
    remote: Path
    settings: dict[str, str]
    jobs: int = 0

    def clone(self, branch="main"):
        self.jobs += 1
        home = self.folder / f"job-{self.jobs}"
        (home / "temp").mkdir(parents=True)
        subprocess.run(["git", "clone", "-q", "-b", branch, self.remote, home / "clone"], check=True)
        command = home / "bin/handrail"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestrator.cli "$@"\n')
        (home / "bin/pipx").write_text('#!/bin/sh\n[ "$*" = "install handrail==1.2.3" ]\n')
        for made in command.parent.iterdir():
            made.chmod(0o755)
        return home

    def shell(self, home, text, env, code=0):
        path = f"{home}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
        own = {"PATH": path, "HOME": str(home), "CI": "true", "PYTHONPATH": str(ROOT), "RUNNER_TEMP": f"{home}/temp"}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", text],
            cwd=home / "clone",
            env={**own, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        assert done.returncode == code, (text, done.stdout, done.stderr)
        return done

    def github(self, run=""):
        """The documented job; where it worked."""
        (job,) = yaml.safe_load(github())["jobs"].values()
        home, given = self.clone(), {**self.settings, "inputs.run": run}

        def filled(values):
            return {k: re.sub(r"\$\{\{ (\S+) \}\}", lambda m: given[m[1]], v) for k, v in values.items()}

        for step in job["steps"]:
            if "run" in step and IFS.get(step.get("if"), bool(run)) == bool(run):
                assert "${{" not in step["run"], "what is asked from outside stays data"
                self.shell(home, step["run"], {**filled(job["env"]), **filled(step.get("env", {}))})
        return home / "clone"

    def gitlab(self, run="", code=4):
        job, home = gitlab(), self.clone()
        assert job["allow_failure"] == {"exit_codes": [4]}
        lines = job["before_script"]
        key = home / "temp/key.pem"
        key.write_text(self.settings["secrets.HANDRAIL_KEY"])
        key.chmod(0o600)
        env = {"HANDRAIL_KEY": str(key), "HANDRAIL_FOLDER": self.settings["vars.HANDRAIL_FOLDER"], "RUN": run}
        script = "\n".join([*lines[lines.index("handrail sandbox build") :], *job["script"]])
        self.shell(home, script, {**env, "HANDRAIL_PUSH": str(self.remote)}, code)
        return home / "clone"


@pytest.fixture
def server(tmp_path):
    with lab(tmp_path / "seed") as here:
        assert here.cli("key", "new", str(tmp_path / "ci.pem")).returncode == 0
        added = ["--add-machine", f"ci={tmp_path / 'ci.pem.pub'}:ci", "--role", "runner=you,ci", "--commit"]
        changed = here.cli("policy", "change", *added)
        assert changed.returncode == 0, changed.stderr
        runs = []
        for name, req in (("one", ONE), ("two", TWO)):
            (here.repo / f"{name}.md").write_text(spec_text([req]).replace("# Parts", f"# {name}"))
            (here.repo / f"{name}.yaml").write_text(script_text(good(req)))
            runs.append({"spec": f"{name}.md", "script": f"{name}.yaml"})
        manifest = {"schema": "handrail.batch/1", "defaults": {"agent": "scripted"}, "runs": runs}
        (here.repo / "batch.yaml").write_text(json.dumps(manifest))
        here.git("add", "-A")
        here.git("commit", "-qm", "What is wanted")
        remote = tmp_path / "remote.git"
        subprocess.run(["git", "clone", "-q", "--bare", here.repo, remote], check=True, capture_output=True)
        shown = json.loads(here.cli("trust", "--json").stdout)
        made = Server(
            tmp_path,
            remote,
            {
                "vars.HANDRAIL_FOLDER": shown["digest"],
                "vars.HANDRAIL_VERSION": "1.2.3",
                "secrets.HANDRAIL_KEY": (tmp_path / "ci.pem").read_text(),
            },
        )
        made.settings["root"] = json.loads(here.cli("policy", "show", "--json").stdout)["root"]
        yield made, seat(tmp_path / "reviewer", here.key, remote, shown["digest"])


def reviewed(person):
    """Everything that waits, approved by who may, and sent; the runs that it was for."""
    items = [item for item in person.inbox()["items"] if item["mine"]]
    for item in items:
        person.handrail("review", "approve", item["id"])
    runs = sorted({item["run"] for item in items})
    for run in runs:
        person.handrail("review", "push", run)
    return runs


def is_on_the_remote(server, run):
    """The commits of a run, by the commands of the page about verifying, in a clone that knows nothing."""
    home = server.clone(f"handrail/{run}")
    text = (ROOT / "docs/how-to/verify-in-ci.md").read_text()
    (lines,) = [block for block in re.findall(r"(?:^    .*\n)+", text, re.MULTILINE) if "--unshallow" in block]
    said = server.shell(home, lines, {"HANDRAIL_ROOT": server.settings["root"]})
    assert said.stdout.startswith("VERIFIED"), said
    assert "unattested" not in said.stdout
    (made,) = (home / "clone/src").glob("f*.py")
    return made.read_text().strip()


KEYWORDS = {"rules", "resource_group", "variables", "before_script", "script", "allow_failure", "artifacts"}
"""Of a job of GitLab's, those that the example uses."""


def test_the_github_workflow_is_one_and_gives_nothing_away(tmp_path):
    where = tmp_path / ".github/workflows/handrail.yml"
    where.parent.mkdir(parents=True)
    where.write_text(github())

    def found():
        argv = [Path(sys.executable).parent / "zizmor", "--offline", "--no-config", "--format", "json-v1", where]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.stdout, done.stderr
        return [one["ident"] for one in json.loads(done.stdout)]

    assert found() == []
    where.write_text(github().replace('"$RUN" --remote', "${{ inputs.run }} --remote"))
    assert "template-injection" in found()


def test_the_gitlab_job_has_the_form_of_one():
    job = gitlab()
    assert set(job) == KEYWORDS
    assert all(isinstance(line, str) for line in [*job["before_script"], *job["script"]])
    assert {type(value) for value in job["variables"].values()} == {str}
    assert (job["artifacts"]["when"], set(job["artifacts"]["reports"])) == ("always", {"junit"})
    assert all(set(rule) == {"if"} for rule in job["rules"])


def test_the_github_workflow_parks_runs_on_the_remote_and_goes_on_when_people_have_decided(server):
    there, person = server
    begun = there.github()
    assert 'skipped="2"' in (begun / "result.xml").read_text()
    runs = reviewed(person)
    assert len(runs) == 2
    for run in runs:
        there.github(run)
    assert reviewed(person) == runs
    for run in runs:
        there.github(run)
    found = {is_on_the_remote(there, run) for run in runs}
    assert found == {f"VALUE = {req.number}" for req in (ONE, TWO)}


def test_the_gitlab_job_does_the_same(server):
    there, person = server
    begun = there.gitlab()
    assert (begun / gitlab()["artifacts"]["reports"]["junit"]).exists()
    (first, _) = reviewed(person)
    there.gitlab(first)
    assert first in reviewed(person)
    there.gitlab(first, code=0)
    assert "VALUE" in is_on_the_remote(there, first)
