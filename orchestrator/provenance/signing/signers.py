"""Which signer a key file stands for: a private key, a public ``.pub`` whose key ssh-agent holds, or a sign command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestrator.errors import UsageError

from . import files, sshkey

if TYPE_CHECKING:
    from orchestrator.provenance.signing.keys import KeySigner

_CAP_BYTES: Final = 8192


def open_signer(path: Path) -> KeySigner:
    """Raises ``UsageError`` KEY002-006 (the file), KEY009 and KEY011 (content), KEY012 (another kind of SSH key)."""
    from . import keys, signcommand  # noqa: PLC0415  start-up

    public = _public(path)
    if public is not None:
        from orchestrator.provenance.signing.sshagent import AgentSigner  # noqa: PLC0415  start-up

        return AgentSigner(public)
    data = files.read_private(path, "KEY", _CAP_BYTES)
    return signcommand.parse(data, path) if data.lstrip().startswith(b"{") else keys.parse_key(data, path)


def _public(path: Path) -> str | None:
    """The key of an SSH public key file, which may be readable by all."""
    try:
        with path.open("rb") as file:
            data = file.read(_CAP_BYTES)
    except OSError:
        return None
    if not data.startswith((b"ssh-", b"sk-", b"ecdsa-")):
        return None
    return sshkey.parse_line(data.decode(errors="replace"))[0]


def read_any_public(path: Path) -> tuple[str, str]:
    """(public key in hex, name or comment) of a ``.pub`` of ours or OpenSSH's. Raises ``UsageError`` KEY002, KEY009."""
    from orchestrator.provenance.signing.keys import read_public  # noqa: PLC0415  start-up

    try:
        text = path.read_bytes()[:_CAP_BYTES].decode(errors="replace")
    except OSError as error:
        raise UsageError("KEY002", f"{path} cannot be read: {error.strerror}", "ask its owner for the .pub") from None
    if text.startswith(("ssh-", "sk-", "ecdsa-")):
        return sshkey.parse_line(text)
    found = read_public(path)
    return found.public_key, found.name
