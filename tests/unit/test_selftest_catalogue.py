"""The catalogue of attacks, its page, and what a verdict is made of."""

import re
from pathlib import Path

import pytest

from orchestrator.app.selftest.catalogue import catalogue, choose, row
from orchestrator.errors import SandboxUnavailable, SandboxUnsafe, UsageError
from orchestrator.sandbox.selftest.bench import FILES, Seen, answers
from orchestrator.sandbox.selftest.model import Result, Verdict, verdict
from orchestrator.sandbox.selftest.run import require_held

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/sandbox-selftest.md").read_text()


def test_the_page_lists_exactly_the_attacks_that_there_are():
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    told = [(str(a.id), a.family, a.name, a.control, a.expected, a.weakened) for a in catalogue()]
    assert rows == told


def test_every_listed_attack_is_there():
    ids = [attack.id for attack in catalogue()]
    assert len(ids) == len(set(ids))
    assert set(range(1, 53)) <= set(ids)


def test_every_program_of_the_catalogue_is_shipped():
    folder = ROOT / "sandboxes/images/base/opt/handrail/attacks"
    for program in (attack.inside.program for attack in catalogue() if attack.inside):
        family, _, function = program.partition(".")
        assert f"def {function}(" in (folder / f"{family}.py").read_text(), program


FAILED, WORKED = Seen(succeeded=False, words=""), Seen(succeeded=True, words="")
BROKE = Seen(succeeded=False, words="", broke=True)


@pytest.mark.parametrize(
    ("seen", "positive", "wanted"),
    [
        (FAILED, WORKED, Verdict.HELD),
        (FAILED, FAILED, Verdict.INCONCLUSIVE),
        (BROKE, WORKED, Verdict.INCONCLUSIVE),
        (FAILED, BROKE, Verdict.INCONCLUSIVE),
        (WORKED, FAILED, Verdict.ESCAPED),
        (WORKED, WORKED, Verdict.ESCAPED),
    ],
)
def test_only_an_attack_that_works_without_the_protection_shows_that_it_holds(seen, positive, wanted):
    assert verdict(seen, positive) is wanted


def test_anything_but_held_is_exit_8_and_named():
    attack = catalogue()[0]
    require_held([Result(attack, "", "", Verdict.HELD)])
    for bad in (Verdict.ESCAPED, Verdict.INCONCLUSIVE):
        with pytest.raises(SandboxUnsafe) as caught:
            require_held([Result(attack, "", "", Verdict.HELD), Result(attack, "", "", bad)])
        assert (caught.value.code, int(caught.value.exit_code)) == ("SBX013", 8)
        assert attack.name in caught.value.details[0]
    with pytest.raises(SandboxUnavailable):
        require_held([])


def test_an_unknown_id_is_said():
    with pytest.raises(UsageError) as caught:
        choose((1, 999))
    assert caught.value.code == "SBX024"
    assert "999" in caught.value.message
    assert [attack.id for attack in choose((31, 1))] == [31, 1]


@pytest.mark.parametrize("lines", [b"", b"garbage", b'{"name": "a.b"}', b'{"name": "a.b", "succeeded": true}', b"[1]"])
def test_a_program_without_a_whole_answer_broke(lines):
    seen = answers(lines, ["a.b"])["a.b"]
    assert (seen.succeeded, seen.broke) == (False, True)


def test_only_true_is_success():
    assert not answers(b'{"name": "a.b", "succeeded": "yes", "words": ""}', ["a.b"])["a.b"].succeeded


def test_a_row_has_what_the_contract_lists():
    attack = catalogue()[0]
    told = row(Result(attack, "seen", "worked", Verdict.HELD))
    assert {"id", "name", "control", "expected", "observed", "verdict"} <= told.keys()
    assert told["verdict"] == "held"


def test_the_benchs_tree_has_what_the_attacks_on_files_name():
    text = (ROOT / "sandboxes/images/base/opt/handrail/attacks/filesystem.py").read_text()
    places = re.search(r"PLACES = \((.+?)\)", text)
    assert places
    assert set(re.findall(r'"(.+?)"', places[1])) <= set(FILES)
