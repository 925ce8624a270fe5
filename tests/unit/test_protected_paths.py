"""What no ordinary write grant covers: files that run, or choose what runs, outside the step. New ones count."""

import pytest

from orchestrator.models.capabilities import Capabilities
from orchestrator.policy.paths import PROTECTED, deny_hidden, deny_write, protects

CI = ".github/workflows/new.yml .gitlab-ci.yml .circleci/config.yml .forgejo/workflows/x.yml .travis.yml Jenkinsfile"
CI += (
    " azure-pipelines.yml bitbucket-pipelines.yml .buildkite/pipeline.yml .drone.yml .woodpecker.yml .woodpecker/a.yml"
)
AGENTS = ".claude/settings.json src/.claude/settings.local.json .mcp.json AGENTS.md AGENTS.override.md CLAUDE.md"
AGENTS += " CLAUDE.local.md GEMINI.md .gemini/settings.json .codex/config.toml .cursor/rules/a.mdc .cursorrules"
AGENTS += " .vscode/tasks.json .devcontainer/devcontainer.json .devcontainer.json .aider.conf.yml opencode.json .qwen/x"
AGENTS += " .cline/hooks/TaskStart .clinerules .clinerules/a.md .agents/skills/x"
BUILD = (
    "Makefile GNUmakefile rules.mk justfile setup.py pyproject.toml package.json noxfile.py tox.ini Dockerfile .envrc"
)
BUILD += (
    " .husky/pre-commit lefthook.yml .pre-commit-config.yaml conftest.py tests/conftest.py pytest.ini .npmrc pip.conf"
)
BUILD += " sitecustomize.py lib/usercustomize.py a.pth .gitattributes .gitmodules .bandit .flake8 mypy.ini .coveragerc"
AGENTS += " .zed/settings.json .kiro/hooks/a .roo/mcp.json .amp/settings.json crush.json .claude-plugin/plugin.json"
BUILD += " .pytest.ini pytest.toml jest.config.js eslint.config.mjs sub/.eslintrc.json .pnpmfile.cjs .cargo/config.toml"
LOCKS = "uv.lock poetry.lock Cargo.lock package-lock.json npm-shrinkwrap.json pnpm-lock.yaml yarn.lock bun.lockb go.sum"
OWN = ".handrail/policy.yaml .handrail/profile.yaml"


@pytest.mark.parametrize("path", f"{CI} {AGENTS} {BUILD} {LOCKS} {OWN}".split())
@pytest.mark.parametrize("form", [str, str.upper, "{}. ".format], ids=["as it is", "upper case", "trailing dot"])
def test_it_is_protected_in_every_form_and_a_wide_grant_does_not_open_it(path, form):
    assert protects(PROTECTED, form(path))
    assert deny_write(Capabilities(write=("**",)), (), form(path))


@pytest.mark.parametrize("link", [".claude", "src/.cline", ".GitHub", ".clinerules"])
def test_a_link_in_place_of_a_protected_folder_is_protected(link):
    assert deny_write(Capabilities(write=("**",)), (), link)


@pytest.mark.parametrize(
    "path", ["src/app.py", "docs/agents.py", "claude.txt", "src/makefile_parser.py", "lock.py", "src/crush.py"]
)
def test_ordinary_files_are_not(path):
    assert not protects(PROTECTED, path)


def test_what_is_hidden_is_not_written_either():
    hidden = ("**/.clinerules/**", "**/AGENTS.md")
    for path in (".clinerules", ".ClineRules/hooks/x", "lib/agents.md"):
        assert "is hidden from this agent" in deny_hidden(hidden, path)
    assert deny_hidden(hidden, "src/agents.md.py") is None
    assert deny_hidden((), ".clinerules") is None
