"""The state as LangGraph keeps it: in two channels.

LangGraph numbers every channel, and copies every channel to ask who is next, at each superstep. So what
:class:`~orchestrator.engine.state.RunState` holds is no channel a field: ``steps`` is one, since it can be large, and
all the rest another.
"""

from __future__ import annotations

from typing import Annotated, Any, TypedDict, cast

from orchestrator.engine.state import RunState, Update


def newer(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Key by key, the newer value: agents side by side write their own steps, and agree on all else."""
    return {**(old or {}), **(new or {})}


class Channels(TypedDict):
    """``cursor`` is the state without ``steps``."""

    cursor: Annotated[dict[str, Any], newer]
    steps: Annotated[dict[str, Any], newer]


def state_of(channels: Channels) -> RunState:
    """As nodes read it."""
    return cast("RunState", {**channels["cursor"], "steps": channels["steps"]})


def written(update: Update) -> dict[str, Any]:
    """A node's update, for the channels that it changes."""
    cursor = dict(update)
    steps = cursor.pop("steps", None)
    return {"cursor": cursor} if steps is None else {"cursor": cursor, "steps": steps}
