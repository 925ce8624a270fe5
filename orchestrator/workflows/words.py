"""The small words of the controlled language: numbers, durations, names, verbs."""

from __future__ import annotations

import re
from typing import Final

SMALL: Final = frozenset([
    "the", "a", "an", "of", "to", "and", "in", "on", "for", "with", "that", "is", "are", "be", "it", "its", "must",
])  # fmt: skip
"""Words that tell no step from another."""
NUMBERS: Final = {
    "once": 1, "twice": 2, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_DIGITS: Final = 6
UNITS: Final = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
DURATION: Final = r"(?:an?|\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?:second|minute|hour|day|week)s?"
TIMES: Final = r"once|twice|(?:\d+|two|three|four|five|six|seven|eight|nine|ten) times"

# fmt: off
PROGRAMS: Final = (
    "git", "gh", "hg", "svn", "pip", "pip3", "pipx", "python", "python3", "npm", "npx", "yarn", "pnpm", "docker", "kubectl", "helm",
    "terraform", "ansible", "ansible-playbook", "twine", "curl", "wget", "ssh", "scp", "rsync", "apt", "apt-get", "yum", "dnf", "brew",
    "cargo", "mvn", "systemctl", "psql", "mysql", "pg_dump", "pg_restore", "aws", "gcloud", "az", "conda", "mamba", "uv", "poetry",
    "tox", "nox", "hatch", "gem", "rake", "cd", "mkdir", "rm", "cp", "mv", "chmod", "chown", "tar", "openssl", "gpg",
)
"""First words of lines that are commands, and of no English sentence."""
VERBS: Final = frozenset({
    "abort", "accelerate", "accept", "acknowledge", "acquire", "act", "activate", "adapt", "add", "address", "adjust",
    "administer", "admit", "advise", "agree", "aim", "alert", "align", "aliquot", "allocate", "allow", "alternate",
    "amend", "analyse", "analyze", "annotate", "announce", "anonymise", "anonymize", "answer", "append", "apply",
    "appoint", "archive", "arrange", "ask", "assemble", "assert", "assess", "assign", "assist", "attach", "attend",
    "audit", "augment", "authorise", "authorize", "autogenerate", "automate", "avoid", "await", "back", "backport",
    "backup", "balance", "ban", "batch", "be", "begin", "benchmark", "block", "book", "boot", "bootstrap", "brief",
    "bring", "broadcast", "browse", "build", "bump", "bundle", "bypass", "cache", "calculate", "calibrate", "call",
    "cancel", "capture", "catch", "celebrate", "centrifuge", "certify", "change", "check", "checkout", "choose",
    "circulate", "cite", "clarify", "classify", "clean", "cleanup", "clear", "click", "clone", "close", "code",
    "collate", "collect", "combine", "comment", "commit", "communicate", "compare", "compile", "complete", "compose",
    "compress", "compute", "conclude", "conduct", "confer", "configure", "confine", "confirm", "connect", "consider",
    "consolidate", "construct", "consult", "contact", "contain", "continue", "control", "convert", "cool",
    "coordinate", "copy", "copyedit", "correct", "count", "countersign", "cover", "create", "credit", "curate",
    "customize", "cut", "deactivate", "debrief", "debug", "decide", "declare", "decommission", "decrease", "decrypt",
    "dedicate", "defer", "define", "delegate", "delete", "deliver", "demonstrate", "deny", "deploy", "deposit",
    "deprecate", "derive", "describe", "designate", "destroy", "detach", "detect", "determine", "develop", "diagnose",
    "dial", "differentiate", "dilute", "direct", "disable", "discard", "discharge", "disclose", "disconnect",
    "discuss", "disembark", "disinfect", "dismiss", "dispatch", "dispense", "display", "dispose", "distribute",
    "divert", "divide", "do", "document", "dose", "double", "downgrade", "download", "draft", "drain", "drop", "dry", "dump",
    "duplicate", "edit", "elect", "elevate", "eliminate", "email", "embed", "employ", "empty", "enable", "encourage",
    "encrypt", "enforce", "engage", "enlist", "enrol", "enroll", "ensure", "enter", "enumerate", "equip", "erase",
    "escalate", "escort", "establish", "estimate", "evacuate", "evaluate", "examine", "exchange", "exclude",
    "execute", "exercise", "exit", "expand", "expedite", "explain", "explore", "export", "expose", "express",
    "extend", "extract", "facilitate", "failover", "familiarise", "familiarize", "feed", "fetch", "figure", "file",
    "fill", "finalise", "finalize", "find", "finish", "fix", "flag", "flush", "focus", "fold", "follow", "force",
    "fork", "format", "formulate", "forward", "freeze", "fund", "gather", "generalise", "generate", "get", "give",
    "go", "govern", "grant", "greet", "group", "guide", "halt", "hand", "handle", "harden", "have", "heat", "help",
    "hide", "highlight", "hire", "hit", "hold", "hook", "host", "identify", "ignore", "implement", "import",
    "improve", "include", "incorporate", "increase", "increment", "incubate", "index", "indicate", "inform",
    "initialise", "initialize", "initiate", "inject", "inquire", "insert", "inspect", "install", "instruct",
    "integrate", "interrupt", "interview", "introduce", "invalidate", "inventory", "investigate", "invite", "invoice",
    "invoke", "isolate", "issue", "iterate", "join", "justify", "keep", "kick", "kill", "label", "laminate", "launch",
    "lead", "learn", "leave", "let", "limit", "link", "list", "listen", "load", "localise", "locate", "lock", "log",
    "login", "logout", "look", "lookup", "lower", "mail", "maintain", "make", "manage", "map", "mark", "match",
    "measure", "meet", "mend", "mention", "merge", "migrate", "mind", "minimise", "minimize", "mirror", "mitigate",
    "mobilize", "mock", "modify", "monitor", "mount", "move", "mute", "name", "narrow", "navigate", "negotiate",
    "nominate", "normalize", "notarise", "notarize", "note", "notify", "nudge", "observe", "obtain", "offboard",
    "offer", "omit", "onboard", "open", "operate", "optimize", "order", "organise", "organize", "orient", "outline",
    "overwrite", "pack", "package", "page", "parse", "participate", "partition", "pass", "paste", "patch", "pause",
    "pay", "peel", "perform", "persist", "phone", "photograph", "pick", "pin", "ping", "pipe", "pipette", "place",
    "plan", "point", "poll", "populate", "position", "post", "pour", "practise", "prefix", "preload", "prep",
    "prepare", "prescribe", "present", "preserve", "press", "prevent", "preview", "print", "prioritise", "prioritize",
    "probe", "proceed", "process", "procure", "produce", "promote", "prompt", "proofread", "propose", "protect",
    "prove", "provide", "provision", "prune", "publish", "pull", "purchase", "purge", "push", "put", "quarantine",
    "query", "queue", "quiesce", "quit", "quote", "raise", "rate", "ration", "reach", "reactivate", "read", "reapply",
    "reassess", "reassign", "reassure", "rebase", "reboot", "rebuild", "recalculate", "recall", "receive", "recheck",
    "recite", "reclaim", "reclassify", "recommend", "reconcile", "record", "recover", "recreate", "recruit", "redact",
    "redeploy", "redirect", "redo", "reduce", "reenable", "reevaluate", "refer", "refine", "reflect", "reformat",
    "refresh", "refund", "refuse", "regenerate", "register", "rehearse", "reimburse", "reimport", "reindex",
    "reinforce", "reinstall", "reissue", "reject", "relabel", "relaunch", "relay", "release", "relink", "reload",
    "relocate", "remap", "remediate", "remember", "remind", "remove", "rename", "render", "renegotiate", "renew",
    "reopen", "reorder", "repackage", "repair", "repeat", "rephrase", "replace", "replay", "replicate", "reply",
    "report", "repost", "reprioritise", "reprioritize", "reproduce", "republish", "request", "require", "reroute",
    "rerun", "rescan", "reschedule", "research", "resend", "reserve", "reset", "resize", "resolve", "respect",
    "respond", "restart", "restate", "restock", "restore", "restrict", "resubmit", "resume", "retain", "retest",
    "retire", "retract", "retrieve", "retry", "return", "reuse", "reverify", "revert", "review", "revise", "revoke",
    "rewind", "reword", "rewrite", "rinse", "roll", "rollback", "rotate", "route", "run", "sample", "sanitise",
    "sanitize", "save", "say", "scale", "scan", "schedule", "scope", "score", "screen", "script", "scroll", "scrub",
    "seal", "search", "secure", "see", "seek", "select", "send", "separate", "serve", "set", "settle", "setup",
    "shape", "share", "shift", "ship", "shorten", "show", "shut", "shutdown", "sign", "silence", "simplify",
    "simulate", "skip", "snapshot", "solve", "sort", "source", "specify", "spin", "split", "spread", "squash",
    "stabilise", "stabilize", "stage", "stamp", "standardise", "standardize", "staple", "start", "stash", "state",
    "stay", "steer", "step", "sterilise", "sterilize", "stir", "stop", "store", "strengthen", "strip", "structure",
    "study", "submit", "subscribe", "substitute", "suggest", "summarise", "summarize", "summon", "supervise",
    "supplement", "supply", "surface", "survey", "suspend", "swab", "swap", "sweep", "switch", "sync", "synchronise",
    "synchronize", "tack", "tag", "tail", "tailor", "take", "talk", "tap", "taper", "target", "teach", "tell",
    "terminate", "test", "thank", "thaw", "throttle", "tick", "tidy", "toggle", "touch", "trace", "track", "train",
    "transcribe", "transfer", "translate", "transmit", "transport", "treat", "triage", "trigger", "trim",
    "troubleshoot", "truncate", "try", "tune", "turn", "tweak", "type", "unassign", "unblock", "uncheck", "uncomment",
    "undeploy", "underline", "understand", "undo", "unfreeze", "uninstall", "unlock", "unmount", "unpack", "unpause",
    "unpin", "unplug", "unset", "unsubscribe", "untag", "untar", "unzip", "update", "upgrade", "upload", "use",
    "utilise", "utilize", "vacate", "validate", "verify", "vet", "view", "visit", "visualise", "visualize",
    "volunteer", "vote", "wait", "walk", "warm", "warn", "wash", "watch", "weigh", "welcome", "weld", "wipe", "wire",
    "withdraw", "work", "wrap", "write", "yank", "zip",
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


def singular_of_es(word: str) -> str:
    """``dishes`` to ``dish``, ``boxes`` to ``box``; any other word as it is."""
    return word[:-2] if word.endswith(("shes", "ches", "xes", "sses", "zzes")) else word


def base_verb(word: str) -> str | None:
    """The verb that this is the base or third-person form of, or ``None``."""
    word = word.lower().rsplit("-", maxsplit=1)[-1]
    for found in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"):
        if found in VERBS:
            return found
    return None


def _formed(verb: str, ending: str) -> tuple[str, ...]:
    """How a form of a verb may be spelled: ``publish``, ``ing`` to ``publishing``."""
    stem, doubled = verb.removesuffix("e"), verb + verb[-1]
    return (f"{verb}{ending}", f"{stem}{ending}", f"{doubled}{ending}", f"{verb.removesuffix('y')}i{ending}")


_GERUNDS: Final = {form: verb for verb in sorted(VERBS) for form in _formed(verb, "ing") if verb != "be"}
_PASSIVES: Final = {form: verb for verb in sorted(VERBS) for form in _formed(verb, "ed")} | {
    "sent": "send", "paid": "pay", "written": "write", "built": "build", "given": "give", "made": "make", "done": "do",
    "shut": "shut", "run": "run", "taken": "take", "put": "put", "told": "tell", "read": "read", "set": "set",
    "kept": "keep", "held": "hold", "left": "leave", "found": "find", "brought": "bring", "drawn": "draw", "cut": "cut",
    "chosen": "choose", "shown": "show", "frozen": "freeze", "begun": "begin", "taught": "teach", "met": "meet",
}  # fmt: skip


def of_gerund(word: str) -> str | None:
    """``using`` to ``use``; ``None`` for what is no -ing form of a known verb."""
    return _GERUNDS.get(word.lower())


def of_passive(word: str) -> str | None:
    """``published`` to ``publish``; ``None`` for what is no such form of a known verb."""
    return _PASSIVES.get(word.lower())


def third_person(verb: str) -> str:
    """``file`` to ``files``, ``carry`` to ``carries``, ``push`` to ``pushes``."""
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o", "z")) else "s")


def listed(text: str) -> list[str]:
    """``a, b and c``."""
    return [part.strip() for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+", text) if part.strip()]


def codes(text: str) -> tuple[str, ...]:
    """The contents of the code spans."""
    return tuple(re.findall(r"`([^`]+)`", text))
