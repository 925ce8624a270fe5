"""Recipes, lists of wheels, and archives from npm: what is pinned is checked, what is hostile is refused."""

import io
import tarfile
from pathlib import Path

import pytest

from orchestrator.agents import npm, recipes
from orchestrator.agents.drivers import DRIVERS, driver
from orchestrator.errors import UsageError
from orchestrator.sandbox.layers import Part, stands_on, write_parts

FOLDER = Path(__file__).parents[2] / "sandboxes/agents"


def test_each_driver_has_a_recipe_that_pins_every_package():
    assert recipes.recipe_names(FOLDER) == DRIVERS
    for name in DRIVERS:
        recipe = recipes.load_recipe(FOLDER, name)
        assert recipe.protocol is driver(name).protocol
        for package in recipe.packages:
            assert package.integrity or package.requirements, name
        for file, data in recipes.requirement_files(FOLDER, recipe).items():
            assert recipes.as_lock(data)[0] == "poetry.lock", file


def test_another_version_drops_what_was_pinned():
    recipe, files = recipes.at_version(recipes.load_recipe(FOLDER, "codex"), "9.9.9")
    assert [(p.version, p.integrity) for p in recipe.packages] == [("9.9.9-linux-x64", None)]
    assert files == {}
    _, files = recipes.at_version(recipes.load_recipe(FOLDER, "aider"), "9.9.9")
    assert files == {"aider.txt": b"aider-chat==9.9.9\n"}
    assert recipes.as_lock(files["aider.txt"])[0] == "requirements.txt"


def test_the_digest_of_a_recipe_is_of_the_base_and_every_hash():
    recipe = recipes.load_recipe(FOLDER, "gemini-cli")
    files = recipes.requirement_files(FOLDER, recipe)
    digest = recipe.digest_on("sha256:a", files)
    assert digest == recipe.digest_on("sha256:a", files)
    assert digest != recipe.digest_on("sha256:b", files)
    assert digest != recipe.digest_on("sha256:a", {"node.txt": b"x"})
    assert digest != recipe.model_copy(update={"files": {}}).digest_on("sha256:a", files)


@pytest.mark.parametrize("name", ["nothing", "../codex", ""])
def test_unknown_recipe(name):
    with pytest.raises(UsageError, match="no recipe") as refused:
        recipes.load_recipe(FOLDER, name)
    assert refused.value.code == "AGT034"


@pytest.mark.parametrize(
    "text",
    ["", "name = 1", 'name = "x"\nunknown = 1', "[[[", 'integrity = "sha512-short"'],
    ids=["empty", "type", "key", "toml", "hash"],
)
def test_broken_recipe(tmp_path, text):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(UsageError, match="cannot be used") as refused:
        recipes.load_recipe(tmp_path, "x")
    assert refused.value.code == "AGT035"


def archive(tmp_path, *members):
    path = tmp_path / "a.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, kind, data in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(data)
            entry.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
            tar.addfile(entry, io.BytesIO(data))
    return path


def test_an_archive_is_unpacked_below_its_folder(tmp_path):
    npm.unpack(archive(tmp_path, ("package/bin/x", tarfile.REGTYPE, b"1")), tmp_path / "out")
    assert (tmp_path / "out/bin/x").read_bytes() == b"1"


@pytest.mark.parametrize(
    "member",
    [
        ("package/../../x", tarfile.REGTYPE, b"1"),
        ("/package/x", tarfile.REGTYPE, b"1"),
        ("x", tarfile.REGTYPE, b"1"),
        ("package/x", tarfile.SYMTYPE, b""),
        ("package/x", tarfile.LNKTYPE, b""),
        ("package/x", tarfile.FIFOTYPE, b""),
        ("package/x", tarfile.CHRTYPE, b""),
        ("package/a\x1b[2Jb", tarfile.REGTYPE, b"1"),
    ],
    ids=["parent", "absolute", "no-folder", "link", "hard-link", "fifo", "device", "escape"],
)
def test_hostile_archives(tmp_path, member):
    with pytest.raises(UsageError) as refused:
        npm.unpack(archive(tmp_path, member), tmp_path / "out")
    assert refused.value.code == "AGT033"


def test_two_files_of_one_name_and_no_archive_at_all(tmp_path):
    twice = archive(tmp_path, ("package/x", tarfile.REGTYPE, b"1"), ("package/x", tarfile.REGTYPE, b"2"))
    with pytest.raises(UsageError, match="cannot be used"):
        npm.unpack(twice, tmp_path / "out")
    twice.write_bytes(b"no archive")
    with pytest.raises(UsageError, match="cannot be used"):
        npm.unpack(twice, tmp_path / "other")


def test_another_hash_is_refused_and_npm_is_told_to_run_nothing(tmp_path, monkeypatch):
    made = archive(tmp_path, ("package/x", tarfile.REGTYPE, b"1"))
    called = tmp_path / "called"
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {called}; env > {called}.env\ncp {made} "$5"/a.tgz\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SECRET_TOKEN", "canary")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(UsageError) as refused:
        npm.fetch("left", "1.0.0", "sha512-" + "A" * 86 + "==", scratch)
    assert refused.value.code == "AGT032"
    assert "pack left@1.0.0 --ignore-scripts" in called.read_text()
    assert "canary" not in Path(f"{called}.env").read_text()
    (scratch / "two").mkdir()
    folder, integrity = npm.fetch("left", "1.0.0", npm.integrity_of(made), scratch / "two")
    assert (folder / "x").read_bytes() == b"1"
    assert integrity == npm.integrity_of(made)


def test_without_npm_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as refused:
        npm.fetch("left", "1.0.0", None, tmp_path)
    assert refused.value.code == "AGT030"


def test_a_layer_is_the_same_bytes_for_the_same_files(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/x").write_bytes(b"1")
    (tmp_path / "readme").write_bytes(b"2")
    (tmp_path / "link").symlink_to("/etc/passwd")
    part = Part("a", tmp_path, keep=("bin",), executable=("bin/x",))
    first, second = io.BytesIO(), io.BytesIO()
    write_parts([part], first)
    (tmp_path / "bin/x").touch()
    write_parts([part], second)
    assert first.getvalue() == second.getvalue()
    first.seek(0)
    with tarfile.open(fileobj=first) as tar:
        found = [(m.name, oct(m.mode), m.uid) for m in tar]
    wanted = [("opt/agent", "0o755", 0), ("opt/agent/a", "0o755", 0), ("opt/agent/a/bin", "0o755", 0)]
    assert found == [*wanted, ("opt/agent/a/bin/x", "0o755", 0)]


def test_what_stands_on_what():
    assert stands_on(["a", "b"], ["a"])
    assert not stands_on(["a"], ["a"])
    assert not stands_on(["b", "a"], ["a"])
    assert not stands_on(["b", "c"], ["a"])
