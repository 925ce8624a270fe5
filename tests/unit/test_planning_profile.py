"""Profiles of small repositories of our own, one per layout; and the file in which a profile is kept."""

import pytest

from orchestrator.errors import UsageError
from orchestrator.models.profile import RepositoryProfile
from orchestrator.planning.profile import detect_profile
from orchestrator.planning.profile_file import dump_profile, load_profile


def detect(files: dict[str, str]) -> RepositoryProfile:
    return detect_profile(sorted(files), lambda path: files[path].encode() if path in files else None)


def test_src_layout_with_pytest() -> None:
    profile = detect(
        {
            "pyproject.toml": '[project]\nname = "till-app"\n[tool.pytest.ini_options]\ntestpaths = ["checks"]\n',
            "src/till_app/__init__.py": "",
            "checks/test_a.py": "",
            "tests/conftest.py": "",
            "docs/conf.py": "",
            "uv.lock": "",
        }
    )
    assert profile.source_roots == ("src",)
    assert profile.test_roots == ("checks", "tests")
    assert profile.test == ("python", "-m", "pytest")
    assert profile.requirements == ("uv.lock",)
    assert profile.detected_from["test"] == "pyproject.toml tool.pytest.ini_options"
    assert profile.detected_from["test_roots:checks"] == "pyproject.toml tool.pytest.ini_options"
    assert profile.detected_from["source_roots:src"] == "path list"


def test_flat_layout_with_unittest_and_setup_cfg() -> None:
    profile = detect(
        {
            "setup.cfg": "[metadata]\nname = till\n",
            "till/__init__.py": "",
            "tests/__init__.py": "",
            "tests/test_till.py": "import unittest\n",
            "setup.py": "",
            "requirements.txt": "",
        }
    )
    assert profile.source_roots == ("till",)
    assert profile.test == ("python", "-m", "unittest", "discover", "-s", "tests", "-t", ".")
    assert profile.detected_from["test"] == "tests/test_till.py imports unittest"
    assert profile.requirements == ("requirements.txt",)


def test_the_language_with_most_files_decides() -> None:
    profile = detect(
        {
            "package.json": '{"scripts": {"test": "node --test"}}',
            "src/a.js": "",
            "src/b.js": "",
            "pyproject.toml": "[tool.pytest.ini_options]\n",
            "tools/x.py": "",
        }
    )
    assert profile.languages == ("javascript", "python")
    assert profile.test == ("npm", "test")


def test_go_rust_and_make() -> None:
    assert detect({"go.mod": "module x\n", "pkg/a.go": "", "main.go": ""}).test == ("go", "test", "./...")
    rust = detect({"Cargo.toml": "[package]\n", "src/lib.rs": "", "tests/a.rs": ""})
    assert (rust.source_roots, rust.test_roots) == (("src",), ("tests",))
    made = detect({"Makefile": "all: x\n\nlint test: all\n\ttrue\n", "src/a.c": ""})
    assert (made.test, made.detected_from["test"]) == (("make", "test"), "Makefile:3")


def test_nothing_is_invented() -> None:
    empty = detect({"README.md": "", "package.json": '{"scripts": {"test": "echo no test specified && exit 1"}}'})
    assert (empty.test, empty.source_roots, empty.test_roots) == ((), (), ())
    assert detect({"Makefile": "test := 1\n"}).test == ()


@pytest.mark.parametrize("root", ["../other", "/etc", ".", "missing"])
def test_a_root_outside_or_absent_is_not_taken(root: str) -> None:
    profile = detect({"pyproject.toml": f'[tool.setuptools.packages.find]\nwhere = ["{root}"]\n', "app/a.py": ""})
    assert profile.source_roots == ("app",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[a\n"),
        ("pyproject.toml", "a = " + "[" * 5000),
        ("package.json", "{"),
        ("package.json", "[]"),
        ("package.json", "[" * 100_000),
        ("setup.cfg", "no section\n"),
        ("Cargo.toml", "x"),
    ],
    ids=["open", "deep-toml", "json", "list", "deep-json", "setup", "cargo"],
)
def test_a_broken_manifest_is_named(path: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        detect({path: text})
    assert caught.value.code == "PROF001"
    assert path in caught.value.message


FULL = RepositoryProfile(
    languages=("python",),
    source_roots=("src",),
    test_roots=("tests",),
    test=("python", "-m", "pytest", "--yes: no"),
    requirements=("requirements.txt",),
    protected=("données/**", "007"),
    detected_from={"test": "pyproject.toml tool.pytest.ini_options"},
)


def test_the_file_round_trips() -> None:
    data = dump_profile(FULL)
    assert load_profile(data, "profile.yaml") == FULL
    assert dump_profile(load_profile(data, "profile.yaml")) == data
    assert load_profile(b"test: [make, test]\n", "p").test == ("make", "test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test: pytest\n", "p:1:7 PROF010"),
        ("source_roots:\n  - src\n  - 7\n", "p:3:5 PROF010"),
        ("test: [yes]\n", "p:1:8 PROF010"),
        ("tests: []\n", "p:1:8 PROF010"),
        ("test: []\ntest: []\n", "p:2:1 PROF010"),
        ("- a\n", "p:1:1 PROF010"),
        ("", "p:1:1 PROF010"),
        ("test: [a\n", "p:2:1 PROF010"),
        ("test: &x [a]\n", "p:1:7 PROF010"),
        ("test: [[[a]]]\n", "p:1:8 PROF010"),
        ("test: [!!python/object:os.system a]\n", "p:1:8 PROF010"),
        ("\xff", "p:1:1 PROF010"),
        ("test: [!!int abc]\n", "p:1:8 PROF010"),
        ("test: !!set {a}\n", "p:1:7 PROF010"),
        ("? [a]\n: b\n", "p:1:3 PROF010"),
        ("[" * 5000, "p:1:"),
    ],
)
def test_a_bad_file_is_refused_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(text.encode(), "p")
    assert caught.value.details[0].startswith(expected)


def test_without_a_manifest_files_tell_the_language_and_functions_the_runner() -> None:
    files = {
        "shop/cart.py": "",
        "run.py": "",
        "site.js": "",
        "tests/test_cart.py": "def test_total():\n    assert True\n",
    }
    profile = detect(files)
    assert profile.languages == ("python",)
    assert profile.source_roots == ("shop", "run.py")
    assert profile.test == ("python", "-m", "pytest")
    assert profile.detected_from["test"] == "tests/test_cart.py has test functions"


def test_a_method_of_a_class_says_nothing_about_the_runner() -> None:
    files = {"a.py": "", "tests/test_a.py": "class TestA(Case):\n    def test_a(self): ...\n"}
    assert detect(files).test == ()
