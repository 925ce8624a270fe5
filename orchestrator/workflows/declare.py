"""Sentences that describe the process as a whole: its roles, what it may do, what a merge needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.policy import globs
from orchestrator.policy.egress import reached
from orchestrator.workflows import words
from orchestrator.workflows.naming import Unclear, role_name
from orchestrator.workflows.people import is_person

_YOU_ARE: Final = re.compile(r"you are (?:there|here|responsible|in charge|accountable)\b", re.IGNORECASE)
_IS_FOR: Final = re.compile(
    r"(?:the |an? |our |each |all |every )?(?P<role>[A-Za-z][A-Za-z-]*(?: [A-Za-z][A-Za-z-]*){0,3}?) (?:is|are|(?:shall|will|must|should) be) "
    r"(?:ultimately |also |primarily )?(?:responsible (?:for|to)|in charge of|accountable for|there to)\b",
    re.IGNORECASE,
)
_GIVES: Final = re.compile(
    r"(?:the |an? |our |each )?(?P<gives>[A-Za-z][A-Za-z-]*(?: [A-Za-z][A-Za-z-]*){0,3}?)(?:, [^,:]{3,40},)? (?:must|should|shall|will|needs? to|ha(?:s|ve) to|(?:is|are) (?:required |expected )?to)"
    r"(?: (?:do|perform|take|complete|follow|carry out))?(?: (?:the following|these|all of these|the)(?: [a-z]+)?(?: (?:steps|tasks|actions|items))?)?(?: below)?:",
    re.IGNORECASE,
)
_LIES_WITH: Final = re.compile(
    r"(?:the )?(?:responsibility|accountability) for [^,:;]+ (?:lies|rests|is|sits) with (?:the |our )?(?P<lies>[A-Za-z][A-Za-z -]*?)"
    r"|it is (?:the (?:responsibility|duty|job) of (?:the |an? |each )?(?P<of>[A-Za-z][A-Za-z-]*(?: [A-Za-z][A-Za-z-]*){0,3}?)|(?:the |each )?(?P<whose>[A-Za-z][A-Za-z -]*?)['\u2019]s? (?:responsibility|duty|job)) to [a-z]+ .+",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:who|people(?: involved)?|participants|actors|staff|(?:process |procedure |sop )?(?:owner|approver|contact)s?): (?P<names>.+)",
    re.IGNORECASE,
)
_DONE_BY: Final = re.compile(
    r"(?:(?:done|performed|carried out|executed|handled|led) by|(?:delegated?|assigned?) to(?=:)|assignee|performer|executor|responsible(?: role| person)?):? (?P<names>.+)",
    re.IGNORECASE,
)
_GRANT: Final = re.compile(
    r"it may (?P<verb>read|write|reach|post to|ask|use)(?P<what> the protected| the secrets?| the models?| any model)?"
    r"(?P<names>[ ,]*`.+)?",
    re.IGNORECASE,
)


_SHORT_FORM: Final = re.compile(r"(?P<long>(?:[A-Z][\w'-]*(?: of| for| and)? ){1,6})\((?P<short>[A-Z][A-Za-z]{1,5})\)")


def _shortened(text: str) -> list[str]:
    """Short names of people that a sentence introduces: ``the Head of Sales (HS)``."""
    made = list[str]()
    for found in _SHORT_FORM.finditer(text):
        short = found["short"].removesuffix("s")
        words_ = [word for word in found["long"].split() if word[0].isupper()][-len(short) :]
        role = role_name(" ".join(words_))
        if short.isupper() and "".join(word[0] for word in words_) == short and role and is_person(role):
            made.append(short.lower())
    return made


@dataclass(slots=True)
class Declared:
    """What such sentences have said so far."""

    roles: list[str] = field(default_factory=list[str])
    by: str | None = None
    here: str = ""
    unclear: bool = False
    performers: int = 0
    order: str | None = None
    grants: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    gates: tuple[str, ...] = ()
    needed: list[str] = field(default_factory=list[str])
    tests: bool = True

    def foresee(self, texts: Iterable[str]) -> None:
        """Names of roles, and the one sentence of who does each step, hold for what stands before them too."""
        texts = [*texts]
        self.roles += sorted({role for text in texts for role in _shortened(text)})
        said = [(pattern, found) for text in texts for pattern in _AHEAD if (found := pattern.fullmatch(text))]
        order = [found for pattern, found in said if pattern is _ORDER]
        if len(order) == 1:
            _order(self, order[0])
        by = [found for pattern, found in said if pattern is _BY]
        self.performers = sum(pattern is _DONE_BY for pattern, _ in said)
        for pattern, found in said:
            if pattern is _ROLES:
                self.roles += [role for part in words.listed(found["names"]) if (role := role_name(part)) is not None]
        if len(by) == 1 and self.by is None:
            self.by = role_name(by[0]["role"])

    def describes(self, text: str) -> bool:
        """Whether :meth:`take` would take the sentence."""
        return any(pattern.fullmatch(text) for pattern, _ in _PATTERNS)

    def take(self, text: str) -> bool:
        """Whether the sentence was one of these. Raises :class:`Unclear` for one that is wrong."""
        for pattern, make in _PATTERNS:
            found = pattern.fullmatch(text)
            if found is not None:
                make(self, found)
                return True
        return False

    def describe(self, text: str, by: str) -> bool:
        """Whether the sentence says what somebody is there for: a role, ``by`` where it says *you*."""
        if by and _YOU_ARE.match(text):
            self.roles.append(by)
            return True
        found = _IS_FOR.match(text) or _LIES_WITH.fullmatch(text)
        role = role_name(next(name for name in found.groups() if name)) if found else None
        if role is None or not (role in self.roles or is_person(role)):
            return False
        self.roles.append(role)
        return True

    def led_by(self, text: str) -> str:
        """The role that a sentence before a list gives it to: ``The clerk must:``, ``It is the duty of the clerk to do the following:``; ''."""
        found = (
            _GIVES.fullmatch(text)
            or (text.endswith(":") and (_IS_FOR.match(text) or _LIES_WITH.fullmatch(text)))
            or None
        )
        role = role_name(next((name for name in found.groups() if name), "")) if found else None
        return role if role and (role in self.roles or is_person(role)) else ""

    def leads(self, text: str) -> bool:
        """Whether the sentence gives the list below it to a role, which it names."""
        role = self.led_by(text)
        self.roles += [role] if role else []
        return bool(role)

    def label(self, text: str) -> bool:
        """``People: clerk, lead`` names roles, and so does ``Owner: head of support``; ``Done by: the clerk`` says who does what names nobody.

        Where there are several of those, each holds for its own section. Raises :class:`Unclear` for one that names not one role.
        """
        named, done = _NAMED.fullmatch(text), _DONE_BY.fullmatch(text)
        found = named or done
        roles = [role_name(part) for part in words.listed(found["names"])] if found else []
        known = [role for role in roles if role is not None and (role in self.roles or is_person(role))]
        is_one = bool(known) and len(known) == len(roles) and (not done or len(known) == 1)
        if done and ":" in text and not is_one:
            self.unclear = True
            raise Unclear("Who does this is not one role.", "Performed by: the clerk; or Roles: ..., where it is one")
        if not is_one:
            return False
        self.roles += known
        if done and self.performers > 1:
            self.here = known[0]
        elif done:
            self.by = known[0]
        return True

    def ceiling(self) -> Capabilities:
        """The workflow's ceiling: what was granted, and to read everything when nothing else is said."""
        return Capabilities.model_validate({name: tuple(values) for name, values in self.grants.items()})

    def roles_of(self, text: str) -> list[str]:
        """The roles that a list of people names. Raises :class:`Unclear`."""
        found = {part: role_name(part) for part in words.listed(text)}
        strange = next((part for part, role in found.items() if role is None), "" if found else text)
        if strange or not found:
            raise Unclear(f"{strange!r} is no name for a role.", "Roles: maintainer, security lead")
        return [role for role in found.values() if role is not None]


def _roles(declared: Declared, found: re.Match[str]) -> None:
    declared.roles += declared.roles_of(found["names"])


def _by(declared: Declared, found: re.Match[str]) -> None:
    declared.by = declared.roles_of(found["role"])[0]


def _order(declared: Declared, found: re.Match[str]) -> None:
    declared.order = "parallel" if "parallel" in found["how"].lower() or "same" in found["how"].lower() else "sequence"


def _grant(declared: Declared, found: re.Match[str]) -> None:
    names = list(words.codes(found["names"] or ""))
    verb, what = found["verb"].lower(), (found["what"] or "").lower()
    if what == " any model" and verb == "ask":
        names = ["*"]
    field_name = {
        ("read", ""): "read",
        ("write", ""): "write",
        ("write", " the protected"): "write_protected",
        ("reach", ""): "egress",
        ("post to", ""): "egress",
    }.get((verb, what))
    if verb == "ask" and "model" in what:
        field_name = "models"
    if verb == "use" and "secret" in what:
        field_name = "secrets"
    if field_name is None or not names:
        raise Unclear("It is not clear what it may do.", "It may write `docs/**`. It may reach `host.example`")
    declared.grants.setdefault(field_name, []).extend(_granted(field_name, name, verb) for name in names)


def _granted(field_name: str, name: str, verb: str) -> Any:  # noqa: ANN401  a pattern, or a rule of egress
    try:
        if field_name == "egress":
            rule = reached(name)
            return Egress(host=rule.host, paths=rule.paths, methods=("POST",)) if verb == "post to" else rule
        if field_name in {"models", "secrets"}:
            Capabilities.model_validate({field_name: (name,)})
    except ValueError as problem:
        raise Unclear(f"`{name}` cannot be granted.", str(problem).split("\n", maxsplit=1)[0]) from None
    refused = globs.refusal(name) if field_name in {"read", "write", "write_protected"} else None
    if refused:
        raise Unclear(f"`{name}` cannot be granted: it {refused}.", "a path relative to the repository")
    return name


def _gates(declared: Declared, found: re.Match[str]) -> None:
    declared.gates += words.codes(found["names"])


def _approvals(declared: Declared, found: re.Match[str]) -> None:
    declared.needed += declared.roles_of(found["names"])


def _no_tests(declared: Declared, _: re.Match[str]) -> None:
    declared.tests = False


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ROLES: Final = _compiled(r"(?:the )?roles(?: are)?:? (?P<names>.+)")
_BY: Final = _compiled(r"by default,? the (?P<role>[a-z -]+) does each step")
_ORDER: Final = _compiled(r"the (?:phases|sections) (?P<how>follow each other|run in parallel|run at the same time)")
_AHEAD: Final = (_ROLES, _BY, _DONE_BY, _ORDER)
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[Declared, re.Match[str]], None]], ...]] = (
    (_ROLES, _roles),
    (_BY, _by),
    (_ORDER, _order),
    (_compiled(r"a merge needs the gates? (?P<names>.+)"), _gates),
    (_compiled(r"a merge needs the approvals? of (?P<names>.+)"), _approvals),
    (_compiled(r"a merge needs no tests"), _no_tests),
    (_GRANT, _grant),
)
