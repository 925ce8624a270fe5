"""A process that was written for people, put into the form that compiles without a model, taken, compiled and done."""

import re

import pytest
from run_support import lab
from test_run_processes import Office

FAIR = """# Closing the fair

Hello, these are our habits, as it were.

## Steps

1. Shut the gate.
2. Count the money.
3. Sweep the floor.
4. Guests, well, all of them out, as it were.
   - The boss must approve whoever stays.

## After a storm

- Fold the tent.
- Count the pegs.
- Call the owner.
"""


def rewrite(here, process, *more):
    return here.cli("workflow", "rewrite", str(process), *more)


@pytest.fixture(name="here")
def _here(tmp_path):
    with lab(tmp_path / "lab", people={"ann": ("clerk",)}) as made:
        yield made


@pytest.fixture(name="process")
def _process(tmp_path):
    (tmp_path / "fair").mkdir()
    path = tmp_path / "fair" / "process.md"
    path.write_text(FAIR)
    return path


def test_a_person_takes_the_difference_and_each_part_is_told_and_done(here, process):
    refused = here.cli("workflow", "compile", str(process), "--by", "clerk")
    assert refused.returncode == 6
    assert f"handrail workflow rewrite {process} --as-written --by ROLE" in refused.stderr
    said = rewrite(here, process, "--as-written", "--by", "clerk")
    assert said.returncode == 4, said.stderr
    assert '+4. The clerk sees to "Steps" as it is written, as far as it applies:\n' in said.stdout
    assert '+The clerk sees to "After a storm" as it is written, as far as it applies:\n' in said.stdout
    assert re.search(
        r"process\.proposed\.md:\d+: nothing enforces this: The boss must approve whoever stays\n", said.stderr
    )
    assert process.read_text() == FAIR
    digest = re.search(r"--accept (sha256:[0-9a-f]{64})", said.stderr)[1]
    assert rewrite(here, process, "--accept", digest).returncode == 0
    assert here.cli("workflow", "compile", str(process), "-o", str(process.with_name("workflow.yaml"))).returncode == 0
    assert here.cli("workflow", "check", str(process.with_name("workflow.yaml"))).returncode == 0

    office = Office(here, process.with_name("workflow.yaml")).go()
    told = []
    while office.waits:
        [(node, kind)] = office.waits
        told.append((node, here.cli("review", "show", office.result.items[0].id).stdout))
        assert kind != "answers"
        office.says("ann")
    assert office.result.exit_code == 0
    quoted = "| Guests, well, all of them out, as it were.\n  | - The boss must approve whoever stays.\n"
    assert [node for node, _ in told] == [
        "clerk-sees-this-as",
        "clerk-shuts-gate",
        "clerk-counts-money",
        "clerk-sweeps-floor",
        "clerk-sees-steps-as",
        "clerk-sees-after-storm",
    ]
    assert f"  As it is written:\n  {quoted}" in dict(told)["clerk-sees-steps-as"]


@pytest.mark.parametrize(("more", "code"), [
    (("--as-written",), "WF109"),
    (("--by", "clerk"), "WF109"),
    (("--as-written", "--by", "clerk", "--model", "a/b"), "WF109"),
    (("--as-written", "--by", "nobody"), "WF100"),
    (("--as-written", "--by", "they"), "WF100"),
])  # fmt: skip
def test_options_that_do_not_belong_together_are_refused_and_write_nothing(here, process, more, code):
    said = rewrite(here, process, *more)
    assert (said.returncode, code in said.stderr) == (2, True), said.stderr
    assert [p.name for p in process.parent.iterdir()] == ["process.md"]


@pytest.mark.parametrize(("data", "exits", "code"), [
    (b"# Fair\n\n1. The clerk shuts the gate.\n", 2, "WF108"),
    (b"# Fair\n\n\xff\n", 2, "WF104"),
    ("# Fair\n\n1. Shut\u202e the gate.\n".encode(), 6, "WF102"),
    (b"# Fair\n", 6, "WF102"),
    (b"- " * 13 + b"Shut it.\n", 6, "WF102"),
])  # fmt: skip
def test_what_needs_no_quotation_or_cannot_be_looked_at_is_refused_and_writes_nothing(here, process, data, exits, code):
    process.write_bytes(data)
    said = rewrite(here, process, "--as-written", "--by", "clerk")
    assert (said.returncode, code in said.stderr) == (exits, True), said.stderr
    assert [p.name for p in process.parent.iterdir()] == ["process.md"]
