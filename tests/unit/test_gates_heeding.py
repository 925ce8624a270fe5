"""No family has a word about a call that it is not shown."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.families import FAMILIES, RULES
from orchestrator.gates.flow.heeding import Heeding
from orchestrator.gates.flow.module import Module
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.values import ANYTHING, Value, constant

DATA = Path(__file__).parents[1] / "data"
SETS = ("gate_evasions.toml", "gate_variants.toml", "gate_harmless.toml", "detection_pairs.toml")


def texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        yield from texts([*cast("dict[str, Any]", found).values()])
    elif isinstance(found, list):
        for part in cast("list[Any]", found):
            yield from texts(part)


def modules() -> Iterator[ast.Module]:
    kept = [text for name in SETS for text in texts(tomllib.loads((DATA / name).read_text()))]
    for text in dict.fromkeys([*kept, *(text for rule in RULES.values() for text in (rule.bad, rule.good))]):
        try:
            yield ast.parse(text)
        except (SyntaxError, ValueError):
            continue


def watched(family: Family, heeding: Heeding, unheard: set[str], said: set[str]) -> Family:
    """The family, shown every call; what it says of one that it does not heed is ``unheard``."""
    look = family.on_call
    if look is None:
        return family

    def on_call(call: Call, say: Say) -> None:
        def tell(rule: Rule, node: ast.AST, what: str) -> None:
            said.add(rule.code)
            if look not in heeding.looks(call):
                unheard.add(f"{rule.code}: {what} at {sorted(call.names)}")
            say(rule, node, what)

        look(call, tell)

    return replace(family, on_call=on_call, heeds=None)


def test_a_family_says_nothing_of_a_call_that_it_is_not_shown() -> None:
    unheard, said = set[str](), set[str]()
    heeding = Heeding(FAMILIES)
    families = [watched(family, heeding, unheard, said) for family in FAMILIES]
    all_of_them = Heeding(families)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        for tree in modules():
            Module(families, all_of_them).run(tree)
    finally:
        sys.setrecursionlimit(limit)
    assert not unheard
    assert len(said) > 50, "the modules no longer show what the families say"


CALLS = {
    "a name": (Heeds(names=frozenset({"os.system"})), Call(ast.Pass(), frozenset({"os.system", "x"}))),
    "a method": (Heeds(methods=frozenset({"save"})), Call(ast.Pass(), frozenset({"?.save"}))),
    "a beginning": (Heeds(beginnings=("set:",)), Call(ast.Pass(), frozenset({"set:a.b"}))),
    "a form": (Heeds(form=lambda name: name.endswith("[]")), Call(ast.Pass(), frozenset({"a[]"}))),
    "a keyword": (Heeds(keywords=frozenset({"host"})), Call(ast.Pass(), frozenset(), (), {"host": ANYTHING})),
    "a key of an argument": (
        Heeds(keys=frozenset({"sslmode"})),
        Call(ast.Pass(), frozenset(), (Value(pairs=(("sslmode", constant("x")),)),)),
    ),
    "a key of a named argument": (
        Heeds(keys=frozenset({"sslmode"})),
        Call(ast.Pass(), frozenset(), (), {"o": Value(pairs=(("sslmode", constant("x")),))}),
    ),
    "a receiver": (
        Heeds(receivers=frozenset({"sys.path"})),
        Call(ast.Pass(), frozenset(), receiver=Value(refs=frozenset({"sys.path"}))),
    ),
    "what is spread": (Heeds(spreads=True), Call(ast.Pass(), frozenset(), spreads=(ANYTHING,))),
    "everything": (None, Call(ast.Pass(), frozenset())),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_family_is_shown_what_it_heeds_and_no_other_call(what: str) -> None:
    heeds, call = CALLS[what]

    def look(_: Call, __: Say) -> None:
        raise AssertionError("only asked for")

    heeding = Heeding([Family("one", (), look, heeds=heeds), Family("none", (), None)])
    assert heeding.looks(call) == (look,)
    other = Call(
        ast.Pass(), frozenset({"plain.thing"}), (constant(1), Value(pairs=((1, ANYTHING),))), {"name": ANYTHING}
    )
    assert heeding.looks(other) == (() if heeds else (look,))
