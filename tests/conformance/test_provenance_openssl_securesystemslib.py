"""Our envelopes, read and written by two programs that we did not write."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from orchestrator.models.attestation import PAYLOAD_TYPE
from orchestrator.models.ids import canonical
from orchestrator.provenance import dsse
from orchestrator.provenance.signing.keys import generate_key, load_key, pae

PAYLOAD = b'{"hello":"w\xc3\xb6rld"}'


def public(signer) -> SSlibKey:
    return SSlibKey(signer.keyid, "ed25519", "ed25519", {"public": signer.public_key})


def test_securesystemslib_verifies_ours(tmp_path: Path):
    signer = generate_key(tmp_path / "k", "Ana")
    theirs = Envelope.from_dict(json.loads(dsse.seal(PAYLOAD, [signer])))
    assert theirs.pae() == pae(PAYLOAD, PAYLOAD_TYPE)
    assert theirs.verify([public(signer)], 1)
    theirs.payload += b" "
    with pytest.raises(VerificationError):
        theirs.verify([public(signer)], 1)


def test_ours_opens_what_securesystemslib_signs():
    signer = CryptoSigner.generate_ed25519()
    raw = signer.public_key.keyval["public"]
    from orchestrator.provenance.signing.keys import keyid_of

    keyid = keyid_of(raw)
    signer.public_key.keyid = keyid
    envelope = Envelope(PAYLOAD, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    opened = dsse.open_line(canonical(envelope.to_dict()) + b"\n", {keyid: raw})
    assert opened.payload == PAYLOAD


def openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *arguments], capture_output=True, check=False)


def test_openssl_verifies_ours_and_refuses_another(tmp_path: Path):
    signer = generate_key(tmp_path / "k", "Ana")
    value = json.loads(dsse.seal(PAYLOAD, [signer]))
    kind, body = value["payloadType"].encode(), base64.b64decode(value["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
    (tmp_path / "sig").write_bytes(base64.b64decode(value["signatures"][0]["sig"]))
    assert openssl("pkey", "-in", str(tmp_path / "k"), "-pubout", "-out", str(tmp_path / "p")).returncode == 0
    check = ("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(tmp_path / "p"), "-sigfile", str(tmp_path / "sig"))
    (tmp_path / "m").write_bytes(message)
    assert openssl(*check, "-in", str(tmp_path / "m")).returncode == 0
    (tmp_path / "m").write_bytes(message + b".")
    assert openssl(*check, "-in", str(tmp_path / "m")).returncode != 0


def test_a_key_that_openssl_made_signs_for_us(tmp_path: Path):
    path = tmp_path / "k"
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", str(path)).returncode == 0
    path.chmod(0o600)
    signer = load_key(path)
    assert dsse.open_line(dsse.seal(PAYLOAD, [signer]), {signer.keyid: signer.public_key}).payload == PAYLOAD
