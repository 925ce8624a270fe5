"""A full run opens no connection that its policy did not name; the demo's names none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITNESS = ROOT / "tests/integration/network_witness.py"
REACHES_OUT = """
import socket
for family, address in ((socket.AF_INET, "192.0.2.7"), (socket.AF_INET6, "2001:db8::7")):
    with socket.socket(family) as one:
        one.settimeout(0.3)
        try: one.connect((address, 443))
        except OSError: pass
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.sendto(b"x", ("198.51.100.53", 53))
"""


def witnessed(folder, *argv):
    """The program's result, and what it tried to reach."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    notes = folder / "seen.json"
    command = [sys.executable, str(WITNESS), str(notes), *argv]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert notes.is_file(), done.stderr
    return done, json.loads(notes.read_text())


def test_the_witness_sees_every_attempt_also_of_a_grandchild(tmp_path):
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {REACHES_OUT!r}])"
    done, seen = witnessed(tmp_path, sys.executable, "-c", nested)
    assert done.returncode == 0, done.stderr
    wanted = [["tcp", "192.0.2.7", 443], ["tcp", "2001:db8::7", 443], ["udp", "198.51.100.53", 53]]
    assert [one for one in seen if one in wanted] == wanted


@pytest.mark.engine
@pytest.mark.slow
def test_a_full_run_reaches_out_to_nothing(tmp_path):
    done, seen = witnessed(tmp_path, sys.executable, str(ROOT / "demo/run.py"), str(tmp_path / "demo"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VERIFIED" in done.stdout
    assert seen == []
