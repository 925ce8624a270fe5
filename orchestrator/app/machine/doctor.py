"""What a run would stumble over, asked before it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from orchestrator.app.machine.sandboxing import engine_form, probe_engine, runtime_choice
from orchestrator.app.models.brokering import place_words
from orchestrator.app.project import open_project
from orchestrator.app.trust.keys import signer
from orchestrator.app.trust.setup import trust
from orchestrator.errors import HandrailError, SandboxUnavailable, TrustError


@dataclass(frozen=True)
class Check:
    """One answer."""

    name: str
    ok: bool
    words: str
    hint: str = ""


def examine(folder: Path) -> list[Check]:
    """Every check, also after one that fails."""
    return [
        ask_check("repository", lambda: _repository(folder)),
        ask_check("trust", lambda: _trusted(folder)),
        ask_check("key", lambda: f"signs as {signer(None).keyid[:16]}"),
        ask_check("sandbox", lambda: f"every limit was tried and held: {', '.join(probe_engine())}"),
        _engine(),
        _runtime(),
        _broker(),
        _import_name(),
    ]


def ask_check(name: str, question: Callable[[], str]) -> Check:
    """The answer, or the problem with its code and hint."""
    try:
        return Check(name, ok=True, words=question())
    except HandrailError as problem:
        return Check(name, ok=False, words=f"{problem.code} {problem.message}", hint=problem.hint)


def _repository(folder: Path) -> str:
    with open_project(folder) as project:
        return f"{project.repository.folder}, state in {project.layout.root}"


def _trusted(folder: Path) -> str:
    with open_project(folder) as project:
        digest, _, trusted = trust(project, None)
    if not trusted:
        text = "Nobody here has trusted this repository's .handrail folder."
        raise TrustError("TRUST001", text, f"handrail trust {digest}")
    return f"{digest} is trusted"


def _engine() -> Check:
    """What there is; whether it is fit is asked by the check before."""
    try:
        words = engine_form()
    except HandrailError as problem:
        return Check("engine", ok=True, words=f"not asked: {problem.code}")
    hint = "" if "root outside" not in words else "userns-remap or a rootless engine makes root inside nobody outside"
    return Check("engine", ok=True, words=words, hint=hint)


def _runtime() -> Check:
    """Never missing: gVisor is a boundary more, not one that is needed."""
    try:
        words, hint = runtime_choice()
    except HandrailError as problem:
        return Check("runtime", ok=True, words=f"not asked: {problem.code}")
    return Check("runtime", ok=True, words=words, hint=hint)


def _broker() -> Check:
    """Either place will do; a word that names none will not."""
    try:
        return Check("broker", ok=True, words=place_words())
    except SandboxUnavailable as problem:
        return Check("broker", ok=True, words=f"not asked: {problem.code}")
    except HandrailError as problem:
        return Check("broker", ok=False, words=f"{problem.code} {problem.message}", hint=problem.hint)


def _import_name() -> Check:
    """Another distribution that installs the same import name would shadow parts of this one."""
    try:
        distribution("orchestrator-core")
    except PackageNotFoundError:
        return Check("import name", ok=True, words="nothing else installs the package `orchestrator`")
    words = "the distribution orchestrator-core installs the same import name"
    return Check("import name", ok=False, words=words, hint="install Handrail in an environment of its own")
