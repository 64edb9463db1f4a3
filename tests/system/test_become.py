# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to become root: what audit = elevated and audit = all have of them, with and without a terminal in between."""

import json
import re
import time

import pytest

from client import login
from host import TTYWRAP, run, wait_until
from same import PLAIN

WORD = "Kt7-never-seen"
PROMPT_OF_ROOT = "PS1='root> '"
PERSON_S = 0.1
BECOME = {  # command, does it ask, sudo's setting, and who reads then: comm and real uid (None: the user's own)
    "su": ("su -", True, "use_pty", "bash", 0),
    "sudo": ("sudo -i", False, "!use_pty", "bash", 0),
    "sudo, use_pty": ("sudo -i", False, "use_pty", "sudo", None),
}


@pytest.fixture(scope="module")
def operator(host):
    """Somebody who may become root."""
    guest = host.user("visitor", PLAIN)
    guest.write(".bashrc", "PS1='guest> '; HISTFILE=\n")
    made = host.user("stoker", TTYWRAP, groups=("stokers",))
    made.write(".bashrc", "PS1='ready> '; HISTFILE=\n")
    run("chpasswd", stdin=None, input=f"root:{WORD}\n")
    return made


@pytest.fixture(autouse=True)
def wrapped(operator):
    operator.set_shell(TTYWRAP)
    yield
    operator.set_shell(PLAIN)


class Told:
    """A session's records, and its recording's events, once it is closed."""

    def __init__(self, host, since, uid):
        def closed():
            return [r for r in host.trail.find(since=since) if "op=ttywrap-close" in r.text and r.get("auid") == str(uid)]
        wait_until(closed, "the close record")
        records = [r for r in host.trail.find(since=since) if r.get("auid") == str(uid) and r.get("exe") != "/usr/bin/sudo"]
        self.typed = re.sub(rb"[\x00-\x1f]", b"", b"".join(r.data() for r in records if r.type == "USER_TTY")).decode()
        self.commands = {r.get("cmd"): r for r in records if r.type == "USER_CMD"}
        with open(host.recordings()[-1], encoding="utf-8") as lines:
            next(lines)
            self.events = [json.loads(line)[1:] for line in lines]

    def reader(self, text):
        """The recording's word on who read the input with this text in it: the last 'w' before it."""
        last = None
        for code, data in self.events:
            last = data if code == "w" else last
            if code == "i" and text in data:
                return last
        raise AssertionError((text, self.events))


def play(host, operator, how):
    """The user's own shell, root's, a guest's below root's, and the user's again. Returns (Told, the pid of root's shell)."""
    command, asks, sudo, _, _ = BECOME[how]
    run("sh", "-c", f"printf 'stoker ALL=(ALL) NOPASSWD: ALL\\nDefaults:stoker {sudo}\\n' >/etc/sudoers.d/stoker; "
        "chmod 440 /etc/sudoers.d/stoker")
    since = host.trail.mark()

    def step(line, until):
        time.sleep(PERSON_S)  # a person's pace: what is typed faster than modes are set may be left out in doubt
        terminal.send(line + "\r")
        return terminal.expect(until)

    with login(host.sshd("SetEnv LC_ALL=C.UTF-8"), operator, wait=False) as terminal:
        terminal.expect("ready> ")
        step("echo own-before", "own-before\r\n.*ready> ")
        if asks:
            step(command, "assword: ")
            step(WORD, "# $")
        else:
            step(command, "# $")
        step(PROMPT_OF_ROOT, r"2004hroot> ")  # and not where it is typed
        pid = int(step("echo by-root $$", r"by-root (\d+)\r\n.*root> ")[1])
        step("su visitor", "guest> ")
        step("echo by-guest", "by-guest\r\n.*guest> ")
        step("exit", "root> ")
        step("su visitor -s /bin/sh -c 'echo say; read x'", "say\r\n")
        step("said-to-guest", "root> ")
        step("exit", "ready> ")
        step("echo own-after", "own-after\r\n.*ready> ")
        step("exit", "logout")
        terminal.finish()
    return Told(host, since, operator.uid), pid, command


@pytest.mark.parametrize("how", BECOME)
def test_elevated_is_root_s_shell_and_what_is_below_it(host, trail, operator, how):
    host.configure("[default]\nshell = /bin/bash\naudit = none\n[group stokers]\naudit = elevated\n")
    told, _, _ = play(host, operator, how)
    below = [PROMPT_OF_ROOT, "echo by-root $$", "su visitor", "echo by-guest", "exit", "su visitor -s /bin/sh -c 'echo say; read x'"]
    assert told.typed == "".join([*below, "said-to-guest", "exit"])
    assert list(told.commands) == below
    assert WORD not in str(told.events)


@pytest.mark.parametrize("how", BECOME)
def test_all_is_the_user_s_own_shell_too_and_says_who_read(host, trail, operator, how):
    host.configure("[default]\nshell = /bin/bash\naudit = all\n")
    told, pid, command = play(host, operator, how)
    comm, uid = BECOME[how][3:]
    uid = operator.uid if uid is None else uid
    assert told.typed.startswith("echo own-before" + command + PROMPT_OF_ROOT + "echo by-root $$su visitorecho by-guestexit")
    assert told.typed.endswith("said-to-guestexitecho own-afterexit")
    assert WORD not in told.typed + str(told.events)
    for line, who in (("echo own-before", (operator.uid, operator.uid, "bash")), ("echo by-root $$", (uid, 0, comm)),
                      ("echo own-after", (operator.uid, operator.uid, "bash"))):
        record = told.commands[line]
        assert (int(record.get("ruid")), int(record.get("euid")), record.get("comm")) == who
        assert told.reader(line) == f"pid={record.get('reader')} uid={who[0]} euid={who[1]} comm={who[2]}"
    if comm == "bash":
        assert told.commands["echo by-root $$"].get("reader") == str(pid)
