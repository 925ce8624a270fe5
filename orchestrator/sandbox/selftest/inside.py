"""Attacks that are programs of ``/opt/handrail/attacks``, as entries of the catalogue."""

from __future__ import annotations

from functools import partial

from orchestrator.sandbox.selftest.bench import Bench, Inside
from orchestrator.sandbox.selftest.model import Attack

CONTAINER = "root with capabilities, no seccomp filter, wide limits, no masked paths"


def entry(number: int, program: Inside | str, *words: str) -> Attack:
    """An attack whose positive control is the same program in the weakened container.

    ``words`` are name, control, expectation, and what is weakened if it is not the whole container.
    """
    name, control, expected, weakened = (*words, CONTAINER)[:4]
    inside = Inside(program) if isinstance(program, str) else program
    family = inside.program.partition(".")[0]
    return Attack(
        number,
        {"secrets_hunt": "secrets", "supervision": "kernel"}.get(family, family),
        name,
        control,
        expected,
        weakened,
        partial(Bench.attempt, inside=inside),
        partial(Bench.positive, inside=inside),
        inside,
    )
