import threading
from pathlib import Path

import pytest

from orchestrator.errors import EvidenceInvalid, HandrailError, StoreError, TrustError
from orchestrator.models.ids import sha256
from orchestrator.models.verification import Trust
from orchestrator.provenance.logs import merkle
from orchestrator.provenance.logs.checkpoint import Checkpoint
from orchestrator.provenance.logs.log import LogState
from orchestrator.provenance.roots import trusted
from orchestrator.provenance.roots.trust import TrustStore

ONE, TWO = sha256(b"1"), sha256(b"2")


def code(call) -> str:
    with pytest.raises(HandrailError) as caught:
        call()
    assert caught.value.hint
    return caught.value.code


def state(*lines: str) -> LogState:
    batch = tuple(line.encode() + b"\n" for line in lines)
    frontier = merkle.Frontier()
    for line in batch:
        frontier.add(merkle.leaf_hash(line))
    return LogState(Checkpoint("a" * 64, len(batch), frontier.root(), b""), batch, frontier)


def test_first_use_pins_and_another_root_is_refused(tmp_path: Path):
    store = TrustStore(tmp_path / "config" / "trust.json")
    assert store.pin("r", ONE) is Trust.FIRST_USE
    assert TrustStore(tmp_path / "config" / "trust.json").pin("r", ONE) is Trust.PINNED
    assert code(lambda: store.pin("r", TWO)) == "EVID025"
    assert store.pin("other", TWO) is Trust.FIRST_USE
    assert store.known("r").root == ONE


def test_a_log_goes_only_forward(tmp_path: Path):
    store = TrustStore(tmp_path / "trust.json")
    store.remember("r", state("0", "1", "2"))
    store.remember("r", state("0", "1", "2", "3"))
    for wrong in (state("0", "1", "2"), state("0", "1", "2", "x", "4")):
        assert code(lambda wrong=wrong: store.compare("r", wrong)) == "EVID034"
        with pytest.raises(EvidenceInvalid):
            store.remember("r", wrong)
    store.compare("another", state("0"))


def test_a_store_that_others_could_have_written_is_refused(tmp_path: Path):
    path = tmp_path / "trust.json"
    TrustStore(path).pin("r", ONE)
    path.chmod(0o622)
    assert code(lambda: TrustStore(path).known("r")) == "TRUST005"
    path.chmod(0o600)
    path.write_bytes(b'{"format":"handrail.trust/1","repositories":{},"repositories":{}}')
    assert code(lambda: TrustStore(path).pin("r", ONE)) == "TRUST010"
    path.write_bytes(b'{"surprise":1}')
    assert code(lambda: TrustStore(path).known("r")) == "TRUST010"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert code(lambda: TrustStore(path).known("r")) == "TRUST003"


def test_writers_do_not_lose_each_others_pins(tmp_path: Path):
    path = tmp_path / "trust.json"
    threads = [threading.Thread(target=TrustStore(path).pin, args=(f"r{i}", ONE)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(TrustStore(path).known(f"r{i}").root == ONE for i in range(12))


def test_a_folder_is_trusted_as_it_is(tmp_path: Path):
    store = TrustStore(tmp_path / "trust.json")
    assert code(lambda: store.check_folder("r", ONE)) == "TRUST008"
    store.record_folder("r", ONE)
    store.check_folder("r", ONE)
    assert code(lambda: store.check_folder("r", TWO)) == "TRUST009"


def test_the_folders_digest_covers_paths_and_bytes(tmp_path: Path):
    (tmp_path / ".handrail" / "policy").mkdir(parents=True)
    (tmp_path / ".handrail" / "policy" / "0001.json").write_bytes(b"p")
    (tmp_path / ".handrail" / "profile.json").write_bytes(b"q")
    files = trusted.read_folder(tmp_path)
    assert files == {".handrail/policy/0001.json": b"p", ".handrail/profile.json": b"q"}
    digest = trusted.folder_digest(files)
    assert digest == trusted.folder_digest(dict(reversed(files.items())))
    assert digest != trusted.folder_digest({**files, ".handrail/x": b""})
    assert trusted.folder_digest({"a": b"b"}) != trusted.folder_digest({"ab": b""})


def test_a_folder_with_links_or_without_end_is_refused(tmp_path: Path):
    assert trusted.read_folder(tmp_path) == {}
    folder = tmp_path / ".handrail"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/hostname")
    assert code(lambda: trusted.read_folder(tmp_path)) == "TRUST011"
    (folder / "link").unlink()
    (folder / "big").write_bytes(b"x" * (trusted.MAX_BYTES + 1))
    assert code(lambda: trusted.read_folder(tmp_path)) == "TRUST012"
    (folder / "big").unlink()
    for i in range(trusted.MAX_FILES + 1):
        (folder / str(i)).touch()
    assert code(lambda: trusted.read_folder(tmp_path)) == "TRUST012"
    folder.rename(tmp_path / "other")
    folder.symlink_to(tmp_path / "other")
    with pytest.raises(TrustError):
        trusted.read_folder(tmp_path)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        TrustStore(tmp_path / "file" / "trust.json").pin("r", ONE)
    assert caught.value.code == "TRUST007"
