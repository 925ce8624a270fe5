"""Bytes changed at random in specs of every format: the checker answers, soon, with codes that are documented."""

import os
import random
import resource
import time
from pathlib import Path

import pytest

from orchestrator.models.spec import SpecFormat
from orchestrator.specs.check import all_codes, check_spec
from orchestrator.specs.lint.table import RULES

ROOT = Path(__file__).parents[2]
SEED = 8
SECONDS = 5.0
"""Of CPU, in the suite."""
SLOWEST_SECONDS = 10.0
"""Of CPU for one document: all of them are small."""
MOST_MIB = 400
KEPT = {
    "spec-kit": "# Feature Specification: A\n\n## Requirements\n\n"
    "- **FR-001**: The page MUST show it [NEEDS CLARIFICATION: when?]\n",
    "ears": "# A\n\n### Requirement 1: Door\n\n#### Acceptance Criteria\n\n"
    "1. WHEN a THEN the door SHALL open\n2. IF b THEN c\n",
    "openspec": "## ADDED Requirements\n\n### Requirement: A\nIt SHALL b.\n\n"
    "#### Scenario: C\n- **WHEN** d\n- **THEN** e\n",
    "press": "Press release\n\nToday we announce it.\n\nFAQ\n\nQ: Can I?\nA: You can pay with a credit card.\n",
    "table": "# T\n\n## Requirements\n\n| ID | Requirement |\n|---|---|\n| R1 | It must work fast |\n",
    "front": "---\nnamespace: a\nlanguage: en\n---\n# T\n\n## Requirements\n\n### REQ-001: A\n\nIt must.\n",
}
HOSTILE = [
    b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c]\n---\n",
    b"---\n" + b"? [" * 200 + b"\n---\n",
    b"> " * 120,
    b"- " * 120,
    b"  " * 60 + b"- a\n",
    b"[" * 300,
    b"![" * 200 + b"](" * 100,
    b"*" * 501,
    b"`" * 333,
    b"<div>\n" * 20,
    b"<!-- ",
    b"<!--" * 50,
    b"|a" * 300 + b"\n" + b"|-" * 300 + b"\n",
    "\u202e\u2066txt".encode(),
    "\u00ad\u200b\U000e0041".encode(),
    b"\r",
    b"\n\r\n\r",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"&#x202e;&#0;&NotAnEntity;",
    b"\\" * 99,
    b"```\n",
    b"~~~~\n",
    b"### REQ-001: A\n\n",
    b"*Depends on:* REQ-001, REQ-002\n",
    b"*Where:* `../../etc/passwd`, `/`, `a//b`\n",
    b"*Verify by:* `a | b`, `$(x)`, `'`\n",
    b"must " * 200,
    b"a." * 400,
    b"1,5 ms " * 100,
    b"e.g. " * 100,
]


def corpus() -> list[bytes]:
    examples = [path.read_bytes() for path in sorted((ROOT / "prd_templates").glob("*/example.md"))]
    return [*examples, *(text.encode() for text in KEPT.values())]


def mutated(draw: random.Random, texts: list[bytes]) -> bytes:
    data = bytearray(draw.choice(texts))
    for _ in range(draw.randint(1, 12)):
        at, to = sorted(draw.choices(range(len(data) + 1), k=2))
        to = min(to, at + 200)
        match draw.randrange(7):
            case 0:
                data[at:at] = draw.choice(HOSTILE)
            case 1:
                del data[at:to]
            case 2:
                data[at:at] = data[at:to] * draw.randint(1, 20)
            case 3:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 4:
                other = draw.choice(texts)
                cut = draw.randrange(len(other))
                data[at:to] = other[cut : cut + 300]
            case 5:
                data = bytearray(
                    bytes(data).replace(b"\n", draw.choice([b"\r\n", b"\r", b"\n\n", b"\n\t"]), draw.randint(1, 9))
                )
            case _:
                data[at:at] = draw.randbytes(draw.randint(1, 8))
    return bytes(data)


def judge(data: bytes, chosen: SpecFormat | None) -> None:
    begin = time.process_time()
    checked = check_spec(data, "p.md", chosen, select=RULES)
    assert time.process_time() - begin < SLOWEST_SECONDS, data
    rows = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    assert checked.spec is not None or checked.errors
    for problem in checked.problems:
        assert problem.code in all_codes()
        assert 1 <= problem.line <= rows, (problem, data)
        assert problem.column >= 1


def fuzz(seed: int, cpu_seconds: float) -> int:
    draw, texts, count = random.Random(seed), corpus(), 0  # noqa: S311  bytes to try, no secret
    forms = [None, None, *(f for f in SpecFormat if f is not SpecFormat.PROCESS)]
    end = time.process_time() + cpu_seconds
    while time.process_time() < end:
        judge(mutated(draw, texts), draw.choice(forms))
        count += 1
    return count


def test_changed_bytes_of_every_format() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(SEED, SECONDS) > 20
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MOST_MIB


@pytest.mark.soak
def test_changed_bytes_of_every_format_long() -> None:
    seconds = float(os.environ.get("HANDRAIL_SOAK_FUZZ_SECONDS", "1800"))
    assert fuzz(int(os.environ.get("HANDRAIL_SOAK_SEED", "1")), seconds) > 1000
