# SPDX-License-Identifier: GPL-2.0-or-later
"""A full audit backlog: an auditd that stands still, and more records than the kernel keeps for it.

The kernel takes the records of a program above its limit all the same, and makes the sender wait (audit_receive()); what it
drops later, for want of room, it tells nobody but who may ask (auditctl -s, lost). So no policy can act on it, and a session
is slower and goes on.
"""

import signal
import socket
import struct
import threading

import pytest

import audit
from host import wait_until

STATUS_BACKLOG_WAIT_TIME, STATUS_LOST = 0x20, 0x40
LIMIT, WAIT_TICKS = 64, 50


@pytest.fixture
def alone(host, trail):
    """No other world sees the settings change; they are put back."""
    with host.world.alone(), host.world.share.sole_auditd():
        before = audit.status()
        if before["pid"]:
            pytest.skip("the machine's own auditd is registered with the kernel, which has room for one")
        yield
        audit.set_status(audit.STATUS_BACKLOG_LIMIT | STATUS_BACKLOG_WAIT_TIME, backlog_limit=before["backlog_limit"],
                         backlog_wait_time=before["backlog_wait_time"])
        if not before["lost"]:
            audit.set_status(STATUS_LOST, lost=0)


class Flood:
    """Records of nobody's, from four threads, until the end of the with statement."""

    def __enter__(self):
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()
        return self

    def send(self):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, audit.NETLINK_AUDIT) as sock:
            while not self.stop.is_set():
                sock.send(struct.pack("<IHHII", 16 + 1001, audit.AUDIT_USER, audit.NLM_F_REQUEST, 1, 0) + b"x" * 1000 + b"\0")

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize("word", ["deny", "allow"])
def test_a_full_backlog(host, live, alone, word):
    host.configure(f"[default]\nshell = /bin/bash\non_failure = {word}\n")
    try:
        with audit.Auditd("/tmp/auditd-test") as auditd:
            session = live()
            session.terminal.send("cat\r")
            session.terminal.expect("cat\r\n")
            auditd.process.send_signal(signal.SIGSTOP)
            try:
                audit.set_status(audit.STATUS_BACKLOG_LIMIT | STATUS_BACKLOG_WAIT_TIME, backlog_limit=LIMIT, backlog_wait_time=WAIT_TICKS)
                with Flood():
                    wait_until(lambda: audit.status()["backlog"] > LIMIT and audit.status()["lost"] > 0, "a full backlog")
                    session.terminal.send("while it was full\r")
                    session.terminal.expect("while it was full\r\nwhile it was full\r\n")
                    # Taken, and seen by those who read with auditd; whether auditd ever gets it nobody knows.
                    session.host.trail.wait(lambda r: r.type == "USER_TTY" and b"while it was full" in r.data(), session.since, 60)
            finally:
                auditd.process.send_signal(signal.SIGCONT)
            wait_until(lambda: audit.status()["backlog"] == 0, "an empty backlog")
            session.terminal.send("\x04")
            session.terminal.prompt()
            assert session.terminal.exit() == 0
            assert session.closed()["why"] == "exit"
    finally:
        host.configure("[default]\nshell = /bin/bash\n")
