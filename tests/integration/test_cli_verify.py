"""A real run's repository, cloned as a stranger would, then tampered with: ``verify`` says so and exits 9."""

import pytest
from cli_support import Desk, approve_all, git, run_of, sit_down

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    desk = sit_down(tmp_path_factory.mktemp("author"))
    argv = ["run", desk.home / "prd.md", "--agent", "scripted", "--script", desk.home / "script.yaml"]
    assert desk.handrail(*argv).code == 4
    assert approve_all(desk).code == 0
    git(desk.repo, "merge", "-q", "--ff-only", f"handrail/{run_of(desk)}")
    return desk


@pytest.fixture(scope="module")
def root(done):
    return done.handrail("policy", "show", "--json").json["root"]


@pytest.fixture
def stranger(done, tmp_path):
    """A plain clone with nothing of the author's but the branches."""
    desk = Desk(tmp_path, tmp_path / "clone")
    git(tmp_path, "clone", "-q", str(done.repo), str(desk.repo))
    evidence = "refs/heads/handrail-evidence/*:refs/heads/handrail-evidence/*"
    git(desk.repo, "fetch", "-q", "origin", evidence)
    return desk


def verify(desk, root, *argv):
    return desk.handrail("verify", "HEAD", "--base", "HEAD~1", "--root", root, *argv)


def test_a_plain_clone_verifies_with_the_root_from_outside(stranger, root):
    answer = verify(stranger, root)
    assert answer.code == 0, answer
    assert answer.out.splitlines()[0] == "VERIFIED"


def test_another_root_does_not_verify(stranger):
    answer = verify(stranger, "sha256:" + "0" * 64)
    assert answer.code == 9, answer


def test_an_amended_commit_that_still_says_it_is_ours_does_not_verify(stranger, root):
    (stranger.repo / "src/stockroom/greet.py").write_text("WORDS = 'good night'\n")
    git(stranger.repo, "commit", "-q", "--amend", "-a", "--no-edit")
    answer = verify(stranger, root, "--json")
    assert (answer.code, answer.json["verdict"]) == (9, "NOT VERIFIED"), answer
    assert len(answer.json["unattested"]) == 1
    assert [p["code"] for p in answer.json["problems"]] == ["EVID055"]


def test_a_commit_by_hand_is_named_and_does_no_harm_on_a_branch_that_nobody_protects(stranger, root):
    (stranger.repo / "notes.md").write_text("By hand.\n")
    git(stranger.repo, "add", "notes.md")
    git(stranger.repo, "-c", "user.name=A", "-c", "user.email=a@a.invalid", "commit", "-qm", "By hand")
    answer = stranger.handrail("verify", "HEAD", "--base", "HEAD~2", "--root", root, "--json")
    assert (answer.code, answer.json["verdict"], len(answer.json["unattested"])) == (0, "VERIFIED", 1), answer


def test_without_the_evidence_branch_nothing_is_attested(stranger, root):
    for ref in git(stranger.repo, "for-each-ref", "--format=%(refname)", "**/handrail-evidence/*").splitlines():
        git(stranger.repo, "update-ref", "-d", ref)
    answer = verify(stranger, root, "--json")
    assert (answer.code, answer.json["verdict"]) == (9, "NOT VERIFIED"), answer
    assert answer.json["commits"] == []


def test_an_edited_statement_does_not_verify(stranger, root):
    for ref in git(
        stranger.repo, "for-each-ref", "--format=%(refname)", "refs/remotes/origin/handrail-evidence/"
    ).splitlines():
        git(stranger.repo, "update-ref", "-d", ref)
    (ref,) = git(stranger.repo, "for-each-ref", "--format=%(refname)", "refs/heads/handrail-evidence/").splitlines()
    git(stranger.repo, "checkout", "-q", ref.removeprefix("refs/heads/"))
    paths = [p for p in stranger.repo.rglob("*.intoto.jsonl") if ".git" not in p.parts]
    assert paths
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"AAAA', 1))
    git(stranger.repo, "commit", "-qam", "Edit the evidence")
    git(stranger.repo, "checkout", "-q", "main")
    assert verify(stranger, root).code == 9
