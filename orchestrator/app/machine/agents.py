"""Coding agents of this machine: adding, listing, testing, removing them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from orchestrator import __version__
from orchestrator.agents import recipes
from orchestrator.agents.catalog import AGENTS
from orchestrator.agents.drivers import DRIVERS, driver
from orchestrator.app.clock import SystemClock
from orchestrator.app.machine.sandboxing import base_image, engine
from orchestrator.assets.find import data_folder
from orchestrator.errors import UsageError
from orchestrator.models.agent import AgentManifest, AgentRecipe, PackageIndex
from orchestrator.models.ids import Digest
from orchestrator.store.layout import state_home

if TYPE_CHECKING:
    from orchestrator.ports import Agent
    from orchestrator.sandbox.layers import Part
    from orchestrator.testing.agent_suite import Verdict

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """One agent. ``version`` is the installed one, else the one that ``agent add`` would install."""

    name: str
    version: str
    installed: bool
    title: str
    licence: str


def installed(name: str) -> AgentManifest:
    """The manifest of an installed agent.

    Raises ``UsageError``: ``AGT004`` unknown, ``AGT044`` Handrail's own, ``AGT041`` not installed, ``AGT042`` a
    manifest that cannot be read.
    """
    _ensure_foreign(name)
    driver(name)
    path = _manifest(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = f"handrail agent add {name}"
        raise UsageError("AGT041", f"The agent {name} is not installed.", hint) from error
    try:
        return AgentManifest.model_validate_json(data)
    except ValidationError as error:
        hint = f"handrail agent add {name}"
        raise UsageError("AGT042", f"The manifest of {name} cannot be read: {path}", hint) from error


def _ensure_foreign(name: str) -> None:
    if name in AGENTS:
        raise UsageError("AGT044", f"{name} is a part of Handrail: it is always there.", "handrail agent list")


def installed_names() -> tuple[str, ...]:
    """Of all agents that have a manifest here."""
    return tuple(name for name in DRIVERS if _manifest(name).is_file())


def open_installed(name: str) -> Agent:
    """The driver of an installed agent. Raises as :func:`installed`."""
    from orchestrator.agents.program import ProgramAgent

    return ProgramAgent(driver(name), installed(name))


def listing(*, everything: bool) -> tuple[Listed, ...]:
    """The installed agents and the one that needs no installing, or all that could be."""
    names = recipes.recipe_names(_recipes()) if everything else installed_names()
    own = Listed("native", __version__, installed=True, title="Handrail's own loop", licence="Apache-2.0")
    return tuple(sorted((own, *map(_listed, names)), key=lambda agent: agent.name))


def _listed(name: str) -> Listed:
    here = _manifest(name).is_file()
    recipe = recipes.load_recipe(_recipes(), name)
    version = installed(name).version if here else recipe.version
    return Listed(name, version, here, recipe.title, recipe.licence)


def add(name: str, version: str | None, say: Say) -> AgentManifest:
    """Install an agent: put its image together, try it, write its manifest.

    Raises what :func:`assemble` does, and ``UsageError``: ``AGT044`` for Handrail's own, ``AGT037`` when it does not
    pass its checks; then no manifest is written.
    """
    _ensure_foreign(name)
    manifest = assemble(name, version, say)
    verdicts = _tried(manifest, say)
    failed = [f"{v.name}: {v.words}" for v in verdicts if not v.passed]
    if failed:
        hint = "see what each check says" if manifest.pinned else "take the version that Handrail pins"
        raise UsageError("AGT037", f"{name} {manifest.version} does not pass its checks.", hint, failed)
    whole = manifest.model_copy(update={"checks": tuple(v.name for v in verdicts)})
    save(whole)
    return whole


def assemble(name: str, version: str | None, say: Say) -> AgentManifest:
    """The manifest of an agent whose image is there, built when it was not. Nothing is tried or written down.

    Without ``version`` it is the pinned one, whose hashes the recipe holds; another one is taken as the index gives
    it today. What was built before is found again, and nothing is fetched. Raises ``UsageError`` (``AGT030`` …
    ``AGT038``) or ``SandboxUnavailable``.
    """
    from orchestrator.sandbox.layers import find_layer

    recipe, requirements, pinned = _chosen(name, version, say)
    base = base_image()
    digest = recipe.digest_on(base, requirements)
    image = find_layer(base, name, digest) or _build(recipe, requirements, base, digest, say)
    return _write_down(recipe, base=base, image=image, digest=digest, pinned=pinned)


def test(name: str, say: Say) -> tuple[Verdict, ...]:
    """Run the conformance checks of an installed agent, or of Handrail's own loop. Raises as :func:`installed`."""
    return _native_tried(say) if name == "native" else _tried(installed(name), say)


def remove(name: str) -> bool:
    """Take the manifest away, and the image unless something uses it; whether there was an image."""
    from orchestrator.sandbox.layers import remove_layer, tag_of

    manifest = installed(name)
    gone = remove_layer(tag_of(name, manifest.recipe))
    _manifest(name).unlink()
    return gone


def _chosen(name: str, version: str | None, say: Say) -> tuple[AgentRecipe, dict[str, bytes], bool]:
    recipe = recipes.load_recipe(_recipes(), name)
    requirements = recipes.requirement_files(_recipes(), recipe)
    if version is None or version == recipe.version:
        return recipe, requirements, True
    try:
        AgentRecipe.model_validate(recipe.model_dump() | {"version": version})
    except ValidationError as error:
        raise UsageError("AGT038", f"{version!r} is no version.", f"handrail agent add {name}") from error
    say(
        f"{recipe.title} {version} is not the version that Handrail pins and tests ({recipe.version}): no hash is known"
    )
    other, replaced = recipes.at_version(recipe, version)
    return other, requirements | replaced, False


def _build(recipe: AgentRecipe, requirements: dict[str, bytes], base: str, digest: Digest, say: Say) -> str:
    from orchestrator.sandbox.layers import build_layer

    state_home().mkdir(mode=0o700, parents=True, exist_ok=True)
    say(f"fetching {recipe.title} {recipe.version}. Licence: {recipe.licence}")
    with tempfile.TemporaryDirectory(prefix="agent-", dir=state_home()) as scratch:
        parts = [
            _npm(recipe, number, Path(scratch))
            if package.index is PackageIndex.NPM
            else _pypi(recipe, number, requirements, base, say)
            for number, package in enumerate(recipe.packages)
        ]
        parts += [_file(Path(scratch), path, text) for path, text in recipe.files.items()]
        return build_layer(base, recipe.name, digest, parts, scratch=Path(scratch), say=say)


def _npm(recipe: AgentRecipe, number: int, scratch: Path) -> Part:
    from orchestrator.agents.npm import fetch
    from orchestrator.sandbox.layers import Part

    package = recipe.packages[number]
    place = scratch / str(number)
    place.mkdir()
    folder, _ = fetch(package.name, package.version, package.integrity, place)
    return Part(package.at, folder, package.keep, package.executable)


def _file(scratch: Path, path: str, text: str) -> Part:
    from orchestrator.sandbox.layers import Part

    at, _, name = path.rpartition("/")
    folder = scratch / f"files-{at.replace('/', '-')}-{name}"
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    return Part(at, folder)


def _pypi(recipe: AgentRecipe, number: int, requirements: dict[str, bytes], base: str, say: Say) -> Part:
    from orchestrator.sandbox.environment import ProjectEnvironments
    from orchestrator.sandbox.layers import Part

    package = recipe.packages[number]
    name, data = recipes.as_lock(requirements[package.requirements])
    made = ProjectEnvironments(base, state_home(), say).prepare({name: data})
    if made is None:
        raise UsageError("AGT035", f"{package.requirements} names no package.", "reinstall Handrail")
    return Part(package.at, Path(made[1]), package.keep, package.executable)


def _write_down(recipe: AgentRecipe, *, base: str, image: str, digest: Digest, pinned: bool) -> AgentManifest:
    chosen = driver(recipe.name)
    packages = [f"{p.index}:{p.name or p.requirements}@{p.version or recipe.version}" for p in recipe.packages]
    return AgentManifest(
        name=recipe.name,
        version=recipe.version,
        image=Digest(image),
        base=Digest(base),
        recipe=digest,
        protocol=recipe.protocol,
        packages=tuple(packages),
        licence=recipe.licence,
        capabilities={"memory_mib": recipe.memory_mib},
        events=chosen.events,
        hidden=chosen.hidden,
        wiring=dict(chosen.wiring),
        pinned=pinned,
        added_at=SystemClock().now(),
    )


def _tried(manifest: AgentManifest, say: Say) -> tuple[Verdict, ...]:
    from orchestrator.agents.program import ProgramAgent
    from orchestrator.testing.agent_suite import Bench, run_suite

    chosen = driver(manifest.name)
    say(f"trying {manifest.name} {manifest.version} in the sandbox: about a minute")
    sandboxes = engine(manifest.base)
    try:
        return run_suite(
            Bench(
                ProgramAgent(chosen, manifest),
                sandboxes,
                manifest.capabilities["memory_mib"],
                tools=chosen.tools,
                exit_status=chosen.exit_status,
                asks=chosen.asks,
                usage=chosen.usage,
            )
        )
    finally:
        sandboxes.close()


def _native_tried(say: Say) -> tuple[Verdict, ...]:
    from orchestrator.agents.native import NativeAgent
    from orchestrator.testing.agent_suite import Bench, run_suite

    say("trying native in the sandbox: about a minute")
    sandboxes = engine(base_image())
    try:
        return run_suite(Bench(NativeAgent(), sandboxes))
    finally:
        sandboxes.close()


def save(manifest: AgentManifest) -> None:
    """Write a manifest: the agent is installed from now on."""
    path = _manifest(manifest.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def _manifest(name: str) -> Path:
    return state_home() / "agents" / f"{name}.json"


def _recipes() -> Path:
    return data_folder("sandboxes") / "agents"
