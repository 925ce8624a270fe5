"""What a sandbox costs: hardened against bare, made ahead against cold, a large tree in and out, twenty at once.

    python benchmarks/sandbox.py [ROUNDS]

All sides take turns in one session. *Ready* is the answer of `true` run inside. Bare is `docker run` of the same image
without any protection or limit; `docker exec true` in a container that is there already is the floor of the usual
way. The tree has 10,000 files of 1.2 KB in 1,100 folders; in and out are timed as a step does them, with ownership
laid out and every file compared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from measuring import report

from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import GitOid, RunId
from orchestrator.ports import SandboxRequest, TreeEntry
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.docker_engine import DockerSandboxes
from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.recipe import compose

DATA = Path(__file__).parent.parent / "sandboxes"
LIMITS = Limits(memory_mib=1024, disk_mib=256, cpus=2.0, wall_seconds=120)
REQUEST = SandboxRequest("benchmark", RunId("benchmark"), LIMITS, open_tree=True)
FILES, PARALLEL = 10_000, 20
CONTENT = b"value = 1\n" * 120
GOALS = {
    "hardened / bare": ("<=", 1.1),
    "made ahead, first answer p50 (ms)": ("<=", 50.0),
    "10,000 files in (s)": ("<=", 1.0),
    "10,000 files out (s)": ("<=", 1.0),
    "left behind by 20 at once": ("<=", 0.0),
}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        image = ImageBuilder(state).ensure(compose(DATA / "images", ()))
        cold, ahead = _provider(image, state), _provider(image, state, pool_size=1)
        try:
            figures = {**_starts(image, cold, ahead, rounds), **_tree(cold, max(3, rounds // 4)), **_parallel(cold)}
        finally:
            cold.close()
            ahead.close()
    report("sandbox", figures, GOALS)


def _provider(image: str, state: Path, pool_size: int = 0) -> DockerSandboxes:
    made = DockerSandboxes(
        image,
        programs_source=DATA / "images/base/opt/handrail",
        seccomp=DATA / "seccomp/default.json",
        state=state,
        pool_size=pool_size,
    )
    made.probe()
    return made


def _starts(image: str, cold: DockerSandboxes, ahead: DockerSandboxes, rounds: int) -> dict[str, float]:
    sides: dict[str, list[float]] = {"bare": [], "api": [], "hardened": [], "ahead": [], "exec": []}
    keep = ["docker", "run", "-d", "--rm", "--network", "none", image, "sleep", "3600"]
    there = subprocess.run(keep, capture_output=True, text=True, check=True).stdout.strip()
    engine = Engine()
    try:
        for _ in range(rounds + 1):
            sides["bare"].append(_bare(image))
            sides["api"].append(_bare_by_api(engine, image))
            sides["hardened"].append(_first_answer(cold))
            sides["exec"].append(_exec(there))
            ahead.warm(REQUEST)
            _until_ready(ahead)
            sides["ahead"].append(_first_answer(ahead))
            _until_ready(ahead)
    finally:
        engine.close()
        subprocess.run(["docker", "rm", "-f", there], capture_output=True, check=True)
    p50 = {name: statistics.median(times[1:]) * 1000 for name, times in sides.items() if times}
    return {
        "bare docker run, first answer p50 (ms)": p50["bare"],
        "bare by the engine's API p50 (ms)": p50["api"],
        "hardened, first answer p50 (ms)": p50["hardened"],
        "hardened / bare": p50["hardened"] / p50["bare"],
        "docker exec p50 (ms)": p50["exec"],
        "made ahead, first answer p50 (ms)": p50["ahead"],
        "made ahead, first answer max (ms)": max(sides["ahead"][1:]) * 1000,
    }


def _bare(image: str) -> float:
    """Until the answer is read, which is before the container is gone."""
    argv = ["docker", "run", "--rm", "--network", "none", image, "echo", "x"]
    began = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        _expect("x\n", process.stdout.readline() if process.stdout else "")
        return time.perf_counter() - began


def _bare_by_api(engine: Engine, image: str) -> float:
    """The same without the command line's own start: four calls of the engine's API, as ours makes them."""
    began = time.perf_counter()
    frame = ["printf", r"K\000\000\000\000"]
    streams = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "OpenStdin": True}
    container = engine.create({"Image": image, "Cmd": frame, "HostConfig": {"NetworkMode": "none"}, **streams})
    try:
        channel = engine.attach(container)
        engine.start(container)
        _expect((b"K", b""), channel.receive(time.monotonic() + 60))
        channel.close()
        return time.perf_counter() - began
    finally:
        engine.remove(container)


def _expect(wanted: object, seen: object) -> None:
    if seen != wanted:
        raise RuntimeError(f"{seen!r} came, not {wanted!r}")


def _exec(container: str) -> float:
    began = time.perf_counter()
    subprocess.run(["docker", "exec", container, "true"], check=True)
    return time.perf_counter() - began


def _first_answer(sandboxes: DockerSandboxes) -> float:
    began = time.perf_counter()
    with sandboxes.open(REQUEST) as sandbox:
        _expect(0, sandbox.execute(["true"], timeout_seconds=60).exit_code)
        return time.perf_counter() - began


def _until_ready(sandboxes: DockerSandboxes) -> None:
    while not sandboxes.made_ahead():
        time.sleep(0.02)
    time.sleep(0.3)  # its interpreter has started, as it has in a process that is busy elsewhere


def _tree(sandboxes: DockerSandboxes, rounds: int) -> dict[str, float]:
    entries = [TreeEntry(f"d{n // 100}/s{n // 10 % 10}/f{n}.py", "100644", GitOid(f"{n:040}")) for n in range(FILES)]
    step = replace(REQUEST, open_tree=False)
    grant = Capabilities(write=("d1/**",), limits=LIMITS)
    copied: list[float] = []
    taken: list[float] = []
    for _ in range(rounds):
        with sandboxes.open(step) as sandbox:
            began = time.perf_counter()
            sandbox.copy_in(entries, _contents, grant, ())
            copied.append(time.perf_counter() - began)
            done = sandbox.execute(["sh", "-c", "echo y >> d1/s0/f100.py"], timeout_seconds=60)
            _expect(0, done.exit_code)
            began = time.perf_counter()
            out = sandbox.change_out()
            taken.append(time.perf_counter() - began)
            _expect((["d1/s0/f100.py"], FILES), ([member.path for member in out.changed], len(out.present)))
    return {"10,000 files in (s)": statistics.median(copied), "10,000 files out (s)": statistics.median(taken)}


def _contents(oids: Sequence[GitOid]) -> Iterator[bytes]:
    return (oid.encode() + CONTENT for oid in oids)


def _parallel(sandboxes: DockerSandboxes) -> dict[str, float]:
    def step(number: int) -> None:
        with sandboxes.open(replace(REQUEST, run=RunId(f"parallel-{number}"))) as sandbox:
            said = sandbox.execute(["sh", "-c", f"sleep 0.2; echo {number}"], timeout_seconds=100).stdout
            _expect(f"{number}\n".encode(), said)

    before = _containers()
    began = time.perf_counter()
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(step, range(PARALLEL)))
    seconds = time.perf_counter() - began
    return {"20 at once (s)": seconds, "left behind by 20 at once": float(len(_containers() - before))}


def _containers() -> set[str]:
    argv = ["docker", "ps", "-aq", "--filter", f"label=dev.handrail.pid={os.getpid()}"]
    return set(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
