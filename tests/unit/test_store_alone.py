"""What is written of a node beside the checkpoint: nothing for one that runs alone, all of it for several, at once."""

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt

from orchestrator.engine.channels import newer
from orchestrator.store.checkpoints import checkpoints
from orchestrator.store.saver import StateSaver


class State(TypedDict):
    said: Annotated[dict[str, Any], newer]


CONFIG: Any = {"configurable": {"thread_id": "t"}}


def graph(saver: StateSaver, ran: list[str], first: Any, second: Any) -> Any:
    """``alone``, then two that are sent to side by side, then ``asks``."""
    made: Any = StateGraph(State)

    def alone(_: State) -> State:
        ran.append("alone")
        return {"said": {"alone": 1}}

    def side(given: dict[str, Any]) -> State:
        ran.append(given["name"])
        return {"said": {given["name"]: (first if given["name"] == "first" else second)()}}

    def asks(_: State) -> State:
        return {"said": {"asks": interrupt("what?")}}

    for node in (alone, side, asks):
        made.add_node(node.__name__, node)
    made.add_edge(START, "alone")
    sent = [Send("side", {"name": name}) for name in ("first", "second")]
    made.add_conditional_edges("alone", lambda _: sent, ["side"])
    made.add_edge("side", "asks")
    made.add_edge("asks", END)
    return made.compile(checkpointer=saver)


def beside(path: Path) -> list[str]:
    """What other processes read of single nodes now; without LangGraph's own marks."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT channel FROM writes WHERE channel NOT LIKE 'branch:%' ORDER BY idx").fetchall()
    db.close()
    return [row[0] for row in rows]


def until(holds: Callable[[], bool]) -> None:
    """LangGraph writes in threads of its own."""
    over = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < over
        time.sleep(0.01)


def two(path: Path, *, in_turns: bool) -> tuple[list[str], Any, Any]:
    """A run in which the second of two side by side breaks the first time. What ran, what it ends as, what was kept."""
    ran, kept = list[str](), list[list[str]]()
    once = [ValueError("broke")]

    begun = threading.Event()

    def first() -> int:
        kept.append(beside(path))
        begun.set()
        return 1

    def second() -> int:
        assert begun.wait(60)
        if once:
            until(lambda: len(beside(path)) > len(kept[0]))
            raise once.pop()
        return 2

    with checkpoints(path, in_turns=in_turns) as saver:
        app = graph(saver, ran, first, second)
        with pytest.raises(ValueError, match="broke"):
            app.invoke({"said": {}}, CONFIG, durability="sync")
        kept.append(beside(path))
    with checkpoints(path, in_turns=in_turns) as saver:
        app = graph(saver, ran, first, second)
        app.invoke(None, CONFIG, durability="sync")
        kept.append(beside(path))
        ended = app.invoke(Command(resume="that"), CONFIG, durability="sync")
    return ran, ended["said"], kept


def test_of_a_node_that_runs_alone_nothing_is_written_beside_its_checkpoint(tmp_path: Path) -> None:
    ran, said, kept = two(tmp_path / "checkpoints.db", in_turns=True)
    assert said == {"alone": 1, "first": 1, "second": 2, "asks": "that"}
    assert ran == ["alone", "first", "second", "second"], "one that had ended does not run again"
    _, broken, asked = kept
    assert broken.count("said") == 1, "the first's result, and nothing of the node before them, which ran alone"
    assert "__error__" in broken, "how the second broke"
    assert "__interrupt__" in asked


def test_for_any_other_graph_everything_is_written_as_langgraph_wants_it(tmp_path: Path) -> None:
    ran, said, kept = two(tmp_path / "checkpoints.db", in_turns=False)
    assert said == {"alone": 1, "first": 1, "second": 2, "asks": "that"}
    assert ran == ["alone", "first", "second", "second"]
    assert kept[1].count("said") > 1, "that of the node before them too, and of those that are not thinned out yet"
