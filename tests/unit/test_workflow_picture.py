"""The drawing of every library workflow can be read: no text is cut, none lies on another, every passage is there."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree as ET

import pytest
from workflow_support import LIBRARY, PIPELINES, bundled

from orchestrator.workflows.picture import svg

NAMES = (*LIBRARY, *sorted(PIPELINES))
SVG = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]


def texts(drawing: ET.Element) -> list[tuple[str, Area]]:
    """Each text and about where it lies: a character is 0.6 of its size wide."""
    found = []
    for text in drawing.iter(f"{SVG}text"):
        said, size = text.text or "", float(text.get("font-size", "12"))
        x, y = float(text.get("x", 0)), float(text.get("y", 0))
        found.append((said, (x, y - 0.75 * size, x + 0.6 * size * len(said), y + 0.2 * size)))
    return found


def meet(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut_and_none_lies_on_another(name: str) -> None:
    made = bundled(name)
    drawing = ET.fromstring(svg(made))  # noqa: S314  our own text
    found = texts(drawing)
    width, height = float(drawing.get("width", 0)), float(drawing.get("height", 0))
    assert [t for t, (_, _, right, low) in found if right > width or low > height] == []
    assert [(a, b) for (a, one), (b, other) in itertools.combinations(found, 2) if meet(one, other)] == []
    said = re.sub(r"\s+", " ", " ".join(t for t, _ in found))
    assert [node.title for node in made.nodes.values() if re.sub(r"\s+", " ", node.title) not in said] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_passage_has_its_name_and_back_ones_are_dashed(name: str) -> None:
    made = bundled(name)
    drawing = ET.fromstring(svg(made))  # noqa: S314  our own text
    rows = {n: i for i, n in enumerate(made.nodes)}
    labels = [t for text in drawing.iter(f"{SVG}text") for t in (text.text or "").split(", ")]
    outcomes = [re.sub(r"\(", " (", o) for node in made.nodes.values() for o in node.on]
    assert all(any(label.startswith(o) for label in labels) for o in outcomes)
    back = {(t, rows[t] <= rows[n]) for n, node in made.nodes.items() for t in node.on.values()}
    lanes = [p for p in drawing.iter(f"{SVG}path") if "marker-end" in p.attrib and " H" in p.get("d", "")]
    assert sum("stroke-dasharray" in p.attrib for p in lanes) == sum(is_back for _, is_back in back)
