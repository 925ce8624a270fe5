"""Whoever can write to the remote can withhold, and nothing else: each trick is refused by name and changes nothing."""

import json
import os
import shutil

import pytest
from remote_support import Mallory, begin, team

from orchestrator.app.remotes import places
from orchestrator.errors import RepositoryError
from orchestrator.models.decision import Decision, Verdict
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Custody
from orchestrator.models.review import Comment
from orchestrator.models.travel import BUNDLE_TYPE
from orchestrator.provenance import dsse
from orchestrator.provenance.predicates import claims, statements
from orchestrator.provenance.signing.keys import generate_key, load_key
from orchestrator.vcs.remote import open_remote
from orchestrator.vcs.repository import find

pytestmark = pytest.mark.engine
OTHER = Digest("sha256:" + "0" * 64)


class Room:
    """A run that waits for its plan, pushed; what pam would decide; and how to lay something on the remote."""

    def __init__(self, folder, seats):
        self.folder, self.seats = folder, seats
        self.runner, self.pam = seats["you"], seats["pam"]
        self.run = begin(self.runner)
        self.item = self.pam.mine()
        self.mallory = Mallory(folder, self.runner.remote_path)
        self.keys = {name: load_key(one.key) for name, one in seats.items()}
        self.pam.decide("approve", self.item)
        self.ref = self.by("pam")
        self.good = self.mallory.ref(self.ref)
        line = self.mallory.file(self.good, "decision.dsse")
        self.decision = statements.read(dsse.unpack(line).payload).decision
        self.mallory.drop(self.ref)

    def by(self, who):
        return places.decision(self.run, self.item, self.keys[who].keyid)

    def line(self, who, **said):
        by = self.keys[who] if isinstance(who, str) else who
        decision = Decision.model_validate({**self.decision.model_dump(), **said})
        return dsse.seal(
            statements.build(claims.DecisionClaim(decision=decision, keyid=by.keyid, custody=Custody.USER)), [by]
        )

    def laid(self, ref, line, *parents, **more):
        rows = {"decision.dsse": self.mallory.blob(line)} | more
        self.mallory.put(ref, self.mallory.commit(rows, *parents))
        return ref

    def refused(self, code, seat=None):
        """The runner's inbox names it, exits 9, and nothing was decided."""
        seat = seat or self.runner
        told = seat.inbox(code=9)
        assert code in {r["code"] for r in told["refused"]}, told
        assert told["decisions"] == 0, told
        return told

    def cleared(self):
        """The remote without decisions, and clones that never saw them."""
        for ref in self.mallory.names(places.DECISION):
            self.mallory.drop(ref)
        for seat in self.seats.values():
            for ref in seat.git(
                "for-each-ref", "--format=%(refname)", "refs/handrail/remote/origin/handrail-decision"
            ).split():
                seat.git("update-ref", "-d", ref)


@pytest.fixture(scope="module")
def _room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with team(folder) as seats:
        yield Room(folder, seats)


@pytest.fixture
def room(_room):
    _room.cleared()
    yield _room
    _room.cleared()


def test_a_decision_by_a_key_that_nobody_named_is_forged(room, tmp_path):
    stranger = generate_key(tmp_path / "stranger.pem", "pam")
    room.laid(places.decision(room.run, room.item, stranger.keyid), room.line(stranger))
    room.refused("EVID009")


def test_a_decision_with_another_key_than_its_reviewers_or_its_branchs_is_refused(room):
    room.laid(room.by("ann"), room.line("pam"))
    room.refused("REM032")
    room.cleared()
    room.laid(room.by("ann"), room.line("ann"))
    room.refused("REV004")


def test_a_role_that_the_key_does_not_hold_decides_nothing(room):
    room.laid(room.by("ann"), room.line("ann", reviewer="ann"))
    room.refused("REV004")
    room.cleared()
    room.laid(room.by("ann"), room.line("ann", reviewer="ann", role="reviewer"))
    assert "role" in room.refused("REM030")["refused"][0]["message"]


@pytest.mark.parametrize("said", [{"subject": OTHER}, {"document": OTHER}, {"shown": (OTHER,)}, {"requirements": ()}])
def test_a_decision_on_something_else_than_what_is_asked_is_a_replay(room, said):
    room.laid(room.ref, room.line("pam", **said))
    assert next(iter(said)) in room.refused("REM030")["refused"][0]["message"]


def test_a_decision_of_another_run_or_item_is_a_replay(room):
    room.laid(room.ref, room.line("pam", run="20200101-aaaaaa"))
    room.refused("REM032")
    room.laid(room.ref, room.line("pam", item="R0123456789"))
    room.refused("REM023")
    room.cleared()
    room.laid(room.ref, room.line("pam", item="R0123456789"))
    room.refused("REM032")


def test_an_edited_decision_does_not_verify(room):
    line = room.line("pam")
    for edited in (
        line.replace(b'"keyid":"', b'"keyid": "'),
        line[:60] + bytes([line[60] ^ 1]) + line[61:],
        b"",
        b"{}\n",
    ):
        room.laid(room.ref, edited)
        told = room.runner.inbox(code=9)["refused"]
        assert told[0]["code"].startswith("EVID"), told
        room.cleared()


def test_a_comment_that_was_exchanged_is_not_the_one_that_was_signed(room):
    room.laid(room.ref, room.line("pam", verdict=Verdict.REJECT, comment=OTHER))
    room.refused("REM031")
    room.cleared()
    room.laid(room.ref, room.line("pam", verdict=Verdict.REJECT))
    room.refused("REV001")


def test_a_time_on_screen_that_the_policy_does_not_keep_is_not_taken(room):
    written = {"item": room.item, "reviewer": "pam", "text": "", "salt": "0" * 32}
    for seconds, code in ((3, "REM036"), (None, "")):
        said = Comment.model_validate({**written, "seconds_on_screen": seconds})
        name = said.digest().removeprefix("sha256:")
        blobs = room.mallory.tree({name[:2]: room.mallory.tree({name[2:]: room.mallory.blob(said.to_bytes())})})
        line = room.line("pam", verdict=Verdict.REJECT, comment=said.digest())
        room.laid(room.ref, line, blobs=blobs)
        room.refused(code or "REV001")
        room.cleared()


def test_links_strays_and_large_files_are_refused_before_they_are_read(room):
    room.laid(room.ref, b"", **{"decision.dsse": room.mallory.blob(b"/etc/passwd", "120000")})
    room.refused("REM010")
    room.cleared()
    room.laid(room.ref, room.line("pam"), note=room.mallory.blob(b"read me"))
    room.refused("REM013")
    room.cleared()
    room.laid(room.ref, b" " * (2 << 20))
    room.refused("REM011")


def test_a_pack_past_the_limit_is_cut_off(room):
    big = room.mallory.commit({"x": room.mallory.blob(os.urandom(3 << 20))})
    room.mallory.put("refs/heads/big", big)
    remote = open_remote(find(room.runner.repo), "origin", max_pack_bytes=1 << 20)
    with pytest.raises(RepositoryError) as found:
        remote.fetch(["refs/heads/big:refs/handrail/remote/origin/big"])
    assert found.value.code == "REM004", found.value
    room.mallory.drop("refs/heads/big")
    assert room.runner.git("for-each-ref", "refs/handrail/remote/origin/big") == ""


def test_a_bundle_is_believed_only_whole_and_from_a_runner(room):
    ref = places.review(room.run)
    real = room.mallory.ref(ref)
    ann = room.seats["ann"]
    ann.inbox()
    rows, parents = room.mallory.rows(real), room.mallory.git("log", "-1", "--format=%P", real).split()
    payload = dsse.unpack(room.mallory.file(real, "bundle.dsse"), BUNDLE_TYPE).payload
    bundle = json.loads(payload) | {"sequence": 7, "previous": real}
    from orchestrator.models.ids import canonical

    signed = {who: dsse.seal(canonical(bundle), [room.keys[who]], BUNDLE_TYPE) for who in ("ann", "you")}
    cases = {
        "REM015": rows | {"bundle.dsse": room.mallory.blob(signed["ann"])},
        "REM012": {k: v for k, v in rows.items() if k != "blobs"} | {"bundle.dsse": room.mallory.blob(signed["you"])},
        "REM010": rows | {"bundle.dsse": room.mallory.blob(b"/etc/passwd", "120000")},
        "REM013": rows | {"extra": room.mallory.blob(b"")},
        "REM023": rows,
    }
    before = ann.json("review", "list")
    tip = real
    for code, changed in cases.items():
        tip = room.mallory.commit(changed, tip, *parents)
        room.mallory.put(ref, tip)
        told = ann.inbox(code=9)
        assert {r["code"] for r in told["refused"]} == {code}, told
        assert ann.json("review", "list") == before
    for old in (parents[0], real):
        room.mallory.put(ref, old)
        assert {r["code"] for r in ann.inbox(code=9)["refused"]} == {"REM023"}
    room.mallory.put(ref, real)
    for ref_here in ann.git(
        "for-each-ref", "--format=%(refname)", "refs/handrail/remote/origin/handrail-review"
    ).split():
        ann.git("update-ref", "-d", ref_here)
    assert ann.inbox("--all")["refused"] == []


def test_an_unreachable_remote_loses_nothing(room):
    there, away = room.runner.remote_path, room.folder / "away.git"
    shutil.move(there, away)
    try:
        for seat, words in (
            (room.pam, ("review", "push", room.run)),
            (room.runner, ("review", "inbox")),
            (room.runner, ("resume", room.run)),
        ):
            said = seat.handrail(*words, code=2)
            assert "REM002" in said.stderr
    finally:
        shutil.move(away, there)
    room.pam.handrail("review", "push", room.run)
    assert room.mallory.ref(room.ref) == room.good
    assert (
        "REM001"
        in room.pam.handrail("review", "push", room.run, "--remote", "https://example.invalid/x.git", code=2).stderr
    )


def test_the_first_decision_of_a_reviewer_counts_and_counts_once(room):
    room.pam.handrail("review", "push", room.run)
    assert "REM028" in room.pam.handrail("review", "undo", room.item, code=2).stderr
    told = room.runner.inbox()
    assert (told["decisions"], told["refused"]) == (1, [])
    assert room.runner.inbox()["decisions"] == 0
    room.laid(room.ref, room.line("pam", verdict=Verdict.APPROVE, decided_at="2026-01-01T00:00:00Z"), room.good)
    room.refused("REM035")
    room.mallory.put(room.ref, room.mallory.commit({"decision.dsse": room.mallory.blob(room.line("pam"))}))
    room.refused("REM023")
