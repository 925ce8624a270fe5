"""Attacks on files: the image, sockets, devices, descriptors, what the next step finds, what is not granted."""

from __future__ import annotations

from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.selftest.bench import Bench, Seen
from orchestrator.sandbox.selftest.hostile_image import started, started_weakly
from orchestrator.sandbox.selftest.inside import entry
from orchestrator.sandbox.selftest.model import Attack

_ALL_OPEN = "the whole tree belongs to whoever runs in it"


def _find(box: DockerSandbox) -> Seen:
    return Bench.tried(box, ["filesystem.find_persisted"], {})["filesystem.find_persisted"]


def _next_step(bench: Bench) -> Seen:
    with bench.hardened() as box:
        left = Bench.tried(box, ["filesystem.persist"], {})["filesystem.persist"]
    with bench.hardened() as box:
        found = _find(box)
    return Seen(found.succeeded, f"left: {left.words}; found by the next: {found.words}", found.broke)


def _same_container(bench: Bench) -> Seen:
    with bench.weakened() as box:
        Bench.tried(box, ["filesystem.persist"], {})
        return _find(box)


ATTACKS = (
    entry(23, "filesystem.engine_socket", "the engine's socket", "no socket is mounted", "none to connect to"),
    entry(24, "filesystem.devices", "devices such as /dev/kvm", "no device is given", "ordinary devices alone"),
    entry(25, "filesystem.replace_image", "replace programs of the image", "read-only root", "EROFS or EACCES"),
    Attack(
        26,
        "filesystem",
        "leave something for the next step",
        "a fresh container a step, fixed environment",
        "the next step finds nothing",
        "the next step gets the same container",
        _next_step,
        _same_container,
    ),
    entry(
        27, "filesystem.leaked_descriptors", "leaked descriptors", "none is passed on", "none is open", "one is leaked"
    ),
    Attack(
        29,
        "filesystem",
        "hostile image: entrypoint, user, environment, volume",
        "own entrypoint and user, settings compared before the start",
        "nothing of the image's settings takes effect",
        "the image is started as it asks",
        started,
        started_weakly,
    ),
    entry(
        58, "filesystem.ungranted_writes", "write what is not granted", "modes, sticky", "EACCES or EPERM", _ALL_OPEN
    ),
    entry(59, "filesystem.hard_link", "write by a hard link", "modes", "EACCES or EPERM", _ALL_OPEN),
)
