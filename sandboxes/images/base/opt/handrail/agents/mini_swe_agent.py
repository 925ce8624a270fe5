"""mini-swe-agent, by its Python interface and its own default prompts. No configuration of tree or user is read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, "/opt/agent/python")
os.environ.update(
    {"MSWEA_SILENT_STARTUP": "1", "MSWEA_COST_TRACKING": "ignore_errors", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
)
COMMAND_SECONDS = 300
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("MSWEA_", "LITELLM_", "HANDRAIL_"))}
_OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever a library prints is no event


def tell(kind: str, text: str = "", **data: object) -> None:
    """Write one event."""
    print(json.dumps({"kind": kind, "text": text, "data": data}), file=_OUT, flush=True)


def main() -> int:
    """The task on stdin, to its end."""
    import litellm  # noqa: PLC0415 - after the path
    import minisweagent  # noqa: PLC0415 - the same
    import yaml  # noqa: PLC0415 - the same
    from minisweagent.agents.default import DefaultAgent  # noqa: PLC0415 - the same
    from minisweagent.environments.local import LocalEnvironment  # noqa: PLC0415 - the same
    from minisweagent.models.litellm_model import LitellmModel  # noqa: PLC0415 - the same

    litellm.telemetry = False

    class Environment(LocalEnvironment):
        def execute(self, action, cwd="", *, timeout=None):  # noqa: ANN001, ANN202 - the library's signature
            command = action.get("command", "")
            tell("tool-call", command, tool="bash")
            try:
                done = super().execute(action, cwd, timeout=timeout)
            except Exception:
                tell("command", "", command=command, exit_code=0)
                raise
            tell("command", done["output"], command=command, exit_code=done["returncode"])
            return done

    class Model(LitellmModel):
        def query(self, messages, **kwargs):  # noqa: ANN001, ANN003, ANN202 - the library's signature
            message = super().query(messages, **kwargs)
            usage = message["extra"]["response"].get("usage") or {}
            counts = {"input_tokens": usage.get("prompt_tokens", 0), "output_tokens": usage.get("completion_tokens", 0)}
            tell("message", message.get("content") or "")
            tell("usage", "", **counts)
            return message

    config = yaml.safe_load((Path(minisweagent.__file__).parent / "config" / "mini.yaml").read_text())
    wanted = {k: v for k, v in config["agent"].items() if k.endswith("_template")}
    end = {"api_base": os.environ["HANDRAIL_URL"], "api_key": os.environ["HANDRAIL_TOKEN"], "drop_params": True}
    model = Model(model_name="openai/" + os.environ["HANDRAIL_MODEL"], **{**config["model"], "model_kwargs": end})
    environment = Environment(cwd="/work", timeout=COMMAND_SECONDS, env=config["environment"]["env"])
    for name in tuple(os.environ):
        if name not in CLEAN:
            del os.environ[name]
    result = DefaultAgent(model, environment, **wanted, cost_limit=0).run(sys.stdin.read())
    if result.get("exit_status") == "Submitted":
        tell("finished", result.get("submission", "").strip())
        return 0
    tell("failed", str(result.get("exit_status")))
    return 1


if __name__ == "__main__":
    sys.exit(main())
