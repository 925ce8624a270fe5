# ruff: noqa: INP001 - a script, run alone
"""See that the sandbox's image is there; build it when it is not. Prints its id."""

import sys
from pathlib import Path

from platformdirs import user_state_path

from orchestrator.errors import HandrailError
from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.recipe import load_recipe

RECIPE = Path(__file__).parents[1] / "sandboxes" / "images" / "base"


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def main() -> int:
    """Exit as the error says."""
    builder = ImageBuilder(user_state_path("handrail"), lambda text: _say(text + "\n"))
    try:
        sys.stdout.write(builder.ensure(load_recipe(RECIPE)) + "\n")
    except HandrailError as error:
        _say("\n".join([str(error), *error.details, ""]))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
