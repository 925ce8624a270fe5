#!/usr/bin/env python3
"""A second opinion on Handrail's evidence, to be read by an auditor. It shares no code with Handrail.

    python3 verify.py REPOSITORY --root sha256:... [--base COMMIT] [--head COMMIT] [--bundle FILE]

Needs Python 3.8 or newer, `git`, and `openssl` 3 (which checks every signature). Nothing else is trusted but the
digest of the root, which you get from the maintainers over another channel. Exit 0: every commit from base to head is
covered; 9: something is not; 2: wrong call.

What it does, in the order of the code:

1. reads the policy versions in `.handrail/policy/` of a commit, and checks that version 1 has the root digest and that
   each version is signed by the root threshold of the version before it;
2. reads every writer's log in the branches `handrail-evidence/*` (or one exported bundle), and checks that the signed
   checkpoint is over exactly these lines (a Merkle tree as in RFC 6962);
3. checks the signature of every statement (DSSE: `DSSEv1 len type len payload`, ed25519);
4. for every commit: a statement by a key with the role `runner` names this commit, its parent and its tree; every gate
   that the policy in force at the parent asks for passed on this tree; acceptance passed; enough reviewers approved
   exactly this tree, and the plan, and not its author alone; findings that a person must lift were lifted.

What it does NOT do: read texts, check the statements of single lines, remember what it saw last time, or compare the
strict form of each byte (Handrail's own `verify` refuses another serialisation of the same content; this one may not).
"""

import argparse
import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile

SPKI = bytes.fromhex("302a300506032b6570032100")  # what comes before a raw ed25519 key in DER
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PROVENANCE = "https://slsa.dev/provenance/v1"
APPROVAL = "urn:handrail:human-approval:0.1"


class Refused(Exception):
    pass


def git(repo, *args):
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_NO_LAZY_FETCH": "1",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
    }
    quiet = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    done = subprocess.run(["git", "-C", repo, *quiet, *args], capture_output=True, env=env)
    if done.returncode:
        raise Refused("git " + args[0] + ": " + done.stderr.decode(errors="replace").strip())
    return done.stdout


def signed_by(public_key, message, signature):
    """Asks openssl, so that no cryptography of ours is believed."""
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        key = base64.b64encode(SPKI + bytes.fromhex(public_key)).decode()
        pem = "-----BEGIN PUBLIC KEY-----\n" + key + "\n-----END PUBLIC KEY-----\n"
        for name, data in (("key", pem.encode()), ("message", message), ("signature", signature)):
            names[name] = os.path.join(folder, name)
            with open(names[name], "wb") as file:
                file.write(data)
        call = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-rawin",
            "-pubin",
            "-inkey",
            names["key"],
            "-in",
            names["message"],
            "-sigfile",
            names["signature"],
        ]
        return subprocess.run(call, capture_output=True).returncode == 0


def once(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Refused("a JSON key stands twice")
    return out


def parse(data):
    try:
        return json.loads(data, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Refused("not JSON: " + str(error))


def open_envelope(line, keys, kind="application/vnd.in-toto+json"):
    """(payload, ids of the known keys that signed). `keys`: id -> public key in hex."""
    envelope = parse(line)
    payload = base64.b64decode(envelope["payload"], validate=True)
    if envelope["payloadType"] != kind:
        raise Refused("a payload of type " + envelope["payloadType"])
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signers = set()
    for signature in envelope["signatures"]:
        keyid = signature["keyid"]
        if keyid in keys:
            if not signed_by(keys[keyid], message, base64.b64decode(signature["sig"], validate=True)):
                raise Refused("a signature by " + keyid[:16] + " does not verify")
            signers.add(keyid)
    return payload, signers


# 1. The policy -------------------------------------------------------------------------------------------------------


def names_in(policy, role, keyids):
    held = policy["roles"].get(role, {"principals": []})["principals"]
    return {p["name"] for p in policy["principals"] if p["keyid"] in keyids and p["name"] in held}


def key_table(policies):
    table = {}
    for policy in policies:
        for who in policy["principals"]:
            if hashlib.sha256(bytes.fromhex(who["public_key"])).hexdigest() != who["keyid"]:
                raise Refused("a key id in the policy is not the digest of its key")
            table[who["keyid"]] = who["public_key"]
    return table


def read_policies(repo, commit, root):
    listed = git(repo, "ls-tree", "-r", "-z", "--name-only", commit, "--", ".handrail/policy/").decode().split("\0")
    count = len([name for name in listed if name])
    policies = []
    for number in range(1, count + 1):
        line = git(repo, "cat-file", "blob", "%s:.handrail/policy/%04d.json" % (commit, number))
        unverified = base64.b64decode(parse(line)["payload"], validate=True)
        policy = parse(unverified)
        if policy["version"] != number:
            raise Refused("policy versions do not count 1, 2, 3")
        if number == 1 and "sha256:" + hashlib.sha256(unverified).hexdigest() != root:
            raise Refused("the root of trust is another one")
        before = policies[-1] if policies else policy
        _, signers = open_envelope(line, key_table([before, policy]), "application/vnd.handrail.policy+json")
        if len(names_in(before, "root", signers)) < before["roles"]["root"]["threshold"]:
            raise Refused("policy version %d is not signed by the root threshold before it" % number)
        policies.append(policy)
    return policies


# 2. The logs ---------------------------------------------------------------------------------------------------------


def tree_hash(leaves):
    if len(leaves) == 1:
        return leaves[0]
    if not leaves:
        return hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:])).digest()


def check_log(ref, files, keys):
    head, _, signature = files["checkpoint"].decode().partition("\n\n")
    origin, size, root = head.split("\n")
    keyid = origin[len("handrail-evidence/") :]
    if keyid not in keys:
        raise Refused(ref + " is headed by a writer whom the policy does not name")
    blob = base64.b64decode(signature.rstrip("\n").rpartition(" ")[2], validate=True)
    if not signed_by(keys[keyid], (head + "\n").encode(), blob[4:]):
        raise Refused("the checkpoint of " + ref + " does not verify")
    lines = [line for path in sorted(files) if path.startswith("log/") for line in files[path].splitlines(True)]
    hashed = base64.b64encode(tree_hash([hashlib.sha256(b"\x00" + line).digest() for line in lines])).decode()
    if str(len(lines)) != size or hashed != root:
        raise Refused(ref + " is not the log that its checkpoint signs")
    return lines


def read_lines(repo, keys, bundle, say):
    if bundle:
        with open(bundle, "rb") as file:
            first, *lines = file.read().splitlines(True)
        payload, signers = open_envelope(first, keys, "application/vnd.handrail.index+json")
        if not signers or parse(payload)["lines"] != ["sha256:" + hashlib.sha256(x).hexdigest() for x in lines]:
            raise Refused("the bundle's lines are not those that its signed index names")
        return lines
    lines = []
    for ref in git(repo, "for-each-ref", "--format=%(refname)").decode().split():
        if "/handrail-evidence/" not in ref:
            continue
        if not any(keyid.startswith(ref.rpartition("/")[2]) for keyid in keys):
            say("note: " + ref + " is by a writer whom the policy does not name, and was not read")
            continue
        names = git(repo, "ls-tree", "-r", "-z", "--name-only", ref).decode().split("\0")
        files = {name: git(repo, "cat-file", "blob", ref + ":" + name) for name in names if name}
        lines += check_log(ref, files, keys)
    return list(dict.fromkeys(lines))


# 3. The statements ---------------------------------------------------------------------------------------------------


def digests(descriptors):
    return {d["name"]: d["digest"] for d in descriptors if "digest" in d}


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def stated_on(statement):
    """When its signer says that it was so."""
    kind, p = statement["predicateType"], statement["predicate"]
    if kind == PROVENANCE:
        return instant(p["runDetails"]["metadata"]["finishedOn"])
    if kind == TEST_RESULT:
        return instant({c["name"]: c for c in p["configuration"]}["change"]["annotations"]["statedOn"])
    if kind == APPROVAL:
        return instant(p["decidedOn"])
    return instant(p["at"] if "at" in p else p["agentTrace"]["timestamp"])


def read_statements(lines, policies, keys, say):
    revoked = {r["keyid"]: instant(r["since"]) for r in policies[-1]["revoked"]}
    found = []
    for line in lines:
        payload, signers = open_envelope(line, keys)
        statement = parse(payload)
        gone = {k for k in signers if k in revoked and stated_on(statement) >= revoked[k]}
        for keyid in gone:
            say("note: a statement by the revoked key " + keyid[:16] + " was ignored")
        signers -= gone
        if signers:
            found.append((statement, signers))
        else:
            say("note: a statement by nobody whom the policy names was ignored")
    return found


# 4. The commits ------------------------------------------------------------------------------------------------------


def manifest(repo, tree):
    whole = hashlib.sha256()
    rows = [r for r in git(repo, "ls-tree", "-r", "-z", tree).split(b"\0") if r]
    for row in sorted(rows, key=lambda r: r.partition(b"\t")[2]):
        meta, _, path = row.partition(b"\t")
        mode, kind, oid = meta.split()
        content = (
            oid
            if kind == b"commit"
            else hashlib.sha256(git(repo, "cat-file", "blob", oid.decode())).hexdigest().encode()
        )
        whole.update(b"%s %s %s\0" % (mode, content, path))
    return whole.hexdigest()


def change_digest(ref, tip, tree, sha):
    """How a change is named everywhere: SHA-256 of the canonical JSON of these four."""
    fields = {"manifest": "sha256:" + sha, "target_ref": ref, "tip": tip, "tree": tree}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def target_digest(target):
    """The change that an approval shows whole; it must be the one that it names by digest."""
    if target is None:
        return ""
    sha = target["approvedManifest"].replace("sha256:", "", 1)
    return change_digest(target["ref"], target["fromCommit"], target["approvedTree"], sha)


def approvals(policy, statements, kind, subject, authors=frozenset()):
    """By role, who approved and what they lifted; whether anybody said no. ``kind`` is change, run or plan.

    Nobody lifts what was found in a change of their own.
    """
    roles, refused = {}, False
    for statement, signers in statements:
        p = statement["predicate"]
        if statement["predicateType"] != APPROVAL or p["kind"] != kind or p["subject"] != subject:
            continue
        if kind != "plan" and target_digest(p["target"]) != subject:
            continue
        who = p["reviewer"]
        if who["keyFingerprint"] in signers and who["name"] in names_in(policy, who["role"], {who["keyFingerprint"]}):
            if p["decision"] != "approve":
                refused = True
            names, lifted = roles.setdefault(who["role"], (set(), set()))
            names.add(who["name"])
            lifts = any(names_in(policy, role, {who["keyFingerprint"]}) for role in policy["lift_roles"])
            if lifts and who["name"] not in authors:
                lifted.update(p["waived"])
    return roles, refused


def enough(policy, roles, to_lift=frozenset(), authors=frozenset()):
    """Enough persons in one role, who lifted all that needs it, and of whom one at least is no author."""
    allowed = {*policy.get("approve_roles", ["reviewer"]), *policy["lift_roles"]}
    return any(
        len(names) >= policy["roles"][role]["threshold"] and names - authors and to_lift <= lifted
        for role, (names, lifted) in roles.items()
        if role in allowed
    )


def tests_of(policy, statements, change):
    """Results by gate, fingerprints to lift, and whether acceptance is stated; raises when something failed."""
    gates, to_lift, accepted = set(), set(), set()
    for statement, signers in statements:
        p = statement["predicate"]
        if statement["predicateType"] != TEST_RESULT or not names_in(policy, "runner", signers):
            continue
        named = {c["name"]: c for c in p["configuration"]}
        if "sha256:" + named["change"]["digest"]["sha256"] != change:
            continue
        if p["result"] == "FAILED" or p["failedTests"]:
            raise Refused("a check of it failed")
        if p["result"] != "PASSED" and ("configuration" not in named or not p["warnedTests"]):
            raise Refused("a check of it needs a person and names nothing to lift")
        if "configuration" in named:
            gates.add(named["report"]["annotations"]["gate"])
            to_lift.update(p["warnedTests"])
        else:
            accepted.add("sha256:" + named["report"]["digest"]["sha256"])
    return gates, to_lift, accepted


def commit_of(repo, commit):
    """Its tree and parents, from the object itself: settings and grafts cannot say something else."""
    data = git(repo, "cat-file", "commit", commit)
    hashed = (hashlib.sha1 if len(commit) == 40 else hashlib.sha256)(b"commit %d\0" % len(data) + data).hexdigest()
    lines = data.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")
    parents = [line[7:] for line in lines if line.startswith("parent ")]
    trees = [line[5:] for line in lines if line.startswith("tree ")]
    if hashed != commit or len(trees) != 1 or lines[1 : 1 + len(parents)] != ["parent " + p for p in parents]:
        raise Refused("its object is not one that git writes under this id")
    return trees[0], " ".join(parents)


def check_commit(repo, commit, policy, statements, trees):
    """Raises Refused unless everything that the policy asks for is there."""
    tree, parents = commit_of(repo, commit)
    mine = [
        (s, signers)
        for s, signers in statements
        if s["predicateType"] == PROVENANCE
        and digests(s["subject"])["commit"] == {"gitCommit": commit}
        and names_in(policy, "runner", signers)
    ]
    if not mine:
        raise Refused("unattested")
    statement, signers = mine[0]
    external = statement["predicate"]["buildDefinition"]["externalParameters"]
    internal = statement["predicate"]["buildDefinition"]["internalParameters"]
    ours = external["handrail"]
    sha = manifest(repo, tree)
    subject = digests(statement["subject"])
    if parents != ours["tip"]:
        raise Refused("its parent is not the commit that was judged")
    if subject["tree"] != {"gitTree": tree} or subject["manifest"] != {"sha256": sha}:
        raise Refused("its tree is not the one that was judged")
    if instant(statement["predicate"]["runDetails"]["metadata"]["finishedOn"]) >= instant(policy["expires"]):
        raise Refused("it was made after the policy had expired")
    ref = external["target"]["baseRef"]
    change = change_digest(ref, ours["tip"], tree, sha)
    gates, to_lift, accepted = tests_of(policy, statements, change)
    missing = {*policy["gates"], *(g["name"] for g in policy.get("command_gates", []))} - gates
    if missing:
        raise Refused("no result of " + ", ".join(sorted(missing)))
    if internal["handrailAcceptance"] and internal["handrailAcceptance"] not in accepted:
        raise Refused("its acceptance report is missing")
    authors = set(internal.get("handrailEditedBy", []))
    if policy.get("separate_approval"):
        authors |= {p["name"] for p in policy["principals"] if p["keyid"] in signers}
    subjects = [("change", change)] + [
        ("run", s["predicate"]["subject"])
        for s, _ in statements
        if s["predicateType"] == APPROVAL
        and s["predicate"]["kind"] == "run"
        and change in s["predicate"]["shown"]
        and s["predicate"]["target"] is not None
        and s["predicate"]["target"]["approvedTree"] in trees
    ]
    for kind, one in subjects:
        roles, refused = approvals(policy, statements, kind, one, authors)
        if refused:
            raise Refused("a reviewer said no")
        if enough(policy, roles, to_lift, authors):
            break
    else:
        raise Refused("no approval of exactly this change by enough reviewers, its authors apart")
    planned, refused = approvals(policy, statements, "plan", ours["plan"])
    if refused or not enough(policy, planned):
        raise Refused("its plan was not approved")
    return "%s %s, approved by %s" % (
        ours["step"],
        " ".join(r["id"] for r in ours["requirements"]),
        ", ".join(sorted(set().union(*(names for names, _ in roles.values())))),
    )


def main():
    parser = argparse.ArgumentParser(description="Check Handrail's evidence with git and openssl alone.")
    parser.add_argument("repository")
    parser.add_argument("--root", required=True, help="sha256:... of the root of trust, from outside")
    parser.add_argument("--base", help="only commits that this one does not reach")
    parser.add_argument("--head", default="HEAD")
    parser.add_argument("--bundle", help="an exported evidence.intoto.jsonl instead of the branches")
    asked = parser.parse_args()
    repo, bad = asked.repository, 0
    try:
        head = git(repo, "rev-parse", "--verify", asked.head + "^{commit}").decode().strip()
        policies = read_policies(repo, head, asked.root)
        keys = key_table(policies)
        statements = read_statements(read_lines(repo, keys, asked.bundle, print), policies, keys, print)
        span = [head] + (["^" + asked.base] if asked.base else [])
        commits = git(repo, "rev-list", "--topo-order", "--reverse", *span).decode().split()
        known = {*commits, *([git(repo, "rev-parse", asked.base).decode().strip()] if asked.base else [])}
        trees = {git(repo, "rev-parse", commit + "^{tree}").decode().strip() for commit in commits}
    except (Refused, KeyError, ValueError, TypeError, IndexError, OSError) as error:
        print("NOT VERIFIED: %s" % error)
        return 9
    for commit in commits:
        try:
            parent = commit_of(repo, commit)[1]
            if parent not in known:
                raise Refused("it has not exactly one parent, or its history is cut off here")
            policies = read_policies(repo, parent, asked.root)
            if not policies:
                raise Refused("no policy is in force at its parent")
            print(commit[:12], check_commit(repo, commit, policies[-1], statements, trees))
        except (Refused, KeyError, ValueError, TypeError, IndexError) as error:
            bad += 1
            print(commit[:12], "NOT VERIFIED:", error)
    print(
        "%s: %d of %d commits"
        % ("NOT VERIFIED" if bad or not commits else "VERIFIED", len(commits) - bad, len(commits))
    )
    return 9 if bad or not commits else 0


if __name__ == "__main__":
    sys.exit(main())
