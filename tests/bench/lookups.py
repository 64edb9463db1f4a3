# SPDX-License-Identifier: GPL-2.0-or-later
"""One exact look-up of a connection, as the tables grow, beside awk over the whole of them in /proc."""

import contextlib
import os
import resource
import shutil
import socket
import subprocess

from files import seconds

SOCKETS = 10000


def fill_conntrack(wanted):
    """More entries: datagrams on loopback, each to another port or address; the world's rules have them tracked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(wanted):
            with contextlib.suppress(ConnectionRefusedError):  # of one before
                sender.sendto(b"x", (f"127.1.{i // 60000}.1", 2000 + i % 60000))


def conntrack_count():
    with open("/proc/sys/net/netfilter/nf_conntrack_count", encoding="ascii") as text:
        return int(text.read())


@contextlib.contextmanager
def more_sockets(server, wanted):
    """So many TCP sockets beside the one that is looked for, both ends of each connection."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 1000, max(wanted + 1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    with contextlib.ExitStack() as held:
        for _ in range(wanted // 2):
            held.enter_context(socket.create_connection(server.getsockname()))
            held.enter_context(server.accept()[0])
        yield


def exactly(m, tool, hint):
    done = subprocess.run([f"{m.tools}/{tool}", hint, "1000"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tool}: {done.stderr.strip()}")
    return float(done.stdout.split()[0])


def over_entries(m, hint, port, size):
    found = {}
    for wanted in size["entries"]:
        fill_conntrack(wanted)
        if conntrack_count() < wanted:
            return found | {"entries made": conntrack_count()}
        found[f"lookup us at {wanted} entries"] = exactly(m, "conntrack_cost", hint)
        if os.path.exists("/proc/net/nf_conntrack"):
            found[f"awk ms at {wanted} entries"] = 1e3 * seconds(["awk", f"/sport={port} /", "/proc/net/nf_conntrack"])
    return found


def lookups(m, subject, size):
    if shutil.which("conntrack") is None or m.trail is None:
        return {}
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server, socket.create_connection(server.getsockname()) as client, \
            server.accept()[0]:
        here, there = client.getsockname(), client.getpeername()
        hint = f"{here[0]} {here[1]} {there[0]} {there[1]}"
        found = over_entries(m, hint, here[1], size)
        for wanted in (0, SOCKETS):
            with more_sockets(server, wanted):
                found[f"lookup us at {wanted} sockets"] = exactly(m, "socket_cost", hint)
                found[f"awk ms at {wanted} sockets"] = 1e3 * seconds(["awk", f"/:{here[1]:04X} /", "/proc/net/tcp"])
    return found
