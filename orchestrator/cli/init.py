"""``handrail init``."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, interactive, no_input, repository
from orchestrator.cli.telling import note, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.models.profile import RepositoryProfile


@click.command(help="Set a repository up: your key, a policy that names you, and a profile that you confirm.")
@click.option("--name", help="Your name in the policy (default: your user name).")
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (made when missing).")
@click.option("--commit", is_flag=True, help="Commit the folder right away.")
@click.option("--protect", multiple=True, help="A branch on which commits without evidence do not verify.")
@click.option("--capabilities", default="default", show_default=True, help="The limits of a step: default or large.")
@click.option("--yes", is_flag=True, help="Confirm the profile as it was detected.")
@repository
@no_input
@as_json
def command(
    name: str | None,
    key: Path | None,
    commit: bool,
    protect: tuple[str, ...],
    capabilities: str,
    yes: bool,
    repo: Path,
    no_input: bool,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.setup import ensure_new, initialise, propose_profile
    from orchestrator.errors import AwaitingPerson, UsageError

    with open_project(repo) as project:
        ensure_new(project)
        profile = propose_profile(project)
        if not json_:
            for line in _lines(profile):
                note(line)
        if not yes:
            if not interactive(no_input or json_):
                raise AwaitingPerson("CFG013", "Somebody has to confirm the profile.", "handrail init --yes")
            if not click.confirm("Is this right?", default=True, err=True):
                hint = "handrail init --yes, then edit .handrail/profile.yaml before you commit it"
                raise UsageError("CFG015", "The profile is not confirmed; nothing was written.", hint)
        done = initialise(
            project,
            profile,
            name or getpass.getuser(),
            key=key,
            commit=commit,
            protect=protect,
            capabilities=capabilities,
        )
    if json_:
        body = {"root": done.root, "keyid": done.keyid, "written": done.written, "committed": done.committed}
        print_json("init", {**body, "profile": done.profile.model_dump(mode="json")})
        return
    note(f"Wrote {', '.join(done.written)}; your key is {done.key_path}: keep it to yourself.")
    note(f"Root of trust: {done.root} (give it to whoever verifies)")
    if not commit:
        note("Try: git add .handrail && git commit -m 'Set Handrail up'")


def _lines(profile: RepositoryProfile) -> Iterator[str]:
    for field in ("languages", "source_roots", "test_roots", "test", "requirements"):
        values = getattr(profile, field)
        sources = [profile.detected_from.get(f"{field}:{value}") for value in values]
        named = sorted({s for s in [*sources, profile.detected_from.get(field)] if s})
        yield f"{field}: {' '.join(values) or '(none found)'}" + (f"  [from {', '.join(named)}]" if named else "")
