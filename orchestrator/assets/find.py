"""Where the data folders lie: packaged beside the code, or in the checkout that the code runs from."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.strict_yaml import validate

_PACKAGED = Path(__file__).parent.parent / "_data"
_CHECKOUT = Path(__file__).parent.parent.parent
_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")


def data_folder(name: str) -> Path:
    """``workflows``, ``prd_templates``, ``sandboxes`` or ``scenarios``. Raises ``UsageError`` CFG001 without it."""
    for root in (_PACKAGED, _CHECKOUT):
        if (root / name).is_dir():
            return root / name
    raise UsageError("CFG001", f"The folder {name} is missing from this installation.", "reinstall Handrail")


def capability_profile(name: str) -> Capabilities:
    """A bundled profile of limits by its id. Raises ``UsageError`` (CFG002) for an unknown or a broken one."""
    folder = data_folder("sandboxes") / "capabilities"
    path = folder / f"{name}.yaml"
    if not _ID.fullmatch(name) or not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise UsageError("CFG002", f"There is no capability profile {name!r}.", f"one of: {known}")
    found, problems = validate(path.read_bytes(), Capabilities, path.name, "CFG002")
    if found is None:
        text = "The installation's capability profile is broken."
        raise UsageError("CFG002", text, "reinstall Handrail", [str(p) for p in problems])
    return found


def workflow_ids() -> tuple[str, ...]:
    """Ids of the bundled workflows, sorted."""
    return tuple(sorted(p.parent.name for p in data_folder("workflows").glob("*/workflow.yaml")))


def workflow_place(named: Path) -> Path:
    """The ``workflow.yaml`` of a bundled workflow that is named by its id; any other path as it is. A file wins."""
    bundled = not named.exists() and str(named) in workflow_ids()
    return data_folder("workflows") / named / "workflow.yaml" if bundled else named


def workflow_files(workflow: str) -> tuple[bytes, bytes, str]:
    """Bytes of ``workflow.yaml`` and ``process.md``, and the first's path. Raises ``UsageError`` (WF004)."""
    folder = data_folder("workflows") / workflow
    if not _ID.fullmatch(workflow) or not (folder / "workflow.yaml").is_file():
        known = ", ".join(workflow_ids())
        raise UsageError("WF004", f"There is no workflow {workflow!r}.", f"one of: {known}")
    return (folder / "workflow.yaml").read_bytes(), (folder / "process.md").read_bytes(), f"{workflow}/workflow.yaml"
