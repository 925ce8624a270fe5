"""Signing by a program: a hardware token, a key service, a vault.

A key file may be JSON instead of a key, ``{"format": "handrail.sign-command/1", "public_key": HEX, "argv": […]}``,
with mode 0600 because it says what is run. The program gets the bytes to sign on standard input and writes the ed25519
signature to standard output, raw (64 bytes) or in base64. Whatever it says is verified before it is used.
"""

from __future__ import annotations

import base64
import binascii
import subprocess
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.base import Noun
from orchestrator.provenance import strict
from orchestrator.provenance.signing.keys import KeySigner, verifies

_TIMEOUT_SECONDS: Final = 120
_RAW_BYTES: Final = 64


class SignCommand(Noun):
    """What the file holds. ``argv`` begins with the program's absolute path."""

    format: Literal["handrail.sign-command/1"] = "handrail.sign-command/1"
    public_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    argv: tuple[str, ...] = Field(min_length=1)


class CommandSigner(KeySigner):
    """A :class:`~orchestrator.ports.Signer` that runs a program for each signature. No shell is involved."""

    def __init__(self, command: SignCommand) -> None:
        super().__init__(command.public_key)
        self._argv = command.argv

    def sign_message(self, message: bytes) -> bytes:
        """Raises ``UsageError`` KEY015 when the program fails, is too slow, or signs with another key."""
        try:
            done = subprocess.run(  # noqa: S603  the user's own program, named in a private file
                self._argv, input=message, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired, ValueError):
            raise self._failed("could not be run") from None
        if done.returncode:
            raise self._failed(f"ended with {done.returncode}")
        signature = done.stdout if len(done.stdout) == _RAW_BYTES else _decoded(done.stdout)
        if not verifies(self.public_key, signature, message):
            raise self._failed("gave no signature by its key")
        return signature

    def _failed(self, why: str) -> UsageError:
        return UsageError("KEY015", f"The sign command {self._argv[0]} {why}.", "try it by hand: it reads stdin")


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        return b""


def parse(data: bytes, path: Path) -> CommandSigner:
    """Raises ``UsageError`` KEY009 for content of another shape."""
    try:
        command = SignCommand.model_validate(strict.parse(data, "a sign command"))
    except (ValidationError, EvidenceInvalid):
        command = None
    if command is None or not Path(command.argv[0]).is_absolute():
        raise UsageError("KEY009", f"{path} is no sign command.", "name a program by its absolute path")
    return CommandSigner(command)
