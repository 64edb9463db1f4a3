# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the world's sshd: `ssh` as a command, and `ssh` (or anything else) on a terminal of the test's own."""

import os
import re
import signal
import subprocess

import pexpect

from host import KEYS

TIMEOUT = 30
# A locale and a TERM of our own, so that the machine's settings do not reach the sessions.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
CONTROL = re.compile(r"\x1b\[\?2004[hl]\r?|\x1b\]0;[^\a]*\a")


def ssh_words(sshd, user, *words, tty=False, options=(), password=False):
    """The command line of one ssh. Nothing of the machine's ssh configuration or agent gets in."""
    base = ["ssh", "-F", "none", "-p", str(sshd.port)]
    for option in options:  # before the others: ssh takes the first value it is given
        base += ["-o", option]
    base += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"]
    if password:
        base += ["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
    else:
        base += ["-i", f"{KEYS}/user", "-o", "BatchMode=yes"]
    if tty:
        base.append("-tt")
    return base + [f"{user.name}@127.0.0.1", *words]


def ssh(sshd, user, *words, stdin=b"", env=None, timeout=TIMEOUT, **more):
    """Runs one command over ssh; returns the CompletedProcess with bytes. stdin=None is ssh -n."""
    line = ssh_words(sshd, user, *words, **more)
    source = {"input": stdin}
    if stdin is None:
        line.insert(1, "-n")
        source = {"stdin": subprocess.DEVNULL}
    return subprocess.run(line, capture_output=True, env={**ENVIRONMENT, **(env or {})}, timeout=timeout, **source)


def fresh_signals():
    """Between fork and exec: no signal ignored or blocked because the tests were started that way."""
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_DFL)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Terminal:
    """A program on a terminal. Every step waits for what it expects; nothing sleeps."""

    def __init__(self, words, size=(24, 80), env=None, cwd="/"):
        self.child = pexpect.spawn(words[0], list(words[1:]), dimensions=size, env={**ENVIRONMENT, **(env or {})}, cwd=cwd,
                                   timeout=TIMEOUT, encoding="utf-8", codec_errors="surrogateescape", preexec_fn=fresh_signals,
                                   maxread=65536)
        self.child.delaybeforesend = None
        self.child.delayafterclose = 0.01
        self.child.delayafterterminate = 0.01
        self.seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def expect(self, pattern):
        """Waits for a regular expression; returns the match. What came before it is in .before."""
        try:
            self.child.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            how = f"within {TIMEOUT} s" if isinstance(error, pexpect.TIMEOUT) else "before the end"
            raise AssertionError(f"no {pattern!r} {how} in: {(self.child.before or '')[-2000:]!r}") from None
        return self.child.match

    @property
    def before(self):
        return CONTROL.sub("", self.child.before or "")

    def send(self, text):
        self.child.send(text)

    def prompt(self, number=None):
        """Waits for the test users' counting prompt; returns its number."""
        want = r"\d+" if number is None else str(number)
        self.number = int(self.expect(rf"ready({want})> ")[1])
        return self.number

    def run(self, command):
        """Types a command line, waits for the next prompt, returns what the command printed (its echo taken off)."""
        self.send(command + "\r")
        self.expect(r"\n")
        self.expect(rf"ready{self.number + 1}> ")
        self.number += 1
        return self.before.replace("\r\n", "\n")

    def resize(self, rows, columns):
        self.child.setwinsize(rows, columns)

    def finish(self):
        """Waits for the end; returns the exit status, or -N for death by signal N."""
        self.expect(pexpect.EOF)
        self.child.wait() if self.child.isalive() else None
        self.child.close()
        return -self.child.signalstatus if self.child.signalstatus else self.child.exitstatus

    def exit(self):
        """Ends a shell in the ordinary way."""
        self.send("exit\r")
        return self.finish()

    def hang_up(self):
        """Closes the terminal, as when its window is closed."""
        if not self.child.closed:
            self.child.close(force=True)

    def kill(self):
        """The client is gone without a word to the server."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()


def login(sshd, user, *words, options=(), size=(24, 80), env=None, password=False, wait=True):
    """An interactive login over ssh, at its first prompt."""
    terminal = Terminal(ssh_words(sshd, user, *words, tty=bool(words), options=options, password=password), size=size, env=env)
    if password:
        terminal.expect("assword: ")
        terminal.send(user.password + "\r")
    if wait and not words:
        terminal.prompt()
    return terminal
