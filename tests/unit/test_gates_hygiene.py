import time
import zlib
from dataclasses import replace

import pytest

from orchestrator.errors import RepositoryError
from orchestrator.gates.files.hygiene import HygieneGate
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Accounting, Disposition, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of


@pytest.fixture(scope="module")
def gate():
    with Worker() as worker:
        yield HygieneGate(worker)


def check(gate, head, base=None, path="a.py", **more):
    return gate.check(candidate_of([FileSpec(path, head, base, **more)]))


def kinds(report):
    return {(f.rule, f.disposition.value) for f in report.findings}


FLOODS = {
    "control characters on one line": b"#" + b"\x01" * 900_000,
    "control characters on many lines": b"#\x01\n" * 300_000,
    "more than a megabyte": b"#\x01\n" * 2_000_000,
    "suppressions on many lines": b"# noqa\n" * 140_000,
    "suppressions on one line": b"# noqa " * 140_000,
    "one long word": b"#" + b"a" * 900_000 + "é".encode(),
    "mixed words": "#a\u0430".encode() * 200_000,
    "long first line": b"#" + b"coding" * 150_000,
    "joiners": "\u200d".encode() * 300_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_judged_in_bounded_cpu_time(flood, gate):
    start = time.process_time()
    report = check(gate, FLOODS[flood], b"#\n")
    assert time.process_time() - start < 8
    assert 0 < len(report.findings) < 500


def test_what_was_there_before_does_not_count(gate):
    old = "X = 'a\u200bb'  # nosec\n".encode()
    assert check(gate, b"\n" + old, old).result is Result.PASSED


def test_one_more_invisible_character_on_a_line_counts(gate):
    old, new = "X = 'a\u200bb'\n".encode(), "X = 'a\u200b\u200bb'\n".encode()
    assert kinds(check(gate, new, old)) == {("INVISIBLE", "agent")}


def test_an_old_plain_cookie_is_a_persons_and_a_new_one_is_mended(gate):
    source = b"# coding: latin-1\nX = 1\n"
    assert kinds(check(gate, source)) == {("ENCODING-COOKIE", "agent")}
    assert kinds(check(gate, source + b"Y = 1\n", source)) == {("ENCODING-COOKIE", "person")}


def test_an_old_deceiving_cookie_is_denied_all_the_same(gate):
    source = b"# coding: utf-7\nX = 1\n"
    report = check(gate, source + b"#\n", source)
    assert kinds(report) == {("ENCODING-COOKIE", "deny")}
    assert [a.how for a in report.accounted] == [Accounting.DENIED]


def test_a_cookie_far_to_the_right_is_seen(gate):
    assert ("ENCODING-COOKIE", "deny") in kinds(check(gate, b"#" + b" " * 20_000 + b"coding: utf-7\n"))


def test_links_within_the_tree_are_a_persons(gate):
    assert kinds(check(gate, b"b.py", path="src/a.py", mode="120000")) == {("SYMLINK", "person")}


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../../x", b"../.git/config", b"", b"a/../../../x"])
def test_links_out_of_the_tree_are_denied(target, gate):
    assert kinds(check(gate, target, path="src/a.py", mode="120000")) == {("SYMLINK", "deny")}


def test_deleted_files_have_no_content_to_judge(gate):
    report = check(gate, None, b"\0")
    assert (report.findings, report.result) == ((), Result.PASSED)


@pytest.mark.parametrize(
    ("comment", "disposition"),
    [
        ("# noqa: E501", "note"),
        ("# noqa: B008", "note"),
        ("# noqa: S", "person"),
        ("# noqa: E501, S602", "person"),
        ("# NOQA:S602", "person"),
        ("# noqa", "person"),
        ("#nosec", "person"),
        ("# nosec: B602", "person"),
        ("# ruff: ignore[E501]", "note"),
        ("# ruff: disable[S602]", "person"),
        ("# pragma: allowlist secret", "person"),
        ("// NOSONAR", "person"),
        ("# pylint: disable=invalid-name", "note"),
        ("// eslint-disable-next-line max-len -- a table", "note"),
        ("// eslint-disable-next-line no-eval", "person"),
        ("/* eslint-disable */", "person"),
        ("// oxlint-disable-line", "person"),
        ("// biome-ignore lint/style/useConst: later", "note"),
        ("// biome-ignore lint/security/noGlobalEval: ours", "person"),
        ("//nolint:gosec", "person"),
        ("//nolint:lll", "note"),
        ("//#nosec G204", "person"),
        ("/* Flawfinder: ignore */", "person"),
        ("// cppcheck-suppress arrayIndexOutOfBounds", "person"),
        ("# checkov:skip=CKV_AWS_20", "person"),
        ("# rubocop:disable Security/Eval", "person"),
        ("# rubocop:disable Layout/LineLength", "note"),
        ('@SuppressWarnings("unchecked")', "note"),
    ],
)
def test_a_new_suppression_has_its_disposition(comment, disposition, gate):
    assert kinds(check(gate, f"x = 1  {comment}\n".encode())) == {("SUPPRESSION", disposition)}


def test_prose_about_suppressions_is_none(gate):
    assert check(gate, b"Write `# nosec` never.\n", path="docs/a.md").findings == ()


def test_a_long_line_is_a_note(gate):
    report = check(gate, b"X = '" + b"a" * 600 + b"'\n")
    assert [(f.rule, f.disposition) for f in report.findings] == [("LONG-LINE", Disposition.NOTE)]


def test_one_more_in_a_flood_of_characters_counts(gate):
    old = b"#\x01\n" * 3000
    assert kinds(check(gate, old + b"#\x01\n", old)) == {("CONTROL", "agent")}
    assert check(gate, b"\n" + old, old).result is Result.PASSED


PACKED = zlib.compress(bytes(range(256)) * 3).replace(b"\0", b"\1")


@pytest.mark.parametrize(
    ("path", "data", "rules"),
    [
        ("objects/0d89", PACKED, {"BINARY"}),
        ("notes.txt", "caf\u00e9\n".encode("latin-1") * 20, {"ENCODING"}),
        ("notes.txt", b"\x01" + b"a line of text\n" * 20, {"CONTROL"}),
        ("src/a.py", PACKED, {"ENCODING", "BINARY"}),
        ("src/a.py", b"x = '\xff" + b"\x01" * 40 + b"'\n", {"ENCODING"}),
    ],
)
def test_what_is_packed_is_a_binary_and_no_odd_text(path, data, rules, gate):
    report = check(gate, data, path=path)
    deciding = {f.rule for f in report.findings if f.disposition is not Disposition.NOTE}
    assert deciding
    assert deciding <= rules


TREE = {"": ["Docs", "src"], "src": ["config.py", "Pay"], "src/Pay": ["card.py"]}


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("src/Config.py", "src/config.py"),
        ("docs/a.md", "Docs"),
        ("src/pay/card.py", "src/Pay"),
        ("src/other.py", ""),
        ("src/Pay/cash.py", ""),
    ],
)
def test_a_new_path_that_the_tree_has_in_other_letters_is_a_persons(path, other, gate):
    report = gate.check(candidate_of([FileSpec(path, b"x = 1\n")], names=TREE))
    told = [f.message for f in report.findings if f.rule == "NAME"]
    assert len(told) == bool(other)
    assert all(f" and {other} are " in message for message in told)


def test_a_path_that_was_there_is_not_looked_for_in_the_tree(gate):
    def names(_folder):
        raise AssertionError("read")

    candidate = candidate_of([FileSpec("src/Config.py", b"x = 1\n", b"x = 2\n")])
    assert gate.check(replace(candidate, names=names)).result is Result.PASSED


def test_a_folder_that_cannot_be_read_leaves_the_new_path_to_a_person(gate):
    def names(_folder):
        raise RepositoryError("REPO010", "A name is too long.")

    report = gate.check(replace(candidate_of([FileSpec("src/a.py", b"x = 1\n")]), names=names))
    assert kinds(report) == {("NAME", "person")}


def test_a_path_that_others_cannot_keep_is_a_persons(gate):
    assert kinds(check(gate, b"x = 1\n", path="a" * 250 + ".py")) == {("NAME", "person")}
    assert kinds(check(gate, b"x = 1\n", path="d" * 90 + ("/" + "d" * 90) * 12 + "/a.py")) == {("NAME", "person")}


WORKFLOW = (
    "on: push\njobs:\n  test:\n    runs-on: x\n  deploy:\n%s    runs-on: x\n    steps:\n      - run: make deploy\n"
)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("    needs: test\n", "", "waits no more for test"),
        ("    needs: test\n", "    needs: []\n", "waits no more for test"),
        ("    needs: [lint, test]\n", "    needs: [lint]\n", "waits no more for test"),
        ("    needs:\n      - lint\n      - test\n", "    needs:\n      - lint\n", "waits no more for test"),
        ("    needs: [test]\n", "    needs:\n      - test\n", ""),
        ("    environment: live\n", "    environment: ''\n", "names no environment any more"),
        ("    environment: live\n", "    environment:\n      name: live\n", ""),
        ("    environment: live\n", "", "names no environment any more"),
        ("    needs: test\n", "    needs: test\n    if: always()\n", "runs even where"),
        ("    needs: test\n", "    needs: [test, lint]\n", ""),
        ("", "", ""),
    ],
)
def test_a_release_that_waits_for_less_is_a_persons(before, after, what, gate):
    path = ".github/workflows/a.yml"
    report = check(gate, (WORKFLOW % after).encode() + b"# b\n", (WORKFLOW % before).encode(), path=path)
    told = [f.message for f in report.findings if f.rule == "RELEASE-UNGUARDED"]
    assert len(told) == bool(what)
    assert all(what in message for message in told)


def test_a_release_under_a_new_name_is_compared_with_the_one_that_is_gone(gate):
    path = ".github/workflows/a.yml"
    before = WORKFLOW % "    needs: test\n"
    for after, lost in (
        ((WORKFLOW % "").replace("deploy:", "publish:"), True),
        (before.replace("deploy:", "ship:"), False),
    ):
        report = check(gate, after.encode(), before.encode(), path=path)
        assert ("RELEASE-UNGUARDED" in {f.rule for f in report.findings}) is lost
