"""Many runs as one: figures that are right, nobody by name unless the policy says so, closed pages."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from browser_support import browser
from inside import handrail
from run_support import Req, good, lab, script_text, spec_text, write
from test_report import closed

from orchestrator.app.observe.team import read_since
from orchestrator.errors import UsageError
from orchestrator.models.decision import Verdict
from orchestrator.observe.team import Hit, Measured, summed
from orchestrator.render.team_page import lines, span, team_page

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def waiting(here):
    return json.loads(handrail(here, "review", "list", "--json").stdout)["items"]


def once(then):
    """Sends the first change back, and approves whatever comes after."""
    asked = []

    def decide(reviews, item):
        if item.kind == "change" and not asked:
            asked.append(item)
            reviews.decide(item.id, Verdict.REQUEST_CHANGES, reason="Another value.", seconds_on_screen=41.5)
        else:
            reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings, seconds_on_screen=then)

    return decide


@pytest.mark.engine
def test_what_a_team_did_is_told_and_of_persons_where_the_policy_says_so(tmp_path):
    one = Req(1)
    weak = write(one.path, "import subprocess\nVALUE = subprocess.run('ls', shell=True)\n")
    with lab(tmp_path, times=True) as here:
        here.run([one], {one.id: [[weak], *good(one)[one.id], [write(one.path, "VALUE = 2\n")]]}, decide=once(9.0))
        said = handrail(here, "report", "--since", "30d", "--json")
        page = here.folder / "team.html"
        words = handrail(here, "report", "--since", "2026-01-01", "-o", str(page))
        text = handrail(here, "report", "--since", "1w").stdout
        none = json.loads(handrail(here, "report", "--since", "2999-01-01", "--json").stdout)
    assert (said.returncode, words.returncode, words.stdout) == (0, 0, ""), said.stderr + words.stderr
    found = json.loads(said.stdout)
    assert found["schema"] == "handrail.team-report/1"
    assert found["rework"] == {
        "steps": 1,
        "merged": 1,
        "first_time_share": 0.0,
        "attempts": 3,
        "refused_by_gates": 1,
        "returned_by_people": 1,
        "denials": 0,
    }
    assert found["lead_time"]["runs"] == 1
    assert 0 < found["lead_time"]["median_seconds"] < 600
    assert {"gate": "ruff", "rule": "S602", "disposition": "agent", "count": 1, "lifted": 0, "runs": 1} in found[
        "gate_hits"
    ]
    assert found["approvals"] == [{"role": "reviewer", "approve": 2, "request-changes": 1, "reject": 0}]
    assert found["people"] == [{"reviewer": "you", "decisions": 3, "median_seconds_on_screen": 9}]
    for told in (said.stdout, text, page.read_text()):
        assert re.search(r"\byou\b", told)
    assert "reviewer: 2 approve, 1 request-changes" in text
    assert (none["runs"], none["rework"]["first_time_share"], none["gate_hits"]) == ([], None, [])
    assert "S602" in closed(page.read_text())
    with browser(tmp_path) as tab:
        tab.open(page, 390)
        assert (tab.requests(), tab.complaints(), tab.wide()) == ([page.as_uri()], [], [])


@pytest.mark.engine
def test_a_batch_is_told_with_what_verify_says_of_each_run(tmp_path):
    with lab(tmp_path) as here:
        runs = [_entry(here, number) for number in (1, 2)]
        path = here.folder / "batch.json"
        shared = {"repo": str(here.repo), "agent": "scripted"}
        path.write_text(json.dumps({"schema": "handrail.batch/1", "defaults": shared, "runs": runs}))
        batch = json.loads(handrail(here, "run", "--batch", str(path), "--approve-plan", "--json").stdout)["batch"]
        item = waiting(here)[0]
        assert handrail(here, "review", "approve", str(item["id"])).returncode == 0
        assert handrail(here, "resume", str(item["run"])).returncode == 0
        said = handrail(here, "report", "--batch", batch, "--json")
        page = here.folder / "batch.html"
        assert handrail(here, "report", "--batch", batch, "-o", str(page)).returncode == 0
        team = handrail(here, "report", "--since", "1d").stdout
        unknown = handrail(here, "report", "--batch", "B20260101-aaaaaa")
        odd = handrail(here, "report", "--batch", "../x")
        both = handrail(here, "report", "--batch", batch, "--since", "1d")
    found = json.loads(said.stdout)
    assert (found["batch"], found["asked"], found["people"]) == (batch, 2, None)
    assert sorted(r["evidence"] for r in found["runs"]) == ["NOTHING MERGED", "VERIFIED"]
    assert found["statuses"] == {"done": 1, "waiting": 1}
    assert "NOTHING MERGED" in closed(page.read_text())
    for told in (said.stdout, team, page.read_text()):
        assert not re.search(r"\byou\b", told)
    assert [(r.returncode, c in r.stderr) for r, c in ((unknown, "BAT001"), (odd, "BAT001"), (both, "RUN015"))] == [
        (2, True)
    ] * 3


def _entry(here, number):
    one, spec, script = Req(number), here.folder / f"s{number}.md", here.folder / f"s{number}.yaml"
    spec.write_text(spec_text([one]))
    script.write_text(script_text(good(one)))
    return {"spec": str(spec), "script": str(script)}


def test_a_time_to_begin_at():
    assert read_since("30d", NOW) == NOW - timedelta(days=30)
    assert read_since("12h", NOW) == NOW - timedelta(hours=12)
    assert read_since("9999w", NOW) == NOW - timedelta(weeks=9999)
    assert read_since("2026-11-01", NOW) == datetime(2026, 11, 1, tzinfo=UTC)
    for bad in ("", "30", "0d", "-1d", "30D", "d", "99999d", "2026-13-01", "2026-11-01T00:00", "\u0663d", "1d\n"):
        with pytest.raises(UsageError, match="no time to begin at"):
            read_since(bad, NOW)


def measured(number, lead, **more):
    plain = {"status": "done", "agent": "a", "steps": 1, "merged": 1, "first_time": 1, "attempts": 1, "refused": 0}
    plain |= {"returned": 0, "denials": 0, "tokens": 10, "cost_usd": 0.5, "title": "T", "began": "2026-11-30T00:00"}
    return Measured(run=f"r{number}", lead_seconds=lead, **{**plain, **more})


def test_sums_medians_and_shares_are_those_of_arithmetic():
    hit, note = Hit("bandit", "B602", "person", lifted=True), Hit("ruff", "S607", "note", lifted=False)
    rows = [measured(n, float(n)) for n in range(1, 11)]
    rows += [measured(11, None, merged=0, first_time=0, cost_usd=None, agent="b", hits=(hit, note, note))]
    rows += [measured(12, None, hits=(hit,), verdicts={("reviewer", "approve"): 2, ("editor", "reject"): 1})]
    found = summed(rows)
    assert found["lead_time"] == {"runs": 10, "median_seconds": 5.5, "p90_seconds": pytest.approx(9.1)}
    assert found["rework"]["first_time_share"] == 1.0
    assert found["gate_hits"] == [
        {"gate": "bandit", "rule": "B602", "disposition": "person", "count": 2, "lifted": 2, "runs": 2},
        {"gate": "ruff", "rule": "S607", "disposition": "note", "count": 2, "lifted": 0, "runs": 1},
    ]
    assert found["approvals"] == [
        {"role": "editor", "approve": 0, "request-changes": 0, "reject": 1},
        {"role": "reviewer", "approve": 2, "request-changes": 0, "reject": 0},
    ]
    assert (found["cost"]["cost_usd"], found["cost"]["tokens"]) == (None, 120)
    assert found["agents"][0] == {"agent": "a", "runs": 11, "tokens": 110, "cost_usd": 5.5}


def test_texts_of_others_stay_texts_in_a_thousand_runs():
    bad = '<script>alert(1)</script>\u202e"'
    row = measured(
        1, 1.0, title=bad, agent=bad, hits=(Hit(bad, bad, "note", lifted=False),), verdicts={(bad, "reject"): 1}
    )
    body = {**summed([row] * 1_500), "since": "2026-11-01", "batch": "", "people": [_person(bad)]}
    page = team_page(body)
    assert "<script>" in closed(page)
    assert "\u202e" not in page + "".join(lines(body))
    assert "500 more runs are counted above and not listed" in page
    assert len(page.encode()) < 3_000_000


def _person(name):
    return {"reviewer": name, "decisions": 1, "median_seconds_on_screen": 3}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0.25, "0.2 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (7260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_time_in_words(seconds, words):
    assert span(seconds) == words
