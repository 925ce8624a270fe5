"""Syntax colours of single lines.

One regular expression a family of languages: a diff shows lines out of context,
so a whole lexer would know no more of them and takes ten times as long. No
pattern can run longer than in the square of a line, and long lines stay plain.
NOT known: that a line is within a string or a comment that began above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_LINE = 400
"""Characters: a longer line stays plain."""

NAMES = ("comment", "string", "number", "keyword", "name")
Span = tuple[str, str]

_DOUBLE = r'(?:(?<!\w)[rbfuRBFU]{1,2})?"(?:[^"\\]|\\.)*"?'
_SINGLE = r"(?:(?<!\w)[rbfuRBFU]{1,2})?'(?:[^'\\]|\\.)*'?"
_CLOSED = r"'(?:[^'\\]|\\.)*'"
_CHAR = r"'(?:[^'\\]|\\[^']{1,8})'"
_TICKS = r"`(?:[^`\\]|\\.)*`?"
_REST = r"(?P<number>\b\d[\w.]*)|(?P<name>^\s*@[\w.]+)|(?P<word>[A-Za-z_]\w*)"
_DEFINES = frozenset({"class", "def", "enum", "fn", "func", "function", "impl", "interface", "struct", "trait", "type"})


@dataclass(frozen=True, slots=True)
class _Language:
    pattern: re.Pattern[str]
    keywords: frozenset[str]


def _language(comment: str, strings: tuple[str, ...], keywords: str) -> _Language:
    pattern = rf"(?P<comment>{comment})|(?P<string>{'|'.join(strings)})|{_REST}"
    return _Language(re.compile(pattern), frozenset(keywords.split()))


_HASH = r"(?<!\S)\#.*"
_SLASHES = r"//.*|/\*.*?(?:\*/|$)|^\s*\*(?:[\s/].*|$)"
_DASHES = r"--.*|/\*.*?(?:\*/|$)"
_ANGLES = r"<!--.*?(?:-->|$)"
_PYTHON = (
    "and as assert async await break case class continue def del elif else except False finally for from global "
    "if import in is lambda match None nonlocal not or pass raise return True try type while with yield "
)
_C = (
    "abstract as async auto await bool boolean break byte case catch char class const constexpr continue crate "
    "default defer delete do double dyn else enum export extends extern false final finally float fn for foreach "
    "func function go goto if impl implements import in include inline instanceof int interface let long loop "
    "match mod module mut namespace new nil null nullptr operator override package private protected pub public "
    "range return select self short signed sizeof static string struct super switch template this throw throws "
    "trait true try type typedef typeof undefined union unsafe unsigned use using var void volatile where while "
    "yield "
)
_SHELL = (
    "begin case class def do done elif else elsif end ensure esac exit export fi for function if in let local "
    "module nil require rescue return select self shift source then true false unless until while yield FROM RUN "
    "COPY ADD ENV ARG USER WORKDIR ENTRYPOINT CMD EXPOSE include define endef ifeq endif "
)
_SQL = (
    "add all alter and as asc begin between by cascade case check column commit constraint create default delete "
    "desc distinct drop else end exists foreign from full function grant group having if in index inner insert "
    "into is join key left like limit local not null offset on or order outer primary references return revoke "
    "right rollback select set table then trigger union unique update using values view when where with while "
)
_FAMILIES = {
    "python": (r"\#.*", (_DOUBLE, _SINGLE), _PYTHON),
    "c": (_SLASHES, (_DOUBLE, _CLOSED, _TICKS), _C),
    "rust": (_SLASHES, (_DOUBLE, _CHAR), _C),
    "shell": (_HASH, (_DOUBLE, _SINGLE), _SHELL),
    "data": (_HASH, (_DOUBLE, _SINGLE), "true false null yes no on off"),
    "sql": (_DASHES, (_DOUBLE, _SINGLE), _SQL + _SQL.upper()),
    "markup": (_ANGLES, (_DOUBLE,), ""),
}
_ENDINGS = {
    "python": "py pyi pyx bzl",
    "c": (
        "c h cc cpp cxx hpp hh cs css scss less dart go gradle groovy java js jsx mjs cjs json json5 kt kts m "
        "php proto scala sol swift ts tsx mts vue svelte zig "
    ),
    "rust": "rs",
    "shell": "sh bash zsh fish rb pl pm mk ps1 ex exs r jl tcl dockerfile makefile containerfile gemfile rakefile",
    "data": "yaml yml toml ini cfg conf properties env tf hcl nix cmake gitignore gitattributes editorconfig",
    "sql": "sql psql ddl lua hs",
    "markup": "html htm xhtml xml svg xsl xsd jinja j2 rss plist",
}
_FAMILY_OF = {ending: family for family, endings in _ENDINGS.items() for ending in endings.split()}


@lru_cache(maxsize=8)
def _family(name: str) -> _Language:
    return _language(*_FAMILIES[name])


@lru_cache(maxsize=256)
def _language_of(path: str) -> _Language | None:
    name = path.rsplit("/", 1)[-1].lower()
    family = _FAMILY_OF.get(name.rsplit(".", 1)[-1])
    return _family(family) if family else None


def spans(path: str, line: str) -> tuple[Span, ...]:
    """The line in parts, each with one of :data:`NAMES` or ''. Joined, the parts are the line."""
    language = _language_of(path) if len(line) <= LONGEST_LINE else None
    return ((line, ""),) if language is None else tuple(_spans(language, line))


def _spans(language: _Language, line: str) -> Iterator[Span]:
    plain, defines = 0, False
    for match in language.pattern.finditer(line):
        kind, text = match.lastgroup or "", match.group()
        if kind == "word":
            keyword, named = text in language.keywords, defines
            defines = keyword and text in _DEFINES
            if not (keyword or named):
                continue
            kind = "keyword" if keyword else "name"
        if match.start() > plain:
            yield line[plain : match.start()], ""
        yield text, kind
        plain = match.end()
    if plain < len(line) or not line:
        yield line[plain:], ""
