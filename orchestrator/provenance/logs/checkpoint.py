"""Checkpoints of a log (C2SP tlog-checkpoint) as signed notes (C2SP signed-note), and ``.tlog-proof`` files.

A checkpoint is three lines, origin, size and base64 root, then an empty line and a signature line by the log's own key:
``— <origin> base64(id || signature)``, where id is the first 4 bytes of SHA-256(origin || 0x0A || 0x01 || public key).
The origin names the whole key, ``handrail-evidence/<key id>``: two logs of one origin are two heads of one key. A
signed note is not a DSSE envelope: the key signs the text itself, which cannot be mistaken for an envelope's
``DSSEv1 …``.

NOT supported: extension lines and cosignatures of witnesses. Both are refused, not skipped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.ports import Signer
from orchestrator.provenance import strict
from orchestrator.provenance.signing.keys import keyid_of, verifies

from . import merkle

ORIGIN: Final = "handrail-evidence/"
PROOF_FORMAT: Final = "c2sp.org/tlog-proof@v1"

_ALGORITHM: Final = b"\x01"
_ID_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "
_TEXT: Final = re.compile(
    ORIGIN + r"(?P<writer>[0-9a-f]{64})\n(?P<size>0|[1-9][0-9]{0,14})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a writer said of its log: ``size`` lines under ``root``. ``note`` are the signed bytes, whole."""

    writer: str
    size: int
    root: bytes
    note: bytes


def _text(writer: str, size: int, root: bytes) -> str:
    return f"{ORIGIN}{writer}\n{size}\n{base64.b64encode(root).decode()}\n"


def _key_hash(origin: str, public_key: str) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + _ALGORITHM + bytes.fromhex(public_key)).digest()[:_ID_BYTES]


def sign(size: int, root: bytes, signer: Signer) -> Checkpoint:
    """A checkpoint by the log's own key."""
    text = _text(signer.keyid, size, root)
    origin = ORIGIN + signer.keyid
    blob = _key_hash(origin, signer.public_key) + signer.sign_message(text.encode())
    note = f"{text}\n{_DASH}{origin} {base64.b64encode(blob).decode()}\n"
    return Checkpoint(signer.keyid, size, root, note.encode())


def read(note: bytes, public_key: str) -> Checkpoint:
    """A checkpoint that the owner of ``public_key`` signed. Raises ``EvidenceInvalid`` EVID030, EVID008."""
    head, separator, signature = _decoded(note).partition("\n\n")
    found = _TEXT.fullmatch(head + "\n")
    if not separator or found is None or found["writer"] != keyid_of(public_key):
        raise strict.invalid("EVID030", "a checkpoint is not one of the writer whose log it heads")
    root = strict.unbase64(found["root"], "a checkpoint's root")
    origin = ORIGIN + found["writer"]
    start = f"{_DASH}{origin} "
    if not signature.startswith(start) or not signature.endswith("\n") or signature.count("\n") != 1:
        raise strict.invalid("EVID030", "a checkpoint does not carry exactly the signature of its log's key")
    blob = strict.unbase64(signature.removeprefix(start)[:-1], "a checkpoint's signature")
    if blob[:_ID_BYTES] != _key_hash(origin, public_key):
        raise strict.invalid("EVID030", "a checkpoint's signature names another key")
    if not verifies(public_key, blob[_ID_BYTES:], (head + "\n").encode()):
        raise strict.invalid("EVID008", f"the checkpoint of writer {found['writer'][:16]} does not verify")
    return Checkpoint(found["writer"], int(found["size"]), root, note)


def writer_of(note: bytes) -> str:
    """The key id that a note claims, before any signature is looked at. Raises ``EvidenceInvalid`` EVID030."""
    found = _TEXT.match(_decoded(note))
    if found is None:
        raise strict.invalid("EVID030", "this is no checkpoint of an evidence log")
    return found["writer"]


def _decoded(note: bytes) -> str:
    try:
        return note.decode()
    except UnicodeDecodeError:
        raise strict.invalid("EVID030", "a checkpoint is not UTF-8") from None


def split(notes: bytes) -> list[bytes]:
    """The checkpoints of a file that holds several, one behind the other, with an empty line between."""
    text = _decoded(notes)
    parts = re.split(r"(?m)^(?=" + ORIGIN + ")", text)
    if parts[0].strip():
        raise strict.invalid("EVID030", "a file of checkpoints begins with something else")
    return [part.rstrip("\n").encode() + b"\n" for part in parts[1:]]


def proof_file(index: int, leaves: Sequence[bytes], head: Checkpoint) -> bytes:
    """A ``.tlog-proof``: that leaf ``index`` stands under this checkpoint, to be checked with nothing else at hand."""
    rows = [base64.b64encode(h).decode() for h in merkle.inclusion_proof(index, leaves)]
    return "\n".join([PROOF_FORMAT, f"index {index}", *rows, "", ""]).encode() + head.note


def check_proof(data: bytes, line: bytes, public_key: str) -> Checkpoint:
    """The checkpoint under which a statement's line is proved to stand. Raises ``EvidenceInvalid`` EVID037."""
    head, _, note = data.partition(b"\n\n")
    first, *rows = _decoded(head).split("\n")
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,14})", rows[0]) if rows else None
    if first != PROOF_FORMAT or index is None:
        raise strict.invalid("EVID037", "this is no proof of inclusion")
    hashes = [strict.unbase64(row, "a proof's hash") for row in rows[1:]]
    found = read(note, public_key)
    if not merkle.includes(merkle.leaf_hash(line), int(index[1]), found.size, hashes, found.root):
        raise strict.invalid("EVID037", "the proof does not lead from this statement to the checkpoint's root")
    return found
