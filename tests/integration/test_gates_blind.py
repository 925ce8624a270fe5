"""Evasions and everyday changes that were written down before anybody looked at what the gates find in them.

Each evasion is refused for a rule that names the trick or the weakness, and what the change beside it does is not;
no everyday change is refused at all. ``asks``: what a person is asked about by design, whoever changes it.
"""

import tomllib
from pathlib import Path

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Disposition, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

DATA = Path(__file__).parents[1] / "data"
EVASIONS = tomllib.loads((DATA / "gate_evasions.toml").read_text())["evasion"]
CHANGES = tomllib.loads((DATA / "gate_harmless.toml").read_text())["change"]


def path_of(vector, side):
    return vector.get(f"{side}_path", vector["path"])


def spec(vector, side):
    before = b"\n" * vector.get(f"{side}_prefix_newlines", 0)
    encoding = vector.get("encoding", "utf-8") if side == "bad" else "utf-8"
    base = vector["base"].encode() if "base" in vector else None
    head = before + vector[side].encode(encoding)
    return FileSpec(path_of(vector, side), head, base, old_path=vector.get("old_path"))


def beside(vector):
    """Other files of the same change."""
    return [FileSpec(path, text.encode()) for path, text in vector.get("also", ())]


def judged(files):
    with Team() as team:
        reports = run_gates(default_gates(worker=team), candidate_of(files))
    assert [r.reason for r in reports if r.result is Result.ERROR] == []
    found = {}
    for finding in (f for r in reports for f in r.findings if f.disposition is not Disposition.NOTE):
        found.setdefault(finding.path, set()).add(finding.rule)
    return found


@pytest.fixture(scope="module")
def refused():
    return judged([file for v in EVASIONS for file in (spec(v, "bad"), *beside(v))])


@pytest.fixture(scope="module")
def twins():
    return judged([spec(v, "good") for v in EVASIONS])


@pytest.fixture(scope="module")
def everyday():
    return judged([spec(c, "head") for c in CHANGES])


@pytest.mark.parametrize("number", range(len(EVASIONS)), ids=[v["name"] for v in EVASIONS])
def test_evasion_is_refused_for_what_it_is(number, refused):
    assert EVASIONS[number]["rule"] in refused.get(path_of(EVASIONS[number], "bad"), ())


@pytest.mark.parametrize("number", range(len(EVASIONS)), ids=[v["name"] for v in EVASIONS])
def test_what_looks_like_it_is_not(number, twins):
    vector = EVASIONS[number]
    by_design = {"PROTECTED", *vector.get("asks", ())} - {vector["rule"]}
    assert twins.get(path_of(vector, "good"), set()) - by_design == set()


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[c["name"] for c in CHANGES])
def test_everyday_change_is_not_refused(number, everyday):
    assert everyday.get(CHANGES[number]["path"], set()) == set(CHANGES[number].get("asks", ()))
