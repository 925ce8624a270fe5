"""The native agent on a real model: on request, against any chat endpoint that the environment names.

``HANDRAIL_TEST_CHAT_URL`` ends before ``/v1/chat/completions``; ``HANDRAIL_TEST_CHAT_MODEL`` is the model's name there.
What a small model writes is worth nothing; that the loop, the wire and the end hold is what is tried.
"""

import os
from contextlib import suppress
from urllib.parse import urlsplit

import broker_support as support
import pytest
import sandbox_support
from test_prompt_injection import BASE, CAPABILITIES, LIMITS, RUN, repository, step

from orchestrator.agents.native import NativeAgent
from orchestrator.errors import AgentFailed
from orchestrator.models.endpoint import Credential, WireProtocol
from orchestrator.ports import AgentEventKind, AgentTask, SandboxRequest
from orchestrator.render.prompts import step_prompt

ASKED = os.environ.get("HANDRAIL_TEST_CHAT_URL", "")

if ASKED:

    @pytest.mark.soak
    @pytest.mark.engine
    def test_a_real_model_is_driven_to_an_end():
        model, planned = os.environ["HANDRAIL_TEST_CHAT_MODEL"], step()
        told = support.endpoint(
            urlsplit(ASKED).port,
            WireProtocol.CHAT,
            base_url=ASKED,
            models=(model,),
            credential=Credential(),
            prices={},
            local=True,
        )
        events = []
        with (
            sandbox_support.sandboxes() as docker,
            repository(BASE) as (trees, base),
            support.desk(run_tokens=5_000_000) as desk,
            desk.lease(told, tokens=5_000_000) as lease,
            docker.open(SandboxRequest(key="real", run=RUN, limits=LIMITS, broker=lease.mount)) as box,
        ):
            box.copy_in(trees.entries(base), trees.blobs, CAPABILITIES, ())
            prompt = step_prompt(planned[0], planned[1], ())
            task = AgentTask(RUN, planned[0], 1, planned[1], prompt, (), f"up/{model}", lease)
            with suppress(AgentFailed):  # a small model may say nothing usable: that, too, is an end
                NativeAgent(turns=8, context_tokens=2048).run(task, box, events.append)
            traffic = lease.close()
        assert traffic.usage.output_tokens > 0
        assert events[-1].kind in {AgentEventKind.FINISHED, AgentEventKind.FAILED}
