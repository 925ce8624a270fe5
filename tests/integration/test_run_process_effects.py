"""Processes that do something in the world: a service, a package index and a webhook of this machine, once each."""

import json
import os
import signal
import subprocess
import sys
import tarfile
from contextlib import contextmanager

import broker_support
import pytest
import yaml
from click.testing import CliRunner
from run_support import ROOT, lab, write
from test_run_process_changes import Shop

from orchestrator.app.runs.listing import one
from orchestrator.cli.workflow import command
from orchestrator.errors import WorkflowInvalid
from orchestrator.models.capabilities import Egress
from orchestrator.models.decision import Verdict

DEPLOY, PACKAGES, HOOKS = "deploy.example.com", "packages.example.com", "hooks.example.com"
ADDRESS, PORT = "127.77.{}.{}".format(*divmod(os.getpid() % 60_000, 250)), 443
"""Of this process alone: others that run tests beside it open the same port."""
CEILING = {"egress": tuple(Egress(host=h, methods=("POST",)) for h in (DEPLOY, PACKAGES, HOOKS))}
SEND = """
import os, sys, urllib.request
url, path = sys.argv[1:]
headers = {"Effect-Key": os.environ["HANDRAIL_EFFECT_KEY"]}
request = urllib.request.Request(url, open(path, "rb").read(), headers, method="POST")
urllib.request.urlopen(request, timeout=20).read()
"""
MAKE = f"""
check:
\tgrep -q mended src/pay.py
deploy:
\tpython3 send.py https://{DEPLOY}/v1/deploy src/pay.py
package:
\ttar -cf /tmp/pay.tar src
publish:
\ttar -cf /tmp/pay.tar src && python3 send.py https://{PACKAGES}/upload/pay.tar /tmp/pay.tar
"""
FILES = {"src/pay.py": "BROKEN = True\n", "send.py": SEND, "Makefile": MAKE, "CHANGELOG.md": "# Changes\n"}
GOOD = [write("src/pay.py", "STATE = 'mended'\n")]
PEOPLE = {
    "onc": ("on-call-engineer",),
    "max": ("maintainer",),
    "moe": ("maintainer",),
    "rel": ("release-manager",),
    "ros": ("release-manager",),
}
TRUSTED = ("reviewer", "maintainer", "release-manager")


@contextmanager
def world(here, tmp_path, answer=None):
    """An HTTPS server of this machine under the names that the processes reach, as the user's models file says."""
    (tmp_path / "site").mkdir()
    authority, context = broker_support.site(tmp_path / "site", DEPLOY, PACKAGES, HOOKS)
    hosts = {n: {"addresses": [ADDRESS], "authority": str(authority)} for n in (DEPLOY, PACKAGES, HOOKS)}
    place = here.folder / "config" / "handrail" / "models.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(yaml.safe_dump({"schema": "handrail.models/1", "hosts": hosts}))
    said = answer or (lambda _, connection: broker_support.respond(connection, {"ok": True}))
    wrap = lambda c: context.wrap_socket(c, server_side=True)  # noqa: E731  it is one expression
    with broker_support.Upstream(said, wrap, ADDRESS, PORT) as server:
        yield server


def hotfix(here):
    shop = Shop(here, "hotfix", {"hotfix/ask-agent-mend-cause": [GOOD]}).approved()
    shop.says("onc", reason="payments fail")
    assert shop.waits == [("two-maintainers-approve-change", "change")]
    shop.says("max").says("moe")
    assert shop.waits == [("release-manager-approves-step", "work")]
    return shop


def test_a_hotfix_needs_two_and_is_deployed_once(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, ceiling=CEILING, approve=TRUSTED) as here, world(here, tmp_path) as server:
        shop = hotfix(here)
        assert server.requests == []
        shop.says("rel")
        assert (shop.waits, shop.result.due_at is not None) == ([], True)
        (request,) = server.requests
        assert (request.target, request.body) == ("/v1/deploy", b"STATE = 'mended'\n")
        shop.hasten()
        shop.go().says("onc")
        assert shop.result.exit_code == 0
        assert [n["to"] for n in shop.notified()] == ["team"]
        report = here.verify(shop.run)
        assert str(report.verdict) == "VERIFIED", report.problems
        assert report.commits[0].roles == {"maintainer": ("max", "moe")}
        assert len(server.requests) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from orchestrator.app.project import open_project
from orchestrator.app.runs.start import go_on
from orchestrator.models.ids import RunId
from orchestrator.store.index import SqliteIndex
record = SqliteIndex.record_effect
def last(self, key, result):
    if key.startswith("effect:") and not key.endswith(":begun"):
        os.kill(os.getpid(), signal.SIGKILL)
    record(self, key, result)
SqliteIndex.record_effect = last
with open_project(Path(sys.argv[1])) as project:
    go_on(project, project.index.run(RunId(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("verdict", "next_"), [(Verdict.APPROVE, []), (Verdict.REJECT, ["call-engineer-restores-last"])]
)
def test_an_effect_of_which_nobody_knows_how_it_ended_is_asked_and_never_repeated(tmp_path, verdict, next_):
    with lab(tmp_path, FILES, people=PEOPLE, ceiling=CEILING, approve=TRUSTED) as here, world(here, tmp_path) as server:
        shop = hotfix(here)
        item = shop.result.items[0].id
        with here.reviews(shop.run, here.folder / "rel.pem") as reviews:
            reviews.decide(item, Verdict.APPROVE)
        argv = [sys.executable, "-c", KILLED, str(here.repo), shop.run.id]
        done = subprocess.run(argv, env={**os.environ, **here.env}, check=False, cwd=ROOT)
        assert (done.returncode, len(server.requests)) == (-signal.SIGKILL, 1)
        shop.go()
        (asked,) = shop.result.items
        assert (asked.node, asked.role) == ("run-make-deploy-which", "release-manager")
        assert "nobody knows how it ended. Look at production" in asked.title
        shop.says("rel", verdict, "looked at it")
        assert [n for n, _ in shop.waits] == next_
        assert len(server.requests) == 1
        with here.project() as project:
            (row,) = one(project, shop.run.id)["outside"]
        said = "a person said that it was " + ("done" if verdict is Verdict.APPROVE else "not done")
        assert (row["outcome"], row["why"]) == ("unknown", said)


def test_a_release_is_packaged_and_published_to_an_index(tmp_path):
    said = {"release/ask-agent-set-version": [[*GOOD, write("CHANGELOG.md", "# Changes\n\n## 1.2.0\n")]]}
    with lab(tmp_path, FILES, people=PEOPLE, ceiling=CEILING, approve=TRUSTED) as here, world(here, tmp_path) as server:
        shop = Shop(here, "release", said).approved()
        shop.answers("rel", "version=1.2.0").says("max")
        assert shop.waits == [("release-manager-approves-step", "work")]
        with here.reviews(shop.run, here.key) as reviews:
            told = reviews.view(shop.result.items[0].id).sheet.work.details
        assert told == (
            "Step run-make-publish-which runs `make publish` and changes the package index; nothing takes it back",
        )
        shop.says("rel")
        assert shop.result.exit_code == 0
        (request,) = server.requests
        assert request.target == "/upload/pay.tar"
        assert len(request.headers["effect-key"]) == 71
        (tmp_path / "got.tar").write_bytes(request.body)
        with tarfile.open(tmp_path / "got.tar") as got:
            assert got.extractfile("src/pay.py").read() == b"STATE = 'mended'\n"


def test_a_process_that_names_a_host_above_the_policys_ceiling_does_not_begin(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, approve=TRUSTED) as here, world(here, tmp_path) as server:
        with pytest.raises(WorkflowInvalid) as found:
            hotfix(here)
        assert found.value.code == "WF050"
        assert any(line.startswith("WF053") and "deploy" in line for line in found.value.details)
        assert (here.runs(), server.requests) == ((), [])


def test_dependencies_are_updated_and_a_new_one_is_approved_by_the_security_lead(tmp_path):
    files = {**FILES, "uv.lock": "version = 1\n", "Makefile": "check:\n\tgrep -q 'version = 2' uv.lock\n"}
    people = {**PEOPLE, "sec": ("security-lead",)}
    job = {"dependency-update/ask-agent-update-locked": [[write("uv.lock", "version = 2\n")]]}
    with lab(tmp_path, files, people=people, approve=(*TRUSTED, "security-lead")) as here:
        shop = Shop(here, "dependency-update", job).approved()
        shop.answers("max", "new-dependency-came-in=yes")
        assert shop.waits == [("security-lead-approves-new", "work")]
        shop.says("sec")
        (asked,) = shop.result.items
        with here.reviews(shop.run, here.key) as reviews:
            assert reviews.view(asked.id).item.findings
        assert asked.role == "maintainer"


HOOK = f"""# Tell them

Roles: clerk.
It may post to `{HOOKS}/team`.

1. The clerk looks.
2. Notify the team by webhook `{HOOKS}/team` that it is done. If it cannot be sent, stop.
"""


def test_a_webhook_leaves_through_the_broker(tmp_path):
    folder = tmp_path / "hook"
    folder.mkdir()
    (folder / "process.md").write_text(HOOK)
    argv = [
        sys.executable,
        "-m",
        "orchestrator.cli",
        "workflow",
        "compile",
        str(folder / "process.md"),
        "-o",
        str(folder / "workflow.yaml"),
    ]
    subprocess.run(argv, check=True, cwd=ROOT)
    with lab(tmp_path, people={"cleo": ("clerk",)}, ceiling=CEILING) as here, world(here, tmp_path) as server:
        shop = Shop(here, folder / "workflow.yaml", {}).go().says("cleo")
        assert shop.result.exit_code == 0
        (request,) = server.requests
        assert json.loads(request.body)["text"].startswith("Notify the team")


SHIP = f"""# Ship it

Roles: on-call engineer, maintainer, release manager.
It may write `src/**`.
It may ask any model.
It may post to `{DEPLOY}`.

1. Ask the agent to mend the cause.
2. The gates check the change.
3. Run the tests with `make check`.
4. The maintainer approves the change.
5. Merge the change.
6. Run `make deploy`, which changes production and is undone by `make restore`,
   after a dry run with `make try`. If it fails, the on-call engineer looks.
"""


@pytest.mark.parametrize(
    ("status", "trying", "asked", "told"),
    [
        (200, "true", ["/try", "/v1/deploy"], None),
        (200, "false", ["/try"], "it failed (in its dry run: exit code 2; "),
        (500, "true", ["/try", "/v1/deploy"], "printed); `make restore` would undo it, which only a person or"),
    ],
)  # fmt: skip
def test_a_dry_run_passes_before_the_effect_begins_and_nothing_undoes_it_by_itself(
    tmp_path, status, trying, asked, told
):
    folder = tmp_path / "ship"
    folder.mkdir()
    (folder / "process.md").write_text(SHIP)
    assert (
        CliRunner()
        .invoke(command, ["compile", str(folder / "process.md"), "-o", str(folder / "workflow.yaml")])
        .exit_code
        == 0
    )
    send = f"\tpython3 send.py https://{DEPLOY}"
    more = f"try:\n{send}/try src/pay.py\n\t{trying}\nrestore:\n{send}/undo src/pay.py\n"
    codes = {"/try": 200, "/v1/deploy": status}
    answer = lambda asked, connection: broker_support.respond(connection, {}, codes[asked.target])  # noqa: E731  it is one expression
    files = {**FILES, "Makefile": MAKE + more}
    with (
        lab(tmp_path, files, people=PEOPLE, ceiling=CEILING, approve=TRUSTED) as here,
        world(here, tmp_path, answer) as server,
    ):
        shop = Shop(here, folder / "workflow.yaml", {"ship/ask-agent-mend-cause": [GOOD]}).approved().says("max")
        assert [request.target for request in server.requests] == asked
        keys = [request.headers["effect-key"] for request in server.requests]
        assert len(set(keys)) == len(keys)
        if told is None:
            assert shop.result.exit_code == 0
            return
        assert shop.waits == [("call-engineer-looks", "task")]
        with here.reviews(shop.run, here.key) as reviews:
            (detail,) = reviews.view(shop.result.items[0].id).sheet.work.details
        assert told in detail
