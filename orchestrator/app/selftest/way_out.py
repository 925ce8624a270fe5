"""Attacks on the broker, from inside a sandbox: the only way out, tried as an agent would try it.

Each is attempted twice with a real lease in front of a canary of this host: in the step's own sandbox with the
broker as it is, and with the broker's protection taken away. The sandbox is the same both times.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.broker import attack_scene, attacks
from orchestrator.broker.setup import CA_FILE, INSIDE, SOCKET, Protection
from orchestrator.ports import Sandbox
from orchestrator.sandbox.selftest.bench import Bench, Seen
from orchestrator.sandbox.selftest.model import Attack

_PROGRAM = """
import base64, socket, ssl, sys
path, authority, host, tunnel, data = sys.argv[1:]
tunnel, data = base64.b64decode(tunnel), base64.b64decode(data)
stream = socket.socket(socket.AF_UNIX)
stream.settimeout(20)
stream.connect(path)
answer = b''
def more(source, enough):
    got = b''
    try:
        while not enough(got):
            piece = source.recv(65536 if not tunnel or source is not stream else 1)
            if not piece:
                break
            got += piece
    except OSError:
        pass
    return got
if tunnel:
    stream.sendall(tunnel)
    if more(stream, lambda got: got.endswith(b'\\r\\n\\r\\n')).startswith(b'HTTP/1.1 200'):
        try:
            with ssl.create_default_context(cafile=authority).wrap_socket(stream, server_hostname=host) as inner:
                inner.sendall(data)
                answer = inner.recv(65536)
        except OSError:
            pass
else:
    stream.sendall(data)
    try:
        stream.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    answer = more(stream, lambda got: got.startswith(b'HTTP/1.1 200 Connection'))
sys.stdout.write(base64.b64encode(answer).decode())
"""
_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class _Inside:
    """Implements :class:`~orchestrator.broker.attack_scene.Carrier` with a program in the sandbox."""

    box: Sandbox

    def exchange(self, data: bytes) -> bytes:
        return self._run(b"", data)

    def through(self, tunnel: bytes, request: bytes) -> bytes:
        return self._run(tunnel, request)

    def _run(self, tunnel: bytes, data: bytes) -> bytes:
        given = [base64.b64encode(part).decode() for part in (tunnel, data)]
        places = [f"{INSIDE}/{SOCKET}", f"{INSIDE}/{CA_FILE}", attack_scene.HOST]
        done = self.box.execute(["python3", "-I", "-c", _PROGRAM, *places, *given], timeout_seconds=_SECONDS)
        if done.exit_code != 0:
            words = done.stderr[-200:].decode(errors="replace")
            raise AttackBrokeError(f"the attack's program ended with {done.exit_code}: {words}")
        return base64.b64decode(done.stdout)


class AttackBrokeError(Exception):
    """The attack could not be made at all."""


def _tried(attack: attacks.Attack, off: frozenset[Protection]) -> Callable[[Bench], Seen]:
    def attempt(bench: Bench) -> Seen:
        with attack_scene.scene(off) as (target, lease), bench.hardened(broker=lease.mount) as box:
            target.carrier = _Inside(box)
            try:
                reached = attack.attempt(target)
            except AttackBrokeError as broke:
                return Seen(succeeded=False, words=str(broke), broke=True)
        asked = f"the canary was asked {len(target.canary.requests)} times"
        return Seen(reached, f"reached; {asked}" if reached else f"refused; {asked}")

    return attempt


def _entry(attack: attacks.Attack) -> Attack:
    return Attack(
        attack.id,
        "broker",
        attack.name,
        attack.control,
        "refused, and the canary is not reached",
        "the broker lacks " + " and ".join(sorted(str(p) for p in attack.weakens)),
        _tried(attack, attack.kept),
        _tried(attack, attack.kept | attack.weakens),
    )


ATTACKS = tuple(_entry(attack) for attack in attacks.CATALOGUE)
