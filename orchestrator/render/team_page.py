"""Many runs on one page: the figures of a team or of a batch, and a row for each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.render.data import literal
from orchestrator.render.html import page

_RUNS = 1_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def team_page(body: Mapping[str, Any]) -> str:
    """``body`` as ``report --since --json`` or ``report --batch --json`` prints it. Of the runs the first 1,000."""
    most = max((hit["count"] for hit in body["gate_hits"]), default=1)
    values = {"b": body, "runs": body["runs"][:_RUNS], "most": most, "span": span, "title": title(body)}
    return page("team_report.html.j2", values)


def title(body: Mapping[str, Any]) -> str:
    """What the figures are of."""
    many = len(body["runs"])
    runs = f"{many} run{'' if many == 1 else 's'}"
    if body["batch"]:
        return f"Batch {body['batch']}: {runs} of {body['asked']} begun"
    return f"{runs} since {body['since'][:10]}"


def span(seconds: float | None) -> str:
    """A time in the two largest units that it has."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{seconds:.1f} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def lines(body: Mapping[str, Any]) -> list[str]:
    """The same figures for a terminal; texts of others are made literal."""
    return [
        title(body),
        "  " + ", ".join(f"{count} {status}" for status, count in body["statuses"].items()),
        _lead(body["lead_time"]),
        _rework(body["rework"]),
        "Gate hits: " + ("none" if not body["gate_hits"] else ""),
        *(f"  {_hit(hit)}" for hit in body["gate_hits"]),
        "Decisions by role: " + ("none" if not body["approvals"] else ""),
        *(f"  {_role(row)}" for row in body["approvals"]),
        f"Cost: {body['cost']['tokens']} tokens, {money(body['cost']['cost_usd'])}",
        *(
            f"  {literal(a['agent']) or 'no agent'}: {a['tokens']} tokens, {money(a['cost_usd'])}"
            for a in body["agents"]
        ),
        *_people(body["people"]),
    ]


def _lead(of: Mapping[str, Any]) -> str:
    times = f"median {span(of['median_seconds'])}, 90 in 100 within {span(of['p90_seconds'])}"
    return f"Lead time of {of['runs']} whole runs: {times}"


def _rework(of: Mapping[str, Any]) -> str:
    done = f"{of['attempts']} attempts for {of['steps']} steps, {of['merged']} merged{share(of['first_time_share'])}"
    back = f"{of['refused_by_gates']} refused by gates, {of['returned_by_people']} returned by people"
    return f"Rework: {done}; {back}, {of['denials']} denials"


def share(part: float | None) -> str:
    """How many of the merged steps were right the first time."""
    return "" if part is None else f" ({part:.0%} at the first attempt)"


def money(usd: float | None) -> str:
    """A sum, or that a price is unknown."""
    return "price unknown" if usd is None else f"{usd:.2f} USD"


def _hit(hit: Mapping[str, Any]) -> str:
    lifted = f", {hit['lifted']} lifted" if hit["lifted"] else ""
    runs = f"{hit['runs']} run{'' if hit['runs'] == 1 else 's'}"
    return f"{hit['count']:>4}  {literal(hit['gate'])} {literal(hit['rule'])} ({hit['disposition']}) in {runs}{lifted}"


def _role(row: Mapping[str, Any]) -> str:
    said = ", ".join(f"{count} {verdict}" for verdict, count in row.items() if verdict != "role" and count)
    return f"{literal(row['role'])}: {said}"


def _people(rows: list[Mapping[str, Any]] | None) -> list[str]:
    if rows is None:
        return []
    told = [
        f"  {literal(r['reviewer'])}: {r['decisions']} decisions, median {span(r['median_seconds_on_screen'])}"
        for r in rows
    ]
    return ["On screen, which the policy keeps:" + ("" if told else " nothing"), *told]
