"""What is left out of a look for the sake of time would have changed nothing in what it finds."""

import random
from collections import Counter

import pytest

from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.changes.sides import Side
from orchestrator.gates.files.characters import _EXTENDED_RE, _may_be_odd
from orchestrator.gates.files.destructive import _ONE_BY_ONE, _WALKS, _counted, _may_sweep
from orchestrator.gates.kinds.secrets import _added
from orchestrator.models.ids import sha256

LINES = ("a = 1", "", "  ", "b()", "a = 1 ", "key", "\t", "x\ry", "é")


def pair(seed: int) -> tuple[Side, Side]:
    noise = random.Random(seed)  # noqa: S311 - made-up texts
    start = noise.choices(LINES, k=noise.randint(0, 5))
    texts = ["\n".join([*start, *noise.choices(LINES, k=noise.randint(0, 5))]) for _ in range(2)]
    head, base = (Side("a.py", "100644", text.encode()) for text in texts)
    return head, base


def test_a_character_that_is_looked_for_is_never_passed_over():
    for number in [*range(0x200), 0x200B, 0x202E, 0xFEFF, 0xE0041, 0x1F600]:
        for text in (f"a{chr(number)}b", chr(number), f"{chr(number)}\n"):
            assert _may_be_odd(text) or not _EXTENDED_RE.search(text), ascii(text)
    assert not _may_be_odd("plain\ttext\n\x0c~")


def test_lines_that_both_sides_begin_with_count_on_neither():
    for seed in range(2000):
        head, base = pair(seed)
        whole = [Counter(side.data.splitlines()) for side in (head, base)]
        now, before = _counted(head, base)
        assert (now - before, before - now) == (whole[0] - whole[1], whole[1] - whole[0]), seed


def test_the_same_lines_are_new_as_when_each_is_counted():
    for seed in range(2000):
        head, base = pair(seed)
        texts = [side.data.decode().replace("\r", "\n").split("\n") for side in (head, base)]
        old, expected = Counter(texts[1]), list[tuple[int, str]]()
        for number, line in enumerate(texts[0], 1):
            if old[line]:
                old[line] -= 1
            elif line.strip():
                expected.append((number, line))
        assert _added(head, base) == expected, seed


@pytest.mark.parametrize("one", ["unlink", "remove", "rmdir", "unlinkSync", "rmSync"])
@pytest.mark.parametrize("walk", ["rglob", "glob", "iglob", "walk", "fwalk", "scandir", "iterdir", "readdirSync"])
def test_whoever_walks_and_deletes_is_looked_at(one, walk):
    text = f"for p in x.{walk}(y):\n    p.{one}()\n"
    assert _ONE_BY_ONE.search(text)
    assert _WALKS.search(text)
    assert _may_sweep(text)


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1])
def test_a_digest_that_is_remembered_is_the_digest(size):
    data = b"x" * size
    assert source_digest(data) == source_digest(bytes(bytearray(data))) == sha256(data)
