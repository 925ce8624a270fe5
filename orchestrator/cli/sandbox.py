"""``handrail sandbox``: build the image and try the limits."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say


@click.group(help="Build the sandbox image and try its limits.")
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
