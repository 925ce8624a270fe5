"""Whatever `handrail review` does is one object for programs."""

from __future__ import annotations

import pytest

from orchestrator.cli.review import command

SCREENS = {"open"}


@pytest.mark.parametrize("name", sorted(set(command.commands) - SCREENS))
def test_every_command_has_json(name):
    assert "--json" in {option for param in command.commands[name].params for option in param.opts}
