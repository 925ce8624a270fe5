"""``handrail sandbox``: build the image, carry it as a file, try the limits, attack it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.options import digest as checked
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.sandbox.selftest.model import Result


@click.group(help="Build the sandbox image, save it, try its limits, attack it.")
def command() -> None: ...


_layers = click.option("--with", "layers", multiple=True, help="Add node, npm, postgresql or redis (repeatable).")
_project = click.option("--project", is_flag=True, help="Add what the profile of the repository here asks for.")


def _wanted(layers: tuple[str, ...], repo: Path, *, project: bool) -> tuple[str, ...]:
    from orchestrator.app.machine.sandboxing import project_layers

    return (*layers, *project_layers(repo)) if project else layers


@command.command(
    help="Build the sandbox image: from Debian's packages, an image that the engine can pull, or an archive."
)
@click.option("--pull", help="An image to start from, if the engine's registry answers.")
@click.option("--from", "archive", type=click.Path(path_type=Path), help="A saved image or a root file system (tar).")
@click.option("--digest", help="What `handrail sandbox save` printed of that file (sha256:...).")
@_layers
@_project
@repository
@as_json
def build(
    pull: str | None,
    archive: Path | None,
    digest: str | None,
    layers: tuple[str, ...],
    project: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.machine.sandboxing import build_image

    wanted = _wanted(layers, repo, project=project)
    image = build_image(note, pull=pull, archive=archive, digest=checked(digest), layers=wanted)
    if json_:
        print_json("image", {"image": image})
    else:
        say(image)


@command.command(help="Write the built image to a new file, for a machine without a registry or a mirror.")
@click.argument("file", type=click.Path(path_type=Path))
@_layers
@_project
@repository
@as_json
def save(file: Path, layers: tuple[str, ...], project: bool, repo: Path, json_: bool) -> None:
    from orchestrator.app.machine.sandboxing import save_image

    digest = save_image(file, note, _wanted(layers, repo, project=project))
    if json_:
        print_json("saved-image", {"file": str(file), "digest": digest})
    else:
        say(digest)


@command.command(help="Try every limit of the sandbox on this engine; exit 8 when one does not hold.")
@click.option("--image", default="", help="An image by its id (default: the built one).")
@click.option("--runtime", default="", help="A container runtime that the engine has, such as runsc.")
@as_json
def probe(image: str, runtime: str, json_: bool) -> None:
    from orchestrator.app.machine.sandboxing import probe_engine

    held = probe_engine(image, runtime)
    if json_:
        print_json("probe", {"held": list(held)})
    else:
        for name in held:
            say(f"held: {name}")


@command.command(help="Attack the sandbox on this engine; exit 8 unless every attack is held.")
@click.option("--only", multiple=True, type=int, help="An attack by its id; may be given several times.")
@click.option("--image", default="", help="An image by its id (default: the built one).")
@click.option("--runtime", default="", help="A container runtime that the engine has, such as runsc.")
@click.option("--profile", default="default", help="The capability profile whose limits are tried.")
@as_json
def selftest(only: tuple[int, ...], image: str, runtime: str, profile: str, json_: bool) -> None:
    from orchestrator.app.selftest.catalogue import require_held, row
    from orchestrator.app.selftest.catalogue import selftest as attack

    def told(result: Result) -> None:
        at, seen = result.attack, result.observed
        (note if json_ else say)(f"{result.verdict:12}  {at.id:2}  {at.family}: {at.name}: {seen}")

    used, results = attack(only, told, image=image, runtime=runtime, profile=profile)
    counts = Counter(str(result.verdict) for result in results)
    if json_:
        print_json("selftest", {"runtime": used, "counts": dict(counts), "attacks": [row(r) for r in results]})
        sys.exit(ExitCode.DONE if set(counts) == {"held"} else ExitCode.SANDBOX)
    say(f"{len(results)} attacks with {used}: " + ", ".join(f"{n} {name}" for name, n in sorted(counts.items())))
    require_held(results)
