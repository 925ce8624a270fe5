"""Installed agents, a scenario instead of a model, and a models file that names it."""

from contextlib import contextmanager
from functools import cache

import yaml
from run_support import Lab, state_home

from orchestrator.agents.drivers import driver
from orchestrator.app.machine import agents
from orchestrator.models.capabilities import Limits
from orchestrator.models.endpoint import WireProtocol
from orchestrator.testing.agent_suite import Bench
from orchestrator.testing.scenario.script import load_scenario
from orchestrator.testing.scenario.server import serve

LIMITS = Limits(memory_mib=2048, pids=256, disk_mib=128, cpus=2.0, wall_seconds=600, output_kib=1024)
MODEL = "scripted-answers"


@cache
def _assembled(name):
    return agents.assemble(name, None, print)  # a build takes minutes


def installed(name):
    """The manifest of the pinned version, written down where this test looks; its image is kept by the engine."""
    manifest = _assembled(name)
    agents.save(manifest)
    return manifest


def bench(name, sandboxes):
    installed(name)
    chosen = driver(name)
    memory = installed(name).capabilities["memory_mib"]
    return Bench(
        agents.open_installed(name),
        sandboxes,
        memory,
        tools=chosen.tools,
        exit_status=chosen.exit_status,
        asks=chosen.asks,
        usage=chosen.usage,
    )


def scenario_text(*conversations):
    return yaml.safe_dump({"schema": "handrail.scenario/1", "conversations": list(conversations)}, sort_keys=False)


@contextmanager
def endpoint(lab: Lab, text, protocol: WireProtocol):
    """The scenario as the endpoint ``here`` of this lab's models file."""
    with serve(load_scenario(text.encode())) as server:
        named = {
            "protocol": protocol.value,
            "base_url": server.url,
            "models": [MODEL],
            "credential": {"kind": "none"},
            "local": True,
            "private": True,
        }
        place = lab.folder / "config" / "handrail" / "models.yaml"
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.write_text(yaml.safe_dump({"schema": "handrail.models/1", "endpoints": {"here": named}}))
        place.chmod(0o600)
        yield server


__all__ = ["LIMITS", "MODEL", "bench", "endpoint", "installed", "scenario_text", "state_home"]
