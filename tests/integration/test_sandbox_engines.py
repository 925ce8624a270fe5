"""Which engines will do, and how one that will not is told."""

import json
import socketserver
import threading
import time
from contextlib import contextmanager

import pytest
import sandbox_support

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox import client, profile
from orchestrator.sandbox.client import Engine

pytestmark = pytest.mark.engine


def failure(**changes):
    with sandbox_support.sandboxes(**changes) as made, pytest.raises(SandboxUnavailable) as caught:
        made.connect()
    assert caught.value.exit_code == 8
    assert caught.value.hint
    return caught.value.code


def test_an_engine_that_is_not_there(tmp_path):
    assert failure(base_url=f"unix://{tmp_path}/none.sock") == "SBX001"


def test_a_socket_without_an_engine(tmp_path):
    (tmp_path / "file").write_text("x")
    assert failure(base_url=f"unix://{tmp_path}/file") == "SBX001"


def test_an_image_that_is_not_here():
    assert failure(image="sha256:" + "0" * 64) == "SBX004"
    assert failure(image="handrail/no-such-image:1") == "SBX004"


def test_a_runtime_that_the_engine_does_not_have():
    assert failure(runtime="no-such-runtime") == "SBX003"


def test_a_broken_seccomp_profile(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    assert failure(seccomp=tmp_path / "bad.json") == "SBX012"
    assert failure(seccomp=tmp_path / "none.json") == "SBX012"


def test_missing_programs(tmp_path):
    assert failure(programs_source=tmp_path) == "SBX012"


FORMS = {
    "name=rootless": "rootless: the engine itself is no root",
    "name=userns": "userns-remap: root inside is nobody outside",
    "name=seccomp,profile=default": "root inside is root outside",
}


@pytest.mark.parametrize("option", FORMS)
def test_how_root_inside_relates_to_root_outside_is_detected(tmp_path, option):
    """By the engine's own words: none of these engines is needed here."""
    told = {
        "ApiVersion": "1.43",
        "Version": "24.0.7",
        "SecurityOptions": [option],
        "CgroupVersion": "2",
        "CgroupDriver": "systemd",
    }
    with pretend_engine(tmp_path / "s", lambda: told) as url:
        made = Engine(url)
        try:
            assert made.form() == f"Docker Engine 24.0.7, cgroup v2 by systemd, {FORMS[option]}"
        finally:
            made.close()


@contextmanager
def pretend_engine(path, answer, removals=None):
    """Something on a socket that is no usable engine. ``removals``: (status, message) to each in turn."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            asked = self.rfile.readline()
            status, body = 200, json.dumps(answer()).encode()
            if asked.startswith(b"DELETE"):
                status, message = removals.pop(0)
                body = json.dumps({"message": message}).encode()
            self.wfile.write(b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nConnection: close\r\n" % status)
            self.wfile.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("removals", "fails"),
    [
        ([(500, "unlinkat /a: directory not empty"), (200, "")], False),
        ([(500, "unlinkat /a: directory not empty"), (404, "no such container")], False),
        ([(500, "unlinkat /a: directory not empty"), (500, "unlinkat /a: directory not empty")], True),
        ([(500, "the disk is gone"), (200, "")], True),
    ],
)
def test_an_engine_that_still_writes_to_what_it_removes_is_asked_once_more(tmp_path, removals, fails):
    told = {"ApiVersion": "1.43", "Version": "24.0.7"}
    with pretend_engine(tmp_path / "s", lambda: told, removals) as url:
        engine = Engine(url)
        try:
            if fails:
                with pytest.raises(SandboxUnavailable, match="could not remove a container"):
                    engine.remove("a")
            else:
                engine.remove("a")
                assert not removals
        finally:
            engine.close()


def test_an_engine_that_is_too_old(tmp_path):
    old = {"ApiVersion": "1.40", "Version": "19.03.5"}
    with pretend_engine(tmp_path / "s", lambda: old) as url:
        assert failure(base_url=url) == "SBX002"


def test_an_engine_that_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "CALL_SECONDS", 1)
    began = time.monotonic()
    release = threading.Event()
    with pretend_engine(tmp_path / "s", lambda: release.wait(20)) as url:
        try:
            assert failure(base_url=url) in {"SBX001", "SBX007"}
        finally:
            release.set()
    assert time.monotonic() - began < 10


def test_gvisor_is_preferred_only_where_it_is_fit(tmp_path):
    """Its own probe decides; what was found is remembered, and said."""
    made = sandbox_support.provider(tmp_path, runtime="auto")
    try:
        made.probe()
        chosen, why = made.connect().runtime, made.choice
    finally:
        made.close()
    again = sandbox_support.provider(tmp_path, runtime="auto")
    try:
        assert again.connect().runtime == chosen
        assert again.choice == why
    finally:
        again.close()
    assert ("gVisor, preferred" in why) == profile.is_gvisor(chosen)
