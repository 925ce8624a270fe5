"""The small words of the controlled language: numbers, durations, names, verbs."""

from __future__ import annotations

import re
from typing import Final

NUMBERS: Final = {
    "once": 1, "twice": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_DIGITS: Final = 6
UNITS: Final = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
DURATION: Final = r"(?:an?|\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?:second|minute|hour|day|week)s?"
TIMES: Final = r"once|twice|(?:\d+|two|three|four|five|six|seven|eight|nine|ten) times"

# fmt: off
VERBS: Final = frozenset({
    "accept", "acknowledge", "add", "adjust", "agree", "alert", "analyze", "analyse", "announce", "answer",
    "archive", "arrange", "ask", "assess", "assign", "attach", "audit", "authorise", "authorize", "back", "backup",
    "begin", "block", "book", "bring", "build", "call", "cancel", "capture", "change", "check", "choose",
    "classify", "clean", "clear", "close", "collect", "comment", "communicate", "compare", "compile", "complete",
    "compose", "conduct", "configure", "confirm", "connect", "consider", "consult", "contact", "contain",
    "continue", "convert", "coordinate", "copy", "correct", "create", "cut", "debrief", "decide", "declare",
    "define", "delegate", "delete", "deliver", "deploy", "describe", "designate", "determine", "develop",
    "diagnose", "direct", "disable", "disconnect", "discuss", "distribute", "document", "download", "draft",
    "drain", "edit", "email", "enable", "ensure", "enter", "escalate", "establish", "estimate", "evaluate",
    "examine", "execute", "explain", "export", "extend", "file", "fill", "find", "finish", "fix", "follow", "force",
    "forward", "gather", "generate", "get", "give", "grant", "handle", "help", "hold", "identify", "implement",
    "import", "inform", "initiate", "inspect", "install", "instruct", "interview", "introduce", "investigate",
    "invite", "isolate", "issue", "join", "keep", "label", "launch", "lead", "list", "listen", "load", "lock",
    "log", "look", "maintain", "make", "manage", "mark", "measure", "meet", "mention", "merge", "mitigate",
    "monitor", "move", "name", "negotiate", "note", "notify", "observe", "obtain", "offer", "open", "order",
    "organise", "organize", "pack", "page", "pause", "pay", "perform", "pick", "place", "plan", "post", "prepare",
    "present", "prevent", "print", "prioritise", "prioritize", "process", "produce", "promote", "propose",
    "protect", "provide", "publish", "pull", "push", "put", "raise", "read", "rebuild", "receive", "reclaim",
    "recommend", "reconcile", "record", "recover", "reduce", "refer", "refund", "register", "reject", "release",
    "reload", "remind", "remove", "rename", "renew", "repair", "repeat", "replace", "reply", "report", "request",
    "require", "research", "reserve", "reset", "resolve", "respond", "restart", "restore", "restrict", "resume",
    "retrieve", "return", "revert", "review", "revoke", "roll", "rotate", "run", "save", "scale", "scan",
    "schedule", "search", "secure", "select", "send", "set", "share", "ship", "shut", "sign", "silence", "simulate",
    "sort", "split", "start", "state", "stop", "store", "submit", "subscribe", "summarise", "summarize",
    "supervise", "suspend", "switch", "sync", "tag", "take", "talk", "tell", "terminate", "test", "throttle",
    "track", "train", "transfer", "triage", "trigger", "turn", "type", "understand", "undo", "uninstall", "unlock",
    "update", "upgrade", "upload", "use", "validate", "verify", "view", "visit", "vote", "wait", "warn", "watch",
    "work", "wrap", "write",
})
# fmt: on


def number(word: str) -> int | None:
    """``3``, ``three``, ``twice``, ``3 times``."""
    word = word.lower().removesuffix(" times")
    return int(word) if word.isdigit() and len(word) <= _DIGITS else NUMBERS.get(word)


def seconds(text: str) -> int:
    """Of a text that :data:`DURATION` matches."""
    amount, unit = text.lower().split(" ", 1)
    count = 1 if amount in {"a", "an"} else number(amount) or 0
    return count * UNITS[unit.removesuffix("s")]


def duration(value: int) -> str:
    """The reverse of :func:`seconds`, in the largest unit that divides it."""
    for unit, size in UNITS.items():
        if value % size == 0:
            count = value // size
            return f"{count} {unit}" + ("" if count == 1 else "s")
    raise ValueError(value)


def slug(text: str) -> str:
    """A name: lower case words joined by hyphens, without a leading article."""
    text = re.sub(r"^(?:the|a|an|our|your|their|its) ", "", text.strip().lower())
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:60].strip("-")


def singular(word: str) -> str:
    """``maintainers`` to ``maintainer``; words on -ss stay."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def base_verb(word: str) -> str | None:
    """The verb that this is the base or third-person form of, or ``None``."""
    word = word.lower()
    for found in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"):
        if found in VERBS:
            return found
    return None


def listed(text: str) -> list[str]:
    """``a, b and c``."""
    return [part.strip() for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+", text) if part.strip()]


def codes(text: str) -> tuple[str, ...]:
    """The contents of the code spans."""
    return tuple(re.findall(r"`([^`]+)`", text))
