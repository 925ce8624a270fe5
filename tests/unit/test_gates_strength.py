"""Tests that are content with more than before, in Python and in other languages, beside edits that weaken nothing."""

import pytest

from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.integrity import IntegrityGate
from orchestrator.models.found import Disposition
from orchestrator.testing.gate_suite import FileSpec, candidate_of

HEAD = "import pytest\nimport shop\nfrom unittest import mock\n\n\n"


def python(body, parameters="", decorator=""):
    return (HEAD + decorator + f"def test_total({parameters}):\n" + "".join(f"    {line}\n" for line in body)).encode()


EQUAL = ["assert shop.total([1]) == 3"]
WEAKER = {
    # name: (before, after, edit that weakens nothing)
    "bare truth": (EQUAL, ["assert shop.total([1])"], ["expected = 3", "assert shop.total([1]) == expected"]),
    "not the same": (EQUAL, ["assert shop.total([1]) != 4"], ["assert 3 == shop.total([1])"]),
    "kind alone": (EQUAL, ["assert isinstance(shop.total([1]), int)"], [*EQUAL, "assert shop.total([]) >= 0"]),
    "any error text": (
        ["with pytest.raises(ValueError, match='x'):", "    shop.total(None)"],
        ["with pytest.raises(ValueError):", "    shop.total(None)"],
        ["with pytest.raises(ValueError, match='y'):", "    shop.total(None)"],
    ),
    "called at all": (
        ["f = mock.Mock()", "f.assert_called_once_with(1)"],
        ["f = mock.Mock()", "f.assert_called()"],
        ["g = mock.Mock()", "g.assert_called_once_with(1)"],
    ),
    "way out": (
        EQUAL,
        ["if not shop.total([1]):", "    return", *EQUAL],
        ["def rows():", "    return [1]", "assert shop.total(rows()) == 3"],
    ),
    "tolerance by position": (
        ["assert shop.total([1]) == pytest.approx(3, 0.1)"],
        ["assert shop.total([1]) == pytest.approx(3, 10)"],
        ["assert shop.total([1]) == pytest.approx(3, 0.01)"],
    ),
    "empty is empty": (
        ["assert shop.total([]) == []", *EQUAL],
        ["assert shop.total([]) == []", "assert shop.total([1])"],
        ["assert not shop.total([])", *EQUAL],
    ),
    "none is none": (
        ["self.assertEqual(shop.total([]), None)", "self.assertEqual(shop.total([1, 2]), 3)"],
        ["self.assertEqual(shop.total([]), None)", "self.assertTrue(shop.total([1, 2]))"],
        ["self.assertIsNone(shop.total([]))", "self.assertEqual(shop.total([1, 2]), 3)"],
    ),
    "sorted on both sides": (
        ["assert shop.order([2, 1]) == [1, 2]"],
        ["assert sorted(shop.order([2, 1])) == [1, 2]"],
        ["assert shop.order([3, 2]) == [2, 3]"],
    ),
    "proved by itself": (
        ["assert shop.rate('DE') == 19"],
        ["assert shop.rate('DE') == shop.RATES['DE']"],
        ["assert shop.rate('FR') == 20"],
    ),
    "far larger": (
        ["assert shop.seconds() < 0.5"],
        ["assert shop.seconds() < 1e9"],
        ["assert shop.seconds() < 0.6"],
    ),
}
REPLACED = {
    "patch by a decorator": python(EQUAL, "_", "@mock.patch('shop.total', return_value=3)\n"),
    "patch of an object": python(
        ["with mock.patch.object(shop, 'total', lambda rows: 3):", *(f"    {x}" for x in EQUAL)]
    ),
    "assignment": python(["shop.total = lambda rows: 3", *EQUAL]),
}


@pytest.fixture(scope="module")
def worker():
    with Worker() as made:
        yield made


@pytest.fixture(scope="module")
def rules():
    with Worker() as worker:
        gate = IntegrityGate(worker)

        def asked(base, head, path="tests/test_a.py"):
            report = gate.check(candidate_of([FileSpec(path, head, base)]))
            return {f.rule for f in report.findings if f.disposition is not Disposition.NOTE}

        yield asked


@pytest.mark.parametrize("how", WEAKER)
def test_a_test_that_is_content_with_more_goes_to_a_person(how, rules):
    before, after, _ = WEAKER[how]
    assert "TEST-WEAKER" in rules(python(before), python(after))


@pytest.mark.parametrize("how", WEAKER)
def test_an_edit_that_asks_as_much_passes(how, rules):
    before, _, harmless = WEAKER[how]
    assert rules(python(before), python(harmless)) == set()


@pytest.mark.parametrize("how", REPLACED)
def test_a_test_that_replaces_what_it_calls_goes_to_a_person(how, rules):
    assert "TEST-WEAKER" in rules(python(EQUAL), REPLACED[how])


def test_a_test_that_replaces_what_its_subject_needs_passes(rules):
    after = python(["with mock.patch('shop.rates.get', return_value=1):", *(f"    {line}" for line in EQUAL)])
    assert rules(python(EQUAL), after) == set()


OTHERS = {
    # path: (before, after, rule, edit that weakens nothing)
    "tests/a.test.ts": (
        b"it('a', () => { expect(f(1)).toBe(2); });\n",
        b"it.skip('a', () => { expect(f(1)).toBe(2); });\n",
        "TEST-SKIPPED",
        b"it('a', () => { expect(f(1)).toBe(2); });\n// it.skip was here\n",
    ),
    "tests/b.spec.js": (
        b"test('a', () => { expect(f(1)).toBe(2); expect(f(2)).toBe(3); });\n",
        b"test('a', () => { expect(f(1)).toBe(2); /* expect(f(2)).toBe(3); */ });\n",
        "TEST-EMPTIER",
        b"test('a', () => { expect(f(1)).toBe(2); expect(f(2)).toBe(3); expect(f(3)).toBe(4); });\n",
    ),
    "pkg/a_test.go": (
        b"func TestA(t *testing.T) { if f() != 1 { t.Fatal() } }\nfunc TestB(t *testing.T) { require.True(t, g()) }\n",
        b"func TestA(t *testing.T) { if f() != 1 { t.Fatal() } }\nfunc xTestB(t *testing.T) { require.True(t, g()) }\n",
        "TEST-FEWER",
        b"func TestB(t *testing.T) { require.True(t, g()) }\nfunc TestA(t *testing.T) { if f() != 1 { t.Fatal() } }\n",
    ),
    "src/inside.rs": (
        b"#[cfg(test)]\nmod t { #[test]\nfn a() { assert_eq!(f(), 1); } }\n",
        b"#[cfg(test)]\nmod t { #[test]\n#[should_panic]\nfn a() { assert_eq!(f(), 1); } }\n",
        "TEST-SKIPPED",
        b"#[cfg(test)]\nmod t { #[test]\nfn a() { let x = f(); assert_eq!(x, 1); } }\n",
    ),
    "src/all.rs": (
        b"fn f() {}\n#[test]\nfn a() { assert_eq!(f(), 1); }\n",
        b"fn f() {}\n",
        "TEST-FEWER",
        b"fn f() { g() }\n#[test]\nfn a() { assert_eq!(f(), 1); }\n",
    ),
    "tests/c.test.ts": (
        b"it('a', () => { expect(f(1)).toEqual(2); });\n",
        b"it('a', () => { expect(f(1)).toBeDefined(); });\n",
        "TEST-WEAKER",
        b"it('a', () => { expect(f(1)).toStrictEqual(2); });\n",
    ),
    "pkg/b_test.go": (
        b"func TestA(t *testing.T) { if f() != 1 { t.Fatal() } }\n",
        b"func TestA(t *testing.T) { if f() != 1 { t.Log() } }\n",
        "TEST-EMPTIER",
        b'func TestA(t *testing.T) { if f() != 1 { t.Errorf("a") } }\n',
    ),
    "pkg/a_test.cc": (
        b"TEST(A, B) { EXPECT_EQ(f(), 1); }\n",
        b"TEST(A, DISABLED_B) { EXPECT_EQ(f(), 1); }\n",
        "TEST-SKIPPED",
        b"TEST(A, C) { EXPECT_EQ(f(), 1); }\n",
    ),
    "tests/a.rs": (
        b"#[test]\nfn a() { assert_eq!(f(), 1); }\n",
        b"#[test]\n#[ignore]\nfn a() { assert_eq!(f(), 1); }\n",
        "TEST-SKIPPED",
        b"#[test]\nfn a() { let x = f(); assert_eq!(x, 1); }\n",
    ),
    "tests/ATest.java": (
        b"class ATest { @Test void a() { assertEquals(1, f()); } }\n",
        b"class ATest { @Disabled @Test void a() { assertEquals(1, f()); } }\n",
        "TEST-SKIPPED",
        b"class ATest { @Test void a() { assertEquals(1, f()); } @Test void b() { assertTrue(g()); } }\n",
    ),
    "tests/a_spec.rb": (
        b"it 'a' do\n  expect(f).to eq 1\nend\n",
        b"xit 'a' do\n  expect(f).to eq 1\nend\n",
        "TEST-SKIPPED",
        b"# xit\nit 'a' do\n  expect(f).to eq 1\nend\n",
    ),
}


@pytest.mark.parametrize("path", OTHERS)
def test_a_weaker_test_in_another_language_goes_to_a_person(path, rules):
    before, after, rule, harmless = OTHERS[path]
    assert rule in rules(before, after, path)
    assert rules(before, harmless, path) == set()


@pytest.mark.parametrize(
    ("mark", "asked"),
    [
        ("pytest.mark.slow", False),
        ("pytest.mark.timeout(5)", False),
        ("pytest.mark.skipif(True, reason='x')", True),
        ("helpers.quiet", True),
    ],
)
def test_mark_under_a_name_is_the_mark(mark, asked, worker):
    base = python(EQUAL)
    head = base.replace(b"def test", f"kept = {mark}\n\n\n@kept\ndef test".encode())
    found = IntegrityGate(worker).check(candidate_of([FileSpec("tests/test_a.py", head, base)])).findings
    assert ("TEST-WRAPPED" in {f.rule for f in found}) is asked


def test_assertion_in_a_thread_that_is_joined_by_its_result_still_counts(worker):
    base = python(["def check():", "    assert shop.total([1]) == 3", "check()"])
    thread = python(["def check():", "    assert shop.total([1]) == 3", "threading.Thread(target=check).start()"])
    pool = python(["def check():", "    assert shop.total([1]) == 3", "pool.submit(check).result()"])
    for head, rules in ((thread, ["TEST-EMPTIER"]), (pool, [])):
        found = IntegrityGate(worker).check(candidate_of([FileSpec("tests/test_a.py", head, base)])).findings
        assert [f.rule for f in found] == rules
