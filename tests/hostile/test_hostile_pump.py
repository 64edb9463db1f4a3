# SPDX-License-Identifier: GPL-2.0-or-later
"""The real monitor with a pump that was taken over (hostile_pump.c, installed in the place of ttywrap-pump)."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from client import Terminal, ssh_words
from paths import BUILD
from host import wait_until
from live import fields, records_of, wait_record
from processes import PUMP, alive, roles, status

HOW = "/tmp/hostile-pump"
MEMORY_MAX_KB = 4096  # what a monitor may grow by under any flood


@pytest.fixture(scope="module", autouse=True)
def taken_over(host):
    """The hostile program stands where the pump stood."""
    shutil.move(PUMP, PUMP + ".real")
    shutil.copy(os.path.join(BUILD, "tests/hostile/hostile_pump"), PUMP)
    os.chmod(PUMP, 0o755)
    yield
    shutil.move(PUMP + ".real", PUMP)


@pytest.fixture
def begin(host, sshd, eve, trail):
    """begin(how) starts a session with such a pump; returns (client's terminal, where its records begin)."""
    clients = []

    def start(how):
        with open(HOW, "w", encoding="ascii") as word:
            word.write(how)
        since = trail.mark()
        clients.append(Terminal(ssh_words(sshd, eve)))
        return clients[-1], since
    yield start
    for client in clients:
        client.hang_up()


@pytest.fixture
def close_record(trail, eve):
    return lambda since: fields(wait_record(trail, eve.uid, "close", since))


@pytest.fixture
def opened(trail, eve):
    return lambda since: wait_record(trail, eve.uid, "open", since)


@pytest.mark.parametrize("how", ["dies", "early-end", "early-large"])
def test_before_it_is_ready(begin, close_record, trail, eve, host, how):
    """No shell was started, the user is told one line, the trail says that it was refused."""
    client, since = begin(how)
    client.expect("this session cannot be audited, so it is not started")
    assert client.finish() == 1
    assert close_record(since)["why"] == "refused"
    assert [r for r in records_of(trail, eve.uid, since) if r.type == "USER_CMD"] == [] and roles(host) == []


BROKEN = "the pump broke the protocol"
MUTE = "the pump ended without a word"


@pytest.mark.parametrize("how, reason", [
    ("descriptors", BROKEN), ("twice-ready", BROKEN), ("short", BROKEN), ("garbage 1", BROKEN), ("garbage 2", BROKEN),
    ("garbage 3", BROKEN), ("empty", MUTE), ("closes-channel", MUTE), ("crash", MUTE),
    ("end-and-stay", "the pump did not come to an end"),
])
def test_what_it_says(begin, close_record, host, how, reason):
    client, since = begin(how)
    closed = close_record(since)
    assert closed["why"] == "fault"
    assert bytes.fromhex(closed["reason"]).decode() == reason
    client.finish()
    assert f"the session has ended: {reason}" in client.before
    host.syslog.wait(lambda priority, text: reason in text and priority >> 3 == 10)


def memory_kb(pid):
    return int(status(pid, "VmData")[0]) + int(status(pid, "VmRSS")[0])


@pytest.mark.parametrize("how", ["flood-asking", "flood-input"])
def test_at_full_speed(begin, opened, close_record, trail, host, how):
    """The monitor stays as small as it was, still hears the end of the connection, and writes the close record."""
    with trail.without("USER_TTY"):
        client, since = begin(how)
        opened(since)
        [(monitor, pump, shell)] = wait_until(lambda: [r for r in roles(host) if r[2]], "the session")
        before = memory_kb(monitor)
        end = time.monotonic() + (1.0 if how == "flood-asking" else 0.3)
        while time.monotonic() < end:
            assert memory_kb(monitor) < before + MEMORY_MAX_KB
        client.kill()
        closed = close_record(since)
    assert closed["why"] in ("hangup", "fault")
    wait_until(lambda: not any(map(alive, (monitor, pump, shell))), "the end of all three")


def test_standing_still(begin, opened, close_record, trail, eve, host, sshd):
    """Stopped, and silent from the start: neither can hold up the close record (nor the refusal) for more than its time.

    So for a recorded command without a terminal; there what the client has not read yet is waited for, the client being there.
    """
    host.configure("[default]\nshell = /bin/bash\nrecord_no_tty = yes\n")
    other = host.user("quiet", shell="/usr/bin/ttywrap")
    with open(HOW, "w", encoding="ascii") as word:
        word.write("stops")
    other_since = trail.mark()
    client = subprocess.Popen(ssh_words(sshd, other, "exit 3"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    wait_record(trail, other.uid, "open", other_since)
    [theirs] = wait_until(lambda: [r for r in roles(host) if r[1] and status(r[1], "State")[0] == "T" and not r[2]], "the command's end")
    host.configure("[default]\nshell = /bin/bash\n")
    stopped, since = begin("stops")
    opened(since)
    [(monitor, pump, shell)] = wait_until(lambda: [r for r in roles(host) if r[2]], "the session")
    wait_until(lambda: status(pump, "State")[0] == "T", "the pump's stop")
    os.kill(shell, signal.SIGKILL)
    silent, _ = begin("silent")
    silent.expect("this session cannot be audited, so it is not started")
    assert silent.finish() == 1
    stopped.kill()
    wait_until(lambda: not any(map(alive, (monitor, pump, shell))), "the end of all three", 60)
    closed = fields(wait_record(trail, other.uid, "close", other_since))
    assert (closed["why"], closed["exit"]) == ("exit", "3") and alive(theirs[0]) and client.poll() is None
    client.kill()
    client.wait()
    wait_until(lambda: not any(alive(p) for p in theirs if p), "the end of those who wait for a client that is gone")
    drained = fields(wait_record(trail, other.uid, "drained", other_since))
    assert drained["why"] == "fault" and bytes.fromhex(drained["reason"]) == b"the pump did not come to an end"
    ended = {fields(r)["session"]: fields(r)["why"] for r in records_of(trail, eve.uid, since) if "op=ttywrap-close " in r.text}
    assert ended.pop(fields(opened(since))["session"]) == "fault" and list(ended.values()) == ["refused"]
