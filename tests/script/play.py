# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a case: starts a program behind a relay, types, waits for output.

A case file has one instruction a line; '#' begins a comment, \\r \\n \\t \\e \\xNN \\\\ are escapes:
    needs PROGRAM...       skipped without them
    root                   skipped when not root
    run PROGRAM [ARG...]   shell words; {dir} is the case's own empty directory
    file NAME TEXT         a file in it
    keys TEXT              typed, as it is paced
    paste TEXT             written at once, however the case is paced
    wait REGEX             until the output since the last wait matches
    sleep SECONDS
    secret TEXT            may not be in what is audited, nor may four bytes of it
"""

import os
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import time

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
        self.root, self.run = False, None
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if not line or line.startswith("#"):
                    continue
                verb, _, rest = line.partition(" ")
                self.add(verb, rest)

    def add(self, verb, rest):
        if verb == "needs":
            self.needs += rest.split()
        elif verb == "root":
            self.root = True
        elif verb == "run":
            self.run = rest
        elif verb == "file":
            name, _, text = rest.partition(" ")
            self.files.append((name, unescape(text)))
        elif verb == "secret":
            self.secrets.append(unescape(rest))
        elif verb in ("keys", "paste", "wait", "sleep"):
            self.steps.append((verb, rest))
        else:
            raise ValueError(f"{self.name}: no instruction '{verb}'")

    def missing(self):
        """Why the case cannot be played here, or None."""
        for program in self.needs:
            if shutil.which(program) is None:
                return f"{program} is not installed"
        if self.root and os.geteuid() != 0:
            return "needs root"
        return None


def characters(data):
    """UTF-8 characters and escape sequences, as a terminal sends them."""
    return re.findall(rb"\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|[\xc0-\xff][\x80-\xbf]+|.", data, re.S)


class Player:
    """One run of a program with its standard input and output on two pipes or a PTY."""

    def __init__(self, process, key_fd, screen_fd, pace):
        self.process, self.key_fd, self.screen_fd, self.pace = process, key_fd, screen_fd, pace
        self.screen = b""
        self.seen = 0

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while True:
            ready = select.select([self.screen_fd], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return True
            try:
                got = os.read(self.screen_fd, 65536)
            except OSError:
                got = b""
            if not got:
                return False
            self.screen += got

    def wait(self, pattern, seconds=10):
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
        while data:
            try:
                data = data[os.write(self.key_fd, data):]
            except OSError:
                return

    def step(self, verb, rest):
        if verb == "sleep":
            self.drain(float(rest))
        elif verb == "wait":
            if self.pace != "rush" and not self.wait(rest):
                raise RuntimeError(f"no /{rest}/ in {self.screen[self.seen:][-200:]!r}")
            if self.pace == "person":
                self.drain(0.05)
        elif verb == "paste" or self.pace != "person":
            self.write(unescape(rest))
        else:
            for character in characters(unescape(rest)):
                self.write(character)
                self.drain(0.015)

    def finish(self, seconds=8):
        """Waits for the program's end; returns whether it came by itself."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            if not self.drain(0.02):
                time.sleep(0.02)
        if self.process.poll() is None:
            os.close(self.key_fd)
            self.drain(1)
            self.process.kill()
            self.process.wait()
            return False
        self.drain(0.05)
        return True


def prepare(case):
    where = tempfile.mkdtemp(prefix="script-")
    for name, text in case.files:
        with open(os.path.join(where, name), "wb") as out:
            out.write(text)
    return where


def play(case, start, pace):
    """start(argv, env, cwd) -> (process, key_fd, screen_fd). Returns (ended by itself, screen)."""
    where = prepare(case)
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), "HOME": where,
           "TERM": "xterm", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh", "HISTFILE": "/dev/null"}
    argv = shlex.split(case.run.replace("{dir}", where))
    process, key_fd, screen_fd = start(argv, env, where)
    player = Player(process, key_fd, screen_fd, pace)
    try:
        for verb, rest in case.steps:
            player.step(verb, rest)
        return player.finish(), player.screen
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for fd in {key_fd, screen_fd}:
            try:
                os.close(fd)
            except OSError:  # hung up already
                pass
        shutil.rmtree(where, ignore_errors=True)
