"""Where a repository keeps sources and tests, and how its tests run: detected, then confirmed by a person.

Reads manifests and the list of paths; runs nothing. Every value has its
origin in ``detected_from`` under ``field`` or ``field:value``. Not detected:
whether the command passes (``doctor --project`` tries it).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from orchestrator.models.profile import RepositoryProfile
from orchestrator.planning import manifests
from orchestrator.planning.dependencies import choose_dependencies
from orchestrator.planning.manifests import Facts, Read
from orchestrator.policy.globs import refusal

_SUFFIXES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "javascript",
    ".tsx": "javascript",
    ".go": "go",
    ".rs": "rust",
}
_TEST_DIRECTORIES = ("tests", "test", "testing", "spec", "__tests__")
_OTHER_DIRECTORIES = frozenset(
    {"doc", "docs", "example", "examples", "bench", "benchmark", "benchmarks", "script", "scripts", "tools", "vendor"}
    | {"node_modules", "third_party", "dist", "build", "ci", "requirements", "fuzz"}
)
_MAX_TEST_FILES = 100
_TEST_FUNCTION = re.compile(rb"^(?:async )?def test_", re.MULTILINE)


def detect_profile(paths: Sequence[str], read: Read) -> RepositoryProfile:
    """The profile of a tree. ``paths`` are its files; ``read`` gives a file's bytes or ``None``.

    Raises ``UsageError`` (PROF001) for a manifest that cannot be parsed.
    """
    tree = _Tree(paths)
    readers = (manifests.python_facts, manifests.javascript_facts, manifests.go_facts, manifests.rust_facts)
    found = [facts for facts in (reader(read) for reader in readers) if facts is not None]
    found.sort(key=lambda facts: -tree.languages[facts.language])
    languages = {facts.language: facts.origin for facts in found} or dict.fromkeys(tree.usual(), "path list")
    origins: dict[str, str] = {f"languages:{language}": origin for language, origin in languages.items()}
    tests = _roots("test_roots", _test_roots(found, tree), tree, origins)
    sources = _roots("source_roots", _source_roots(found, tree, tests), tree, origins)
    test = _test_command(found, tree, tests, read, origins)
    requirements, note = choose_dependencies(tuple(languages), tree.files, read)
    origins |= {f"requirements:{path}": reason for path, reason in requirements.items()}
    origins |= {"requirements": note} if note else {}
    return RepositoryProfile(
        languages=tuple(languages),
        source_roots=sources,
        test_roots=tests,
        test=test,
        requirements=tuple(sorted(requirements)),
        detected_from=origins,
    )


class _Tree:
    """The list of paths, counted once."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.files = frozenset(paths)
        self.directories: set[str] = set()
        self.languages: Counter[str] = Counter()
        self._code: Counter[str] = Counter()
        for path in paths:
            pure = PurePosixPath(path)
            parents = [str(parent) for parent in pure.parents][:-1]
            self.directories.update(parents)
            language = _SUFFIXES.get(pure.suffix)
            if language:
                self.languages[language] += 1
                self._code.update(parents)

    def holds(self, root: str) -> bool:
        """Whether this is a file or a directory of the tree."""
        return root in self.files or root in self.directories

    def has_code(self, directory: str) -> bool:
        return self._code[directory] > 0

    def usual(self) -> set[str]:
        """The language of most files, where no manifest names one; none without code."""
        return {language for language, _ in self.languages.most_common(1)}

    def top(self) -> list[str]:
        """Directories at the top, sorted."""
        return sorted(d for d in self.directories if "/" not in d)


def _roots(name: str, offers: Iterable[tuple[str, str]], tree: _Tree, origins: dict[str, str]) -> tuple[str, ...]:
    """Offers that exist in the tree, each once, none inside another."""
    kept: dict[str, str] = {}
    for offer, origin in offers:
        root = offer.removeprefix("./").rstrip("/")
        if root and refusal(root) is None and tree.holds(root) and not _inside(root, kept):
            kept = {r: o for r, o in kept.items() if not r.startswith(f"{root}/")} | {root: origin}
    origins |= {f"{name}:{root}": origin for root, origin in kept.items()}
    return tuple(kept)


def _inside(root: str, others: Iterable[str]) -> bool:
    return any(root == other or root.startswith(f"{other}/") for other in others)


def _test_roots(found: Sequence[Facts], tree: _Tree) -> Iterable[tuple[str, str]]:
    for facts in found:
        yield from facts.tests.items()
    for directory in _TEST_DIRECTORIES:
        if tree.has_code(directory):
            yield directory, "path list"


def _source_roots(found: Sequence[Facts], tree: _Tree, tests: Sequence[str]) -> Iterable[tuple[str, str]]:
    offers = [(root, origin) for facts in found for root, origin in facts.roots.items() if root not in tests]
    yield from offers
    named = any(tree.holds(root) and root not in {"", "."} for root, _ in offers)
    if not named:
        yield from _laid_out(found, tree, tests)


def _laid_out(found: Sequence[Facts], tree: _Tree, tests: Sequence[str]) -> Iterable[tuple[str, str]]:
    """No manifest names a root: ``src`` or ``lib``, else each top directory and top module with code."""
    conventional = [d for d in ("src", "lib") if tree.has_code(d)]
    if conventional:
        yield from ((directory, "path list") for directory in conventional)
        return
    for directory in tree.top():
        if tree.has_code(directory) and not _set_aside(directory, tests):
            yield directory, "path list"
    languages = {facts.language for facts in found} or tree.usual()
    for path in sorted(tree.files):
        pure = PurePosixPath(path)
        if "/" not in path and _SUFFIXES.get(pure.suffix) in languages and pure.stem not in {"setup", "conftest"}:
            yield path, "path list"


def _set_aside(directory: str, tests: Sequence[str]) -> bool:
    return directory in tests or directory.startswith(".") or directory.lower() in _OTHER_DIRECTORIES


def _test_command(
    found: Sequence[Facts], tree: _Tree, tests: Sequence[str], read: Read, origins: dict[str, str]
) -> tuple[str, ...]:
    offers = [command for facts in found for command in facts.commands]
    offers += [command for command in (_from_tests(tree, tests, read), manifests.make_command(read)) if command]
    if not offers:
        return ()
    argv, origins["test"] = offers[0]
    return argv


def _from_tests(tree: _Tree, tests: Sequence[str], read: Read) -> tuple[tuple[str, ...], str] | None:
    """Discovery by pytest, when a file beside the tests imports it, else by unittest, when a test does.

    Test functions outside of a class are collected by pytest alone.
    """
    for root in tests:
        beside = sorted(p for p in tree.files if p.startswith(f"{root}/") and p.endswith(".py"))[:_MAX_TEST_FILES]
        texts = {path: read(path) or b"" for path in beside}
        for path, text in texts.items():
            if b"import pytest" in text or b"from pytest" in text:
                return ("python", "-m", "pytest"), f"{path} imports pytest"
        modules = {path: text for path, text in texts.items() if PurePosixPath(path).match("test*.py")}
        for path, text in modules.items():
            if b"import unittest" in text or b"from unittest" in text:
                top = ("-t", ".") if f"{root}/__init__.py" in tree.files else ()
                return ("python", "-m", "unittest", "discover", "-s", root, *top), f"{path} imports unittest"
        for path, text in modules.items():
            if _TEST_FUNCTION.search(text):
                return ("python", "-m", "pytest"), f"{path} has test functions"
    return None
