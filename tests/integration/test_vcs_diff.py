from __future__ import annotations

import subprocess

import pytest
from vcs_support import UserRepository, made

from orchestrator.errors import LimitReached
from orchestrator.ports import OutMember
from orchestrator.vcs import diff as module
from orchestrator.vcs.trees import GitTrees

CODE = """import os


def debug():
    return False


def admin(user):
    return False


class Door:
    locked = True

    def open(self, user):
        if user.admin:
            log(user)
        return self
"""


@pytest.fixture
def user(tmp_path):
    user = UserRepository(tmp_path / "user")
    user.write("m.py", CODE)
    user.write("t.txt", "".join(f"{n}\n" for n in range(100)))
    user.write('odd "näme"\t.txt'.replace("\t", " "), "x\ny\nz\n")
    user.write("old.py", "".join(f"x{n} = {n}\n" for n in range(50)))
    user.commit()
    return user


@pytest.fixture
def trees(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        yield trees


def changed(trees, files, gone=()):
    base = trees.resolve("HEAD")
    return trees.diff(base, made(trees, base, files, gone))


def only_hunk(trees, files):
    hunks = changed(trees, files).hunks
    assert len(hunks) == 1
    return hunks[0]


def test_the_same_hunk_moved_to_another_function_has_another_id(trees):
    first = CODE.replace("def debug():\n    return False", "def debug():\n    return True")
    second = CODE.replace("def admin(user):\n    return False", "def admin(user):\n    return True")
    one, two = only_hunk(trees, {"m.py": first}), only_hunk(trees, {"m.py": second})
    assert (one.definition, two.definition) == ("debug", "admin")
    assert one.id != two.id


def test_a_dedent_out_of_an_if_has_another_id(trees):
    inside = CODE.replace("            log(user)\n", "            log(user)\n            wipe(user)\n")
    outside = CODE.replace("            log(user)\n", "            log(user)\n        wipe(user)\n")
    one, two = only_hunk(trees, {"m.py": inside}), only_hunk(trees, {"m.py": outside})
    assert one.definition == two.definition == "Door.open"
    assert one.id != two.id


def test_the_same_added_line_elsewhere_in_the_same_function_has_another_id(trees):
    one = only_hunk(
        trees, {"m.py": CODE.replace("        if user.admin:\n", "        wipe()\n        if user.admin:\n")}
    )
    two = only_hunk(trees, {"m.py": CODE.replace("        return self\n", "        wipe()\n        return self\n")})
    assert one.id != two.id


def test_the_same_line_far_away_in_a_text_without_definitions_has_another_id(trees):
    lines = [f"{n}\n" for n in range(100)]
    one = only_hunk(trees, {"t.txt": "".join([*lines[:30], "same\n", *lines[30:]])})
    two = only_hunk(trees, {"t.txt": "".join([*lines[:60], "same\n", *lines[60:]])})
    assert one.definition == ""
    assert one.id != two.id


def test_the_mode_is_part_of_the_id(trees):
    text = CODE.replace("return False", "return 0", 1)
    one = only_hunk(trees, {"m.py": text})
    two = only_hunk(trees, {"m.py": OutMember("m.py", "100755", text.encode())})
    assert one.id != two.id


def test_the_same_change_has_the_same_id_though_another_file_changes_too(trees):
    text = CODE.replace("return False", "return 0", 1)
    one = only_hunk(trees, {"m.py": text})
    two = [h for h in changed(trees, {"m.py": text, "t.txt": "x\n"}).hunks if h.path == "m.py"]
    assert [one] == two


def test_a_hunk_over_two_definitions_names_both(trees):
    text = CODE.replace(
        "    return False\n\n\ndef admin(user):\n    return False", "    return 1\n\n\ndef admin(user):\n    return 1"
    )
    assert only_hunk(trees, {"m.py": text}).definition == "debug, admin"


def test_a_rename_shows_both_names(trees):
    text = trees.file(trees.resolve("HEAD"), "old.py")
    found = changed(trees, {"new.py": text + b"more = 1\n"}, ("old.py",))
    assert [(f.kind, f.old_path, f.path, f.added_lines, f.removed_lines) for f in found.files] == [
        ("renamed", "old.py", "new.py", 1, 0)
    ]
    assert b"rename from old.py\nrename to new.py\n" in found.text


def test_added_deleted_link_binary_and_odd_names(trees):
    odd = 'odd "näme" .txt'
    found = changed(
        trees,
        {
            "n.txt": "a\nb",
            "l": OutMember("l", "120000", b"n.txt"),
            "b.bin": b"\0\n@@ -1 +1 @@\n\n\ndiff --git a/x b/x\n",
            odd: "x\nY\nz\n",
        },
        ("t.txt",),
    )
    files = {f.path: f for f in found.files}
    assert set(files) == {"n.txt", "l", "b.bin", odd, "t.txt"}
    assert files["b.bin"].binary
    assert files["b.bin"].added_lines == 5
    assert (files["l"].new_mode, files["l"].old_mode) == ("120000", None)
    assert (files["t.txt"].kind, files["t.txt"].new_blob, files["t.txt"].removed_lines) == ("deleted", None, 100)
    assert (files[odd].added_lines, files[odd].removed_lines, files[odd].kind) == (1, 1, "modified")
    assert len(found.hunks) == 5
    assert b"Binary files" not in found.text


def test_a_file_that_becomes_a_link(trees):
    found = changed(trees, {"t.txt": OutMember("t.txt", "120000", b"m.py"), "z.py": "z\n"})
    assert [(f.path, f.kind, f.old_mode, f.new_mode) for f in found.files] == [
        ("t.txt", "modified", "100644", "120000"),
        ("z.py", "added", None, "100644"),
    ]
    assert [h.path for h in found.hunks] == ["t.txt", "t.txt", "z.py"]


def test_a_nul_cannot_hide_a_script(trees):
    found = changed(trees, {"s.sh": b"#!/bin/sh\nevil\n#\0\n"})
    assert b"+evil\n" in found.text
    assert found.files[0].binary


def test_an_empty_file_and_no_change(trees):
    found = changed(trees, {"empty": b""})
    assert len(found.files) == len(found.hunks) == 1
    assert changed(trees, {}).files == ()


def test_the_text_applies_to_the_old_tree_and_gives_the_new_one(user, trees):
    found = changed(trees, {"m.py": CODE.replace("False", "0"), "n/x.py": "n", "t.txt": "5\n"}, ("old.py",))
    subprocess.run(["git", "-C", str(user.folder), "apply", "--index", "-"], input=found.text, check=True)
    base = trees.resolve("HEAD")
    assert user.git("write-tree") == made(
        trees, base, {"m.py": CODE.replace("False", "0"), "n/x.py": "n", "t.txt": "5\n"}, ("old.py",)
    )


def test_a_carriage_return_does_not_shift_definitions(trees):
    text = CODE.replace("import os\n", "import os\r#\r#\r#\r#\r#\r#\n").replace("return False", "return True", 1)
    hunks = changed(trees, {"m.py": text}).hunks
    assert {h.definition for h in hunks} == {""}


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = " + "(" * 5000, "\0", "def f():\n" + "  " * 3 + "'\\d'\n", "-" * 200_000 + "1"]
)
def test_text_that_does_not_parse_is_still_a_hunk(trees, text):
    assert len(changed(trees, {"new.py": text}).hunks) == 1


def test_a_difference_over_the_cap_is_refused(trees, monkeypatch):
    monkeypatch.setattr(module, "MAX_DIFF_BYTES", 1000)
    with pytest.raises(LimitReached) as caught:
        changed(trees, {"big": "x\n" * 5000})
    assert caught.value.code == "DIF001"


def test_a_difference_that_takes_too_long_is_refused(trees, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0)
    with pytest.raises(LimitReached) as caught:
        changed(trees, {"n": "x\n"})
    assert caught.value.code == "DIF002"
