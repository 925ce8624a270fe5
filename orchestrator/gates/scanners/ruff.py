"""ruff's security rules and syntax check on both sides of a change, in one process.

The program of this very environment is run, never one found by ``PATH``, on
exported blobs under neutral names, with our options alone: no configuration,
ignore file, suppression comment or cache of the tree or of the user is read. A
known weakness is put beside the files; a run that does not report it is broken.

The verdict rests on ``S`` (security), ``PLE25`` (invisible and bidirectional
characters), ``PLC24`` (names outside ASCII) and on what does not parse (syntax
errors, ``E902``). ``RUF001-003`` (confusable characters in strings, docstrings
and comments) are notes. What each rule means: :mod:`orchestrator.gates.reports.dispositions`.

Not checked: anything that is not Python, and aliases such as ``e = eval; e(x)``.
"""

from __future__ import annotations

import json
import subprocess  # nosec B404 # ruff is a program
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, visible
from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.changes.sides import named_python
from orchestrator.gates.reports import dispositions
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.calling import call
from orchestrator.gates.scanners.scanning import Source, Target, ruled, targets, unscannable
from orchestrator.gates.scanners.second_look import looked_at_again
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["OPTIONS", "RuffGate", "find_ruff"]

OPTIONS = (
    "check",
    "--isolated",
    "--ignore-noqa",
    "--no-respect-gitignore",
    "--no-cache",
    "--no-fix",
    "--target-version=py314",
    "--select=S,E902,PLE25,PLC24,RUF001,RUF002,RUF003",
    "--output-format=json",
)

_TIMEOUT_SECONDS = 120.0
_CANARY = "canary.py"
_CANARY_SOURCE = b"exec(input())\n"
_CANARY_RULE = "S102"
_CRASHED = "GATE034"
_HUNG = "GATE032"
_PANIC = 101
_UNREADABLE = frozenset({"invalid-syntax", "E902"})


@cache
def find_ruff() -> Path:
    """The ruff of this environment. Raises ``GateBroken`` when it is not installed."""
    try:
        return Path(import_module("ruff").find_ruff_bin())
    except (ImportError, FileNotFoundError) as error:
        raise GateBroken("GATE030", "ruff is not installed beside Handrail", "pip install ruff") from error


class RuffGate:
    """Implements :class:`orchestrator.ports.Gate`. ``executable`` is looked up when it is ``None``."""

    name = "ruff"
    tool = "ruff"

    def __init__(
        self, worker: Worker, *, executable: Path | None = None, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> None:
        self._worker = worker
        self._executable = executable
        self._timeout = timeout_seconds

    def prepare(self, sources: Mapping[Digest, bytes]) -> None:
        """Read all of them in one process and keep its answers for :meth:`check`.

        What ruff cannot read in one go is kept of none, and read when it is asked for.
        """
        with suppress(GateBroken):
            self._answers(sources)

    @property
    def executable(self) -> Path:
        return self._executable or find_ruff()

    @property
    def tool_version(self) -> str:
        return _version(self.executable, self._timeout)

    @property
    def config(self) -> Digest:
        return _config(self.name, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        # One process reads all that it will be asked about, while the worker still looks at what may be asked.
        self._read_ahead({source_digest(data): data for data in named_python(candidate)})
        chosen = targets(candidate, self._worker, outcome)
        if not chosen:
            return outcome
        try:
            self._judge_all(chosen, outcome)
        except GateBroken as error:
            if error.code != _CRASHED:
                raise
            # One file that crashes ruff must not hide which one, nor what the others hold.
            self._judge_each(chosen, outcome)
        return outcome

    def _read_ahead(self, sources: Mapping[Digest, bytes]) -> None:
        """As :meth:`prepare` does, but a ruff that hangs is waited for once. Raises ``GateBroken`` then."""
        try:
            self._answers(sources)
        except GateBroken as error:
            if error.code == _HUNG:
                raise

    def _judge_each(self, chosen: Sequence[Target], outcome: Outcome) -> None:
        for target in chosen:
            try:
                self._judge_all([target], outcome)
            except GateBroken as error:
                why = str(error)
                outcome.broken.append(f"{target.file.path}: {why}")
                outcome.refused(target.file, why, unscannable(target.file, "SCAN-LIMIT", why, known=False))

    def _judge_all(self, chosen: Sequence[Target], outcome: Outcome) -> None:
        heads = self._run(target.head for target in chosen)
        # Nothing on the head, nothing to take away from it: the base is not read.
        bases = self._run(t.base for t in chosen if heads[t.head.digest] and t.base is not None)
        for target in chosen:
            head = heads[target.head.digest]
            before = bases[target.base.digest] if head and target.base else ()
            _judge(target, head, before, outcome, worker=self._worker)

    def _run(self, sources: Iterable[Source]) -> Mapping[Digest, list[Mapping[str, Any]]]:
        """Raw findings by the digest of what was read."""
        return self._answers({s.digest: s.data for s in sources})

    def _answers(self, sources: Mapping[Digest, bytes]) -> dict[Digest, list[Mapping[str, Any]]]:
        """Those that are kept, and of the others in one process, kept from now on."""
        question = f"ruff/{self.tool_version}/{self.executable}/{' '.join(OPTIONS)}"
        known = {digest: self._worker.kept(question, digest) for digest in sources}
        found = {digest: list(answer["found"]) for digest, answer in known.items() if answer is not None}
        fresh = (
            self._read({d: data for d, data in sources.items() if d not in found}) if len(found) < len(sources) else {}
        )
        for digest, answer in fresh.items():
            self._worker.keep(question, digest, {"found": answer})
        return found | fresh

    def _read(self, sources: Mapping[Digest, bytes]) -> dict[Digest, list[Mapping[str, Any]]]:
        """One process for all of them, on neutral names."""
        names = {f"s{number:06d}.py": digest for number, digest in enumerate(sources)}
        with tempfile.TemporaryDirectory(prefix="handrail-ruff-") as directory:
            (Path(directory) / _CANARY).write_bytes(_CANARY_SOURCE)
            for name, digest in names.items():
                (Path(directory) / name).write_bytes(sources[digest])
            done = _call([str(self.executable), *OPTIONS, "--", _CANARY, *names], directory, self._timeout)
        by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for finding in _parsed(done):
            by_name[Path(str(finding["filename"])).name].append(finding)
        strangers = set(by_name) - {_CANARY, *names}
        if strangers or not any(f["code"] == _CANARY_RULE for f in by_name[_CANARY]):
            raise GateBroken("GATE033", "ruff did not report a known weakness, so its silence means nothing")
        return {digest: by_name[name] for name, digest in names.items()}


@cache
def _config(name: str, version: str) -> Digest:
    return config_digest(name, OPTIONS, version, dispositions.digest())


@lru_cache(maxsize=8)
def _version(executable: Path, timeout_seconds: float) -> str:
    done = _call([str(executable), "--version"], "/", timeout_seconds)
    if done.returncode != 0:
        raise GateBroken("GATE031", f"ruff does not say its version (exit {done.returncode})")
    return done.stdout.decode("utf-8", "replace").strip().removeprefix("ruff ")


def _call(argv: Sequence[str], directory: str, timeout_seconds: float) -> subprocess.CompletedProcess[bytes]:
    try:
        return call(argv, directory, {"LC_ALL": "C.UTF-8", "NO_COLOR": "1"}, timeout_seconds)
    except subprocess.TimeoutExpired as error:
        raise GateBroken(_HUNG, f"ruff did not end within {timeout_seconds:g} s") from error
    except OSError as error:
        raise GateBroken("GATE030", f"ruff cannot be run: {error.strerror}", "install ruff beside Handrail") from error


def _parsed(done: subprocess.CompletedProcess[bytes]) -> list[Mapping[str, Any]]:
    if done.returncode < 0 or done.returncode == _PANIC:
        raise GateBroken(_CRASHED, f"ruff crashed (exit {done.returncode})", "make the file simpler")
    if done.returncode not in {0, 1} or done.stderr.strip():
        said = visible(done.stderr.decode("utf-8", "replace"))
        raise GateBroken("GATE031", f"ruff ended with exit {done.returncode} and said: {said}")
    try:
        parsed: list[Mapping[str, Any]] = json.loads(done.stdout)
    except ValueError as error:
        raise GateBroken("GATE031", "ruff's answer is not JSON") from error
    return parsed


def _judge(
    target: Target,
    head: Sequence[Mapping[str, Any]],
    base: Sequence[Mapping[str, Any]],
    outcome: Outcome,
    *,
    worker: Worker,
) -> None:
    unread = next((f for f in head if f["code"] in _UNREADABLE), None)
    if unread is not None:
        known = target.foreign or any(f["code"] in _UNREADABLE for f in base)
        why, line = str(unread["message"]), int(unread["location"]["row"])
        outcome.refused(target.file, why, unscannable(target.file, "SCAN-SYNTAX", why, known=known, line=line))
        return
    old = _hits(base, target.base, in_test=target.in_test) if base and target.base else []
    old = looked_at_again(old, target.base, worker)
    new = looked_at_again(_hits(head, target.head, in_test=target.in_test), target.head, worker)
    outcome.scanned(target.file, target.introduced(new, old))


def _hits(raw: Sequence[Mapping[str, Any]], source: Source, *, in_test: bool) -> list[Hit]:
    hits: list[Hit | None] = []
    for finding in raw:
        rule, lines = str(finding["code"]), (int(finding["location"]["row"]), int(finding["end_location"]["row"]))
        ruling = dispositions.of_ruff(rule, in_test=in_test)
        hits.append(ruled(source, rule, str(finding["message"]), ruling, lines))
    return [hit for hit in hits if hit is not None]
