"""``--accept-risk`` on an engine that drops a limit: refused in each wrong form, said first wherever it was taken."""

import pytest
from lax_engine import lax_engine
from run_support import Req, good, lab

from orchestrator.app.observe.reporting import report
from orchestrator.app.runs.start import RunRequest, start
from orchestrator.errors import SandboxUnsafe, UsageError
from orchestrator.render.run_page import run_page

pytestmark = pytest.mark.engine

MINE = "pids:you:2099-01-31"
SAID = "RISK ACCEPTED: pids (you, until 2099-01-31)"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A repository whose policy lets ``pids`` be accepted, and a job in it."""
    with lab(tmp_path_factory.mktemp("risk")) as made:
        made.write_job([Req(1)], good(Req(1)))
        done = made.cli("policy", "change", "--accept-risk", "sandbox:pids", "--commit")
        assert done.returncode == 0, done.stderr
        yield made


@pytest.mark.parametrize(("given", "code"), [("cpu:you:2099-01-31", "RISK003"), (MINE, "RISK004")])
def test_what_cannot_be_accepted(here, tmp_path, monkeypatch, given, code):
    """The policy lists no ``cpu``, and on an engine that drops nothing ``pids`` is not missing."""
    with here.project() as project, monkeypatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path))
        with pytest.raises(UsageError) as refused:
            start(project, RunRequest(here.prd, agent="scripted", agent_input=here.script, accept_risk=(given,)))
    assert refused.value.code == code
    assert here.runs() == ()


def test_an_accepted_risk_is_the_first_line_of_everything(here, tmp_path, monkeypatch):
    with lax_engine(tmp_path / "engine.sock", "PidsLimit") as engine:
        monkeypatch.setenv("DOCKER_HOST", engine)
        with pytest.raises(SandboxUnsafe) as stopped:
            here.run([Req(1)], good(Req(1)))
        assert "PidsLimit" in stopped.value.details[0]
        run = here.runs()[0].id
        waits = here.cli("resume", run, "--approve-plan", "--accept-risk", MINE, DOCKER_HOST=engine)
        assert waits.returncode == 4, waits.stderr
        done = here.resume(run)
        assert done.code == 0
    assert "risk-accepted" in [kind for kind, _, _ in here.events(run)]
    verified = here.cli("verify", f"handrail/{run}", "--base", "main")
    assert verified.stdout.splitlines()[0] == f"VERIFIED, {SAID}"
    with here.project() as project:
        told = report(project, done.run)
    assert told["evidence"]["headline"] == f"VERIFIED, {SAID}"
    assert f'<p class="verdict bad">VERIFIED, {SAID}</p>' in run_page(told)
