# SPDX-License-Identifier: GPL-2.0-or-later
"""Something that a session needs is not there: on_failure decides, the user reads one line, the admin the reason."""

import contextlib
import os

import pytest

from client import Terminal, login, ssh_words
from host import CONF, LOGS, TTYWRAP
from world import run

REFUSED = "this session cannot be audited, so it is not started; the administrator finds the reason in the system log"
PUMP = "/usr/libexec/ttywrap/ttywrap-pump"
CAPS = "cap_audit_write,cap_net_admin,cap_audit_control,cap_sys_ptrace=p"


@contextlib.contextmanager
def done_and_undone(host, do, undo):
    with host.world.alone() if "auditctl" in do else contextlib.nullcontext():
        run("sh", "-c", do)
        try:
            yield
        finally:
            run("sh", "-c", undo)


# name: (commands that take it away, that bring it back, the setting that decides, a word of the reason)
CASES = {
    "no log folder": (f"mv {LOGS} {LOGS}.aside", f"mv {LOGS}.aside {LOGS}", "on_failure_recording", "No such file or directory"),
    "somebody else's log folder": (f"chown root {LOGS}", f"chown _ttywrap {LOGS}", "on_failure_recording", "Permission denied"),
    "a read-only log folder": (f"mount -t tmpfs -o ro,mode=2750,uid=_ttywrap,gid=ttywrap-audit tmpfs {LOGS}", f"umount -l {LOGS}",
                               "on_failure_recording", "Read-only file system"),
    "no inode for a recording": (f"mount -t tmpfs -o nr_inodes=1,mode=2750,uid=_ttywrap,gid=ttywrap-audit tmpfs {LOGS}", f"umount -l {LOGS}",
                                 "on_failure_recording", "No space left on device"),
    "auditing switched off": ("auditctl -e 0", "auditctl -e 1", "on_failure_audit", "auditing is switched off"),
    "no capabilities": (f"setcap -r {TTYWRAP}", f"setcap {CAPS} {TTYWRAP}", "on_failure_audit", "the audit trail"),
    "no pump": (f"mv {PUMP} {PUMP}.aside", f"mv {PUMP}.aside {PUMP}", "on_failure", "the session's recorder"),
    "no terminal to be had": ("chmod 0 /dev/ptmx", "chmod 666 /dev/ptmx", "on_failure", "a terminal for the session"),
}


@pytest.fixture
def user(host, trail):
    made = host.user("lacking", shell=TTYWRAP)
    yield made
    if os.path.exists(CONF):
        os.unlink(CONF)
    made.set_shell("/bin/bash")


@pytest.mark.parametrize("name", CASES)
def test_deny_refuses_with_one_line_and_says_why(host, sshd, user, name):
    do, undo, _, reason = CASES[name]
    before, since = set(host.recordings()), host.syslog.mark()
    with Terminal(ssh_words(sshd, user, tty=True)) as terminal, done_and_undone(host, do, undo):
        assert terminal.finish() == 1
        lines = [line for line in terminal.before.replace("\r", "").split("\n") if line.strip()]
        assert lines == [f"ttywrap: {REFUSED}"]
        priority, text = host.syslog.wait(lambda _, line: "ttywrap[" in line and reason in line, since)
    assert priority >> 3 == 10 and "session refused" in text and "user lacking" in text
    assert set(host.recordings()) <= before


@pytest.mark.parametrize("name", CASES)
def test_allow_goes_on_and_says_so(host, sshd, user, name):
    do, undo, setting, reason = CASES[name]
    host.configure(f"[user lacking]\n{setting} = allow\n")
    since = host.syslog.mark()
    with done_and_undone(host, do, undo), login(sshd, user) as terminal:
        assert terminal.run("echo w$((40+2))w").strip() == "w42w"
        assert terminal.exit() == 0
        _, text = host.syslog.wait(lambda _, line: "ttywrap[" in line and reason in line, since)
    assert "going on without" in text and "user lacking" in text


def test_one_cause_allowed_does_not_allow_another(host, sshd, user):
    host.configure("[user lacking]\non_failure_audit = allow\n")
    do, undo, _, reason = CASES["no log folder"]
    since = host.syslog.mark()
    with Terminal(ssh_words(sshd, user, tty=True)) as terminal, done_and_undone(host, do, undo):
        assert terminal.finish() == 1
        host.syslog.wait(lambda _, line: "ttywrap[" in line and reason in line and "session refused" in line, since)


def test_what_is_not_wanted_is_not_missed(host, sshd, user):
    """record = none needs no log folder."""
    host.configure("[user lacking]\nrecord = none\naccounting = no\n")
    do, undo, _, _ = CASES["no log folder"]
    with done_and_undone(host, do, undo), login(sshd, user) as terminal:
        assert terminal.run("echo w$((40+2))w").strip() == "w42w"
        assert terminal.exit() == 0
