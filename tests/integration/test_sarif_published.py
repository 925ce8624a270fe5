"""SARIF against the published schema, as Microsoft's matchers carry it, and against what GitHub's upload demands."""

import gzip
import hashlib
import json
import subprocess
import tarfile

import jsonschema
import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.reports import sarif
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

PACKAGE = "@microsoft/jest-sarif@1.0.0-beta.0"
SHA256 = "748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102"
MEMBER = "package/lib/schemas/sarif-2.1.0-rtm.5.json"

BAD = b"import subprocess\n\n\ndef run(c):\n    subprocess.call(c, shell=True)  # nosec\n" + b"    eval(c)\n" * 300
FILES = [
    FileSpec("src/run,\n::error::x y%41.py", BAD),
    FileSpec("Makefile", b"all:\n"),
    FileSpec("\u0430/b.py", b"def f(:\n"),
    FileSpec("logo.bin", b"\0\1"),
]
RUNS, EXTENSIONS, RESULTS, TAGS, PACKED_BYTES = 20, 100, 25_000, 20, 10 * 1024**2
"""GitHub's limits: runs of a file, tool extensions of a run, its results and rules, tags of a rule, packed bytes."""
DECLARED = 30


@pytest.fixture(scope="module")
def log():
    with Team() as team:
        reports = run_gates(default_gates(worker=team), candidate_of(FILES))
    broken = reports[0].model_copy(update={"result": Result.ERROR, "reason": "GATE022 it died", "gate": "broken"})
    # As many gates of a team's own as no file could hold runs.
    declared = [reports[0].model_copy(update={"gate": f"declared-{number}"}) for number in range(DECLARED)]
    lifted = {reports[2].findings[0].fingerprint}
    return json.loads(json.dumps(sarif.to_sarif((*reports, broken, *declared), lifted)))


@pytest.mark.soak
def test_the_standards_own_schema_accepts_it(log, tmp_path):
    subprocess.run(["npm", "pack", PACKAGE], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    (archive,) = tmp_path.glob("*.tgz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256
    with tarfile.open(archive) as members:
        schema = json.load(members.extractfile(MEMBER))
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [e.message for e in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log)


def test_github_takes_it(log):
    assert len(gzip.compress(json.dumps(log).encode())) < PACKED_BYTES
    assert len(log["runs"]) <= RUNS
    assert len({run["automationDetails"]["id"] for run in log["runs"]}) == len(log["runs"])
    for run in log["runs"]:
        assert len(run["results"]) <= RESULTS
        components = run["tool"]["extensions"]
        assert DECLARED < len(components) <= EXTENSIONS
        assert sum(len(c["rules"]) for c in components) <= RESULTS
        for rules in (c["rules"] for c in components):
            assert len({r["id"] for r in rules}) == len(rules)
            assert all(len(r["properties"]["tags"]) <= TAGS and r["shortDescription"]["text"] for r in rules)
        for result in run["results"]:
            rules = components[result["rule"]["toolComponent"]["index"]]["rules"]
            assert rules[result["rule"]["index"]]["id"] == result["ruleId"]
            (place,) = result["locations"]
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert uri.isascii()
            assert not uri.startswith("/")
            assert ":" not in uri
            assert result["message"]["text"]
            assert result["partialFingerprints"]
