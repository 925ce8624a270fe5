"""Evidence carried about after a real run: anchors, bundles, proofs, checks made again, texts erased, a push judged."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import PRD, ROOT, Desk, approve_all, git, run_of, sit_down

pytestmark = pytest.mark.engine
FETCH = "refs/heads/handrail-evidence/*:refs/heads/handrail-evidence/*"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    desk = sit_down(tmp_path_factory.mktemp("author"))
    ci = desk.home / "ci.pem"
    assert desk.handrail("key", "init", ci, "--name", "ci").code == 0
    added = ("--add-machine", f"ci={ci}.pub:ci", "--role", "runner=tester,ci")
    assert desk.handrail("policy", "change", *added, "--commit").code == 0
    argv = ["run", desk.home / "prd.md", "--agent", "scripted", "--script", desk.home / "script.yaml"]
    assert desk.handrail(*argv).code == 4
    assert approve_all(desk).code == 0
    git(desk.repo, "merge", "-q", "--ff-only", f"handrail/{run_of(desk)}")
    return desk


@pytest.fixture(scope="module")
def root(done):
    return done.handrail("policy", "show", "--json").json["root"]


@pytest.fixture
def copy(done, tmp_path):
    """The author's whole home, to be changed at will: its state belongs to the same path in no other test."""
    home = tmp_path / "home"
    shutil.copytree(done.home, home, symlinks=True)
    desk = Desk(home, home / "shop")
    for folder in (home / "state" / "handrail").iterdir():
        if folder.name.startswith("shop-"):
            folder.rename(folder.with_name(repository_id(desk)))
    trust = home / "config" / "handrail" / "trust.json"
    text = trust.read_text().replace(repository_id(done), repository_id(desk))
    trust.write_text(text)
    return desk


def repository_id(desk) -> str:
    from orchestrator.vcs.repository import repository_id as of

    return of(desk.repo)


def verify(desk, root, *argv, **extra):
    return desk.handrail("verify", "HEAD", "--base", "HEAD~1", "--root", root, "--json", *argv, **extra)


def codes(answer):
    return {p["code"] for p in answer.json["problems"]}


def evidence_ref(desk):
    return git(desk.repo, "for-each-ref", "--format=%(refname)", "refs/heads/handrail-evidence/")


def test_verify_says_lines_and_what_nobody_watched(done, root):
    (commit,) = verify(done, root).json["commits"]
    assert commit["lines"] == 1
    assert "network" in commit["not_observed"]
    assert commit["roles"] == {"reviewer": ["tester"]}


def test_blame_leads_from_a_line_to_its_sentence(done):
    answer = done.handrail("blame", "src/stockroom/greet.py", "--json")
    (row,) = answer.json["lines"]
    assert (row["standing"], row["contributor"]) == ("verified", "ai")
    assert row["asked"][0]["sentence"].startswith("The shop greets whoever comes in.")
    told = done.handrail("blame", "src/stockroom/greet.py:1")
    assert "greetings/REQ-001: The shop greets whoever comes in." in told.out
    assert "approved by tester" in told.out
    assert "unattested" in done.handrail("blame", "README.md:1-1").out
    page = done.home / "blame.html"
    assert done.handrail("blame", "src/stockroom/greet.py", "--html", page).code == 0
    assert "The shop greets whoever comes in." in page.read_text()
    done.refused("CLI011", 2, "blame", "src/stockroom/greet.py", "--tui")
    done.refused("REPO040", 2, "blame", "src/stockroom/greet.py:7")
    done.refused("REPO040", 2, "blame", "nowhere.py")
    done.refused("CLI002", 2, "blame", "README.md:3-2")


def test_blame_follows_a_rename_and_a_move_within_the_file(copy):
    git(copy.repo, "mv", "src/stockroom/greet.py", "src/stockroom/hello.py")
    git(copy.repo, "commit", "-qm", "rename")
    path = copy.repo / "src/stockroom/hello.py"
    path.write_text('"""By hand."""\n\n' + path.read_text())
    git(copy.repo, "commit", "-qam", "edit")
    rows = copy.handrail("blame", "src/stockroom/hello.py", "--json").json["lines"]
    assert [r["standing"] for r in rows] == ["unattested", "unattested", "verified"]
    assert (rows[2]["path"], rows[2]["line"]) == ("src/stockroom/greet.py", 1)


def test_a_cut_log_is_found_by_an_anchor_in_a_file_and_in_a_signed_tag(copy, root):
    assert copy.handrail("evidence", "anchor", "-o", copy.home / "anchor").code == 0
    assert copy.handrail("evidence", "anchor", "--tag", "anchor-1").code == 0
    allowed = copy.write("allowed", f"handrail@handrail.invalid {copy.handrail('key', 'show', '--ssh').out}")
    git(copy.repo, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-tag", "anchor-1")
    for at in (copy.home / "anchor", "anchor-1"):
        assert verify(copy, root, "--at", at).code == 0
    copy.refused("REPO042", 2, "verify", "--at", "no-such-tag")
    copy.refused("REPO041", 2, "evidence", "anchor", "--tag", "bad..name")
    copy.refused("CLI003", 2, "evidence", "anchor")
    ref = evidence_ref(copy)
    for wanted in ("EVID034", "EVID035"):
        if wanted == "EVID034":
            assert copy.handrail("attest", "--recheck", "HEAD").code == 0
            assert copy.handrail("evidence", "anchor", "-o", copy.home / "anchor").code == 0
            git(copy.repo, "update-ref", ref, f"{ref}~1")
        else:
            git(copy.repo, "update-ref", "-d", ref)
        other = verify(copy, root, "--at", copy.home / "anchor", XDG_CONFIG_HOME=str(copy.home / "fresh"))
        assert other.code == 9
        assert wanted in codes(other)


def test_an_anchors_tag_that_was_moved_made_again_or_signed_by_a_stranger_is_no_anchor(copy, root):
    for name in ("anchor-1", "anchor-2"):
        assert copy.handrail("evidence", "anchor", "--tag", name).code == 0
        assert verify(copy, root, "--at", name).code == 0
    git(copy.repo, "update-ref", "refs/tags/anchor-2", git(copy.repo, "rev-parse", "refs/tags/anchor-1"))
    copy.refused("EVID038", 9, "verify", "HEAD", "--root", root, "--at", "anchor-2")
    assert verify(copy, root, "--at", "refs/tags/anchor-1").code == 0
    whole = git(copy.repo, "cat-file", "tag", "anchor-1") + "\n"
    renamed = whole.replace("tag anchor-1\n", "tag anchor-2\n")
    unsigned = renamed[: renamed.index("-----BEGIN")]
    for text in (renamed, unsigned, whole + "-----END SSH SIGNATURE-----\n"):
        made = subprocess.run(
            ["git", "hash-object", "-t", "tag", "-w", "--literally", "--stdin"],
            cwd=copy.repo,
            input=text.encode(),
            check=True,
            capture_output=True,
        ).stdout.decode()
        git(copy.repo, "update-ref", "refs/tags/anchor-2", made.strip())
        copy.refused("EVID038", 9, "verify", "HEAD", "--root", root, "--at", "anchor-2")
    stranger = copy.home / "stranger.pem"
    assert copy.handrail("key", "init", stranger, "--name", "stranger").code == 0
    copy.refused("EVID038", 9, "evidence", "anchor", "--tag", "anchor-3", "--key", stranger)


def test_a_statement_is_proved_to_stand_in_the_log(done, root):
    from orchestrator.provenance import dsse
    from orchestrator.provenance.logs import checkpoint

    line = verify(done, root).json["commits"][0]["change"]
    proof = done.home / "p.tlog-proof"
    assert done.handrail("evidence", "log", "--prove", line, "-o", proof).code == 0
    done.handrail("evidence", "export", "-o", done.home / "all.jsonl")
    from orchestrator.models.ids import sha256

    (found,) = [x for x in dsse.lines_of((done.home / "all.jsonl").read_bytes()) if sha256(x) == line]
    public = done.handrail("key", "show", "--json").json["public_key"]
    assert checkpoint.check_proof(proof.read_bytes(), found, public).size
    done.refused("EVID063", 2, "evidence", "log", "--prove", "sha256:" + "0" * 64)
    done.handrail("evidence", "anchor", "-o", done.home / "a")
    told = done.handrail("evidence", "log", "--since", done.home / "a", "--json").json
    assert told["consistency"][0]["from"] == told["consistency"][0]["to"] == told["logs"][0]["size"]


def test_checks_made_again_elsewhere_are_independent(copy, root):
    ci, other = copy.home / "ci.pem", copy.home / "other.pem"
    assert verify(copy, root).json["commits"][0]["checks"] == "self-attested"
    assert copy.handrail("key", "init", other, "--name", "other").code == 0
    copy.refused("KEY017", 2, "attest", "--recheck", "HEAD", "--key", other)
    copy.refused("EVID065", 9, "attest", "--recheck", "HEAD~1", "--key", ci)
    answer = copy.handrail("attest", "--recheck", "HEAD", "--key", ci, "--json")
    assert answer.code == 0, answer
    (row,) = answer.json["commits"]
    assert (row["independent"], row["acceptance"]) == (True, "PASSED")
    assert verify(copy, root).json["commits"][0]["checks"] == "independent"
    refs = git(copy.repo, "for-each-ref", "--format=%(refname)", "refs/heads/handrail-evidence/").splitlines()
    assert len(refs) == 2


def test_a_bundle_is_imported_once_and_a_bad_one_not_at_all(done, tmp_path, root):
    out = done.home / "e.jsonl"
    assert done.handrail("evidence", "export", "-o", out).code == 0
    desk = Desk(tmp_path, tmp_path / "clone")
    git(tmp_path, "clone", "-q", str(done.repo), str(desk.repo))
    git(desk.repo, "remote", "remove", "origin")
    assert verify(desk, root).code == 0 or "EVID055" in codes(verify(desk, root))
    key = done.home / "config/handrail/keys/default.pem"
    first = desk.handrail("evidence", "import", out, "--key", key, "--json").json
    again = desk.handrail("evidence", "import", out, "--key", key, "--json").json
    assert (first["imported"] > 5, again["imported"]) == (True, 0)
    assert verify(desk, root).code == 0
    lines = out.read_bytes().splitlines(keepends=True)
    (desk.home / "cut").write_bytes(b"".join(lines[:-1]))
    desk.refused("EVID036", 9, "evidence", "import", desk.home / "cut", "--key", key)


def test_an_erased_text_is_in_no_ref_and_no_bundle_and_verify_still_passes(copy, root):
    sentence = PRD.split("\n\n")[3].split("\n")[0].encode()
    assert sentence == b"The shop greets whoever comes in."
    run = run_of(copy)
    answer = copy.handrail("gc", "--erase-run", run, "--json")
    assert answer.json["erased"] >= 2, answer
    assert copy.handrail("evidence", "export", "-o", copy.home / "e.jsonl").code == 0
    objects = git(copy.repo, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    everything = b"".join(
        subprocess.run(["git", "cat-file", "-p", o], cwd=copy.repo, check=True, capture_output=True).stdout
        for o in objects
    )
    bundle = (copy.home / "e.jsonl").read_bytes()
    assert sentence not in everything
    assert sentence not in bundle
    found = verify(copy, root)
    assert found.code == 0
    assert found.json["commits"][0]["texts_withheld"] == 1
    assert "text withheld" in copy.handrail("blame", "src/stockroom/greet.py").out
    copy.refused("EVID064", 2, "gc", "--erase", "sha256:" + "0" * 64)
    copy.refused("CLI004", 2, "gc")


def test_demands_of_the_verifier_come_on_top(done, root):
    met = done.write("met.yaml", "format: handrail.demands/1\ngates: [ruff]\nroles: {reviewer: 1}\nhuman: true\n")
    assert verify(done, root, "--policy", met).code == 0
    more = done.write("more.yaml", "gates: [semgrep]\nroles: {reviewer: 2}\nindependent: true\nattested: true\n")
    answer = verify(done, root, "--policy", more)
    assert answer.code == 9
    assert [p["code"] for p in answer.json["problems"]] == ["EVID057"] * 3
    since = done.write("from.yaml", "attested: true\nfrom: HEAD~1\n")
    assert done.handrail("verify", "--root", root, "--policy", since).code == 0
    for wrong in ("gates: ruff\n", "surprise: 1\n", "roles: {reviewer: 0}\n", "a: [\n"):
        done.refused("CFG017", 2, "verify", "--policy", done.write("w.yaml", wrong))


def test_incremental_verification_goes_on_from_the_last_whole_one(copy):
    first = copy.handrail("verify", "--incremental", "--json").json
    second = copy.handrail("verify", "--incremental", "--json").json
    assert len(first["commits"]) == 1
    assert second["commits"] == []
    assert second["verdict"] == first["verdict"] == "VERIFIED"
    assert any("were verified here before" in n for n in second["notes"])
    ref = evidence_ref(copy)
    assert copy.handrail("attest", "--recheck", "HEAD").code == 0
    third = copy.handrail("verify", "--incremental", "--json").json
    assert third["verdict"] == "VERIFIED"
    git(copy.repo, "update-ref", ref, f"{ref}~1")
    cut = copy.handrail("verify", "--incremental", "--json")
    assert cut.code == 9
    assert "EVID034" in codes(cut)


HOOK = """#!/bin/sh
export PYTHONPATH={root} XDG_STATE_HOME={home}/state XDG_CONFIG_HOME={home}/config
exec {python} -m orchestrator.cli verify --pre-receive --root {digest} >&2
"""


def test_a_pre_receive_hook_takes_what_is_covered_and_refuses_the_rest(done, tmp_path, root):
    server = tmp_path / "server.git"
    git(tmp_path, "clone", "-q", "--bare", str(done.repo), str(server))
    base = git(done.repo, "rev-parse", "HEAD~1")
    git(server, "update-ref", "refs/heads/main", base)
    for ref in git(server, "for-each-ref", "--format=%(refname)").splitlines():
        if ref != "refs/heads/main":
            git(server, "update-ref", "-d", ref)
    git(server, "gc", "-q", "--prune=now")
    hook = server / "hooks" / "pre-receive"
    hook.write_text(HOOK.format(root=ROOT, home=tmp_path / "h", python=sys.executable, digest=root))
    hook.chmod(0o755)

    def push(*refs):
        env = {k: os.environ[k] for k in ("PATH",)} | {"HOME": str(tmp_path)}
        return subprocess.run(
            ["git", "push", "-q", str(server), *refs],
            cwd=done.repo,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    alone = push("main")
    assert alone.returncode != 0
    assert "EVID055" in alone.stderr
    together = push("main", FETCH)
    assert together.returncode == 0, together.stderr
    assert git(server, "rev-parse", "main") == git(done.repo, "rev-parse", "main")


def test_the_stand_alone_verifier_agrees_on_the_run(done, root):
    argv = [sys.executable, "-I", ROOT / "docs/verify.py", done.repo, "--root", root, "--base", "HEAD~1"]
    whole = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert whole.returncode == 0, whole
    assert "S01 greetings/REQ-001, approved by tester" in whole.stdout
    bare = subprocess.run([*argv[:-1], "HEAD~2"], capture_output=True, text=True, check=False)
    assert bare.returncode == 9


def test_the_workflow_s_proof_and_the_monitor_s_verdict_are_in_the_evidence(done):
    import base64

    done.handrail("evidence", "export", "-o", done.home / "w.jsonl")
    lines = (done.home / "w.jsonl").read_bytes().splitlines()[1:]
    found = {}
    for line in lines:
        statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
        found[statement["predicateType"]] = statement["predicate"]
    proof, monitor = found["urn:handrail:workflow-proof:0.1"], found["urn:handrail:run-monitor:0.1"]
    assert proof["states"] > 20
    assert proof["transitions"] >= proof["states"] - 1
    assert monitor["transitions"] >= 6
    assert monitor["held"] is True
    assert Path(ROOT / "docs/verify.py").exists()
