import base64
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import canonical
from orchestrator.provenance import dsse, strict
from orchestrator.provenance.logs import checkpoint, log, merkle
from orchestrator.provenance.predicates import statements, wire
from orchestrator.provenance.signing.keys import FileSigner, generate_key

steady = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@cache
def signer() -> FileSigner:
    with TemporaryDirectory() as folder:
        return generate_key(Path(folder) / "k", "Ana")


def keys() -> dict[str, str]:
    return {signer().keyid: signer().public_key}


@steady
@given(st.binary(max_size=300))
def test_any_payload_comes_back(payload: bytes):
    assert dsse.open_line(dsse.seal(payload, [signer()]), keys()).payload == payload


@steady
@given(st.binary(max_size=400))
def test_no_bytes_crash_the_parser(data: bytes):
    with pytest.raises(EvidenceInvalid):
        dsse.open_line(data + b"\n", keys())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@steady
@given(JSON)
def test_strict_parsing_is_the_inverse_of_canonical(value):
    try:
        data = canonical(value)
    except UnicodeEncodeError:
        return
    assert strict.parse_canonical(data, "x") == value


KINDS = st.sampled_from([wire.PROVENANCE, wire.TEST_RESULT, wire.HUMAN_APPROVAL, wire.LINES, wire.RUN_MONITOR, "other"])


@steady
@given(KINDS, JSON, JSON)
def test_a_signed_statement_of_any_shape_is_read_or_refused(kind: str, subject, predicate):
    value = {"_type": "https://in-toto.io/Statement/v1", "predicateType": kind, "subject": subject}
    try:
        payload = canonical({**value, "predicate": predicate})
    except UnicodeEncodeError:
        return
    with pytest.raises(EvidenceInvalid):
        statements.read(payload)


def make_log(batches: list[list[bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for batch in batches:
        files.update(log.append(files, batch, signer()))
    return files


BATCHES = st.lists(st.lists(st.binary(max_size=6).map(lambda b: b.hex().encode() + b"\n"), min_size=1, max_size=3),
                   min_size=1, max_size=6)  # fmt: skip


@steady
@given(BATCHES)
def test_a_log_gives_back_its_lines_in_order(batches):
    state = log.check(make_log(batches), signer().public_key)
    assert list(state.lines) == [line for batch in batches for line in batch]
    assert state.size == sum(map(len, batches))


@steady
@given(BATCHES, st.data())
def test_any_damage_to_a_log_is_found(batches, data):
    files = make_log(batches)
    path = data.draw(st.sampled_from(sorted(files)))
    kind = data.draw(st.sampled_from(["drop", "flip", "cut", "grow", "rename", "add"]))
    old = files[path]
    at = data.draw(st.integers(0, len(old) - 1))
    changed = {
        "drop": {p: d for p, d in files.items() if p != path},
        "flip": {**files, path: old[:at] + bytes([old[at] ^ 1]) + old[at + 1 :]},
        "cut": {**files, path: old[:at]},
        "grow": {**files, path: old + b"\n"},
        "rename": {**{p: d for p, d in files.items() if p != path}, "log/00000/000009999.intoto.jsonl": old},
        "add": {**files, log.bundle_path(sum(map(len, batches))): old},
    }[kind]
    with pytest.raises(EvidenceInvalid):
        log.check(changed, signer().public_key)


def test_batches_lie_in_folders_by_the_index_of_their_first_line():
    assert log.bundle_path(0) == "log/00000/000000000.intoto.jsonl"
    assert log.bundle_path(123_456) == "log/00012/000123456.intoto.jsonl"


def test_a_log_is_never_continued_from_a_head_of_somebody_else(tmp_path: Path):
    other = generate_key(tmp_path / "o", "Ben")
    files = log.append({}, [b"x\n"], other)
    with pytest.raises(EvidenceInvalid):
        log.append(files, [b"y\n"], signer())
    for wrong in ([], [b"x"], [b"a\nb\n"]):
        with pytest.raises(ValueError, match="only newline"):
            log.append({}, wrong, signer())


def test_a_head_that_lies_about_its_writer_or_size(tmp_path: Path):
    files = make_log([[b"x\n"]])
    root = merkle.root([merkle.leaf_hash(b"x\n")])
    other = generate_key(tmp_path / "o", "Ben")
    lies = (
        (checkpoint.sign(1, root, other), "EVID030"),
        (checkpoint.sign(10**12, root, signer()), "EVID031"),
        (checkpoint.sign(0, root, signer()), "EVID032"),
        (checkpoint.sign(1, bytes(32), signer()), "EVID033"),
    )
    for lie, code in lies:
        with pytest.raises(EvidenceInvalid) as caught:
            log.check({**files, log.HEAD: lie.note}, signer().public_key)
        assert caught.value.code == code
    with pytest.raises(EvidenceInvalid) as caught:
        log.check({**files, log.HEAD: files[log.HEAD].replace(b"\n\n", b"\nmore\n\n")}, signer().public_key)
    assert caught.value.code == "EVID030"


@steady
@given(BATCHES, st.data())
def test_proofs_of_inclusion_and_consistency_hold_for_every_size_and_for_nothing_else(batches, data):
    state = log.check(make_log(batches), signer().public_key)
    leaves = state.leaves()
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = checkpoint.proof_file(index, leaves, state.head)
    assert checkpoint.check_proof(proof, state.lines[index], signer().public_key) == state.head
    with pytest.raises(EvidenceInvalid):
        checkpoint.check_proof(proof, state.lines[index] + b" ", signer().public_key)
    old = data.draw(st.integers(1, len(leaves)))
    path = merkle.consistency_proof(old, leaves)
    old_root, new_root = merkle.root(leaves[:old]), state.head.root
    assert state.root_at(old) == old_root
    assert merkle.continues(old, len(leaves), path, old_root, new_root)
    assert not merkle.continues(old, len(leaves), path, bytes(32), new_root)
    assert not merkle.continues(old, len(leaves), path, old_root, bytes(32))
    assert not merkle.continues(old, len(leaves), [*path, bytes(32)], old_root, new_root)


@steady
@given(BATCHES, st.data())
def test_the_rest_of_a_log_continues_from_a_frontier(batches, data):
    files = make_log(batches)
    whole = log.check(files, signer().public_key)
    cut = data.draw(st.integers(0, len(batches)))
    before = log.check(make_log(batches[:cut]), signer().public_key).frontier if cut else None
    since = log.bundle_path(before.size if before else 0)
    later = {p: d for p, d in files.items() if "/" not in p or p >= since}
    state = log.check(later, signer().public_key, before)
    assert state.lines == whole.lines[state.start :]
    assert state.frontier == whole.frontier


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_the_fast_comparison_takes_the_canonical_bytes_and_no_others(value):
    try:
        whole = canonical(value)
    except ValueError:
        assert not strict.is_written(value, b"x")
        return
    assert strict.is_written(value, whole)
    assert not strict.is_written(value, whole + b" ")


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@steady
@given(st.binary(max_size=30), st.integers(0, 63), st.sampled_from(["last", "pad", "space", "split"]))
def test_a_payload_has_one_base64_form(payload: bytes, digit: int, how: str):
    """Of all texts that decode to a payload only the one that was sealed is taken."""
    line = dsse.seal(payload, [signer()])
    encoded = base64.b64encode(payload)
    end = len(encoded.rstrip(b"=")) - 1
    other = {
        "last": encoded[: max(end, 0)] + BASE64[digit].encode() + encoded[end + 1 :],
        "pad": encoded + b"=",
        "space": encoded[:2] + b"\\n" + encoded[2:],
        "split": encoded + encoded[-4:] if encoded.endswith(b"=") else encoded + b"====",
    }[how]
    changed = line.replace(b'"payload":"' + encoded + b'"', b'"payload":"' + other + b'"')
    if other == encoded:
        assert dsse.unpack(changed).payload == payload
        return
    with pytest.raises(EvidenceInvalid):
        dsse.open_line(changed, keys())
