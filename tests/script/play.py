# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a case: starts a program, types, waits for output.

A case file has one instruction a line; '#' begins a comment, \\r \\n \\t \\e \\xNN \\\\ \\s are escapes:
    needs PROGRAM...       skipped without them
    user                   as an ordinary user, whoever plays it
    world                  only where there are other users and an sshd (ways.py says what stands in braces there)
    run PROGRAM [ARG...]   shell words; {dir} is the case's own directory, which is $HOME, too
    login SHELL            that program as a login shell, instead of run
    file NAME TEXT         a file in {dir}
    keys TEXT              typed, as it is paced
    paste TEXT             written at once, however the case is paced
    lines COUNT LENGTH     the same, with so many numbered lines of so many characters
    wait REGEX             until the output since the last wait matches
    sleep SECONDS
    secret TEXT            may not be in what is audited, nor may four bytes of it
    differs PACES REASON TEXT   at these paces (a,b) ours may differ, as compare.REASONS has it; TEXT says why
    alone PACES TEXT            at these paces the kernel's records may be others without ttywrap; TEXT says why

Three paces: a person types; fast writes a line at once, after the prompt for it; rush waits for the first prompt only.
"""

import os
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import time

PACES = ("person", "fast", "rush")
# What any case may have instead of equality, (reason, why) by pace: see compare.py. A case's own words come first.
MAY_DIFFER = {
    "person": [],
    "fast": [("doubt", "answered while the output before it was being written: the modes could not be seen")],
    "rush": [("doubt", "typed ahead, and read while the modes are being set: it could be a secret as well"),
             ("noecho", "read right behind a secret, before the modes were seen to be others"),
             ("lineend", "it came while the modes were being set")],
}
PATIENCE_S = 20
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "e": "\x1b", "\\": "\\", "s": " "}


def unescape(text):
    def one(match):
        found = match.group(1)
        if found.startswith("x"):
            return bytes([int(found[1:], 16)]).decode("latin-1")
        return ESCAPES[found]
    raw = text.encode().decode("latin-1")
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rntes\\])", one, raw).encode("latin-1")


class Case:
    def __init__(self, path):
        self.name = os.path.basename(path).rsplit(".", 1)[0]
        self.steps, self.needs, self.files, self.secrets = [], [], [], []
        self.user, self.world, self.run, self.login = False, False, None, None
        self.differs, self.alone = {}, {}  # by pace: [(reason, why)], why
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if line and not line.startswith("#"):
                    verb, _, rest = line.partition(" ")
                    self.add(verb, rest)
        for pace in PACES:
            self.differs[pace] = self.differs.get(pace, []) + MAY_DIFFER[pace]
        if (self.run is None) == (self.login is None):
            raise ValueError(f"{self.name}: one of run and login is needed")

    def add(self, verb, rest):
        if verb == "needs":
            self.needs += rest.split()
        elif verb in ("user", "world"):
            setattr(self, verb, True)
        elif verb in ("run", "login"):
            setattr(self, verb, rest)
        elif verb == "file":
            name, _, text = rest.partition(" ")
            self.files.append((name, unescape(text)))
        elif verb == "secret":
            self.secrets.append(unescape(rest))
        elif verb == "differs":
            paces, reason, why = rest.split(" ", 2)
            for pace in paces.split(","):
                self.differs.setdefault(pace, []).append((reason, why))
        elif verb == "alone":
            paces, why = rest.split(" ", 1)
            self.alone.update({pace: why for pace in paces.split(",")})
        elif verb in ("keys", "paste", "lines", "wait", "sleep"):
            self.steps.append((verb, rest))
        else:
            raise ValueError(f"{self.name}: no instruction '{verb}'")

    def missing(self):
        """Why the case cannot be played here, or None."""
        for program in self.needs:
            if shutil.which(program) is None:
                return f"{program} is not installed"
        return None


def characters(data):
    """UTF-8 characters and escape sequences, as a terminal sends them."""
    return re.findall(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|[\xc0-\xff][\x80-\xbf]+|.", data, re.S)


def numbered(count, length):
    """Lines of which no two are the same, nor any two pieces that are as long as their number."""
    return b"".join(b"%07d " % n + bytes(97 + (n + i) % 26 for i in range(length - 8)) + b"\n" for n in range(count))


class Player:
    """One run of a program with its standard input and output on two pipes, or both on the master of a PTY."""

    def __init__(self, process, key_fd, screen_fd, pace):
        self.process, self.key_fd, self.screen_fd, self.pace = process, key_fd, screen_fd, pace
        self.screen = b""
        self.seen = 0
        self.began = False
        self.fds = {key_fd, screen_fd}
        os.set_blocking(key_fd, False)

    def take(self):
        """What is on the screen; False at its end."""
        try:
            got = os.read(self.screen_fd, 65536)
        except BlockingIOError:
            return True
        except OSError:
            got = b""
        self.screen += got
        return bool(got)

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while True:
            ready = select.select([self.screen_fd], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return True
            if not self.take():
                return False

    def wait(self, pattern, seconds=PATIENCE_S):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern.encode(), self.screen[self.seen:])
            if found:
                self.seen += found.end()
                return True
            if not self.drain(0.02) and not re.search(pattern.encode(), self.screen[self.seen:]):
                return False
        return False

    def write(self, data):
        """What the program says meanwhile is read, or it could not go on."""
        alive = [self.screen_fd]
        while data:
            readable, writable, _ = select.select(alive, [self.key_fd], [], PATIENCE_S)
            if not readable and not writable:
                raise RuntimeError("nobody takes the keys")
            if readable and not self.take():
                alive = []
            try:
                data = data[os.write(self.key_fd, data):] if writable else data
            except BlockingIOError:
                self.drain(0.001)
            except OSError:
                return

    def step(self, verb, rest):
        if verb == "sleep":
            self.drain(float(rest))
        elif verb == "wait":
            if (self.pace != "rush" or not self.began) and not self.wait(rest):
                raise RuntimeError(f"no /{rest}/ in {self.screen[self.seen:][-300:]!r}")
            self.began = True
            if self.pace == "person":
                self.drain(0.05)
        elif verb == "lines":
            self.write(numbered(*map(int, rest.split())))
        elif verb == "paste" or self.pace != "person":
            self.write(unescape(rest))
        else:
            for character in characters(unescape(rest)):
                self.write(character)
                self.drain(0.015)

    def hang_up(self):
        self.fds.discard(self.key_fd)
        os.close(self.key_fd)
        if self.fds:
            self.drain(1)

    def finish(self, seconds=PATIENCE_S / 2):
        """Waits for the program's end; returns whether it came by itself."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if not self.drain(0.02):
                time.sleep(0.02)
        if self.process.poll() is None:
            self.end()
            return False
        self.drain(0.05)
        return True

    def end(self):
        """If need be by force."""
        if self.process.poll() is None and self.key_fd in self.fds:
            self.hang_up()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def prepare(case, owner=None):
    where = tempfile.mkdtemp(prefix="script-")
    for name, text in case.files:
        os.makedirs(os.path.dirname(os.path.join(where, name)), exist_ok=True)
        with open(os.path.join(where, name), "wb") as out:
            out.write(text)
    if owner is not None:
        subprocess.run(["chown", "-R", f"{owner}:{owner}", where], check=True)
    return where


def play(case, start, pace, owner=None, values=None):
    """start(argv, env, cwd) -> (process, key_fd, screen_fd). Returns (ended by itself, screen)."""
    where = prepare(case, owner)
    values = dict(values or {}, dir=where)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": where, "TERM": "xterm", "LC_ALL": "C.UTF-8",
           "SHELL": "/bin/sh", "HISTFILE": "/dev/null"}

    def fill(text):
        return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), text)
    argv = shlex.split(fill(case.run)) if case.run else [case.login]
    process, key_fd, screen_fd = start(argv, env, where)
    player = Player(process, key_fd, screen_fd, pace)
    try:
        for verb, rest in case.steps:
            player.step(verb, fill(rest) if verb in ("keys", "paste") else rest)
        return player.finish(), player.screen
    finally:
        player.end()
        for fd in player.fds:
            os.close(fd)
        shutil.rmtree(where, ignore_errors=True)
