# SPDX-License-Identifier: GPL-2.0-or-later
"""The two ways in which a case is played in a world: on a terminal of its own, and through the installed ttywrap.

Both times the program has the kernel's own TTY auditing on (as pam_tty_audit would have switched it on), so that through
ttywrap the two look at the very same reads.
"""

import concurrent.futures
import fcntl
import json
import os
import pty
import shlex
import struct
import subprocess
import sys
import termios

import play
from compare import Result
from host import CONF, KEYS, LOGS, TTYWRAP, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
PASSWORD = "Zq7kW9xPl"  # the player's and the guest's: the secret that the cases type
# Limits have tests of their own (tests/system/test_limits.py).
SETTINGS = "[default]\nshell = {}\naudit_rate = none\naudit_cap = none\n"


class Stage:
    """Who and what a case of a world meets: {ssh} is an ssh to {guest}, another user, that asks for nothing."""

    def __init__(self, host):
        self.host = host
        self.guest = host.user("guest", password=PASSWORD)
        self.player = host.user("player", shell=TTYWRAP, password=PASSWORD)
        for user in (self.guest, self.player):
            user.write(".bashrc", "PS1='\\u$ '\nHISTFILE=\n")
        with open(f"{KEYS}/user", encoding="ascii") as key:
            path = self.player.write(".ssh/id", key.read(), 0o600)
        with open("/etc/sudoers.d/player", "w", encoding="ascii") as rules:
            rules.write("player ALL=(ALL) ALL\nDefaults:player !lecture,timestamp_timeout=0\n")
        os.chmod("/etc/sudoers.d/player", 0o440)
        ssh = (f"ssh -F none -p {host.sshd().port} -i {path} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
               f"-o LogLevel=ERROR {self.guest.name}@127.0.0.1")
        self.values = {"ssh": ssh, "guest": self.guest.name, "password": PASSWORD}

    def close(self):
        self.player.set_shell("/bin/bash")
        if os.path.exists(CONF):
            os.unlink(CONF)


class Way:
    """One session. ses is its audit session once it has begun."""

    def __init__(self, stage, case, pace):
        self.stage, self.case, self.pace = stage, case, pace
        self.ses, self.pts, self.error = None, None, None

    def command(self, argv):
        """(program, argv)"""
        if self.case.login:
            return argv[0], ["-" + os.path.basename(argv[0])]
        return "/bin/sh", ["sh", "-c", "exec " + shlex.join(argv)]

    def start(self, argv, env, cwd):
        ptm, pts = pty.openpty()
        fcntl.ioctl(pts, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.pts = os.ttyname(pts).removeprefix("/dev/")
        os.fchown(pts, self.stage.player.uid, self.stage.player.gid)
        told, tell = os.pipe()
        program, words = self.command(argv)
        line = [sys.executable, f"{HERE}/start_session.py", str(self.stage.player.uid), str(tell), program, *words]
        process = subprocess.Popen(line, stdin=pts, stdout=pts, stderr=pts, start_new_session=True, env=env, cwd=cwd,
                                   pass_fds=[tell])
        os.close(pts)
        os.close(tell)
        with os.fdopen(told) as text:
            self.ses = text.read().strip()
        return process, ptm, ptm

    def run(self):
        try:
            ended, screen = play.play(self.case, self.start, self.pace, self.stage.player.uid, self.stage.values)
            if not ended and self.pace != "rush":
                self.error = f"the program did not end; the screen's end: {screen[-300:]!r}"
        except RuntimeError as error:
            self.error = str(error)


class Through(Way):
    def command(self, argv):
        if self.case.login:
            return TTYWRAP, ["-ttywrap"]
        return TTYWRAP, ["ttywrap", "-c", "exec " + shlex.join(argv)]


def is_over(ses):
    """Whether all processes of an audit session are gone, and with them what the kernel had in their buffers."""
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/sessionid", encoding="ascii") as session:
                if name.isdigit() and session.read() == ses:
                    return False
        except OSError:
            pass
    return True


def by_process(records, ses, pts):
    """What each process read from that terminal, in the order of their first records."""
    found = {}
    for record in records:
        if record.type == "TTY" and record.get("ses") == ses and f"pts/{record.get('minor')}" == pts:
            found[record.get("pid")] = found.get(record.get("pid"), b"") + record.data()
    return list(found.values())


def reasons(name):
    """Why input was left out of a recording."""
    with open(os.path.join(LOGS, name), encoding="utf-8") as lines:
        next(lines)
        events = [json.loads(line) for line in lines]
    return {text.partition("why=")[2] for _, code, text in events if code == "h"}


def run_case(stage, case, pace):
    """Both ways at once: they do not know of each other."""
    trail = stage.host.trail
    since, overruns = trail.mark(), trail.overruns
    stage.host.configure(SETTINGS.format(case.login or "/bin/sh"))
    inside, alone = Through(stage, case, pace), Way(stage, case, pace)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda way: way.run(), (inside, alone)))
    result = Result(case, pace)
    result.error = inside.error or alone.error and f"without ttywrap: {alone.error}"
    if result.error:
        return result
    trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("ses") == inside.ses, since)
    for way in (inside, alone):
        wait_until(lambda: is_over(way.ses), f"the end of session {way.ses}")
    opened, = trail.find("TRUSTED_APP", since, op="ttywrap-open", ses=inside.ses)
    trail.read()
    records = trail.records[since:]
    result.ours = b"".join(r.data() for r in records if r.type == "USER_TTY" and r.get("ses") == inside.ses)
    result.kernel, result.alone = by_process(records, inside.ses, opened.get("inner")), by_process(records, alone.ses, alone.pts)
    result.told = reasons(opened.get("rec"))
    if trail.overruns > overruns:
        result.error = "the audit trail was not read in time"
    return result
