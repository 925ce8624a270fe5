"""An in-toto layout and links for plain ``in-toto-verify``: generated from the statements, and no second truth.

Per commit three steps: ``NNN-change`` turns the parent's tree into the commit's, ``NNN-checks`` says that gates and
acceptance held for that tree, ``NNN-approval-N`` that the N-th person approved it; a tree is the artifact ``tree`` with
its SHA-256 manifest. The last step names the files of the head, and an inspection compares them with those in the
working folder. What the evidence does not hold has no link, and then ``in-toto-verify`` fails.

Layout and links are signed by whoever exports: they are that key's word on statements whose own signatures it checked.
NOT seen by ``in-toto-verify``: those signatures, the policy's roles, the logs; modes, symbolic links and submodules;
names that in-toto leaves out by itself (``*.link*``, ``.git``, ``*.pyc``, ``*~``).
"""

from __future__ import annotations

import base64
import glob
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from typing import Any, Final

from orchestrator.models.attestation import PAYLOAD_TYPE, Signature
from orchestrator.models.ids import Digest, GitOid, canonical
from orchestrator.ports import Signer
from orchestrator.provenance import dsse

LAYOUT: Final = "root.layout"
KEY: Final = "exporter.pub"
FILES: Final = "files"
CHECKOUT: Final = "checkout"
TREE: Final = "tree"
_UNSEEN: Final = ("*.link*", ".git", "*.pyc", "*~")
_SHORT_ID: Final = 8
_SPKI_ED25519: Final = bytes.fromhex("302a300506032b6570032100")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Approved:
    """A person's approval; ``tree`` is the manifest of what was approved, which may be another one."""

    reviewer: str
    tree: Digest


@dataclass(frozen=True, slots=True)
class Told:
    """What the evidence of one commit holds. ``made`` is ``False`` where no statement covers the commit."""

    commit: GitOid
    parent: Digest
    tree: Digest
    made: bool
    checked: bool
    approvals: tuple[Approved, ...]
    wanted: int
    """How many persons must approve; 0 for a signed policy version, which needs no more than its own signatures."""


@dataclass(frozen=True, slots=True)
class Files:
    """Of the head: path → SHA-256 in hex of each plain file, and paths that in-toto cannot compare."""

    hashes: Mapping[str, str]
    uncompared: tuple[str, ...]


def export(told: Sequence[Told], files: Files, signer: Signer, now: datetime, until: datetime) -> dict[str, bytes]:
    """Name → bytes of the layout, its links, and the exporter's public key in PEM."""
    keyid, key = _key(signer.public_key)
    out = {LAYOUT: _signed(_layout(told, files, {keyid: key}, now, until), keyid, signer), KEY: _pem(signer.public_key)}
    for name, materials, products, said in _links(told, files):
        link: Json = {
            "_type": "link",
            "name": name,
            "materials": materials,
            "products": products,
            "byproducts": said,
            "command": [],
            "environment": {},
        }
        out[f"{name}.{keyid[:_SHORT_ID]}.link"] = _signed(link, keyid, signer)
    return out


def _key(public_key: str) -> tuple[str, Json]:
    """As securesystemslib names an ed25519 key: SHA-256 over its canonical JSON."""
    key = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public_key}}
    keyid = hashlib.sha256(canonical(key)).hexdigest()
    return keyid, {**key, "keyid": keyid}


def _pem(public_key: str) -> bytes:
    body = base64.b64encode(_SPKI_ED25519 + bytes.fromhex(public_key))
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"


def _signed(value: Json, keyid: str, signer: Signer) -> bytes:
    payload = canonical(value)
    return dsse.line_of(payload, PAYLOAD_TYPE, [Signature(keyid=keyid, sig=signer.sign(payload).sig)])


def _hash(digest: Digest) -> Json:
    return {TREE: {"sha256": digest.removeprefix("sha256:")}}


def _links(told: Sequence[Told], files: Files) -> Iterator[tuple[str, Json, Json, Json]]:
    for n, one in enumerate(told, start=1):
        about = {"commit": one.commit}
        if one.made:
            yield f"{n:03}-change", _hash(one.parent), _hash(one.tree), about
        if one.checked:
            yield f"{n:03}-checks", _hash(one.tree), _hash(one.tree), about
        for m, approval in enumerate(one.approvals[: one.wanted], start=1):
            seen = _hash(approval.tree)
            yield f"{n:03}-approval-{m}", seen, seen, {**about, "reviewer": approval.reviewer}
    if told:
        hashes = {path: {"sha256": digest} for path, digest in files.hashes.items()}
        yield FILES, _hash(told[-1].tree), hashes, {"commit": told[-1].commit}


def _layout(told: Sequence[Told], files: Files, keys: Json, now: datetime, until: datetime) -> Json:
    steps, before = list[Json](), ""
    for n, one in enumerate(told, start=1):
        names = [f"{n:03}-change"]
        if one.wanted:
            names += [f"{n:03}-checks", *(f"{n:03}-approval-{m}" for m in range(1, one.wanted + 1))]
        for name in names:
            steps.append(_step(name, before, [["REQUIRE", TREE], ["ALLOW", TREE], ["DISALLOW", "*"]], keys))
            before = name
    steps.append(_step(FILES, before, [["ALLOW", "*"]], keys))
    return {
        "_type": "layout",
        "steps": steps,
        "inspect": [_inspection(files)],
        "keys": keys,
        "expires": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        "readme": f"Made by `handrail evidence export --in-toto` on {now:%Y-%m-%d}; see docs/reference/evidence.md.",
    }


def _step(name: str, before: str, products: list[list[str]], keys: Json) -> Json:
    match = ["MATCH", TREE, "WITH", "PRODUCTS", "FROM", before] if before else ["ALLOW", TREE]
    return {
        "_type": "step",
        "name": name,
        "expected_materials": [["REQUIRE", TREE], match, ["DISALLOW", "*"]],
        "expected_products": products,
        "pubkeys": list(keys),
        "expected_command": [],
        "threshold": 1,
    }


def _inspection(files: Files) -> Json:
    compared = [path for path in files.hashes if not any(fnmatch(part, p) for part in path.split("/") for p in _UNSEEN)]
    return {
        "_type": "inspection",
        "name": CHECKOUT,
        "run": ["true"],
        "expected_materials": [
            *(["REQUIRE", path] for path in compared),
            ["MATCH", "*", "WITH", "PRODUCTS", "FROM", FILES],
            *(["ALLOW", glob.escape(path)] for path in files.uncompared),
            *(["ALLOW", glob.escape(path) + "/*"] for path in files.uncompared),
            ["DISALLOW", "*"],
        ],
        "expected_products": [["ALLOW", "*"]],
    }
