"""How often each sentence rule is right on specs that others wrote, and that were published in packages.

    python benchmarks/spec_strangers.py

``spec_strangers.tsv`` holds places and judgements, no words: the packages are fetched by name and version, and
each file's digest is compared. ``blind`` sentences were drawn by the digest of their place, 45 or 60 a package, and
labelled before any rule was run on them. ``held`` remarks were judged one by one, and no rule was changed for them.
Both together are what a rule is measured by: ``remarks``, ``precision`` and its 95 % interval (Wilson). ``mended``
remarks showed what was wrong with a rule, which was then changed: what it says of those of them that it still makes
is told apart, and proves little. Rules see the whole document, as `prd check` does.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from measuring import report
from sources import tree
from spec_rules import ALONE, LEAST, NEVER

from orchestrator.specs.lint.document import Document
from orchestrator.specs.lint.table import RULES
from orchestrator.specs.parse import parse_document

PLACES = Path(__file__).with_name("spec_strangers.tsv")
_Z = 1.96
_WHOLE = frozenset({"PRD137", "PRD159", *(code for code in RULES if "PRD160" <= code <= "PRD166")})
"""What a label of one sentence cannot say: a count of words, and what the rest of the document names or does not."""


@dataclass
class File:
    package: str
    version: str
    path: str
    sha256: str
    blind: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict[tuple[int, int], frozenset[str]])
    judged: dict[tuple[int, int, str], tuple[str, bool]] = field(
        default_factory=dict[tuple[int, int, str], tuple[str, bool]]
    )


def files() -> list[File]:
    """Every file with what was judged in it."""
    found: list[File] = []
    for line in PLACES.read_text(encoding="utf-8").splitlines():
        kind, *rest = line.split("\t")
        if kind == "file":
            found.append(File(*rest[1:]))
        elif kind == "blind":
            place = int(rest[1]), int(rest[2])
            found[int(rest[0])].blind[place] = frozenset(filter(None, rest[4].split(",")))
        elif kind in ("held", "mended"):
            key = int(rest[1]), int(rest[2]), rest[3]
            found[int(rest[0])].judged[key] = (kind, rest[4] == "right")
    return found


def read(file: File) -> Document:
    """The document, when its bytes are those that were judged."""
    data = (tree(file.package, file.version) / file.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise RuntimeError(f"{file.package}=={file.version} {file.path} is not what was judged.")
    parsed = parse_document(data, file.path)
    return Document(parsed.text, parsed.blocks, parsed.spec)


def interval(right: int, spoken: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    share, square = right / spoken, _Z * _Z
    middle = share + square / (2 * spoken)
    wide = _Z * ((share * (1 - share) + square / (4 * spoken)) / spoken) ** 0.5
    return (middle - wide) / (1 + square / spoken), (middle + wide) / (1 + square / spoken)


def count(file: File, counted: Counter[tuple[str, str]]) -> None:
    """Add one file's remarks and labels: ``(code, what)`` → how many."""
    document = read(file)
    said = {code: {(r.line, r.column) for r in RULES[code].check(document)} for code in RULES}
    for (line, column, code), (kind, right) in file.judged.items():
        if (line, column) in said[code]:
            counted[code, f"{kind} {'right' if right else 'wrong'}"] += 1
    for sentence in document.demands:
        labels = file.blind.get(sentence.place())
        if labels is None:
            continue
        counted["", "blind"] += 1
        places = {sentence.place(i) for i in range(len(sentence.text))}
        for code in ALONE - NEVER - _WHOLE:
            spoken, there = bool(said[code] & places), code in labels
            counted[code, "blind right"] += spoken and there
            counted[code, "blind wrong"] += spoken and not there
            counted[code, "blind missed"] += there and not spoken


def main() -> None:
    counted = Counter[tuple[str, str]]()
    for file in (known := files()):
        count(file, counted)
    figures = {"packages": float(len({f.package for f in known})), "files": float(len(known))}
    figures["labelled sentences"] = float(counted["", "blind"])
    goals: dict[str, tuple[str, float]] = {"labelled sentences": (">=", 100)}
    for code in sorted(RULES):
        right = counted[code, "blind right"] + counted[code, "held right"]
        spoken = right + counted[code, "blind wrong"] + counted[code, "held wrong"]
        mended = counted[code, "mended right"] + counted[code, "mended wrong"]
        if spoken:
            low, high = interval(right, spoken)
            figures |= {f"{code} remarks": float(spoken), f"{code} precision": right / spoken}
            figures |= {f"{code} low": low, f"{code} high": high}
            if RULES[code].default:
                goals[f"{code} precision"] = (">=", LEAST)
        if mended:
            figures[f"{code} mended remarks"] = float(mended)
            figures[f"{code} mended precision"] = counted[code, "mended right"] / mended
        if missed := counted[code, "blind missed"]:
            figures[f"{code} missed"] = float(missed)
    report("spec_strangers", figures, goals)


if __name__ == "__main__":
    main()
