# SPDX-License-Identifier: GPL-2.0-or-later
"""Who read it: `audit = elevated` takes what another user than the one who logged in reads, and what descends from one."""

import json
import os
import signal
import time

import pytest

from client import login
from host import LOGS, PROMPT, TTYWRAP, run
from processes import roles

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


def stalled(host, sshd, user, trail, start, setting="elevated"):
    """A shell is started with that command line, and given another one, before the monitor can say who it is.

    Returns (the records' command lines, how long the monitor stood still, s).
    """
    host.configure(f"[default]\naudit = {setting}\n")
    since = trail.mark()
    with login(sshd, user) as terminal:
        terminal.run("echo ordinary")
        (monitor, _, _), = roles(host)
        try:
            os.kill(monitor, signal.SIGSTOP)
            began = time.monotonic()
            terminal.send(start + "\r")
            terminal.prompt(1)
            terminal.run("echo as-another")
        finally:
            os.kill(monitor, signal.SIGCONT)
        took = time.monotonic() - began
        terminal.run("echo later")
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    return [r.get("cmd") for r in trail.find(since=since, ses=close.get("ses")) if r.type == "USER_CMD"], took


def test_answer_that_comes_late_elevates_what_waited_for_it(host, sshd, user, trail):
    """The same process becomes root: what was known of it holds no longer."""
    shell = user.path("elevated-bash")
    run("install", "-m", "4755", "/bin/bash", shell)
    lines, _ = stalled(host, sshd, user, trail, f"export PS1; exec {shell} -p")
    assert "echo as-another" in lines and "echo later" in lines and "echo ordinary" not in lines, lines


def test_answer_that_comes_late_elevates_nothing_else(host, sshd, user, trail):
    """A process that is not known yet is rather taken for root, but only once the answer does not come within a second."""
    for _ in range(10):
        lines, took = stalled(host, sshd, user, trail, "bash")
        if took < 0.8:
            break
    assert took < 0.8 and lines == []


@pytest.mark.parametrize("setting", ("use_pty", "!use_pty"))
@pytest.mark.parametrize("command", (
    "sudo {}",
    "sh -c 'sudo {}; true'",  # the group's leader is the user's own
    "sh -c 'sleep 0.3; sudo {}; true'",  # and was alone when it was asked for
    "sh -c '(sleep 0.3; sudo {})& sleep 100'",  # and does not wait for it
    "sh -c '(sh -c \"sleep 0.3; sudo {}; true\"&) ; sleep 100'",  # nor did it start it, as far as anybody can see
    "true | sh -c 'sudo {}; true'",  # and is gone
))
def test_whoever_is_root_among_those_in_the_foreground(host, sshd, user, trail, command, setting):
    """What root's program reads is elevated, wherever it stands in its process group."""
    run("sh", "-c", f"printf 'climber ALL=(ALL) NOPASSWD: ALL\\nDefaults:climber {setting}\\n' >/etc/sudoers.d/climber; "
        "chmod 440 /etc/sudoers.d/climber")
    reader = user.write("reader", "#!/bin/sh\necho go >/dev/tty\nexec cat </dev/tty >/dev/null\n")
    os.chmod(reader, 0o755)
    host.configure("[default]\naudit = elevated\n")
    since = trail.mark()
    with login(sshd, user) as terminal:
        terminal.run("echo ordinary")
        terminal.send(command.format(reader) + "\r")
        terminal.expect(r"\rgo\r+\n")
        time.sleep(0.3)
        terminal.send("for root\r")
        time.sleep(0.1)
        terminal.send("\x04")
        time.sleep(0.1)
        terminal.send("\x03")
        terminal.prompt()
        terminal.run("echo afterwards")
        terminal.exit()
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    typed = b"".join(r.data() for r in trail.find(since=since, ses=close.get("ses")) if r.type == "USER_TTY")
    assert b"for root" in typed and b"ordinary" not in typed and b"afterwards" not in typed, typed
