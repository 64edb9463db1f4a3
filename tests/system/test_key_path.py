# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pump does between a key and its echo: nothing that could wait. Calls are counted, not time: strace(1) shows them."""

import re
import shutil
import signal
import string
import subprocess
import time

import pytest

from client import Terminal, login
from host import TTYWRAP, wait_until
from processes import roles

KEYS = string.ascii_lowercase
ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"go\\r\\n")
key = b""
while key != b"!":
    key = os.read(0, 1)
    os.write(1, key.upper())
"""
ENDLESS = """
import os, tty
tty.setraw(0)
os.write(1, b"go\\r\\n")
while True:
    os.write(1, b"y\\r\\n" * 1000)
"""
INTERRUPTED = """
import os, signal, tty
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"INT"))
tty.setcbreak(0)
os.write(1, b"go\\n")
while os.read(0, 1) != b"!":
    os.write(1, b".")
"""
CALL = re.compile(r'(\w+)\((?:(\d+), "((?:[^"\\]|\\.)*)")?')


@pytest.fixture(scope="module")
def user(host):
    return host.user("keyed", shell=TTYWRAP)


@pytest.fixture(scope="module")
def calls(host, sshd, user):
    """[(name, descriptor or None, bytes or None)] of the pump while KEYS are typed, each once the one before is shown."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    user.write("echo.py", ECHO)
    with login(sshd, user) as terminal:
        (_, pump, _), = roles(host)
        terminal.send("python3 echo.py\r")
        terminal.expect("go\r\n")
        time.sleep(0.3)  # what the command line started is over
        log = user.path("calls")
        with subprocess.Popen(["strace", "-p", str(pump), "-o", log], stderr=subprocess.PIPE, text=True) as strace:
            assert "attached" in strace.stderr.readline()
            for key in KEYS:
                terminal.send(key)
                terminal.expect(key.upper())
                time.sleep(0.01)  # a person's next key is later still
            strace.send_signal(signal.SIGINT)
        terminal.send("!")
        terminal.prompt()
        terminal.exit()
    with open(log, encoding="utf-8") as lines:
        found = [CALL.match(line) for line in lines]
    return [(m[1], m[2], m[3]) for m in found if m]


def rests(pid):
    """Does not run at all for a while: neither its CPU time nor its turns go on (/proc/PID/schedstat)."""
    def ran():
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as text:
            return text.read()
    before = ran()
    time.sleep(0.3)
    return ran() == before


def index(calls, name, data):
    at, = [i for i, (call, _, got) in enumerate(calls) if call == name and got == data]
    return at


def test_a_key_goes_straight_in(calls):
    for key in KEYS:
        assert index(calls, "write", key) == index(calls, "read", key) + 1, calls


def test_its_echo_goes_straight_out(calls):
    for key in KEYS.upper():
        assert index(calls, "write", key) == index(calls, "read", rf"\0{key}") + 1, calls


def test_what_comes_behind_is_little(calls):
    """Waits, the look that says who has read it and in which modes, and the recording's lines.

    12 calls a key were counted; on a busy machine it looks more than once.
    """
    assert len(calls) < 30 * len(KEYS), calls


def test_a_terminal_that_takes_nothing_costs_nothing(host, user):
    """A key typed while the output stands still waits, and so does who wants to know what becomes of it.

    Each look asked who reads, since the modes could not be known, and each answer was the reason for a look: pump and monitor
    used up a core, as long as ^S or a client that had gone to sleep held the output.
    """
    def turns(pid):
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as text:
            return int(text.read().split()[2])
    user.write("endless.py", ENDLESS)
    with Terminal(["su", "-", user.name]) as terminal:
        terminal.prompt()
        (monitor, pump, _), = roles(host)
        terminal.send("exec python3 endless.py\r")
        terminal.expect("go")
        wait_until(lambda: rests(pump), "the output to stand still")
        terminal.send("x")
        seen = [(turns(pump), turns(monitor))]
        for _ in range(2):  # a look that shows too little is taken again and again, for a second; then now and then
            time.sleep(1.2)
            seen.append((turns(pump), turns(monitor)))
        assert 50 < seen[1][0] - seen[0][0] < 400 and seen[1][1] - seen[0][1] < 10, seen
        assert 0 < seen[2][0] - seen[1][0] < 50 and seen[2][1] - seen[1][1] < 10, seen


def test_nothing_is_due_behind_an_interrupt(host, sshd, user):
    """In cbreak mode ^C goes by without being read, and so without anything that a look could wait for.

    It is not looked at right away once many keys like it have changed no modes. The pump used up a core then, until the next key.
    """
    user.write("interrupted.py", INTERRUPTED)
    with login(sshd, user) as terminal:
        (_, pump, _), = roles(host)
        terminal.send("python3 interrupted.py\r")
        terminal.expect("go\r\n")
        for _ in range(20):
            terminal.send("\t")
            terminal.expect(r"\.")
        terminal.send("\x03")
        terminal.expect("INT")
        wait_until(lambda: rests(pump), "the pump's rest")
        terminal.send("!")
        terminal.prompt()
        terminal.exit()
