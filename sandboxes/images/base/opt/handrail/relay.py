"""Carries bytes between 127.0.0.1 and the broker's unix socket; understands none of them.

The supervisor listens, and forks this for each command: what a command leaves in it dies with the command.
"""

# ruff: noqa: D103, PTH110
# One process, two descriptors a connection. No pathlib, no asyncio: start-up counts.

from __future__ import annotations

import os
import select
import socket

PORT = 4180
SOCKET = "/run/handrail/broker.sock"
BACKLOG = 64
BUFFER = 256 * 1024
MAX_CONNECTIONS = 128


def listen() -> socket.socket | None:
    """On the loopback of this sandbox; ``None`` when no broker is there."""
    if not os.path.exists(SOCKET):
        return None
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen(BACKLOG)
    return listener


class Side:
    """One end of a pair, and what is to be written to it."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.other = self
        self.pending = memoryview(b"")
        self.reading, self.finishing, self.shut = True, False, False

    def wanted(self) -> int:
        """Read only what the other end can take."""
        events = select.POLLIN if self.reading and not self.other.pending else 0
        return events | (select.POLLOUT if self.pending else 0)


class Relay:
    """All pairs, served by one poll."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.sides: dict[int, Side] = {}
        self.poll = select.poll()
        self.poll.register(listener, select.POLLIN)

    def run(self) -> None:
        while True:
            for descriptor, events in self.poll.poll():
                if descriptor == self.listener.fileno():
                    self.accept()
                elif descriptor in self.sides:
                    self.serve(self.sides[descriptor], events)

    def accept(self) -> None:
        stream, _ = self.listener.accept()
        if len(self.sides) >= 2 * MAX_CONNECTIONS:
            stream.close()
            return
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        broker = socket.socket(socket.AF_UNIX)
        try:
            broker.connect(SOCKET)
        except OSError:
            stream.close()
            broker.close()
            return
        one, two = Side(stream), Side(broker)
        one.other, two.other = two, one
        for side in (one, two):
            side.stream.settimeout(0)
            self.sides[side.stream.fileno()] = side
            self.poll.register(side.stream, side.wanted())

    def serve(self, side: Side, events: int) -> None:
        try:
            if events & select.POLLOUT:
                self.write(side)
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR) and side.reading:
                self.read(side)
            elif events & (select.POLLHUP | select.POLLERR):
                self.end(side)
                return
        except BlockingIOError:
            pass
        except OSError:
            self.end(side)
            return
        if not side.reading and not side.other.reading and not side.pending and not side.other.pending:
            self.end(side)
            return
        for one in (side, side.other):
            self.poll.modify(one.stream, one.wanted())

    def read(self, side: Side) -> None:
        if side.other.pending:
            return
        data = side.stream.recv(BUFFER)
        other = side.other
        if data:
            other.pending = memoryview(data)
        else:
            side.reading, other.finishing = False, True
        self.write(other)

    def write(self, side: Side) -> None:
        while side.pending:
            try:
                side.pending = side.pending[side.stream.send(side.pending) :]
            except BlockingIOError:
                return
        if side.finishing and not side.shut:
            side.shut = True
            side.stream.shutdown(socket.SHUT_WR)

    def end(self, side: Side) -> None:
        for one in (side, side.other):
            if self.sides.pop(one.stream.fileno(), None) is not None:
                self.poll.unregister(one.stream)
                one.stream.close()


def serve(listener: socket.socket) -> None:
    Relay(listener).run()
