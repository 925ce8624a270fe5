"""Makes the files of tests/vectors/provenance: run by hand when the wire form changes.

    PYTHONPATH=. python tests/integration/provenance_vectors.py

Each ``<name>.intoto.jsonl`` is a bundle, properly indexed, with one defect; ``<name>.gitbundle`` the repository that it
is about. ``<name>.log.json`` is a writer's log as path -> text. ``expected.json`` says what verify answers.
"""

import base64
import gzip
import json
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

from provenance_support import MAIN, NOW, World

from orchestrator.models.ids import canonical, sha256
from orchestrator.models.policy import Custody, Revocation, Role
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import bundle, checkpoint, log, merkle
from orchestrator.provenance.roots import root
from orchestrator.provenance.signing.keys import pae

FOLDER = Path(__file__).parents[1] / "vectors" / "provenance"


def raw_line(world: World, payload: bytes, who: str = "runner") -> bytes:
    signature = world.keys[who].sign_message(pae(payload, "application/vnd.in-toto+json"))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": world.keys[who].keyid, "sig": base64.b64encode(signature).decode()}],
    }
    return canonical(envelope) + b"\n"


class Maker:
    """Collects the files and what is expected of each."""

    def __init__(self) -> None:
        self.expected: dict[str, dict] = {}
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.iterdir():
            old.unlink()

    def bundle(self, name: str, world: World, lines, codes, *, cut: int = 0, head=None) -> None:
        data = bundle.export_bundle(lines, world.keys["runner"], NOW)
        if len(data) > 100_000:
            (FOLDER / f"{name}.intoto.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
        else:
            (FOLDER / f"{name}.intoto.jsonl").write_bytes(data[: len(data) - cut])
        world.repo.git("update-ref", "refs/heads/main", head or world.head)
        target = FOLDER / f"{name}.gitbundle"
        subprocess.run(["git", "bundle", "create", "-q", target, "HEAD", "main"], cwd=world.repo.path, check=True)
        first = {root.policy_path(1): world.files[root.policy_path(1)]}
        self.expected[name] = {
            "codes": sorted(codes),
            "root": root.read_chain(first, None).root_digest,
            "base": world.base,
            "ref": MAIN,
            "now": NOW.isoformat(),
        }

    def log(self, name: str, world: World, files, code: str) -> None:
        texts = {path: data.decode() for path, data in files.items()}
        (FOLDER / f"{name}.log.json").write_text(json.dumps(texts, indent=1) + "\n")
        self.expected[name] = {"code": code, "public_key": world.keys["runner"].public_key}


def main() -> None:  # noqa: PLR0915  a list of vectors
    make = Maker()
    with tempfile.TemporaryDirectory() as folder:
        counter = iter(range(100))

        def world(**values) -> World:
            return World(Path(tempfile.mkdtemp(dir=folder, prefix=str(next(counter)))), **values)

        w = world()
        good = list(w.lines.values())
        make.bundle("good", w, good, [])
        make.bundle("truncated-bundle", w, good, ["EVID036", "EVID053"], cut=40)
        make.bundle("missing-approval", w, [x for n, x in w.lines.items() if n != "decision"], ["EVID050"])
        payload = dsse.unpack(w.lines["ruff"]).payload
        rest = [x for n, x in w.lines.items() if n != "ruff"]
        spaced = json.dumps(json.loads(payload)).encode()
        make.bundle("re-serialised-payload", w, [*rest, raw_line(w, spaced)], ["EVID006", "EVID045"])
        doubled = payload.replace(b'{"_type"', b'{"_type":"x","_type"', 1)
        make.bundle("duplicate-json-keys", w, [*rest, raw_line(w, doubled)], ["EVID003", "EVID045"])
        deep = b'{"predicate":' + b"[" * 5000 + b"]" * 5000 + b"}"
        make.bundle("deep-json", w, [*good, raw_line(w, deep)], ["EVID002"])
        huge = b'{"predicate":"' + b"a" * (3 * 1024 * 1024) + b'"}'
        make.bundle("huge-json", w, [*good, raw_line(w, huge)], ["EVID001"])
        cyrillic = w.sealed(w.decision("\N{CYRILLIC SMALL LETTER A}na"), "ana")
        no_decision = [x for n, x in w.lines.items() if n != "decision"]
        make.bundle("unicode-look-alike-name", w, [*no_decision, cyrillic], ["EVID050"])
        hidden = w.sealed(w.decision("ana\N{RIGHT-TO-LEFT OVERRIDE}"), "ana")
        make.bundle("unicode-hidden-character-in-name", w, [*no_decision, hidden], ["EVID050"])
        machine = w.sealed(w.decision("ci"), "ci")
        make.bundle("wrong-role-key", w, [*no_decision, machine], ["EVID050"])
        early = w.sealed(w.decision(decided_at=NOW - timedelta(days=1)), "ana")
        make.bundle("approved-before-it-was-made", w, [*no_decision, early], ["EVID056"])
        back = w.sealed(w.change(finished_at=NOW - timedelta(days=1)), "runner")
        others = [x for n, x in w.lines.items() if n not in {"change", "lines"}]
        make.bundle("time-going-backwards", w, [*others, back], ["EVID056"])
        lying = w.lines_of(w.change(), w.lines["change"])
        wrong = lying.files[0].model_copy(
            update={"ranges": (lying.files[0].ranges[0].model_copy(update={"content": sha256(b"other")}),)}
        )
        lie = w.sealed(lying.model_copy(update={"files": (wrong,)}), "runner")
        make.bundle("lines-of-another-text", w, [x for n, x in w.lines.items() if n != "lines"] + [lie], ["EVID059"])
        forged = bytearray(w.lines["decision"])
        at = forged.index(b'"sig":"') + 10
        forged[at] = ord("A") if forged[at] != ord("A") else ord("B")
        make.bundle("forged-signature", w, [*no_decision, bytes(forged)], ["EVID008", "EVID050"])

        w = world()
        w.files["app.py"] = b"x = 3\n"
        later = w.repo.make_commit(w.repo.make_tree(w.files), (w.commit,))
        make.bundle("replayed-statement", w, w.lines.values(), ["EVID053"], head=later)

        w = world()
        w.files["app.py"] = b"import backdoor\n"
        other = w.repo.make_commit(w.repo.make_tree(w.files), (w.base,))
        claim = w.change(commit=other)
        swapped = [w.sealed(claim, "runner"), *[x for n, x in w.lines.items() if n not in {"change", "lines"}]]
        make.bundle("swapped-tree", w, swapped, ["EVID043"], head=other)

        w = world()
        second = w.policy(2, revoked=(Revocation(keyid=w.keys["ana"].keyid, since=NOW - timedelta(days=1)),))
        w.files |= root.sign_policy(second, [w.keys["root"]])
        head = w.repo.make_commit(w.repo.make_tree(w.files), (w.commit,))
        make.bundle("revoked-key", w, w.lines.values(), ["EVID050", "EVID052"], head=head)

        w = world()
        second = w.policy(2, roles={**w.policy().roles, "runner": Role(principals=("runner", "ci", "ben"))})
        w.files |= root.sign_policy(second, [w.keys["root"]])
        head = w.repo.make_commit(w.repo.make_tree(w.files), (w.commit,))
        change = w.sealed(w.change(custody=Custody.USER), "ben")
        rest = [x for n, x in w.lines.items() if n not in {"change", "lines"}]
        make.bundle("key-valid-later", w, [*rest, change], ["EVID040"], head=head)

        w = world()
        batch = [list(w.lines.values())[:4], list(w.lines.values())[4:]]
        files = w.log_files(*batch)
        make.log("good-log", w, files, "")
        head = checkpoint.read(files[log.HEAD], w.keys["runner"].public_key)
        make.log(
            "forged-checkpoint", w, {**files, log.HEAD: head.note.replace(b"\n%d\n" % head.size, b"\n1\n")}, "EVID008"
        )
        stranger = checkpoint.sign(head.size, head.root, w.keys["stranger"])
        make.log("checkpoint-of-another-writer", w, {**files, log.HEAD: stranger.note}, "EVID030")
        cut = {p: d for p, d in files.items() if not p.endswith("000000004.intoto.jsonl")}
        make.log("truncated-log", w, cut, "EVID031")
        lines = dsse.lines_of(files[log.bundle_path(0)])
        make.log("reordered-log", w, {**files, log.bundle_path(0): b"".join(lines[::-1])}, "EVID033")
        twin = w.log_files(batch[0], [w.sealed(w.decision("ben"), "ben"), *batch[1][1:]])
        make.log("two-logs-with-one-origin-a", w, files, "")
        make.log("two-logs-with-one-origin-b", w, twin, "")
        bad = log.dump_frontier(merkle.Frontier(1, [bytes(32)]))
        make.log("forged-frontier", w, {**files, log.FRONTIER: bad}, "EVID033")
    (FOLDER / "expected.json").write_text(json.dumps(make.expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
