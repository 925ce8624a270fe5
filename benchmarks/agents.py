"""What Handrail adds to a step of a real coding agent, against the same agent bare in the same container.

    python benchmarks/agents.py [--agents NAME ...] [--rounds N] [--answers instant slow]

Ours is the marginal cost of a step: (a run of 3 steps - a run of 1) / 2, with broker, gates, review and evidence. Bare
is one hardened container of the same image and limits in which the agent does the same work on the same 50 files, its
model reached over a unix socket without a broker. Both ask the same scripted endpoint: once it answers at once, and
once it takes ten seconds for an answer, so that a step thinks for twenty, a short step of a real model. In turn,
medians; the slow form is measured once, because most of its time is waited for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import sample
from measuring import Cost, cost, median, report

from orchestrator.agents.drivers import DRIVERS, driver
from orchestrator.app.machine import agents
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import RunId
from orchestrator.models.plan import Step
from orchestrator.ports import AgentTask
from orchestrator.testing.agent_suite import ScenarioLease
from orchestrator.testing.scenario.exchange import WORDS_PER_PIECE
from orchestrator.testing.scenario.script import load_scenario
from orchestrator.testing.scenario.server import serve

STEPS = 3
AGENTS = ("claude-code", "codex", "opencode", "mini-swe-agent")
PAUSE_SECONDS = 0.1
WORDS = " ".join(map(str, range(100 * WORDS_PER_PIECE)))
"""A hundred pieces of a streamed answer: ten seconds."""
LIMITS = Limits()
PORT = 4180
# In the container: a relay to the socket, then the agent, with the prompt on its stdin.
BARE = f"""
import json, os, socket, subprocess, sys, threading
order = json.load(sys.stdin)
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
def relay():
    listener = socket.create_server(("127.0.0.1", {PORT}), backlog=64)
    ready.set()
    while True:
        near = listener.accept()[0]
        far = socket.socket(socket.AF_UNIX)
        far.connect("/run/handrail/broker.sock")
        for pair in ((near, far), (far, near)):
            threading.Thread(target=pump, args=pair, daemon=True).start()
ready = threading.Event()
threading.Thread(target=relay, daemon=True).start()
ready.wait()
for path, text in {{**order["files"], **order["tree"]}}.items():
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    open(path, "w").write(text)
env = {{**os.environ, **order["env"], "HOME": "/tmp/home", "TMPDIR": "/tmp"}}
done = subprocess.run(order["argv"], input=order["prompt"].encode(), env=env, capture_output=True)
assert open("/work/src/module_1.py").read() == order["wanted"], done.stderr[-2000:]
sys.exit(done.returncode)
"""


def main(names: tuple[str, ...], rounds: int, answers: tuple[str, ...]) -> None:
    figures: dict[str, float] = {}
    goals: dict[str, tuple[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        env = sample.environment(Path(name))
        for agent in names:
            for kind in answers:
                pause = PAUSE_SECONDS if kind == "slow" else 0.0
                what = f"{agent}, slow answers" if pause else agent
                ours, bare = _measure(Path(name) / what, agent, 1 if pause else rounds, env, pause)
                print(f"{what}: a step {ours:.3f} s, bare {bare:.3f} s", file=sys.stderr)
                figures |= {f"{what}: step (s)": ours, f"{what}: bare (s)": bare}
                figures |= {f"{what}: added (s)": ours - bare, f"{what}: added (%)": 100 * (ours / bare - 1)}
                goals |= {f"{what}: added (s)": ("<=", 1.0), f"{what}: added (%)": ("<=", 5.0)}
    report("agents", figures, goals)


def _measure(folder: Path, agent: str, rounds: int, env: dict[str, str], pause: float) -> tuple[float, float]:
    print(f"{folder.name}: {rounds} round(s)", file=sys.stderr)
    manifest = agents.assemble(agent, None, lambda words: print(words, file=sys.stderr))
    agents.save(manifest)
    one, many, bare = list[Cost](), list[Cost](), list[Cost]()
    folder.mkdir()
    with serve(load_scenario(_scenario(STEPS, pause))) as server:
        _write_models(env, driver(agent).protocol, server.url)
        for turn in range(rounds):
            one.append(sample.reviewed(folder / f"one-{turn}", 1, env, agent, "here/scripted"))
            many.append(sample.reviewed(folder / f"many-{turn}", STEPS, env, agent, "here/scripted"))
            bare.append(_bare(folder / f"bare-{turn}", agent, manifest.image, pause))
    marginal = (median(many).wall_seconds - median(one).wall_seconds) / (STEPS - 1)
    return marginal, median(bare).wall_seconds


def _wanted(n: int) -> str:
    return f"def value():\n    return {n}\n\n\ndef added():\n    return {n}\n"


def _scenario(steps: int, pause: float) -> bytes:
    slow = {"fault": {"kind": "slow-tokens", "times": 1000, "seconds": pause}} if pause else {}

    def conversation(n: int) -> dict[str, object]:
        write = {"write": {"path": f"src/module_{n}.py", "text": _wanted(n)}}
        say = {"say": WORDS if pause else "I write it."}
        turns = [{**say, "do": [write], **slow}, {**say, "do": [{"run": "ls src"}], **slow}, {"done": "It is there."}]
        return {"when": f"REQ-{n:03}", "turns": turns}

    document = {"schema": "handrail.scenario/1", "conversations": [conversation(n) for n in range(1, steps + 1)]}
    return json.dumps(document).encode()


def _write_models(env: dict[str, str], protocol: WireProtocol, url: str) -> None:
    here = {"protocol": protocol.value, "base_url": url, "models": ["scripted"], "credential": {"kind": "none"}}
    place = Path(env["XDG_CONFIG_HOME"]) / "handrail" / "models.yaml"
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {"schema": "handrail.models/1", "endpoints": {"here": here | {"local": True, "private": True}}}
    place.write_text(json.dumps(document))
    place.chmod(0o600)


def _bare(folder: Path, agent: str, image: str, pause: float) -> Cost:
    tree = sample.repository(folder)
    files = {f"/work/{p.relative_to(tree)}": p.read_text() for p in tree.rglob("*.py")}
    socket = folder / "lease"
    socket.mkdir(mode=0o755)
    folder.chmod(0o755)
    capabilities = Capabilities(write=("src/module_1.py",))
    step = Step.model_construct(capabilities=capabilities)
    lease = ScenarioLease(socket)
    start = driver(agent).start(AgentTask(RunId("bare"), step, 1, (), "", lease=lease), lease, "scripted")
    order = {"argv": start.argv, "env": dict(start.env), "tree": files, "prompt": "Do REQ-001.", "wanted": _wanted(1)}
    order["files"] = {f"/tmp/home/{path}": text for path, text in start.files.items()}  # noqa: S108  in the container
    with serve(load_scenario(_scenario(1, pause)), socket / "broker.sock"):
        return cost(lambda: _contained(image, socket, json.dumps(order).encode()))


def _contained(image: str, socket: Path, order: bytes) -> None:
    programs = Path(__file__).parents[1] / "sandboxes/images/base/opt/handrail"
    limits = ["--cpus", f"{LIMITS.cpus}", "--memory", f"{LIMITS.memory_mib}m", "--memory-swap", f"{LIMITS.memory_mib}m"]
    limits += ["--pids-limit", f"{LIMITS.pids}", "--ulimit", "nofile=1024:1024", "--network", "none", "--read-only"]
    limits += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534", "--ipc", "none"]
    limits += ["--tmpfs", "/tmp:exec,size=64m,mode=1777", "--workdir", "/work"]  # noqa: S108  in the container
    limits += ["--tmpfs", "/work:exec,size=192m,uid=65534,gid=65534,mode=0755"]
    mounts = ["-v", f"{socket}:/run/handrail:ro", "-v", f"{programs}:/opt/handrail:ro"]
    argv = ["docker", "run", "--rm", "-i", *limits, *mounts, "--entrypoint", "python3", image, "-I", "-c", BARE]
    done = subprocess.run(argv, input=order, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the bare agent ended with {done.returncode}: {done.stderr.decode()[-2000:]}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", nargs="+", default=AGENTS, choices=DRIVERS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--answers", nargs="+", default=("instant", "slow"), choices=("instant", "slow"))
    return parser.parse_args()


if __name__ == "__main__":
    asked = _asked()
    main(tuple(asked.agents), asked.rounds, tuple(asked.answers))
