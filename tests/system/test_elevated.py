# SPDX-License-Identifier: GPL-2.0-or-later
"""Who read it: `audit = elevated` takes what another user than the one who logged in reads, and what descends from one."""

import json
import os

import pytest

from client import login
from host import LOGS, PROMPT, TTYWRAP, run

PASSWORD = "for root in this world"


@pytest.fixture(scope="module")
def user(host):
    run("chpasswd", stdin=None, input=f"root:{PASSWORD}\n")
    made = host.user("climber", shell=TTYWRAP)
    made.write(".bashrc", PROMPT + "\nHISTFILE=\n")  # with bracketed paste, so that command lines are known
    made.other = host.user("somebody", shell="/bin/bash")
    return made


def climb(terminal, user):
    """The user's own shell, root's, a program that root runs as another user and as this one, and the own shell again."""
    terminal.run("echo ordinary")
    terminal.send("su -\r")
    terminal.expect("Password: ")
    terminal.send(PASSWORD + "\r")
    terminal.expect("# $")
    terminal.send("PS1='root> '; echo as-root\r")
    terminal.expect("as-root\r\n(?:.|\n)*root> ")
    for name in (user.other.name, user.name):
        terminal.send(f"su -s /bin/bash {name} -c 'echo $USER reads; exec cat >/dev/null'\r")
        terminal.expect(f"{name} reads\r\n")
        terminal.send(f"line for {name}\r\x04")
        terminal.expect("root> ")
    terminal.send("exit\r")
    terminal.prompt()
    terminal.run("echo afterwards")


def session(host, sshd, user, trail, setting):
    """(what was typed, command records, w events of the recording)"""
    host.configure(f"[default]\naudit = {setting}\n")
    since = trail.mark()
    with login(sshd, user) as terminal:
        climb(terminal, user)
        terminal.exit()
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    records = trail.find(since=since, ses=close.get("ses"))
    typed = b"".join(r.data() for r in records if r.type == "USER_TTY")
    with open(os.path.join(LOGS, close.get("rec")), encoding="utf-8") as lines:
        next(lines)
        readers = [text for _, code, text in map(json.loads, lines) if code == "w"]
    return typed, [r for r in records if r.type == "USER_CMD"], readers


def test_elevated(host, sshd, user, trail):
    typed, commands, _ = session(host, sshd, user, trail, "elevated")
    assert b"echo as-root\r" in typed
    assert b"line for somebody\n" in typed and b"line for climber\n" in typed
    assert b"ordinary" not in typed and b"afterwards" not in typed
    lines = [r.get("cmd") for r in commands]
    assert any("echo as-root" in line for line in lines), lines
    assert not any("ordinary" in line or "afterwards" in line for line in lines), lines


def test_all_and_who_read_it(host, sshd, user, trail):
    typed, commands, readers = session(host, sshd, user, trail, "all")
    for text in (b"echo ordinary\r", b"su -\r", b"echo as-root\r", b"line for somebody\n", b"line for climber\n", b"echo afterwards\r"):
        assert text in typed
    assert PASSWORD.encode() not in typed
    ordinary, = [r for r in commands if r.get("cmd") == "echo ordinary"]
    as_root, = [r for r in commands if "echo as-root" in r.get("cmd")]
    assert (ordinary.get("ruid"), ordinary.get("euid"), ordinary.get("comm")) == (str(user.uid), str(user.uid), "bash")
    assert (as_root.get("ruid"), as_root.get("euid"), as_root.get("comm")) == ("0", "0", "bash")
    assert as_root.get("reader") != ordinary.get("reader")
    assert f"pid={ordinary.get('reader')} uid={user.uid} euid={user.uid} comm=bash" in readers
    assert f"pid={as_root.get('reader')} uid=0 euid=0 comm=bash" in readers


def test_none(host, sshd, user, trail):
    typed, commands, _ = session(host, sshd, user, trail, "none")
    assert typed == b"" and commands == []
