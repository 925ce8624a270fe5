"""Requirements and lock files as data: what is taken, and what is refused with which code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.locks import read_poetry_lock, read_uv_lock
from orchestrator.sandbox.requirements import read_requirements
from orchestrator.sandbox.wanted import Target

ANSWER = (
    b'{"implementation_name":"cpython","implementation_version":"3.11.2","os_name":"posix","platform_machine":"x86_64",'
    b'"platform_python_implementation":"CPython","platform_system":"Linux","python_full_version":"3.11.2",'
    b'"python_version":"3.11","sys_platform":"linux","libc":"glibc 2.36","soabi":"cpython-311-x86_64-linux-gnu"}'
)
TARGET = Target.parse(ANSWER)
A, B = "a" * 64, "b" * 64


def lines(text, **more):
    files = {"requirements.txt": text.encode(), **{f"{name}.txt": value.encode() for name, value in more.items()}}
    return [item.line() for item in read_requirements(files, TARGET)]


def test_the_target_knows_its_tags():
    assert TARGET.abi == "cp311"
    assert TARGET.platforms[0] == "manylinux_2_36_x86_64"
    assert "manylinux2014_x86_64" in TARGET.platforms
    assert TARGET.platforms[-1] == "linux_x86_64"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        ANSWER.replace(b"glibc 2.36", b"musl 1.2"),
        ANSWER.replace(b"glibc 2.36", b" "),
        ANSWER.replace(b"cpython-311", b"pypy-73"),
    ],
)
def test_a_foreign_python_is_refused(answer):
    with pytest.raises(SandboxUnavailable, match="ENV020"):
        Target.parse(answer)


def test_the_ordinary_format_is_read():
    text = f"""\ufeff# a comment
six==1.16.0 \\
    --hash=sha256:{B} \\
    --hash=sha256:{A}  # why
"""
    assert lines(text) == [f"six==1.16.0 --hash=sha256:{A} --hash=sha256:{B}"]
    assert lines("Jinja2[i18n] >= 3 ; python_version >= '3.8'\r\n\r\n") == ["Jinja2[i18n]>=3"]
    assert sorted(lines("-r other.txt\nsix", other="six\nidna\n")) == ["idna", "six"]


def test_what_does_not_hold_on_the_image_is_left_out():
    assert lines("pywin32==306 ; sys_platform == 'win32'\n") == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("-e .", "ENV003"),
        ("-e ./other", "ENV003"),
        ("--editable=git+ssh://host/x", "ENV003"),
        (".", "ENV003"),
        ("./local", "ENV003"),
        ("../up", "ENV003"),
        ("/etc/passwd", "ENV003"),
        ("~/x", "ENV003"),
        ("x.whl", "ENV003"),
        ("dir/x-1.tar.gz", "ENV003"),
        ("git+https://host/x.git#egg=x", "ENV003"),
        ("https://host/x-1-py3-none-any.whl", "ENV003"),
        ("x @ https://host/x.whl", "ENV003"),
        ("x@file:///etc", "ENV003"),
        ("-i https://host/simple", "ENV004"),
        ("--index-url=https://host/simple", "ENV004"),
        ("--extra-index-url https://host", "ENV004"),
        ("--find-links /tmp", "ENV004"),
        ("-f /tmp", "ENV004"),
        ("--trusted-host host", "ENV004"),
        ("--pre", "ENV004"),
        ("--no-binary :all:", "ENV004"),
        ("--global-option=x", "ENV004"),
        ("-r absent.txt", "ENV005"),
        ("-r /etc/passwd", "ENV005"),
        ("-r ../requirements.txt", "ENV005"),
        ("-c limits.txt", "ENV005"),
        ("six==1 --hash=md5:00", "ENV002"),
        ("six==1 --hash=sha256:00", "ENV002"),
        ("six==1 --install-option=x", "ENV002"),
        ("${HOME}", "ENV002"),
        ("six==${X}", "ENV002"),
        ("six; rm -rf /", "ENV002"),
        ("$(id)", "ENV002"),
        ("\x00", "ENV002"),
    ],
)
def test_a_line_that_reaches_elsewhere_is_refused_with_its_place(line, code):
    with pytest.raises(SandboxUnavailable) as caught:
        lines(f"idna==3.7\n{line}\n")
    assert caught.value.code == code
    assert "requirements.txt:2" in caught.value.message
    assert caught.value.hint


def test_hashes_are_for_all_or_none():
    with pytest.raises(SandboxUnavailable) as caught:
        lines(f"six==1 --hash=sha256:{A}\nidna==3\n")
    assert caught.value.code == "ENV006"
    assert caught.value.details == ("requirements.txt:2",)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"six\n" * (2 << 20)])
def test_an_unreadable_file_is_refused(data):
    with pytest.raises(SandboxUnavailable, match="ENV002"):
        read_requirements({"requirements.txt": data}, TARGET)


@given(st.text(max_size=80))
def test_whatever_is_taken_stays_one_plain_line(text):
    try:
        taken = lines(text)
    except SandboxUnavailable as error:
        assert error.code.startswith("ENV")  # noqa: PT017 - either outcome is right
    else:
        for line in taken:
            assert not set(line) & set("\n\r\\$@;#/")
            assert not line.startswith("-")


UV = f"""
version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "0.1"
source = {{ editable = "." }}
dependencies = [
    {{ name = "jinja2", extra = ["i18n"] }},
    {{ name = "pywin32", marker = "sys_platform == 'win32'" }},
]
[package.dev-dependencies]
dev = [{{ name = "six", version = "1.16.0" }}]

[[package]]
name = "jinja2"
version = "3.1.6"
source = {{ registry = "https://index.example/simple" }}
dependencies = [{{ name = "markupsafe" }}]
wheels = [{{ url = "https://files.example/jinja2-3.1.6-py3-none-any.whl", hash = "sha256:{A}" }}]
[package.optional-dependencies]
i18n = [{{ name = "babel" }}]

[[package]]
name = "markupsafe"
version = "3.0.3"
source = {{ registry = "https://index.example/simple" }}
sdist = {{ url = "https://files.example/markupsafe.tar.gz", hash = "sha256:{B}" }}
wheels = [{{ url = "https://files.example/m.whl", hash = "sha256:{A}" }}]

[[package]]
name = "babel"
version = "2.16"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/babel.whl", hash = "sha256:{B}" }}]

[[package]]
name = "pywin32"
version = "306"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/w.whl", hash = "sha256:{A}" }}]

[[package]]
name = "six"
version = "1.16.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/six.whl", hash = "sha256:{A}" }}]

[[package]]
name = "six"
version = "1.17.0"
source = {{ registry = "https://index.example/simple" }}
wheels = [{{ url = "https://files.example/six2.whl", hash = "sha256:{B}" }}]
"""


def test_a_uv_lock_is_walked_from_its_project():
    found = [item.line() for item in read_uv_lock("uv.lock", UV.encode(), TARGET)]
    assert found == [
        f"babel==2.16 --hash=sha256:{B}",
        f"jinja2==3.1.6 --hash=sha256:{A}",
        f"markupsafe==3.0.3 --hash=sha256:{A}",
        f"six==1.16.0 --hash=sha256:{A}",
    ]


GIT = 'source = { git = "https://host/x" }'
REGISTRY = 'source = { registry = "https://index.example/simple" }'


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("version = 1\n", "version = 9\n", "ENV002"),
        ('{ editable = "." }', '{ registry = "x" }', "ENV002"),
        ('{ editable = "." }', '{ editable = "../other" }', "ENV002"),
        ('name = "markupsafe"\n', 'name = "other"\n', "ENV002"),
        (REGISTRY, GIT, "ENV003"),
        (REGISTRY, 'source = { directory = "../lib" }', "ENV003"),
        (
            'wheels = [{ url = "https://files.example/m.whl"',
            'others = [{ url = "https://files.example/m.whl"',
            "ENV007",
        ),
        (f'm.whl", hash = "sha256:{A}"', 'm.whl", hash = "md5:00"', "ENV002"),
        ("sys_platform == 'win32'", "rm -rf /", "ENV002"),
        ('version = "2.16"', 'version = "2.16; x @ https://host"', "ENV002"),
        ("[[package]]", "[[package]", "ENV002"),
    ],
)
def test_a_uv_lock_that_reaches_elsewhere_is_refused(old, new, code):
    assert old in UV
    with pytest.raises(SandboxUnavailable, match=code):
        read_uv_lock("uv.lock", UV.replace(old, new).encode(), TARGET)


POETRY = f"""
[[package]]
name = "click"
version = "8.1.7"
optional = false
files = [{{file = "click-8.1.7-py3-none-any.whl", hash = "sha256:{A}"}}, {{file = "click.tar.gz", hash = "sha256:{B}"}}]
[package.dependencies]
colorama = {{version = "*", markers = "platform_system == \\"Windows\\""}}

[[package]]
name = "colorama"
version = "0.4.6"
optional = false
files = [{{file = "colorama-0.4.6-py2.py3-none-any.whl", hash = "sha256:{A}"}}]

[[package]]
name = "extra"
version = "1"
optional = true
files = []
"""


def test_a_poetry_lock_of_either_format_is_read():
    first = [item.line() for item in read_poetry_lock("poetry.lock", POETRY.encode(), TARGET)]
    assert first == [f"click==8.1.7 --hash=sha256:{A}"]
    second = POETRY.replace("optional = false\n", 'optional = false\ngroups = ["main"]\n').replace(
        'version = "0.4.6"\n', 'version = "0.4.6"\nmarkers = "platform_system == \\"Windows\\""\n'
    )
    assert [item.line() for item in read_poetry_lock("poetry.lock", second.encode(), TARGET)] == first


def test_a_poetry_lock_with_a_repository_is_refused():
    text = POETRY.replace('version = "8.1.7"\n', 'version = "8.1.7"\nsource = {type = "git", url = "https://host/x"}\n')
    with pytest.raises(SandboxUnavailable, match="ENV003"):
        read_poetry_lock("poetry.lock", text.encode(), TARGET)
