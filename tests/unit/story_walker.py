"""A told story walked again over the workflow's own data, by rules written down here once more.

It imports nothing of the project. Where the prover keeps bits and goes forward,
this looks back over the passages of the story: what was the last thing that made
the verdicts void, and what came after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Passage = tuple[str, str]


class NotAWay(AssertionError):
    """The story is no way through the workflow: why."""


@dataclass
class Walk:
    """A workflow as plain data (``model_dump(mode="json")``), where its tokens stand, and what has been passed."""

    data: dict[str, Any]
    tokens: list[str] = field(default_factory=list)
    past: list[Passage] = field(default_factory=list)
    taken: dict[Passage, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes = self.data["nodes"]
        self.tokens = [self.data["start"]]

    def go(self, name: str, outcome: str) -> None:
        """One passage. Raises ``NotAWay``."""
        node = self.nodes[name]
        if name not in self.tokens:
            raise NotAWay(f"nothing stands on {name}")
        if node["kind"] == "parallel":
            if outcome != "begun":
                raise NotAWay(f"{name} begins its branches")
            self.tokens.remove(name)
            self.tokens += list(node["on"].values())
        else:
            self._bounded(name, node, outcome)
            self._move(name, node, node["on"][outcome])
        self.past.append((name, outcome))

    def _bounded(self, name: str, node: dict[str, Any], outcome: str) -> None:
        if outcome not in node["on"]:
            raise NotAWay(f"{name} never ends as {outcome}")
        spent = [o for o, most in node["at_most"].items() if self.taken.get((name, o), 0) >= most]
        if outcome in spent or (outcome == "exhausted" and not spent):
            raise NotAWay(f"{name} cannot end as {outcome} now")
        self.taken[name, outcome] = self.taken.get((name, outcome), 0) + 1
        if node["kind"] == "for_each" and outcome == "each":
            body = self._body(name)
            self.taken = {key: count for key, count in self.taken.items() if key[0] not in body}

    def _body(self, name: str) -> set[str]:
        found, todo = set[str](), [self.nodes[name]["on"]["each"]]
        while todo:
            here = todo.pop()
            if here != name and here not in found:
                found.add(here)
                todo += self.nodes[here]["on"].values()
        return found

    def _move(self, name: str, node: dict[str, Any], target: str) -> None:
        if node["kind"] == "join":
            if self.tokens.count(name) < len(self.nodes[node["about"]]["on"]):
                raise NotAWay(f"not every branch has come to {name}")
            self.tokens = [t for t in self.tokens if t != name]
        else:
            self.tokens.remove(name)
        left = self._around(name) - self._around(target)
        is_over = self.nodes[target]["kind"] == "end"
        self.tokens = [t for t in self.tokens if not is_over and not left & self._around(t)]
        self.tokens.append(target)

    def _around(self, name: str) -> set[str]:
        """The parallel nodes in whose branches this lies; a join lies in what it joins until all have come."""
        node, found = self.nodes[name], set[str]()
        inner = node["about"] if node["kind"] == "join" else (node["inside"] or "").split("/")[0]
        while inner:
            found.add(inner)
            inner = (self.nodes[inner]["inside"] or "").split("/")[0]
        return found

    # what is wrong

    def wrong(self, name: str, outcome: str | None = None) -> set[str]:
        """Codes of what must not be: standing on the node (``outcome`` None), or its ending so."""
        node, found = self.nodes[name], set[str]()
        for rule in self.data["rules"]:
            if rule["what"]["outcome"] == outcome and self._meant(rule["what"], name, outcome):
                happened = self._happened(rule)
                if {"never": True, "never-after": happened, "never-unless": not happened}[rule["kind"]]:
                    found.add("WF033")
        if outcome is not None:
            return found
        repeated = [node["repeat"]["fact"]] if node["repeat"] and node["repeat"]["fact"] else []
        for fact in [*repeated, *(c["fact"] for case in node["cases"] for c in case["when"])]:
            if not any(o == "answered" and fact in self.nodes[n]["asks"] for n, o in self.past):
                found.add("WF032")
        if node["kind"] == "merge":
            found |= self._unready(node["change"], stack=node["line"] == "stack")
        if node["effect"] and not node["effect"]["undo"]:
            found |= self._unapproved(name)
        return found

    def _unapproved(self, name: str) -> set[str]:
        found = set[str]() if self._effect_approved(name) else {"WF031"}
        for change in {n["change"] for n in self.nodes.values()}:
            if self._edits_since_landing(change):
                found |= self._unready(change, stack=False)
        return found

    def _effect_approved(self, name: str) -> bool:
        for passed, outcome in reversed(self.past):
            node = self.nodes[passed]
            if node["kind"] == "review" and outcome == "approve" and node["about"] == name:
                return True
            if passed == name or self._is_edit(node) or self._moves(node, outcome):
                return False
        return False

    def _unready(self, change: str, *, stack: bool) -> set[str]:
        """Why this change may not land now."""
        begin = self._last_void(change)
        last, outcome = self.past[begin] if begin >= 0 else ("", "")
        rest = [(self.nodes[n], o) for n, o in self.past[begin + 1 :] if self.nodes[n]["change"] == change]
        stacked = outcome == "stacked"
        approvals = [
            n for n, o in rest if n["kind"] == "review" and o == "approve" and n["reviews"] in {"change", "run"}
        ]
        needs, missing = self.data["needs"], False
        judged = stacked or (
            bool(last) and self.nodes[last]["kind"] == "gate" and outcome in {"passed", "needs-person"}
        )
        wanted = set() if stacked or not judged else set(needs["gates"]) - set(self.nodes[last]["gates"])
        missing |= not judged or bool(wanted)
        tests = [o == "passed" for n, o in rest if n["kind"] == "command" and not n["effect"]]
        missing |= needs["tests"] and not (tests[-1] if tests else stacked)
        if stack:
            return {"WF030"} if missing else set()
        missing |= not approvals or not set(needs["roles"]) <= {n["role"] for n in approvals}
        missing |= outcome in {"needs-person", "stacked"} and not approvals
        authors = {n["role"] for n in self._edits_since_landing(change) if n["role"]}
        alone = any(not any(self._beside(n, author) for n in approvals) for author in authors)
        return ({"WF030"} if missing else set()) | ({"WF034"} if alone else set())

    def _last_void(self, change: str) -> int:
        for number in range(len(self.past) - 1, -1, -1):
            name, outcome = self.past[number]
            node = self.nodes[name]
            mine = node["change"] == change and (node["kind"] == "gate" or self._is_edit(node))
            if mine or self._moves(node, outcome):
                return number
        return -1

    def _edits_since_landing(self, change: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for name, outcome in self.past:
            node = self.nodes[name]
            if node["change"] == change and node["kind"] == "merge" and outcome == "merged":
                found = []
            if node["change"] == change and self._is_edit(node):
                found.append(node)
        return found

    def _beside(self, review: dict[str, Any], author: str) -> bool:
        made = {
            n
            for n, node in self.nodes.items()
            if self._is_edit(node) and node["role"] == author and node["change"] == review["change"]
        }
        return review["role"] != author or review["approvals"] > 1 or made <= set(review["other_than"])

    @staticmethod
    def _is_edit(node: dict[str, Any]) -> bool:
        return bool(node["kind"] == "agent" or (node["kind"] == "task" and node["edits"]))

    @staticmethod
    def _moves(node: dict[str, Any], outcome: str) -> bool:
        """Whether the line may have moved, or what is shown is another thing: every verdict is void."""
        return node["kind"] in {"merge", "for_each"} or (node["kind"] == "review" and outcome in {"moved", "revised"})

    def _happened(self, rule: dict[str, Any]) -> bool:
        happened = False
        for name, outcome in self.past:
            if rule["since"] and self._meant(rule["since"], name, outcome):
                happened = False
            if rule["other"] and self._meant(rule["other"], name, outcome):
                happened = True
        return happened

    def _meant(self, event: dict[str, Any], name: str, outcome: str | None) -> bool:
        node = self.nodes[name]
        return (
            event["node"] in {None, name}
            and event["kind"] in {None, node["kind"]}
            and event["role"] in {None, node["role"]}
            and (not event["edits"] or self._is_edit(node))
            and node["approvals"] >= (event["approvals"] or 0)
            and (outcome is None or event["outcome"] in {None, outcome})
        )


def broken_by(data: dict[str, Any], story: list[Passage], node: str) -> set[str]:
    """Codes of what is broken at the end of the story, and nowhere on the way to it. Raises ``NotAWay``."""
    walk = Walk(data)
    for number, (name, outcome) in enumerate(story):
        here = {code for token in walk.tokens for code in walk.wrong(token)}
        ending = walk.wrong(name, outcome)
        if here or (ending and number < len(story) - 1):
            raise NotAWay(f"something is broken before the end, at {walk.tokens}")
        if ending:
            return ending if name == node else set()
        walk.go(name, outcome)
    return walk.wrong(node) if node in walk.tokens else set()
