# SPDX-License-Identifier: GPL-2.0-or-later
"""Who the processes of a live session are: /proc/PID/status of each role, held against the design's table."""

import os
import pwd
import subprocess

import pytest

from client import ENVIRONMENT, Terminal, login, ssh_words
from host import TTYWRAP, wait_until
from same import PLAIN

CAPS = {"cap_net_admin": 12, "cap_audit_write": 29}
MONITOR_CAPS = sum(1 << bit for bit in CAPS.values())


@pytest.fixture(scope="module")
def user(host):
    return host.user("watched", groups=("alpha", "beta"))


def status(pid):
    """/proc/PID/status as {name: words}."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as lines:
        return {name: rest.split() for name, rest in (line.split(":", 1) for line in lines)}


def program(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def roles(host, shell):
    """(monitor, pump) of the session whose shell that is: its parent, and the parent's other child."""
    monitor = int(status(shell)["PPid"][0])
    assert program(monitor) == TTYWRAP
    pumps = [pid for pid in host.world.processes() if program(pid).endswith("/ttywrap-pump") and int(status(pid)["PPid"][0]) == monitor]
    return monitor, pumps[0] if pumps else None


@pytest.fixture(scope="module")
def live(host, sshd, user):
    """{role: status} in the middle of a session, the plain shell's beside them."""
    found = {}
    for shell in (PLAIN, TTYWRAP):
        user.set_shell(shell)
        with login(sshd, user) as terminal:
            pid = int(terminal.run("echo $$"))
            if shell == PLAIN:
                found["plain"] = status(pid)
            else:
                monitor, pump = roles(host, pid)
                found.update(shell=status(pid), monitor=status(monitor), pump=status(pump), pump_root=os.readlink(f"/proc/{pump}/cwd"))
                found["readable"] = terminal.run(f"cat /proc/{monitor}/environ /proc/{pump}/environ; ls /proc/{monitor}/fd /proc/{pump}/fd; "
                                                 f"kill -0 {monitor}; kill -0 {pump}")
            terminal.exit()
    user.set_shell(PLAIN)
    return found


def capabilities(found):
    return {name: int(found[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}


def test_monitor(live, user):
    service = str(pwd.getpwnam("_ttywrap").pw_uid)
    monitor = live["monitor"]
    assert monitor["Uid"] == [service] * 4
    assert monitor["Gid"] == [str(user.gid)] * 4 and monitor["Groups"] == live["plain"]["Groups"]
    assert capabilities(monitor) == {"CapInh": 0, "CapPrm": MONITOR_CAPS, "CapEff": MONITOR_CAPS, "CapAmb": 0}
    assert monitor["NoNewPrivs"] == ["1"] and monitor["Seccomp"] == ["2"]


def test_pump(live, user):
    service = str(pwd.getpwnam("_ttywrap").pw_uid)
    pump = live["pump"]
    assert pump["Uid"] == [service] * 4
    assert pump["Gid"] == [str(user.gid)] * 4 and pump["Groups"] == live["plain"]["Groups"]
    assert capabilities(pump) == {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0}
    assert pump["NoNewPrivs"] == ["1"] and pump["Seccomp"] == ["2"]
    assert live["pump_root"] == "/"


@pytest.mark.parametrize("field", ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
                                   "Threads", "SigBlk", "SigIgn", "Umask"))
def test_shell_is_as_it_would_be_without(live, field):
    assert live["shell"][field] == live["plain"][field]


def test_the_bounding_set_is_nobodys_to_change(live):
    """Without CAP_SETPCAP it stays what sshd left; sudo in the shell needs it."""
    assert live["monitor"]["CapBnd"] == live["pump"]["CapBnd"] == live["plain"]["CapBnd"]


def test_the_user_reaches_neither(live):
    said = live["readable"]
    assert said.count("Permission denied") == 4 and said.count("Operation not permitted") == 2


def test_nothing_of_it_is_ever_root(host, sshd, user, trail):
    """The kernel's own word on every exec and fork of a session: no process between sshd and the shell with uid 0."""
    user.set_shell(TTYWRAP)
    since = trail.mark()
    with login(sshd, user) as terminal:
        ses = terminal.run("cat /proc/self/sessionid").strip()
        terminal.exit()
    user.set_shell(PLAIN)
    trail.wait(lambda r: r.type == "USER_END" and r.get("ses") == ses, since)
    ours = [r for r in trail.records[since:] if r.get("ses") == ses and r.get("exe") == TTYWRAP]
    assert ours
    for record in ours:
        for name in ("uid", "euid", "suid", "fsuid"):
            assert record.get(name) != "0", record.text


def test_roots_own_session_is_not_root_either(host, trail):
    """root with ttywrap for a shell: the monitor and the pump are the service all the same."""
    service = str(pwd.getpwnam("_ttywrap").pw_uid)
    with Terminal([TTYWRAP], env={"PS1": "ready1> ", "HOME": "/nonexistent"}) as terminal:
        terminal.send("echo pid $$.\r")
        shell = int(terminal.expect(r"pid (\d+)\.")[1])
        monitor, pump = roles(host, shell)
        assert status(monitor)["Uid"] == status(pump)["Uid"] == [service] * 4
        assert capabilities(status(monitor))["CapPrm"] == MONITOR_CAPS and capabilities(status(pump))["CapPrm"] == 0
        assert status(shell)["Uid"] == ["0"] * 4
        assert status(shell)["CapEff"] == status("self")["CapEff"]
        terminal.send("exit\r")
        terminal.finish()


def test_without_a_terminal(host, sshd, user):
    """The one process that waits for the command is as little as the monitor of a terminal session."""
    user.set_shell(TTYWRAP)
    client = subprocess.Popen(ssh_words(sshd, user, "echo $$; read x"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)
    shell = int(client.stdout.readline())
    monitor, pump = roles(host, shell)
    found = status(monitor)
    client.communicate(b"\n", timeout=30)
    user.set_shell(PLAIN)
    assert pump is None
    assert found["Uid"] == [str(pwd.getpwnam("_ttywrap").pw_uid)] * 4
    assert capabilities(found) == {"CapInh": 0, "CapPrm": MONITOR_CAPS, "CapEff": MONITOR_CAPS, "CapAmb": 0}
    assert client.returncode == 0 and wait_until(lambda: not os.path.exists(f"/proc/{monitor}"), "its end")
