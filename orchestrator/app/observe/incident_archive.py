"""The archive of an incident: packed with the digest of each file under a signature, and checked by whoever gets it."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from pydantic import ValidationError

from orchestrator.app.base import trust_store
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest, RunId, sha256
from orchestrator.models.run import Run

if TYPE_CHECKING:
    from orchestrator.ports import Signer

MANIFEST_TYPE: Final = "application/vnd.handrail.incident+json"
_MANIFEST, _SUMS, _README = "MANIFEST.dsse.json", "SHA256SUMS", "README.txt"
_MAX_BYTES: Final = 1 << 30
_MAX_FILES: Final = 20_000
_BAD: Final = "EVID070"


class File(Noun):
    """A file of the archive, by its path below the archive's one folder; ``size`` in bytes."""

    path: str
    size: int
    content: Digest


class Manifest(Noun):
    """What is signed. ``verdict`` is what ``verify`` said of the run; ``withheld`` is what could not be redacted."""

    format: Literal["handrail.incident/1"] = "handrail.incident/1"
    run: RunId
    repository: str
    verdict: str
    root: Digest
    redacted: dict[str, int]
    withheld: tuple[str, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Packed:
    """What the manifest says beside the files."""

    run: Run
    verdict: str
    root: str
    redacted: dict[str, int]
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """An archive whose files are those that its manifest names. ``by`` signed it; ``trust`` is of the root."""

    manifest: Manifest
    by: str
    keyid: str
    trust: str


def pack(files: Mapping[str, bytes], told: Packed, by: Signer) -> bytes:
    """The bytes of a ``.tar.gz``; the same files and key give the same bytes."""
    from orchestrator.provenance import dsse

    every = {**files, _README: _readme(told).encode()}
    every[_SUMS] = "".join(f"{_hex(every[path])}  {path}\n" for path in sorted(every)).encode()
    listed = tuple(File(path=p, size=len(every[p]), content=sha256(every[p])) for p in sorted(every))
    manifest = Manifest(
        run=told.run.id,
        repository=told.run.repository,
        verdict=told.verdict,
        root=Digest(told.root),
        redacted=told.redacted,
        withheld=told.withheld,
        files=listed,
    )
    every[_MANIFEST] = dsse.seal(manifest.to_bytes(), [by], MANIFEST_TYPE)
    return _tar(every, f"incident-{told.run.id}", int(told.run.updated_at.timestamp()))


def _hex(data: bytes) -> str:
    return sha256(data).removeprefix("sha256:")


def _tar(files: Mapping[str, bytes], folder: str, when: int) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files):
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size, member.mtime, member.mode = len(files[path]), when, 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    return gzip.compress(plain.getvalue(), mtime=0)


def check(data: bytes, root: Digest | None, *, allow_self_asserted: bool) -> Checked:
    """Every file, and the signature by a key of the policy in the archive, which must be the one that is trusted.

    Trusted is ``root``, else what this user has pinned for the repository. Raises ``EvidenceInvalid`` (EVID070 and
    those of an envelope or policy). NOT checked: that anything in it is true; the statements in it are for ``verify``.
    """
    from orchestrator.provenance import dsse
    from orchestrator.provenance.roots.root import read_chain

    files = _untar(data)
    policies = {f".handrail/{p.removeprefix('handrail/')}": d for p, d in files.items() if p.startswith("handrail/")}
    chain = read_chain(policies, None)
    opened = dsse.open_line(files.get(_MANIFEST, b""), chain.keys(), MANIFEST_TYPE)
    try:
        manifest = Manifest.model_validate_json(opened.payload)
    except ValidationError:
        raise _bad("its manifest does not have its shape") from None
    _compare(manifest, files)
    if manifest.root != chain.root_digest:
        raise _bad("its manifest names another root than its policy has")
    trust = _trust(manifest, root)
    if trust == "self-asserted" and not allow_self_asserted:
        hint = "--root sha256:… from somebody you trust, or --allow-self-asserted"
        raise EvidenceInvalid(
            "EVID071", "Nothing from outside says that this archive's own policy is to be trusted.", hint
        )
    names = {p.keyid: p.name for policy in chain.policies for p in policy.principals}
    return Checked(manifest, names[opened.keyids[0]], opened.keyids[0], trust)


def _trust(manifest: Manifest, root: Digest | None) -> str:
    wanted = root or trust_store().known(manifest.repository).root
    if wanted is None:
        return "self-asserted"
    if wanted != manifest.root:
        raise EvidenceInvalid("EVID072", f"The archive's root is {manifest.root}, not {wanted}.", "ask who sent it")
    return "pinned"


def _compare(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    named = {f.path: f for f in manifest.files}
    if len(named) != len(manifest.files) or named.keys() != files.keys() - {_MANIFEST}:
        odd = sorted(named.keys() ^ (files.keys() - {_MANIFEST}))
        raise _bad(f"its files are not those that its manifest names: {', '.join(odd[:5])}")
    wrong = [p for p, f in named.items() if (f.size, f.content) != (len(files[p]), sha256(files[p]))]
    if wrong:
        raise _bad(f"changed since it was signed: {', '.join(wrong[:5])}")


def _untar(data: bytes) -> dict[str, bytes]:
    """Path below the one folder → bytes. Hostile: plain files alone, each path once, a gibibyte and 20,000 in all."""
    found, left = dict[str, bytes](), _MAX_BYTES
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                name = "/".join(path.parts[1:])
                left -= member.size
                if not member.isreg() or not name or ".." in path.parts or name in found:
                    raise _bad("it holds something else than plain files, each once")
                if left < 0 or len(found) >= _MAX_FILES:
                    raise _bad("it is larger than any of ours")
                read = tar.extractfile(member)
                found[name] = read.read() if read else b""
    except (OSError, EOFError, tarfile.TarError, ValueError) as problem:
        raise _bad(f"it cannot be read ({type(problem).__name__})") from None
    return found


def _bad(why: str) -> EvidenceInvalid:
    return EvidenceInvalid(_BAD, f"This is no whole archive of an incident: {why}.", "ask who sent it for it again")


def _readme(told: Packed) -> str:
    run = told.run
    taken = ", ".join(f"{count} {kind}" for kind, count in told.redacted.items()) or "nothing"
    left = "".join(f"  {line}\n" for line in told.withheld) or "  nothing\n"
    return f"""{told.verdict}

Run {run.id} of repository {run.repository}, {run.status}, as of {run.updated_at:%Y-%m-%d %H:%M:%S} UTC.
The first line is what `handrail verify` said of its line when this was collected.

  report.html            for people; report.json: the same as data
  timeline.txt           every event and decision, a line each; events.jsonl: the events whole
  verify.json            what verify found
  configuration.json     by digest, what decided how the run went
  halts.json             orders to stop that stood
  evidence.intoto.jsonl  the signed statements about the run (missing when there are none)
  handrail/              policy and profile at the run's base, byte for byte

Taken out as secret, and replaced by [redacted]: {taken}.
Left out whole, because it is signed and holds something secret:
{left}
To check it
  sha256sum -c SHA256SUMS
      every file is as it was packed (says nothing of who packed it)
  handrail incident --check ARCHIVE --root {told.root}
      the same, and that a key of the policy signed it. Take the root from whoever runs the repository, not from here.
  handrail verify {run.run_ref} --base {run.base_commit} --bundle evidence.intoto.jsonl
      in a clone that has the commits: the statements, recomputed
"""
