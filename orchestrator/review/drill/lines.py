"""Defects and harmless twins in other languages, line by line: a pattern each, for code that is spaced as usual."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.review.drill.defect import DefectKind, Edit

SUFFIXES: Final = frozenset(
    {
        *{".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".go", ".java", ".kt", ".scala", ".c", ".h", ".cc", ".cpp"},
        *{".hpp", ".cs", ".rs", ".rb", ".php", ".swift"},
    }
)
_COMMENT: Final = re.compile(r"\s*(//|#|\*|/\*|--)")
_LONGEST: Final = 200
_L, _S, _T, _H = DefectKind.LOGIC, DefectKind.SECURITY, DefectKind.TEST, DefectKind.HARMLESS
_RULES: Final = (
    (_L, re.compile(r"(?<=[\w)\]]) <= (?=[\w(])"), " < ", "a bound moved: `<=` became `<`"),
    (_L, re.compile(r"(?<=[\w)\]]) >= (?=[\w(])"), " > ", "a bound moved: `>=` became `>`"),
    (_L, re.compile(r"(?<=[\w)\]]) < (?=[\w(])(?=[^>]*[;){])"), " <= ", "a bound moved: `<` became `<=`"),
    (_L, re.compile(r" && "), " || ", "`&&` became `||`"),
    (_L, re.compile(r"(?<=[\w)\]]) \+ 1\b"), " - 1", "off by two: `+ 1` became `- 1`"),
    (_L, re.compile(r"\breturn false\b"), "return true", "returns true instead"),
    (_L, re.compile(r"\bif \(!(?=[A-Za-z_])"), "if (", "a negation was dropped"),
    (_S, re.compile(r"\.startsWith\((?=[\"'])"), ".includes(", "`startsWith` became a test of anywhere"),
    (_S, re.compile(r"\.endsWith\((?=[\"'])"), ".includes(", "`endsWith` became a test of anywhere"),
    (_S, re.compile(r"\b0o?600\b"), "0666", "a file that its owner reads became everybody's"),
    (_S, re.compile(r"\b(?:escapeHtml|escapeHTML|encodeURIComponent|escape)\((\w+)\)"), r"\1", "no longer escaped"),
    (_S, re.compile(r"\bhmac\.Equal\((\w+), (\w+)\)"), r"string(\1) == string(\2)", "compared so that time tells"),
    (_T, re.compile(r"\.(?:toBe|toEqual|toStrictEqual)\([^()]*\)"), ".toBeDefined()", "a test asks for any value"),
    (_T, re.compile(r"\bassertEquals\([^,()]+, ([^,()]+)\)"), r"assertNotNull(\1)", "a test asks for any value"),
    (_H, re.compile(r"^(\s*)(\w+)\+\+;$"), r"\1\2 += 1;", "the same step written out"),
    (_H, re.compile(r"^(\s*)(\w+) \+= (\w+);$"), r"\1\2 = \2 + \3;", "the same assignment written out"),
    (_H, re.compile(r"\bif \((\w+) (===?) (\w+)\)"), r"if (\3 \2 \1)", "the same comparison the other way round"),
)  # fmt: skip


def line_edits(text: str, *, in_test: bool) -> tuple[Edit, ...]:
    """All that could be planted in a file, by line. Of a test only weaker tests and harmless twins."""
    found = list[Edit]()
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST or _COMMENT.match(line):
            continue
        for kind, pattern, new, what in _RULES:
            if (kind is DefectKind.TEST) != in_test and kind is not DefectKind.HARMLESS:
                continue
            made = pattern.sub(new, line, count=1)
            if made != line:
                found.append(Edit(number, number, (made,), kind, what))
    return tuple(found)
