"""The shell commands of tutorial and how-tos, typed one after the other, do what the text says.

In a ``console`` block a line with ``$ `` is typed, ``> `` goes on with it, and a
line with ``| `` must occur in the output. ``# exit N`` names another end than 0.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import ROOT, Desk

PAGES = sorted(p for p in (ROOT / "docs").rglob("*.md") if "```console" in p.read_text())


def typed(page):
    """(command, exit code, lines that its output has)."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                ends = re.search(r"  # exit (\d+)$", line)
                found.append([line[2:], int(ends[1]) if ends else 0, []])
            elif line.startswith(">"):
                found[-1][0] += "\n" + line[2:]
            else:
                assert line.startswith("| "), f"{page}: {line}"
                found[-1][2].append(line[2:])
    return found


@pytest.mark.engine
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_what_a_page_types_works(page, tmp_path):
    command = tmp_path / "bin" / "handrail"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestrator.cli "$@"\n')
    command.chmod(0o755)
    environment = Desk(tmp_path, tmp_path).environment
    environment["PATH"] = f"{command.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    folder = tmp_path
    for text, code, lines in typed(page):
        if text.startswith("cd "):
            folder /= text[3:]
            continue
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (text, done)
        assert [x for x in lines if x not in done.stdout.splitlines()] == [], (text, done)


def test_links_between_pages_lead_somewhere():
    for page in (ROOT / "docs").rglob("*.md"):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page}: {link}"
