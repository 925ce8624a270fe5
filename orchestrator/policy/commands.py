"""Commands that a person wrote in a document: one program and its arguments, never a shell's language."""

from __future__ import annotations

import shlex

_OPERATORS = frozenset(";|&<>()`$*?\n")
_IN_DOUBLE_QUOTES = frozenset("`$\n")


def split_command(text: str) -> tuple[str, ...]:
    """The argument vector of a command line, split by POSIX quoting rules.

    Raises ``ValueError`` with a sentence for anything that only a shell could
    do: pipes, lists, redirections, substitutions, wildcards, assignments.
    Quoted, these characters are plain text, as they are in a shell.
    """
    found = _operator(text)
    if found is not None:
        raise ValueError(f"{found!r} is shell language, and no shell runs it")
    try:
        argv = tuple(shlex.split(text))
    except ValueError:
        raise ValueError("a quote is never closed") from None
    if not argv or not argv[0]:
        raise ValueError("it names no program")
    if "=" in argv[0]:
        raise ValueError(f"{argv[0]!r} sets a variable, and no shell runs it")
    return argv


def _operator(text: str) -> str | None:
    """The first character that a shell would act on, outside of the quotes that protect it."""
    quote, escaped = "", False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote == "'":
            quote = "" if char == "'" else quote
        elif char in (_IN_DOUBLE_QUOTES if quote else _OPERATORS):
            return char
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
    return None
