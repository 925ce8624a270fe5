"""Path patterns: which path a grant covers, and which paths nobody writes without asking.

A pattern is a relative POSIX path in which ``*`` and ``?`` stay within one
component and ``**`` spans any number of them (also none). A pattern that ends
in ``/`` means everything below. No negation, no character classes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.models.capabilities import Capabilities

PROTECTED = (
    ".github/**",
    ".gitlab-ci*",
    ".circleci/**",
    ".forgejo/**",
    ".gitea/**",
    ".buildkite/**",
    ".drone.y*ml",
    ".travis.yml",
    ".woodpecker*",
    ".woodpecker/**",
    "**/azure-pipelines*.y*ml",
    "**/Jenkinsfile*",
    "bitbucket-pipelines.yml",
    "**/cloudbuild*.y*ml",
    "**/buildspec*.y*ml",
    "**/.appveyor.y*ml",
    "**/appveyor.y*ml",
    "**/.cirrus.*",
    "**/.semaphore/**",
    "**/.teamcity/**",
    "**/.builds/**",
    "**/.build.yml",
    "**/.claude/**",
    "**/.codex/**",
    "**/.cursor/**",
    "**/.cursorrules",
    "**/.gemini/**",
    "**/.qwen/**",
    "**/.opencode/**",
    "**/.windsurf/**",
    "**/.aider*",
    "**/.cline/**",
    "**/.clinerules*/**",
    "**/.clinerules*",
    "**/.agents/**",
    "**/.claude-plugin/**",
    "**/.zed/**",
    "**/.kiro/**",
    "**/.continue/**",
    "**/.roo/**",
    "**/.amp/**",
    "**/.amazonq/**",
    "**/.junie/**",
    "**/.goose*/**",
    "**/crush.json",
    "**/.crush.json",
    "**/.vscode/**",
    "**/.idea/**",
    "**/.devcontainer/**",
    "**/.devcontainer.json",
    "**/.mcp.json",
    "**/opencode.json*",
    "**/AGENTS*.md",
    "**/CLAUDE*.md",
    "**/GEMINI.md",
    "**/QWEN.md",
    ".handrail/**",
    "**/.gitattributes",
    "**/.gitmodules",
    "**/.gitignore",
    "**/*.pth",
    "**/conftest.py",
    "**/sitecustomize.py",
    "**/usercustomize.py",
    "**/setup.py",
    "**/setup.cfg",
    "**/tox.ini",
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/pytest.toml",
    "**/.pytest.toml",
    "**/jest.config.*",
    "**/vitest.config.*",
    "**/eslint.config.*",
    "**/.eslintrc*",
    "**/.oxlintrc*",
    "**/.shellcheckrc",
    "**/.hadolint.y*ml",
    "**/zizmor.y*ml",
    "**/.zizmor.y*ml",
    "**/.snyk",
    "**/.trivyignore*",
    "**/pyproject.toml",
    "**/.bandit",
    "**/.coveragerc",
    "**/.flake8",
    "**/mypy.ini",
    "**/.mypy.ini",
    "**/pyrightconfig.json",
    "**/noxfile.py",
    "**/.semgrepignore",
    "**/.gitleaks.toml",
    "**/.husky/**",
    "**/lefthook.y*ml",
    "**/.envrc",
    "**/.pylintrc*",
    "**/pylintrc*",
    "**/.pdbrc*",
    "**/.gdbinit",
    "**/.lldbinit",
    "**/.irbrc",
    "**/.pryrc",
    "**/.Rprofile",
    "**/jupyter_*_config.py",
    "**/ipython_config.py",
    "**/mise.toml",
    "**/.mise.toml",
    "**/mise.*.toml",
    "**/.mise.*.toml",
    "**/.mise/**",
    "**/mise/config.toml",
    "**/.tool-versions",
    "**/.npmrc",
    "**/.yarnrc*",
    "**/.pnpmfile.*",
    "**/bunfig.toml",
    "**/.cargo/config*",
    "**/pip.conf",
    "**/ruff.toml",
    "**/.ruff.toml",
    "**/.pre-commit-config.yaml",
    "**/Dockerfile*",
    "**/Makefile",
    "**/GNUmakefile",
    "**/*.mk",
    "**/Justfile",
    "**/Taskfile.y*ml",
    "**/Vagrantfile",
    "**/Rakefile",
    "**/binding.gyp",
    "**/build.rs",
    "**/*.gradle",
    "**/*.gradle.kts",
    "**/docker-compose*.y*ml",
    "**/compose.y*ml",
    "**/Procfile",
    "**/crontab",
    "**/cron.d/**",
    "**/*.service",
    "**/renovate.json*",
    "**/.renovaterc*",
    "**/.dir-locals.el",
    "**/.exrc",
    "**/.nvimrc",
    "**/.nvim.lua",
    "**/.gitconfig",
    "**/.bashrc",
    "**/.bash_profile",
    "**/.profile",
    "**/.zshrc",
    "**/.zshenv",
    "**/package.json",
    "**/requirements*.txt",
    "**/*.lock",
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/pnpm-lock.yaml",
    "**/bun.lockb",
    "**/go.sum",
)
"""Protected everywhere, in addition to what a policy or profile names. New files count as well."""

FORBIDDEN = ("**/.git/**", "**/.git", ".handrail/**", ".handrail")
"""No grant covers these: git's own files, and the folder that says whom to trust and what to run."""


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_translated(pattern), re.DOTALL)


def _translated(pattern: str) -> str:
    if pattern.endswith("/"):
        pattern += "**"
    out, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
        elif pattern.startswith("**", i):
            out, i = out + ".*", i + 2
        elif pattern[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif pattern[i] == "?":
            out, i = out + "[^/]", i + 1
        else:
            out, i = out + re.escape(pattern[i]), i + 1
    return out


_ANY = re.compile(r"\*\*/|[*?]")
_TRAILING = re.compile(r"[. ](?:/|\Z)")


def fold(path: str) -> str:
    """One form for paths that some file system takes for the same: NFKC, case-folded, no trailing dots or spaces."""
    if path.isascii():  # nothing to normalise, which is what nearly every path is
        folded = path.lower()
        return folded if _TRAILING.search(folded) is None else _trimmed(folded)
    return _trimmed(unicodedata.normalize("NFKC", path).casefold())


def _trimmed(folded: str) -> str:
    return "/".join(part.rstrip(". ") or part for part in folded.split("/"))


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern covers exactly this path."""
    return _compiled(pattern).fullmatch(path) is not None


def covers(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns covers the path."""
    return any(matches(p, path) for p in patterns)


def expression(patterns: Iterable[str]) -> str:
    """One regular expression that matches what :func:`covers`, for programs in the image, which have no Handrail."""
    return "|".join(f"(?:{_translated(p)})" for p in patterns) or r"(?!)"


def protects(patterns: Iterable[str], path: str) -> bool:
    """Like :func:`covers`, after folding both sides, so that ``.GitHub/`` is ``.github/``."""
    folded = fold(path)
    return any(text in folded and matches(pattern, folded) for text, pattern in _folded(tuple(patterns)))


@lru_cache(maxsize=64)
def _folded(patterns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each folded pattern behind a text that all its paths hold: most paths hold none, and nothing is compiled.

    A folder's name is covered as well: a link of that name would be a door to everything below.
    """
    whole = (*patterns, *(p.removesuffix("/**") for p in patterns if p.endswith("/**")))
    return tuple((max(_literals(p), key=len), p) for p in map(fold, whole))


def _literals(pattern: str) -> list[str]:
    """The texts between what stands for any others."""
    return _ANY.split(pattern)


def opens(patterns: Sequence[str], directory: str) -> bool:
    """Whether a pattern could cover a new file lying directly in ``directory`` ('' is the root)."""
    depth = [] if not directory else directory.split("/")
    return any(_may_hold(_parts(p), depth) for p in patterns)


def _parts(pattern: str) -> list[str]:
    return (pattern + "**" if pattern.endswith("/") else pattern).split("/")


def _may_hold(parts: list[str], directory: list[str]) -> bool:
    if not parts:
        return False
    head, rest = parts[0], parts[1:]
    if head == "**":
        if not rest:
            return True
        return _may_hold(rest, directory) or (bool(directory) and _may_hold(parts, directory[1:]))
    if not directory:
        return not rest
    return _compiled(head).fullmatch(directory[0]) is not None and _may_hold(rest, directory[1:])


def may_read(capabilities: Capabilities, path: str) -> bool:
    """Whether a step sees this path."""
    return covers(capabilities.read, path)


def deny_write(capabilities: Capabilities, protected: Sequence[str], path: str) -> str | None:
    """The sentence why a step may not write this path, or ``None`` when it may.

    ``protected`` is in addition to :data:`PROTECTED`.
    """
    if protects(FORBIDDEN, path):
        return f"sandbox: {path} is never an agent's to write"
    if not covers(capabilities.write, path):
        return f"sandbox: write to {path} is not granted to this step"
    if protects((*PROTECTED, *protected), path) and not covers(capabilities.write_protected, path):
        return f"sandbox: {path} is protected and needs its own grant"
    return None


def deny_hidden(hidden: Sequence[str], path: str) -> str | None:
    """The sentence why an agent that is not shown a path does not write it either, whatever its step may."""
    return f"sandbox: {path} is hidden from this agent and stays as it is" if protects(hidden, path) else None
