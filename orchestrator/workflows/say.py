"""A Workflow in plain English, in the words that compile to it again."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.capabilities import Capabilities
from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.policy.proof.outcomes import EXHAUSTED, EXPIRED, OTHERWISE
from orchestrator.workflows import quotations, words
from orchestrator.workflows.draft import ENDS, PRIMARY
from orchestrator.workflows.facts import OPERATOR_WORDS


def explain(workflow: Workflow) -> str:
    """Every node, outcome, rule, role and grant in sentences. Deterministic.

    For what :func:`~orchestrator.workflows.compile.compile_prose` made, compiling the text gives the
    same workflow, but for the digest of its source and the places of its sentences. The
    kinds that only a PRD pipeline has are told as well; no sentence compiles to those.
    """
    lines = [f"# {workflow.title}", "", *_head(workflow), *_rules(workflow), ""]
    phase = ""
    for number, (name, text) in enumerate(_items(workflow, None), 1):
        here = workflow.nodes[name].phase
        if here != phase:
            lines += ["", f"## {here}", ""]
            phase = here
        lines += _numbered(number, text)
    return "\n".join(lines).rstrip() + "\n"


def _head(workflow: Workflow) -> Iterator[str]:
    if workflow.roles:
        yield f"Roles: {', '.join(role.replace('-', ' ') for role in workflow.roles)}."
    for names, said in ((workflow.needs.gates, "gates"), (workflow.needs.roles, "approval of")):
        shown = [f"`{n}`" if said == "gates" else f"the {n.replace('-', ' ')}" for n in names]
        if shown:
            yield f"A merge needs the {said} {', '.join(shown)}."
    if not workflow.needs.tests:
        yield "A merge needs no tests."
    yield from _grants(workflow.ceiling)
    if len({n.phase for n in workflow.nodes.values()}) > 1:
        yield "The phases follow each other."


def _grants(ceiling: Capabilities) -> Iterator[str]:
    reads = ceiling.read if ceiling.read != ("**",) else ()
    for verb, values in (
        ("read", reads),
        ("write", ceiling.write),
        ("write the protected", ceiling.write_protected),
        ("ask the models", ceiling.models),
        ("use the secrets", ceiling.secrets),
    ):
        if values:
            yield f"It may {verb} {', '.join(f'`{v}`' for v in values)}."
    for rule in ceiling.egress:
        verb = "post to" if rule.methods == ("POST",) else "reach"
        paths = [path if path != "/" else "" for path in rule.paths]
        yield f"It may {verb} {', '.join(f'`{rule.host}{path}`' for path in paths)}."


def _rules(workflow: Workflow) -> Iterator[str]:
    for rule in workflow.rules:
        yield f"{rule.text}."


def _numbered(number: int, text: list[str]) -> Iterator[str]:
    """An item of a list; all lines but the first stand as far in as its words begin."""
    mark = f"{number}. "
    yield mark + text[0]
    yield from (f"{' ' * len(mark)}{line}".rstrip() for line in text[1:])


def _items(workflow: Workflow, inside: str | None) -> Iterator[tuple[str, list[str]]]:
    """(node id, lines of its item) of the nodes directly in a branch, in order."""
    mine = [n for n, node in workflow.nodes.items() if node.inside == inside and _told(node)]
    follow = f"{inside.partition('/')[0]}-join" if inside else "done"
    for number, name in enumerate(mine):
        after = mine[number + 1] if number + 1 < len(mine) else follow
        node = workflow.nodes[name]
        if node.kind is NodeKind.PARALLEL:
            yield name, [*_parallel(workflow, name)]
            onward = workflow.nodes[f"{name}-join"].on["joined"]
            if onward != after:
                yield name, [f"{_go(onward)}."]
        else:
            first, *more = _sentences(name, node, after)
            quoted = [*quotations.quoted(node.quotation).split("\n"), ""] if node.quotation else []
            said = [" ".join(more)] if more else []
            yield name, [first, *quoted, *said] if quoted else [" ".join((first, *said))]


def _told(node: Node) -> bool:
    return node.kind not in {NodeKind.JOIN, NodeKind.END}


def _parallel(workflow: Workflow, name: str) -> Iterator[str]:
    yield f"`{name}`: In parallel:"
    for number, branch in enumerate(workflow.nodes[name].on, 1):
        steps = enumerate(_items(workflow, f"{name}/{branch}"), 1)
        below = [line for step, (_, text) in steps for line in _numbered(step, text)]
        yield from _numbered(number, [f"Branch `{branch}`:", *below])


def _sentences(name: str, node: Node, after: str) -> Iterator[str]:
    if node.kind is NodeKind.DECIDE:
        yield from _decision(name, node, after)
        return
    if node.kind is NodeKind.FOR_EACH and node.repeat is not None:
        yield f"`{name}`: {node.title}: {_go(node.on['each']).lower()}."
    else:
        timer = f" within {words.duration(node.within_seconds)}" if node.within_seconds else ""
        yield f"`{name}`: {node.title}{timer}{':' if node.quotation else '.'}"
        yield from (f"About this: {detail}." for detail in node.details)
    primary = _primary(node)
    if primary and node.on[primary] != after:
        yield f"{_go(node.on[primary])}."
    for outcome, target in sorted(node.on.items()):
        if outcome not in {primary, "each"} and not _is_default(node, outcome, target, after):
            times = f", at most {node.at_most[outcome]} times" if outcome in node.at_most else ""
            yield f"If it ends as `{outcome}`, {_go(target).lower()}{times}."


def _decision(name: str, node: Node, after: str) -> Iterator[str]:
    if len(node.cases) == 1 and node.title.startswith("Whether "):
        holds = node.cases[0].outcome
        what = f"{_go(node.on[holds]).lower()}{_bound(node, holds)}"
        yield f"`{name}`: If {node.title.removeprefix('Whether ')}, {what}."
    else:
        for case in node.cases:
            shown = [f"the {c.fact.replace('-', ' ')} {OPERATOR_WORDS[c.operator]} {c.value}" for c in case.when]
            yield f"`{name}`: If {' and '.join(shown)}, {_go(node.on[case.outcome]).lower()}."
    if node.on[OTHERWISE] != after:
        yield f"Otherwise, {_go(node.on[OTHERWISE]).lower()}."


def _bound(node: Node, outcome: str) -> str:
    """How often an outcome of a decision may be taken, and what follows then."""
    if outcome not in node.at_most:
        return ""
    return f", at most {node.at_most[outcome]} times, otherwise {_go(node.on[EXHAUSTED]).lower()}"


def _primary(node: Node) -> str:
    if node.kind is NodeKind.WAIT:
        return "elapsed" if node.pause_seconds is not None else "happened"
    return PRIMARY.get(node.kind, "")


def _is_default(node: Node, outcome: str, target: str, after: str) -> bool:
    if outcome == "needs-person":
        return target == after
    if outcome in {"moved", EXPIRED} or outcome in node.at_most:
        return False
    return target == {"reject": "rejected", "request-changes": "rejected"}.get(outcome, "stopped")


def _go(target: str) -> str:
    return f"End as {target}" if target in ENDS else f"Go to step `{target}`"
