"""A step seen from outside: programs that the agent does not tell of, how things ended, and what exceeds the grant."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import broker_support
import pytest
import sandbox_support
from run_support import LIMITS, Req, approve, good, lab, shell

from orchestrator.app.wiring import open_run
from orchestrator.engine.observing import Observer
from orchestrator.errors import GateRefused
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Proposal
from orchestrator.models.ids import GitOid, RunId
from orchestrator.models.observed import MAX_PROGRAMS, Account, Cause, Way
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec
from orchestrator.ports import ChangeOut, OutMember, SandboxRequest, TreeEntry
from orchestrator.sandbox.client import Engine

pytestmark = pytest.mark.engine

GRANT = Capabilities(write=("**",), limits=LIMITS)
REQUEST = SandboxRequest("observed", RunId("20000101-aaaaaa"), LIMITS, watched=True)
ONE, TWO = Req(1), Req(2)
PEEK = "git --version >/dev/null; exec env true"


def runtimes():
    engine = Engine()
    try:
        return sorted({"runc", "runsc"} & set(engine.runtimes()))
    finally:
        engine.close()


@pytest.fixture(scope="module", params=runtimes())
def docker(request):
    with sandbox_support.sandboxes(runtime=request.param) as made:
        yield made


def watched(docker, *commands, limits=LIMITS, told=None):
    """The account of these commands, one after another."""
    grant = GRANT.model_copy(update={"limits": limits})
    with docker.open(replace(REQUEST, limits=limits)) as box:
        box.watch((told if told is not None else []).append)
        box.copy_in((), lambda _: iter(()), grant, ())
        for text in commands:
            box.execute(["/bin/sh", "-c", text], timeout_seconds=20)
        box.change_out()
        return box.observed()


def test_programs_are_seen_however_short_and_whoever_hides_them(docker):
    live = []
    account = watched(docker, PEEK, "cp /bin/sleep /tmp/mine; /tmp/mine 0.5", told=live)
    assert {"git", "env", "true"} <= set(account.names())
    assert "mine" in account.names()
    assert list(account.programs) == live
    assert account.ways == (Way.SAMPLED, Way.OPENED)
    assert (account.lost, account.dropped) == (False, 0)
    assert account.seen >= 2


def test_what_is_left_and_how_each_command_ended(docker):
    account = watched(
        docker, "mkdir -p /tmp/a/b; echo 12345 > /tmp/a/b/c", "exit 3", "kill -9 $$", "sleep 60 & sleep 0.1"
    )
    assert [(name[-3:], left.files, left.bytes) for name, left in account.left.items()] == [("a/b", 1, 6)]
    assert [ran.cause for ran in account.ran] == [Cause.ENDED, Cause.FAILED, Cause.KILLED, Cause.ENDED]
    assert account.ran[1].exit_code == 3


def test_a_flood_of_programs_becomes_a_number_and_a_bomb_ends_nothing_here():
    many = f"for n in $(seq {MAX_PROGRAMS + 60}); do"
    flood = f"{many} ln -s /bin/sleep /tmp/p$n; done; {many} /tmp/p$n 0.4 & [ $((n % 20)) = 0 ] && wait; done"
    with sandbox_support.sandboxes(runtime="runc") as docker:
        account = watched(docker, flood)
        assert len(account.programs) == MAX_PROGRAMS
        assert account.dropped > 0
        bombed = watched(docker, "bomb() { bomb | bomb & }; bomb; sleep 0.5")
    assert (account.lost, bombed.lost) == (False, False)
    assert bombed.peaks.pids >= LIMITS.pids


def test_out_of_memory_is_a_cause_of_its_own():
    small = LIMITS.model_copy(update={"memory_mib": 128, "disk_mib": 16})
    with sandbox_support.sandboxes(runtime="runc") as docker:
        account = watched(docker, "exec python3 -c 'held = bytearray(400 << 20)'", limits=small)
    assert account.out_of_memory
    assert [ran.cause for ran in account.ran] == [Cause.OUT_OF_MEMORY]


def events(here, run, *kinds):
    with here.project() as project:
        return [e.data for _, e in project.index.events(run.id) if e.kind in kinds]


def proposal_of(project, run, step="S01"):
    return Proposal.model_validate_json(project.blobs.get(project.index.effect(f"agent:{run.id}:{step}:1")))


def account_of(here, run, step="S01"):
    with here.project() as project:
        return Account.model_validate_json(project.blobs.get(proposal_of(project, run, step).processes))


def test_the_host_records_what_the_agent_does_not_tell_and_says_whose_word_it_is(tmp_path):
    with lab(tmp_path) as here:
        done = here.run([ONE], {ONE.id: [[shell(PEEK), *good(ONE)[ONE.id][0]]]})
        assert done.code == 0
        lines = [json.loads(one) for one in here.cli("events", done.run.id).stdout.splitlines()]
        said = {word for one in lines if one["by"] == "agent" for word in one["event"]["data"].get("argv") or ()}
        seen = {one["event"]["data"]["name"] for one in lines if one["event"]["kind"] == "program-seen"}
        assert "git" not in said
        assert {"git", "env"} <= seen
        assert {one["by"] for one in lines if one["event"]["kind"] in {"program-seen", "executed", "observed"}} == {
            "host"
        }
        account = account_of(here, done.run)
        (summary,) = events(here, done.run, "observed")
        assert summary["programs"] == len(account.programs)
        assert account.written["src"].files == 1
        assert account.read["src"].files == 1
        assert {"git", "sh"} <= set(account.names())
        found = here.verify(done.run)
        assert found.verdict == "VERIFIED"
        assert [set(c.not_observed) for c in found.commits] == [{"model", "network"}]
        with here.project() as project:
            held = json.loads(project.blobs.get(proposal_of(project, done.run).sandbox_policy))
        assert held["HostConfig"]["NetworkMode"] == "none"
        assert held["HostConfig"]["Memory"] == LIMITS.memory_mib << 20
        assert str(tmp_path) not in json.dumps(held)


def refusing(**more):
    return {"refused": ("git",), **more}


def test_a_refused_program_stops_the_step_and_its_twin_passes(tmp_path):
    with lab(tmp_path, ceiling=refusing()) as here:
        read = []

        def look(reviews, item):
            read.append(reviews.view(item.id).sheet.violations)
            approve(reviews, item)

        bad = [*good(ONE)[ONE.id][0], shell(PEEK), {"sleep": 30}]
        script = {ONE.id: {"repeat": True, "attempts": [bad]}, **good(TWO)}
        began = time.monotonic()
        done = here.run([ONE, TWO], script, decide=look, max_parallel=1)
        assert time.monotonic() - began < 45
        assert (done.code, done.statuses) == (3, {"S01": "refused", "S02": "merged"})
        assert done.whys["S01"].startswith("OBS001 The program git is refused to this step")
        found = events(here, done.run, "grant-exceeded")
        assert {one["code"] for one in found} == {"OBS001"}
        assert [kind for kind, step, _ in here.events(done.run.id) if kind == "agent-prompt" and step == "S01"] == [
            "agent-prompt"
        ], "it was tried again"
        assert events(here, done.run, "observed"), "the attempt that was stopped left no account"
        assert any("S01, attempt 1: OBS001" in one for one in read[-1]), "the reviewer was not told"
        assert "src/f1.py" not in here.git("ls-tree", "-r", "--name-only", done.run.run_ref).split()
        harmless = [[*good(ONE)[ONE.id][0], shell("echo git; python3 -c 'print(1)' && test -x /usr/bin/git")]]
        twin = here.run([ONE], {ONE.id: harmless})
        assert (twin.code, events(here, twin.run, "grant-exceeded")) == (0, [])


def test_a_copy_of_a_refused_program_under_another_name_is_no_way_round(tmp_path):
    with lab(tmp_path, ceiling=refusing()) as here:
        copied = shell("cp /usr/bin/git /tmp/harmless; /tmp/harmless --version")
        done = here.run([ONE], {ONE.id: [[copied, *good(ONE)[ONE.id][0]]]})
        assert (done.code, done.statuses) == (3, {"S01": "refused"})


@contextmanager
def observer(here, done):
    """Of a run that was made before; and what it wrote down since."""
    with here.project() as project:
        run = project.index.run(done.run.id)
        settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
        spec = Spec.model_validate_json(project.blobs.get(run.spec))
        with open_run(project, run, spec, settings, key=None, trust=None, say=lambda _: None) as opened:
            (plan,) = (e.data["plan"] for _, e in project.index.events(run.id) if e.kind == "planned")
            yield Observer(opened.ctx, opened.ctx.step(plan, "S01"), 2)


def test_a_model_without_a_lease_ends_the_sandbox_and_a_shut_file_that_came_out_changed_is_an_excess(
    tmp_path, monkeypatch
):
    with lab(tmp_path) as here, broker_support.desk(monkeypatch) as desk:
        done = here.run([ONE], good(ONE))
        endpoint = broker_support.endpoint(1)
        with (
            observer(here, done) as watching,
            sandbox_support.sandboxes() as docker,
            desk.lease(endpoint, models=("up/m-1",), tell=watching.exchange) as lease,
            docker.open(REQUEST) as box,
        ):
            box.copy_in((), lambda _: iter(()), GRANT, ())
            began = time.monotonic()
            threading.Timer(1, broker_support.message, (lease,), {"model": "another"}).start()
            with pytest.raises(GateRefused, match="OBS010"), watching.stopping(box, ()):
                box.execute(["/bin/sleep", "25"], timeout_seconds=30)
            assert time.monotonic() - began < 20
        assert [one["code"] for one in events(here, done.run, "grant-exceeded")] == ["OBS003"]

        shown = [TreeEntry(path, "100644", GitOid("0" * 40)) for path in ("src/f1.py", "src/shut.py", "README.md")]
        member = OutMember("src/new.py", "100644", b"")
        with observer(here, done) as watching:
            watching.change(shown, ChangeOut(frozenset({"src/f1.py", "src/shut.py", "README.md"}), (member,)), ())
            watching.check()  # a new file beside the granted ones is none
            changed = member._replace(path="src/shut.py")
            watching.change(shown, ChangeOut(frozenset({"src/f1.py"}), (changed,)), ())
            (found,) = watching.violations
        assert (found.code, "README.md, src/shut.py" in found.text) == ("OBS004", True)
