# SPDX-License-Identifier: GPL-2.0-or-later
"""Why some of what is typed ahead is left out in doubt (docs/equality.md): two programs read the same line, one of them as a
secret, and between two looks nothing tells them apart from outside. Plain PTYs, no ttywrap; the kernel's records say which is which.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time

import kernel_audit

TYPED = b"hunter22\n"
READER = """
import os, sys, termios
go, done, flags = map(int, sys.argv[1:])
before = termios.tcgetattr(0)
during = termios.tcgetattr(0)
during[3] &= ~flags
os.write(done, b"x")
os.read(go, 1)
termios.tcsetattr(0, termios.TCSANOW, during)
os.read(0, 100)
termios.tcsetattr(0, termios.TCSANOW, before)
os.write(done, b"x")
os.read(go, 1)
"""


class Outside:
    """All that a recorder can see of a terminal: it has the master, and the slave to look at."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCPKT, struct.pack("i", 1))
        self.edges = [self.edge(self.slave, select.EPOLLWRNORM), self.edge(self.slave, select.EPOLLOUT),
                      self.edge(self.slave, select.EPOLLIN), self.edge(self.master, select.EPOLLOUT),
                      self.edge(self.master, select.EPOLLIN | select.EPOLLPRI)]

    @staticmethod
    def edge(fd, events):
        epoll = select.epoll()
        epoll.register(fd, events | select.EPOLLET)
        return epoll

    def look(self, leader):
        poll = select.poll()
        poll.register(self.master, select.POLLIN | select.POLLPRI | select.POLLOUT)
        said = b""
        while select.select([self.master], [], [], 0)[0]:
            said += os.read(self.master, 4096)
        return {"modes": str(termios.tcgetattr(self.master)), "output and packet mode": said,
                "unread": struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, bytes(4)))[0],
                "foreground": os.tcgetpgrp(self.master) - leader, "poll": poll.poll(0),
                "edges": [[events for _, events in epoll.poll(0)] for epoll in self.edges]}

    def close(self):
        for epoll in self.edges:
            epoll.close()
        os.close(self.master)
        os.close(self.slave)


def play(trail, flags):
    """(look before, look after, what the kernel has) of a program that reads with these local flags off."""
    outside, mark = Outside(), trail.mark()
    go_read, go = os.pipe()
    done, done_write = os.pipe()

    def begin():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        kernel_audit.flag_on()
    reader = subprocess.Popen([sys.executable, "-c", READER, str(go_read), str(done_write), str(flags)], stdin=outside.slave,
                              stdout=outside.slave, stderr=outside.slave, start_new_session=True, preexec_fn=begin,
                              pass_fds=[go_read, done_write])
    try:
        assert os.read(done, 1)
        with open(f"/proc/{reader.pid}/sessionid", encoding="ascii") as session:
            session = session.read()
        os.write(outside.master, TYPED)
        time.sleep(0.1)  # it has arrived, and its echo has
        before = outside.look(reader.pid)
        os.write(go, b"x")
        assert os.read(done, 1)
        time.sleep(0.1)
        after = outside.look(reader.pid)
        os.write(go, b"x")
        reader.wait(20)
        trail.wait(lambda r: r.type == "LOGIN" and r.get("ses") == session, mark)
        time.sleep(0.3)
        return before, after, b"".join(record.data() for record in trail.find("TTY", mark, ses=session))
    finally:
        reader.kill()
        reader.wait()
        outside.close()
        for fd in (go_read, go, done, done_write):
            os.close(fd)


def test_between_two_looks_a_secret_and_a_command_are_the_same(host):
    """Modes, unread bytes, foreground group, output, packet mode, every edge: the same. The kernel audits one of them."""
    *editor, audited = play(host.trail, termios.ICANON | termios.ECHO)
    *secret, left_out = play(host.trail, termios.ECHO)
    assert editor == secret
    assert (editor[0]["unread"], editor[1]["unread"]) == (len(TYPED), 0)
    assert (audited, left_out) == (TYPED, b"")
