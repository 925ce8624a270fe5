"""What lies within a grant and what just does not, field by field."""

from __future__ import annotations

import pytest

from orchestrator.models.capabilities import Capabilities, DataClass, Egress, Limits
from orchestrator.policy import egress
from orchestrator.policy.capabilities import is_within

WIDE = Egress(host="*.example.com", paths=("/simple", "/v1/"), methods=("GET", "POST"), max_kib=10)


@pytest.mark.parametrize(
    ("change", "within"),
    [
        ({"host": "a.example.com"}, True),
        ({"host": "a.b.example.com"}, True),
        ({"host": "*.example.com"}, True),
        ({"host": "example.com"}, False),
        ({"host": "evilexample.com"}, False),
        ({"host": "*"}, False),
        ({"paths": ("/simple",)}, True),
        ({"paths": ("/simple/x", "/v1/y")}, True),
        ({"paths": ("/simplest",)}, False),
        ({"paths": ("/v1",)}, False),
        ({"paths": ("/simple", "/")}, False),
        ({"methods": ("POST",)}, True),
        ({"methods": ("POST", "PUT")}, False),
        ({"max_kib": 11}, False),
        ({"port": 8443}, False),
    ],
)
def test_a_request_rule_lies_within_a_wider_one(change: dict[str, object], within: bool) -> None:  # noqa: FBT001
    rule = Egress.model_validate({**WIDE.model_dump(), "host": "a.example.com", **change})
    assert egress.below((rule,), (WIDE,)) is within


@pytest.mark.parametrize(
    ("model", "pattern", "within"),
    [
        ("a/x", "a/*", True),
        ("a/*", "a/*", True),
        ("ab/x", "a/*", False),
        ("a/x", "*", True),
        ("*", "a/*", False),
        ("a/*", "a/x", False),
        ("a/x2", "a/x", False),
    ],
)
def test_a_model_lies_within_a_pattern(model: str, pattern: str, within: bool) -> None:  # noqa: FBT001
    assert egress.models_below((model,), (pattern,)) is within


GRANT = Capabilities(
    read=("src/**",),
    write=("src/**",),
    write_protected=("conftest.py",),
    commands=("make",),
    refused=("curl",),
    egress=(WIDE,),
    models=("a/*",),
    secrets=("token",),
    data=DataClass.RESTRICTED,
)


@pytest.mark.parametrize(
    "wider",
    [
        {"read": ("**",)},
        {"write": ("src/**", "x")},
        {"write_protected": ("conftest.py", "Makefile")},
        {"commands": ("make", "sh")},
        {"refused": ()},
        {"egress": (WIDE, Egress(host="other.example"))},
        {"models": ("*",)},
        {"secrets": ("token", "key")},
        {"data": DataClass.OPEN},
        {"limits": Limits(wall_seconds=601)},
    ],
    ids=lambda wider: next(iter(wider)),
)
def test_a_grant_that_is_wider_in_one_field_is_not_within(wider: dict[str, object]) -> None:
    assert is_within(GRANT, GRANT)
    more = GRANT.model_copy(update=wider)
    assert not is_within(more, GRANT)
    assert is_within(GRANT, more)
