# SPDX-License-Identifier: GPL-2.0-or-later
"""A wrapped session seen from all sides: the user's terminal, its three processes, what it leaves behind."""

import json
import os
import pwd
import re

from client import login
from host import LOGS, TTYWRAP, wait_until

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


def fields(record):
    """The key=value pairs of a record of ours."""
    return dict(re.findall(r"([\w-]+)=(\S+)", record.text))


def records_of(trail, uid, since):
    """What the sessions of that user have said since; other worlds' sessions are in the trail as well."""
    trail.read()
    pids = {r.get("pid") for r in trail.records[since:] if r.type == "TRUSTED_APP" and f" session={uid}-" in r.text}
    return [r for r in trail.records[since:] if r.get("pid") in pids and r.type in ("TRUSTED_APP", "USER_CMD", "USER_TTY")]


def wait_record(trail, uid, op, since, seconds=45.0):
    """The first such record of any session of that user."""
    return trail.wait(lambda r: r.type == "TRUSTED_APP" and f"op=ttywrap-{op} session={uid}-" in r.text, since, seconds)


class Live:
    """A login on a terminal. monitor, pump, shell are pids; name is that of the session in the trail."""

    def __init__(self, host, sshd, user, words=(), **more):
        self.host, self.user = host, user
        self.since = host.trail.mark()
        before = {r[0] for r in roles(host)}
        self.terminal = login(sshd, user, *words, **more)
        self.open = wait_record(host.trail, user.uid, "open", self.since)
        self.name = fields(self.open)["session"]
        self.recording = os.path.join(LOGS, self.name + ".cast")
        found = [r for r in roles(host) if r[0] not in before]
        self.monitor, self.pump, self.shell = found[0] if found else (None, None, None)

    def record(self, op, seconds=45.0):
        """The first record of that kind since the session was started."""
        return self.host.trail.wait(lambda r: r.type == "TRUSTED_APP" and f"op=ttywrap-{op} session={self.name} " in r.text,
                                    self.since, seconds)

    def closed(self, seconds=45.0):
        """The fields of the close record."""
        return fields(self.record("close", seconds))

    def gone(self, seconds=45.0):
        """Waits until no process of the session is left."""
        wait_until(lambda: not any(alive(p) for p in (self.monitor, self.pump, self.shell) if p), "the end of the session's processes",
                   seconds)

    def events(self):
        """The recording: its header and its events; what follows the last whole line is left out."""
        with open(self.recording, "rb") as text:
            lines = text.read().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def shown(self):
        """Everything that the recording says was on the screen."""
        return "".join(e[2] for e in self.events()[1:] if e[1] == "o")
