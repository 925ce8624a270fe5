"""Scanner programs that break, an export of known vulnerabilities, gates of other packages."""

import json
import re
import time
import zipfile

import pytest
from hypothesis import given, settings, strategies

from orchestrator.errors import UsageError
from orchestrator.gates.catalog import GATES, default_gates
from orchestrator.gates.kinds.dependencies import DependenciesGate
from orchestrator.gates.kinds.osv import Vulnerabilities
from orchestrator.gates.kinds.program import ProgramGate
from orchestrator.gates.kinds.programs import SHELLCHECK
from orchestrator.gates.kinds.secret_patterns import FORMS, forms
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of, check_gate


@pytest.fixture(scope="module")
def worker():
    with Worker() as shared:
        yield shared


def one(path, text, base=None):
    return [FileSpec(path, text.encode(), base)]


def deciding(report):
    return {f.rule for f in report.findings if f.disposition is not Disposition.NOTE}


STRANGER = json.dumps(
    {"comments": [{"file": "x", "code": 2115, "level": "error", "line": 1, "endLine": 1, "message": ""}]}
)
BROKEN = {
    "silent": "#!/bin/sh\necho '{\"comments\": []}'\n",
    "no answer": "#!/bin/sh\n",
    "failing": "#!/bin/sh\necho '{\"comments\": []}'; exit 3\n",
    "endless": "#!/bin/sh\nexec sleep 60\n",
    "of another file": f"#!/bin/sh\necho '{STRANGER}'\n",
}


@pytest.mark.parametrize("how", BROKEN)
def test_scanner_that_breaks_is_an_error(how, tmp_path):
    program = tmp_path / "shellcheck"
    program.write_text(BROKEN[how])
    program.chmod(0o755)
    gate = ProgramGate(SHELLCHECK, folder=tmp_path, timeout_seconds=1.0)
    report = gate.check(candidate_of(one("a.sh", "#!/bin/sh\necho\n")))
    assert (report.result, bool(report.reason)) == (Result.ERROR, True)


def osv(tmp_path, entries):
    export = tmp_path / "all.zip"
    with zipfile.ZipFile(export, "w") as archive:
        for number, entry in enumerate(entries):
            archive.writestr(f"{number}.json", entry if isinstance(entry, str) else json.dumps(entry))
    return export


ENTRY = {
    "id": "GHSA-1",
    "summary": "bad",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Zope.Interface"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.1"}]}],
        }
    ],
}


@pytest.mark.parametrize(("version", "hit"), [("5.0", True), ("5.1", False), ("5.1rc1", True), ("6", False)])
def test_known_vulnerability_goes_back_to_the_agent(version, hit, tmp_path):
    gate = DependenciesGate(Vulnerabilities(osv(tmp_path, [ENTRY])))
    report = gate.check(candidate_of(one("requirements.txt", f"zope_interface=={version}\n", b"zope-interface==4\n")))
    assert ("DEP-VULNERABLE" in deciding(report)) is hit
    assert (report.result is Result.FAILED) is hit


def test_withdrawn_entry_is_none(tmp_path):
    gate = DependenciesGate(Vulnerabilities(osv(tmp_path, [ENTRY | {"withdrawn": "2020-01-01T00:00:00Z"}])))
    assert "DEP-VULNERABLE" not in deciding(gate.check(candidate_of(one("requirements.txt", "zope-interface==5\n"))))


@pytest.mark.parametrize("damage", ["missing", "no archive", "bad entry", "empty"])
def test_export_that_cannot_be_read_is_an_error(damage, tmp_path):
    export = osv(tmp_path, [] if damage == "empty" else ['{"zope-interface": '])
    if damage == "missing":
        export.unlink()
    elif damage == "no archive":
        export.write_bytes(b"PK")
    report = DependenciesGate(Vulnerabilities(export)).check(
        candidate_of(one("requirements.txt", "zope-interface==5\n"))
    )
    assert report.result is Result.ERROR


def test_gate_with_an_export_keeps_every_promise(tmp_path):
    assert check_gate(DependenciesGate(Vulnerabilities(osv(tmp_path, [ENTRY])))) == []


def installed(tmp_path, monkeypatch, code, name="mine", module="own_gate"):
    (tmp_path / f"{module}.py").write_text(code)
    info = tmp_path / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[handrail.gates]\n{name} = {module}:Mine\n")
    monkeypatch.syspath_prepend(str(tmp_path))


GATE = """
from orchestrator.gates.files.protected import ProtectedGate
class Mine(ProtectedGate):
    name = "mine"
"""


def test_gate_of_an_installed_package_is_asked_by_name(tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, GATE, module="gate_of_a_package")
    (gate,) = default_gates(["mine"])
    assert check_gate(gate) == []
    assert "mine" not in {g.name for g in default_gates()}


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("raise SystemError\n", "gate_raises"),
        ("Mine = dict\n", "gate_is_none"),
        (GATE.replace('"mine"', '"ruff"'), "gate_misnamed"),
    ],
)
def test_package_that_brings_no_gate_is_refused(code, module, tmp_path, monkeypatch):
    installed(tmp_path, monkeypatch, code, module=module)
    with pytest.raises(UsageError, match="GATE015"):
        default_gates(["mine"])


@pytest.mark.parametrize(
    "body",
    [
        "return super().check(candidate).model_copy(update={'result': 'FINE'})",
        "return super().check(candidate).model_copy(update={'accounted': [{'path': 'a.py', 'how': 'scanned'}, 5]})",
        "return {'result': 'PASSED'}",
        "return None",
    ],
)
def test_report_of_an_installed_gate_that_is_none_is_an_error(body, tmp_path, monkeypatch):
    module = f"gate_reports_{abs(hash(body))}"
    installed(tmp_path, monkeypatch, f"{GATE}    def check(self, candidate):\n        {body}\n", module=module)
    (report,) = run_gates(default_gates(["mine"]), candidate_of(one("a.py", "x = 1\n")))
    assert report.result is Result.ERROR


HOSTILE = {
    "saved downloads": ("a.sh", "#!/bin/sh\n" + "curl -o a " * 90_000),
    "prefixes": ("a.sh", "#!/bin/sh\ncurl |" + "env a=b " * 100_000),
    "joined lines": ("a.sh", "#!/bin/sh\n" + "curl |\\\n" * 100_000),
    "words of Go": ("go.mod", "a.b" * 300_000),
    "empty lines of Go": ("go.mod", "\n" * 900_000),
    "spaces of a requirement": ("requirements.txt", "a " * 400_000),
    "seams of secrets": ("a.js", "'' + " * 200_000),
    "letters of base64": ("a.js", "A" * 900_000),
    "nested settings": (".mcp.json", "[" * 100_000),
    "nested manifest": ("package.json", '{"a":' * 100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_neither_hangs_nor_passes_by_breaking(name, worker):
    path, text = HOSTILE[name]
    gates = [GATES[g](worker) for g in ("secrets", "dependencies", "agent-config", "shell")]
    started = time.monotonic()
    reports = run_gates(gates, candidate_of(one(path, text)))
    assert time.monotonic() - started < 40
    odd = name not in {"empty lines of Go", "seams of secrets", "letters of base64"}
    assert (worst(r.result for r in reports) is not Result.PASSED) is odd


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_behind_its_hint(form):
    @settings(max_examples=5, derandomize=True, deadline=None, database=None)
    @given(strategies.from_regex(FORMS[form].compiled).filter(lambda text: not re.search(r"(.)\1{9}", text)))
    def found(text):
        assert form in forms(text)

    found()
