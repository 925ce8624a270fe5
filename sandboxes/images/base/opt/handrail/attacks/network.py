"""Attacks by network: anything that is not this sandbox itself.

With the parameter ``world`` the addresses are first given to the container's
own loopback, with listeners behind them: that is the weakened container, in
which the same attempts must arrive. It needs the right to set addresses up.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import threading

from common import Held, any_of

SIOCSIFADDR = 0x8916
TEST, METADATA, GATEWAY, RESOLVER = "192.0.2.1", "169.254.169.254", "172.17.0.1", "1.1.1.1"
QUERY = bytes.fromhex("abcd01000001000000000000") + b"\x06canary\x07example\x00\x00\x10\x00\x01"
SECONDS = 0.6


def _world(parameters: dict) -> None:
    if not parameters.get("world"):
        return
    for number, address in enumerate((TEST, METADATA, GATEWAY, RESOLVER)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, SIOCSIFADDR, request)
        for port in (80, 443):
            _answer(socket.create_server((address, port)))
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        echo.bind((address, 53))
        threading.Thread(target=_echo, args=(echo,), daemon=True).start()


def _answer(server: socket.socket) -> None:
    def serve() -> None:
        while True:
            server.accept()[0].close()

    threading.Thread(target=serve, daemon=True).start()


def _echo(server: socket.socket) -> None:
    while True:
        data, sender = server.recvfrom(512)
        server.sendto(data, sender)


def _tcp(address: str, port: int):
    def work() -> None:
        socket.create_connection((address, port), SECONDS).close()

    return work


def _udp(address: str):
    def work() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(SECONDS)
            client.sendto(QUERY, (address, 53))
            client.recv(512)

    return work


def _six() -> None:
    with socket.socket(socket.AF_INET6) as client:
        client.settimeout(SECONDS)
        client.connect(("2001:db8::1", 80))


def direct(parameters: dict) -> str:
    _world(parameters)
    return any_of({f"TCP {TEST}": _tcp(TEST, 443), f"UDP {TEST}": _udp(TEST), "TCP over IPv6": _six})


def name_tunnel(parameters: dict) -> str:
    """A question to a resolver carries data out, whatever the answer."""
    _world(parameters)

    def configured() -> None:
        with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as file:
            servers = [line.split()[1] for line in file if line.startswith("nameserver")]
        if not servers:
            raise Held("no resolver is configured")
        any_of({server: _udp(server) for server in servers})

    def library() -> None:
        socket.getaddrinfo("canary.example.org", 80)

    return any_of({f"UDP {RESOLVER}": _udp(RESOLVER), "resolv.conf": configured, "getaddrinfo": library})


def metadata(parameters: dict) -> str:
    _world(parameters)
    return any_of({"metadata service": _tcp(METADATA, 80), "host's gateway": _tcp(GATEWAY, 80)})


def interfaces(_: dict) -> str:
    found = sorted(set(os.listdir("/sys/class/net")) - {"lo"}) if os.path.isdir("/sys/class/net") else []
    with open("/proc/net/dev") as file:
        found += sorted({line.split(":")[0].strip() for line in file if ":" in line} - {"lo", *found})
    if not found:
        raise Held("loopback is the only interface")
    return ", ".join(found)


def host_services(parameters: dict) -> str:
    """What listens on the host: a port on its loopback, and an abstract unix socket. The host tells where."""

    def abstract() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(SECONDS)
            client.connect("\0" + parameters["abstract"])

    return any_of({"host's 127.0.0.1": _tcp("127.0.0.1", parameters["port"]), "abstract socket": abstract})
