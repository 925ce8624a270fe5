"""What C and C++ do that flawfinder only notes: sizes that a stranger chose, memory that is written and run, keys out of rand.

Read by the form of statements, one function at a time, without comments and texts. A size is taken to be checked where
it is compared with anything before it is used. Not checked: macros, and sizes that go through other functions.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import islice

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["RULES", "c_hits"]

SIZE = KindRule(
    "C-SIZE",
    "a size that came from outside is used without a look at it",
    "Whoever sends a larger one than there is room for writes over what stands behind.",
    "compare it with the size of the room before it is used",
    disposition=Disposition.AGENT,
    cwe=787,
)
RUNS = KindRule(
    "C-RUNS-DATA",
    "memory can be written and run",
    "What gets into it is a program, whoever put it there.",
    "write first, then mprotect it to be read and run alone",
    cwe=1326,
)
CHANCE = KindRule(
    "C-RANDOM",
    "a secret comes from where it can be predicted",
    "rand and its kin tell all the next values by a few, and their seed is the time of day.",
    "getrandom, arc4random_buf or std::random_device",
    disposition=Disposition.AGENT,
    cwe=338,
)
UNCHECKED = KindRule(
    "C-TLS",
    "a certificate is not checked",
    "Whoever is on the way can answer instead.",
    "leave the verification of the library on",
    disposition=Disposition.AGENT,
    cwe=295,
)
LOADS = KindRule(
    "C-LOADS",
    "the environment or an argument names the library that is loaded",
    "Whoever starts the program puts code into it, with the program's rights.",
    "name the library in full",
    disposition=Disposition.AGENT,
    cwe=427,
)
NEVER = KindRule(
    "C-NEVER",
    "the same jump stands there twice, and the second one always jumps",
    "What stands behind it, the check of a signature in the best known case, is never reached.",
    "remove the second, and put braces around the first",
    disposition=Disposition.AGENT,
    cwe=561,
)
ROOT = KindRule(
    "C-ROOT",
    "the program becomes the super-user",
    "From there on a fault of the program is a fault of the whole machine.",
    "give the rights away: setuid to a user of its own",
    cwe=250,
)
RULES = (SIZE, RUNS, CHANCE, UNCHECKED, LOADS, NEVER, ROOT)

_ASIDE = Late(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_WORDS = Late(
    r"\b(?:nto[hl][hls]|[bl]e(?:16|32|64)toh|ato[il]l?|strtou?ll?|std::sto\w+|PROT_EXEC|PAGE_EXECUTE_READWRITE|s?rand(?:om)?"
    r"|CURLOPT_SSL_VERIFY\w+|SSL_VERIFY_NONE|MBEDTLS_SSL_VERIFY_NONE|dlopen|LoadLibrary[AW]?|goto|set(?:e|re|res)?uid|recv|read|strncpy|strncat|memset)\b"
)
_FROM_OUTSIDE = Late(
    r"\b(?P<name>[A-Za-z_]\w*)\s*=[^;={}]{0,200}?\b(?:ntoh[ls]l?|[bl]e(?:16|32|64)toh|ato[il]l?|strtou?ll?|std::stou?l?l?i?)\s*\("
)
_USES = Late(
    r"\b(?:memcpy|memmove|bcopy|strncpy|strncat|alloca|recv|read|fread|std::copy_n)\s*\((?P<given>[^;]{0,300})"
)
_GIVEN = r"(?:^|[,(*+])\s*%s\s*[,)*+-]"
_COMPARED = r"[<>]=?\s*(?:\(\s*\w+\s*\)\s*)?%s\b|\b%s\s*[<>]|\b(?:min|MIN|clamp|min_t)\b[^;]{0,100}\b%s\b"
_WRITE_AND_RUN = Late(
    r"\bPROT_WRITE\b[^;,]{0,80}\bPROT_EXEC\b|\bPROT_EXEC\b[^;,]{0,80}\bPROT_WRITE\b|\bPAGE_EXECUTE_READWRITE\b"
)
_SIMPLE: tuple[tuple[KindRule, Late], ...] = (
    (
        UNCHECKED,
        Late(r"\bCURLOPT_SSL_VERIFY(?:PEER|HOST|STATUS)\s*,\s*(?:0L?|false)\s*\)|\b(?:MBEDTLS_)?SSL_VERIFY_NONE\b"),
    ),
    (LOADS, Late(r"\b(?:dlopen|LoadLibrary[AW]?)\s*\(\s*(?:(?:std::|secure_)?getenv\s*\(|argv\s*\[)")),
    (ROOT, Late(r"\bset(?:e|re|res)?uid\s*\(\s*0\s*[,)]")),
    (NEVER, Late(r"^[ \t]*(?P<jump>goto\s+\w+\s*;|return\b[^;\n]{0,80};)[ \t]*\n[ \t]*(?P=jump)", re.MULTILINE)),
    (SIZE, Late(r"\bstrn(?:cpy|cat)\s*\(\s*\w+\s*,\s*(?P<from>\w+)\s*,\s*strlen\s*\(\s*(?P=from)\s*\)")),
    (SIZE, Late(r"\bmemset\s*\(\s*(?P<what>\w+)\s*,\s*0\s*,\s*sizeof\s*\(\s*(?P=what)\s*\)")),
)
_ROOM = Late(r"\b(?:unsigned\s+)?(?:char|u?int8_t|std::byte)\s+(?P<name>\w+)\s*\[\s*(?P<size>\d{1,9})\s*\]\s*[;=]")
_FILLS = r"\b(?:recv|read|recvfrom|fread)\s*\(\s*(?:[^,;()]{1,80},\s*)?%s\s*,\s*(?P<size>\d{1,9})\s*[,)]"
_POINTER = r"\*\s*%s\s*[,)=;]"
_TELLING = r"\w{0,40}(?:key|token|nonce|secret|passw|session_?id|salt|csrf|otp)\w{0,40}"
_RANDOM = Late(
    rf"\b{_TELLING}\s{{0,40}}(?:\[[^\]]{{0,40}}\]\s{{0,40}})?=[^;=]{{0,120}}\b(?:s?rand(?:om)?|[dlmn]rand48)\s*\(",
    re.IGNORECASE,
)
_NAMED = Late(rf"\b{_TELLING}\s{{0,40}}\([^;{{}}]{{0,200}}\)\s*\{{", re.IGNORECASE)
_CALLED = Late(r"\breturn\b[^;]{0,200}\b(?:rand(?:om)?|[dlmn]rand48)\s*\(")
_END = re.compile(r"\n\}")
_LIMIT = 200
_FAR = 65_536
"""Of each kind so many are looked at, and so far back: a file can be made of them."""


def c_hits(text: str) -> Sequence[Hit]:
    """Of a whole file. Line numbers from 1."""
    if not _WORDS.search(text):
        return ()
    plain = _ASIDE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    lines = text.split("\n")
    hits = [(SIZE, at, name) for at, name in _sizes(plain)]
    hits += [(RUNS, found.start(), "") for found in islice(_WRITE_AND_RUN.finditer(plain), _LIMIT)]
    hits += [(CHANCE, at, "") for at in _chances(plain)]
    for rule, pattern in _SIMPLE:
        hits += [
            (rule, found.start(), "") for found in islice(pattern.finditer(plain), _LIMIT) if _counts(found, plain)
        ]
    hits += [(SIZE, at, name) for at, name in _too_much(plain)]
    return [rule.at(lines, plain.count("\n", 0, at) + 1, what) for rule, at, what in hits]


def _sizes(plain: str) -> Iterator[tuple[int, str]]:
    uses = [(found.start(), found["given"]) for found in _USES.finditer(plain)]
    places = [at for at, _ in uses]
    for found in islice(_FROM_OUTSIDE.finditer(plain), _LIMIT):
        name, start = found["name"], found.end()
        given = re.compile(_GIVEN % name)
        near = uses[bisect(places, start) : bisect(places, _end(plain, start))][:_LIMIT]
        used = next((at for at, text in near if name in text and given.search(text)), None)
        if used is not None and not re.search(_COMPARED % (name, name, name), plain[start : min(used, start + _FAR)]):
            yield used, name


def _counts(found: re.Match[str], plain: str) -> bool:
    """``sizeof`` of an array is its size: only that of a pointer is a mistake."""
    name = found.groupdict().get("what")
    return name is None or bool(re.search(_POINTER % name, plain[max(found.start() - _FAR, 0) : found.start()]))


def _too_much(plain: str) -> Iterator[tuple[int, str]]:
    """More is received than the array has room for."""
    for room in islice(_ROOM.finditer(plain), _LIMIT):
        fills = re.compile(_FILLS % room["name"])
        found = fills.search(plain, room.end(), min(_end(plain, room.end()), room.end() + _FAR))
        if found and int(found["size"]) > int(room["size"]):
            yield found.start(), room["name"]


def _chances(plain: str) -> Iterator[int]:
    yield from (found.start() for found in islice(_RANDOM.finditer(plain), _LIMIT))
    for found in islice(_NAMED.finditer(plain), _LIMIT):
        body = plain[found.end() : _end(plain, found.end())]
        yield from (found.end() + called.start() for called in islice(_CALLED.finditer(body), _LIMIT))


def _end(plain: str, start: int) -> int:
    """Of the function: the first brace in the first column."""
    found = _END.search(plain, start)
    return found.start() if found else len(plain)
