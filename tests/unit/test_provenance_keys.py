import os
import stat
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.provenance.signing.keys import generate_key, load_key, public_path, read_public, verifies


def code(call) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.hint
    return caught.value.code


def test_a_key_is_private_and_loads_again(tmp_path: Path):
    path = tmp_path / "keys" / "ana.pem"
    made = generate_key(path, "Ana")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_key(path)
    assert (loaded.keyid, loaded.public_key) == (made.keyid, made.public_key)
    public = read_public(public_path(path))
    assert (public.name, public.keyid) == ("Ana", made.keyid)
    assert sorted(p.name for p in path.parent.iterdir()) == ["ana.pem", "ana.pem.pub"]


def test_umask_cannot_widen_a_key(tmp_path: Path):
    before = os.umask(0)
    try:
        generate_key(tmp_path / "k", "Ana")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "k"
    first = generate_key(path, "Ana")
    assert code(lambda: generate_key(path, "Ana")) == "KEY001"
    public_path(path).unlink()
    assert code(lambda: generate_key(path, "Ana")) == "KEY001"
    assert load_key(path).keyid == first.keyid


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int):
    generate_key(tmp_path / "k", "Ana")
    (tmp_path / "k").chmod(mode)
    assert code(lambda: load_key(tmp_path / "k")) == "KEY005"


def test_what_is_no_plain_file_of_ours_is_refused(tmp_path: Path):
    generate_key(tmp_path / "k", "Ana")
    (tmp_path / "link").symlink_to(tmp_path / "k")
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert code(lambda: load_key(tmp_path / "link")) == "KEY003"
    assert code(lambda: load_key(tmp_path / "pipe")) == "KEY003"
    assert code(lambda: load_key(tmp_path)) == "KEY003"
    assert code(lambda: load_key(tmp_path / "absent")) == "KEY002"


def test_another_owner_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    generate_key(tmp_path / "k", "Ana")
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    assert code(lambda: load_key(tmp_path / "k")) == "KEY004"


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 64, b"x" * 5000])
def test_other_content_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    assert code(lambda: load_key(path)) == ("KEY006" if len(content) > 4096 else "KEY009")


def test_a_key_of_another_kind_is_refused(tmp_path: Path):
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "k"
    key = generate_private_key(SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    assert code(lambda: load_key(path)) == "KEY009"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, "bell\x07"])
def test_a_name_is_one_printable_line(tmp_path: Path, name: str):
    assert code(lambda: generate_key(tmp_path / "k", name)) == "KEY008"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_public_half_is_refused(tmp_path: Path):
    (tmp_path / "k.pub").write_text("not a key")
    assert code(lambda: read_public(tmp_path / "k.pub")) == "KEY009"
    assert code(lambda: read_public(tmp_path / "none.pub")) == "KEY002"


def test_a_key_of_small_order_under_which_a_signature_fits_any_message_is_refused():
    for point in ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f"):
        assert not verifies(point, b"\x01" + bytes(63), b"any message")


def test_a_signature_that_is_cut_longer_or_of_another_message_does_not_verify(tmp_path: Path):
    key = generate_key(tmp_path / "k", "Ana")
    good = key.sign_message(b"m")
    assert verifies(key.public_key, good, b"m")
    bad = [good[:-1], good + b"m", b"", bytes(64), good[:32] + bytes(32)]
    assert not any(verifies(key.public_key, signature, b"m") for signature in bad)
    assert not verifies(key.public_key, good + b"m", b"")
    assert not verifies(key.public_key, good, b"")
    assert not verifies("zz", good, b"m")
    assert not verifies("00", good, b"m")
