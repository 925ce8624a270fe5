"""Logs and bundles that were cut, reordered, mangled or doubled."""

from pathlib import Path

import pytest
from provenance_support import NOW, World, codes

from orchestrator.models.ids import canonical
from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import bundle, log
from orchestrator.provenance.predicates import statements
from orchestrator.provenance.roots.trust import TrustStore


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def damaged(world: World, files: dict[str, bytes]) -> set[str]:
    world.publish(files)
    return codes(world.verify()) - {"EVID053"}


def two_batches(world: World) -> dict[str, bytes]:
    lines = list(world.lines.values())
    return world.log_files(lines[:3], lines[3:])


def test_a_log_of_two_batches_verifies(world: World):
    assert damaged(world, two_batches(world)) == set()


def second(files) -> str:
    return max(p for p in files if p.startswith("log/"))


def test_a_bundle_cut_away(world: World):
    files = two_batches(world)
    del files[second(files)]
    assert damaged(world, files) == {"EVID031"}


def test_bundles_that_change_places(world: World):
    files = two_batches(world)
    one, two = log.bundle_path(0), second(files)
    assert damaged(world, {**files, one: files[two], two: files[one]}) <= {"EVID031", "EVID033"}


def test_lines_that_change_places_within_a_bundle(world: World):
    files = two_batches(world)
    lines = dsse.lines_of(files[log.bundle_path(0)])
    assert damaged(world, {**files, log.bundle_path(0): b"".join(lines[::-1])}) == {"EVID033"}


def test_a_line_taken_out_of_a_bundle(world: World):
    files = two_batches(world)
    lines = dsse.lines_of(files[second(files)])
    assert damaged(world, {**files, second(files): b"".join(lines[:-1])}) == {"EVID031"}


def test_a_file_that_nobody_logged(world: World):
    assert damaged(world, {**two_batches(world), "log/00000/000000099.intoto.jsonl": b""}) == {"EVID032"}


def test_a_log_without_its_head(world: World):
    files = two_batches(world)
    del files[log.HEAD]
    assert damaged(world, files) == {"EVID030"}


def test_a_cut_tail_with_its_older_head_is_found_by_who_has_seen_the_newer(world: World, tmp_path: Path):
    lines = list(world.lines.values())
    older = world.log_files(lines)
    newer = {**older, **log.append(older, [world.sealed(world.decision("ben"), "ben")], world.keys["runner"])}
    store = TrustStore(tmp_path / "config" / "trust.json")
    world.publish(newer)
    assert codes(world.verify(trust=store)) == set()
    world.publish(older)
    assert codes(world.verify(trust=store)) == {"EVID034"}
    assert codes(world.verify()) == set()


def test_a_log_that_vanished(world: World, tmp_path: Path):
    store = TrustStore(tmp_path / "config" / "trust.json")
    world.publish()
    world.verify(trust=store)
    world.repo.git("update-ref", "-d", log.branch(world.keys["runner"].keyid))
    assert codes(world.verify(trust=store, ref="refs/heads/topic")) == {"EVID035"}


def test_two_histories_of_one_writer(world: World):
    world.publish()
    other = world.log_files([world.lines["plan"]])
    world.repo.set_ref("refs/remotes/origin/handrail-evidence/" + world.keys["runner"].keyid[:16], other)
    assert codes(world.verify()) == {"EVID034"}


def test_an_older_copy_on_a_remote_is_no_contradiction(world: World):
    files = two_batches(world)
    lines = list(world.lines.values())
    world.publish(files)
    remote = "refs/remotes/origin/handrail-evidence/" + world.keys["runner"].keyid[:16]
    world.repo.set_ref(remote, world.log_files(lines[:3]))
    assert codes(world.verify()) == set()


def test_a_strangers_branch_is_noted_and_not_read(world: World):
    world.publish()
    world.publish({"junk": b"\x00"}, "stranger")
    found = world.verify()
    assert codes(found) == set()
    assert any("does not name" in n for n in found.notes)


def test_a_log_under_another_writers_name(world: World):
    world.publish(world.log_files(), "ci")
    assert codes(world.verify(ref="refs/heads/topic")) == {"EVID030"}


def mangled(world: World, payload: bytes) -> set[str]:
    world.lines["extra"] = dsse.seal(payload, [world.keys["runner"]])
    world.publish()
    return codes(world.verify())


def test_payloads_that_are_signed_and_still_refused(world: World):
    import json

    good = statements.build(world.gate("ruff"))
    assert mangled(world, json.dumps(json.loads(good), indent=1).encode()) == {"EVID006"}
    assert mangled(world, good[:-1] + b',"subject":[]}') == {"EVID003"}
    assert mangled(world, b"[" * 5000) == {"EVID002"}
    assert mangled(world, canonical({**json.loads(good), "extra": 1})) == {"EVID011"}
    assert mangled(world, canonical({**json.loads(good), "predicateType": "x"})) == {"EVID012"}
    assert mangled(world, canonical({**json.loads(good), "predicate": {}})) == {"EVID011"}
    assert mangled(world, b"7") == {"EVID012"}


def test_a_huge_line(world: World):
    world.lines["huge"] = b'{"payload":"' + b"A" * (5 * 1024 * 1024) + b'"}\n'
    world.publish()
    assert codes(world.verify()) == {"EVID001"}


def test_a_bundle_alone_is_enough(world: World):
    data = bundle.export_bundle(world.lines.values(), world.keys["runner"], NOW)
    found = world.verify(bundle=data)
    assert found.verdict is Verified.VERIFIED


def test_a_bundle_with_a_line_less_more_or_elsewhere(world: World):
    first, *lines = dsse.lines_of(bundle.export_bundle(world.lines.values(), world.keys["runner"], NOW))
    for wrong in (lines[:-1], [*lines, lines[0]], lines[::-1], [*lines[:-1], lines[-1][:-1]]):
        found = world.verify(bundle=first + b"".join(wrong), ref="refs/heads/topic")
        assert codes(found) == {"EVID036"}
    stranger = bundle.export_bundle(world.lines.values(), world.keys["stranger"], NOW)
    assert codes(world.verify(bundle=stranger, ref="refs/heads/topic")) == {"EVID009"}
    assert codes(world.verify(bundle=b"", ref="refs/heads/topic")) == {"EVID006"}
