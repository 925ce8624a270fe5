"""A folder of packages instead of any index: environments come from it alone, steps see it read-only."""

import subprocess
import sys

import pytest
from sandbox_support import image, sandboxes
from test_environment_services import LIMITS, MS, lock, shell

from orchestrator.errors import SandboxUnavailable, UsageError
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.environment import ProjectEnvironments
from orchestrator.sandbox.package_folder import check_packages

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("packages")
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(made), "six==1.16.0"]
    subprocess.run(pip, check=True, capture_output=True)
    subprocess.run(["npm", "pack", "--silent", "ms@2.1.3"], cwd=made, check=True, capture_output=True)
    with pytest.raises(UsageError, match="chmod"):
        check_packages(made)
    made.chmod(0o755)
    return check_packages(made)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Whoever asks an index now asks in vain."""
    for name in ("PIP_INDEX_URL", "npm_config_registry"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("nowhere")
def test_both_kinds_come_from_it_alone(folder, tmp_path):
    locked = lock(**{"node_modules/ms": {"version": "2.1.3", "integrity": MS}})
    files = {"requirements.txt": b"six==1.16.0\n", "package-lock.json": locked}
    environment, made = ProjectEnvironments(image(), tmp_path, packages=folder).prepare(files)
    assert environment.packages == ("six==1.16.0", "ms@2.1.3")
    assert made


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"requirements.txt": b"iniconfig==2.0.0\n"}, "ENV007"),
        (
            {
                "package-lock.json": lock(
                    **{"node_modules/x": {"version": "1.0.0", "integrity": MS.replace("6Flz", "7Flz")}}
                )
            },
            "ENV008",
        ),
    ],
)
def test_what_is_not_in_it_is_not_to_be_had(folder, tmp_path, files, code):
    with pytest.raises(SandboxUnavailable) as caught:
        ProjectEnvironments(image(), tmp_path, packages=folder).prepare(files)
    assert caught.value.code == code


def test_a_step_installs_from_it_and_cannot_write_it(folder):
    with sandboxes() as made, made.open(SandboxRequest("k", "run", LIMITS, packages=str(folder))) as box:
        install = (
            "python3 -m pip install -q --target /tmp/x six 2>&1 && PYTHONPATH=/tmp/x python3 -c 'import six'; echo $?"
        )
        assert shell(box, install).endswith("0\n")
        assert "Read-only" in shell(box, "touch /opt/packages/x")


def test_a_folder_that_holds_anything_else_is_refused(tmp_path):
    for make in (lambda _: None, lambda p: (p / "id_rsa").touch(), lambda p: (p / "a.whl").symlink_to("/etc/passwd")):
        made = tmp_path / str(id(make))
        made.mkdir()
        made.chmod(0o755)
        make(made)
        with pytest.raises(UsageError, match="ENV032"):
            check_packages(made)
    with pytest.raises(UsageError, match="ENV032"):
        check_packages(tmp_path / "absent")
