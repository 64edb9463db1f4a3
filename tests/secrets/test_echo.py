# SPDX-License-Identifier: GPL-2.0-or-later
"""Why the terminal's echo of type-ahead is not masked in a recording (docs/secrets.md): what a recorder would have to know for
it can't be known in time, or not at all. Plain PTYs; a recorder has the master and a look at the slave, as the pump has.
"""

import fcntl
import os
import select
import struct
import subprocess
import termios
import time

import pytest

TYPED = b"mnqrtvwx"
KEPT_S = 0.1  # what was shown has to be in the recording by then: a crash may lose no more
WRITER = "while read -r word <&3; do printf %s \"$word\"; echo done >&4; done"


@pytest.fixture(autouse=True)
def no_process_stays():
    """There is no world here."""
    yield


class Terminal:
    """A script of sh on the slave of a PTY, and all of it that can be seen from the other side."""

    def __init__(self, script):
        self.master, self.slave = os.openpty()
        ask, self.ask = os.pipe()
        self.answer, answer = os.pipe()

        def begin():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for fd, number in ((ask, 13), (answer, 14)):
                os.dup2(fd, number)
            os.dup2(13, 3)
            os.dup2(14, 4)
        self.shell = subprocess.Popen(["/bin/sh", "-c", script], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                      start_new_session=True, preexec_fn=begin, close_fds=False)
        os.close(ask)
        os.close(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shell.kill()
        self.shell.wait()
        for fd in (self.master, self.slave, self.ask, self.answer):
            os.close(fd)

    def waiting(self, fd):
        return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]

    def output(self, size):
        """Waits for so many bytes of output, then takes them in one read, as a recorder that wakes up then would."""
        end = time.monotonic() + 20
        while self.waiting(self.master) < size:
            assert time.monotonic() < end
            select.select([self.master], [], [], 0.1)
            time.sleep(0.001)
        return os.read(self.master, 4096)

    def type(self, keys):
        """Returns once the echo is among the output that waits."""
        before = self.waiting(self.master)
        os.write(self.master, keys)
        while self.waiting(self.master) < before + len(keys):
            time.sleep(0.001)

    def write(self, word):
        """The program writes; returns once it has."""
        os.write(self.ask, word + b"\n")
        assert os.read(self.answer, 5) == b"done\n"

    def state(self):
        """Modes, unread input, foreground group (as seen from the shell's), output that waits."""
        return (str(termios.tcgetattr(self.master)), self.waiting(self.slave), os.tcgetpgrp(self.master) - self.shell.pid,
                self.waiting(self.master))


def watched(script):
    """(all that was seen until the recording has to have the echo, whether the typed line was read with echo)"""
    with Terminal(f"echo go; read -r word <&3; {script}") as terminal:  # as a command would that takes its time
        assert terminal.output(4) == b"go\r\n"
        os.write(terminal.master, TYPED + b"\r")
        shown, seen, end = terminal.output(len(TYPED) + 2), set(), time.monotonic() + KEPT_S
        while time.monotonic() < end:
            seen.add(terminal.state())
            time.sleep(0.001)
        os.write(terminal.ask, b"\n")
        while terminal.waiting(terminal.slave) > 0:
            time.sleep(0.001)
        return shown, seen, bool(termios.tcgetattr(terminal.master)[3] & termios.ECHO)


def test_when_it_has_to_be_written_nothing_tells_what_it_will_be():
    """A line typed ahead of `read x`, and one typed ahead of a read without echo, look the same for longer than that."""
    shown, seen, echo = watched("read x; read y")
    shown_secret, seen_secret, echo_secret = watched("stty -echo; read x; read y")
    assert shown == shown_secret == TYPED + b"\r\n"
    assert seen == seen_secret and len(seen) == 1
    assert echo and not echo_secret


def test_the_same_output_has_the_echo_in_other_places():
    """The key's echo is the first byte or the second: the recorder wrote one byte and read the same two."""
    with Terminal(WRITER) as terminal:
        terminal.type(b"a")
        terminal.write(b"a")
        first, state = terminal.output(2), terminal.state()
    with Terminal(WRITER) as terminal:
        terminal.write(b"a")
        terminal.type(b"a")
        second = terminal.output(2)
        assert terminal.state() == state
    assert first == second == b"aa"


def test_an_echo_is_not_one_piece():
    """A program that writes at the same time pulls it apart: looking for what was typed does not find it."""
    with Terminal(WRITER) as terminal:
        for number in range(len(TYPED)):
            terminal.type(TYPED[number:number + 1])
            terminal.write(b"n")
        shown = terminal.output(2 * len(TYPED))
    assert bytes(shown[::2]) == TYPED and bytes(shown[1::2]) == b"n" * len(TYPED)
    assert not any(TYPED[i:i + 4] in shown for i in range(len(TYPED) - 3))
