"""Import, export, import: the same requirements in every form, or a coded refusal; and ids that stay."""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.specs.beside import Beside
from orchestrator.specs.export import FORMS, export, same
from orchestrator.specs.lock import LockFile, write_lock
from orchestrator.specs.parse import parse_document, parse_spec

_TEXT = (
    "the till shows *every* card within 300 ms `a_b` and _no_ <b>other</b> & more 2 * 3 * 4 [link](x.md) C:\\dir a|b "
    "1. #tag - dash + plus ~x~ `` `q` `` don't é 漢字 &amp; \\* ! https://example.org/a_b_c (P1)"
)
_WORDS = st.sampled_from(_TEXT.split())
_sentence = st.lists(_WORDS, min_size=2, max_size=9).map(" ".join)
_criteria = st.lists(_sentence, max_size=3)


def _document(parts: list[tuple[str, str, list[str], str, bool]]) -> bytes:
    lines = ["# Till", "", "## Requirements"]
    for n, (title, statement, criteria, priority, listed) in enumerate(parts, 1):
        lines += ["", f"### REQ-{n:03d}: {title}", "", f"It {statement}"]
        lines += ["", "- one", "- two", "  - deeper"] if listed else []
        lines += ["", "*Accept:*", "", *(f"- It {c}" for c in criteria)] if criteria else []
        lines += ["", f"*Priority:* {priority}"] if priority else []
        lines += ["", "*Where:* `src/a.py`, `tests/**`"] if listed else []
        lines += ["", f"*Depends on:* REQ-{n - 1:03d}"] if n > 1 else []
    return "\n".join([*lines, "", "## Non-goals", "", "- Nothing *else*", ""]).encode()


_part = st.tuples(_sentence, _sentence, _criteria, st.sampled_from(["", "P1", "must"]), st.booleans())


def _exported(spec, form, *, plain):
    """``None`` when the form refuses, which it may only for lists inside a statement, and our own never."""
    if plain or form == FORMS[0]:
        return export(spec, form)
    try:
        return export(spec, form)
    except UsageError as refused:
        if refused.code != "PRD060":
            raise
        return None


@example([("x", "``` `q` y ``` `` z `` within", ["the `` `q` don't `` a `` b"], "P1", True)])
@example([("the (P1)", "the the", [], "", False)])
@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_part, min_size=1, max_size=4))
def test_what_is_exported_reads_as_the_same_requirements(parts) -> None:
    spec = parse_spec(_document(parts), "till.md")
    for form in FORMS:
        text = _exported(spec, form, plain=not any(listed for *_, listed in parts))
        if text is None:
            continue
        again = parse_spec(text.encode(), "other.md")
        assert again.format is form
        assert all(same(a, b) for a, b in zip(spec.requirements, again.requirements, strict=True))
        assert form == "ears" or export(again, form) == text


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_would_lose_something_is_refused_and_not_written(form) -> None:
    text = b"# Till\n\n## Requirements\n\n### REQ-001: One\n\nIt shows\n\nFR-002: and this, which opens like an id.\n"
    spec = parse_spec(text, "till.md")
    if form == "spec-kit":
        with pytest.raises(UsageError) as caught:
            export(spec, form)
        assert caught.value.code == "PRD060"
    else:
        assert (
            parse_spec(export(spec, form).encode(), "x.md").requirements[0].statement == spec.requirements[0].statement
        )


_LINES = [
    "Users must be able to reset their password by e-mail.",
    "The reset link must expire after 30 minutes.",
    "Support must see the last ten resets of a user.",
    "Every reset must be written to the audit log with its address.",
    "An unknown address must get the same answer as a known one.",
    "The page must load within 2 seconds on a slow phone.",
    "Administrators must be able to lock an account for a day.",
    "A locked account must not receive any reset link.",
]
_EDITS = {
    "30 minutes": "45 minutes",
    "last ten resets": "last 20 resets",
    "by e-mail": "by e-mail or text message",
    "on a slow phone": "on a phone with a slow connection",
    "for a day": "for one day",
}


def _read(lines: list[str], lock: bytes | None = None):
    return parse_document(
        ("# Resets\n\n## Requirements\n\n" + "\n\n".join(lines) + "\n").encode(), "r.md", None, None, Beside(lock)
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_ids_stay_with_their_sentences_through_moves_edits_and_deletions(data) -> None:
    kept = data.draw(st.permutations(_LINES))[: data.draw(st.integers(2, len(_LINES)))]
    first = _read(list(kept))
    ids = dict(zip(kept, (r.id for r in first.spec.requirements), strict=True))
    lock = write_lock(LockFile(), "r.md", first.assigned.lock)
    gone = data.draw(st.sampled_from([None, *kept]))
    left = [line for line in data.draw(st.permutations(kept)) if line != gone]
    edits = data.draw(st.sets(st.sampled_from(sorted(_EDITS)), max_size=2))
    now = left[:]
    for old in edits:
        now = [line.replace(old, _EDITS[old]) for line in now]
    second = _read(now, lock)
    for line, requirement in zip(left, second.spec.requirements, strict=True):
        assert requirement.id == ids[line]
    third_lock = write_lock(LockFile(), "r.md", second.assigned.lock)
    third = _read([*now, "Nobody must be able to read the codes of others, ever."], third_lock)
    assert third.spec.requirements[-1].id not in ids.values()
    assert third.spec.requirements[-1].provisional


@pytest.mark.soak
@settings(max_examples=int(os.environ.get("HANDRAIL_SOAK_EXAMPLES", "20000")), deadline=None)
@given(st.lists(_part, min_size=1, max_size=8))
def test_what_is_exported_reads_as_the_same_requirements_long(parts) -> None:
    spec = parse_spec(_document(parts), "till.md")
    again = parse_spec(export(spec, FORMS[0]).encode(), "other.md")
    assert all(same(a, b) for a, b in zip(spec.requirements, again.requirements, strict=True))
