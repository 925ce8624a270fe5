"""A drill from the planting to its end: reviewed as any change, landing nowhere, told without a name."""

import base64
import json
import sqlite3
import subprocess

import pytest
from inside import handrail
from run_support import Req, good, lab, nobody

from orchestrator.app.gates import gating
from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.provenance import dsse
from orchestrator.provenance.predicates import claims, statements

SHOP = '''"""A shop."""


def owner_of(order, user):
    if not user.allowed:
        raise PermissionError("not yours")
    total = 0
    for line in order:
        total += line
    return total


def first(name):
    return name.startswith("a") or name == ""


def between(low, value, high):
    """Both ends count."""
    # one

    # two

    # three

    # four

    # five
    return low <= value and value <= high


def label(count):
    if count > 1:
        return True
    # six

    # seven

    # eight

    # nine

    # ten

    # eleven

    # twelve
    return count == 0
'''
FILES = {f"src/part{n}.py": SHOP.replace("shop", f"shop {n}") for n in range(5)}
FILES |= {f"tests/test_part{n}.py": f"def test_{n}():\n    assert {n} + 1 == {n + 1}\n" for n in range(3)}


def waiting(here):
    return json.loads(handrail(here, "review", "list", "--json").stdout)["items"]


def drill(here, *words):
    said = handrail(here, "review", "drill", "--json", *words)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def planted(here):
    (folder,) = (here.database().parent / "drills").iterdir()
    return json.loads((folder / "planted.json").read_text())


def everything(here):
    """Every row and file of the repository's state, and every ref and object of the user's repository."""
    with sqlite3.connect(here.database()) as db:
        names = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if r[0] != "ticks"]
        rows = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in names}  # noqa: S608
    db.close()
    root = here.database().parent
    files = {str(p) for p in root.rglob("*") if p.is_file() and not p.name.startswith("runs.db")}
    refs = here.git("for-each-ref"), here.git("count-objects", "-v"), here.git("status", "--porcelain")
    return rows, files - {str(root / "drills.jsonl")}, refs


def test_a_drill_is_reviewed_as_any_change_and_leaves_only_counts(tmp_path):
    with lab(tmp_path, FILES, people={"ben": ["reviewer"]}) as here:
        drill(here, "--seed", "1")
        undecided = handrail(here, "review", "drill", "--end")  # settles what the first use of a store writes
        assert "Nobody had decided" in undecided.stderr
        assert not (here.database().parent / "drills.jsonl").exists()
        before = everything(here)
        made = drill(here, "--seed", "5")
        edits = planted(here)
        assert [e["kind"] for e in edits].count("harmless") == 3
        assert {"security", "logic", "test"} <= {e["kind"] for e in edits}
        (row,) = waiting(here)
        assert (row["id"], row["kind"], row["title"]) == (made["item"], "change", "Small repairs")
        shown = handrail(here, "review", "show", made["item"]).stdout
        assert all(e["path"] in shown for e in edits)
        page = here.folder / "item.html"
        assert handrail(here, "review", "export", made["item"], "-o", str(page)).returncode == 0
        assert "drill" not in (json.dumps(row) + shown + page.read_text()).lower()
        assert handrail(here, "runs", "--json").stdout.count(made["run"]) == 0
        bad, missed, fine = (next(e for e in edits if e["kind"] == k) for k in ("security", "logic", "harmless"))
        marks = ["reject", made["item"], "--reason", "the check is gone", "--hunk", bad["hunk"]]
        assert handrail(here, "review", *marks).returncode == 0
        assert (
            handrail(here, "review", "comment", made["item"], "why?", "--path", fine["path"], "--line", "1").returncode
            == 0
        )
        refused = handrail(here, "review", "approve", made["item"], "--lift", "all")
        assert "REV035" in refused.stderr
        ben = ["--key", str(here.folder / "ben.pem")]
        said = handrail(here, "review", "reject", made["item"], "--reason", f"See {fine['path']}:{fine['line']}.", *ben)
        assert said.returncode == 0, said.stderr
        told = json.loads(handrail(here, "review", "drill", "--end", "--json", *ben).stdout)
        assert everything(here) == before
        kept = (here.database().parent / "drills.jsonl").read_text()
    found = {e["hunk"]: e["found"] for e in told["planted"]}
    assert (found[bad["hunk"]], found[missed["hunk"]], found[fine["hunk"]]) == (True, False, True)
    assert told["verdict"] == "reject"
    (outcome,) = map(json.loads, kept.splitlines())
    assert (outcome["found"]["security"], outcome["found"]["logic"], outcome["found"]["harmless"]) == (1, 0, 1)
    assert not {"ben", "you", "reviewer"} & set(json.dumps(outcome).replace('"', " ").split())


def test_nothing_of_a_drill_lands_and_its_decision_is_none(tmp_path):
    with lab(tmp_path, FILES) as here:
        made = drill(here, "--seed", "2")
        for words, code in (
            (["resume", made["run"]], "DRILL003"),
            (["merge", made["run"]], "RUN006"),
            (["review", "push", made["run"]], "DRILL003"),
            (["review", "drill"], "DRILL002"),
            (["review", "take", made["item"]], "REV"),
        ):
            said = handrail(here, *words)
            assert (said.returncode, code in said.stderr) == (2, True), (words, said.stderr)
        approved = handrail(here, "review", "approve", made["item"], "--lift", "all", "--json")
        assert approved.returncode == 0, approved.stderr
        assert json.loads(approved.stdout)["decision"]["kind"] == "drill"
        assert handrail(here, "resume", made["run"]).returncode == 2
        with here.project() as project:
            (line,) = project.index.decisions(made["item"])
        payload = json.loads(base64.b64decode(json.loads(line)["payload"]))
        assert payload["predicate"]["kind"] == "drill"
        decision = Decision.model_validate(json.loads(approved.stdout)["decision"])
        assert not gating._of(decision, decision.change)
        assert gating._of(decision.model_copy(update={"kind": SubjectKind.CHANGE}), decision.change)
        tree = payload["predicate"]["target"]["approvedTree"]
        missing = subprocess.run(["git", "cat-file", "-e", tree], cwd=here.repo, check=False, capture_output=True)
        assert missing.returncode != 0
        trees = here.database().parent / "trees.git"
        if trees.exists():
            assert subprocess.run(["git", "-C", str(trees), "cat-file", "-e", tree], check=False).returncode != 0
        other = json.loads(handrail(here, "review", "drill", "--end", "--json").stdout)
    assert not any(e["found"] for e in other["planted"])


def test_what_somebody_found_is_told_to_nobody_else(tmp_path):
    with lab(tmp_path, FILES, people={"ben": ["reviewer"]}) as here:
        made = drill(here, "--kind", "logic", "--defects", "2")
        assert {e["kind"] for e in planted(here)} == {"logic", "harmless"}
        assert handrail(here, "review", "reject", made["item"], "--reason", "no").returncode == 0
        told = handrail(here, "review", "drill", "--end", "--key", str(here.folder / "ben.pem"))
        assert "told to who decided" in told.stderr
        assert "found" not in told.stdout
        early = handrail(here, "review", "drill", "--results")
        assert (early.returncode, "DRILL006" in early.stderr) == (2, True)
        kept = here.database().parent / "drills.jsonl"
        kept.write_text(kept.read_text() * 5)
        team = json.loads(handrail(here, "review", "drill", "--results", "--json").stdout)
        words = handrail(here, "review", "drill", "--results").stdout
        kept.write_text(kept.read_text() + "{}\n")
        broken = handrail(here, "review", "drill", "--results")
    assert (team["drills"], team["approved"]) == (5, 0)
    row = next(r for r in team["kinds"] if r["kind"] == "logic")
    assert (row["planted"], row["found"], row["share"]) == (10, 0, 0.0)
    assert "you" not in words
    assert (broken.returncode, "STORE003" in broken.stderr) == (1, True)


def test_where_nothing_can_be_planted_a_drill_is_refused_and_leaves_nothing(tmp_path):
    with lab(tmp_path) as here:
        before = everything(here)
        said = handrail(here, "review", "drill", "--kind", "test")
        assert (said.returncode, "DRILL001" in said.stderr) == (2, True), said.stderr
        assert "DRILL005" in handrail(here, "review", "drill", "--end").stderr
        assert "DRILL007" in handrail(here, "review", "drill", "--end", "--results").stderr
        assert everything(here) == before
        line = json.dumps({"day": "2026-11-30", "verdict": "approve", "planted": {"logic": 1}, "found": {}})
        here.database().parent.joinpath("drills.jsonl").write_text(f"{line}\n" * 9)
        assert "DRILL006" in handrail(here, "review", "drill", "--results").stderr  # one person alone holds the role


@pytest.mark.engine
def test_a_drills_decision_approves_and_lifts_nothing_of_a_real_change(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one), decide=nobody)
        handrail(here, "review", "approve", str(waiting(here)[0]["id"]))
        handrail(here, "resume", done.run.id)
        (item,) = waiting(here)
        with here.reviews(done.run) as reviews, here.project() as project:
            real = reviews.question(reviews.view(item["id"]))
            forged = as_drill(here, real)
            project.index.add_decision(item["id"], real_key(here), forged, lambda lines: "approve" if lines else None)
        resumed = handrail(here, "resume", done.run.id)
        line = (
            here.commits(done.run.run_ref)
            if here.git("rev-parse", "-q", "--verify", done.run.run_ref, check=False)
            else []
        )
        found = (
            json.loads(handrail(here, "verify", done.run.run_ref, "--base", "main", "--json").stdout) if line else None
        )
    assert resumed.returncode != 0, (resumed.stderr, found)
    assert found is None or not found["human_approved"], found


def as_drill(here, decision):
    """What the question's answer would be, signed as that of a drill."""
    from orchestrator.app.trust.keys import signer

    made = decision.model_copy(update={"kind": SubjectKind.DRILL, "verdict": Verdict.APPROVE})
    claim = claims.DecisionClaim(decision=Decision.model_validate(made), keyid=real_key(here), custody="user-held")
    return dsse.seal(statements.build(claim), [signer(None)])


def real_key(_here):
    from orchestrator.app.trust.keys import signer

    return signer(None).keyid
