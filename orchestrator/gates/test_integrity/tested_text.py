"""Tests in other languages than Python, by the words of their runners: how many, what they check, what is left out.

JavaScript and TypeScript, Go, Rust, Ruby, Java and Kotlin, C#, PHP, C++. Comments are taken out first, so that a
test in one counts no more. Not seen: tests that are made in loops, and whether a check can fail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.gates.changes.sides import suffix_of
from orchestrator.policy.late import Late

__all__ = ["tested_text"]

_SCRIPT = frozenset({".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts"})
_WORDS: dict[str, tuple[str, str, str]] = {
    # what begins a test, what checks, what leaves tests out
    "script": (
        r"(?<![\w.])(?:it|test|fit|specify)(?:\.each\b[^\n]*|\.concurrent)?\s*\(",
        r"\.to(?:[A-Z]\w*\s*\(|\.(?:\w+\.){0,8}\w+)|\b(?:assert(?:\.\w+)?|should)\s*\(|\.should\b|\bt\.(?:is|deepEqual|true|false|throws)\s*\(",
        (
            r"(?<![\w.])(?:it|test|describe|suite|context)\.(?:skip|only|todo|fixme|failing)\b"
            r"|(?<![\w.])(?:xit|xtest|xdescribe|fit|fdescribe)\s*\(|\.skipIf\s*\("
        ),
    ),
    "go": (
        r"\bfunc\s+(?:Test|Fuzz|Example)\w*\s*\(",
        r"\b(?:assert|require|t)\.(?!Log|Helper|Run\b|Parallel|Cleanup|Setenv|TempDir|Name|Skip)\w+\s*\(",
        r"\bt\.Skip(?:f|Now)?\s*\(",
    ),
    "rust": (r"#\[(?:\w+::)?test\b", r"\b(?:debug_)?assert(?:_\w+)?!\s*\(", r"#\[(?:ignore|should_panic)\b"),
    "ruby": (
        r"^\s*(?:it|specify|test|def\s+test_)\b",
        r"\bexpect\b|\bassert\w*\b|\.should\b",
        r"\b(?:xit|skip|pending)\b",
    ),
    "jvm": (
        r"@(?:Test|ParameterizedTest|RepeatedTest|Property)\b",
        r"\b(?:assert\w*|verify|shouldBe|expectThat)\s*\(",
        r"@(?:Disabled|Ignore)\w*\b|\bassume\w*\s*\(",
    ),
    "dotnet": (
        r"\[(?:Fact|Theory|Test|TestCase|TestMethod)\b",
        r"\b(?:Assert\.\w+|\.Should)\s*\(",
        r"\[Ignore\b|\bSkip\s*=",
    ),
    "cpp": (
        r"\b(?:TEST(?:_F|_P|_CASE)?|TYPED_TEST|SCENARIO)\s*\(",
        r"\b(?:EXPECT|ASSERT)_\w+\s*\(|\b(?:REQUIRE|CHECK)(?:_\w+)?\s*\(",
        r"\bDISABLED_\w|\bGTEST_SKIP\b|\bSKIP\s*\(",
    ),
    "php": (
        r"function\s+test\w*\s*\(|#\[Test\]|@test\b",
        r"->assert\w+\s*\(|expect\s*\(",
        r"markTest(?:Skipped|Incomplete)",
    ),
}
_SUFFIXES = {
    **dict.fromkeys(_SCRIPT, "script"),
    ".go": "go",
    ".rs": "rust",
    ".rb": "ruby",
    **dict.fromkeys((".java", ".kt", ".kts", ".scala", ".groovy"), "jvm"),
    ".cs": "dotnet",
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hpp"), "cpp"),
    ".php": "php",
}
_EXACT = {
    "script": (
        r"\.to(?!BeDefined|BeTruthy|BeFalsy|BeNull|BeUndefined)[A-Z]\w*\s*\(\s*[^\s)]"
        r"|\b(?:assert\.)?(?:strict|deep)\w*[eE]qual\s*\("
    ),
    "jvm": r"\b(?:assert(?!True|False|NotNull|Null|DoesNotThrow)\w+|verify|shouldBe)\s*\(",
    "dotnet": r"\bAssert\.(?!True|False|NotNull|Null|IsTrue|IsFalse|IsNotNull)\w+\s*\(",
    "php": r"->assert(?!True|False|NotNull|NotEmpty|Null)\w+\s*\(",
    "rust": r"\bassert_(?:eq|ne|matches)!\s*\(",
    "cpp": r"\b(?:EXPECT|ASSERT)_(?!TRUE|FALSE)\w+\s*\(",
}
"""What compares with a value, and does not only ask whether there is one."""
_COMMENTS = Late(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HASHES = Late(r"(?m)^\s*#[^\n\[]*$")
_COMPILED = {name: tuple(Late(pattern, re.MULTILINE) for pattern in patterns) for name, patterns in _WORDS.items()}

_COMPARES = {name: Late(pattern) for name, pattern in _EXACT.items()}


def tested_text(path: str, data: bytes) -> Mapping[str, Any]:
    """``tests``, ``checks``, ``left_out`` and ``exact`` as numbers; empty for a language that is not known here."""
    language = _SUFFIXES.get(suffix_of(path))
    if language is None:
        return {}
    text = data.decode("utf-8", "replace")
    plain = _HASHES.sub("", text) if language in {"ruby", "php"} else _COMMENTS.sub(" ", text)
    tests, checks, left_out = (len(pattern.findall(plain)) for pattern in _COMPILED[language])
    exact = _COMPARES[language].findall(plain) if language in _COMPARES else ()
    return {"tests": tests, "checks": checks, "left_out": left_out, "exact": len(exact)}
