"""``handrail sandbox``: build the image, try the limits, attack it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.sandbox.selftest.model import Result


@click.group(help="Build the sandbox image, try its limits, attack it.")
def command() -> None: ...


@command.command(
    help="Build the sandbox image: from Debian's packages, an image that the engine can pull, or an archive."
)
@click.option("--pull", help="An image to start from, if the engine's registry answers.")
@click.option("--from", "archive", type=click.Path(path_type=Path), help="A saved image or a root file system (tar).")
@as_json
def build(pull: str | None, archive: Path | None, json_: bool) -> None:
    from orchestrator.app.sandboxing import build_image

    image = build_image(note, pull=pull, archive=archive)
    if json_:
        print_json("image", {"image": image})
    else:
        say(image)


@command.command(help="Try every limit of the sandbox on this engine; exit 8 when one does not hold.")
@click.option("--image", default="", help="An image by its id (default: the built one).")
@click.option("--runtime", default="", help="A container runtime that the engine has, such as runsc.")
@as_json
def probe(image: str, runtime: str, json_: bool) -> None:
    from orchestrator.app.sandboxing import probe_engine

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
