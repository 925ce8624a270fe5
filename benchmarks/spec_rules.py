"""How often each lint rule is right, on sentences that were labelled by hand before any rule was run on them.

    python benchmarks/spec_rules.py

``spec_sentences.tsv`` holds the sentences: statements and criteria as they stand in the specs of shops,
clinics, devices, libraries and command-line tools, each fault beside a harmless twin. They are ours,
written in the manner of such specs by somebody who knew what the rules are about, so a rule's rate on the
specs of strangers may be lower. Each sentence is checked alone, in a document that is otherwise without
fault, with every rule that can judge one sentence. ``precision`` is the share of a rule's remarks that the
label agrees with, ``recall`` the share of labels that it found, ``remarks`` how often it spoke. A rule under
0.7 is off by default. Six rules were mended by what a set of sentences showed; their rates are of the set
that was written and labelled after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measuring import report

from orchestrator.specs.check import check_spec
from orchestrator.specs.lint.table import RULES

SENTENCES = Path(__file__).with_name("spec_sentences.tsv")
LEAST = 0.7
OPENING = "# Till\n\nCashiers wait at the till for a long time.\n\n## Requirements\n\n### REQ-001: Balance\n\n"
STATEMENT = OPENING + "{}\n\n- *Accept:*\n  - Given a card with 20.00 left, the till shows 20.00.\n"
CRITERION = OPENING + "The till must show what is left on a gift card.\n\n- *Accept:*\n  - {}\n"
ALONE = frozenset({"PRD159", *(code for code in RULES if "PRD118" <= code <= "PRD143"), "PRD148"}) | {
    code for code in RULES if "PRD160" <= code <= "PRD166"
}
"""Rules that can judge one sentence. The others look at a whole document, and are shown by their two examples."""
NEVER = frozenset({"PRD118", "PRD129", "PRD140"})
"""Of those: what needs a title, five demands or no criterion at all, which no single sentence has."""

MENDED = {"PRD143": 2, "PRD160": 2, "PRD164": 2, "PRD165": 2, "PRD166": 2, "PRD163": 3}
"""From which set on a rule's rate counts: what it was mended by says nothing about it."""


@dataclass(frozen=True)
class Labelled:
    set: int
    text: str
    document: str
    codes: frozenset[str]


def sentences() -> Iterator[Labelled]:
    """Each labelled sentence with the document that it is checked in."""
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        part, codes, text = line.split("\t")
        frame = STATEMENT if part.endswith("s") else CRITERION
        yield Labelled(int(part[:-1] or 1), text, frame.format(text), frozenset(filter(None, codes.split(","))))


def remarks(one: Labelled) -> frozenset[str]:
    """The codes of what is said about the sentence itself."""
    checked = check_spec(one.document.encode(), "till.md", select=ALONE)
    line = next(i for i, row in enumerate(checked.lines, 1) if one.text in row)
    return frozenset(p.code for p in checked.problems if p.line == line) & judged(one)


def judged(one: Labelled) -> frozenset[str]:
    """The rules whose rate this sentence counts for."""
    return frozenset(code for code in ALONE - NEVER if MENDED.get(code, 1) <= one.set)


def main() -> None:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    labelled = list(sentences())
    for one in labelled:
        said, labels = remarks(one), one.codes & judged(one)
        right.update(said & labels)
        wrong.update(said - labels)
        missed.update(labels - said)
        for code in sorted(said ^ labels):
            print(f"{'wrong ' if code in said else 'missed'} {code}  {one.text[:110]}")
    figures: dict[str, float] = {"sentences": float(len(labelled))}
    goals: dict[str, tuple[str, float]] = {"sentences": (">=", 100)}
    for code in sorted(ALONE - NEVER):
        spoken, there = right[code] + wrong[code], right[code] + missed[code]
        figures[f"{code} remarks"] = float(spoken)
        if spoken:
            figures[f"{code} precision"] = right[code] / spoken
        if there:
            figures[f"{code} recall"] = right[code] / there
        if spoken and RULES[code].default:
            goals[f"{code} precision"] = (">=", LEAST)
    report("spec_rules", figures, goals)


if __name__ == "__main__":
    main()
