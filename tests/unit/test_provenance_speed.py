"""What was made fast says the same as what it stands for."""

import binascii
import gc
import uuid
from contextlib import suppress

import pytest

from orchestrator.errors import RepositoryError
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.ids import Digest, GitOid, sha256
from orchestrator.provenance import dsse
from orchestrator.provenance.dsse import _unbase64
from orchestrator.provenance.predicates import wire
from orchestrator.provenance.predicates.lines import _SPACE, _record_id
from orchestrator.provenance.verification import ranges
from orchestrator.provenance.verification.collecting import fewer_collections
from orchestrator.vcs.packs import Row, read_tree, write_tree

OID = "1" * 40


@pytest.mark.parametrize("ref", ["refs/heads/main", 'refs/heads/"\\', "refs/heads/\N{CYRILLIC SMALL LETTER A}\u2028"])
def test_a_changes_digest_is_that_of_its_noun(ref: str):
    identity = ChangeIdentity(target_ref=ref, tip=GitOid(OID), tree=GitOid("2" * 40), manifest=sha256(b"m"))
    assert wire.digest_of(identity) == identity.digest() == Digest(identity.digest())


def test_the_collector_is_as_before_also_after_an_error():
    before, inside = gc.get_threshold(), []
    with suppress(ValueError), fewer_collections():
        inside.append(gc.get_threshold())
        raise ValueError("x")
    assert inside[0][0] > before[0]
    assert gc.get_threshold() == before
    assert gc.isenabled()


ROWS = (Row("a", "100644", GitOid(OID)), Row("b", "40000", GitOid("2" * 40)), Row("b.c", "100755", GitOid(OID)))
RAW = bytes.fromhex(OID)


def test_a_tree_is_read_as_it_was_written():
    ordered = sorted(ROWS, key=lambda r: r.name + ("/" if r.mode == "40000" else ""))
    assert read_tree(write_tree(ROWS), 20) == tuple(ordered)
    assert read_tree(b"", 20) == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"100644 a\0" + RAW[:-1], "REPO011"),
        (b"100644 a\0" + RAW + b"x", "REPO011"),
        (b"x100644 a\0" + RAW, "REPO011"),
        (b"\0" + b"100644 a\0" + RAW, "REPO011"),
        (b"100644 a\0" + RAW + b"100644 a\0" + RAW, "REPO011"),
        (b"100644 b\0" + RAW + b"100644 a\0" + RAW, "REPO011"),
        (b"100644 a\0" + RAW + b"40000 a\0" + RAW, "REPO011"),
        (b"100600 a\0" + RAW, "REPO011"),
        (b"100644 \0" + RAW, "REPO010"),
        (b"100644 .git\0" + RAW, "REPO010"),
        (b"100644 a\nb\0" + RAW, "REPO010"),
        (b"100644 a\xff\0" + RAW, "REPO010"),
    ],
)
def test_a_tree_of_another_form_is_refused(data: bytes, code: str):
    with pytest.raises(RepositoryError) as caught:
        read_tree(data, 20)
    assert caught.value.code == code


def test_a_records_id_is_the_uuid_of_version_5():
    for n in range(64):
        assert _record_id(f"{OID} sha256:{n}") == str(uuid.uuid5(uuid.UUID(bytes=_SPACE), f"{OID} sha256:{n}"))


@pytest.mark.parametrize("size", range(7))
def test_of_a_text_in_base64_only_the_written_form_is_taken(size: int):
    written = binascii.b2a_base64(bytes(range(250, 250 + min(size, 6))) if size < 6 else b"\xff" * 48, newline=False)
    assert _unbase64(written) is not None
    digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n "
    for at in range(len(written)):
        for digit in digits:
            other = written[:at] + bytes([digit]) + written[at + 1 :]
            found = _unbase64(other)
            assert found is None or binascii.b2a_base64(found, newline=False) == other


@pytest.mark.parametrize("data", [b"", b"\n", b"a\n", b"a", b"a\rb\nc\x0b\x1c\n\x85d\r\n\n", "\u2028\n\u0085".encode()])
def test_lines_end_in_a_line_feed_and_in_nothing_else(data: bytes):
    *whole, rest = data.split(b"\n")
    assert (
        dsse.lines_of(data) == ranges.split_lines(data) == [line + b"\n" for line in whole] + ([rest] if rest else [])
    )


def test_statements_of_one_change_share_its_noun_and_no_other():
    parts = ("refs/heads/main", OID, "2" * 40, sha256(b"m"))
    assert wire.identity_of(*parts) is wire.identity_of(*parts)
    for at in range(len(parts)):
        other = (*parts[:at], parts[at] + "0", *parts[at + 1 :])
        assert wire.identity_of(*other) != wire.identity_of(*parts)
    for odd in (None, 1, True, ["a"], {"a": 1}):
        with pytest.raises((TypeError, ValueError)):
            wire.identity_of(odd, *parts[1:])  # type: ignore[arg-type]
