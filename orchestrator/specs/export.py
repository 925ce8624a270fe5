"""A spec written out again: as Markdown in our own form, as spec-kit, as EARS.

The labels of our own form stand in the others too, so that reading the file
again gives the same requirements: id, title, statement, criteria, kind, priority, paths and
commands. That is tried each time, and what a form cannot carry is refused (PRD060), never lost.
Not kept: places, emphasis, and aliases that a form adds of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from orchestrator.errors import UsageError
from orchestrator.models.capabilities import DataClass
from orchestrator.models.spec import Declared, Requirement, Spec, SpecFormat
from orchestrator.specs.codes import SpecProblems, shown
from orchestrator.specs.kinds import kind_of, priority_of
from orchestrator.specs.naming import ID
from orchestrator.specs.parse import parse_spec

FORMS = (SpecFormat.FEATURE, SpecFormat.SPEC_KIT, SpecFormat.EARS)
_OWN_ID = re.compile(ID)
_KIT_ID = re.compile(r"(?!SC-|REQ-|US-)" + _OWN_ID.pattern)
_TICKS = re.compile(r"`+")
_SPECIAL = re.compile(r"[\\*_<>&\[\]|~#`!]")
_START = re.compile(r"(?:[-+=](?=\s|$|[-=])|(?P<n>[0-9]{1,9})(?P<d>[.)])(?=\s|$))")
_GHERKIN = re.compile(r"(?:given|when|then|and|but)\b", re.IGNORECASE)


def export(spec: Spec, form: SpecFormat) -> str:
    """The whole document. Raises ``UsageError``: PRD061 for a form that is not written, PRD060 with what is lost."""
    writers: dict[SpecFormat, Callable[[Spec], Iterator[str]]] = {
        SpecFormat.FEATURE: _own,
        SpecFormat.SPEC_KIT: _spec_kit,
        SpecFormat.EARS: _ears,
    }
    if form not in writers:
        raise UsageError("PRD061", f"Specs are not written as {form}.", f"one of: {', '.join(FORMS)}")
    head = f"---\nnamespace: {spec.namespace}\nformat: {form}\n---\n"
    text = head + "\n" + "\n\n".join(writers[form](spec)) + "\n"
    _refuse_loss(spec, text, form)
    return text


def same(one: Requirement, other: Requirement) -> bool:
    """Whether two are the same requirement but for their places and further aliases."""
    return _core(one) == _core(other) and set(one.aliases) <= set(other.aliases)


def _core(r: Requirement) -> tuple[object, ...]:
    lists = [[d.value for d in values] for values in (r.where, r.verify_by, r.reaches)]
    return r.id, r.text_digest, r.kind, r.priority, r.depends_on, r.data, lists


def _refuse_loss(spec: Spec, text: str, form: SpecFormat) -> None:
    hint = f"write it more plainly, or export as {SpecFormat.FEATURE}"
    try:
        again = parse_spec(text.encode(), "export.md", form)
    except SpecProblems as broken:
        told = f"{form} cannot carry this spec: {broken.problems[0].message}"
        raise UsageError("PRD060", told, hint) from broken
    found = {r.id: r for r in again.requirements}
    for requirement in spec.requirements:
        back = found.pop(requirement.id, None)
        if back is None or not same(requirement, back):
            text = f"{form} cannot carry {requirement.id} ({shown(requirement.statement)!r}) without loss."
            raise UsageError("PRD060", text, hint)
    if found or [r.statement for r in again.non_goals] != [_flat(r.statement) for r in spec.non_goals]:
        raise UsageError("PRD060", f"{form} cannot carry what {spec.path} leaves out.", hint)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _own(spec: Spec) -> Iterator[str]:
    yield f"# {_escaped(_flat(spec.title))}"
    yield "## Requirements"
    for r in spec.requirements:
        key = _key(r)
        own = _OWN_ID.fullmatch(key) is not None
        mark = key if own else f"REQ-{spec.requirements.index(r) + 1:03d}"
        yield f"### {mark}: {_escaped(r.title)}".rstrip()
        yield from _blocks(r.statement)
        yield from _labels(r, spec, written=key if own else "", titled=True)
    yield from _left_out(spec)


def _spec_kit(spec: Spec) -> Iterator[str]:
    yield f"# Feature Specification: {_escaped(_flat(spec.title))}"
    yield "## Requirements"
    yield "### Functional Requirements"
    for n, r in enumerate(spec.requirements, 1):
        key = _key(r)
        own = _KIT_ID.fullmatch(key) is not None
        first, *rest = list(_blocks(r.statement)) or [""]
        if first.startswith(("```", "~~~", "- ")):
            first, rest = "", [first, *rest]
        inside = [*rest, *_labels(r, spec, written=key if own else "", titled=False)]
        yield "\n\n".join([f"- **{key if own else f'FR-{n:03d}'}**: {first}".rstrip(), *map(_indented, inside)])
    yield from _left_out(spec)


def _ears(spec: Spec) -> Iterator[str]:
    yield "# Requirements Document"
    yield "## Introduction"
    yield _escaped(_flat(spec.title))
    yield "## Requirements"
    for n, r in enumerate(spec.requirements, 1):
        key = _key(r)
        own = key.isdecimal() and str(int(key)) == key and len(key) <= 5  # noqa: PLR2004  as the reader takes it
        titled = bool(r.priority) or not priority_of(r.title)  # a heading that names a priority gives one
        yield f"### Requirement {key if own else n}: {_escaped(r.title) if titled else ''}".rstrip()
        for block in _blocks(r.statement):
            yield "\n\n".join(f"\\{line}" for line in block.split("\n")) if block.startswith("- ") else block
        yield from _labels(r, spec, written=key if own else "", titled=titled, criteria=False)
        if r.acceptance:
            yield "#### Acceptance Criteria"
            yield _items([c.text for c in r.acceptance], numbered=True)
    yield from _left_out(spec)


def _key(r: Requirement) -> str:
    return r.id.partition("/")[2]


def _labels(r: Requirement, spec: Spec, *, written: str, titled: bool, criteria: bool = True) -> Iterator[str]:
    """One list of labelled lines, each only where it says something."""
    rows: list[str] = []
    if written != _key(r) or not r.id.startswith(f"{spec.namespace}/"):
        rows.append(f"- *Requirement id:* {r.id}")
    others = [a for a in r.aliases if a != _key(r)]
    if others:
        rows.append(f"- *Also called:* {_escaped('; '.join(others))}")
    if r.title and not titled:
        rows.append(f"- *Requirement title:* {_escaped(r.title)}")
    if r.priority:
        rows.append(f"- *Priority:* {r.priority}")
    if r.kind is not kind_of(_key(r), ["requirements", r.title.casefold()], r.statement):
        rows.append(f"- *Kind:* {r.kind}")
    if criteria and r.acceptance:
        rows.append("- *Accept:*\n" + _indented(_items([c.text for c in r.acceptance])))
    rows += [f"- *{name}:* {_codes(values)}" for name, values in _declared(r) if values]
    if r.data is not DataClass.OPEN:
        rows.append(f"- *Data class:* `{r.data}`")
    if r.depends_on:
        rows.append(f"- *Depends on:* {', '.join(r.depends_on)}")
    if rows:
        yield "\n".join(rows)


def _declared(r: Requirement) -> Iterator[tuple[str, Sequence[Declared]]]:
    yield "Where", r.where
    yield "Verify by", r.verify_by
    yield "Reaches", r.reaches


def _codes(values: Sequence[Declared]) -> str:
    return ", ".join(_code(v.value) for v in values)


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _left_out(spec: Spec) -> Iterator[str]:
    if spec.non_goals:
        yield "## Non-goals"
        yield "\n".join(f"- {_escaped(_flat(r.statement))}" for r in spec.non_goals)


def _items(texts: Sequence[str], *, numbered: bool = False) -> str:
    return "\n".join(_item(text, f"{n}. " if numbered else "- ") for n, text in enumerate(texts, 1))


def _item(text: str, mark: str) -> str:
    """A criterion. Further lines of Given, When, Then are items beside it; others stand below, as paragraphs."""
    parts = list(_paragraphs(text))
    first, *rest = parts or [""]
    if mark == "- " and all(_GHERKIN.match(part) for part in parts):
        return "\n".join(f"- {_escaped(part)}" for part in parts)
    shown_first = first if first.startswith(("```", "~~~")) else _escaped(first)
    below = [part if part.startswith(("```", "~~~")) else _escaped(part) for part in rest]
    pad = " " * len(mark)
    return "\n\n".join([_indented(shown_first, pad).replace(pad, mark, 1), *(_indented(part, pad) for part in below)])


def _paragraphs(text: str) -> Iterator[str]:
    """Lines of a criterion; a fenced block stays whole."""
    fence: list[str] = []
    for line in text.split("\n"):
        opened = re.match(r"`{3,}|~{3,}", line)
        if fence:
            fence.append(line)
            if opened and fence[0].startswith(line.strip()):
                yield "\n".join(fence)
                fence = []
        elif opened:
            fence = [line]
        else:
            yield line
    if fence:
        yield "\n".join(fence)


def _blocks(statement: str) -> Iterator[str]:
    """A statement's paragraphs, lists and fenced blocks as Markdown."""
    fence: list[str] = []
    for part in statement.split("\n\n"):
        if fence or re.match(r"`{3,}|~{3,}", part):
            fence.append(part)
            whole = "\n\n".join(fence)
            if (
                len(list(_paragraphs(whole))) == 1
                and whole.count("\n")
                and whole.split("\n")[-1] in whole.split("\n")[0]
            ):
                yield whole
                fence = []
        elif part.lstrip().startswith("- "):
            yield "\n".join(_listed(line) for line in part.split("\n"))
        else:
            yield _escaped(part)
    if fence:
        yield "\n\n".join(fence)


def _listed(line: str) -> str:
    depth = len(line) - len(line.lstrip())
    return " " * depth + "- " + _escaped(line.lstrip().removeprefix("- "))


def _escaped(text: str) -> str:
    """The visible words as Markdown that shows the same words; code spans stay as they are."""
    made: list[str] = []
    at = 0
    for begin, end in _spans(text):
        made += [_SPECIAL.sub(lambda found: "\\" + found[0], text[at:begin]), text[begin:end]]
        at = end
    whole = "".join([*made, _SPECIAL.sub(lambda found: "\\" + found[0], text[at:])])
    start = _START.match(whole)
    if start and start["d"]:
        return whole[: start.start("d")] + "\\" + whole[start.start("d") :]
    return "\\" + whole if start else whole


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Code spans as CommonMark finds them: a run of backticks, closed by the next run of the same length."""
    runs = [(m.start(), m.end()) for m in _TICKS.finditer(text)]
    k = 0
    while k < len(runs):
        length = runs[k][1] - runs[k][0]
        closing = next((j for j in range(k + 1, len(runs)) if runs[j][1] - runs[j][0] == length), None)
        if closing is None:
            k += 1
            continue
        yield runs[k][0], runs[closing][1]
        k = closing + 1


def _indented(text: str, pad: str = "  ") -> str:
    return "\n".join(pad + line if line else line for line in text.split("\n"))
