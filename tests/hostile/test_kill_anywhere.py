# SPDX-License-Identifier: GPL-2.0-or-later
"""Each role killed at random moments of a busy session.

TTYWRAP_KILLS is the number of kills a role (`TTYWRAP_KILLS=300 tests/run hostile` is the long form), TTYWRAP_SEED the seed.
"""

import os
import random
import signal
import time

import pytest

from client import ssh_words, Terminal
from host import wait_until
from live import fields, records_of
from processes import alive

KILLS = int(os.environ.get("TTYWRAP_KILLS", "6"))
SEED = int(os.environ.get("TTYWRAP_SEED", "20260101"))
# Output as fast as it goes, a terminal that changes its modes, input, markers, children that come and go.
BUSY = "while :; do seq 1 200; stty -echo; stty echo; /bin/true; done"


def check_replays(session):
    """Whole lines up to the last, each valid; times never run backwards."""
    events = session.events()
    assert events[0]["version"] == 2
    times = [e[0] for e in events[1:]]
    assert times == sorted(times)


def kill_once(live, role, rng):
    session = live()
    session.terminal.send(f"{BUSY}\r")
    pid = {"monitor": session.monitor, "pump": session.pump, "shell": session.shell}[role]
    end = time.monotonic() + rng.uniform(0, 0.25)
    while time.monotonic() < end:
        session.terminal.send("x" * rng.randrange(1, 50))
        try:
            session.terminal.child.read_nonblocking(65536, 0.01)
        except Exception as what:  # pexpect's TIMEOUT: nothing there yet
            if type(what).__name__ != "TIMEOUT":
                raise
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    processes = (session.monitor, session.pump, session.shell)
    wait_until(lambda: not any(map(alive, processes)), f"the end of {processes}", 10)
    took = time.monotonic() - began
    session.terminal.hang_up()
    if role != "monitor":
        assert session.closed()["why"] in ("exit", "fault", "hangup")
    check_replays(session)
    os.unlink(session.recording)
    return took


@pytest.mark.parametrize("role", ["monitor", "pump", "shell"])
def test_killed_at_a_random_moment(live, role):
    rng = random.Random(f"{SEED} {role}")
    print(f"seed {SEED}, {KILLS} kills")
    for _ in range(KILLS):
        kill_once(live, role, rng)


def test_killed_while_it_starts(host, sshd, eve, trail):
    """The client is gone at a random moment of the login: no process is left, each open record has its close record."""
    rng = random.Random(SEED)
    since = trail.mark()
    for _ in range(KILLS):
        client = Terminal(ssh_words(sshd, eve))
        time.sleep(rng.uniform(0.05, 0.35))
        client.kill()
    listening = {s.process.pid for s in host.sshds.values()}
    wait_until(lambda: set(host.world.processes()) <= listening, "the end of all processes", 45)
    names = {op: [fields(r)["session"] for r in records_of(trail, eve.uid, since) if f"op=ttywrap-{op} " in r.text] for op in ("open", "close")}
    assert set(names["open"]) <= set(names["close"])
