"""``handrail init``."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from orchestrator.cli.options import as_json, interactive, no_input, print_json, repository


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
    from orchestrator.app.setup import initialise, propose_profile
    from orchestrator.errors import AwaitingPerson

    with open_project(repo) as project:
        profile = propose_profile(project)
        if not json_:
            for field in ("languages", "source_roots", "test_roots", "test", "requirements"):
                value = " ".join(getattr(profile, field)) or "(none found)"
                click.echo(f"{field}: {value}  [{profile.detected_from.get(field, 'not detected')}]", err=True)
        if not yes:
            if not interactive(no_input or json_):
                raise AwaitingPerson("CFG013", "Somebody has to confirm the profile.", "handrail init --yes")
            click.confirm(
                "Is this right? (Edit .handrail/profile.yaml later if not)", default=True, abort=True, err=True
            )
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
    click.echo(f"Wrote {', '.join(done.written)}; your key is {done.key_path} (keep it).", err=True)
    click.echo(f"Root of trust: {done.root}", err=True)
    if not commit:
        click.echo("Try: git add .handrail && git commit -m 'Set Handrail up'", err=True)
