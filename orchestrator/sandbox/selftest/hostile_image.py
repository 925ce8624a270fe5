"""An image whose settings are an attack: made from the sandbox's own, used, and removed."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from orchestrator.errors import SandboxUnsafe
from orchestrator.models.ids import RunId
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.selftest.bench import Bench, Seen

_MARK = "HANDRAIL_HOSTILE_IMAGE"
_WORDS = "entrypoint-of-the-image"
_CHANGES = {
    "Entrypoint": ["/bin/sh", "-c", f"echo {_WORDS}; sleep 60"],
    "Env": [f"{_MARK}=1", "LD_PRELOAD=/tmp/evil.so", "PYTHONSTARTUP=/tmp/evil.py"],
    "User": "0:0",
    "WorkingDir": "/proc/self/fd/8",
    "OnBuild": ["RUN touch /evil"],
}


@contextmanager
def _image(bench: Bench, changes: Mapping[str, object]) -> Generator[str]:
    reference = f"handrail/selftest:{secrets.token_hex(8)}"
    bench.engine.make_variant(bench.sandboxes.image, reference, changes)
    try:
        yield reference
    finally:
        bench.engine.remove_image(reference)


def started(bench: Bench) -> Seen:
    """Its settings must take no effect, and its volume must be refused before anything starts."""
    with _image(bench, {**_CHANGES, "Volumes": {"/evil": {}}}) as reference, bench.sandboxes.variant(reference) as made:
        try:
            with made.open(SandboxRequest("selftest-image", RunId("selftest"), bench.limits)):
                return Seen(succeeded=True, words="a volume of the image was mounted")
        except SandboxUnsafe as refused:
            words = "; ".join(refused.details)
    with (
        _image(bench, _CHANGES) as reference,
        bench.sandboxes.variant(reference) as made,
        made.open(SandboxRequest("selftest-image", RunId("selftest"), bench.limits)) as box,
    ):
        done = box.execute(["sh", "-c", "env; id -u; cat /proc/1/cmdline"], timeout_seconds=10)
    came = done.stdout.decode("utf-8", "replace")
    took = [name for name in (_MARK, "LD_PRELOAD", "\n0\n", _WORDS) if name in came]
    return Seen(bool(took), f"took effect: {took}; volume: {words}")


def started_weakly(bench: Bench) -> Seen:
    """As ``docker run`` starts it: with what the image asks for."""
    with _image(bench, {**_CHANGES, "WorkingDir": "/"}) as reference:
        came = bench.engine.run_as_image_asks(reference, _WORDS.encode())
    return Seen(_WORDS.encode() in came, f"the container said {came[-80:]!r}")
