"""The user's models file: what it says, and each way to be wrong at its place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.app.models.connections import check_sources, load_connections, model_for, models_path
from orchestrator.errors import UsageError
from orchestrator.models.endpoint import Connections, CredentialKind, SourceKind, WireProtocol
from orchestrator.models.models_file import read_connections

ROOT = Path(__file__).parents[2]
GOOD = """schema: handrail.models/1
endpoints:
  hosted:
    protocol: anthropic-messages
    base_url: https://models.example.com/
    models: [large-1, small-1]
    credential:
      source: {environment: HOSTED_KEY}
    prices:
      large-1: {input_usd: 3, output_usd: 15}
  here:
    protocol: openai-chat
    base_url: http://127.0.0.1:8080
    models: [qwen3:8b]
    local: true
    private: true
secrets:
  tracker:
    host: tracker.example.com
    source: {command: [pass, show, tracker]}
roles:
  planner: hosted/large-1
  coder: here/qwen3:8b
"""


def read(text):
    return read_connections(text.encode() if isinstance(text, str) else text, "models.yaml")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "handrail").mkdir()
    return tmp_path


def test_a_file_is_read():
    found, problems = read(GOOD)
    assert problems == []
    assert found is not None
    hosted, here = found.endpoints
    assert (hosted.name, hosted.protocol, hosted.base_url) == (
        "hosted",
        WireProtocol.ANTHROPIC,
        "https://models.example.com",
    )
    assert hosted.credential.kind is CredentialKind.API_KEY
    assert hosted.credential.source is not None
    assert hosted.credential.source.value == ("HOSTED_KEY",)
    assert hosted.prices["large-1"].output_usd == 15
    assert (here.local, here.private, here.credential.kind) == (True, True, CredentialKind.NONE)
    assert found.secrets[0].source.kind is SourceKind.COMMAND
    assert found.secrets[0].source.value == ("pass", "show", "tracker")
    assert model_for(found, "coder").name == "here/qwen3:8b"
    assert model_for(found, "coder", "hosted/small-1").model == "small-1"


WRONG = {
    "no-mapping": ("just words\n", "1:1 MDL001"),
    "no-schema": ("endpoints: {}\n", "1:1 MDL001"),
    "other-schema": (GOOD.replace("models/1", "models/2"), "1:9 MDL001"),
    "not-utf-8": (b"\xff\xfe", "1:1 MDL001"),
    "an-alias": ("schema: &a handrail.models/1\nroles: *a\n", "1:9 MDL001"),
    "a-tag": (GOOD.replace("[large-1, small-1]", "!!python/tuple [a]"), "6:13 MDL001"),
    "a-key-twice": (GOOD.replace("    models: [qwen3:8b]\n", "    models: [a]\n    models: [b]\n"), "15:5 MDL001"),
    "unknown-word": (GOOD.replace("local: true", "locale: true"), "15:13 MDL001"),
    "unknown-protocol": (GOOD.replace("openai-chat", "openai-completions"), "12:15 MDL001"),
    "unknown-role": (GOOD.replace("  coder:", "  tester:"), "23:11 MDL001"),
    "no-models": (GOOD.replace("[qwen3:8b]", "[]"), "14:13 MDL001"),
    "a-model-with-a-space": (GOOD.replace("[qwen3:8b]", '["a b"]'), "14:14 MDL001"),
    "an-endpoint-in-capitals": (GOOD.replace("  here:", "  Here:"), "11:3 MDL001"),
    "base-url-with-a-user": (GOOD.replace("https://models", "https://me:pw@models"), "5:15 MDL001"),
    "base-url-with-a-query": (GOOD.replace("example.com/", "example.com/?a=b"), "5:15 MDL001"),
    "base-url-of-a-file": (GOOD.replace("https://models.example.com/", "file:///etc/passwd"), "5:15 MDL001"),
    "base-url-without-a-host": (GOOD.replace("https://models.example.com/", "https://"), "5:15 MDL001"),
    "base-url-with-a-bad-port": (GOOD.replace("example.com/", "example.com:99999/"), "5:15 MDL001"),
    "a-negative-price": (GOOD.replace("input_usd: 3", "input_usd: -3"), "10:28 MDL001"),
    "an-infinite-price": (GOOD.replace("input_usd: 3", "input_usd: .inf"), "10:28 MDL001"),
    "two-sources": (GOOD.replace("{environment: HOSTED_KEY}", "{environment: A, file: /b}"), "8:7 MDL001"),
    "no-source": (GOOD.replace("      source: {environment: HOSTED_KEY}\n", "      kind: oauth\n"), "7:5 MDL001"),
    "a-variable-that-is-none": (GOOD.replace("HOSTED_KEY", "sk-123"), "8:29 MDL001"),
    "a-relative-file": (GOOD.replace("{environment: HOSTED_KEY}", "{file: key.txt}"), "8:22 MDL001"),
    "an-empty-command": (GOOD.replace("[pass, show, tracker]", "[]"), "20:23 MDL001"),
    "a-command-as-one-text": (GOOD.replace("[pass, show, tracker]", "pass show tracker"), "20:23 MDL001"),
    "a-header-with-a-break": (GOOD.replace("    host: tr", '    header: "A: b"\n    host: tr'), "19:13 MDL001"),
    "a-secret-for-an-address": (GOOD.replace("tracker.example.com", "10.0.0.1"), "19:11 MDL001"),
    "a-key": (GOOD.replace("{environment: HOSTED_KEY}", "{environment: A}\n      key: sk-SECRET"), "9:12 MDL002"),
    "a-token-beside": (GOOD.replace("    local: true", "    api_key: sk-SECRET"), "15:14 MDL002"),
    "a-role-of-no-endpoint": (GOOD.replace("coder: here/", "coder: there/"), "23:10 MDL003"),
    "a-price-of-no-model": (GOOD.replace("      large-1: {", "      large-2: {"), "10:7 MDL003"),
    "a-loopback-unsaid": (GOOD.replace("    private: true\n", ""), "13:15 MDL004"),
    "plain-http": (GOOD.replace("https:", "http:"), "5:15 MDL004"),
}


@pytest.mark.parametrize("defect", WRONG)
def test_a_mistake_is_told_at_its_place(defect):
    text, place = WRONG[defect]
    found, problems = read(text)
    assert found is None
    assert [str(p) for p in problems if str(p).startswith(f"models.yaml:{place} ")], [str(p) for p in problems]
    assert not any("SECRET" in str(p) or "sk-123" in str(p) for p in problems)


@pytest.mark.usefixtures("home")
def test_no_file_means_no_endpoint():
    assert load_connections() == Connections()
    with pytest.raises(UsageError) as caught:
        model_for(Connections(), "planner")
    assert caught.value.code == "MDL012"
    assert str(models_path()) in caught.value.hint


@pytest.mark.usefixtures("home")
def test_a_model_that_no_endpoint_has_is_refused():
    models_path().write_text(GOOD)
    models_path().chmod(0o600)
    for name in ("hosted/other", "other/large-1", "hosted", "hosted/"):
        with pytest.raises(UsageError) as caught:
            model_for(load_connections(), "coder", name)
        assert caught.value.code == "MDL013"


@pytest.mark.usefixtures("home")
def test_a_file_that_others_may_write_is_refused():
    models_path().write_text(GOOD)
    models_path().chmod(0o666)
    with pytest.raises(UsageError) as caught:
        load_connections()
    assert caught.value.code == "MDL011"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_what_is_no_plain_file_is_refused(make):
    make(models_path())
    with pytest.raises(UsageError) as caught:
        load_connections()
    assert caught.value.code == "MDL010"


def test_sources_are_looked_for_and_not_read(home, monkeypatch):
    key = home / "key"
    text = GOOD.replace("{environment: HOSTED_KEY}", f"{{file: {key}}}")
    found, _ = read(text)
    assert found is not None
    assert next(c.words for c in check_sources(found)) == "No such file or directory"
    key.write_text("x")
    key.chmod(0o644)
    assert check_sources(found)[0].words == "others may read it: chmod go-rwx"
    key.chmod(0o600)
    assert check_sources(found)[0].ok
    found, _ = read(GOOD)
    assert found is not None
    monkeypatch.setenv("HOSTED_KEY", "x")
    assert check_sources(found)[0].ok
    monkeypatch.delenv("HOSTED_KEY")
    assert [c.ok for c in check_sources(found)] == [False, False]


def handrail(*argv):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = [sys.executable, "-m", "orchestrator.cli", *argv]
    return subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("home")
def test_the_commands_say_what_there_is():
    models_path().write_text(GOOD)
    models_path().chmod(0o600)
    listed = handrail("models", "list")
    assert listed.returncode == 0, listed.stderr
    assert "here/qwen3:8b" in listed.stdout
    assert "planner: hosted/large-1" in listed.stdout
    assert '"roles": {' in handrail("models", "list", "--json").stdout
    checked = handrail("models", "check")
    assert checked.returncode == 2
    assert "MISSING hosted: environment HOSTED_KEY: the variable is not set" in checked.stdout


@pytest.mark.usefixtures("home")
def test_a_broken_file_names_every_line():
    models_path().write_text(GOOD.replace("openai-chat", "x").replace("[qwen3:8b]", "[]"))
    models_path().chmod(0o600)
    said = handrail("models", "check")
    assert said.returncode == 2
    assert f"{models_path()}:12:15 MDL001" in said.stderr
    assert f"{models_path()}:14:13 MDL001" in said.stderr


def test_the_example_of_the_reference_is_a_models_file():
    page = (ROOT / "docs/reference/models-file.md").read_text()
    found, problems = read(page.split("```yaml\n")[1].split("```")[0])
    assert problems == []
    assert found is not None
