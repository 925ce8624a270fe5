"""The engine, the image and the provider that the tests of sandboxes use."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.docker_engine import DockerSandboxes

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "sandboxes/images/base/opt/handrail"
SECCOMP = ROOT / "sandboxes/seccomp/default.json"


def image() -> str:
    """``HANDRAIL_TEST_IMAGE``, else the youngest ``handrail/base``. No image is a failure, never a skip."""
    named = os.environ.get("HANDRAIL_TEST_IMAGE")
    if named:
        return named
    engine = Engine()
    try:
        found = engine.newest_image("handrail/base")
    finally:
        engine.close()
    assert found, "no image handrail/base: run `handrail sandbox build`, or set HANDRAIL_TEST_IMAGE"
    return found


def provider(state, **changes):
    chosen = {"programs_source": PROGRAMS, "seccomp": SECCOMP, "state": Path(state), **changes}
    return DockerSandboxes(chosen.pop("image", None) or image(), **chosen)


@contextmanager
def sandboxes(**changes):
    """A provider with a state directory of its own."""
    with tempfile.TemporaryDirectory() as state:
        made = provider(state, **changes)
        try:
            yield made
        finally:
            made.close()
