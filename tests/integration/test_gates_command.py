"""Programs that a policy declares as gates: real trees, real containers, and programs that break in each way."""

import json
from contextlib import contextmanager

import pytest
from sandbox_support import sandboxes
from vcs_support import UserRepository

from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.errors import SandboxUnavailable
from orchestrator.gates.command.gate import DeclaredGate, Shop
from orchestrator.gates.runner import run_gates
from orchestrator.models.capabilities import Limits
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.command_gate import CommandGate
from orchestrator.models.found import Disposition, Result
from orchestrator.ports import Candidate
from orchestrator.testing.gate_suite import check_gate

pytestmark = pytest.mark.engine

LINTER = """
import json, pathlib, sys
words = pathlib.Path("rules.txt").read_text().split()
found = []
for path in sys.argv[1:] or sorted(map(str, pathlib.Path(".").rglob("*.js"))):
    for number, line in enumerate(pathlib.Path(path).read_text(errors="replace").split("\\n"), 1):
        found += [
            {"ruleId": w, "level": "error", "message": {"text": f"{w} is bad"}, "locations": [{"physicalLocation":
                {"artifactLocation": {"uri": path}, "region": {"startLine": number}}}]}
            for w in words for _ in range(line.count(w))
        ]
print(json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "words"}}, "results": found}]}))
sys.exit(bool(found))
"""
WEAK = {"path": "known/weak.js", "text": "eval(1)\n", "rule": "eval"}
WORDS = {
    "name": "words",
    "argv": ("python3", "-c", LINTER, "{files}"),
    "files": ("**/*.js",),
    "settings": ("rules.txt",),
    "known_weakness": WEAK,
}
OLD = "start();\neval(x);\n"


@pytest.fixture(scope="module")
def engine():
    with sandboxes() as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE", "CONFIG"):
            patch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.mktemp(name)))
        yield tmp_path_factory


@pytest.fixture
def repository(home):
    made = UserRepository(home.mktemp("repository") / "r")
    made.write("src/old.js", OLD)
    made.write("rules.txt", "eval debugger\n")
    made.commit("first")
    return made


@contextmanager
def opened(repository):
    with open_project(repository.folder) as project, open_trees(project) as trees:
        yield trees


def candidate(trees, base="HEAD~1", head="HEAD"):
    tip, tree = trees.resolve(base), trees.tree_of(trees.resolve(head))
    identity = ChangeIdentity(target_ref="refs/heads/main", tip=tip, tree=tree, manifest=trees.manifest(tree))
    return Candidate(identity, trees.changed_files(tip, tree), trees.blob, (), ())


def judged(repository, engine, *, base="HEAD~1", **declared):
    with opened(repository) as trees:
        gate = DeclaredGate(CommandGate.model_validate(WORDS | declared), Shop(trees, lambda: engine, lambda _: None))
        return run_gates([gate], candidate(trees, base))


def changed(repository, **files):
    for name, text in files.items():
        repository.write(name.replace("__", "/") + ("" if "txt" in name else ".js"), text)
    repository.commit("change")


def rules(report):
    return [(f.rule, f.path, f.line, f.disposition) for f in report.findings]


def test_only_what_the_change_brings_counts_and_one_more_of_the_same_is_new(repository, engine):
    repository.git("mv", "src/old.js", "src/new.js")
    changed(repository, src__new=OLD + "eval(x);\n", src__fine="start();\n")
    (report,) = judged(repository, engine)
    assert rules(report) == [("words/eval", "src/new.js", 3, Disposition.AGENT)]
    assert (report.result, report.tool_version) == (Result.FAILED, engine.image)
    assert {a.path: a.how for a in report.accounted} == {"src/new.js": "scanned", "src/fine.js": "scanned"}


def test_a_harmless_change_passes(repository, engine):
    changed(repository, src__old=OLD + "stop();\n")
    (report,) = judged(repository, engine)
    assert (report.result, rules(report)) == (Result.PASSED, [])


def test_settings_that_the_change_brings_do_not_judge_it_and_are_a_persons(repository, engine):
    changed(repository, rules_txt="", src__bad="debugger\n")
    repository.git("mv", "rules_txt", "rules.txt", "-f")
    repository.commit("settings")
    (report,) = judged(repository, engine, base="HEAD~2")
    found = {f.rule: f.disposition for f in report.findings}
    assert found == {"words/debugger": Disposition.AGENT, "GATE-SETTINGS": Disposition.PERSON}


def test_a_change_without_its_files_starts_nothing(repository):
    repository.write("README.md", "words\n")
    repository.commit("words")

    class Unreachable:
        def open(self, request):
            raise AssertionError(request)

    (report,) = judged(repository, Unreachable())
    assert (report.result, report.tool_version) == (Result.PASSED, "not started")


def test_a_whole_tree_is_looked_at_where_no_files_are_named(repository, engine):
    argv = ("python3", "-c", LINTER)
    changed(repository, src__bad="debugger\n")
    (report,) = judged(repository, engine, argv=argv)
    assert rules(report) == [("words/debugger", "src/bad.js", 1, Disposition.AGENT)]


def test_levels_go_where_the_policy_says(repository, engine):
    changed(repository, src__bad="debugger\n")
    (report,) = judged(repository, engine, error="person")
    assert (report.result, report.findings[0].disposition) == (Result.NEEDS_PERSON, Disposition.PERSON)


def test_a_file_that_is_named_like_an_option_is_a_file(repository, engine):
    repository.write("-x.js", "debugger\n")
    repository.commit("odd")
    (report,) = judged(repository, engine)
    assert rules(report) == [("words/debugger", "-x.js", 1, Disposition.AGENT)]


def said(*places, code=1):
    results = [
        {"ruleId": "eval", "message": {"text": "x"}, "locations": [{"physicalLocation": place}]} for place in places
    ]
    text = json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": results}]})
    return ("python3", "-c", f"import sys\nprint({text!r})\nsys.exit({code})", "{files}")


def at(path, line=1):
    return {"artifactLocation": {"uri": path}, "region": {"startLine": line}}


KNOWN = at(WEAK["path"])
WRITES = "open('src/old.js', 'a')"
BROKEN = {
    "unknown exit code": ("GATE050", {"argv": said(KNOWN, code=3)}),
    "crash": ("GATE050", {"argv": ("python3", "-c", "import os; os.abort()")}),
    "no such program": ("GATE050", {"argv": ("no-such-linter", "{files}")}),
    "writes into the tree": ("GATE050", {"argv": ("python3", "-c", WRITES), "finding_exits": ()}),
    "reaches for the network": (
        "GATE050",
        {
            "argv": ("python3", "-c", "import socket; socket.create_connection(('192.0.2.1', 80), 2)"),
            "finding_exits": (),
        },
    ),
    "broken SARIF": ("GATE051", {"argv": ("echo", "{}")}),
    "no answer": ("GATE051", {"argv": ("true",)}),
    "findings without one": ("GATE051", {"argv": said(), "known_weakness": None}),
    "silence about the known weakness": ("GATE052", {"argv": said(code=0)}),
    "another rule in the known weakness": ("GATE052", {"known_weakness": WEAK | {"rule": "other"}}),
    "a known weakness that the tree has": ("GATE052", {"known_weakness": WEAK | {"path": "src/old.js"}}),
    "an unchanged file": ("GATE053", {"argv": said(KNOWN, at("src/old.js"))}),
    "a file that is not there": ("GATE053", {"argv": said(KNOWN, at("src/none.js"))}),
    "a line that is not there": ("GATE053", {"argv": said(KNOWN, at("src/bad.js", 900))}),
    "a place outside": ("GATE051", {"argv": said(KNOWN, at("../etc/passwd"))}),
    "too much output": ("GATE051", {"limits": Limits(output_kib=1), "argv": ("python3", "-c", "print('x' * 9000)")}),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_program_that_breaks_is_an_error_and_never_a_pass(how, repository, engine):
    code, declared = BROKEN[how]
    changed(repository, src__bad="debugger\n")
    (report,) = judged(repository, engine, **declared)
    assert (report.result, report.reason[:7]) == (Result.ERROR, code), report.reason
    assert {"writes into the tree": "Permission denied", "reaches for the network": "unreachable"}.get(
        how, ""
    ) in report.reason


def test_a_program_that_does_not_end_is_an_error(repository, engine):
    changed(repository, src__bad="debugger\n")
    (report,) = judged(repository, engine, argv=("sleep", "600"), limits=Limits(wall_seconds=2))
    assert report.result is Result.ERROR


def test_a_gate_without_a_sandbox_is_an_error(repository):
    def nowhere():
        raise SandboxUnavailable("SBX001", "No engine answers.", "start one")

    changed(repository, src__bad="debugger\n")
    with opened(repository) as trees:
        gate = DeclaredGate(CommandGate.model_validate(WORDS), Shop(trees, nowhere, lambda _: None))
        (report,) = run_gates([gate], candidate(trees))
    assert (report.result, report.reason[:6]) == (Result.ERROR, "SBX001")


def test_it_keeps_the_promises_of_every_gate(repository, engine):
    changed(repository, src__bad="debugger\n", src__old="")
    repository.git("mv", "src/bad.js", "src/moved.js")
    repository.write("odd name.js", b"\xff\0eval\r")
    repository.git("rm", "-q", "src/old.js")
    repository.commit("more")
    with opened(repository) as trees:
        gate = DeclaredGate(CommandGate.model_validate(WORDS), Shop(trees, lambda: engine, lambda _: None))
        own = {"real": candidate(trees, "HEAD~2"), "second": candidate(trees)}
        assert check_gate(gate, own.items()) == []
        assert check_gate(gate) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "Words"},
        {"argv": ()},
        {"argv": ("{files}",)},
        {"argv": ("x\0y",)},
        {"files": ()},
        {"finding_exits": (0,)},
        {"clean_exits": ()},
        {"image": "debian:12"},
        {"known_weakness": WEAK | {"path": "../x"}},
        {"known_weakness": WEAK | {"path": "/etc/x"}},
        {"known_weakness": WEAK | {"rule": ""}},
        {"output": "html"},
        {"shell": True},
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(bad):
    with pytest.raises(ValueError, match="validation error"):
        CommandGate.model_validate(WORDS | bad)
