"""Which lines are looked at more closely: all that hold something, and few others."""

import base64
import codecs
import random
import re

import pytest

from orchestrator.gates.kinds.secret_patterns import (
    CANARY,
    WORTH_A_LOOK,
    forms,
    guesses,
    readings,
    telling,
    worth_a_look,
)

AWS = b"AKIA" + b"Q7" * 8
PIECES = (
    *(
        "AKIA" + "Q7" * 8,
        "ghp_" + "a1B2" * 10,
        "hrcanary" + "0a" * 12,
        "glpat-" + "x_" * 12,
        "-----BEGIN PRIVATE KEY-----",
    ),
    *("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4", '"hrcan" + "ary', "0a" * 12, "41 4b 49 41 " * 8, "31 " * 24),
    *(
        "QUtJQUFCQ0RFRkdISUpLTE1OT1A" * 2,
        "A0a" * 8 + "yranacrh[::-1]",
        "reversed(",
        "PASSWORD = x",
        "api-key",
        "apiKEY",
    ),
    *(base64.b64encode(AWS).decode().rstrip("="), AWS.hex(), " ".join(re.findall("..", AWS.hex()))),
    *(
        "%" + AWS.hex("%"),
        '"".join((',
        '"AKI", "A',
        "Q7" * 8,
        "mysqldump -u shop -p" + "Fs7kQ2xL9w",
        "PGPASSWORD=Fs7kQ2xL9w",
    ),
    *(
        "Authorization: Basic " + "ZGVwbG95" * 3,
        "machine a login b password " + "Fs7kQ2xL9w",
        "curl -u me:" + "Fs7kQ2xL9w",
    ),
    *("://me:pw@host", "-US7", "APfABCDEFGH", "é", "\u212a", '"', "'", " + ", "\t", "f", "name", "(", "x" * 23),
)


def text_of(seed: int) -> list[str]:
    noise = random.Random(seed)  # noqa: S311 - made-up lines
    return ["".join(noise.choices(PIECES, k=noise.randint(1, 4))) for _ in range(noise.randint(1, 9))]


@pytest.mark.parametrize("part", range(4))
def test_no_line_that_holds_something_is_passed_over(part: int) -> None:
    for seed in range(part * 500, (part + 1) * 500):
        lines = text_of(seed)
        sure = {n for n in lines if [*forms(n), *guesses(n)] or any(CANARY.search(text) for text in readings(n))}
        assert sure <= set(telling(lines)), (seed, sure)
        worth = {n for n in lines if WORTH_A_LOOK.search(n)}
        assert worth <= set(worth_a_look(lines)), (seed, worth)


def test_plain_lines_are_not_looked_at() -> None:
    lines = [
        "def plain(value):",
        "    return value + 1",
        "key = 'AKIA" + "Q7" * 8 + "'",
        "    passwort = None",
        "pwd = x",
    ]
    assert set(telling(lines)) == {lines[2]}
    assert set(worth_a_look(lines)) == {lines[2], lines[4]} - {n for n in lines if not WORTH_A_LOOK.search(n)}


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        ("mysqldump -u root -p" + "Fs7kQ2xL9w shop", "mysqldump -u root -p$MYSQL_PASSWORD shop"),
        ("export PGPASSWORD=" + "Fs7kQ2xL9w", "export PGPASSWORD=${DATABASE_PASSWORD}"),
        (
            "curl -u deploy:" + "Fs7kQ2xL9w https://shop.example.com",
            "curl -u deploy:$DEPLOY_2 https://shop.example.com",
        ),
        ("Authorization: Basic " + "ZGVwbG95OkZzN2tRMng=", "Authorization: Basic {credentials}"),
        ("machine a.example.com login b password " + "Fs7kQ2xL9w", "machine a.example.com login b password <yours>"),
    ],
)
def test_a_password_in_its_place_is_a_guess_and_a_variable_is_none(line: str, harmless: str) -> None:
    assert [*guesses(line)]
    assert not [*guesses(harmless)]


TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fG3hJ5"
PLAIN = "a sentence that says hello to everybody"


def coded(text: str) -> list[str]:
    data = text.encode()
    return [
        f"K = b85decode({base64.b85encode(data).decode()!r})",
        f"K = base64.b32decode({base64.b32encode(data).decode()!r})",
        f"K = codecs.decode({codecs.encode(text, 'rot13')!r}, 'rot13')",
        f"K = ({int.from_bytes(data)}).to_bytes(40)",
        f"K = bytes(a ^ 23 for a in {bytes(byte ^ 23 for byte in data)!r})",
        f"K = bytes(a^k for a in {[byte ^ 200 for byte in data]})",
    ]


@pytest.mark.parametrize(("line", "harmless"), zip(coded(TOKEN), coded(PLAIN), strict=True))
def test_a_token_that_a_program_turns_back_is_found(line: str, harmless: str) -> None:
    assert set(telling([line])) == {line}
    assert [*forms(line)] == ["GitHub token"]
    assert not [*forms(harmless)]
