# SPDX-License-Identifier: GPL-2.0-or-later
"""A wrapped session seen from all sides: the user's terminal, its three processes, what it leaves behind."""

import json
import os
import re

from client import login
from host import LOGS, wait_until
from processes import alive, roles

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
