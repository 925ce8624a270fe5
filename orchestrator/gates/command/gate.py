"""A gate that runs a program which the policy declares, in a sandbox, on the trees of base and head.

The program sees a tree that it cannot write, without a network, and its own settings as they are on the base. It runs
on the base only when it found something on the head. Whatever is not exactly a report about files of the tree makes
the gate ``ERROR``: another exit code, too much output, a time-out, a place outside, no word about a known weakness.

Not checked: that the program does what its name says. Without a declared known weakness its silence proves nothing,
and the report's tool version says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced, line_text, visible
from orchestrator.gates.changes.sides import REGULAR
from orchestrator.gates.command.results import Result, read_lines
from orchestrator.gates.command.sarif_in import read_sarif
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.changed import ChangedFile
from orchestrator.models.command_gate import FILES, CommandGate, CommandOutput, KnownWeakness
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.policy.paths import covers
from orchestrator.ports import Candidate, Prepared, Sandboxes, SandboxRequest, TreeEntry, Trees

__all__ = ["DeclaredGate", "Shop"]

_READER_VERSION = 1
_ARGUMENT_BYTES = 1024**2
_TAIL_BYTES = 600


@dataclass(frozen=True, slots=True)
class Shop:
    """Where the program runs: the repository's trees, an engine, and the packages of a tree's lock files."""

    trees: Trees
    sandboxes: Callable[[], Sandboxes]
    environment: Callable[[GitOid], Prepared | None]


class DeclaredGate:
    """Implements :class:`orchestrator.ports.Gate`. Nothing is started for a change that has none of its files."""

    def __init__(self, declared: CommandGate, shop: Shop) -> None:
        self._declared, self._shop = declared, shop
        self.name = declared.name

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(_Check(self._declared, self._shop), candidate)


class _Check:
    """One question. The tool's version is that of the image in which it ran."""

    def __init__(self, declared: CommandGate, shop: Shop) -> None:
        self._declared, self._shop = declared, shop
        self._where: tuple[str, ...] = ()
        self.name, self.tool = declared.name, declared.argv[0]

    @property
    def tool_version(self) -> str:
        proved = "" if self._declared.known_weakness else " (no known weakness is declared: its silence proves nothing)"
        return (" ".join(self._where) or "not started") + proved

    @property
    def config(self) -> Digest:
        return config_digest(self.name, self._declared.digest(), _READER_VERSION, self._where)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        judged = [f for f in candidate.files if self._applies(f)]
        found = self._compared(candidate, judged) if judged else _Found({}, {})
        for file in candidate.files:
            hits = [*self._settings(file), *found.head.pop(file.path, ())]
            if hits or file in judged:
                outcome.scanned(file, introduced(file.path, hits, found.base.get(file.path, ())))
            else:
                outcome.passed_over(file, "deleted" if file.new_blob is None else f"not a file for {self.name}")
        for path, hits in sorted(found.head.items()):
            outcome.findings += introduced(path, hits, found.base.get(path, ()))
        return outcome

    def _applies(self, file: ChangedFile) -> bool:
        return file.new_mode in REGULAR and covers(self._declared.files, file.path)

    def _settings(self, file: ChangedFile) -> Iterator[Hit]:
        names = dict.fromkeys(p for p in (file.path, file.old_path) if p and covers(self._declared.settings, p))
        for name in names:
            yield Hit(
                rule="GATE-SETTINGS",
                message=f"{name} sets what the gate {self.name} looks for, and was {file.kind.value}",
                disposition=Disposition.PERSON,
                severity="high",
                text=f"{self.name} {name} {file.old_blob} {file.new_blob}",
            )

    def _compared(self, candidate: Candidate, judged: Sequence[ChangedFile]) -> _Found:
        base, head = (self._shop.trees.tree_of(t) for t in (candidate.identity.tip, candidate.identity.tree))
        settings = [e for e in self._shop.trees.entries(base) if covers(self._declared.settings, e.path)]
        prepared = self._shop.environment(base) if self._declared.environment else None
        run = _Run(self._declared, self._shop, settings, prepared)
        now = run.hits(head, [f.path for f in judged])
        self._where = run.where
        if not now:
            return _Found({}, {})
        known = [f.old_path or f.path for f in judged if f.old_mode in REGULAR]
        before = run.hits(base, known) if known or not self._declared.by_file else {}
        names = {f.old_path: f.path for f in candidate.files if f.old_path and f.new_blob}
        return _Found(now, {names.get(path, path): hits for path, hits in before.items()})


@dataclass(frozen=True, slots=True)
class _Found:
    """Hits by path on the head."""

    head: dict[str, list[Hit]]
    base: Mapping[str, list[Hit]]


class _Run:
    """The program on one tree after the other, each in a container of its own."""

    def __init__(
        self, declared: CommandGate, shop: Shop, settings: Sequence[TreeEntry], prepared: Prepared | None
    ) -> None:
        self._declared, self._shop, self._settings, self._prepared = declared, shop, settings, prepared
        self.where: tuple[str, ...] = ()

    def hits(self, tree: GitOid, paths: Sequence[str]) -> dict[str, list[Hit]]:
        rows = self._rows(tree)
        found: dict[str, list[Hit]] = {}
        lines: dict[str, list[str]] = {}
        for result in self._results(rows, paths):
            if result.path not in lines:
                lines[result.path] = _lines(self._shop.trees.blob(rows[result.path].oid))
            found.setdefault(result.path, []).append(self._hit(result, lines[result.path]))
        return found

    def _rows(self, tree: GitOid) -> dict[str, TreeEntry]:
        """The tree with the settings of the base."""
        rows = {e.path: e for e in self._shop.trees.entries(tree) if not covers(self._declared.settings, e.path)}
        return rows | {e.path: e for e in self._settings}

    def _results(self, rows: Mapping[str, TreeEntry], paths: Sequence[str]) -> list[Result]:
        said = self._read(*self._execute(rows, paths))
        weak = self._declared.known_weakness
        if weak is not None and not any((r.path, r.rule) == (weak.path, weak.rule) for r in said):
            raise self._broken("GATE052", "did not report the known weakness, so its silence means nothing")
        results = [r for r in said if weak is None or r.path != weak.path]
        allowed = set(paths) if self._declared.by_file else rows.keys()
        strange = sorted({r.path for r in results if r.path not in allowed or rows[r.path].mode not in REGULAR})
        if strange:
            raise self._broken("GATE053", f"speaks of files that it was not asked about: {', '.join(strange[:5])}")
        return results

    def _execute(self, rows: Mapping[str, TreeEntry], paths: Sequence[str]) -> tuple[int, bytes, bytes]:
        declared, sandboxes = self._declared, self._shop.sandboxes()
        request = SandboxRequest(f"gate:{declared.name}", RunId("gate"), declared.limits).furnished(self._prepared)
        self.where = (sandboxes.image, *([self._prepared.digest] if self._prepared else []))
        own = self._weakness(rows)

        def read(oids: Sequence[GitOid]) -> Iterator[bytes]:
            stored = self._shop.trees.blobs([oid for oid in oids if oid not in own])
            return (own[oid].text.encode() if oid in own else next(stored) for oid in oids)

        entries = [*rows.values(), *(TreeEntry(weak.path, "100644", oid) for oid, weak in own.items())]
        argv = self._argv(paths)
        with sandboxes.open(request) as sandbox:
            sandbox.copy_in(sorted(entries, key=lambda e: e.path), read, Capabilities(), ())
            done = sandbox.execute(argv, timeout_seconds=declared.limits.wall_seconds)
        if done.timed_out or done.truncated:
            what = "did not end in time" if done.timed_out else "wrote more than may be read"
            raise self._broken("GATE051", what)
        return done.exit_code, done.stdout, done.stderr

    def _weakness(self, rows: Mapping[str, TreeEntry]) -> dict[GitOid, KnownWeakness]:
        """By an id that no blob of the repository has."""
        weak = self._declared.known_weakness
        if weak is None:
            return {}
        if weak.path in rows:
            raise self._broken("GATE052", f"cannot be tried: the tree has a file of its own at {weak.path}")
        return {GitOid(f"known weakness of {self._declared.name}"): weak}

    def _argv(self, paths: Sequence[str]) -> list[str]:
        weak = self._declared.known_weakness
        # "./" so that no file is taken for an option.
        names = [f"./{p}" for p in (*paths, *([weak.path] if weak else []))]
        if sum(len(n.encode("utf-8", "surrogateescape")) + 1 for n in names) > _ARGUMENT_BYTES:
            raise self._broken("GATE050", "would be given too many files: declare it without {files}")
        argv = self._declared.argv
        return [word for part in argv for word in (names if part == FILES else [part])]

    def _read(self, code: int, out: bytes, err: bytes) -> tuple[Result, ...]:
        declared = self._declared
        if code not in {*declared.clean_exits, *declared.finding_exits}:
            raise self._broken("GATE050", f"ended with exit {code}", err or out)
        try:
            said = read_sarif(out) if declared.output is CommandOutput.SARIF else read_lines(out)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._broken("GATE051", f"cannot be understood ({error})", err or out) from error
        if code in declared.finding_exits and not said:
            raise self._broken("GATE051", f"ended with exit {code}, which means findings, and names none", err)
        return said

    def _hit(self, result: Result, lines: Sequence[str]) -> Hit:
        # A file that ends without a line feed is often said to end one line later.
        if result.end_line > len(lines) + 1:
            raise self._broken("GATE053", f"speaks of line {result.end_line} of {result.path}, which has {len(lines)}")
        declared = self._declared
        disposition = {"error": declared.error, "warning": declared.warning}.get(result.level, declared.note)
        return Hit(
            rule=f"{declared.name}/{result.rule}",
            message=result.message,
            disposition=disposition,
            line=result.line,
            end_line=result.end_line,
            text=line_text(lines, result.line, result.end_line) if result.line else result.message,
            severity={"error": "high", "warning": "medium"}.get(result.level, "low"),
            cwe=result.cwe,
            hint=visible(result.hint) or f"mend what {declared.name} names",
        )

    def _broken(self, code: str, what: str, said: bytes = b"") -> GateBroken:
        tail = visible(said[-_TAIL_BYTES:].decode("utf-8", "replace"))
        text = f"{self._declared.argv[0]} {what}" + (f": {tail}" if tail else "")
        return GateBroken(code, visible(text), "see how the policy declares it: handrail policy show --json")


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
