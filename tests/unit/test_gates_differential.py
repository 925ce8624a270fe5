from orchestrator.gates.changes.differential import FINDINGS_LIMIT, Hit, enclosing, introduced, line_text, visible
from orchestrator.models.found import Disposition


def hit(line, *, rule="B602", context="f", text="call(c, shell=True)"):
    return Hit(
        rule=rule, message="m", disposition=Disposition.AGENT, line=line, end_line=line, context=context, text=text
    )


def test_nothing_is_new_when_lines_only_moved():
    assert introduced("a.py", [hit(9)], [hit(1)]) == ()


def test_one_more_of_the_same_is_new():
    found = introduced("a.py", [hit(1), hit(5), hit(9)], [hit(3)])
    assert [f.line for f in found] == [5, 9]


def test_equal_findings_have_different_fingerprints():
    found = introduced("a.py", [hit(1), hit(5)], [])
    assert len({f.fingerprint for f in found}) == 2


def test_fingerprint_survives_a_move_within_the_file():
    (first,), (second,) = introduced("a.py", [hit(1)], []), introduced("a.py", [hit(70)], [])
    assert first.fingerprint == second.fingerprint


def test_another_definition_rule_or_text_is_new():
    head = [hit(1, context="g"), hit(2, rule="B605"), hit(3, text="call(d, shell=True)")]
    assert len(introduced("a.py", head, [hit(1)])) == 3


def test_a_base_finding_excuses_only_one():
    assert len(introduced("a.py", [hit(1), hit(1)], [hit(1)])) == 1


def test_line_text_folds_white_space():
    assert line_text(["  a(", "\tb )"], 1, 2) == "a( b )"


def test_line_text_of_a_very_long_line_still_tells_its_end():
    first, second = line_text(["a" * 9000 + "b"], 1, 1), line_text(["a" * 9000 + "c"], 1, 1)
    assert first != second
    assert len(first) < 5000


def test_enclosing_is_the_innermost():
    outline = {"definitions": [[1, 20, "A"], [3, 9, "A.f"], [4, 5, "A.f.g"]]}
    assert [enclosing(outline, n) for n in (2, 3, 5, 8, 21)] == ["A", "A.f", "A.f.g", "A.f", ""]


def test_messages_show_what_is_hidden_in_them():
    assert visible("a\x1b[8m\u202eb\n") == "a\\x1b[8m\\u202eb\\n"
    assert len(visible("x" * 10_000)) < 500


def test_a_flood_of_findings_is_capped_and_still_decides():
    notes = [Hit(rule="N", message="m", disposition=Disposition.NOTE, line=n, text=str(n)) for n in range(1000)]
    agents = [hit(2000 + n, text=str(n)) for n in range(300)]
    found = introduced("a.py", notes + agents, [])
    assert len(found) == FINDINGS_LIMIT + 2
    assert all(f.disposition is Disposition.AGENT for f in found[:FINDINGS_LIMIT])
    assert {f.disposition: f.message.split()[0] for f in found[FINDINGS_LIMIT:]} == {"agent": "100", "note": "1000"}


def test_one_more_in_a_flood_is_still_new():
    flood = [hit(n, text="x") for n in range(1, 900)]
    assert [f.line for f in introduced("a.py", [*flood, hit(900, text="x")], flood)] == [900]
