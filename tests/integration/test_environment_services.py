"""Declared services and npm packages, for real: started beside the commands, built from a lock, seen by both sides."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sandbox_support import sandboxes
from test_real_projects import Bench

from orchestrator.errors import RepositoryError, SandboxUnavailable, UsageError
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.environment import Service
from orchestrator.models.ids import GitOid
from orchestrator.ports import SandboxRequest, TreeEntry
from orchestrator.sandbox.environment import ProjectEnvironments
from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.recipe import compose

pytestmark = pytest.mark.engine
IMAGES = Path(__file__).parents[2] / "sandboxes/images"
LIMITS = Limits(memory_mib=1024, disk_mib=64, pids=64, wall_seconds=60)
BOTH = (Service(kind="postgresql", database="shop"), Service(kind="redis", port=7001))
MS = "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="
TESTED = """
const { test } = require("node:test");
const assert = require("node:assert");
test("a locked package is there", () => assert.strictEqual(require("ms")("2 days"), 172800000));
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    recipe = compose(IMAGES, ("node", "postgresql", "redis"))
    return ImageBuilder(tmp_path_factory.mktemp("images")).ensure(recipe)


@pytest.fixture(scope="module")
def docker(image):
    with sandboxes(image=image) as made:
        yield made


def request(**more):
    return SandboxRequest("services", "run", LIMITS, **more)


def lock(**packages):
    root = {"": {"name": "shop", "version": "1.0.0"}}
    return json.dumps({"name": "shop", "lockfileVersion": 3, "packages": root | packages}).encode()


def locked_ms(**more):
    return lock(**{"node_modules/ms": {"version": "2.1.3", "integrity": MS, **more}})


def shell(box, text, seconds=40):
    done = box.execute(["sh", "-c", text], timeout_seconds=seconds)
    return (done.stdout + done.stderr).decode()


def test_services_answer_on_the_first_command_and_outlive_it_in_the_sandboxs_own_limits(docker):
    with docker.open(request(services=BOTH, open_tree=True)) as box:
        said = shell(box, "psql -Atc 'create table t(a int)' && redis-cli -u $REDIS_URL set k v; echo $DATABASE_URL")
        assert said == "CREATE TABLE\nOK\npostgresql://postgres:postgres@127.0.0.1:5432/shop\n"
        shell(box, "kill -9 -1; sleep 1")
        assert shell(box, "psql -h localhost -Atc 'select count(*) from t'; redis-cli -p 7001 get k") == "0\nv\n"
        assert "FATAL" in shell(box, "PGPASSWORD=wrong psql -Atc 'select 1'")
        assert shell(box, "wc -l < /proc/net/dev; ls /services") == (
            "3\nls: cannot open directory '/services': Permission denied\n"
        )


def test_what_a_service_leaves_in_the_tree_never_comes_out(docker):
    with docker.open(request(services=BOTH[:1], open_tree=True)) as box:
        shell(box, "mkdir d; chmod 1777 d; psql -c \"copy (select 1) to '/work/d/theirs'\"; echo x > d/ours; ls -l d")
        shell(box, "psql -c \"copy (select 1) to program 'setsid sleep 300 >/dev/null 2>&1 & exit 0'\"")
        out = box.change_out()
    assert [member.path for member in out.changed] == ["d/ours"]
    assert out.refused == ("d/theirs",)


def test_a_service_that_cannot_start_is_said_with_its_words(docker):
    with sandboxes() as bare, bare.open(request(services=BOTH[1:])) as box:
        with pytest.raises(SandboxUnavailable, match="SBX040") as caught:
            shell(box, "true")
        assert caught.value.details == ("this image has no redis-server",)
    small = SandboxRequest("k", "run", LIMITS.model_copy(update={"memory_mib": 200}), services=BOTH)
    with pytest.raises(UsageError, match="SBX020"), docker.open(small):
        pass


def test_a_lock_becomes_node_modules_at_the_top_of_the_tree(docker, image, tmp_path):
    environment, folder = ProjectEnvironments(image, tmp_path).prepare({"package-lock.json": locked_ms()})
    assert environment.packages == ("ms@2.1.3",)
    assert environment.node_modules
    entry = TreeEntry("src/a.js", "100644", GitOid("1" * 40))
    code = b"console.log(require('ms')('1m'), require.resolve('ms'))\n"
    with docker.open(request(environment=folder, node_modules=True)) as box:
        box.copy_in((entry,), lambda oids: iter([code] * len(oids)), Capabilities(write=("**",)), ())
        assert shell(box, "node src/a.js") == "60000 /work/node_modules/ms/index.js\n"
        assert "Read-only" in shell(box, "touch node_modules/x")
        shell(box, "rm -rf node_modules; echo new > b.js")
        assert [member.path for member in box.change_out().changed] == ["b.js"]
    with docker.open(request(environment=folder, node_modules=True)) as box:
        own = TreeEntry("node_modules/ms/index.js", "100644", GitOid("1" * 40))
        with pytest.raises(RepositoryError, match="SBX024"):
            box.copy_in((own,), lambda oids: iter([code] * len(oids)), Capabilities(), ())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "ENV002"),
        (b'{"lockfileVersion": 1}', "ENV002"),
        (lock(**{"node_modules/ms": {"version": "2.1.3"}}), "ENV022"),
        (lock(**{"node_modules/ms": {"version": "2.1.3", "integrity": "sha1-" + "a" * 28}}), "ENV022"),
        (lock(**{"node_modules/ms": {"version": "1.0.0", "integrity": MS}}), "ENV008"),
        (lock(**{"node_modules/ms": {"version": "999.0.0", "integrity": MS}}), "ENV007"),
        (lock(**{"node_modules/../x": {"version": "2.1.3", "integrity": MS}}), "ENV023"),
        (lock(**{"packages/a/node_modules/ms": {"version": "2.1.3", "integrity": MS}}), "ENV023"),
        (locked_ms(resolved="git+ssh://git@example.invalid/x.git#1"), "ENV003"),
        (locked_ms(bin={"../../x": "a.js"}), "ENV002"),
        (locked_ms(bin={"x": "../../a.js"}), "ENV002"),
        (locked_ms(os=["darwin"]), "ENV002"),
        (locked_ms(name="--registry=x"), "ENV002"),
        (lock(**{"node_modules/a": {"link": True, "resolved": "../outside"}}), "ENV003"),
    ],
)
def test_a_lock_that_cannot_be_had_safely_is_refused(image, tmp_path, data, code):
    with pytest.raises(SandboxUnavailable) as caught:
        ProjectEnvironments(image, tmp_path).prepare({"package-lock.json": data})
    assert caught.value.code == code
    assert not list((tmp_path / "environments").glob("*/tree"))


def test_commands_links_other_platforms_and_two_languages(image, tmp_path):
    """A command becomes a link, a workspace too; what is for another system is left out; Python's part lies beside."""
    there = {"node_modules/ms": {"version": "2.1.3", "integrity": MS, "bin": {"ms": "./index.js", "gone": "no.js"}}}
    more = {
        "node_modules/@s/mine": {"link": True, "resolved": "packages/mine"},
        "packages/mine": {"version": "1.0.0"},
        "node_modules/fsevents": {"version": "2.3.3", "integrity": MS, "optional": True, "os": ["darwin"]},
    }
    files = {"package-lock.json": lock(**there, **more), "requirements.txt": b"six==1.16.0\n"}
    environments = ProjectEnvironments(image, tmp_path)
    environment, folder = environments.prepare(files)
    top = Path(folder) / "node_modules"
    assert (top / ".bin/ms").readlink() == Path("../ms/index.js")
    assert (top / "ms/index.js").stat().st_mode & 0o777 == 0o755
    assert (top / "@s/mine").readlink() == Path("../../packages/mine")
    assert sorted(p.name for p in top.iterdir()) == [".bin", "@s", "ms"]
    assert (Path(folder) / "six.py").is_file()
    assert environment.packages == ("six==1.16.0", "ms@2.1.3")
    assert environment.recipe == "python/1+npm/1"
    assert environments.prepare(files) == (environment, folder)


def test_a_project_of_each_kind_is_green_and_a_run_sees_its_services(image, tmp_path):
    assert image
    project = tmp_path / "project"
    (project / "test").mkdir(parents=True)
    (project / "package.json").write_text(json.dumps({"name": "shop", "scripts": {"test": "node --test"}}))
    (project / "package-lock.json").write_bytes(locked_ms())
    (project / "test/shop.test.js").write_text(TESTED)
    bench = Bench(tmp_path, project)
    assert "package-lock.json" in bench.handrail("init", "--yes", "--commit", "--name", "tester").stderr
    profile = project / ".handrail/profile.yaml"
    text = profile.read_text().replace("- npm\n- test\n", "- sh\n- -ec\n- 'psql -c \"select 1\"; node --test'\n")
    assert "services: []" in text
    variables = "{PGHOST: '{host}', PGUSER: '{user}', PGPASSWORD: '{password}', PGDATABASE: '{database}'}"
    text = text.replace("services: []", f"services:\n- kind: postgresql\n  variables: {variables}")
    profile.write_text(text)
    bench.commit("A service")
    bench.handrail("trust", re.search("sha256:[0-9a-f]{64}", bench.handrail("trust").stdout)[0])
    assert "is green" in bench.handrail("doctor", "--project").stdout


def test_an_abort_ends_a_download_at_once_and_leaves_nothing(tmp_path):
    """A pip that hangs is killed with its children, by an abort and also when its owner is killed."""
    program = f"""
import sys, threading, time
from pathlib import Path
from orchestrator.sandbox.abort import Abort, run_program
abort = Abort()
if sys.argv[1] == "abort":
    threading.Timer(0.5, abort.fire).start()
began = time.monotonic()
try:
    run_program(["sh", "-c", "echo $$ > pid; sleep 300 & wait"], cwd=Path({str(tmp_path)!r}), env={{}},
                timeout_seconds=200, abort=abort)
except Exception as error:
    print(error.code, time.monotonic() - began < 3)
"""
    argv = [sys.executable, "-c", program]
    done = subprocess.run([*argv, "abort"], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == ["ENV015", "True"]
    assert_gone(tmp_path)
    owner = subprocess.Popen([*argv, "killed"])
    while not (tmp_path / "pid").is_file():
        time.sleep(0.05)
    owner.kill()
    owner.wait()
    assert_gone(tmp_path)


def assert_gone(folder):
    group = (folder / "pid").read_text().strip()
    (folder / "pid").unlink()
    for _ in range(60):
        alive = subprocess.run(["ps", "-o", "stat=", "-g", group], capture_output=True, text=True, check=False).stdout
        if all(line.startswith("Z") for line in alive.split()):
            return
        time.sleep(0.05)
    pytest.fail(alive)
