import hashlib
import socket
import struct
import threading
import time

import pytest

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.channel import MAX_FRAME_BYTES, Channel


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    channel = Channel(ours, theirs)
    yield channel, theirs
    channel.close()


def mux(data, stream=1):
    return struct.pack(">BxxxI", stream, len(data)) + data


def frame(kind, payload=b""):
    return struct.pack(">cI", kind, len(payload)) + payload


def soon(seconds=2.0):
    return time.monotonic() + seconds


def code(channel, seconds=2.0):
    with pytest.raises(SandboxUnavailable) as caught:
        channel.receive(soon(seconds))
    return caught.value.code


def test_frames_cut_anywhere_are_put_together(ends):
    channel, theirs = ends
    whole = frame(b"o", b"hello") + frame(b"K")
    for byte in whole:
        theirs.sendall(mux(bytes([byte])))
    assert channel.receive(soon()) == (b"o", b"hello")
    assert channel.receive(soon()) == (b"K", b"")


def test_the_end_is_said_with_what_stood_on_stderr(ends):
    channel, theirs = ends
    theirs.sendall(mux(b"Traceback\nboom\n", stream=2))
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(SandboxUnavailable) as caught:
        channel.receive(soon())
    assert caught.value.code == "SBX006"
    assert caught.value.details == ("Traceback", "boom")


def test_a_huge_frame_is_refused_before_it_is_read(ends):
    channel, theirs = ends
    theirs.sendall(mux(struct.pack(">cI", b"o", MAX_FRAME_BYTES + 1)))
    assert code(channel) == "SBX008"


@pytest.mark.parametrize("header", [struct.pack(">BxxxI", 3, 1), struct.pack(">BxxxI", 1, 2**31)])
def test_an_unknown_stream_is_refused(ends, header):
    channel, theirs = ends
    theirs.sendall(header)
    assert code(channel) == "SBX008"


def test_silence_ends_at_the_deadline(ends):
    channel, _ = ends
    began = time.monotonic()
    assert code(channel, 0.2) == "SBX007"
    assert time.monotonic() - began < 1


def test_a_dripping_peer_does_not_move_the_deadline(ends):
    channel, theirs = ends
    stop = threading.Event()

    def drip():
        while not stop.wait(0.02):
            theirs.sendall(mux(b"x", stream=2))

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert code(channel, 0.3) == "SBX007"
    finally:
        stop.set()
        thread.join()


def test_a_peer_that_does_not_read_cannot_hold_us(ends):
    channel, _ = ends
    with pytest.raises(SandboxUnavailable) as caught:
        channel.send([bytes(1024 * 1024)] * 16, soon(0.3))
    assert caught.value.code == "SBX007"


def tagged(key, direction, count, data):
    return hashlib.blake2b(struct.pack(">Q", count) + data, key=key, person=direction, digest_size=16).digest()


@pytest.fixture
def agreed(ends):
    channel, theirs = ends
    channel.agree(soon())
    told = theirs.recv(33)
    assert told[:1] == b"A"
    theirs.sendall(mux(frame(b"K") + tagged(told[1:], b"out", 0, frame(b"K"))))
    return channel, theirs, told[1:]


def test_an_answer_with_its_tag_is_taken_once_and_in_order(agreed):
    channel, theirs, key = agreed
    answers = [frame(b"o", b"hello"), frame(b"x", b"12345")]
    theirs.sendall(mux(b"".join(a + tagged(key, b"out", n, a) for n, a in enumerate(answers, 1))))
    assert channel.receive(soon()) == (b"o", b"hello")
    assert channel.receive(soon()) == (b"x", b"12345")
    theirs.sendall(mux(answers[1] + tagged(key, b"out", 2, answers[1])))
    assert code(channel) == "SBX008"


@pytest.mark.parametrize("tag", [b"", bytes(16), b"other direction"])
def test_an_answer_without_its_tag_is_refused(agreed, tag):
    channel, theirs, key = agreed
    answer = frame(b"x", bytes(5))
    told = tagged(key, b"in", 1, answer) if tag == b"other direction" else tag
    theirs.sendall(mux(answer + told + frame(b"K") + bytes(16)))
    assert code(channel) == "SBX008"


def test_a_greeting_without_the_key_is_refused(ends):
    channel, theirs = ends
    channel.agree(soon())
    theirs.sendall(mux(frame(b"K") + bytes(16)))
    assert code(channel) == "SBX008"


def test_a_command_is_tagged_by_its_place(agreed):
    channel, theirs, key = agreed
    channel.command(b"O", [b"caps"], soon())
    channel.command(b"Q", (), soon())
    wanted = b"O" + tagged(key, b"in", 0, b"O") + b"caps" + b"Q" + tagged(key, b"in", 1, b"Q")
    assert theirs.recv(1000) == wanted
