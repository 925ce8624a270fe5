"""aider, by its Python interface, with whole files as its form of edits. No configuration of tree or user is read."""

from __future__ import annotations

import json
import os
import sys

sys.path.insert(0, "/opt/agent/python")
os.environ.update({"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_COLOR": "1"})
_OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever a library prints is no event


def tell(kind: str, text: str = "", **data: object) -> None:
    """Write one event."""
    print(json.dumps({"kind": kind, "text": text, "data": data}), file=_OUT, flush=True)


def main() -> int:
    """The task on stdin, to its end."""
    from aider.coders import Coder  # noqa: PLC0415 - after the path
    from aider.io import InputOutput  # noqa: PLC0415 - the same
    from aider.models import Model  # noqa: PLC0415 - the same

    class Io(InputOutput):
        def tool_error(self, message="", strip=True):  # noqa: ANN001, ANN202, ARG002, FBT002 - the library's signature
            tell("message", str(message), failed=True)
            self.num_error_outputs += 1

    os.environ["OPENAI_API_BASE"] = os.environ["HANDRAIL_URL"]
    os.environ["OPENAI_API_KEY"] = os.environ["HANDRAIL_TOKEN"]
    model = Model("openai/" + os.environ["HANDRAIL_MODEL"])
    model.edit_format, model.use_repo_map = "whole", False
    files = [f for f in json.loads(os.environ["HANDRAIL_FILES"]) if os.path.basename(f)]  # noqa: PTH119 - names only
    io = Io(pretty=False, yes=True, fancy_input=False, root="/work")
    options = {"use_git": False, "auto_commits": False, "dirty_commits": False, "suggest_shell_commands": False}
    coder = Coder.create(
        main_model=model,
        edit_format="whole",
        io=io,
        fnames=files,
        map_tokens=0,
        stream=False,
        auto_lint=False,
        detect_urls=False,
        **options,
    )
    said = coder.run(with_message=sys.stdin.read(), preproc=False) or ""
    tell("message", said)
    for path in sorted(coder.aider_edited_files or ()):
        tell("file-written", path, path=path)
    tell("usage", "", input_tokens=coder.total_tokens_sent, output_tokens=coder.total_tokens_received)
    if not said:
        tell("failed", "the model gave no answer")
        return 1
    tell("finished", said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
