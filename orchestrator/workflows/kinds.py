"""Words by which things of one kind are told apart: sizes, places, people, systems; and acts that undo each other."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 6
"""Words of a title that can name one kind of a thing."""
# fmt: off
_SYSTEMS: Final = frozenset({
    "windows", "macos", "mac", "osx", "linux", "ubuntu", "debian", "fedora", "rhel", "centos", "alpine", "arch", "freebsd", "ios", "iphone",
    "android", "chromebook", "chromeos", "unix", "wsl", "powershell", "bash", "zsh", "chrome", "firefox", "safari", "edge",  "conda", "poetry", "uv",    "homebrew", "brew", "apt",     "postgresql", "postgres", "mysql", "mariadb", "sqlite",
    "mongodb", "oracle", "gui", "cli", "ui",  "terminal", "console", "web-ui", "command-line", "vs-code", "vscode", "pycharm", "intellij", "outlook", "thunderbird", "gmail",
})
_PLACES: Final = frozenset({
    "uk", "us", "usa", "eu", "europe", "germany", "france", "india", "canada", "australia", "ireland", "spain", "italy", "netherlands", "poland",
    "china", "japan", "brazil", "mexico", "singapore", "switzerland", "austria", "emea", "apac", "americas", "latam", "california", "texas",
    "england", "scotland", "wales", "london", "berlin", "paris", "dublin", "new-york", "bangalore", "sydney", "toronto", "tokyo",
})
_WORK: Final = frozenset({
    "full-time", "part-time", "permanent", "temporary", "temp", "contract", "contractor", "consultant", "freelancer", "freelance", "intern", "trainee", "apprentice", "employee", "staff",
    "casual", "salaried", "hourly", "seasonal", "agency", "volunteer", "exempt", "non-exempt", "tenured", "faculty", "student", "visitor", "guest",
    "alumni", "alumnus", "undergraduate", "postgraduate", "graduate", "exchange",
})
_MOVES: Final = frozenset({
    "joiner", "mover", "leaver", "starter", "new-hire", "new-starter", "new-joiner", "hire", "rehire", "transfer", "transferee", "promotion", "resignation",
    "dismissal", "redundancy", "retirement", "layoff", "death", "voluntary", "involuntary", "departure", "mutual",
})
_DEVICES: Final = frozenset({"mobile", "desktop", "tablet", "smartphone", "handheld", "browser", "web-app", "mobile-app", "desktop-app", "kiosk", "touchscreen"})
_RARE: Final = frozenset({"fire", "flood", "earthquake", "power-outage", "power-failure", "intruder", "bomb-threat", "medical-emergency", "gas-leak", "chemical-spill", "evacuation", "lockdown", "active-shooter", "tornado", "hurricane", "severe-weather", "ransomware", "phishing", "malware", "ddos", "data-breach", "insider-threat", "account-compromise", "denial-of-service", "theft", "vandalism", "injury", "illness", "burn", "cut", "choking", "bleeding", "fracture", "shock", "poisoning", "seizure"})
SCALES: Final[tuple[frozenset[str], ...]] = (
    frozenset({"larger", "smaller", "higher", "lower", "greater", "lesser", "small", "medium", "large", "big", "tiny", "trivial", "simple", "complex", "minor", "major", "moderate", "critical", "high", "low", "severe",
               "mild", "significant", "serious", "standard", "normal", "emergency", "routine", "urgent", "non-urgent", "expedited", "express", "regular", "special",
               "high-risk", "low-risk", "medium-risk", "moderate-risk", "high-priority", "low-priority", "medium-priority", "high-value", "low-value", "high-severity", "low-severity", "priority", "pre-approved", "preapproved",
               "life-threatening", "non-emergency", "non-critical", "noncritical", "informational", "catastrophic", "negligible", "gross", "ordinary", "extraordinary", "short", "long", "short-term", "long-term"}),
    frozenset({"internal", "external", "domestic", "international", "foreign", "national", "overseas", "in-house", "outsourced", "third-party", "first-party"}),
    frozenset({"remote", "onsite", "on-site", "off-site", "offsite", "in-office", "office-based", "hybrid", "in-person", "virtual", "online", "offline", "phone", "telephone", "email", "mail", "post",
               "postal", "paper", "electronic", "digital", "physical", "walk-in", "chat", "in-store", "mobile", "desktop", "laptop", "app", "web", "sms", "fax", "text"}),
    frozenset({"new", "existing", "returning", "current", "former", "first-time", "repeat", "recurring", "one-time", "one-off", "legacy", "active", "inactive", "prospective", "used"}),
    frozenset({"planned", "unplanned", "scheduled", "unscheduled", "ad-hoc", "known", "unknown", "authorized", "unauthorized", "authorised", "unauthorised", "accidental", "deliberate", "intentional", "unintentional",
               "confirmed", "suspected", "warranty", "out-of-warranty", "non-warranty", "taxable", "exempt", "eligible", "ineligible", "refundable", "non-refundable", "opened", "unopened", "defective", "damaged", "lost", "stolen", "paid", "unpaid", "excused", "unexcused"}),
    _WORK, _MOVES,
    frozenset({"personal", "corporate", "business", "individual", "group", "commercial", "residential", "private", "public", "government", "enterprise", "academic", "consumer", "retail", "wholesale", "household", "company", "company-owned", "byod", "shared", "non-profit", "nonprofit", "b2b", "b2c", "confidential", "restricted", "sensitive", "secret", "unclassified", "classified"}),
    frozenset({"manual", "automatic", "automated", "semi-automated", "scripted", "self-service", "assisted", "hosted", "self-hosted", "on-premise", "on-premises", "cloud", "local"}),
    frozenset({"full", "partial", "no", "incremental", "differential", "complete", "limited", "total"}),
    frozenset({"gold", "silver", "bronze", "platinum", "diamond", "basic", "premium", "free", "pro", "professional", "plus", "starter", "essential", "advanced", "bronze-tier", "beginner", "intermediate"}),
    frozenset({"daily", "weekly", "biweekly", "bi-weekly", "fortnightly", "monthly", "quarterly", "annual", "annually", "yearly", "hourly", "semi-annual", "semi-annually", "half-yearly", "nightly"}),
    frozenset({"weekday", "weekend", "holiday", "night", "nights", "daytime", "business-hours", "after-hours", "out-of-hours", "off-hours", "office-hours", "summer", "winter", "afternoon"}),
    frozenset({"red", "amber", "yellow", "green", "orange", "black", "blue", "white", "purple"}),
    frozenset({"cash", "card", "credit-card", "debit-card", "cheque", "check", "wire", "bank-transfer", "paypal", "direct-debit", "voucher", "gift-card", "invoice"}),
    frozenset({"adult", "child", "infant", "minor", "teenager", "teen", "senior", "junior", "pregnant", "paediatric", "pediatric", "geriatric", "male", "female", "dog", "cat", "inpatient", "outpatient"}),
    _RARE,
    frozenset({"single", "multiple", "multi", "bulk", "batch", "one", "several", "many"}),
    frozenset({"approved", "denied", "rejected", "accepted", "declined", "granted", "refused", "pass", "passed", "fail", "failed", "success", "successful", "unsuccessful", "failure", "valid", "invalid", "positive", "negative", "yes", "no", "true", "false", "compliant", "non-compliant", "conforming", "nonconforming", "non-conforming"}),
    _SYSTEMS, _PLACES, _DEVICES,
    frozenset({"warm", "cold", "hot", "wet", "dry", "frozen", "fresh", "solid", "liquid", "gas", "hazardous", "non-hazardous", "sharp", "biological", "radioactive", "chemical", "flammable", "fragile", "heavy", "perishable", "glass", "plastic"}),
    frozenset({"aws", "azure", "gcp", "google-cloud", "heroku", "digitalocean", "on-prem", "bare-metal", "kubernetes"}),
)
"""Words of which each says which of several kinds something is."""
WHOLE: Final = frozenset({SCALES.index(_SYSTEMS), SCALES.index(_PLACES), SCALES.index(_WORK), SCALES.index(_MOVES), SCALES.index(_RARE), SCALES.index(_DEVICES)})
"""Scales whose words say enough whatever stands behind them."""
CLASSED: Final = frozenset({
    "change", "request", "incident", "employee", "hire", "customer", "client", "order", "purchase", "visitor", "leave", "refund", "return", "account", "user",
    "device", "laptop", "payment", "expense", "issue", "ticket", "complaint", "case", "event", "alert", "failure", "outage", "error", "breach", "violation",
    "vulnerability", "bug", "emergency", "absence", "injury", "spill", "accident", "applicant", "student", "member", "contractor", "supplier", "vendor",
    "application", "claim",  "procedure", "process", "playbook", "runbook", "workflow", "scenario", "option", "method", "approach",
    "guideline", "protocol", "type", "category", "class", "tier", "level", "vehicle", "product", "asset", "server", "office", "site", "location", "country",
    "certificate", "license", "licence", "contract", "agreement", "invoice", "donation", "loan", "booking", "reservation", "appointment", "staff", "personnel",
    "worker", "guest", "patient", "departure", "termination", "resignation", "mode", "path", "route", "track", "flow", "severity", "priority", "risk", "impact",
    "warning", "offence", "offense", "threat", "attack", "waste", "material", "medication", "sample", "specimen", "backup", "update", "upgrade", "deployment", "exception", "dispute",
    "exit", "transfer", "travel", "trip", "item", "equipment", "machine", "tool", "system", "database", "environment", "branch", "repository", "tenant", "plan", "subscription",
    "day", "hour", "shift", "season", "area", "zone", "room", "department", "region", "store", "warehouse", "facility", "role", "position", "manager", "person", "people",
})
"""Things that come in kinds, of which one run has one."""
ORDER: Final = frozenset({
    "pre", "post", "initial", "first", "second", "third", "fourth", "fifth", "final", "last", "next", "previous", "before", "after", "during", "follow-up", "followup", "draft", "proposed", "and",
    "early", "late", "start", "end", "beginning", "the", "this", "your", "our", "ongoing", "overall", "general", "main", "of",
})
"""Words that say where something stands in one course."""
TIMED: Final = re.compile(r"\b(?:days?|weeks?|months?|hours?|minutes?|morning|evening|start|end|arrival|departure|completion|receipt|beginning|begin|time|day one)\b", re.IGNORECASE)
OPPOSITES: Final = frozenset(
    pair for line in (
        "add remove", "add delete", "create delete", "create remove", "create update", "create modify", "create close", "grant revoke", "grant remove", "grant modify", "assign unassign", "enable disable", "activate deactivate",
        "install uninstall", "install remove", "install upgrade", "install update", "upgrade downgrade", "upgrade uninstall", "update uninstall", "update delete", "update remove", "modify delete", "modify remove", "modify revoke", "change delete", "change remove", "add change", "add modify", "add update", "add edit",
        "backup restore", "back restore", "backup restoration", "backup recovery", "onboard offboard", "onboarding offboarding", "join leave", "check-in check-out", "check-out check-in", "checkout checkin", "borrow return", "issue return", "open close", "opening closing", "renew cancel", "cancel renew",
        "subscribe unsubscribe", "register deregister", "enroll withdraw", "enrol withdraw", "hire terminate", "hiring termination", "provision deprovision", "provisioning deprovisioning", "scale-up scale-down", "failover failback", "encrypt decrypt", "import export", "export import",
        "admission discharge", "arrival departure", "check-in checkout", "buy sell", "approve reject", "accept reject", "approval rejection", "acceptance rejection", "order return", "start terminate", "setup teardown", "deploy rollback", "book cancel", "create cancel", "request cancel", "submit cancel", "upgrade rollback", "update rollback",
        "installation removal", "creation deactivation", "creation revocation", "creation termination", "activation deactivation", "provisioning deactivation", "provisioning revocation", "create deactivate", "create disable", "add deactivate", "add disable", "opening closure", "registration cancellation", "enrollment withdrawal", "installation upgrade", "installation uninstallation", "creation deletion", "creation removal", "creation modification", "modification deletion", "modification termination", "establishment termination", "addition removal",
    )
    for pair in [tuple(line.split())]
)
"""Acts that one text may describe beside each other, the first of two as it mostly stands there."""
ACTS: Final = frozenset(act for pair in OPPOSITES for act in pair)
# fmt: on
