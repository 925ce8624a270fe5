"""A Workflow as ``workflow.yaml``: plain, in a fixed order, without what is the default."""

from __future__ import annotations

from typing import Any

import yaml

from orchestrator.models.workflow import Workflow

SCHEMA = "handrail.workflow/1"


def dump(workflow: Workflow) -> str:
    """The file's text. Loading it gives the same workflow."""
    body: dict[str, Any] = {"schema": SCHEMA, **workflow.model_dump(mode="json", exclude_defaults=True)}
    for node in body["nodes"].values():
        node["on"] = node.pop("on", {})
    return yaml.dump(body, sort_keys=False, allow_unicode=True, width=120, Dumper=_Plain)


class _Plain(yaml.SafeDumper):
    """Small mappings and lists on one line."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  YAML's own signature
        del data
        return True


def _lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Words of several lines as they stand, where YAML can write them so."""
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)  # pyright: ignore[reportUnknownMemberType]


_Plain.add_representer(str, _lines)
