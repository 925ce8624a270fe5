"""A secret is read where the models file says, when it is needed; what is wrong with it never holds any of it."""

import asyncio
import sys

import pytest

from orchestrator.broker import secrets
from orchestrator.broker.refusal import Refusal
from orchestrator.models.endpoint import SecretSource

KEY = "sk-read-where-it-lies-7d1"
KEYRING = f"""def get_password(service, user):
    if service == "broken":
        raise RuntimeError("{KEY}")
    return "{KEY}" if (service, user) == ("models", "me") else None
"""


def read(kind, *value):
    return asyncio.run(secrets.read_secret(SecretSource(kind=kind, value=value)))


@pytest.fixture
def key_store(tmp_path, monkeypatch):
    """A library in the place of ``keyring``, which needs a desktop."""
    (tmp_path / "keyring.py").write_text(KEYRING)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "keyring", raising=False)
    yield
    sys.modules.pop("keyring", None)


@pytest.mark.usefixtures("key_store")
def test_each_source_gives_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("A_KEY", f" {KEY}\n")
    place = tmp_path / "key"
    place.write_text(f"{KEY}\n")
    place.chmod(0o600)
    twice = f"import sys, time; sys.stdout.write('{KEY[:5]}'); sys.stdout.flush(); time.sleep(0.2); print('{KEY[5:]}')"
    found = (
        read("environment", "A_KEY"),
        read("file", str(place)),
        read("keyring", "models/me"),
        read("command", sys.executable, "-c", twice),
    )
    assert found == (KEY,) * 4


def test_a_command_sees_none_of_our_variables(monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    assert read("command", sys.executable, "-c", "import os; print(os.environ.get('A_KEY', 'nothing'))") == "nothing"


WRONG = {
    "no-variable": ("environment", ("A_KEY_THAT_IS_NOT_SET",), "gives nothing"),
    "no-absolute-path": ("file", ("key",), "not absolute"),
    "no-file": ("file", ("/nonexistent/key",), "FileNotFoundError"),
    "a-folder": ("file", ("/",), "IsADirectoryError|own with mode"),
    "no-user": ("keyring", ("models",), "gives nothing"),
    "unknown-user": ("keyring", ("models/you",), "gives nothing"),
    "a-key-store-that-breaks": ("keyring", ("broken/me",), "gives RuntimeError"),
    "no-program": ("command", ("/nonexistent/program",), "FileNotFoundError"),
    "a-program-that-fails": ("command", (sys.executable, "-c", f"print('{KEY}'); raise SystemExit(3)"), "with 3"),
    "a-program-that-prints-much": ("command", (sys.executable, "-c", "print('x' * 70_000)"), "more than a secret"),
    "a-silent-program": ("command", (sys.executable, "-c", ""), "gives nothing"),
}


@pytest.mark.usefixtures("key_store")
@pytest.mark.parametrize("defect", WRONG)
def test_what_cannot_be_read_is_said_without_the_key(defect):
    kind, value, words = WRONG[defect]
    with pytest.raises(Refusal, match=words) as refused:
        read(kind, *value)
    assert refused.value.code == "BRK040"
    assert KEY not in str(refused.value)


def test_a_file_that_others_may_read_is_refused(tmp_path):
    place = tmp_path / "key"
    place.write_text(KEY)
    place.chmod(0o644)
    with pytest.raises(Refusal, match="mode 0600"):
        read("file", str(place))


def test_a_command_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.2)
    with pytest.raises(Refusal, match="took longer"):
        read("command", sys.executable, "-c", "import time; time.sleep(600)")
