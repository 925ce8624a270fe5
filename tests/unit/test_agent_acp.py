"""What agents that ask are answered, what is told of it, and how a recipe stands on another."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from agents_support import PROGRAMS

from orchestrator.agents import recipes
from orchestrator.agents.drivers import driver
from orchestrator.agents.events import MAX_DENIALS, EventReader
from orchestrator.errors import UsageError
from orchestrator.policy.paths import covers, expression
from orchestrator.ports import AgentEventKind

FOLDER = Path(__file__).parents[2] / "sandboxes/agents"
PATTERNS = ("src/*.py", "docs/**", "a.txt")
ASKED = [
    (("edit", ["/work/src/a.py"]), True),
    (("edit", ["src/a.py"]), True),
    (("edit", ["/work/src/deep/a.py"]), False),
    (("edit", ["/work/src/a.py", "/work/b.txt"]), False),
    (("edit", []), False),
    (("delete", ["/work/docs/x/y"]), True),
    (("move", ["/work/src/../b.py"]), False),
    (("edit", ["/etc/passwd"]), False),
    (("edit", ["/work"]), False),
    (("other", ["/work/a.txt"]), True),
    (("other", []), False),
    (("switch_mode", []), False),
    (("fetch", []), False),
    (("execute", []), True),
    (("read", ["/etc/passwd"]), True),
    (("unheard-of", ["/work/a.txt"]), False),
]
ASK = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("client", sys.argv[1])
client = importlib.util.module_from_spec(spec)
spec.loader.exec_module(client)
grant = client.Grant(json.loads(sys.argv[2]))
print(json.dumps([grant.allows(kind, paths) for kind, paths in json.loads(sys.argv[3])]), file=client._OUT)
"""


def answers(hosts):
    task = json.dumps({"write": expression(PATTERNS), "hosts": hosts})
    asked = json.dumps([ask for ask, _ in ASKED])
    argv = [sys.executable, "-I", "-c", ASK, str(PROGRAMS / "acp.py"), task, asked]
    return json.loads(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout)


def test_what_is_asked_is_answered_by_the_grant():
    assert answers(hosts=False) == [wanted for _, wanted in ASKED]
    assert answers(hosts=True) == [wanted or ask[0] == "fetch" for ask, wanted in ASKED]


@pytest.mark.parametrize("path", ["src/a.py", "src/x/a.py", "docs/a/b", "docs", "a.txt", "a_txt", "", "src/a.py\n"])
def test_the_expression_is_the_patterns(path):
    import re

    assert bool(re.fullmatch(expression(PATTERNS), path, re.DOTALL)) == covers(PATTERNS, path)
    assert re.fullmatch(expression(()), path) is None


def test_refusals_are_kept_for_the_reviewer_and_bounded():
    events = []
    reader = EventReader(events.append)
    line = {"kind": "permission", "text": "refused: edit x", "data": {"granted": False, "denied": True, "path": "x"}}
    reader.feed(json.dumps(line).encode() + b"\n")
    reader.feed(b'{"kind": "message", "text": "fine", "data": {"denied": "yes"}}\n')
    assert (events[0].kind, events[0].data["granted"]) == (AgentEventKind.PERMISSION, False)
    assert list(reader.denials) == ["refused: edit x"]
    for number in range(2 * MAX_DENIALS):
        reader.feed(json.dumps({**line, "text": str(number)}).encode() + b"\n")
    assert len(reader.denials) == MAX_DENIALS


@pytest.mark.parametrize("name", ["opencode", "gemini-cli", "qwen-code"])
def test_a_recipe_stands_on_another(name):
    below, own = recipes.load_recipe(FOLDER, name), recipes.load_recipe(FOLDER, f"{name}-acp")
    assert own.packages[:-1] == below.packages
    assert own.packages[-1].requirements == "acp.txt"
    assert (own.version, own.own, own.files) == (below.version, below.own, below.files)
    assert driver(f"{name}-acp").asks
    assert "permission" in driver(f"{name}-acp").events


@pytest.mark.parametrize("beneath", ['"absent"', "1", '"x"', '"../x"'])
def test_a_recipe_on_nothing_is_refused(tmp_path, beneath):
    (tmp_path / "x.toml").write_text(f"extends = {beneath}\n")
    with pytest.raises(UsageError) as refused:
        recipes.load_recipe(tmp_path, "x")
    assert refused.value.code == "AGT035"
