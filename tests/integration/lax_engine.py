"""The container engine behind a socket that drops a setting of every container on its way: one without that cgroup."""

import contextlib
import json
import socket
import socketserver
import threading
from contextlib import contextmanager

ENGINE = "/var/run/docker.sock"


class _Handler(socketserver.StreamRequestHandler):
    """One request a connection: what comes after it, and back, is passed on as it is."""

    def handle(self):
        head = b""
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            head += line
        if not line:
            return
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            engine.sendall(_request(head, self.rfile, self.server.dropped))
            back = threading.Thread(target=_splice, args=(engine, self.connection))
            back.start()
            while data := self.rfile.read1():
                engine.sendall(data)
            engine.shutdown(socket.SHUT_WR)
            back.join()


def _request(head, body, dropped):
    lines = head.split(b"\r\n")[:-1]
    names = [line.partition(b":")[0].lower() for line in lines]
    length = int(lines[names.index(b"content-length")].partition(b":")[2]) if b"content-length" in names else 0
    data = body.read(length)
    if b"/containers/create" in lines[0]:
        spec = json.loads(data)
        spec["HostConfig"] = {name: value for name, value in spec["HostConfig"].items() if name not in dropped}
        data = json.dumps(spec).encode()
    ours = {b"content-length"} | (set() if b"upgrade" in names else {b"connection"})
    kept = [line for line, name in zip(lines, names, strict=True) if name not in ours]
    kept += [b"Connection: close"] if b"connection" in ours else []
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(data), b"", b""]) + data


def _splice(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def lax_engine(path, *dropped):
    """``DOCKER_HOST`` of an engine that never hears of these settings of a container."""
    with _Server(str(path), _Handler) as server:
        server.dropped = dropped
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
            thread.join()
