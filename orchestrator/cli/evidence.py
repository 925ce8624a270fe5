"""``handrail evidence``: carry evidence about, anchor it elsewhere, look at its logs."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say

_PATH = click.Path(path_type=Path)


@click.group(help="Export, import and anchor evidence.")
def command() -> None: ...


@command.command(help="Write all statements to one file that can be carried anywhere (in-toto bundle, signed index).")
@click.option("-o", "output", type=_PATH, default=Path("evidence.intoto.jsonl"), show_default=True)
@click.option("--in-toto", "folder", type=_PATH, help="A new folder instead: a layout and links for in-toto-verify.")
@click.option("--base", help="With --in-toto: only commits that this one does not reach.")
@click.option("--head", default="HEAD", show_default=True, help="With --in-toto: the commit whose files are compared.")
@click.option("--key", type=_PATH, help="The signing key (default: your own).")
@repository
def export(output: Path, folder: Path | None, base: str | None, head: str, key: Path | None, repo: Path) -> None:
    from orchestrator.app.evidence.carrying import export as export_lines
    from orchestrator.app.evidence.intoto import export_in_toto
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        if folder is not None:
            count = export_in_toto(project, folder, key, base, head)
            note(f"{count} commits. In a plain checkout of {head}:")
            note(
                f"in-toto-verify -l {folder}/root.layout --verification-keys {folder}/exporter.pub --link-dir {folder}"
            )
            return
        data = export_lines(project, key)
    output.write_bytes(data)
    count = data.count(b"\n") - 1
    note(f"{output}: {count} statements.")


@command.command("import", help="Take the statements of a bundle into your own log, when every one of them holds.")
@click.argument("bundle", type=_PATH)
@click.option("--key", type=_PATH, help="The key of your log (default: your own).")
@repository
@as_json
def import_(bundle: Path, key: Path | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.evidence.carrying import import_bundle
    from orchestrator.app.files import read_file
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        fresh, known = import_bundle(project, read_file(bundle), key)
    if json_:
        print_json("evidence-import", {"imported": fresh, "known": known})
    else:
        say(f"{fresh} statements imported, {known} were here")


@command.command(help="Write the logs' checkpoints to a file, or into a signed tag to push to a second remote.")
@click.option("-o", "output", type=_PATH, help="The file; keep it where whoever can write the repository cannot.")
@click.option("--tag", help="The name of a signed, annotated tag on HEAD.")
@click.option("--key", type=_PATH, help="The key that signs the tag (default: your own).")
@repository
def anchor(output: Path | None, tag: str | None, key: Path | None, repo: Path) -> None:
    from orchestrator.app.evidence.carrying import anchor_tag, checkpoints
    from orchestrator.app.project import open_project
    from orchestrator.errors import UsageError

    if (output is None) == (tag is None):
        raise UsageError("CLI003", "Name one place for the anchor.", "handrail evidence anchor -o FILE, or --tag NAME")
    with open_project(repo) as project:
        if output is not None:
            output.write_bytes(checkpoints(project))
            note(f"{output}: handrail verify --at {output}")
        elif tag is not None:
            ref = anchor_tag(project, tag, key)
            note(f"{ref}: git push REMOTE {ref}; handrail verify --at {tag}")


@command.command(help="List the writers' logs; prove that one continues an anchor, or that a statement stands in one.")
@click.option("--since", help="An anchor (file or tag): print the consistency proof of each log.")
@click.option("--prove", help="The digest of a statement's line (sha256:…): write its proof of inclusion.")
@click.option("-o", "output", type=_PATH, default=Path("statement.tlog-proof"), show_default=True)
@repository
@as_json
def log(since: str | None, prove: str | None, output: Path, repo: Path, json_: bool) -> None:
    from orchestrator.app.evidence.carrying import anchor_at, compare, writers
    from orchestrator.app.evidence.carrying import prove as prove_line
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        if (wanted := digest(prove)) is not None:
            output.write_bytes(prove_line(project, wanted))
            note(f"{output}: the statement stands in the log.")
            return
        found = writers(project)
        proofs = compare(project, anchor_at(project, since)) if since else ()
    rows = [
        {
            "ref": w.ref,
            "name": w.name,
            "writer": w.state.writer if w.state else None,
            "size": w.state.size if w.state else None,
            "root": w.state.head.root.hex() if w.state else None,
        }
        for w in found
    ]
    since_rows = [{"writer": w, "from": old, "to": new, "proof": list(proof)} for w, old, new, proof in proofs]
    if json_:
        print_json("evidence-log", {"logs": rows, "consistency": since_rows})
        return
    for row in rows:
        what = f"{row['size']} lines, root {row['root']}" if row["name"] else "the policy names no such writer"
        say(f"{row['ref']}  {row['name'] or '-'}  {what}")
    for w, old, new, proof in proofs:
        say(f"{w[:16]} continues from {old} to {new}: {' '.join(proof) or '(the same)'}")
