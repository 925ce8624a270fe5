"""What a broker in a container may ask of its parent: what its grant names, and nothing else."""

import contextlib
import json
import queue
import re
import socket
import struct
import threading
from pathlib import Path

import pytest

from orchestrator.app.models.brokering import Place, place
from orchestrator.broker.custodian import Custodian
from orchestrator.errors import UsageError
from orchestrator.models.endpoint import Credential, Endpoint, SecretSource, WireProtocol
from orchestrator.models.ids import RunId
from orchestrator.ports import BrokerGrant
from orchestrator.sandbox.pipe import MAX_LINE_BYTES, Pipe

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-0123456789"


@pytest.fixture
def tokens(tmp_path):
    place = tmp_path / "tokens.json"
    place.write_text(json.dumps({"refresh_token": CANARY}))
    place.chmod(0o600)
    return place


@pytest.fixture
def ask(tokens):
    source = SecretSource(kind="file", value=(str(tokens),))
    endpoint = Endpoint(
        name="up",
        protocol=WireProtocol.ANTHROPIC,
        base_url="https://up.example",
        models=("m",),
        credential=Credential(kind="oauth", source=source, options={"token_url": "https://up.example/token"}),
    )
    answers = queue.Queue()
    custodian = Custodian(BrokerGrant(key="k", run=RunId("r"), endpoints=(endpoint,)), answers.put)

    def asked(what, of):
        custodian.take((1, what, of))
        number, could, words = answers.get(timeout=10)["answer"]
        assert number == 1
        return could, words

    yield asked
    custodian.close()


def test_a_granted_source_is_read_and_its_file_replaced_while_it_is_held(ask, tokens):
    could, words = ask("read", {"kind": "file", "value": [str(tokens)]})
    assert could
    assert CANARY in words
    assert ask("lock", str(tokens)) == (True, "")
    assert ask("replace", [str(tokens), "{}"]) == (True, "")
    assert tokens.read_text() == "{}"
    assert ask("unlock", str(tokens)) == (True, "")


@pytest.mark.parametrize(
    ("what", "of"),
    [
        ("read", {"kind": "file", "value": ["/etc/passwd"]}),
        ("read", {"kind": "environment", "value": ["PATH"]}),
        ("read", {"kind": "command", "value": ["id"]}),
        ("read", "nonsense"),
        ("read", None),
        ("lock", "/etc/passwd"),
        ("replace", ["/etc/passwd", "x"]),
        ("replace", []),
        ("replace", {}),
        ("format", "/"),
    ],
)
def test_everything_else_is_refused_and_answered(ask, what, of):
    could, words = ask(what, of)
    assert not could
    assert words
    assert "root:" not in words


def test_a_file_that_is_not_held_is_not_replaced(ask, tokens):
    could, _ = ask("replace", [str(tokens), "{}"])
    assert not could
    assert CANARY in tokens.read_text()


def test_a_program_that_never_ends_its_line_is_given_up():
    ours, theirs = socket.socketpair()

    def flood():
        head = struct.pack(">BxxxI", 1, 1 << 20)
        with contextlib.suppress(OSError):
            for _ in range(MAX_LINE_BYTES // (1 << 20) + 2):
                theirs.sendall(head + b"x" * (1 << 20))

    threading.Thread(target=flood, daemon=True).start()
    pipe = Pipe(ours, theirs)
    with pytest.raises(ValueError, match="too long"):
        list(pipe.lines())
    pipe.close()


def test_the_packages_of_the_container_are_those_of_the_lock():
    def blocks(path):
        text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / path).read_text())
        return {b.split("==")[0]: b for b in re.split(r"(?m)^(?=[a-z0-9])", text) if b.strip()}

    whole, ours = blocks("requirements/base.txt"), blocks("sandboxes/broker/requirements.txt")
    assert ours.items() <= whole.items()
    assert {"pydantic", "httptools", "cryptography", "h11"} <= set(ours)


@pytest.mark.parametrize(("word", "found"), [("host", Place.HOST), ("sidecar", Place.SIDECAR)])
def test_the_place_that_is_asked_for_is_taken_without_trying(monkeypatch, word, found):
    monkeypatch.setenv("HANDRAIL_BROKER", word)
    assert place(lambda: pytest.fail("the engine was asked")) is found


def test_a_place_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("HANDRAIL_BROKER", "cloud")
    with pytest.raises(UsageError, match="cloud") as caught:
        place(lambda: pytest.fail("the engine was asked"))
    assert caught.value.code == "BRK005"
