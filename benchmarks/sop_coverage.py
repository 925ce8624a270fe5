"""How much the compiler reads of procedures that others wrote: files in published packages, by name and version.

``all``: twelve that were looked at while the grammar was widened. ``later`` and ``unseen``: six and eight that were
counted first, and looked at then. ``fresh``: eight that were counted once more after that; faults of reading that they
showed were mended. ``policies``: 32 procedures of another kind, of six blind rounds (docs/benchmarks.md).

A sentence counts as read when it became a node, an edge, a rule or a role. All others are details, remarks or errors
with their place. A detail is told with its step and read back; it is counted apart. The rows ``as written`` are of the
same files with what is not read quoted (``workflow rewrite --as-written``): ``told as they stand`` are the sentences
that a task tells word for word, ``steps by their words`` those that are read beside them. ``sop_asks.txt`` holds which
of the sentences that are not read ask for something, as one reader judged; what is read counts as asking. Blocks of
code, tables that are no steps, pictures and HTML are no sentences, and are counted apart. ``--sentences`` prints what
became of each, so that somebody can judge it. Paths on the command line are counted as a set of their own.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import sources
from measuring import report

from orchestrator.workflows.as_written import as_written
from orchestrator.workflows.compile import Compiled, Kind, compile_prose

GOAL_SHARE = 60.0
GOAL_OF = ("read (%)", "as written, node, edge, rule or role (%)")
READ = {Kind.NODE, Kind.EDGE, Kind.RULE, Kind.ROLE}
BY = "maintainer"
Pieces = tuple[tuple[str, str, str], ...]
"""Package, version, and the file's path in it."""
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

LATER = (
    ("black", "26.10.1", "docs/contributing/release_process.md"),
    ("python-lsp-server", "1.15.0", "RELEASE.md"),
    ("borgmatic", "2.1.10", "docs/how-to/upgrade.md"),
    ("borgmatic", "2.1.10", "docs/how-to/extract-a-backup.md"),
    ("napari", "0.9.2", ".github/ISSUE_TEMPLATE/release.md"),
)
LATER_NPM = (("ember-cli", "7.3.0", "RELEASE.md"),)

RELEASER = "docs/source"
UNSEEN = (
    ("xarray", "2026.9.0", "HOW_TO_RELEASE.md"),
    ("jupyter-releaser", "1.11.2", f"{RELEASER}/get_started/making_release_from_releaser.md"),
    ("jupyter-releaser", "1.11.2", f"{RELEASER}/get_started/making_release_from_repo.md"),
    ("jupyter-releaser", "1.11.2", f"{RELEASER}/how_to_guides/convert_repo_from_releaser.md"),
    ("jupyter-releaser", "1.11.2", f"{RELEASER}/how_to_guides/convert_repo_from_repo.md"),
)
UNSEEN_NPM = (
    ("fastify", "5.12.8", "SECURITY.md"),
    ("fastify", "5.12.8", "GOVERNANCE.md"),
    ("fastify", "5.12.8", "docs/Guides/Benchmarking.md"),
)
FRESH = (
    ("voila", "0.5.13", "RELEASE.md"),
    ("ipykernel", "7.4.0", "RELEASE.md"),
    ("scrapbook", "0.5.0", "RELEASING.md"),
    ("notebook", "7.6.5", "RELEASE.md"),
    ("jupyterlab", "4.6.6", "RELEASE.md"),
    ("nbdime", "4.0.4", "RELEASE.md"),
    ("gauntlet-spec", "1.4.0", "runs/prd-authoring-aids/DOGFOOD-RUNBOOK.md"),
    ("equa-spec", "0.7.0", ".github/workflows/RELEASE-PROCESS.md"),
)
POLICIES = tuple(
    ("@jupiterone/security-policy-templates", "2.11.1", f"templates/procedures/cp-{name}.md.tmpl")
    for name in (
        "employee-exiting", "ccm-emergency", "access-change", "data-backup", "breach-customer", "vuln-remediation",
        "mdm-disposal", "employee-onboarding", "bcdr-recovery", "audit-request", "ccm-patch", "employee-escalation",
        "audit-internal", "vuln-scan", "data-deletion", "vendor-vtr", "access-reset", "ir-playbook", "risk-mitigation",
        "ccm-prodcm", "bcdr-test", "vendor-contracts", "sdlc-scm", "physical-cleandesk", "access-prod-data",
        "sanctions", "audit-customers", "ccm-provision-server", "breach-authorities", "compliance-requests",
        "threat-malware", "employee-whistleblower",
    )
)  # fmt: skip
FEW = 12
"""Files of which each has figures of its own."""
UNJUDGED = frozenset({"policies"})
"""Sets of which nobody judged which of the sentences that are not read ask for something."""
ASKS = frozenset(Path(__file__).with_name("sop_asks.txt").read_text().split("\n")[1:])


def asks(text: str) -> bool:
    """Whether a reader judged that a sentence which is not read asks for something."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] in ASKS


def npm(name: str, version: str) -> Path:
    """The unpacked npm package; ``npm pack`` runs nothing of it."""
    folder = sources.CACHE / f"npm-{name.replace('/', '-')}-{version}"
    if not folder.exists():
        part = folder.with_name(f"{folder.name}.part")
        part.mkdir(parents=True, exist_ok=True)
        argv = ["npm", "pack", "--silent", f"{name}@{version}"]
        subprocess.run(argv, cwd=part, check=True, capture_output=True)
        sources.unpack(next(part.glob("*.tgz")), part)
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
            counted["asks"] += read.kind in READ or asks(read.sentence.text)
    return counted


def quoted(path: Path) -> Counter[str]:
    """Of one file with what is not read quoted: what became of its sentences, without those that were added."""
    added = (f"By default, the {BY} does each step", f"Wait until the {BY} says that it is time for")
    _, found = as_written(path.read_bytes(), BY, lambda data: compile_prose(data, path.name, "sop"))
    told = {id(inner) for one in found.read for inner in one.sentence.quoted}
    counted: Counter[str] = Counter({"workflows": found.workflow is not None})
    for one in found.read:
        counted["tasks"] += bool(one.sentence.quotation)
        if not (one.sentence.quotation or one.sentence.unreadable or one.sentence.text.startswith(added)):
            counted["sentences"] += 1
            counted["told" if id(one.sentence) in told else "read" if one.kind in READ else "others"] += 1
    return counted


def figures_quoted(name: str, given: list[tuple[str, Path]]) -> dict[str, float]:
    """The figures of a set with what is not read quoted."""
    total: Counter[str] = Counter()
    for _, path in given:
        total += quoted(path)
    found = {
        "node, edge, rule or role (%)": 100 * (total["read"] + total["told"]) / total["sentences"],
        "steps by their words (%)": 100 * total["read"] / total["sentences"],
        "told as they stand (%)": 100 * total["told"] / total["sentences"],
        "sentences of a quoted task": total["told"] / max(1, total["tasks"]),
        "files that compile (%)": 100 * total["workflows"] / len(given),
    }
    return {f"{name}, as written, {what}": value for what, value in found.items()}


def files(python: Pieces, node: Pieces) -> list[tuple[str, Path]]:
    """Name and place of each file of these packages."""
    found = [(f"{n} {v}", sources.tree(n, v) / path) for n, v, path in python]
    return found + [(f"{n} {v}", npm(n, v) / path) for n, v, path in node]


def counted(name: str, given: list[tuple[str, Path]]) -> dict[str, float]:
    """The figures of a set, and of each of its files."""
    figures: dict[str, float] = {}
    total: Counter[str] = Counter()
    for package, path in given:
        found = compile_prose(path.read_bytes(), path.name, "sop", BY)
        of_file = count(found)
        total += of_file
        if len(given) <= FEW:
            figures[f"{package} {path.name}, sentences"] = float(of_file["sentences"])
            figures[f"{package} {path.name}, read (%)"] = 100 * of_file["read"] / of_file["sentences"]
        if "--sentences" in sys.argv:
            for read in found.read:
                print(json.dumps({"file": package, "kind": read.kind, "text": read.sentence.text}))
    unreported = total["sentences"] - sum(total[kind] for kind in ("read", "details", "remarks", "errors"))
    figures |= {
        f"{name}, sentences": float(total["sentences"]),
        f"{name}, neither read nor reported": float(unreported),
    }
    figures |= {f"{name}, blocks": float(total["blocks"]), f"{name}, blocks read": float(total["blocks read"])}
    told = total["read"] + total["details"]
    figures |= {
        f"{name}, read (%)": 100 * total["read"] / total["sentences"],
        f"{name}, read or told with a step (%)": 100 * told / total["sentences"],
        f"{name}, errors": float(total["errors"]),
    }
    figures |= figures_quoted(name, given)
    if name in UNJUDGED:
        return figures
    return figures | {
        f"{name}, sentences that ask for something (%)": 100 * total["asks"] / total["sentences"],
        f"{name}, read of those that ask (%)": 100 * total["read"] / total["asks"],
    }


def main() -> None:
    given = [(path, Path(path)) for path in sys.argv[1:] if not path.startswith("--")]
    figures = (
        (counted("given", given) if given else {})
        | counted("all", files(PYPI, NPM))
        | counted("later", files(LATER, LATER_NPM))
    )
    figures |= counted("unseen", files(UNSEEN, UNSEEN_NPM)) | counted("fresh", files(FRESH, ()))
    figures |= counted("policies", files((), POLICIES))
    sets = ("all", "later", "unseen", "fresh", "policies")
    goals = {f"{name}, {what}": (">=", GOAL_SHARE) for name in sets for what in GOAL_OF}
    goals |= {f"{name}, neither read nor reported": ("<=", 0.0) for name in sets}
    report("sop_coverage", figures, goals)


if __name__ == "__main__":
    main()
