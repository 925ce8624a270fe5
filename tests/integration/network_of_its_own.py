"""A network with nothing but its own loopback, on which one port leads to a unix socket of the machine.

    python network_of_its_own.py PORT SOCKET

Begun in that network, and lives as long as its standard input. It prints a line when it listens.
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress


def main(port, path):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listening = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=_accept, args=(listening, path), daemon=True).start()
    sys.stdout.write("listens\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


def _accept(listening, path):
    while True:
        near, _ = listening.accept()
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(path)
        except OSError:  # nobody listens there just now
            near.close()
            far.close()
            continue
        for here, there in ((near, far), (far, near)):
            threading.Thread(target=_pass, args=(here, there), daemon=True).start()


def _pass(here, there):
    with suppress(OSError):
        while data := here.recv(65536):
            there.sendall(data)
    for one in (here, there):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main(*sys.argv[1:])
