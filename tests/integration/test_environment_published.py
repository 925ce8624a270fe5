"""Published projects with dependencies, as their makers packed them: the environment is built, their own tests run.

What is changed about each stands here: a requirements file where the archive has none, the services, and the command.
npm archives come without a lock, which npm writes for the packages that their tests use.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_real_projects import Bench

from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.recipe import compose

pytestmark = [pytest.mark.engine, pytest.mark.soak]
IMAGES = Path(__file__).parents[2] / "sandboxes/images"


@dataclass(frozen=True)
class Published:
    """``kind`` is the package manager. ``uses`` become requirements.txt, or development dependencies for npm."""

    name: str
    version: str
    kind: str
    test: tuple[str, ...]
    uses: tuple[str, ...] = ()
    services: str = "[]"
    requirements: tuple[str, ...] = ()


PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
PROJECTS = (
    Published("jinja2", "3.1.6", "pip", PYTEST, requirements=("requirements/tests.txt",), uses=("markupsafe==3.0.2",)),
    Published(
        "pg8000",
        "1.31.6",
        "pip",
        (*PYTEST, "test/dbapi/test_query.py", "test/native/test_query.py"),
        # it asks for its own version: the release brings that, the code is still the tree's
        ("pg8000==1.31.6", "pytest==8.4.2", "pytest-mock==3.15.1", "pytz==2025.2"),
        "[{kind: postgresql, database: postgres, password: pw}]",
    ),
    Published(
        "walrus",
        "0.9.8",
        "pip",
        ("python", "-m", "unittest", "walrus.tests.cache", "walrus.tests.containers", "walrus.tests.models"),
        ("redis==5.2.1",),
        "[{kind: redis, port: 7777, variables: {WALRUS_REDIS_HOST: '{host}', WALRUS_REDIS_PORT: '{port}'}}]",
    ),
    Published("minimist", "1.2.8", "npm", ("tape", "test/*.js"), ("tape@5.9.0",)),
    Published(
        "qs",
        "6.14.0",
        "npm",
        ("tape", "test/**/*.js"),
        (
            "tape@5.9.0",
            "es-value-fixtures@1.7.1",
            "for-each@0.3.5",
            "has-bigints@1.1.0",
            "has-override-mistake@1.0.1",
            "has-property-descriptors@1.0.2",
            "has-proto@1.2.0",
            "has-symbols@1.1.0",
            "iconv-lite@0.5.2",
            "mock-property@1.1.0",
            "object-inspect@1.13.4",
            "qs-iconv@1.0.4",
            "safer-buffer@2.1.2",
        ),
    ),
)


@pytest.fixture(scope="module", autouse=True)
def image(tmp_path_factory):
    return ImageBuilder(tmp_path_factory.mktemp("images")).ensure(compose(IMAGES, ("node", "postgresql", "redis")))


def fetched(project: Published, folder: Path) -> Path:
    if project.kind == "npm":
        argv = ["npm", "pack", "--silent", f"{project.name}@{project.version}"]
        done = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True)
        archive = folder / done.stdout.split()[-1]
    else:
        argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder)]
        subprocess.run([*argv, f"{project.name}=={project.version}"], check=True, capture_output=True)
        archive = next(folder.glob("*.tar.gz"))
    target = folder / "project"
    target.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(target), "--strip-components=1"], check=True)
    return target


def locked(project: Published, folder: Path) -> list[str]:
    if project.kind == "pip":
        (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in project.uses))
        return ["requirements.txt", *project.requirements]
    manifest = json.loads((folder / "package.json").read_text())
    manifest["devDependencies"] = dict(use.rsplit("@", 1) for use in project.uses)
    manifest["scripts"] = {}
    (folder / "package.json").write_text(json.dumps(manifest))
    argv = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return ["package-lock.json"]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.name)
def test_its_own_tests_are_green_in_its_environment(project: Published, tmp_path: Path) -> None:
    folder = fetched(project, tmp_path)
    files = locked(project, folder)
    bench = Bench(tmp_path, folder)
    bench.handrail("init", "--yes", "--commit", "--name", "tester")
    profile = folder / ".handrail/profile.yaml"
    changes = {"test": list(project.test), "requirements": files}
    lines = [f"{key}: {json.dumps(value)}" for key, value in changes.items()] + [f"services: {project.services}"]
    kept = re.sub(r"^(test|requirements|services):.*\n(?:- .*\n)*", "", profile.read_text(), flags=re.MULTILINE)
    profile.write_text(kept + "\n".join(lines) + "\n")
    bench.commit("What its tests need")
    bench.handrail("trust", re.search("sha256:[0-9a-f]{64}", bench.handrail("trust").stdout)[0])
    said = bench.handrail("doctor", "--project")
    assert f"`{' '.join(project.test)}` is green" in said.stdout
