"""Changing the policy and its keys by command, in real repositories, and what verify says of it afterwards."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import git, sit_down


def rows(desk, *argv):
    return desk.handrail(*argv, "--json").json


@pytest.fixture
def desk(tmp_path: Path):
    return sit_down(tmp_path)


def make_key(desk, name: str) -> Path:
    path = desk.home / f"{name}.pem"
    assert desk.handrail("key", "init", path, "--name", name).code == 0
    return path


def test_a_change_by_the_only_root_is_in_force_at_once_and_verifies(desk):
    ana = make_key(desk, "ana")
    done = desk.handrail(
        *("policy", "change", "--add-person", f"ana={ana}.pub:user-held", "--role", "reviewer=tester,ana:2"),
        *("--gate", "ruff", "--protect", "main", "--commit", "--json"),
    )
    assert done.code == 0, done
    assert done.json["version"] == 2
    shown = rows(desk, "policy", "show")
    assert shown["roles"]["reviewer"] == {"principals": ["tester", "ana"], "threshold": 2}
    assert shown["gates"] == ["ruff"]
    found = rows(desk, "verify", "--base", "HEAD~1")
    assert found["problems"] == []
    assert any("is policy version 2" in n for n in found["notes"])


def test_two_roots_sign_one_after_the_other(desk):
    ana = make_key(desk, "ana")
    both = ("--add-person", f"ana={ana}.pub", "--role", "root=tester,ana:2")
    assert desk.handrail("policy", "change", *both, "--commit").code == 0
    draft = desk.home / "next.json"
    first = desk.handrail("policy", "change", "--gate", "bandit", "-o", draft, "--json")
    assert first.json["missing"] == 1, first
    assert rows(desk, "policy", "show")["version"] == 2
    again = desk.handrail("policy", "sign", draft, "--json")
    assert again.json["missing"] == 1, again
    second = desk.handrail("policy", "sign", draft, "--key", ana, "--commit", "--json")
    assert (second.json["missing"], second.json["version"]) == (0, 3), second
    assert rows(desk, "policy", "show")["gates"] == ["bandit"]
    assert rows(desk, "verify", "--base", "HEAD~2")["problems"] == []


def test_whoever_is_no_root_changes_nothing(desk):
    stranger = make_key(desk, "stranger")
    desk.refused("EVID028", 9, "policy", "change", "--gate", "ruff", "--key", stranger, "-o", desk.home / "d")
    desk.refused("EVID021", 9, "policy", "change", "--role", "root=nobody", "-o", desk.home / "d")
    desk.refused("CFG018", 2, "policy", "change", "--role", "root", "-o", desk.home / "d")
    desk.refused("CFG018", 2, "policy", "change", "--add-person", "ana", "-o", desk.home / "d")
    desk.refused("KEY002", 2, "policy", "change", "--add-person", "ana=/nowhere", "-o", desk.home / "d")
    desk.refused("CFG011", 2, "policy", "init", "--name", "me")


def test_separate_approval_needs_another_reviewer(desk):
    desk.refused("EVID021", 9, "policy", "change", "--separate-approval", "-o", desk.home / "d")
    ana = make_key(desk, "ana")
    more = ("--add-person", f"ana={ana}.pub", "--role", "reviewer=tester,ana", "--separate-approval", "--commit")
    assert desk.handrail("policy", "change", *more).code == 0
    assert rows(desk, "policy", "show")["separate_approval"] is True
    assert "separate approval" in desk.handrail("policy", "show").out
    desk.refused("EVID021", 9, "policy", "change", "--remove", "ana", "-o", desk.home / "d")
    less = ("--remove", "ana", "--no-separate-approval", "--keep-review-times", "--commit")
    assert desk.handrail("policy", "change", *less).code == 0
    assert rows(desk, "policy", "show")["keep_review_times"] is True
    assert "review times: a decision keeps" in desk.handrail("policy", "show").out


def test_rotating_and_revoking_a_key(desk):
    fresh = make_key(desk, "fresh")
    old = rows(desk, "key", "show")["keyid"]
    done = desk.handrail("key", "rotate", "tester", f"{fresh}.pub", "--commit", "--json")
    assert done.code == 0, done
    keys = {k["keyid"]: k for k in rows(desk, "key", "list")["keys"]}
    assert keys[old]["revoked"]
    new = rows(desk, "key", "show", fresh)["keyid"]
    assert keys[new]["roles"] == ["reviewer", "root", "runner"]
    desk.refused("EVID028", 9, "policy", "change", "--gate", "ruff", "-o", desk.home / "d")
    ana = make_key(desk, "ana")
    added = ("--add-person", f"ana={ana}.pub", "--role", "reviewer=tester,ana")
    assert desk.handrail("policy", "change", *added, "--key", fresh, "--commit").code == 0
    gone = desk.handrail(
        *("key", "revoke", "ana", "--since", "2026-01-02T03:04:05Z", "--reason", "lost laptop"),
        *("--key", fresh, "--commit"),
    )
    assert gone.code == 0, gone
    policy = rows(desk, "policy", "show")
    assert policy["revoked"][-1]["since"] == "2026-01-02T03:04:05Z"
    assert policy["roles"]["reviewer"]["principals"] == ["tester"]
    desk.refused("EVID021", 9, "key", "revoke", "tester", "--key", fresh, "-o", desk.home / "d")
    desk.refused("KEY016", 2, "key", "revoke", "nobody", "--key", fresh, "-o", desk.home / "d")
    desk.refused("CFG019", 2, "key", "revoke", "ana", "--since", "yesterday", "--key", fresh, "-o", desk.home / "d")


def test_when_the_last_root_key_is_lost(desk):
    before = rows(desk, "policy", "show")["root"]
    fresh = make_key(desk, "fresh")
    done = desk.handrail(
        "policy", "recover", "--name", "tester", "--reason", "The disk broke.", "--key", fresh, "--commit"
    )
    assert done.code == 0, done
    after = rows(desk, "policy", "show")["root"]
    assert after != before
    assert after in git(desk.repo, "log", "-1", "--format=%B")
    told = desk.handrail("verify", "--json", "--root", after)
    assert told.code == 9
    assert {p["code"] for p in told.json["problems"]} == {"EVID026"}
    assert desk.handrail("verify", "--base", "HEAD", "--root", after).code == 0
    assert desk.handrail("verify", "HEAD~1", "--root", before).code == 0
    assert desk.handrail("verify", "HEAD", "--base", "HEAD", "--root", before).code == 9
    other = {"XDG_CONFIG_HOME": str(desk.home / "other")}
    assert desk.handrail("verify", "HEAD~1", **other).code == 0
    assert "EVID025" in desk.handrail("verify", "HEAD", "--base", "HEAD", **other).out
    assert desk.handrail("policy", "pin", after, **other).code == 0
    assert desk.handrail("verify", "HEAD", "--base", "HEAD", **other).code == 0


def test_a_key_of_openssh_signs_from_its_file_and_through_the_agent(desk):
    path = desk.home / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ana", "-f", path], check=True)
    assert desk.handrail("policy", "change", "--add-person", f"ana={path}.pub", "--role", "root=tester,ana").code == 0
    git(desk.repo, "add", "-A")
    git(desk.repo, "commit", "-qm", "policy")
    draft = desk.home / "d"
    assert desk.handrail("policy", "change", "--gate", "ruff", "--key", path, "-o", draft, "--commit").code == 0
    agent = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    told = dict(part.split("=", 1) for line in agent.splitlines() for part in line.split(";") if "=" in part)
    try:
        env = {"SSH_AUTH_SOCK": told["SSH_AUTH_SOCK"], "PATH": os.environ["PATH"]}
        subprocess.run(["ssh-add", "-q", path], check=True, env=env)
        path.unlink()
        listed = desk.handrail("key", "list", "--json", SSH_AUTH_SOCK=env["SSH_AUTH_SOCK"]).json["keys"]
        assert any("ssh-agent (ana)" in k["where"] for k in listed)
        by_agent = desk.handrail(
            *("policy", "change", "--gate", "bandit", "--key", f"{path}.pub", "--commit"),
            SSH_AUTH_SOCK=env["SSH_AUTH_SOCK"],
        )
        assert by_agent.code == 0, by_agent
    finally:
        os.kill(int(told["SSH_AGENT_PID"]), 15)
    assert rows(desk, "policy", "show")["version"] == 4
    desk.refused("KEY013", 2, "policy", "change", "--gate", "ruff", "--key", f"{path}.pub", "-o", draft)


def test_keys_with_a_passphrase_or_of_another_kind_are_refused(desk):
    locked = desk.home / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", locked], check=True)
    desk.refused("KEY011", 2, "key", "show", locked)
    other = desk.home / "rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", other], check=True)
    desk.refused("KEY009", 2, "key", "show", other)
    desk.refused("KEY012", 2, "key", "show", f"{other}.pub")
    (desk.home / "open").write_text("x")
    (desk.home / "open").chmod(0o644)
    desk.refused("KEY005", 2, "key", "show", desk.home / "open")


SIGNER = """import sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(open(sys.argv[1], "rb").read(), None)
sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))
"""


def test_a_program_signs(desk):
    real = make_key(desk, "real")
    public = rows(desk, "key", "show", real)["public_key"]
    program = desk.write("signer.py", SIGNER)

    def command(*argv, key=public):
        body = {"format": "handrail.sign-command/1", "public_key": key, "argv": [str(a) for a in argv]}
        path = desk.write("command.json", json.dumps(body))
        path.chmod(0o600)
        return path

    assert (
        desk.handrail("policy", "change", "--add-person", f"x={real}.pub", "--role", "root=tester,x", "--commit").code
        == 0
    )
    path = command(sys.executable, program, real)
    draft = desk.home / "d"
    assert desk.handrail("policy", "change", "--gate", "ruff", "--key", path, "--commit").code == 0
    desk.refused("KEY015", 2, *("policy", "change", "--key", command("/bin/false"), "-o", draft))
    desk.refused("KEY015", 2, *("policy", "change", "--key", command("/nowhere/x"), "-o", draft))
    desk.refused("KEY015", 2, *("policy", "change", "--key", command("/bin/cat"), "-o", draft))
    desk.refused("KEY009", 2, *("policy", "change", "--key", command("cat"), "-o", draft))
    desk.refused("KEY009", 2, *("policy", "change", "--key", command("/bin/cat", key="0"), "-o", draft))
    shutil.copy(path, desk.home / "wide.json")
    (desk.home / "wide.json").chmod(0o644)
    desk.refused("KEY005", 2, "key", "show", desk.home / "wide.json")


def test_one_word_means_a_commit_else_a_repository_else_a_bundle(desk):
    assert desk.handrail("policy", "change", "--gate", "ruff", "--commit").code == 0
    said = desk.handrail("verify")
    assert said.out
    assert desk.handrail("verify", desk.repo, cwd=desk.home).out == said.out
    odd = desk.write("evidence.jsonl", "{}")
    assert desk.handrail("verify", odd) == desk.handrail("verify", "--bundle", odd)
    assert desk.handrail("verify", odd).code == 9
    desk.refused("REPO003", 2, "verify", "nothing-of-this-name")


def test_a_file_or_folder_of_a_branchs_name_does_not_stand_for_the_branch(desk):
    branch = git(desk.repo, "branch", "--show-current")
    said = desk.handrail("verify", branch)
    git(desk.repo, "init", "-q", desk.repo / branch)
    assert desk.handrail("verify", branch) == said
    shutil.rmtree(desk.repo / branch)
    desk.repo.joinpath(branch).write_bytes(b"{}")
    assert desk.handrail("verify", branch) == said
