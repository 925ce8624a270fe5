import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.base import canonical
from orchestrator.provenance import dsse, log, statements, strict
from orchestrator.provenance.keys import FileSigner, generate_key

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


KINDS = st.sampled_from([statements.PROVENANCE, statements.TEST_RESULT, statements.HUMAN_APPROVAL, "other"])


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
        files.update(log.append(files, batch, signer(), NOW))
    return files


BATCHES = st.lists(st.lists(st.binary(max_size=6).map(lambda b: b.hex().encode() + b"\n"), min_size=1, max_size=3),
                   min_size=1, max_size=6)  # fmt: skip


@steady
@given(BATCHES)
def test_a_log_gives_back_its_lines_in_order(batches):
    state = log.check(make_log(batches), keys(), signer().keyid[:16])
    assert list(state.lines) == [line for batch in batches for line in batch]
    assert state.count == len(batches)


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
        "rename": {**{p: d for p, d in files.items() if p != path}, "log/0000/009999.intoto.jsonl": old},
        "add": {**files, log.bundle_path(len(batches) + 1): old},
    }[kind]
    with pytest.raises(EvidenceInvalid):
        log.check(changed, keys(), signer().keyid[:16])


def test_ten_thousand_batches_lie_in_folders_of_a_thousand():
    paths = [log.bundle_path(n) for n in range(1, 10_001)]
    assert len(set(paths)) == 10_000
    folders = [p.rsplit("/", 1)[0] for p in paths]
    assert max(folders.count(f) for f in set(folders)) == 1000
    assert paths[0] == "log/0000/000001.intoto.jsonl"
    assert paths[1000] == "log/0001/001001.intoto.jsonl"


def test_a_log_is_never_continued_from_a_head_of_somebody_else(tmp_path: Path):
    other = generate_key(tmp_path / "o", "Ben")
    files = log.append({}, [b"x\n"], other, NOW)
    with pytest.raises(EvidenceInvalid):
        log.append(files, [b"y\n"], signer(), NOW)
    for wrong in ([], [b"x"], [b"a\nb\n"]):
        with pytest.raises(ValueError, match="only newline"):
            log.append({}, wrong, signer(), NOW)


def test_a_head_that_lies_about_its_writer_or_count():
    files = make_log([[b"x\n"]])
    head = json.loads(dsse.unpack(files[log.HEAD], log.LOG_TYPE).payload)
    for lie, code in (({"writer": "0" * 64}, "EVID030"), ({"count": 10**12}, "EVID031"), ({"count": 0}, "EVID030"),
                      ({"chain": "0" * 64}, "EVID033"), ({"extra": 1}, "EVID030")):  # fmt: skip
        sealed = dsse.seal(canonical({**head, **lie}), [signer()], log.LOG_TYPE)
        with pytest.raises(EvidenceInvalid) as caught:
            log.check({**files, log.HEAD: sealed}, keys(), signer().keyid[:16])
        assert caught.value.code == code
