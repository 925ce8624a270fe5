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
    "abort", "accept", "act", "acknowledge", "acquire", "adapt", "add", "address", "adjust", "advise", "agree", "aim",
    "alert", "allow", "analyse", "analyze", "announce", "answer", "append", "apply", "appoint", "archive", "arrange",
    "ask", "assess", "assign", "assist", "attach", "attend", "audit", "authorise", "authorize", "back", "backup",
    "be", "begin", "block", "book", "bring", "build", "bump", "bundle", "calculate", "call", "cancel", "capture",
    "celebrate", "change", "check", "checkout", "choose", "classify", "clean", "clear", "click", "clone", "close",
    "collect", "combine", "comment", "commit", "communicate", "compare", "compile", "complete", "compose", "compute",
    "conclude", "conduct", "confer", "configure", "confirm", "connect", "consider", "consolidate", "consult", "contact",
    "contain", "continue", "convert", "coordinate", "copy", "correct", "count", "create", "credit", "customize",
    "cut", "debrief", "debug", "decide", "declare", "decrypt", "define", "delegate", "delete", "deliver",
    "demonstrate", "deploy", "deprecate", "describe", "designate", "detach", "determine", "develop", "diagnose",
    "direct", "disable", "discard", "disconnect", "discuss", "dismiss", "display", "distribute", "do", "document",
    "download", "draft", "drain", "drop", "duplicate", "edit", "eliminate", "email", "enable", "encourage", "encrypt",
    "enforce", "engage", "ensure", "enter", "erase", "escalate", "establish", "estimate", "evacuate", "evaluate",
    "examine", "exclude", "execute", "expand", "explain", "explore", "export", "expose", "express", "extend",
    "extract", "failover", "fetch", "file", "fill", "finalise", "finalize", "find", "finish", "fix", "flag", "flush",
    "focus", "follow", "force", "fork", "format", "forward", "freeze", "gather", "generate", "get", "give", "go",
    "grant", "guide", "hand", "handle", "have", "help", "hide", "highlight", "hold", "host", "identify", "ignore",
    "implement", "import", "improve", "include", "increase", "increment", "indicate", "inform", "initiate", "insert",
    "inspect", "install", "instruct", "integrate", "interview", "introduce", "investigate", "invite", "invoke",
    "isolate", "issue", "join", "keep", "label", "launch", "lead", "learn", "leave", "let", "link", "list", "listen",
    "load", "lock", "log", "look", "lower", "maintain", "make", "manage", "mark", "measure", "meet", "mention",
    "merge", "migrate", "mind", "minimize", "mitigate", "mobilize", "modify", "monitor", "move", "mute", "name",
    "navigate", "negotiate", "nominate", "normalize", "note", "notify", "observe", "obtain", "offer", "omit", "open",
    "optimize", "order", "organise", "organize", "pack", "page", "participate", "paste", "patch", "pause", "pay",
    "perform", "pick", "pin", "ping", "place", "plan", "poll", "post", "prepare", "present", "preserve", "press",
    "prevent", "preview", "print", "prioritise", "prioritize", "proceed", "process", "produce", "promote", "prompt",
    "propose", "protect", "provide", "prune", "publish", "pull", "push", "put", "quarantine", "query", "quiesce",
    "quote", "raise", "rate", "reach", "read", "reassess", "reassign", "rebase", "reboot", "rebuild", "recall",
    "receive", "reclaim", "recommend", "reconcile", "record", "recover", "redeploy", "redirect", "reduce", "refer",
    "refresh", "refund", "regenerate", "register", "rehearse", "reinstall", "reject", "relay", "release", "reload",
    "remediate", "remember", "remind", "remove", "rename", "render", "renew", "reopen", "repair", "repeat", "replace",
    "reply", "report", "reproduce", "request", "require", "reroute", "rerun", "research", "resend", "reserve",
    "reset", "resolve", "respond", "restart", "restore", "restrict", "resubmit", "resume", "retain", "retrieve",
    "retry", "return", "reuse", "revert", "review", "revoke", "rewrite", "roll", "rollback", "rotate", "run", "save",
    "say", "scale", "scan", "schedule", "scrub", "search", "secure", "see", "select", "send", "separate", "serve",
    "set", "share", "ship", "show", "shut", "sign", "silence", "simulate", "skip", "solve", "sort", "specify",
    "split", "squash", "stage", "start", "state", "stay", "step", "stop", "store", "study", "submit", "subscribe",
    "suggest", "summarise", "summarize", "summon", "supervise", "supply", "survey", "suspend", "swap", "switch",
    "sync", "tag", "take", "talk", "target", "tell", "terminate", "test", "thank", "throttle", "tidy", "trace",
    "track", "train", "transcribe", "transfer", "translate", "treat", "triage", "trigger", "trim", "try", "turn",
    "type", "unblock", "understand", "undo", "uninstall", "unlock", "unpack", "unsubscribe", "update", "upgrade",
    "upload", "use", "validate", "verify", "view", "visit", "vote", "wait", "warn", "watch", "wipe", "withdraw",
    "work", "wrap", "write", "zip",
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
    word = word.lower().rsplit("-", maxsplit=1)[-1]
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
