"""A tree whose lock file differs has an environment of its own; one whose lock is the same shares it."""

import subprocess
from pathlib import Path

import pytest
from sandbox_support import sandboxes
from test_real_projects import Bench

from orchestrator.app.base import read_base
from orchestrator.app.machine.environments import TreeEnvironments
from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.environment import Environment

pytestmark = pytest.mark.engine


@pytest.fixture
def bench(tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "requirements.txt").write_text("six==1.16.0\n")
    (project / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (project / "tests/test_shop.py").write_text("import unittest\n")
    made = Bench(tmp_path, project)
    made.handrail("init", "--yes", "--commit", "--name", "tester")
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, made.environment[name])
    return made


def change(bench: Bench, path: str, text: str | None) -> None:
    place = Path(bench.repository) / path
    subprocess.run(["git", "rm", "-q", path], cwd=bench.repository, check=True) if text is None else place.write_text(
        text
    )
    bench.commit(f"Another {path}")


def test_each_lock_has_its_own_and_a_missing_one_is_said(bench):
    change(bench, "shop.py", "RATE = 19\n")
    change(bench, "requirements.txt", "six==1.17.0\n")
    change(bench, "requirements.txt", None)
    said: list[str] = []
    with sandboxes() as docker, open_project(bench.repository) as project, open_trees(project) as trees:
        base = read_base(project, trees, trees.resolve("HEAD~3"), None)
        of = TreeEnvironments(project, trees, base, lambda: docker, said.append).of
        made = [of(trees.tree_of(trees.resolve(f"HEAD~{n}"))) for n in (3, 2, 1)]
        assert made[0] == made[1]
        assert made[0].digest != made[2].digest
        assert made[0].folder != made[2].folder
        packages = [Environment.model_validate_json(project.blobs.get(m.digest)).packages for m in made]
        assert packages == [("six==1.16.0",), ("six==1.16.0",), ("six==1.17.0",)]
        assert len([words for words in said if "building" in words]) == 2
        with pytest.raises(SandboxUnavailable, match="ENV031"):
            of(trees.tree_of(trees.resolve("HEAD")))
