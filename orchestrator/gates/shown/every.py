"""All examples, by code. Rules of the data flow carry their own."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.gates.shown.example import Shown
from orchestrator.gates.shown.of_files import OF_FILES
from orchestrator.gates.shown.of_kinds import OF_KINDS
from orchestrator.gates.shown.of_tests import OF_TESTS

__all__ = ["SHOWN"]

SHOWN: Mapping[str, Shown] = {**OF_FILES, **OF_TESTS, **OF_KINDS}
