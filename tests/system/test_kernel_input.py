# SPDX-License-Identifier: GPL-2.0-or-later
"""`input = kernel`: the shell has the kernel's flag, the records are the kernel's own, and ttywrap writes none of input."""

import json
import os

import pytest

from client import login
from host import LOGS, TTYWRAP

SECRET = "never-in-a-record"


@pytest.fixture(scope="module")
def user(host):
    return host.user("kernelly", shell=TTYWRAP)


def steps(terminal):
    terminal.run("echo typed-line")
    terminal.send("echo re''ady; cat\r")
    terminal.expect("ready\r\n")  # the shell has set its modes by then
    terminal.send("edited\x7f\x7f\x7f\x7fiting\r")
    terminal.expect("iting\r\nediting\r\n")
    terminal.send("\x04")
    terminal.prompt()
    # Not `read -s -p`: it turns echo off behind its prompt, and the terminal shows what comes between the two.
    terminal.send("stty -echo; read -p 'Wo''rd: ' x; stty echo; echo length ${#x}\r")
    terminal.expect("Word: ")
    terminal.send(SECRET + "\r")
    terminal.expect(f"length {len(SECRET)}")
    terminal.prompt()


@pytest.mark.parametrize("setting, kind", (("kernel", "TTY"), ("pty", "USER_TTY")))
def test_input(host, sshd, user, trail, setting, kind):
    host.configure(f"[default]\ninput = {setting}\n")
    since = trail.mark()
    with login(sshd, user) as terminal:
        shell = terminal.run("echo $$").strip()
        steps(terminal)
        terminal.exit()
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    records = trail.find(since=since, ses=close.get("ses"))
    found = [r for r in records if r.type in ("TTY", "USER_TTY")]
    assert {r.type for r in found} == {kind}
    typed = b"".join(r.data() for r in found)
    assert b"echo typed-line\r" in typed and b"editing\n" in typed and b"edited" not in typed
    for record in records:
        assert SECRET not in record.text and SECRET.encode().hex().upper() not in record.text
    if setting == "kernel":
        # The session's own programs only, on the inner terminal: neither the pump nor the monitor on the outer one.
        opened, = [r for r in records if r.get("op") == "ttywrap-open"]
        assert {f"pts/{r.get('minor')}" for r in found} == {opened.get("inner")}
        assert {r.get("comm") for r in found} == {"bash", "cat"} and shell in {r.get("pid") for r in found}
        assert not [r for r in records if r.type == "USER_CMD"]
    with open(os.path.join(LOGS, close.get("rec")), encoding="utf-8") as lines:
        next(lines)
        events = [json.loads(line) for line in lines]
    assert "typed-line" in "".join(text for _, code, text in events if code == "o")
    assert SECRET not in "".join(text for _, _, text in events)


def test_no_auditing_means_none_by_the_kernel_either(host, sshd, user, trail):
    host.configure("[default]\ninput = kernel\naudit = none\n")
    since = trail.mark()
    with login(sshd, user) as terminal:
        terminal.run("echo typed-line")
        terminal.exit()
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    assert not [r for r in trail.find(since=since, ses=close.get("ses")) if r.type in ("TTY", "USER_TTY", "USER_CMD")]
