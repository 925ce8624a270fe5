import base64
import json

import pytest

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import canonical
from orchestrator.provenance import dsse
from orchestrator.provenance.signing.keys import generate_key

PAYLOAD = b'{"a":1}'


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return [generate_key(folder / name, name) for name in ("ana", "ben")]


@pytest.fixture(scope="module")
def keys(signers):
    return {s.keyid: s.public_key for s in signers}


def code(line: bytes, keys, **kwargs) -> str:
    with pytest.raises(EvidenceInvalid) as caught:
        dsse.open_line(line, keys, **kwargs)
    return caught.value.code


def envelope(signers, payload: bytes = PAYLOAD) -> dict:
    return json.loads(dsse.seal(payload, signers))


def line_of(value: object) -> bytes:
    return canonical(value) + b"\n"


def test_what_is_sealed_opens(signers, keys):
    opened = dsse.open_line(dsse.seal(PAYLOAD, signers), keys)
    assert opened.payload == PAYLOAD
    assert opened.keyids == tuple(sorted(keys))
    assert opened.unknown == ()


def test_the_order_of_signers_does_not_matter(signers):
    assert dsse.seal(PAYLOAD, signers) == dsse.seal(PAYLOAD, signers[::-1])


@pytest.mark.slow
def test_every_single_byte_change_is_found(signers, keys):
    line = dsse.seal(b"{}", signers[:1])
    seen = set()
    for i in range(len(line)):
        for byte in {*range(32, 127), *(line[i] ^ 1 << bit for bit in range(8))} - {line[i]}:
            seen.add(code(line[:i] + bytes([byte]) + line[i + 1 :], keys))
    assert {"EVID002", "EVID004", "EVID005", "EVID006", "EVID007", "EVID008", "EVID009"} <= seen


def test_every_cut_and_every_doubled_byte_is_found(signers, keys):
    line = dsse.seal(b"{}", signers[:1])
    for i in range(len(line)):
        assert code(line[:i] + line[i + 1 :], keys)
        assert code(line[:i], keys)
        assert code(line[: i + 1] + line[i:], keys)


def test_a_last_character_of_base64_that_decodes_alike_is_refused(signers, keys):
    value = envelope(signers[:1])
    sig = value["signatures"][0]["sig"]
    raw = base64.b64decode(sig)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twins = [sig[:-3] + c + "==" for c in alphabet if c != sig[-3] and base64.b64decode(sig[:-3] + c + "==") == raw]
    assert len(twins) == 15
    for twin in twins:
        value["signatures"][0]["sig"] = twin
        assert code(line_of(value), keys) == "EVID005"


def test_each_defect_has_its_name(signers, keys):
    good = dsse.seal(PAYLOAD, signers[:1])
    value = envelope(signers[:1])
    assert code(good[:-1], keys) == "EVID006"
    assert code(good + b"\n", keys) == "EVID006"
    assert code(b" " + good, keys) == "EVID006"
    assert code(json.dumps(value).encode() + b"\n", keys) == "EVID006"
    assert code(good.replace(b'{"payload"', b'{"payload":"","payload"'), keys) == "EVID003"
    assert code(line_of({**value, "extra": 1}), keys) == "EVID004"
    assert code(line_of({**value, "signatures": []}), keys) == "EVID004"
    assert code(line_of({**value, "signatures": "x"}), keys) == "EVID004"
    assert code(line_of({**value, "payload": 7}), keys) == "EVID004"
    assert code(line_of({**value, "payload": value["payload"] + "\n"}), keys) == "EVID005"
    assert code(line_of({**value, "payloadType": "text/plain"}), keys) == "EVID007"
    assert code(line_of({**value, "signatures": value["signatures"] * 2}), keys) == "EVID010"
    assert code(line_of({**value, "signatures": value["signatures"] * 65}), keys) == "EVID004"
    assert code(line_of([]), keys) == "EVID004"
    assert code(b"\n", keys) == "EVID002"
    assert code(b"\xff\xfe\n", keys) == "EVID002"
    assert code(b"NaN\n", keys) == "EVID002"


def test_huge_and_deep_input_is_refused_at_once(keys):
    assert code(b"[" * 3_000_000 + b"\n", keys) == "EVID002"
    assert code(b'{"a":' * 40 + b"1" + b"}" * 40 + b"\n", keys) == "EVID002"
    assert code(b'"' + b"x" * (5 * 1024 * 1024) + b'"\n', keys) == "EVID001"
    assert code(b"9" * 100_000 + b"\n", keys) == "EVID002"


def test_unsorted_signatures_are_refused(signers, keys):
    value = envelope(signers)
    value["signatures"].reverse()
    assert code(line_of(value), keys) == "EVID010"


def test_a_signature_by_a_stranger_is_reported_beside_a_known_one(signers, keys):
    line = dsse.seal(PAYLOAD, signers)
    known, stranger = sorted(keys)
    opened = dsse.open_line(line, {known: keys[known]})
    assert (opened.keyids, opened.unknown) == ((known,), (stranger,))
    assert code(line, {}) == "EVID009"


def test_one_bad_signature_spoils_a_good_one(signers, keys):
    value = envelope(signers)
    value["signatures"][1]["sig"] = value["signatures"][0]["sig"]
    assert code(line_of(value), keys) == "EVID008"


def test_a_key_that_is_not_what_its_id_says_does_not_verify(signers):
    ana, ben = signers
    assert code(dsse.seal(PAYLOAD, [ana]), {ana.keyid: ben.public_key}) == "EVID008"


def test_a_type_is_part_of_what_is_signed(signers, keys):
    value = json.loads(dsse.seal(PAYLOAD, signers[:1], "application/vnd.handrail.policy+json"))
    value["payloadType"] = "application/vnd.in-toto+json"
    assert code(line_of(value), keys) == "EVID008"


def test_sealing_needs_signers_and_each_once(signers):
    for wrong in ([], [signers[0], signers[0]]):
        with pytest.raises(ValueError, match="each by another key"):
            dsse.seal(PAYLOAD, wrong)
