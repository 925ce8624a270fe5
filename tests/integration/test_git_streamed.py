"""git's output is read as it comes: what it says beside it, how it ends, and whether it ends."""

import subprocess

import pytest

from orchestrator.errors import RepositoryError
from orchestrator.vcs.git import Git


def git(tmp_path, words: str) -> Git:
    """One that knows a command ``said``: these words of a shell."""
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "it"], check=True)
    return Git(tmp_path / "it", settings=(f"alias.said=!{words};:",))


def test_much_beside_the_output_stops_nothing(tmp_path):
    noisy = git(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the answer")
    with noisy.streamed("said", timeout_seconds=60) as (_, pipe):
        assert pipe.read() == b"the answer\n"


def test_an_exit_code_that_nobody_expected_is_told_with_its_words(tmp_path):
    failing = git(tmp_path, "echo half an answer; echo the disk is odd >&2; exit 3")
    with pytest.raises(RepositoryError) as found, failing.streamed("said", timeout_seconds=60) as (_, pipe):
        pipe.read()
    assert found.value.code == "REPO014"
    assert "the disk is odd" in found.value.details


def test_an_exit_code_that_is_expected_is_no_failure(tmp_path):
    with git(tmp_path, "exit 3").streamed("said", timeout_seconds=60, ok=(0, 3)) as (process, pipe):
        pipe.read()
    assert process.returncode == 3


def test_a_process_that_stays_after_its_output_is_not_waited_for_for_ever(tmp_path):
    staying = git(tmp_path, "echo all; sleep 3")
    with pytest.raises(RepositoryError) as found, staying.streamed("said", timeout_seconds=0.2) as (process, pipe):
        assert pipe.readline() == b"all\n"
    assert found.value.code == "REPO015"
    assert process.returncode is not None


def test_a_reader_that_fails_leaves_no_process(tmp_path):
    endless = git(tmp_path, "yes")
    with pytest.raises(ValueError, match="y"), endless.streamed("said", timeout_seconds=60) as (process, pipe):
        int(pipe.readline())
    assert process.returncode is not None
