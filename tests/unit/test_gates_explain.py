import ast
import re
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.gates.reports.explain import bandit_rules, codes, explain
from orchestrator.gates.reports.remedies import REMEDIES
from orchestrator.gates.reports.words import OWN

ROOM = Path(__file__).parents[2] / "orchestrator/gates"
CODE = re.compile(r"(?:SCAN|TEST|GAINS)-[A-Z-]+|[A-Z]{3,}(?:-[A-Z]+)*")


def named_rules():
    """Every constant that is given as ``rule=`` or as the first argument of a helper that makes a hit."""
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            named = [k.value for k in node.keywords if k.arg == "rule"]
            if isinstance(node.func, ast.Name) and node.func.id in {"_hit", "Unscannable", "unscannable"}:
                named += node.args[:2]
            for value in named:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                    yield value.value


def test_every_code_of_ours_is_explained():
    found = set(named_rules())
    assert {"PROTECTED", "SCAN-SYNTAX", "TEST-DELETED", "SUPPRESSION"} <= found
    assert found - set(OWN) == set()
    assert all(explain(code).count("Do: ") == 1 for code in codes())


def test_every_rule_about_other_files_is_explained():
    calls = (n for path in sorted((ROOM / "kinds").glob("*.py")) for n in ast.walk(ast.parse(path.read_text())))
    made = [n for n in calls if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "KindRule"]
    found = {n.args[0].value for n in made if n.args and isinstance(n.args[0], ast.Constant)}
    assert {"AGENT-HOOK", "DEP-NEW", "SECRET", "TOOL-MISSING"} <= found
    assert found - set(codes()) == set()


def test_a_shared_rule_is_explained_under_both_names_with_what_to_do():
    assert REMEDIES["602"] in explain("B602")
    assert REMEDIES["602"] in explain("S602")
    assert "pickle" in explain("B301")
    assert "CWE-78" in explain("HR201")
    assert "network" in explain("GAINS-NETWORK").casefold()


def test_every_rule_of_bandit_and_ruff_has_a_remedy():
    import json
    import subprocess

    from orchestrator.gates.scanners.ruff import find_ruff

    manager = bandit_rules()
    theirs = {c[1:] for c in (*manager.plugins_by_id, *manager.blacklist_by_id)}
    done = subprocess.run([find_ruff(), "rule", "--all", "--output-format", "json"], capture_output=True, check=True)
    theirs |= {r["code"][1:] for r in json.loads(done.stdout) if re.fullmatch(r"S\d{3}", r["code"] or "")}
    assert theirs - set(REMEDIES) == set()


@pytest.mark.parametrize(
    "code", ["", "X1", "B999", "S999", "HR999", "B602; id", "--help", "S602 S603", "GAINSFOO", "SC12", "zizmor/../x"]
)
def test_a_code_that_nobody_has_is_refused(code):
    with pytest.raises(UsageError, match="GATE011"):
        explain(code)


@pytest.mark.parametrize(
    ("code", "program"),
    [
        *(("zizmor/template-injection", "zizmor"), ("SC2086", "shellcheck"), ("DL3002", "hadolint")),
        *(("flawfinder/strcpy", "flawfinder"), ("cppcheck/nullPointer", "cppcheck")),
    ],
)
def test_a_code_of_another_program_is_said_to_be_that(code, program):
    assert f"a rule of {program}" in explain(code)
