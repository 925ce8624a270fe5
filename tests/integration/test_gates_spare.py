"""Scanners that are forks: the same answers and limits as those of scanners that were started."""

import json
import subprocess
import sys

PROGRAM = """
import json, os, sys, time
from orchestrator.errors import GateBroken
from orchestrator.gates.scanners import bandit_worker, spare
from orchestrator.gates.scanners.worker import Worker
bandit_worker.ready("all")
os.environ["HANDRAIL_SECRET"] = "once"
spare.prepare(2)
bad, slow = b"import subprocess\\nsubprocess.run(x, shell=True)\\n", b"x = f(1)\\n" * 100000
said = {}
with Worker(file_limit_seconds=float(sys.argv[1])) as forked:
    said["forked"] = [forked.scan(bad), forked.analyse(bad), forked.outline(bad)]
    pid = forked.pid
    said["its own child"] = os.waitpid(pid, os.WNOHANG) == (0, 0)
    said["streams"] = sorted(os.readlink(f"/proc/{pid}/fd/{n}").split(":")[0] for n in os.listdir(f"/proc/{pid}/fd"))
    said["folder"] = os.readlink(f"/proc/{pid}/cwd")
    try:
        forked.scan(slow)
    except GateBroken as error:
        said["slow"] = error.code
    said["next"] = forked.scan(b"exec(x)\\n")["issues"] != []
    said["another"] = forked.pid != pid
    os.kill(forked.pid, 9)
    while forked.pid is not None:
        time.sleep(0.01)
    said["after a kill"] = forked.scan(b"exec(input())\\n")["issues"] != []
with Worker(file_limit_seconds=float(sys.argv[1])) as started:
    said["started"] = [started.scan(bad), started.analyse(bad), started.outline(bad)]
said["left"] = spare.take()
print(json.dumps(said))
"""


def test_a_fork_answers_ends_and_is_replaced_as_a_scanner_that_was_started():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "0.5"], capture_output=True, text=True, check=True, timeout=300
    )
    said = json.loads(done.stdout)
    assert said["forked"] == said["started"]
    assert (said["slow"], said["next"], said["another"], said["after a kill"]) == ("GATE021", True, True, True)
    assert said["its own child"]
    assert said["left"] is None
    assert said["folder"] == "/"
    assert set(said["streams"]) <= {"pipe", "/dev/null"}
