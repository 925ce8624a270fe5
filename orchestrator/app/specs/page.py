"""One page of a spec, for people who will not open a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.specs.checking import replace_file
from orchestrator.app.specs.files import gather
from orchestrator.errors import SpecInvalid

if TYPE_CHECKING:
    from orchestrator.models.spec import SpecFormat


def write_page(spec: Path, chosen: SpecFormat | None, page: Path, plan: Path | None) -> None:
    """Raises as reading does; ``SpecInvalid`` for a spec that cannot be planned, ``PlanInvalid`` for another's plan."""
    from orchestrator.app.specs.planning import read_plan
    from orchestrator.errors import PlanInvalid
    from orchestrator.render.spec_page import spec_page
    from orchestrator.specs.check import check_spec

    files = gather(spec)
    checked = check_spec(files.data, str(files.path), chosen, files.beside)
    if checked.spec is None:
        raise SpecInvalid("PRD000", f"{spec} cannot be planned.", f"handrail prd check {spec}")
    planned = read_plan(plan) if plan else None
    if planned is not None and planned.spec_source != checked.spec.source_digest:
        text = f"{plan} was made from another text of {spec}."
        raise PlanInvalid("PLAN011", text, f"handrail plan {spec} -o {plan}")
    shown = checked.spec.model_copy(update={"path": files.path.name})
    replace_file(page, spec_page(shown, checked.problems, planned).encode())
