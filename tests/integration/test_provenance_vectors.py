"""Every published vector gets exactly the answer that stands beside it, from the real repository it is about."""

import gzip
import json
import random
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import bundle, log
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees

FOLDER = Path(__file__).parents[1] / "vectors" / "provenance"
PARTS = 32
EXPECTED = json.loads((FOLDER / "expected.json").read_bytes())
BUNDLES = sorted(n for n, e in EXPECTED.items() if "codes" in e)
LOGS = sorted(n for n, e in EXPECTED.items() if "code" in e)


def test_each_vector_is_named_and_none_is_forgotten():
    files = {p.name.split(".")[0] for p in FOLDER.iterdir()} - {"expected"}
    assert files == set(EXPECTED)
    assert len(BUNDLES) >= 18
    assert len(LOGS) >= 6


def data_of(name: str) -> bytes:
    packed = FOLDER / f"{name}.intoto.jsonl.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (FOLDER / f"{name}.intoto.jsonl").read_bytes()


def answer(name: str, folder: Path):
    expected = EXPECTED[name]
    repository = folder / "repo"
    subprocess.run(["git", "clone", "-q", FOLDER / f"{name}.gitbundle", repository], check=True, capture_output=True)
    with GitTrees.open(repository, folder / "private") as trees:
        request = Request(
            head="refs/remotes/origin/main",
            base=expected["base"],
            ref=expected["ref"],
            now=datetime.fromisoformat(expected["now"]),
            repository="r1",
            root_digest=expected["root"],
            bundle=data_of(name),
        )
        return verify(trees, request)


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_gets_its_answer(name: str, tmp_path: Path):
    found = answer(name, tmp_path)
    assert sorted({p.code for p in found.problems}) == EXPECTED[name]["codes"]
    assert (found.verdict is Verified.VERIFIED) == (not EXPECTED[name]["codes"])


@pytest.mark.parametrize("name", LOGS)
def test_a_log_gets_its_answer(name: str):
    expected = EXPECTED[name]
    files = {p: t.encode() for p, t in json.loads((FOLDER / f"{name}.log.json").read_bytes()).items()}
    if not expected["code"]:
        assert log.check(files, expected["public_key"]).size
        return
    with pytest.raises(EvidenceInvalid) as caught:
        log.check(files, expected["public_key"])
    assert caught.value.code == expected["code"]


def keys_of(tmp_path: Path) -> dict[str, str]:
    from orchestrator.provenance.roots import root

    repository = tmp_path / "keys"
    subprocess.run(["git", "clone", "-q", FOLDER / "good.gitbundle", repository], check=True, capture_output=True)
    line = (repository / root.policy_path(1)).read_bytes()
    return root.read_chain({root.policy_path(1): line}, None).keys()


def refused(data: bytes, keys: dict[str, str]) -> bool:
    try:
        for line in bundle.read_bundle(data, keys):
            dsse.open_line(line, keys)
    except EvidenceInvalid:
        return True
    return False


def test_a_sample_of_single_byte_changes_is_detected_and_every_deletion_and_exchange_of_lines(tmp_path: Path):
    data, keys = (FOLDER / "good.intoto.jsonl").read_bytes(), keys_of(tmp_path)
    assert not refused(data, keys)
    dice = random.Random(20261122)  # noqa: S311  a sample, no secret
    for _ in range(1500):
        at, value = dice.randrange(len(data)), dice.randrange(256)
        changed = data[:at] + bytes([value]) + data[at + 1 :]
        assert changed == data or refused(changed, keys), (at, value)
    lines = dsse.lines_of(data)
    for n in range(len(lines)):
        assert refused(b"".join(lines[:n] + lines[n + 1 :]), keys)
        assert refused(b"".join([*lines[:n], lines[n], *lines[n:]]), keys)
        for m in range(n):
            other = list(lines)
            other[n], other[m] = other[m], other[n]
            assert refused(b"".join(other), keys)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_every_single_byte_change_is_detected(tmp_path: Path, part: int):
    """Some four million bundles, in parts that can be tried side by side."""
    data, keys = (FOLDER / "good.intoto.jsonl").read_bytes(), keys_of(tmp_path)
    for at in range(part, len(data), PARTS):
        for value in range(256):
            if value != data[at]:
                assert refused(data[:at] + bytes([value]) + data[at + 1 :], keys), (at, value)
