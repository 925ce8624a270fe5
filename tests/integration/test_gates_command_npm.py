"""The how-to's declarations of real linters, with their packages from npm, on real changes."""

import re
import subprocess
import tomllib

import pytest
from cli_support import ROOT
from sandbox_support import sandboxes
from vcs_support import UserRepository

from orchestrator.app.machine.sandboxing import base_image
from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.gates.command.gate import DeclaredGate, Shop
from orchestrator.gates.runner import run_gates
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.command_gate import CommandGate
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate, Prepared
from orchestrator.sandbox.environment import ProjectEnvironments

PAGE = ROOT / "docs/how-to/add-a-gate-of-your-own.md"
SETTINGS = {
    "oxlint": {".oxlintrc.json": '{"rules": {"no-debugger": "error", "no-eval": "error"}}\n'},
    "eslint": {"eslint.config.mjs": 'export default [{rules: {"no-debugger": "error", "no-eval": "error"}}];\n'},
}
PACKAGES = {"oxlint": ["oxlint@1.94.0"], "eslint": ["eslint@9.39.1", "@microsoft/eslint-formatter-sarif@3.1.0"]}
COMMENT = "  // eslint-disable-line"
"""oxlint has no way to pass over such comments."""


def declared(name):
    blocks = map(tomllib.loads, re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL))
    return CommandGate.model_validate(next(b for b in blocks if b["name"] == name))


def project(folder, name):
    made = UserRepository(folder / name)
    made.write("package.json", '{"name": "shop", "version": "1.0.0", "private": true}\n')
    argv = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--save-dev"]
    subprocess.run([*argv, *PACKAGES[name]], cwd=made.folder, check=True, capture_output=True)
    for path, text in SETTINGS[name].items():
        made.write(path, text)
    made.write("till.js", "eval('1');\n")
    made.commit("first")
    return made


@pytest.mark.engine
@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "rule", "comment"), [("oxlint", "eslint(no-eval)", ""), ("eslint", "no-eval", COMMENT)]
)
def test_a_linter_from_npm_judges_what_the_change_brings(name, rule, comment, tmp_path, monkeypatch):
    for kind in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    made = project(tmp_path, name)
    made.write("till.js", f"start();\neval('1');\neval('2');{comment}\n")
    made.write(next(iter(SETTINGS[name])), "{}\n")
    made.commit("second")
    image = base_image(["node"])
    builder = ProjectEnvironments(image, tmp_path / "environments")
    environment, folder = builder.prepare({"package-lock.json": (made.folder / "package-lock.json").read_bytes()})
    prepared = Prepared(Digest(environment.digest()), folder, environment.node_modules)
    with sandboxes(image=image) as engine, open_project(made.folder) as opened, open_trees(opened) as trees:
        tip, tree = trees.resolve("HEAD~1"), trees.tree_of(trees.resolve("HEAD"))
        files = trees.changed_files(tip, tree)
        identity = ChangeIdentity(target_ref="main", tip=tip, tree=tree, manifest=trees.manifest(tree))
        gate = DeclaredGate(declared(name), Shop(trees, lambda: engine, lambda _: prepared))
        (report,) = run_gates([gate], Candidate(identity, files, trees.blob, (), ()))
    assert report.result is Result.FAILED, report.reason
    found = {(f.rule, f.path, f.line) for f in report.findings}
    assert found == {(f"{name}/{rule}", "till.js", 3), ("GATE-SETTINGS", next(iter(SETTINGS[name])), 0)}
