"""A store and a clock in memory for what is reviewed: real behaviour, nothing on disk."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.errors import StoreError, UsageError
from orchestrator.models.ids import sha256

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FixedClock:
    def now(self):
        return NOW


class MemoryBlobs:
    def __init__(self):
        self.held = {}

    def put(self, data):
        self.held[sha256(data)] = data
        return sha256(data)

    def get(self, digest):
        if digest not in self.held:
            raise StoreError("STORE001", f"no blob {digest}")
        return self.held[digest]


class MemoryIndex:
    """The part of ``RunIndex`` that reviews touch, with the rules its docstrings state."""

    def __init__(self):
        self._runs, self._items, self._outcomes, self._decisions, self._comments = {}, {}, {}, {}, {}
        self._drafts = {}

    def save_run(self, run):
        self._runs[run.id] = run

    def run(self, run):
        return self._runs[run]

    def add_item(self, item):
        self._items.setdefault(item.id, item)

    def item(self, item):
        if item not in self._items:
            raise UsageError("STORE010", f"no item {item}")
        return self._items[item]

    def open_items(self, run=None):
        waiting = [i for i in self._items.values() if i.id not in self._outcomes and run in (None, i.run)]
        return tuple(sorted(waiting, key=lambda i: i.created_at))

    def close_item(self, item, outcome):
        self._outcomes.setdefault(item, str(outcome))

    def outcome(self, item):
        return self._outcomes.get(item)

    def add_decision(self, item, keyid, envelope, comes_to=None):
        held = self._decisions.setdefault(item, {})
        if item in self._outcomes or keyid in held:
            raise UsageError("STORE011", "closed, or this key has decided")
        held[keyid] = envelope
        outcome = comes_to(self.decisions(item)) if comes_to else None
        if outcome is not None:
            self._outcomes[item] = outcome
        return outcome

    def decisions(self, item):
        return tuple(self._decisions.get(item, {}).values())

    def take_back_decision(self, item, keyid):
        if self._decisions.get(item, {}).pop(keyid, None) is None:
            raise UsageError("REV033", "this key has not decided")
        self._outcomes.pop(item, None)

    def put_draft(self, run, keyid, subject, document):
        self._drafts.setdefault((run, keyid), {})[subject] = document

    def drop_draft(self, run, keyid, subject):
        self._drafts.get((run, keyid), {}).pop(subject, None)

    def drafts(self, run, keyid):
        return dict(self._drafts.get((run, keyid), {}))

    def add_comment(self, item, comment):
        self._comments.setdefault(item, []).append(comment)

    def comments(self, item):
        return tuple(self._comments.get(item, ()))
