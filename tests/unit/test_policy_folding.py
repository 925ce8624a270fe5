"""Words are found where a pattern that ignores case finds them, whatever letters a text is written with."""

import random
import re
import string
import sys

from orchestrator.policy.destruction import _FIRST_WORDS, may_act
from orchestrator.policy.folding import folded, lines_at, places

LETTERS = [chr(n) for n in range(sys.maxunicode + 1)]


def test_every_letter_that_ignoring_case_takes_for_one_of_ascii_is_folded_to_it():
    all_of_them = "".join(LETTERS)
    assert len(folded(all_of_them)) == len(all_of_them)
    low = folded(all_of_them)
    for letter in string.ascii_lowercase + string.digits + "_-":
        met = {m.start() for m in re.finditer(re.escape(letter), all_of_them, re.IGNORECASE)}
        assert met == {n for n, one in enumerate(low) if one == letter}, letter


def test_no_line_in_which_the_pattern_finds_a_word_is_passed_over():
    noise = random.Random(5)  # noqa: S311 - made-up texts
    pieces = [
        "drop",
        "DROP",
        "dr\u00f6p",
        "Git",
        "g\u0131t",
        "shred",
        "\u017fhred",
        "ta\u212ae",
        "\n",
        "\r",
        "\x0b",
        "\x85",
        "\u2028",
        " ",
        "x",
        "\u00e4",
    ]
    for _ in range(3000):
        text = "".join(noise.choices(pieces, k=noise.randint(1, 9)))
        found = {m.start() for m in _FIRST_WORDS.finditer(text)}
        assert found <= set(may_act(text)), repr(text)


def test_places_are_in_order_and_all_of_them():
    assert places("Rm rmrm x", ("rm",)) == (0, 3, 5)
    assert places("aaa", ("aa", "a")) == (0, 0, 1, 1, 2)
    assert places("", ("a",)) == ()


def test_words_of_a_long_text_are_found_as_those_of_a_short_one():
    assert places("x" * 70_000 + " rm", ("rm",)) == (70_001,)


def test_a_word_within_another_one_begins_no_command():
    assert may_act("form normal _rm 3rm \u00e4rm \u00b2rm") == []
    assert may_act("rm \u00b7rm .rm") == [0, 4, 8]


def test_a_place_is_in_the_line_that_splitting_puts_it_in():
    text = "one\r\ntwo\x0bthree\n\nfive"
    lines = text.splitlines(keepends=True)
    for place in range(len(text)):
        (number,) = lines_at([place, place], map(len, lines))
        assert len("".join(lines[: number - 1])) <= place < len("".join(lines[:number]))
