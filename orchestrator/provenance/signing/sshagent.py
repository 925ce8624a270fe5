"""Signing by ssh-agent (draft-ietf-sshm-ssh-agent): the private key never enters this process.

An ed25519 signature by the agent is the plain one over the bytes that it is given, so an envelope signed through the
agent is the same as one signed from a file. A hardware key (``sk-ssh-ed25519``) signs other bytes and is refused.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Final

from orchestrator.errors import UsageError
from orchestrator.provenance.signing.keys import KeySigner, verifies

from . import sshkey

VARIABLE: Final = "SSH_AUTH_SOCK"
_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14
_TIMEOUT_SECONDS: Final = 120
_CAP_BYTES: Final = 256 * 1024


class AgentSigner(KeySigner):
    """A :class:`~orchestrator.ports.Signer` by the agent at ``SSH_AUTH_SOCK``. The agent may ask its user first."""

    def sign_message(self, message: bytes) -> bytes:
        """Raises ``UsageError`` KEY013 without an agent, KEY014 when it does not sign."""
        body = sshkey.packed(sshkey.blob_of(self.public_key)) + sshkey.packed(message) + struct.pack(">I", 0)
        kind, answer = _ask(_SIGN, body)
        signature = _signature(answer) if kind == _SIGNED else b""
        if not verifies(self.public_key, signature, message):
            raise UsageError(
                "KEY014", f"ssh-agent did not sign with {sshkey.fingerprint(self.public_key)}.", "ssh-add -l; ssh-add"
            )
        return signature


def held() -> tuple[tuple[str, str], ...]:
    """(public key in hex, comment) of the ed25519 keys that the agent holds. Raises ``UsageError`` KEY013."""
    kind, answer = _ask(_LIST, b"")
    try:
        parts = list(sshkey.unpacked(answer[4:])) if kind == _LISTED else []
    except ValueError:
        parts = []
    pairs = zip(parts[::2], parts[1::2], strict=False)
    return tuple((key, c.decode(errors="replace")) for blob, c in pairs if (key := sshkey.key_of(blob)) is not None)


def _signature(answer: bytes) -> bytes:
    try:
        (blob,) = sshkey.unpacked(answer)
        kind, signature = sshkey.unpacked(blob)
    except ValueError:
        return b""
    return signature if kind == sshkey.TYPE else b""


def _ask(kind: int, body: bytes) -> tuple[int, bytes]:
    where = os.environ.get(VARIABLE, "")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as pipe:
            pipe.settimeout(_TIMEOUT_SECONDS)
            pipe.connect(where)
            pipe.sendall(sshkey.packed(bytes([kind]) + body))
            (size,) = struct.unpack(">I", _exactly(pipe, 4))
            answer = _exactly(pipe, size) if 1 <= size <= _CAP_BYTES else b"\0"
    except (OSError, ValueError, EOFError):
        raise UsageError("KEY013", "No ssh-agent answers here.", 'eval "$(ssh-agent)"; ssh-add') from None
    return answer[0], answer[1:]


def _exactly(pipe: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = pipe.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
