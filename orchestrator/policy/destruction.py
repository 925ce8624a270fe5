"""What a line of a program or a command destroys, by the words that do it. Pure.

A classification of text for a person who reviews, and no boundary: a name that is put together at run time, a
statement over several lines and another tool's words are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from orchestrator.policy.folding import places
from orchestrator.policy.late import Late

__all__ = ["Act", "acts", "may_act", "of_argv"]

_LINE_CHARACTERS: Final = 4096
_DRESS = re.compile(r"""['"`,\[\](){}\\\s]+""")
"""What stands between the words of a command, in a shell as in a program's list of arguments."""
_WORDS: Final = (
    "drop", "truncate", "delete", "alter", "rm", "find", "mkfs", "dd", "shred", "git", "terraform", "tofu", "kubectl",
    "helm", "aws", "gcloud", "az", "flush", "docker", "podman", "removefield", "remove_column",
)  # fmt: skip
_FIRST_WORDS = re.compile(rf"\b(?:{'|'.join(_WORDS)})", re.IGNORECASE)
"""Every pattern below begins at the start of one of these words: most lines end here."""


class Act(NamedTuple):
    """``code`` of the rule, ``what`` in words. ``bounded``: what goes is named in full, below the working directory."""

    code: str
    what: str
    bounded: bool = False


_RULES: Final = {
    "DESTROY-DATA": (
        "data or tables of a database are dropped",
        r"\bdrop (?:table|database|schema|materialized view|view|column|type|tablespace)\b",
        r"\btruncate (?:table )?\w+ ?;?$",
        r"\btruncate table\b",
        r"\bdelete from \S+ ?;?$",
        r"\balter table \S+ .{0,200}\bdrop\b",
        r"\b(?:drop_table|drop_column|remove_column|deletemodel|removefield|dropdatabase)\b",
        r"\bobjects\.all \.?delete\b",
        r"\bdropdb\b",
        r"\bflush(?:all|db)\b",
    ),
    "DESTROY-HISTORY": (
        "history of a repository is overwritten or deleted",
        r"\bgit .{0,200}?\bpush .{0,200}?(?:--force|--mirror|--delete|--prune)",
        r"\bgit .{0,200}?\bpush .{0,200}?(?<=\s)(?:-[a-z]*[fd][a-z]*(?=\s|$)|[+:]\S)",
        r"\bgit .{0,80}?\b(?:filter-branch|filter-repo|reflog expire|update-ref -d)\b",
        r"\bgit .{0,80}?\bclean -\S*f",
    ),
    "DESTROY-SERVICE": (
        "resources of a running service are deleted",
        r"\b(?:terraform|tofu) .{0,80}?\bdestroy\b",
        r"\bkubectl .{0,80}?\bdelete\b",
        r"\bhelm .{0,80}?\b(?:uninstall|delete)\b",
        r"\baws s3 (?:rm .{0,200}--recursive|rb\b)",
        r"\baws [\w-]+ (?:delete|terminate|purge)-[\w-]+",
        r"\b(?:gcloud|az) .{0,200}?\b(?:delete|purge)\b",
        r"\b(?:docker|podman) .{0,80}?(?:\bprune\b|\bvolume rm\b)",
    ),
    "DESTROY-FILES": (
        "files are deleted with all that is below them",
        r"\brm (?:-\S+ ){0,8}(?:-\w*r\w*|--recursive)\b",
        r"\brmtree\b",
        r"\bfind .{0,200}?\s-delete\b",
        r"\bmkfs(?:\.\w+)?\b",
        r"\bdd .{0,200}?\bof=/dev/",
        r"\bshred\b",
    ),
}
"""Code → what it means, and what it is seen by. Every repeat in a pattern is bounded."""
_PATTERNS = tuple((code, what, Late("|".join(seen), re.IGNORECASE)) for code, (what, *seen) in _RULES.items())
_TARGETS = Late(r"\brm (?:-\S+ )*(?P<targets>[^;&|<>]*)")
_ARGUMENTS = Late(r"""["']rm["']""")
"""``rm`` in a program's list of arguments, where a plain word can be the name of a variable."""
_CACHES = Late(
    r"/var/lib/apt/lists(?:/\*)?|/var/cache/(?:apt|apk|yum|dnf)(?:/[\w.*-]*)*|/root/\.cache(?:/[\w.-]+)?"
    r"|/usr/share/(?:doc|man|locale)(?:/\*)?"
)
"""What every image is made smaller by, and the system fetches again."""
_PLAIN = Late(r"(?!-)(?!.*\.\.)(?:\./)?[\w.-]+(?:/[\w.-]+)*/?")


def may_act(text: str) -> list[int]:
    """Where in a text what may begin a word of this kind stands, in order: no line without one acts."""
    return [place for place in places(text, _WORDS) if not place or not _in_word(text[place - 1])]


def _in_word(letter: str) -> bool:
    """As a regular expression has it."""
    return letter.isalnum() or letter == "_"


def acts(line: str) -> Iterator[Act]:
    """Each kind of destruction that the line's words do, once."""
    if not _FIRST_WORDS.search(line):
        return
    words = _DRESS.sub(" ", line[:_LINE_CHARACTERS]).strip()
    for code, what, pattern in _PATTERNS:
        if pattern.search(words):
            yield Act(code, what, code == "DESTROY-FILES" and not _ARGUMENTS.search(line) and _bounded(words))


def of_argv(argv: Sequence[str]) -> Iterator[Act]:
    """Of a command that was run."""
    return acts(" ".join(argv))


def _bounded(words: str) -> bool:
    """Whether every ``rm`` of the line names plain paths below where it runs: no variable, pattern or way upwards."""
    found = [match["targets"].split() for match in _TARGETS.finditer(words)]
    return bool(found) and all(targets and all(_named(t) for t in targets) for targets in found)


def _named(target: str) -> bool:
    return bool(_PLAIN.fullmatch(target) or _CACHES.fullmatch(target))
