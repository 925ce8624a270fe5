"""Nouns that are made without pydantic: held by others, read and written as they were, closed to what is foreign."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.models.base import Noun
from orchestrator.models.changed import ChangedFile, ChangeIdentity, ChangeKind
from orchestrator.models.found import Accounted, Accounting, Disposition, Finding, GateReport, Result

IDENTITY = ChangeIdentity(target_ref="refs/heads/main", tip="a" * 40, tree="b" * 40, manifest="sha256:c")
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5)


class Holder(Noun):
    reports: tuple[GateReport, ...]
    identity: ChangeIdentity


def reports():
    findings = st.builds(
        Finding,
        rule=TEXT,
        message=TEXT,
        path=TEXT,
        line=st.integers(0, 9),
        end_line=st.integers(0, 9),
        cwe=st.none() | st.integers(0, 999),
        severity=TEXT,
        disposition=st.sampled_from(Disposition),
        fingerprint=TEXT,
        hint=TEXT,
    )
    accounted = st.builds(Accounted, path=TEXT, how=st.sampled_from(Accounting), why=TEXT)
    return st.builds(
        GateReport,
        gate=TEXT,
        tool=TEXT,
        tool_version=TEXT,
        config=TEXT,
        change=st.just(IDENTITY),
        result=st.sampled_from(Result),
        findings=st.lists(findings, max_size=2).map(tuple),
        accounted=st.lists(accounted, max_size=2).map(tuple),
        reason=TEXT,
    )


@given(reports())
def test_a_report_reads_back_and_says_in_another_noun_what_it_says_alone(report):
    assert GateReport.model_validate_json(report.to_bytes()) == report == report.checked()
    holder = Holder(reports=(report,), identity=IDENTITY)
    assert holder.model_dump(mode="json") == {
        "reports": [report.model_dump(mode="json")],
        "identity": IDENTITY.model_dump(mode="json"),
    }
    assert holder.model_dump() == {"reports": (report.model_dump(),), "identity": IDENTITY.model_dump()}
    assert Holder.model_validate_json(holder.to_bytes()) == holder


def test_the_bytes_are_those_that_were_always_kept():
    assert IDENTITY.to_bytes() == (
        b'{"manifest":"sha256:c","target_ref":"refs/heads/main",'
        b'"tip":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","tree":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}'
    )
    file = ChangedFile(path="a", kind=ChangeKind.ADDED, new_mode="100644", new_blob="c" * 40)
    assert file.model_dump(mode="json", include={"path", "kind"}) == {"path": "a", "kind": "added"}
    assert file.digest() == "sha256:756217e08cd9d114dff663b11e9963f09483d7ebdbdf5e19c00f2fd926a9f423"


@pytest.mark.parametrize(
    "damage", [{"surplus": 1}, {"result": "FINE"}, {"findings": [{"rule": "x"}]}, {"gate": None}, {"change": {}}]
)
def test_what_is_read_is_closed_to_what_is_foreign(damage):
    report = GateReport(gate="g", tool="t", tool_version="1", config="c", change=IDENTITY, result=Result.PASSED)
    with pytest.raises(ValidationError):
        GateReport.model_validate({**report.model_dump(), **damage})
    with pytest.raises(ValidationError):
        Holder.model_validate({"reports": [{**report.model_dump(), **damage}], "identity": IDENTITY.model_dump()})


def test_nothing_is_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        IDENTITY.tip = "d"
    assert IDENTITY.model_copy(update={"tip": "d"}).tip == "d"


def test_what_others_made_of_wrong_types_is_found():
    report = GateReport(gate="g", tool="t", tool_version="1", config="c", change=IDENTITY, result="FINE")
    with pytest.raises(ValidationError):
        report.checked()
