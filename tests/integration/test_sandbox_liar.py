"""A supervisor that lies: whatever comes over the channel, the host gives a coded error, soon and in bounded memory."""

import time

import pytest
import sandbox_support

from orchestrator.errors import HandrailError
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.owner import Owner
from orchestrator.sandbox.profile import container_spec
from orchestrator.testing.sandbox_suite import request

pytestmark = pytest.mark.engine

LIAR = """
import os, struct, time
def say(kind, data): os.write(1, struct.pack(">cI", kind, len(data)) + data)
os.read(0, 1)
{lie}
time.sleep(60)
"""
END = 'struct.pack(">cHIQ", b"Z", 0, 0, 0)'
OUT = {
    "goes on after the end": (f"say(b'm', {END})\nwhile True: say(b'm', bytes(65536))", "AGT043"),
    "a file of 2**63 bytes": ("say(b'm', struct.pack('>cHIQ', b'F', 1, 0o644, 2**63) + b'a')", "AGT040"),
    "no end": ("say(b'K', b'')", "AGT043"),
    "a frame of 4 GiB": ("os.write(1, b'm' + b'\\xff' * 4)", "SBX008"),
    "an unknown frame": ("say(b'?', b'')", "SBX008"),
    "members without end": (
        "n = 0\nwhile True:\n  n += 1; p = b'%d' % n; say(b'm', struct.pack('>cHIQ', b'P', len(p), 0, 0) + p)",
        "AGT041",
    ),
    "death": ("os._exit(0)", "SBX006"),
}
RUN = {
    "output past the cap": ("while True: say(b'o', bytes(65536))", "SBX008"),
    "a short exit": ("say(b'x', b'')", "SBX008"),
    "a member instead": ("say(b'm', b'')", "SBX008"),
    "random bytes": ("while True: os.write(1, os.urandom(4096))", "SBX008"),
}


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.close()


def told(engine, tmp_path, lie, ask):
    """The code of the error with which the host ends."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "hosts").write_text("127.0.0.1 localhost\n")
    (tmp_path / "programs" / "supervisor.py").write_text(LIAR.format(lie=lie))
    provider = sandbox_support.provider(tmp_path / "state", programs_source=tmp_path / "programs")
    container = engine.create(container_spec(provider.connect(), request(), Owner.this()))
    provider.close()
    channel = engine.attach(container)
    try:
        engine.start(container)
        began = time.monotonic()
        with pytest.raises(HandrailError) as caught:
            ask(DockerSandbox(engine, container, channel, request()))
        assert time.monotonic() - began < 10
    finally:
        channel.close()
        engine.remove(container)
    return caught.value.code


@pytest.mark.parametrize("name", OUT)
def test_lies_on_the_way_out(engine, tmp_path, name):
    lie, code = OUT[name]
    assert told(engine, tmp_path, lie, lambda sandbox: sandbox.change_out()) == code


@pytest.mark.parametrize("name", RUN)
def test_lies_about_a_command(engine, tmp_path, name):
    lie, code = RUN[name]
    assert told(engine, tmp_path, lie, lambda sandbox: sandbox.execute(["true"], timeout_seconds=5)) == code
