"""Who does things: a role that was named, or a word that can only mean a person. ``The script`` is neither."""

from __future__ import annotations

import re
from typing import Final

_SUFFIX: Final = re.compile(r"(?:[a-z]{2,}(?:er|or|eer|ist|ian|ant|man|woman|person|people|lead|head|master))")
# fmt: off
_PEOPLE: Final = frozenset({
    "admin", "anybody", "appointee", "assignee", "designee", "mentee", "nominee", "payee", "referee", "trustee", "licensee", "anyone", "assistant", "associate", "attendee", "author", "board", "boss", "chair", "chief",
    "clerk", "colleague", "committee", "cook", "council", "counsel", "crew", "cto", "ceo", "cfo", "coo", "cmo", "cpo", "cso", "cdo", "vp", "svp", "evp", "ciso", "cio", "dba", "dpo",
    "captain", "chef", "child", "citizen", "client", "clinician", "customer", "chaperone", "delegate", "deputy", "dev", "individual", "person", "registrar", "desk", "director", "employee", "everybody", "everyone", "executive", "expert", "finance",
    "guard", "guardian", "guest", "head", "hire", "hr", "ic", "intern", "lead", "legal", "liaison", "manager", "marketing", "mayor", "midwife",
    "member", "nurse", "paramedic", "parent", "personnel", "leadership", "workforce", "patient", "pilot", "pupil", "resident", "surgeon", "operations", "ops", "oncall", "owner", "peer", "principal", "qa", "representative", "sales", "scribe",
    "secretary", "security", "sme", "somebody", "someone", "specialist", "sre", "staff", "steward", "student",
    "support", "sysadmin", "team", "trainee", "treasurer", "agent", "user", "volunteer", "analyst",
})
_THINGS: Final = frozenset({
    "center", "centre", "water", "corner", "freezer", "cooler", "heater", "incubator", "reactor", "detector", "elevator", "refrigerator", "calculator", "copier",
    "tumbler", "beaker", "timer", "trailer", "tier", "charter", "quarter", "semester", "slaughter", "laughter", "encounter", "disaster", "after", "under", "over",
    "before", "never", "ever", "together", "rather", "further", "later", "earlier", "sooner", "faster", "lower", "higher", "larger", "smaller", "better",
    "adapter", "answer", "banner", "border", "browser", "buffer", "builder", "bundler",
    "calendar", "chapter", "character", "checker", "cluster", "color", "compiler", "computer", "connector", "constant",
    "constructor", "container", "converter", "counter", "cover", "cursor", "decorator", "descriptor", "docker",
    "driver", "editor", "either", "error", "executor", "factor", "filter", "folder", "footer", "formatter", "four",
    "generator", "handler", "header", "helper", "however", "identifier", "indicator", "installer", "interpreter",
    "invariant", "iterator", "launcher", "layer", "ledger", "letter", "linter", "loader", "logger", "majority", "marker",
    "matter", "meter", "mirror", "monitor", "newer", "newsletter", "number", "offer", "optimizer", "order", "other",
    "others", "paper", "parameter", "parser", "pointer", "poster", "power", "printer", "processor",
    "profiler", "provider", "register", "releaser", "renderer", "resolver", "router", "runner",
    "scanner", "scheduler", "selector", "sensor", "server", "simulator", "slider",
    "spider", "tenant", "tracker", "transfer", "transformer", "trigger", "updater", "validator",
    "variant", "vector", "viewer", "watcher", "whether", "worker", "wrapper", "divisor", "behavior",
    "behaviour", "major", "minor", "prior", "floor", "door", "colour", "plan", "german",
})
_MADE: Final = frozenset({
    "organization", "organisation", "company", "business", "institution", "firm", "agency", "enterprise", "corporation",
    "access", "account", "address", "agenda", "alert", "announcement", "api", "archive", "article", "artifact", "backup",
    "badge", "bot", "box", "branch", "case", "bug", "build", "bus", "certificate", "change", "changelog", "channel", "checklist", "ci", "cluster",
    "code", "comment", "commit", "config", "configuration", "contract", "copy", "credential", "dashboard", "data", "database",
    "dataset", "date", "deployment", "description", "device", "disk", "doc", "document", "documentation", "email", "entry",
    "environment", "equipment", "event", "evidence", "feature", "field", "file", "finding", "fix", "flag", "form", "function",
    "host", "image", "incident", "information", "invoice", "issue", "item", "job", "key", "label", "link", "list", "log",
    "machine", "message", "meeting", "method", "migration", "model", "module", "name", "notice", "note", "notification",
    "package", "page", "password", "patch", "payment", "permission", "pipeline", "policy", "pr", "process", "product",
    "project", "query", "receipt", "record", "reference", "release", "repository", "report", "request", "response", "result",
    "room", "sample", "schema", "script", "service", "setting", "site", "software", "step", "summary", "system", "table",
    "tag", "task", "template", "test", "ticket", "title", "token", "tool", "traffic", "transaction", "update", "value",
    "variable", "version", "vial", "volume", "vulnerability", "website", "work", "workflow",
})
DEPARTMENTS: Final = frozenset({
    "finance", "legal", "hr", "operations", "ops", "devops", "secops", "infosec", "marketing", "sales", "qa", "security", "support", "procurement",
    "accounting", "compliance", "engineering", "management", "reception", "dispatch", "logistics", "payroll", "it",
})
"""People by what they do together; each is also the name of that."""
_OUTSIDE: Final = frozenset({
    "supplier", "vendor", "regulator", "insurer", "carrier", "court", "police", "bank", "authority", "courier", "manufacturer", "landlord", "subcontractor", "reseller", "wholesaler",
})
# fmt: on


_GROUPS: Final = frozenset(
    {
        "company",
        "vendor",
        "supplier",
        "agency",
        "bank",
        "department",
        "office",
        "desk",
        "unit",
        "group",
        "organization",
        "organisation",
        "ministry",
        "authority",
        "school",
        "hospital",
        "firm",
        "provider",
        "institution",
        "university",
        "crew",
        "division",
        "branch",
        "center",
        "centre",
    }
)


def is_surely_person(role: str) -> bool:
    """Whether the last word of a role's name is one of the words for people, and not only formed as one."""
    return role.rsplit("-", maxsplit=1)[-1] in _PEOPLE


def is_group(role: str) -> bool:
    """Whether the last word means people by what they are together: ``bus company``."""
    return role.rsplit("-", maxsplit=1)[-1] in _GROUPS


def is_outside(role: str) -> bool:
    """Whether the last word means somebody who belongs to another house, and does no step of a run here."""
    return role.rsplit("-", maxsplit=1)[-1] in _OUTSIDE


def is_thing(role: str) -> bool:
    """Whether the last word means something that people make or use, and never people."""
    return role.rsplit("-", maxsplit=1)[-1] in _MADE


def is_person(role: str) -> bool:
    """Whether the last word of a role's name means people. A word that means both is taken for a thing."""
    head = re.split(r"-(?:of|for|in|on|at|from|with|to|as)-", role)[0]  # ``head of sales``
    last = head.rsplit("-", maxsplit=1)[-1]
    if last in _THINGS:
        return False
    return last in _PEOPLE | (DEPARTMENTS - {"it"}) or _SUFFIX.fullmatch(last) is not None
