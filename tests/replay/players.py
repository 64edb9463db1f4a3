# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings made for a test, and the player in a pty of its own."""

import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import fcntl
import time

import pytest

from paths import BUILD

REPLAY = os.path.join(BUILD, "ttywrap/replay/ttywrap-replay")


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS")}
    env.update(LC_ALL="C.UTF-8", TERM="xterm-256color", XDG_STATE_HOME="/nonexistent", **more)
    return env


def run(*args, **kw):
    """The program without a terminal."""
    kw.setdefault("env", environment())
    return subprocess.run([REPLAY, *map(str, args)], capture_output=True, stdin=kw.pop("stdin", subprocess.DEVNULL),
                          timeout=kw.pop("timeout", 60), **kw)


class Player:
    """ttywrap-replay as the foreground program of a pty; everything it wrote is in .seen."""

    def __init__(self, *args, rows=24, cols=80, env=None):
        self.ptm, self.pts = pty.openpty()
        self.resize(rows, cols, tell=False)
        self.before = termios.tcgetattr(self.pts)
        self.seen = b""
        pts = self.pts

        def own_terminal():
            os.setsid()
            fcntl.ioctl(pts, termios.TIOCSCTTY, 0)

        self.child = subprocess.Popen([REPLAY, *map(str, args)], stdin=pts, stdout=pts, stderr=pts,
                                      env=env or environment(), preexec_fn=own_terminal)

    def resize(self, rows, cols, tell=True):
        fcntl.ioctl(self.ptm, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def pump(self, seconds):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.ptm], [], [], left)[0]:
                return
            try:
                self.seen += os.read(self.ptm, 65536)
            except OSError:
                return

    def expect(self, what, seconds=15):
        """Waits until the bytes have been written."""
        end = time.monotonic() + seconds
        while what not in self.seen:
            assert time.monotonic() < end, f"{what!r} did not come; seen: {self.seen[-3000:]!r}"
            self.pump(0.05)

    def screen(self):
        """The window's lines, from the little that the player writes: positions, clear, text."""
        text = self.seen.decode(errors="replace")
        cells, row, col = {}, 0, 0
        for seq, where, char in re.findall(r"\x1b(\[\??([0-9;]*)[A-Za-z])|(.)", text, re.DOTALL):
            if seq.endswith("H"):
                row, col = (int(n or 1) - 1 for n in (where or "1;1").split(";"))
            elif seq == "[2J" or seq == "[?1049l":
                cells.clear()
            elif char == "\n":
                row += 1
            elif char == "\r":
                col = 0
            elif char and char >= " ":
                cells[row, col] = char
                col += 1
        rows = max([r for r, _ in cells], default=0) + 1
        return ["".join(cells.get((r, c), " ") for c in range(200)).rstrip() for r in range(rows)]

    def expect_screen(self, what, seconds=15, absent=None):
        end = time.monotonic() + seconds
        while True:
            lines = "\n".join(self.screen())
            if what in lines and (absent is None or absent not in lines):
                return lines
            assert time.monotonic() < end, f"{what!r} is not on the screen:\n{lines}"
            self.pump(0.05)

    def send(self, keys):
        os.write(self.ptm, keys.encode() if isinstance(keys, str) else keys)

    def wait(self, seconds=15):
        """The exit status as Popen gives it: negative for a signal."""
        end = time.monotonic() + seconds
        while self.child.poll() is None:
            assert time.monotonic() < end, f"still running; seen: {self.seen[-2000:]!r}"
            self.pump(0.02)
        self.pump(0.1)
        return self.child.returncode

    def modes(self):
        return termios.tcgetattr(self.pts)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.ptm)
        os.close(self.pts)


@pytest.fixture
def play():
    made = []

    def start(*args, **kw):
        made.append(Player(*args, **kw))
        return made[-1]

    yield start
    for p in made:
        p.close()


def cast_text(events, cols=80, rows=24, **header):
    head = {"version": 2, "width": cols, "height": rows, "timestamp": 1700000000, **header}
    return "".join(json.dumps(x) + "\n" for x in [head, *events])


@pytest.fixture
def cast(tmp_path):
    """cast([(time, code, data), ...]) writes a recording and gives its path."""

    def write(events, name="test.cast", **header):
        path = tmp_path / name
        path.write_text(cast_text(events, **header))
        return path

    return write


SESSION = [
    [0.05, "o", "first line\r\n"],
    [0.10, "m", "echo two"],
    [0.20, "o", "\x1b]0;title\x07second \x1b[1;31mred\x1b[0m\r\n"],
    [60.0, "o", "\x1b[6nthird after a minute\r\n"],
    [60.1, "m", "vi"],
    [60.2, "o", "\x1b[?1049h\x1b[?1000h\x1b[2J\x1b[5;10Hfull screen"],
    [120.0, "o", "\x1b[?1049l\x1b[?25lfourth\r\n"],
    [120.5, "o", "the end\r\n"],
]
