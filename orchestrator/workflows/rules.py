"""``Never …`` and ``Always …``: the author's own rules, as past-time properties of passages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from orchestrator.models.spec import Span
from orchestrator.models.workflow import Event, Node, NodeKind, Rule, RuleKind, Subject
from orchestrator.workflows import words
from orchestrator.workflows.naming import Unclear, role_name

_NEVER: Final = re.compile(
    r"(?:never|do not|don['\u2019]t|(?:you|we) (?:must|should|shall|may) not) (?P<what>.+?)(?: (?P<how>before|unless|without|after|until) (?P<other>.+?))?(?: since (?P<since>.+))?",
    re.IGNORECASE,
)
_BARRED: Final = re.compile(
    r"(?P<what>(?:[^,:;`]|`[^`]*`)+?) (?:(?:must|may|shall|should|can) ?not be|(?:is|are) (?:never|not to be)|can['\u2019]t be) "
    r"(?P<done>[a-z-]+) (?P<how>before|unless|without|after|until) (?P<other>.+)|"
    r"(?:no|nothing)(?: (?P<none>[^,:;`]+?))? (?:is|are|may be|must be|should be|shall be|gets?|can be) (?P<made>[a-z-]+) "
    r"(?P<by>before|unless|without|until) (?P<first>.+)|"
    r"(?P<who>(?:[^,:;`]|`[^`]*`)+?)(?<!\byou)(?<!\bwe) (?:(?:must|may|shall|should|can) ?(?:not|never)|cannot|never) "
    r"(?P<does>(?!be\b)[a-z-]+ ?.*?) (?P<when>before|unless|without|after|until) (?P<then>.+)",
    re.IGNORECASE,
)
_ALWAYS: Final = re.compile(r"always (?P<other>.+?) before (?P<what>.+?)(?: since (?P<since>.+))?", re.IGNORECASE)
_HINT: Final = "Never merge the change before the security lead has approved it"


def is_rule(text: str) -> bool:
    """Whether the sentence is a rule, whether it can be read or not."""
    return _BARRED.fullmatch(text) is not None or (
        re.match(
            r"(?:never|always|do not|don['\u2019]t|(?:you|we) (?:must|should|shall|may) not)\b(?! (?:forget|hesitate) to )"
            r"(?! remember)",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def rule(text: str, nodes: Mapping[str, Node], steps: Mapping[str, str], span: Span) -> Rule:
    """The rule of a sentence. ``steps`` is number to node id. Raises :class:`Unclear`."""
    barred = _BARRED.fullmatch(text)
    found = barred or _ALWAYS.fullmatch(text) or _NEVER.fullmatch(text)
    if found is None:
        raise Unclear("This rule cannot be read.", _HINT)
    said: dict[str, str | None] = _active(barred) if barred else found.groupdict()
    how = said.get("how") or ("before" if said["other"] else "")
    kind = RuleKind.NEVER if not how else RuleKind.AFTER if how.lower() == "after" else RuleKind.UNLESS
    made = Rule(
        kind=kind,
        what=event(said["what"] or "", nodes, steps),
        other=event(said["other"], nodes, steps) if said["other"] else None,
        since=event(said["since"], nodes, steps) if said["since"] else None,
        span=span,
    )
    return made.model_copy(update={"text": say(made)})


def _active(barred: re.Match[str]) -> dict[str, str | None]:
    """``The form must not be filed before step 1`` as ``file the form`` before it; ``The clerk must never file it before`` likewise."""
    if barred["does"]:
        return {
            "what": f"{barred['who']} {barred['does']}",
            "how": barred["when"],
            "other": barred["then"],
            "since": None,
        }
    what, done = barred["what"] or barred["none"] or "", barred["done"] or barred["made"]
    other = barred["other"] or barred["first"]
    how = barred["how"] or barred["by"]
    return {"what": f"{words.of_passive(done) or done} {what}", "how": how, "other": other, "since": None}


def event(text: str, nodes: Mapping[str, Node], steps: Mapping[str, str]) -> Event:
    """Which passages the words mean. Raises :class:`Unclear` when it is none, or not one alone."""
    run = re.fullmatch(r"(?:run|running|execute) `(?P<argv>[^`]+)`", text.strip(), re.IGNORECASE)
    if run:
        return _running(run["argv"], nodes)
    text = re.sub(r" (?:has|have) (approved|passed|happened)\b", r" \1", text.strip().lower())
    step = re.fullmatch(
        r"step (?P<n>`[^`]+`|[\d.]*\d)(?: (?:is done|has been done|is begun|ends as `(?P<o>[a-z-]+)`))?", text
    )
    if step:
        name = steps.get(step["n"].strip("`"), step["n"].strip("`"))
        if name not in nodes:
            raise Unclear(f"There is no step {step['n']}.", "the number of a step of this process")
        return Event(node=name, outcome=step["o"])
    for pattern, made in _EVENTS:
        if re.fullmatch(pattern, text):
            return made
    approved = _APPROVED.fullmatch(text)
    role = role_name(approved["role"]) if approved else None
    if approved and "approv" in text and role in {n.role for n in nodes.values() if n.kind is NodeKind.REVIEW}:
        return _approved(str(role), words.number(approved["count"] or "one") or 1, approved["what"] or "", nodes)
    return _by_words(text, nodes)


_APPROVED: Final = re.compile(
    rf"(?:the approval of )?(?:(?P<count>{'|'.join(words.NUMBERS)}|\d+) (?:of )?)?(?:the |a )?(?P<role>[a-z -]+?)(?: (?:approves?|approved)(?: (?P<what>.+))?)?"
)


def _approved(role: str, count: int, what: str, nodes: Mapping[str, Node]) -> Event:
    """The approvals of a role that are of ``what``, each by at least ``count``. Raises :class:`Unclear` where only some are."""
    theirs = {n: node for n, node in nodes.items() if node.kind is NodeKind.REVIEW and node.role == role}
    meant = [n for n, node in theirs.items() if what in {"", "it", "that", "this"} or _reviews(node, what)]
    said = role.replace("-", " ")
    if not meant:
        raise Unclear(f"No approval of the {said} here is of {what!r}.", "the words of that approval, or step N")
    if any(theirs[name].approvals < count for name in meant):
        raise Unclear(f"Fewer than {count} of the {said}s approve it here.", f"{count} of the {said}s approve ...")
    if len(meant) == len(theirs):
        return Event(kind=NodeKind.REVIEW, role=role, outcome="approve", approvals=count if count > 1 else None)
    if len(meant) > 1:
        raise Unclear(f"Several approvals of the {said} here are of {what!r}.", "step N")
    return Event(node=meant[0], outcome="approve")


def _reviews(node: Node, what: str) -> bool:
    """Whether a review is of that: of the change, the plan, the effect of a step, or of what has these words."""
    bare = re.sub(r"^(?:the|this|that|an?) ", "", what)
    subject = {"change": Subject.CHANGE, "plan": Subject.PLAN, "run": Subject.RUN, "all changes": Subject.RUN}.get(bare)
    if subject is not None:
        return node.reviews is subject
    effect = re.match(r"(?:effect of )?step `?(?P<step>[a-z0-9.-]+)", bare)
    return node.about is not None if effect else speaks_of(what, node)


def _running(command: str, nodes: Mapping[str, Node]) -> Event:
    hits = [name for name, node in nodes.items() if node.argv and list(node.argv) == command.split()]
    if len(hits) != 1:
        raise Unclear(f"`{command}` is run by {'several steps' if hits else 'no step'} of this process.", "step N")
    return Event(node=hits[0])


_EVENTS: Final = (
    (r"(?:the change is merged|merge|merge (?:the|a) change|merging)", Event(kind=NodeKind.MERGE)),
    (r"(?:the last edit|an edit|edit the change|the change is edited)", Event(edits=True)),
    (r"the gates pass(?:ed)?", Event(kind=NodeKind.GATE, outcome="passed")),
    (r"the (?:tests|checks) pass(?:ed)?", Event(kind=NodeKind.COMMAND, outcome="passed")),
)


def steps_of(text: str, nodes: Mapping[str, Node]) -> list[str]:
    """The steps whose titles have these words, in any form."""
    found = [n for n, node in nodes.items() if node.kind is not NodeKind.END and _stems(text) <= _stems(node.title)]
    return found or [n for n, node in nodes.items() if node.kind is not NodeKind.END and speaks_of(text, node)]


def speaks_of(text: str, node: Node) -> bool:
    """Whether the title of a step has these words, whatever their form."""
    return bool(_roots(text)) and _roots(text) <= _roots(node.title)


def _by_words(text: str, nodes: Mapping[str, Node]) -> Event:
    """The step whose title has these words; forms such as ``published`` are tried when no title has them as they stand."""
    hits = list[str]()
    for read in (_stems, _roots):
        wanted = read(text)
        hits = [
            n for n, node in nodes.items() if node.kind is not NodeKind.END and wanted and wanted <= read(node.title)
        ]
        if len(hits) == 1:
            return Event(node=hits[0])
        if hits:
            break
    many = "several steps" if hits else "no step"
    hint = "step N, or the words of one step; or, to tell it with the step before: About this: ..."
    raise Unclear(f"{text!r} means {many} of this process.", hint)


_SMALL: Final = words.SMALL | {"was", "were", "been", "has", "have"}


def _stems(text: str) -> frozenset[str]:
    found = re.findall(r"[a-z0-9]+", text.lower())
    return frozenset(words.base_verb(w) or words.singular(w) for w in found if w not in _SMALL)


def _roots(text: str) -> frozenset[str]:
    return frozenset(words.of_passive(w) or words.of_gerund(w) or w for w in _stems(text))


def say(rule_: Rule) -> str:
    """The rule in the words that compile to it again."""
    text = f"Never {_say(rule_.what)}"
    if rule_.other is not None:
        text += f" {'after' if rule_.kind is RuleKind.AFTER else 'before'} {_say(rule_.other)}"
    return text + (f" since {_say(rule_.since)}" if rule_.since is not None else "")


def _say(event_: Event) -> str:
    for pattern, known in zip(
        ("merge the change", "the last edit", "the gates passed", "the tests passed"), _EVENTS, strict=True
    ):
        if known[1] == event_:
            return pattern
    if event_.node is not None:
        return f"step `{event_.node}`" + (f" ends as `{event_.outcome}`" if event_.outcome else "")
    role = str(event_.role).replace("-", " ")
    return f"{event_.approvals} of the {role}s approved" if event_.approvals else f"the {role} approved"
