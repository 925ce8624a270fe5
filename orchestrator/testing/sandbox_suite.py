"""What every provider of :class:`~orchestrator.ports.Sandboxes` must do, tried on the real thing.

Each ``check_…`` takes the provider and raises ``AssertionError`` when it falls
short. ``CHECKS`` holds them all; any test runner can loop over it. The image
needs a POSIX shell and ``python3``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

from orchestrator.errors import HandrailError, LimitReached, UsageError
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import GitOid, RunId
from orchestrator.ports import ChangeOut, Execution, Sandbox, Sandboxes, SandboxRequest, TreeEntry

LIMITS = Limits(cpus=1.0, memory_mib=192, pids=32, disk_mib=32, inodes=2000, wall_seconds=60, output_kib=64)
GRANT = Capabilities(read=("**",), write=("src/**", "docs/*.md"), limits=LIMITS)
RUN = RunId("20000101-suite0")
KILLED, NOT_FOUND = 137, 127
FILES: Mapping[str, tuple[str, bytes]] = {
    "README.md": ("100644", b"read me\n"),
    ".github/w.yml": ("100644", b"on: push\n"),
    "docs/a.md": ("100644", b"a\n"),
    "docs/a.css": ("100644", b"a{}\n"),
    "link": ("120000", b"README.md"),
    "src/app/deep/x.py": ("100644", b"x = 1\n"),
    "src/app/run.sh": ("100755", b"#!/bin/sh\necho ran\n"),
    "src/conftest.py": ("100644", b"# protected\n"),
    "src/to": ("120000", b"app/run.sh"),
    "naïve/ü name.txt": ("100644", b"\x00\xff\n"),
}


class Tree:
    """A tree in memory, in the form in which version control hands it over."""

    def __init__(self, files: Mapping[str, tuple[str, bytes]] = FILES) -> None:
        self.blobs = {_oid(data): data for _, data in files.values()}
        self.entries = tuple(TreeEntry(p, mode, _oid(data)) for p, (mode, data) in sorted(files.items()))

    def read(self, oids: Sequence[GitOid]) -> Iterator[bytes]:
        """Contents in the order asked for."""
        return (self.blobs[oid] for oid in oids)


def _oid(data: bytes) -> GitOid:
    return GitOid(hashlib.sha1(data, usedforsecurity=False).hexdigest())


def request(*, open_tree: bool = False, limits: Limits = LIMITS) -> SandboxRequest:
    """A request of this suite."""
    return SandboxRequest(key="suite/S01/1/test", run=RUN, limits=limits, open_tree=open_tree)


class Filled:
    """An open sandbox with a tree inside."""

    def __init__(
        self,
        provider: Sandboxes,
        *,
        open_tree: bool = False,
        grant: Capabilities = GRANT,
        tree: Tree | None = None,
        protected: Sequence[str] = (),
    ) -> None:
        self._context = provider.open(request(open_tree=open_tree, limits=grant.limits))
        self._tree, self._grant, self._protected = tree or Tree(), grant, protected
        self.sandbox: Sandbox

    def __enter__(self) -> Self:
        self.sandbox = self._context.__enter__()
        try:
            self.sandbox.copy_in(self._tree.entries, self._tree.read, self._grant, self._protected)
        except BaseException as error:
            self._context.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(*error)  # type: ignore[arg-type]  # the three values that Python hands over

    def sh(self, script: str, timeout_seconds: float = 20.0, stdin: bytes = b"") -> Execution:
        """Run a shell script."""
        return self.sandbox.execute(["sh", "-c", script], timeout_seconds=timeout_seconds, stdin=stdin)

    def py(self, script: str, timeout_seconds: float = 20.0) -> Execution:
        """Run a Python script."""
        return self.sandbox.execute(["python3", "-I", "-c", script], timeout_seconds=timeout_seconds)

    def out(self) -> ChangeOut:
        """The change."""
        return self.sandbox.change_out()


def must(condition: object, what: str) -> None:
    """An assertion that survives ``python -O``."""
    if not condition:
        raise AssertionError(what)


def refuses(work: Callable[[], object], kind: type[HandrailError], code: str) -> None:
    """``work`` must raise this error with this code."""
    try:
        work()
    except kind as error:
        must(error.code == code, f"the code is {error.code}, not {code}")
        must(error.message, "the error says nothing")
        return
    raise AssertionError(f"nothing was raised, {code} was due")


def check_round_trip_changes_nothing(provider: Sandboxes) -> None:
    """A tree that nobody touched comes back as present and unchanged, in both layouts."""
    for open_tree in (False, True):
        with Filled(provider, open_tree=open_tree) as box:
            out = box.out()
        must(out.present == frozenset(FILES), f"present are {sorted(out.present)}")
        must(out.changed == () and out.refused == (), f"{out.changed} {out.refused}")


def check_contents_and_modes_arrive(provider: Sandboxes) -> None:
    """Bytes, the executable bit and links are as in the tree."""
    with Filled(provider) as box:
        must(box.sh("cat 'naïve/ü name.txt'").stdout == b"\x00\xff\n", "bytes differ")
        must(box.sh("src/to && readlink link").stdout == b"ran\nREADME.md\n", "link or mode differ")
        must(box.sh("pwd; id -u").stdout == b"/work\n65534\n", "wrong place or user")


def check_writes_are_granted_by_the_kernel(provider: Sandboxes) -> None:
    """Granted paths can be written, every other one fails at once."""
    with Filled(provider) as box:
        for script in ("echo 2 > src/app/deep/x.py", "echo 2 > src/new.py", "echo 2 > docs/b.md", "mkdir src/app/more"):
            must(box.sh(script).exit_code == 0, f"{script} failed")
        for script in (
            "echo 2 > README.md",
            "echo 2 > new.txt",
            "mkdir .claude",
            "mv .github .moved",
            "echo 2 > .github/w.yml",
            "echo 2 > .github/new.yml",
            "rm -f docs/a.css",
            "echo 2 > docs/a.css",
            "rm -f src/conftest.py",
            "mv src/conftest.py src/other.py",
            "mv src/app src/apps && mv src src2",
        ):
            must(box.sh(script).exit_code != 0, f"{script} was possible")
        out = box.out()
    must("src/conftest.py" in out.present, "a protected file was deleted")
    must("README.md" not in {m.path for m in out.changed}, "README.md changed")


def check_changes_come_out(provider: Sandboxes) -> None:
    """New, changed, deleted files, modes and links are all seen; an equal rewrite is not a change."""
    with Filled(provider) as box:
        box.sh("echo 2 > src/app/deep/x.py; echo n > src/n.py; chmod +x src/n.py; rm src/to; ln -s n.py src/l")
        box.sh("cp -p src/app/run.sh /tmp/r; rm src/app/run.sh; cp /tmp/r src/app/run.sh")
        out = box.out()
    changed = {m.path: (m.mode, m.data) for m in out.changed}
    wanted = {
        "src/app/deep/x.py": ("100644", b"2\n"),
        "src/n.py": ("100755", b"n\n"),
        "src/l": ("120000", b"n.py"),
    }
    must(changed == wanted, f"changed are {changed}")
    must(out.present == (frozenset(FILES) | {"src/n.py", "src/l"}) - {"src/to"}, "wrong presence")


def check_mapped_write_is_seen(provider: Sandboxes) -> None:
    """A write through shared memory changes no time stamp on some file systems; it is a change all the same."""
    with Filled(provider) as box:
        script = "import mmap;f=open('src/app/deep/x.py','r+b');m=mmap.mmap(f.fileno(),0);m[4]=50;m.close()"
        must(box.py(script).exit_code == 0, "mmap failed")
        changed = {m.path: m.data for m in box.out().changed}
    must(changed == {"src/app/deep/x.py": b"x = 2\n"}, f"changed are {changed}")


def check_unreadable_paths_are_left_out(provider: Sandboxes) -> None:
    """What may not be read is not there."""
    grant = Capabilities(read=("src/**",), write=("src/**",), limits=LIMITS)
    with Filled(provider, grant=grant) as box:
        must(box.sh("ls -A").stdout == b"src\n", "something unreadable is inside")


def check_how_commands_end(provider: Sandboxes) -> None:
    """Exit codes, streams, stdin, environment, time-out, a missing program."""
    chunks: list[bytes] = []
    with Filled(provider) as box:
        done = box.sh("echo err >&2; cat; exit 3", stdin=b"in" * 10_000)
        must((done.exit_code, done.stdout, done.stderr) == (3, b"in" * 10_000, b"err\n"), f"{done}")
        must(not done.truncated and not done.timed_out, "it was neither cut nor late")
        flood = box.sh("cat", stdin=b"x" * 1_000_000)
        must(flood.truncated and len(flood.stdout) == LIMITS.output_kib * 1024, f"{len(flood.stdout)} bytes")
        must(box.sh("kill -9 $$").exit_code == KILLED, "a killed command is 137")
        must(box.sandbox.execute(["no-such"], timeout_seconds=5).exit_code == NOT_FOUND, "a missing program is 127")
        late = box.sh("echo before; sleep 30", timeout_seconds=0.5)
        must((late.exit_code, late.timed_out, late.stdout) == (124, True, b"before\n"), f"{late}")
        env = box.sandbox.execute(["env"], env={"A": "b=c"}, timeout_seconds=5, on_output=chunks.append)
        names = {line.split(b"=")[0] for line in env.stdout.splitlines()}
        must(names == {b"A", b"HOME", b"LANG", b"PATH", b"PYTHONDONTWRITEBYTECODE", b"TMPDIR", b"TZ"}, f"{names}")
        must(b"".join(chunks) == env.stdout, "on_output got something else")


def check_daemons_die_with_their_command(provider: Sandboxes) -> None:
    """A process that leaves session and pipes behind does not outlive its command."""
    with Filled(provider) as box:
        box.sh(
            "(setsid sh -c 'trap \"\" TERM HUP; while :; do echo x >> src/late; sleep 0.05; done' >/dev/null 2>&1 &) "
        )
        alive = box.sh("cat /proc/[0-9]*/comm").stdout.split()
        must(b"sleep" not in alive and alive.count(b"sh") == 1, f"alive are {alive!r}")


def check_a_running_command_can_be_spoken_to(provider: Sandboxes) -> None:
    """Live input arrives in order, ends when told, and harms nothing when nobody reads it."""
    heard, pieces = bytearray(), iter([b"one\n", b"two\n", b""])
    with Filled(provider) as it:
        script = "import sys; print('ready', flush=True); print(sys.stdin.read().split())"
        done = it.sandbox.execute(
            ("python3", "-c", script),
            timeout_seconds=20,
            on_output=heard.extend,
            live_input=lambda: next(pieces, None) if heard else None,
        )
        must(done.stdout == b"ready\n['one', 'two']\n", f"what was said arrives in order, not {done.stdout!r}")
        unread = it.sandbox.execute(("sleep", "1"), timeout_seconds=20, live_input=lambda: b"x" * 65536)
        must(unread.exit_code == 0, "input that nobody reads harms nothing")
        must(it.sh("echo on").stdout == b"on\n", "the next command runs as ever")


def check_odd_members_are_refused(provider: Sandboxes) -> None:
    """FIFOs, hard links, nested git directories are named and never read; ``.git`` at the top is dropped."""
    with Filled(provider, open_tree=True) as box:
        box.sh("mkfifo src/pipe; ln README.md src/hard; mkdir -p src/sub/.git .git; echo x > src/sub/.git/config")
        box.sh("echo x > .git/config; mkdir -p src/Y; echo x > src/Y/.GIT; chmod 000 src/Y; ln -s /etc/passwd src/out")
        out = box.out()
    must(set(out.refused) == {"src/pipe", "src/hard", "README.md", "src/sub/.git", "src/Y/.GIT"}, f"{out.refused}")
    must({m.path: m.data for m in out.changed} == {"src/out": b"/etc/passwd"}, f"{out.changed}")
    must("README.md" in out.present, "what is refused must not count as deleted")


def check_everything_deleted(provider: Sandboxes) -> None:
    """An agent that deletes all it can leaves what it may not write."""
    with Filled(provider) as box:
        box.sh("rm -rf /work/* /work/.[a-z]* / 2>/dev/null")
        out = box.out()
    kept = frozenset({"README.md", ".github/w.yml", "docs/a.css", "link", "src/conftest.py", "naïve/ü name.txt"})
    must(out.present == kept, f"{out}")


def check_two_are_strangers(provider: Sandboxes) -> None:
    """Two live sandboxes share nothing, and the end of one does not touch the other."""
    with Filled(provider) as one:
        with Filled(provider) as two:
            two.sh("echo 2 > src/two; echo 2 > /tmp/two")
            must(one.sh("ls src/two /tmp/two").exit_code != 0, "a file crossed over")
        must(one.sh("true").exit_code == 0, "the first ended with the second")


def check_wall_time_ends_it(provider: Sandboxes) -> None:
    """Past its wall time a sandbox refuses with the limit's error."""
    limits = LIMITS.model_copy(update={"wall_seconds": 1})
    with Filled(provider, grant=GRANT.model_copy(update={"limits": limits})) as box:
        refuses(lambda: box.sh("sleep 30"), LimitReached, "SBX030")
        refuses(lambda: box.sh("true"), LimitReached, "SBX030")


def check_impossible_limits_are_refused(provider: Sandboxes) -> None:
    """Files count as memory: a disk as large as the memory is refused before anything starts."""
    limits = LIMITS.model_copy(update={"disk_mib": LIMITS.memory_mib})

    def attempt() -> None:
        with provider.open(request(limits=limits)):
            pass

    refuses(attempt, UsageError, "SBX020")


CHECKS: tuple[Callable[[Sandboxes], None], ...] = tuple(
    check for name, check in sorted(globals().items()) if name.startswith("check_")
)
