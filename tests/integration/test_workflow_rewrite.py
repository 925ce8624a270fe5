"""Free prose rewritten by a model: repaired with the compiler's own words, shown, and taken by a person only."""

import json
import os
import pty
import re
import subprocess
import sys

import broker_support as support
import pytest
from run_support import lab
from test_plan_model import MODELS, Planner

PROSE = "# Refunds\n\n1. Somebody from support looks at the parcel and we pay if it is fine.\n"
GOOD = """# Refunds

Roles: clerk.

1. Ask the clerk whether the parcel is fine.
2. If the parcel is fine, the clerk pays the refund. Otherwise, stop.
"""
UNREAD = {"text": "# Refunds\n\n1. The parcel, well, is what it is.\n"}
UNSAFE = {"text": "# Refunds\n\nIt may write `docs/**`.\n\n1. Ask the agent to write.\n2. Merge the change.\n"}


def rewrite(here, planner, *more):
    file = here.folder / "config" / "handrail" / "models.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    with support.Upstream(planner) as upstream:
        file.write_text(MODELS.format(port=upstream.port))
        file.chmod(0o600)
        return here.cli("workflow", "rewrite", *more, HANDRAIL_TEST_KEY=support.KEY)


def test_a_person_takes_exactly_the_difference_that_was_shown(tmp_path):
    process, cassette = tmp_path / "refunds" / "process.md", tmp_path / "cassette"
    process.parent.mkdir()
    process.write_text(PROSE)
    planner = Planner("no JSON", UNREAD, {"text": GOOD})
    with lab(tmp_path) as here:
        said = rewrite(here, planner, str(process), "--record", str(cassette))
        assert said.returncode == 4, said.stderr
        assert "-1. Somebody from support looks" in said.stdout
        assert "+1. Ask the clerk whether the parcel is fine." in said.stdout
        assert process.read_text() == PROSE
        assert "no whole JSON object" in planner.prompts[1] or "JSON" in planner.prompts[1]
        assert "process.md:3:4 WF110 This says how something is" in planner.prompts[2]
        assert "<<<DATA" in planner.prompts[0]
        digest = re.search(r"--accept (sha256:[0-9a-f]{64})", said.stderr)
        assert digest
        proposed = process.with_name("process.proposed.md")
        proposed.write_text(GOOD.replace("clerk", "thief"))
        other = here.cli("workflow", "rewrite", str(process), "--accept", digest[1])
        assert (other.returncode, "WF105" in other.stderr, process.read_text()) == (2, True, PROSE)
        again = rewrite(here, Planner("unheard"), str(process), "--replay", str(cassette))
        assert digest[1] in again.stderr
        assert here.cli("workflow", "rewrite", str(process), "--accept", digest[1]).returncode == 0
        assert process.read_text() == GOOD
        assert not proposed.exists()
        assert here.cli("workflow", "compile", str(process), "--json").returncode == 0


def typed(here, word, *argv):
    """Exit code and all that was printed, at a terminal at which somebody types a word."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{word}\n".encode())
    argv = [sys.executable, "-m", "orchestrator.cli", *argv]
    ends = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    code = subprocess.run(
        argv, check=False, cwd=here.repo, env=here.env, timeout=90, start_new_session=True, **ends
    ).returncode
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65_536):
            said += data
    except OSError:  # nobody holds the other end
        pass
    os.close(ours)
    return code, said.decode()


def test_at_a_terminal_a_person_is_asked_and_told_how_to_go_on(tmp_path):
    process, cassette = tmp_path / "refunds" / "process.md", tmp_path / "cassette"
    process.parent.mkdir()
    process.write_text(PROSE)
    with lab(tmp_path) as here:
        assert rewrite(here, Planner({"text": GOOD}), str(process), "--record", str(cassette)).returncode == 4
        code, said = typed(here, "n", "workflow", "rewrite", str(process), "--replay", str(cassette))
        assert (code, "WF106" in said, process.read_text()) == (4, True, PROSE)
        code, said = typed(here, "y", "workflow", "rewrite", str(process), "--replay", str(cassette))
        assert (code, process.read_text()) == (0, GOOD)
        assert "Try: handrail workflow compile" in said.rpartition("[y/N]")[2].replace("\r\n", " ")


@pytest.mark.parametrize("answer", [UNREAD, UNSAFE, {"text": "x" * 300_000}, {"other": 1}, "Sure!", "[7]"])
def test_what_does_not_compile_or_is_unsafe_is_never_offered(tmp_path, answer):
    process = tmp_path / "refunds" / "process.md"
    process.parent.mkdir()
    process.write_text(PROSE)
    planner = Planner(answer)
    with lab(tmp_path) as here:
        said = rewrite(here, planner, str(process))
        assert (said.returncode, "WF103" in said.stderr) == (6, True), said.stderr
        assert len(planner.prompts) == 3
        assert isinstance(answer, str) is said.stderr.startswith("The answer holds no whole JSON object.\n")
        assert process.read_text() == PROSE
        assert [p.name for p in process.parent.iterdir()] == ["process.md"]
        assert json.dumps(answer)[:20] not in said.stdout
