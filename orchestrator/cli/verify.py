"""``handrail verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.models.verification import Verification

_FILE = click.Path(path_type=Path)


@click.command(help="Check the evidence of merged changes, offline. Exit 9 when anything does not hold.")
@click.argument("target", default="HEAD", metavar="[COMMIT|REPO|BUNDLE]")
@click.option("--base", help="Only commits that this one does not reach.")
@click.option("--root", help="The root of trust, from outside the repository (sha256:…).")
@click.option("--bundle", type=_FILE, help="Evidence from an exported file instead of the branches.")
@click.option("--at", help="An anchor (a file, or a tag): the logs must continue its checkpoints.")
@click.option("--policy", type=_FILE, help="A file of your own demands beside the repository's signed policy.")
@click.option("--ref", help="The branch that is meant, where HEAD does not name one.")
@click.option("--incremental", is_flag=True, help="Only what is new since the last whole verification by you here.")
@click.option("--pre-receive", is_flag=True, help="Judge a push: `old new ref` lines on standard input, as git's hook.")
@click.option(
    "--summary", type=_FILE, help="Write the answer as a signed SLSA verification summary (VSA) to this file."
)
@click.option("--key", type=_FILE, help="The key that signs the summary (default: your own).")
@click.option("--resource", default="", help="The repository's URI in the summary (default: made of its root).")
@click.option("--allow-self-asserted", is_flag=True, help="Accept that the repository vouches for itself.")
@repository
@as_json
def command(
    target: str,
    base: str | None,
    root: str | None,
    bundle: Path | None,
    at: str | None,
    policy: Path | None,
    ref: str | None,
    incremental: bool,
    pre_receive: bool,
    summary: Path | None,
    key: Path | None,
    resource: str,
    allow_self_asserted: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.evidence.verifying import Options, Summary, verify_and_tell, verify_line, verify_push
    from orchestrator.app.files import read_file
    from orchestrator.app.project import open_project

    repo, head, bundle = _meant(repo, target, bundle)
    options = Options(
        base=base,
        root=digest(root),
        allow_self_asserted=allow_self_asserted,
        bundle=read_file(bundle) if bundle else None,
        at=at,
        policy=(read_file(policy), str(policy)) if policy else None,
        incremental=incremental,
    )
    told = Summary(key, resource) if summary else None
    if pre_receive:
        answers, lines = verify_push(repo, sys.stdin, options, told)
        _write(summary, lines)
        sys.exit(max((_shown(found, json_=json_) for found in answers), default=0))
    with open_project(repo) as project:
        if told is None:
            found = verify_line(project, head, options, ref)
        else:
            found, line = verify_and_tell(project, head, options, told, ref)
            _write(summary, line)
    sys.exit(_shown(found, json_=json_))


def _meant(repo: Path, target: str, bundle: Path | None) -> tuple[Path, str, Path | None]:
    """The repository, the commit and the bundle that one word means.

    A commit of the repository comes first: a repository may hold a file or a folder of its branch's name.
    """
    if target == "HEAD" or _names_commit(repo, target):
        return repo, target, bundle
    if Path(target).is_dir():
        return Path(target), "HEAD", bundle
    if Path(target).is_file() and bundle is None:
        return repo, "HEAD", Path(target)
    return repo, target, bundle


def _names_commit(repo: Path, word: str) -> bool:
    from orchestrator.errors import RepositoryError
    from orchestrator.vcs.repository import find, resolve

    try:
        resolve(find(repo), word)
    except RepositoryError:
        return False
    return True


def _write(path: Path | None, lines: bytes) -> None:
    if path is not None and lines:
        path.write_bytes(lines)
        note(f"{path}: the answer as a verification summary.")


def _shown(found: Verification, *, json_: bool) -> int:
    if json_:
        risks = [risk.model_dump(mode="json") for risk in found.risks]
        body = {**found.model_dump(mode="json"), "human_approved": found.human_approved}
        print_json("verification", {**body, "risks_accepted": risks})
    else:
        _tell(found)
    return int(found.exit_code)


def _tell(found: Verification) -> None:
    from orchestrator.policy.risks import headline

    say(headline(found.verdict, found.risks))
    say(f"trust: {found.trust} (root {found.root}, policy version {found.policy_version})")
    for c in found.commits:
        gates = c.gates_in_words()
        people = ", ".join(c.reviewers) + ("" if c.human else " (not a person)")
        shown = "demonstrated" if c.demonstrated else "not demonstrated"
        lines = "lines not stated" if c.lines is None else f"{c.lines} lines"
        say(f"{c.commit[:12]} {c.step} {' '.join(c.requirements)} by {c.agent}; {lines}; {gates}; {shown}; {people}")
        if c.not_observed:
            say(f"{c.commit[:12]} not observed: {', '.join(c.not_observed)}")
    for commit in found.unattested:
        say(f"{commit[:12]} unattested")
    for remark in found.notes:
        say(f"note: {remark}")
    for problem in found.problems:
        where = f"{problem.commit[:12]} " if problem.commit else ""
        say(f"{where}{problem.code} {problem.message}" + (f" Try: {problem.hint}" if problem.hint else ""))
