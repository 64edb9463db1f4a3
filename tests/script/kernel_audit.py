# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's own TTY auditing: the flag, the switch, the records. Needs root."""

import os
import re
import socket
import struct
import time

NETLINK_AUDIT, READLOG = 9, 1
AUDIT_GET, AUDIT_SET, AUDIT_TTY_SET, AUDIT_TTY = 1000, 1001, 1017, 1319
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
REQUEST, ACK = 1, 4
STATUS_ENABLED = 1
SO_RCVBUFFORCE = 33


def call(kind, payload=b""):
    """One request; returns the payload of the answer that is not the acknowledgement."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as netlink:
        netlink.bind((0, 0))
        netlink.settimeout(2)
        head = struct.pack("=IHHII", 16 + len(payload), kind, REQUEST | ACK, 1, 0)
        netlink.send(head + payload)
        answer = b""
        while True:
            data = netlink.recv(65536)
            length, what = struct.unpack_from("=IH", data)
            if what == 2:
                error = struct.unpack_from("=i", data, 16)[0]
                if error:
                    raise OSError(-error, os.strerror(-error))
                if kind != AUDIT_GET or answer:
                    return answer
            elif what == kind:
                answer = data[16:]
                return answer


def is_enabled():
    return struct.unpack_from("=II", call(AUDIT_GET))[1]


def enable(on):
    call(AUDIT_SET, struct.pack("=II", STATUS_ENABLED, on).ljust(40, b"\0"))


def flag_on(uid=0):
    """For the calling process and those it will start: an audit session of that user's, and its TTY input audited."""
    with open("/proc/self/loginuid", "w", encoding="ascii") as login:
        login.write(str(uid))
    call(AUDIT_TTY_SET, struct.pack("=II", 1, 0))


class Records:
    """AUDIT_TTY records as they are made, from the multicast group that CAP_AUDIT_READ may join."""

    def __init__(self):
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
        self.netlink.bind((0, 0))
        self.netlink.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
        self.netlink.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, READLOG)

    def gather(self, session, seconds=0.6):
        """[(pid, comm, data)] of an audit session, until nothing came for a while."""
        found = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.netlink.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.netlink.recv(65536)
            except (TimeoutError, socket.timeout):
                break
            if struct.unpack_from("=IH", data)[1] != AUDIT_TTY:
                continue
            text = data[16:].rstrip(b"\0").decode("latin-1")
            match = re.search(r"tty pid=(\d+) .*? ses=(\d+) .*? comm=(\S+) data=([0-9A-F]*)", text)
            if match and int(match.group(2)) == session:
                found.append((int(match.group(1)), name(match.group(3)), bytes.fromhex(match.group(4))))
                end = time.monotonic() + seconds
        return found

    def close(self):
        self.netlink.close()


def name(text):
    return text.strip('"') if text.startswith('"') else bytes.fromhex(text).decode("latin-1")
