"""Environments built for real: pip on the host, an install in a container without a network."""

import io
import os
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.environment import MOUNT_POINT, ProjectEnvironments
from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.oneshot import Job, run_job
from orchestrator.sandbox.recipe import load_recipe
from orchestrator.sandbox.unpack import unpack

pytestmark = pytest.mark.engine
RECIPE = Path(__file__).parents[2] / "sandboxes/images/base"
SIX = b"six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return ImageBuilder(tmp_path_factory.mktemp("images")).ensure(load_recipe(RECIPE))


def in_image(image, code, **binds):
    out = io.BytesIO()
    words = run_job(Job(image, ["python3", "-c", code], binds, 1 << 20, wall_seconds=60), out)
    return out.getvalue().decode(), words.decode()


def test_wheels_pure_and_compiled_work_where_they_are_mounted(image, tmp_path):
    said: list[str] = []
    environments = ProjectEnvironments(image, tmp_path, said.append)
    environment, folder = environments.prepare({"requirements.txt": b"six==1.16.0\nmarkupsafe\n"})
    assert environment.packages[-1] == "six==1.16.0"
    assert any("markupsafe" in text for text in said)
    assert list(Path(folder).glob("markupsafe/*.so"))
    code = (
        f"import sys; sys.path.insert(0, '{MOUNT_POINT}')\n"
        "import six, markupsafe, markupsafe._speedups\n"
        "print(six.__version__, markupsafe.escape('<'), six.__cached__)"
    )
    out, words = in_image(image, code, **{folder: MOUNT_POINT})
    assert out.startswith("1.16.0 &lt; /opt/env/__pycache__/six"), words
    code = f"open('{MOUNT_POINT}/x', 'w')"
    assert "Read-only" in in_image(image, code, **{folder: MOUNT_POINT})[1]


def test_a_second_time_is_instant_and_a_damaged_one_is_made_again(image, tmp_path):
    environments = ProjectEnvironments(image, tmp_path)
    first = environments.prepare({"requirements.txt": SIX})
    begun = time.monotonic()
    assert environments.prepare({"requirements.txt": SIX}) == first
    assert time.monotonic() - begun < 0.1
    (Path(first[1]) / "six.py").write_text("")
    assert environments.prepare({"requirements.txt": SIX}) == first
    assert (Path(first[1]) / "six.py").stat().st_size > 0


def test_the_same_inputs_give_the_same_content(image, tmp_path):
    made = [ProjectEnvironments(image, tmp_path / name).prepare({"requirements.txt": SIX})[0] for name in "ab"]
    assert made[0].digest() == made[1].digest()


def test_two_builders_at_once_build_one(image, tmp_path):
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        makers = [ProjectEnvironments(image, tmp_path, said.append) for _ in range(2)]
        made = list(pool.map(lambda maker: maker.prepare({"requirements.txt": SIX}), makers))
    assert made[0] == made[1]
    assert len([text for text in said if "building" in text]) == 1
    assert not list((tmp_path / "environments").glob(".building-*"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"six==1.16.0 --hash=sha256:" + b"0" * 64, "ENV008"),
        (b"docopt==0.6.2", "ENV007"),
        (b"six==999", "ENV007"),
        (b"six==1.16.0\nsix==1.17.0", "ENV009"),
        (b"jinja2==3.1.6 --hash=sha256:85ece4451f492d0c13c5dd7c13a64681a86afae63a5f347908daf103ce6d2f67", "ENV006"),
        (b"-e .", "ENV003"),
    ],
)
def test_what_cannot_be_had_safely_is_refused(image, tmp_path, text, code):
    with pytest.raises(SandboxUnavailable) as caught:
        ProjectEnvironments(image, tmp_path).prepare({"requirements.txt": text})
    assert caught.value.code == code
    assert not list((tmp_path / "environments").glob("*/tree"))


def test_nothing_wanted_is_no_environment(image, tmp_path):
    environments = ProjectEnvironments(image, tmp_path)
    assert environments.prepare({}) is None
    assert environments.prepare({"requirements.txt": b"# nothing\n"}) is None
    assert environments.prepare({"requirements.txt": b"pywin32==306; sys_platform == 'win32'\n"}) is None


def test_files_of_other_kinds_are_refused(image, tmp_path):
    environments = ProjectEnvironments(image, tmp_path)
    for files in ({"Pipfile": b""}, {"a/uv.lock": b"", "b/uv.lock": b""}):
        with pytest.raises(SandboxUnavailable, match="ENV001"):
            environments.prepare(files)


def test_a_lock_speaks_alone(image, tmp_path):
    said: list[str] = []
    lock = f"""
version = 1
[[package]]
name = "me"
source = {{ virtual = "." }}
dependencies = [{{ name = "six" }}]
[[package]]
name = "six"
version = "1.16.0"
source = {{ registry = "anywhere" }}
wheels = [{{ url = "x.whl", hash = "{SIX.decode().split("hash=")[1].strip()}" }}]
"""
    environments = ProjectEnvironments(image, tmp_path, said.append)
    environment, _ = environments.prepare({"uv.lock": lock.encode(), "requirements.txt": b"-e ."})
    assert environment.packages == ("six==1.16.0",)
    assert list(environment.inputs) == ["uv.lock"]
    assert "requirements.txt" in said[0]


def test_a_job_has_no_network_no_root_and_no_capability(image):
    code = (
        "import os, socket\n"
        "print(os.getuid(), [name for _, name in socket.if_nameindex()])\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line[:6] in ('CapEff', 'NoNewP')])\n"
        "print('HOME' in os.environ, 'DOCKER_HOST' in os.environ)\n"
        "try: socket.create_connection(('192.0.2.1', 80), 2)\n"
        "except OSError as error: print(error)\n"
    )
    out, words = in_image(image, code)
    uid, interfaces = out.split(" ", 1)
    assert uid == "65534", words
    assert interfaces.startswith("['lo'")
    assert "eth" not in out
    assert "['0000000000000000', '1']" in out
    assert "unreachable" in out


def test_a_job_ends_on_time_and_its_output_is_capped(image):
    begun = time.monotonic()
    run_job(Job(image, ["sleep", "60"], {}, 10, wall_seconds=1), io.BytesIO())
    assert time.monotonic() - begun < 20
    with pytest.raises(SandboxUnavailable, match="ENV012"):
        run_job(Job(image, ["yes"], {}, 1 << 20, wall_seconds=30), io.BytesIO())
    with pytest.raises(SandboxUnavailable, match="ENV011"):
        run_job(Job("sha256:" + "0" * 64, ["true"], {}, 10, wall_seconds=5), io.BytesIO())


def test_an_engine_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    with pytest.raises(SandboxUnavailable) as caught:
        ProjectEnvironments("sha256:" + "1" * 64, tmp_path).prepare({"requirements.txt": SIX})
    assert caught.value.code == "IMG001"
    assert "scripts/engine.sh" in caught.value.hint


def test_no_secret_of_the_host_reaches_pip(tmp_path, monkeypatch, image):
    """A pip that prints its environment stands where pip is found; it must not see ours."""
    monkeypatch.setenv("SECRET_TOKEN", "canary")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nenv > {tmp_path}/seen\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))
    assert ProjectEnvironments(image, tmp_path / "state").prepare({"requirements.txt": SIX}) is not None
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "canary" not in seen
    assert "PIP_REQUIRE_VIRTUALENV" not in seen


def member(name, **fields):
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("hard", type=tarfile.LNKTYPE, linkname="a"),
        member("pipe", type=tarfile.FIFOTYPE),
        member("device", type=tarfile.CHRTYPE),
        member("../up"),
        member("/absolute"),
        member("a/./b"),
        member("a\\b"),
        member("a\nb"),
        member("a"),
        member("x" * 2000),
    ],
    ids=lambda info: repr(info.name[:12]),
)
def test_an_archive_with_anything_but_plain_files_is_refused(tmp_path, info):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member("a"))
        archive.addfile(info)
    stream.seek(0)
    with pytest.raises(SandboxUnavailable, match="ENV013"):
        unpack(stream, tmp_path)
    assert not os.path.lexists(tmp_path.parent / "up")


def test_an_archive_that_ends_early_is_refused(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member("a", size=5000), io.BytesIO(b"x" * 5000))
    with pytest.raises(SandboxUnavailable, match="ENV013"):
        unpack(io.BytesIO(stream.getvalue()[:2000]), tmp_path)


def test_nothing_is_left_behind(image):
    ask = ["docker", "ps", "-aq", "--filter", "label=io.handrail.purpose=environment", "--filter", f"ancestor={image}"]
    for _ in range(50):
        left = subprocess.run(ask, capture_output=True, check=True).stdout
        if not left:
            return
        time.sleep(0.2)
    pytest.fail(left.decode())
