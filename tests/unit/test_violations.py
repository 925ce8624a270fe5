"""Observed against granted: what exceeds a grant is named, and what only looks like it is not."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.observed import Program, Way
from orchestrator.models.traffic import Exchange, TrafficKind
from orchestrator.policy.capabilities import is_within, meet
from orchestrator.policy.proof.grants import above
from orchestrator.policy.violations import of_exchange, of_files, of_program

NOW = datetime(2026, 1, 2, tzinfo=UTC)
GRANT = Capabilities(
    write=("src/**",),
    refused=("curl", "a-program-with-a-long-name"),
    egress=(Egress(host="docs.example"),),
    models=("here/m",),
)


def program(name, *argv, way=Way.SAMPLED):
    return Program(name=name, parent="sh", argv=argv, way=way)


@pytest.mark.parametrize(
    "seen",
    [
        program("curl", "curl", "https://x.example"),
        program("busybox", "/usr/bin/curl"),
        program("curl", way=Way.OPENED),
        program("curl", way=Way.TOP),
        program("a-program-with-", "./x"),
    ],
)
def test_a_refused_program_is_found_by_any_of_its_names(seen):
    found = of_program(GRANT, seen)
    assert (found.code, found.field) == ("OBS001", "refused")


@pytest.mark.parametrize(
    "seen",
    [
        program("git", "git", "commit", "-m", "use curl"),
        program("node", "/opt/agent/node", "curl.js"),
        program("curl-config"),
        program("python3", "python3", "/usr/bin/curl"),
        program("sh", "sh", "-c", "echo curl"),
    ],
)
def test_an_ordinary_program_is_none(seen):
    assert of_program(GRANT, seen) is None
    assert of_program(Capabilities(), program("curl")) is None


def exchange(kind, **told):
    return Exchange(at=NOW, kind=kind, port=443, **told)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (exchange(TrafficKind.REFUSED, host="evil.example", code="BRK031"), "OBS002"),
        (exchange(TrafficKind.EGRESS, host="evil.example"), "OBS002"),
        (exchange(TrafficKind.REFUSED, code="BRK020", reason="the model x is not granted"), "OBS003"),
        (exchange(TrafficKind.MODEL, endpoint="elsewhere"), "OBS003"),
        (exchange(TrafficKind.EGRESS, host="docs.example"), None),
        (exchange(TrafficKind.MODEL, endpoint="here", model="another-name-of-m"), None),
        (exchange(TrafficKind.REFUSED, host="docs.example", code="BRK032"), None),
        (exchange(TrafficKind.REFUSED, code="BRK023"), None),
    ],
)
def test_what_went_or_tried_to_go_out(seen, code):
    found = of_exchange(GRANT, seen, {"here"})
    assert (found and found.code) == code


def test_files_that_were_shut_are_one_violation_with_the_first_few_names():
    (found,) = of_files(GRANT, [f"lib/{n:02}.py" for n in range(12)] + ["src/mine.py"])
    assert found.code == "OBS004"
    assert "lib/00.py" in found.text
    assert found.text.endswith("lib/09.py and 2 more.")
    assert list(of_files(GRANT, ["src/a.py"])) == []


def test_a_grant_that_refuses_nothing_keeps_the_digest_that_it_had_before():
    assert b"refused" not in Capabilities().to_bytes()
    assert Capabilities.model_validate_json(Capabilities(refused=("curl",)).to_bytes()).refused == ("curl",)


def test_refusals_only_grow():
    one, two = Capabilities(refused=("curl",)), Capabilities(refused=("ssh", "curl"))
    assert meet(one, two).refused == meet(two, one).refused == ("curl", "ssh")
    assert is_within(two, one)
    assert not is_within(one, two)
    assert above(one, two) == ["refused 'ssh', which is left out"]


@pytest.mark.parametrize("bad", ["", "/usr/bin/curl", "a b", "..", "*", "curl\n", "x" * 65, "-rf"])
def test_a_refusal_is_a_plain_name(bad):
    with pytest.raises(ValidationError):
        Capabilities(refused=(bad,))
