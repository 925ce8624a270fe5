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
    "abort", "contribute", "hang", "degauss", "attempt", "reinvite", "empathize", "apologise", "apologize", "retake", "categorise", "categorize", "favor", "bookmark", "timestamp", "photocopy", "unlink", "grease", "denylist", "blocklist", "allowlist", "whitelist", "blacklist", "accelerate", "accept", "accompany", "accomplish", "acknowledge", "acquire", "act", "activate", "adapt",
    "add", "address", "adhere", "adjust", "administer", "admit", "adopt", "advertise", "advise", "advocate", "agree",
    "aim", "alert", "align", "aliquot", "allocate", "allow", "alter", "alternate", "amend", "analyse", "analyze",
    "annotate", "announce", "anonymise", "anonymize", "answer", "appeal", "append", "apply", "appoint", "apprise",
    "archive", "arrange", "ask", "assemble", "assert", "assess", "assign", "assist", "assure", "attach", "attend",
    "attest", "attribute", "audit", "augment", "authorise", "authorize", "autogenerate", "automate", "avoid", "await",
    "back", "backfill", "backport", "backup", "bake", "balance", "ban", "batch", "be", "begin", "benchmark", "bind",
    "bleach", "blend", "block", "blot", "boil", "book", "boot", "bootstrap", "brief", "bring", "broadcast", "browse",
    "brush", "build", "bump", "bundle", "buy", "bypass", "cache", "calculate", "calibrate", "call", "cancel",
    "capture", "carry", "catalog", "catalogue", "catch", "celebrate", "centrifuge", "certify", "change", "check",
    "checkout", "chill", "choose", "circulate", "cite", "clarify", "classify", "clean", "cleanup", "clear", "click",
    "clone", "close", "coach", "code", "collaborate", "collate", "collect", "combine", "comment", "commit",
    "communicate", "compare", "compensate", "compile", "complete", "compose", "compress", "compute", "concentrate",
    "conclude", "condense", "conduct", "confer", "configure", "confine", "confirm", "confiscate", "confront",
    "connect", "consent", "consider", "consolidate", "construct", "consult", "contact", "contain", "continue",
    "control", "convene", "convert", "convey", "cook", "cool", "coordinate", "copy", "copyedit", "cordon", "correct",
    "count", "countersign", "cover", "create", "credit", "crosscheck", "cultivate", "curate", "customize", "cut",
    "deactivate", "debrief", "debug", "decide", "declare", "decommission", "decrease", "decrypt", "dedicate",
    "deduct", "deescalate", "defer", "define", "defrost", "delegate", "delete", "deliver", "demonstrate", "deny",
    "depart", "deploy", "deposit", "deprecate", "deprovision", "deregister", "derive", "desalt", "describe",
    "designate", "destroy", "detach", "detain", "detect", "determine", "develop", "diagnose", "dial", "differentiate",
    "dilute", "dip", "direct", "disable", "disarm", "discard", "discharge", "disclose", "disconnect", "discontinue",
    "discover", "discuss", "disembark", "disinfect", "dismiss", "dispatch", "dispense", "display", "dispose",
    "dissolve", "distribute", "divert", "divide", "do", "dock", "document", "dose", "double", "doublecheck",
    "downgrade", "download", "draft", "drag", "drain", "drive", "drop", "dry", "dump", "duplicate", "edit", "eject",
    "elaborate", "elect", "elevate", "eliminate", "email", "embargo", "embed", "employ", "empty", "enable",
    "encourage", "encrypt", "endorse", "enforce", "engage", "enlist", "enquire", "enrol", "enroll", "ensure", "enter",
    "enumerate", "equip", "erase", "escalate", "escort", "establish", "estimate", "evacuate", "evaluate", "examine",
    "exchange", "exclude", "execute", "exempt", "exercise", "exit", "expand", "expedite", "expel", "explain",
    "explore", "export", "expose", "express", "extend", "extract", "facilitate", "failover", "familiarise",
    "familiarize", "fasten", "feed", "fetch", "figure", "file", "fill", "finalise", "finalize", "find", "finish",
    "fix", "flag", "flip", "float", "flush", "focus", "fold", "follow", "force", "fork", "format", "formulate",
    "forward", "freeze", "fumigate", "fund", "gather", "generalise", "generate", "get", "give", "go", "govern",
    "grab", "grant", "greet", "grind", "group", "guide", "halt", "hand", "handle", "harden", "harvest", "have",
    "hear", "heat", "help", "hide", "highlight", "hire", "hit", "hold", "homogenize", "hook", "host", "hydrate",
    "identify", "ignore", "implement", "import", "imprint", "improve", "inactivate", "incinerate", "include",
    "incorporate", "increase", "increment", "incubate", "index", "indicate", "inflate", "inform", "inhale",
    "initialise", "initialize", "initiate", "inject", "inoculate", "inquire", "insert", "inspect", "install",
    "instruct", "integrate", "interpret", "interrupt", "intervene", "interview", "introduce", "invalidate",
    "inventory", "investigate", "invite", "invoice", "invoke", "involve", "isolate", "issue", "itemise", "itemize",
    "iterate", "join", "jot", "judge", "justify", "keep", "kick", "kill", "label", "laminate", "latch", "launch",
    "lead", "learn", "leave", "let", "liaise", "limit", "link", "liquidate", "list", "listen", "load", "localise",
    "locate", "lock", "log", "login", "logout", "look", "lookup", "loosen", "lower", "lubricate", "mail", "maintain",
    "make", "manage", "map", "mark", "match", "measure", "meet", "mend", "mention", "merge", "migrate", "mince",
    "mind", "minimise", "minimize", "mirror", "mitigate", "mix", "mobilize", "mock", "moderate", "modify", "moisten",
    "monitor", "mop", "mount", "move", "mute", "name", "narrow", "navigate", "negate", "negotiate", "neutralise",
    "neutralize", "nominate", "normalize", "notarise", "notarize", "note", "notify", "nudge", "observe", "obtain",
    "occupy", "offboard", "offer", "offload", "offset", "omit", "onboard", "open", "operate", "optimize", "order",
    "organise", "organize", "orient", "outline", "oversee", "overview", "overwrite", "pack", "package", "page",
    "parse", "participate", "partition", "pass", "paste", "patch", "pause", "pay", "peel", "perform", "perfuse",
    "persist", "phone", "photograph", "pick", "pierce", "pin", "ping", "pipe", "pipette", "place", "plan", "plug",
    "point", "poll", "populate", "position", "post", "pour", "practise", "precool", "prefix", "preheat", "preload",
    "prep", "prepare", "preregister", "prescribe", "present", "preserve", "preset", "press", "prevent", "preview",
    "print", "prioritise", "prioritize", "probe", "proceed", "process", "proctor", "procure", "produce", "prohibit",
    "promote", "prompt", "pronounce", "proofread", "propagate", "propose", "protect", "prove", "provide", "provision",
    "prune", "publish", "pull", "puncture", "purchase", "purge", "pursue", "push", "put", "quantify", "quarantine",
    "quench", "query", "queue", "quiesce", "quit", "quote", "raise", "rate", "ration", "reach", "reactivate", "read",
    "reapply", "reassess", "reassign", "reassure", "rebase", "rebook", "reboot", "rebrand", "rebuild", "rebut",
    "recalculate", "recall", "recap", "receive", "recheck", "recite", "reclaim", "reclassify", "recommend",
    "reconcile", "reconfigure", "reconfirm", "reconnect", "reconvene", "record", "recount", "recover", "recreate",
    "recruit", "recycle", "redact", "redeploy", "redirect", "redistribute", "redo", "reduce", "reenable", "reenter",
    "reevaluate", "refer", "refill", "refine", "reflect", "reformat", "refrain", "refreeze", "refresh", "refund",
    "refuse", "regenerate", "register", "rehearse", "rehydrate", "reimburse", "reimport", "reindex", "reinforce",
    "reinstall", "reinstate", "reissue", "reject", "relabel", "relaunch", "relay", "release", "relieve", "relink",
    "reload", "relocate", "remap", "remediate", "remember", "remind", "remit", "remount", "remove", "remunerate",
    "rename", "render", "renegotiate", "renew", "reopen", "reorder", "reorganise", "reorganize", "repackage",
    "repair", "repay", "repeat", "rephrase", "replace", "replay", "replenish", "replicate", "reply", "report",
    "repost", "reprioritise", "reprioritize", "reproduce", "republish", "request", "require", "reroute", "rerun",
    "rescan", "reschedule", "rescue", "reseal", "research", "reseat", "resend", "reserve", "reset", "resize",
    "resolve", "respect", "respond", "restart", "restate", "restock", "restore", "restrict", "resubmit", "resume",
    "retain", "retest", "retire", "retract", "retrieve", "retry", "return", "reuse", "reverify", "revert", "review",
    "revise", "revoke", "rewind", "reword", "rewrite", "rinse", "roll", "rollback", "rotate", "route", "rub", "run",
    "safeguard", "sample", "sanitise", "sanitize", "save", "say", "scale", "scan", "schedule", "scope", "score",
    "scrape", "screen", "script", "scroll", "scrub", "scrutinise", "scrutinize", "seal", "search", "secure", "see",
    "seek", "select", "send", "separate", "serve", "set", "settle", "setup", "shake", "shape", "share", "shave",
    "shift", "ship", "shorten", "show", "shred", "shut", "shutdown", "sift", "sign", "silence", "simplify",
    "simulate", "skip", "slice", "slide", "snapshot", "soak", "soften", "solicit", "solve", "sort", "source",
    "specify", "spike", "spin", "split", "spray", "spread", "squash", "stabilise", "stabilize", "stage", "stamp",
    "standardise", "standardize", "staple", "start", "stash", "state", "stay", "steam", "steer", "step", "sterilise",
    "sterilize", "stir", "stop", "store", "stow", "streamline", "strengthen", "strip", "structure", "study", "submit",
    "subscribe", "substitute", "suction", "suggest", "summarise", "summarize", "summon", "supervise", "supplement",
    "supply", "surface", "surrender", "survey", "suspend", "sustain", "swab", "swap", "sweep", "swirl", "switch",
    "sync", "synchronise", "synchronize", "tabulate", "tack", "tag", "tail", "tailor", "take", "talk", "tamp", "tap",
    "tape", "taper", "tare", "target", "teach", "tell", "terminate", "test", "tether", "thank", "thaw", "thicken",
    "throttle", "tick", "tidy", "tighten", "titrate", "toggle", "touch", "trace", "track", "train", "transcribe",
    "transfer", "transition", "translate", "transmit", "transport", "transpose", "treat", "triage", "trigger", "trim",
    "troubleshoot", "truncate", "try", "tuck", "tune", "turn", "tweak", "type", "unassign", "unblock", "unbolt",
    "uncap", "uncheck", "unclip", "uncomment", "undeploy", "underline", "understand", "undo", "unfreeze", "uninstall",
    "unload", "unlock", "unmount", "unpack", "unpause", "unpin", "unplug", "unregister", "unscrew", "unseal", "unset",
    "unsubscribe", "untag", "untar", "unwrap", "unzip", "update", "upgrade", "uphold", "upload", "use", "utilise",
    "utilize", "vacate", "vacuum", "validate", "vent", "ventilate", "verbalise", "verbalize", "verify", "vet", "view",
    "visit", "visualise", "visualize", "volunteer", "vortex", "vote", "wait", "walk", "warm", "warn", "wash", "watch",
    "wear", "weed", "weigh", "welcome", "weld", "whisk", "wipe", "wire", "withdraw", "withhold", "work", "wrap",
    "write", "yank", "zip",
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
