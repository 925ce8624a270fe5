"""An incident in one archive: whole, the same again, checked by strangers, and without any secret."""

import base64
import gzip
import io
import json
import re
import subprocess
import tarfile

import pytest
from inside import handrail
from run_support import Req, good, lab, nobody, shell, write

from orchestrator.app.observe import incident_archive
from orchestrator.app.observe.incident_archive import check
from orchestrator.app.redacting import redactor
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind

AWS = "AKIA" + "QYLPMN5HFIQR7XYA"
GITHUB = "ghp_" + "Zt9" * 12
VARIABLE = "correct horse battery staple 42"
FILED = "kept-in-a-file-0x7f31"
NAMED = "Tr0ub4dor&3"
CANARIES = (AWS, GITHUB, VARIABLE, FILED, NAMED, base64.b64encode(GITHUB.encode()).decode())
MODELS = """schema: handrail.models/1
endpoints: {{}}
secrets:
  shop: {{host: shop.example.com, source: {{file: {file}}}}}
"""


def unpacked(data):
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        return {m.name.partition("/")[2]: tar.extractfile(m).read() for m in tar}


def plant(here):
    """A run that waits, with secrets wherever texts of others come in."""
    one = Req(1, verify=[f"grep -q VALUE {Req(1).path}"])
    said = [
        write(one.path, f"VALUE = 1\n# {AWS}\n# password = '{NAMED}'\n# {CANARIES[-1]}\n"),
        shell(f"echo {VARIABLE} Authorization: Bearer {FILED}"),
    ]
    here.write_job([one], {one.id: [said]})
    here.prd.write_text(here.prd.read_text().replace("Parts that are wanted.", f"Parts. The token is {GITHUB}."))
    return one


@pytest.mark.engine
def test_no_secret_is_in_the_archive_wherever_it_was_said(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text(FILED + "\n")
    secret.chmod(0o600)
    with lab(tmp_path) as here:
        monkeypatch.setenv("DEPLOY_PASSWORD", VARIABLE)
        plant(here)
        (here.folder / "config" / "handrail").mkdir(parents=True, exist_ok=True)
        (here.folder / "config" / "handrail" / "models.yaml").write_text(MODELS.format(file=secret))
        log = here.folder / "log.jsonl"
        here.cli(*here.run_words(), DEPLOY_PASSWORD=VARIABLE, HANDRAIL_LOG_JSON=str(log))
        logged = log.read_bytes()
        assert log.stat().st_mode & 0o777 == 0o600
        run = here.runs()[0].id
        with here.project() as project:
            argv = ("curl", "--password", NAMED, f"https://me:{NAMED}@x.example/", VARIABLE, FILED)
            event = {"run": run, "kind": EventKind.AGENT_COMMAND, "node": "agent", "step": "S01", "attempt": 1}
            project.index.emit(Event(at=project.clock.now(), data={"argv": argv}, **event))
        archive = here.folder / "i.tar.gz"
        said = handrail(here, "incident", run, "-o", str(archive), DEPLOY_PASSWORD=VARIABLE)
        again = handrail(here, "incident", run, "-o", str(here.folder / "j.tar.gz"), "--json", DEPLOY_PASSWORD=VARIABLE)
        assert said.returncode == 0, said.stderr
        data = archive.read_bytes()
        assert (here.folder / "j.tar.gz").read_bytes() == data
        files = unpacked(data)
        told = json.loads(again.stdout)
        plain = json.loads(handrail(here, "report", run, "--json").stdout)
    assert json.dumps(plain).count(AWS) + json.dumps(plain).count(GITHUB) > 0  # it was there to be taken out
    records = [json.loads(line) for line in logged.splitlines()]
    assert [(r["message"], r.get("command"), r.get("exit_code")) for r in (records[0], records[-1])] == [
        ("command", "run", None),
        ("end", None, 4),
    ]
    assert {(r["run"], r.get("step")) for r in records if r.get("kind") == "agent-command"} == {(run, "S01")}
    everything = logged + said.stderr.encode() + again.stdout.encode() + b"".join(files.values())
    for line in files["evidence.intoto.jsonl"].splitlines() if "evidence.intoto.jsonl" in files else ():
        everything += base64.b64decode(json.loads(line)["payload"])
    assert [c for c in CANARIES if c.encode() in everything] == []
    assert {"known value", "AWS access key", "GitHub token", "named as a secret"} <= told["redacted"].keys()
    assert b"[redacted]" in files["timeline.txt"]
    assert files["README.txt"].startswith(b"NOTHING MERGED\n")


@pytest.mark.engine
def test_strangers_check_it_and_every_change_is_found(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        archive = here.folder / "i.tar.gz"
        said = handrail(here, "incident", done.run.id, "-o", str(archive))
        assert said.returncode == 0, said.stderr
        data = archive.read_bytes()
        there = handrail(here, "incident", done.run.id, "-o", str(archive))
        assert (there.returncode, "CLI005" in there.stderr) == (2, True)
        (here.folder / "out").mkdir()
        subprocess.run(["tar", "xzf", str(archive), "-C", "out"], cwd=here.folder, check=True)
        (inside,) = (here.folder / "out").iterdir()
        summed = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=inside, check=False)
        files = unpacked(data)
        root = json.loads(handrail(here, "verify", done.run.run_ref, "--base", "main", "--json").stdout)["root"]
        bundle = inside / "evidence.intoto.jsonl"
        offline = handrail(here, "verify", done.run.run_ref, "--base", done.run.base_commit, "--bundle", str(bundle))
        pinned = handrail(here, "incident", "--check", str(archive))
        stranger = {"XDG_CONFIG_HOME": str(here.folder / "stranger"), "HANDRAIL_KEY": ""}
        alone = handrail(here, "incident", "--check", str(archive), **stranger)
        allowed = handrail(here, "incident", "--check", str(archive), "--allow-self-asserted", **stranger)
        rooted = handrail(here, "incident", "--check", str(archive), "--root", root, "--json", **stranger)
        other = handrail(here, "incident", "--check", str(archive), "--root", "sha256:" + "0" * 64, **stranger)
        for n, bad in enumerate(altered(data, files)):
            path = here.folder / f"bad{n}.tar.gz"
            path.write_bytes(bad)
            refused = handrail(here, "incident", "--check", str(path), "--allow-self-asserted")
            assert (refused.returncode, "EVID" in refused.stderr) == (9, True), (n, refused.stderr)
    assert (summed.returncode, offline.returncode, offline.stdout.splitlines()[0]) == (0, 0, "VERIFIED")
    assert (pinned.returncode, pinned.stdout.splitlines()[1][:13]) == (0, "trust: pinned"), pinned.stderr
    assert (alone.returncode, "EVID071" in alone.stderr) == (9, True)
    assert (allowed.returncode, rooted.returncode, other.returncode) == (0, 0, 9)
    assert "EVID072" in other.stderr
    assert (json.loads(rooted.stdout)["signed_by"], json.loads(rooted.stdout)["verdict"]) == ("you", "VERIFIED")
    assert re.search(r"decision .*approve of Part 1 by you as reviewer", files["timeline.txt"].decode())
    assert json.loads(files["configuration.json"])["gates"]
    assert len(files["events.jsonl"].splitlines()) == len(json.loads(files["report.json"])["timeline"]) + quiet(files)


def quiet(files):
    """Events that the report's timeline leaves out."""
    kinds = [json.loads(line)["event"]["kind"] for line in files["events.jsonl"].splitlines()]
    return sum(kind in {"transition", "exchange", "agent-prompt", "program-seen", "executed"} for kind in kinds)


def altered(data, files):
    """Archives that are not what was signed."""
    yield b""
    yield b"no archive"
    yield data[:-40]
    for path in ("verify.json", "README.txt", "SHA256SUMS", "MANIFEST.dsse.json", "handrail/policy/0001.json"):
        yield tarred({**files, path: files[path].replace(b"e", b"f", 1)})
        yield tarred({name: content for name, content in files.items() if name != path})
    yield tarred({**files, "more.txt": b"more"})
    yield tarred(files, link="README.txt")
    yield tarred({**files, "../../over": b"x"})
    yield gzip.compress(b"\0" * 20_480)


def tarred(files, link=""):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(f"incident/{path}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo("incident/link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            tar.addfile(member)
    return plain.getvalue()


@pytest.mark.engine
def test_a_live_run_is_refused_and_broken_evidence_is_collected_and_said(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        assert "RUN001" in handrail(here, "incident").stderr
        assert "RUN001" in handrail(here, "incident", "20260101-nobody").stderr
        for words in (["--root", "sha256:" + "0" * 64], ["x", "--check", "y"], ["--check", "y", "-o", "z"]):
            assert "INC002" in handrail(here, "incident", *words).stderr
        done = here.run([one], good(one), decide=nobody)
        with here.project() as project:
            from orchestrator.store.lease import lease

            with lease(project.layout.run(done.run.id)):
                live = handrail(here, "incident", done.run.id, "-o", str(here.folder / "live.tar.gz"))
        assert (live.returncode, "INC001" in live.stderr, (here.folder / "live.tar.gz").exists()) == (1, True, False)
        here.resume(done.run.id)
        (ref,) = here.git("for-each-ref", "--format=%(refname)", "refs/heads/handrail-evidence/").split()
        here.git("update-ref", ref, here.git("commit-tree", "-m", "x", here.git("mktree", "--missing", check=False)))
        archive = here.folder / "broken.tar.gz"
        said = handrail(here, "incident", done.run.id, "-o", str(archive))
        files = unpacked(archive.read_bytes())
        checked = handrail(here, "incident", "--check", str(archive))
    assert said.returncode == 9, said.stderr
    assert files["README.txt"].startswith(b"NOT VERIFIED\n")
    assert json.loads(files["verify.json"])["problems"]
    assert "evidence.intoto.jsonl" not in files
    assert (checked.returncode, "NOT VERIFIED" in checked.stdout) == (0, True), checked.stderr


def test_more_than_an_archive_of_ours_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(incident_archive, "_MAX_BYTES", 1_000)
    with pytest.raises(EvidenceInvalid, match="larger than any of ours"):
        check(tarred({"a": b"\0" * 1_001}), None, allow_self_asserted=True)
    monkeypatch.setattr(incident_archive, "_MAX_FILES", 2)
    with pytest.raises(EvidenceInvalid, match="larger than any of ours"):
        check(tarred(dict.fromkeys("abc", b"")), None, allow_self_asserted=True)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ('api_key = "abcd1234"', "abcd1234"),
        ("DB_PASSWORD=hunter22", "hunter22"),
        ("+export GH_TOKEN=abcdef123", "abcdef123"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ('"Cookie": "session=1f2e3d"', "1f2e3d"),
        ("curl -H 'bearer abcdefgh1234'", "abcdefgh1234"),
        ("postgres://me:s3cr3t@db/x", "s3cr3t"),
        ("tool --api-key abcd1234 run", "abcd1234"),
        ("-----BEGIN RSA PRIVATE KEY-----\n+MIIEdata\n+more\n-----END RSA PRIVATE KEY-----\nrest", "MIIEdata"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn", "b3Blbn"),
        ("x = '" + GITHUB[:12] + "' + '" + GITHUB[12:] + "'", GITHUB[12:]),
        ("hrcanary" + "0f" * 12, "0f0f"),
    ],
)
def test_what_is_named_or_formed_as_a_secret_is_taken_out(text, gone):
    clean = redactor()
    assert gone not in clean.text(text)
    assert sum(clean.found.values()) >= 1
    assert gone not in json.dumps(clean.clean({"a": [text, {text: (text,)}]}))


def test_ordinary_text_stays_as_it_is():
    clean = redactor()
    for text in (
        "def token_count(text): return len(text.split())",
        "The password is asked for on the second page.",
        "secret = os.environ['X']",
        "sha256:" + "ab" * 32,
        "https://example.com/a:b@c",
        "return password == given",
        "+    tokens: int = 0",
        "--no-secrets",
    ):
        assert clean.text(text) == text
    assert clean.clean({"n": 1, "x": None, "y": True, "z": []}) == {"n": 1, "x": None, "y": True, "z": []}


def test_redaction_is_quick_on_hostile_lines():
    import time

    clean = redactor()
    began = time.process_time()
    for text in ("a-" * 30_000 + "key", "token" * 10_000, "-----BEGIN PRIVATE KEY-----" * 2_000, "://" * 20_000):
        clean.text(text)
    assert time.process_time() - began < 10


@pytest.mark.engine
def test_what_is_signed_and_holds_a_secret_is_left_out_whole(tmp_path):
    one = Req(1, verify=[f"grep -q VALUE {Req(1).path}", f"test -n {GITHUB}"])
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        archive = here.folder / "i.tar.gz"
        said = handrail(here, "incident", done.run.id, "-o", str(archive), "--json")
        files = unpacked(archive.read_bytes())
    told = json.loads(said.stdout)
    assert GITHUB.encode() not in b"".join(files.values())
    for line in files["evidence.intoto.jsonl"].splitlines():
        assert GITHUB.encode() not in base64.b64decode(json.loads(line)["payload"])
    assert told["withheld"]
    assert told["withheld"][0] in files["README.txt"].decode()
