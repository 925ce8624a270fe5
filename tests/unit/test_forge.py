"""A pull or merge request by the user's own program: what it is asked, and what becomes of its answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import HandrailError, UsageError
from orchestrator.vcs.forge import Request, open_request, program
from orchestrator.vcs.repository import Repository, find

ASKED = Request("handrail/r-1", "main", "A title; $(touch pwned)", "VERIFIED\n`handrail verify`\n")
HEARD = "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{folder}/asked'\nprintf 'https://forge.example/1\\033[31m\\nmore\\n'\n"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "git")
    (folder / "sh").symlink_to(shutil.which("sh") or "sh")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def repository(folder: Path, url: str) -> Repository:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", url], check=True)
    return find(folder)


def put(tools: Path, name: str, text: str) -> None:
    (tools / name).write_text(text)
    (tools / name).chmod(0o755)


@pytest.mark.parametrize(
    ("url", "there", "chosen"),
    [
        ("https://gitlab.example/shop.git", ("gh", "glab"), "glab"),
        ("https://forge.example/shop.git", ("gh", "glab"), "gh"),
        ("https://gitlab.example/shop.git", ("gh",), "gh"),
        ("https://forge.example/shop.git", ("glab",), "glab"),
    ],
)
def test_the_remote_says_whose_program_is_asked_first(
    tmp_path: Path, tools: Path, url: str, there: tuple[str, ...], chosen: str
) -> None:
    for name in there:
        put(tools, name, "#!/bin/sh\n")
    assert program(repository(tmp_path / "r", url), "origin") == (chosen, tools / chosen)


def test_glab_is_asked_for_a_merge_request_in_words_that_no_shell_reads(tmp_path: Path, tools: Path) -> None:
    put(tools, "glab", HEARD.format(folder=tmp_path))
    found = repository(tmp_path / "r", "https://gitlab.example/shop.git")
    assert open_request(found, program(found, "origin"), ASKED) == "https://forge.example/1\\x1b[31m more"
    head = ["mr", "create", "--source-branch", ASKED.head, "--target-branch", ASKED.base, "--yes"]
    said = (tmp_path / "asked").read_text()
    assert said == "\n".join([*head, "--title", ASKED.title, "--description", ASKED.body]) + "\n"
    assert not list(tmp_path.rglob("pwned"))


def test_without_either_and_when_it_refuses_the_person_is_told(tmp_path: Path, tools: Path) -> None:
    found = repository(tmp_path / "r", "https://gitlab.example/shop.git")
    with pytest.raises(UsageError) as missing:
        program(found, "origin")
    assert missing.value.code == "PRQ001"
    put(tools, "glab", "#!/bin/sh\necho 'no such project' >&2\nexit 4\n")
    with pytest.raises(HandrailError) as refused:
        open_request(found, program(found, "origin"), ASKED)
    assert refused.value.code == "PRQ002"
    assert "no such project" in refused.value.details
