# SPDX-License-Identifier: GPL-2.0-or-later
"""The processes of a session, as /proc has them."""

import os
import pwd

from host import TTYWRAP

PUMP = "/usr/libexec/ttywrap/ttywrap-pump"


def status(pid, field):
    """A line of /proc/PID/status as words, or None when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as text:
            for line in text:
                if line.startswith(field + ":"):
                    return line.split()[1:]
    except OSError:
        pass
    return None


def exe(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


def alive(pid):
    state = status(pid, "State")
    return state is not None and state[0] not in "ZX"


def roles(host, but=()):
    """[(monitor, pump or None, shell or None)] of the live sessions in the world."""
    service = str(pwd.getpwnam("_ttywrap").pw_uid)
    pids = [p for p in host.world.processes() if p not in but]
    parents = {p: (status(p, "PPid") or ["0"])[0] for p in pids}
    found = []
    for monitor in pids:
        if exe(monitor) != TTYWRAP or status(monitor, "Uid") != [service] * 4:
            continue
        children = [p for p in pids if parents[p] == str(monitor)]
        pump = next((p for p in children if exe(p) == PUMP), None)
        shell = next((p for p in children if p != pump and exe(p) not in (TTYWRAP, PUMP, None)), None)
        found.append((monitor, pump, shell))
    return found


def guard_of(host, monitor):
    """The session's guard: the monitor's child that acts as the user."""
    return next((p for p in host.world.processes() if exe(p) == TTYWRAP and status(p, "PPid") == [str(monitor)]
                 and status(p, "Uid")[0] != status(p, "Uid")[1]), None)
