"""Run a program in a network namespace of its own and write down every packet that it, or a child, tries to send.

    python network_witness.py FILE PROGRAM...

The namespace has a loopback to which every IPv4 route leads and a pair of interfaces for IPv6, so that an attempt
to reach any address in the world leaves a packet, which a raw socket sees.
FILE gets a JSON list of ``[protocol, address, port]``.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFADDR, SIOCSIFFLAGS, SIOCADDRT = 0x8916, 0x8914, 0x890B
ETH_P_ALL, PACKET_OUTGOING = 3, 4
IFF_UP, IFF_NOARP = 0x1, 0x80
PROTOCOLS = {6: "tcp", 17: "udp"}


def isolate():
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if user else 0)):
        raise OSError(ctypes.get_errno(), "no network namespace can be made here")
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        anywhere = struct.pack("=HHI8x", socket.AF_INET, 0, 0)
        name = ctypes.create_string_buffer(b"lo")
        # struct rtentry: pad, dst, gateway, mask, flags, pad, pad, pad, metric, device
        route = struct.pack(
            "@L16s16s16sHhLPhP", 0, anywhere, bytes(16), anywhere, 1, 0, 0, 0, 0, ctypes.addressof(name)
        )
        fcntl.ioctl(asking, SIOCADDRT, route + bytes(64))
    _pair(b"out")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        index = socket.if_nametoindex("out")
        for name in ("out", next(n for _, n in socket.if_nameindex() if n.startswith("veth"))):
            fcntl.ioctl(asking, SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), IFF_UP | IFF_NOARP))
        own = socket.inet_pton(socket.AF_INET6, "2001:db8:ffff::1")  # without one there is nothing to send from
        fcntl.ioctl(asking, SIOCSIFADDR, struct.pack("@16sIi", own, 128, index))
        # struct in6_rtmsg: dst, src, gateway, type, dst_len, src_len, metric, info, flags, ifindex
        route = struct.pack("@16s16s16sIHHILIi", bytes(16), bytes(16), bytes(16), 0, 0, 0, 1, 0, 1, index)
        fcntl.ioctl(asking, SIOCADDRT, route)


def _pair(name):
    """A pair of virtual interfaces, one of this name: IPv6 refuses to send the world's traffic to a loopback."""

    def attribute(kind, data):
        return struct.pack("HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)

    body = bytes(16) + attribute(3, name + b"\0") + attribute(18, attribute(1, b"veth"))
    head = struct.pack("IHHII", 16 + len(body), 16, 0x1 | 0x4 | 0x200 | 0x400, 1, 0)  # make a link, exclusively
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(head + body)
        (error,) = struct.unpack_from("i", netlink.recv(4096), 16)
    if error:
        raise OSError(-error, "no pair of virtual interfaces can be made here")


def destination(packet):
    version = packet[0] >> 4
    if version == 4:
        protocol, payload, address = packet[9], packet[(packet[0] & 15) * 4 :], packet[16:20]
    else:
        protocol, payload, address = packet[6], packet[40:], packet[24:40]
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    return PROTOCOLS.get(protocol), socket.inet_ntop(family, address), int.from_bytes(payload[2:4], "big")


def watch(raw, seen):
    while True:
        try:
            packet, (_, _, kind, *_) = raw.recvfrom(2048)
        except OSError:
            return
        if kind == PACKET_OUTGOING and len(packet) > 14 + 20:
            found = destination(packet[14:])
            if found[0] and list(found) not in seen:
                seen.append(list(found))


def main():
    isolate()
    seen = []
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    threading.Thread(target=watch, args=(raw, seen), daemon=True).start()
    status = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, check=False).returncode
    marker = ["udp", "127.0.0.1", 9]  # the last packet: whoever sees it has seen all before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        while marker not in seen:
            last.sendto(b"end", ("127.0.0.1", 9))
    Path(sys.argv[1]).write_text(json.dumps([one for one in seen if one != marker]))
    sys.exit(status)


if __name__ == "__main__":
    main()
