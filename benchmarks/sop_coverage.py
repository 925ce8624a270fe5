"""How much the compiler reads of procedures that others wrote: files in published packages, by name and version.

A sentence counts as read when it became a node, an edge, a rule or a role. All others are remarks or errors with
their place. Blocks of code, tables and HTML are no sentences, and are counted apart. ``--sentences`` prints what
became of each, so that somebody can judge it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import sources
from measuring import report

from orchestrator.workflows.compile import Compiled, Kind, compile_prose

GOAL_SHARE = 60.0
READ = {Kind.NODE, Kind.EDGE, Kind.RULE, Kind.ROLE}
BY = "maintainer"
PYPI = (
    ("jupyterhub", "6.1.1", "RELEASE.md"),
    ("jupyter_server", "2.21.1", "RELEASE.md"),
    ("jupyter_client", "8.10.0", "RELEASING.md"),
    ("jupyterlab_server", "2.28.1", "RELEASE.md"),
    ("nbconvert", "7.17.2", "RELEASE.md"),
    ("nbformat", "5.11.1", "RELEASING.md"),
    ("traitlets", "5.16.1", "RELEASE.md"),
    ("tuf", "7.0.1", "docs/RELEASE.md"),
    ("dask", "2026.8.0", "docs/release-procedure.md"),
    ("conda_lock", "4.0.3", "CONTRIBUTING.md"),
)
NPM = (("resolve", "1.22.14", ".github/INCIDENT_RESPONSE_PROCESS.md"), ("node-gyp", "12.4.0", "CONTRIBUTING.md"))


def npm(name: str, version: str) -> Path:
    """The unpacked npm package; ``npm pack`` runs nothing of it."""
    folder = sources.CACHE / f"npm-{name}-{version}"
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(parents=True, exist_ok=True)
        argv = ["npm", "pack", "--silent", f"{name}@{version}"]
        subprocess.run(argv, cwd=part, check=True, capture_output=True)
        with tarfile.open(next(part.glob("*.tgz"))) as members:
            members.extractall(part, filter="data")
        part.rename(folder)
    return folder / "package"


def count(found: Compiled) -> Counter[str]:
    """Of one file: read, remarks, errors; and blocks, which are no sentences."""
    counted: Counter[str] = Counter()
    for read in found.read:
        if read.sentence.unreadable:
            counted["blocks"] += 1
            counted["blocks read"] += read.kind in READ
        else:
            counted["sentences"] += 1
            counted["read" if read.kind in READ else f"{read.kind}s"] += 1
    return counted


def main() -> None:
    figures: dict[str, float] = {}
    total: Counter[str] = Counter()
    files = [(f"{n} {v}", sources.tree(n, v) / path) for n, v, path in PYPI]
    files += [(f"{n} {v}", npm(n, v) / path) for n, v, path in NPM]
    files += [(path, Path(path)) for path in sys.argv[1:] if not path.startswith("--")]
    for name, path in files:
        found = compile_prose(path.read_bytes(), path.name, "sop", BY)
        counted = count(found)
        total += counted
        figures[f"{name} {path.name}, sentences"] = float(counted["sentences"])
        figures[f"{name} {path.name}, read (%)"] = 100 * counted["read"] / counted["sentences"]
        if "--sentences" in sys.argv:
            for read in found.read:
                print(json.dumps({"file": name, "kind": read.kind, "text": read.sentence.text}))
    unreported = total["sentences"] - total["read"] - total["remarks"] - total["errors"]
    figures |= {"all, sentences": float(total["sentences"]), "all, neither read nor reported": float(unreported)}
    figures |= {"all, blocks": float(total["blocks"]), "all, blocks read": float(total["blocks read"])}
    figures["all, read (%)"] = 100 * total["read"] / total["sentences"]
    goals = {"all, read (%)": (">=", GOAL_SHARE), "all, neither read nor reported": ("<=", 0.0)}
    report("sop_coverage", figures, goals)


if __name__ == "__main__":
    main()
