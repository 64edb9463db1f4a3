# SPDX-License-Identifier: GPL-2.0-or-later
"""What the input meant: the command line as the shell accepted it, in the audit trail and as a marker in the recording."""

import json

import pytest

from client import login
from host import TTYWRAP, have

SHELLS = {"bash": "/bin/bash", "zsh": "/usr/bin/zsh", "fish": "/usr/bin/fish"}
# What is typed, and the line that the shell makes of it.
LINES = [
    ("echo hello world\r", "echo hello world"),
    ("ls /etc/ssh/sshd_conf\t\r", "ls /etc/ssh/sshd_config"),                   # completion
    ("\x1b[A\x1b[A\r", "echo hello world"),                                      # history
    ("echo abcd\x7f\x7fXY\x01: \x05 done\r", ": echo abXY done"),                # erasing, moving, inserting
    ("printf %s " + "a" * 150 + "\r", "printf %s " + "a" * 150),                 # more than a row
    ("echo 'h\u00e4\u4e16'\r", "echo 'h\u00e4\u4e16'"),                          # UTF-8, double width
]


@pytest.fixture(scope="module")
def user(host):
    made = host.user("commander", shell=TTYWRAP)
    rc = "PS1='ready> '\nbind 'set enable-bracketed-paste on' 2>/dev/null\n"
    made.write(".bashrc", rc)
    made.write(".zshrc", "PS1='ready> '\n")
    made.write(".config/fish/config.fish", "function fish_prompt; echo -n 'ready> '; end\nset -g fish_greeting\n")
    return made


@pytest.mark.parametrize("name", SHELLS)
def test_commands(host, user, trail, name):
    if not have(name):
        pytest.skip(f"{name} is not installed")
    host.configure(f"[default]\nshell = {SHELLS[name]}\n")
    sshd = host.sshd("SetEnv LC_ALL=C.UTF-8")
    mark = trail.mark()
    with login(sshd, user, wait=False) as terminal:
        terminal.expect("ready> ")
        for keys, line in LINES:
            terminal.send(keys)
            trail.wait(lambda r, line=line: r.type == "USER_CMD" and r.get("auid") == str(user.uid) and r.get("cmd") == line, since=mark)
            terminal.expect("ready> ")
        terminal.send("exit\r")
        terminal.finish()
    records = trail.find("USER_CMD", since=mark, auid=user.uid)
    assert [r.get("cmd") for r in records] == [line for _, line in LINES] + ["exit"]
    assert records[0].get("comm") == name and records[0].get("euid") == str(user.uid)
    with open(host.recordings()[-1], encoding="utf-8") as recording:
        events = [json.loads(row) for row in recording][1:]
    assert [e[2] for e in events if e[1] == "m"] == [line for _, line in LINES] + ["exit"]


def test_no_password_in_a_command(host, sshd, user, trail):
    """What is typed at a prompt that shows nothing is in no command line, nor what is typed at an editor's own screen."""
    host.configure("[default]\nshell = /bin/bash\n")
    mark = trail.mark()
    with login(sshd, user, wait=False) as terminal:
        terminal.expect("ready> ")
        terminal.send("read -s word; echo back\r")
        trail.wait(lambda r: r.type == "USER_CMD" and r.get("auid") == str(user.uid), since=mark)
        terminal.send("kestrel-42\r")
        terminal.expect("back\r\n.*ready> ")
        terminal.send("vim -u NONE\r")
        terminal.expect(r"~")
        terminal.send(":q!\r")
        terminal.expect("ready> ")
        terminal.send("exit\r")
        terminal.finish()
    commands = [r.get("cmd") for r in trail.find("USER_CMD", since=mark, auid=user.uid)]
    assert commands == ["read -s word; echo back", "vim -u NONE", "exit"]
    with open(host.recordings()[-1], encoding="utf-8") as recording:
        assert "kestrel" not in recording.read()
