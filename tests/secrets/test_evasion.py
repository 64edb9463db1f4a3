# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody makes what is typed look secret. What then still tells of it: docs/secrets.md, 'Made to look secret'."""

import json
import re

import pytest

from client import login
from host import wait_until
from play import READY
from search import hex_decoded

LINES = [f"echo evading-$((40 + {number}))" for number in range(1, 5)]


class Told:
    """What is left of a session in which the lines were given to what was prepared, once it is closed."""

    def __init__(self, host, keeper, *preparation, prompt, shell="/bin/bash"):
        host.configure(f"[default]\nshell = {shell}\n")
        since = host.trail.mark()
        with login(host.sshd("SetEnv LC_ALL=C.UTF-8"), keeper, wait=False) as terminal:
            terminal.expect(READY)
            for line in preparation:
                terminal.send(line + "\r")
                terminal.expect(r"\n")
            for number, line in enumerate(LINES, 41):
                terminal.expect(prompt)
                terminal.send(line + "\r")
                terminal.expect(rf"evading-{number}\r\n")
            terminal.expect(prompt)
            terminal.hang_up()
        closed = wait_until(lambda: [r for r in host.trail.find(since=since) if "op=ttywrap-close" in r.text and
                                     r.get("auid") == str(keeper.uid)], "the close record")
        records = [r for r in host.trail.find(since=since) if r.get("auid") == str(keeper.uid)]
        self.count = {why: int(closed[0].get(why)) for why in ("withheld", "noecho", "prompt", "program", "doubt")}
        self.commands = [r.get("cmd") for r in records if r.type == "USER_CMD"]
        self.typed = b"".join(data for r in records if r.type == "USER_TTY" for data in hex_decoded(r.data()))
        with open(host.recordings()[-1], encoding="utf-8") as lines:
            next(lines)
            events = [json.loads(line)[1:] for line in lines]
        self.shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", "".join(data for code, data in events if code == "o"))
        self.hidden = [data for code, data in events if code == "h"]


def test_a_shell_whose_prompt_asks(host, keeper):
    """The line that its editor accepts is a record of its own, whatever the keys are taken for."""
    told = Told(host, keeper, "PS1='Password: '", prompt="2004hPassword: ")
    assert told.commands[1:] == LINES
    assert told.count["prompt"] >= len(LINES) and told.count["withheld"] == told.count["prompt"]


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/dash"])
def test_a_shell_whose_prompt_asks_and_whose_lines_are_not_marked(host, keeper, shell):
    """No bracketed paste, so no command lines: a line is in the records of input or it is counted, and on the screen it was."""
    prepare = "bind 'set enable-bracketed-paste off'; PS1='Password: '" if shell == "/bin/bash" else "PS1='Password: '"
    keeper.write(".profile", "export PS1='ready> '\n. ~/.bashrc\n" if shell == "/bin/bash" else "PS1='ready> '\n")
    told = Told(host, keeper, prepare, prompt="Password: ", shell=shell)
    left_out = [line for line in LINES if line.encode() not in told.typed]
    assert told.count["prompt"] + told.count["doubt"] >= len(left_out)
    assert len(told.hidden) == told.count["withheld"]
    assert all(line in told.shown for line in LINES)


def test_a_reader_without_echo(host, keeper):
    """The kernel's own rule, which nothing may undo: the count, and what the commands print."""
    told = Told(host, keeper, "stty -echo; PS1='next> ' exec dash", prompt="next> ")
    assert not any(line.encode() in told.typed for line in LINES)
    assert told.count["noecho"] >= len(LINES)
    assert all(f"evading-{number}" in told.shown for number in range(41, 45))


def test_a_shell_by_the_name_of_a_program_that_reads_secrets(host, keeper):
    told = Told(host, keeper, "cp /bin/bash ~/sudo; exec ~/sudo", prompt="2004hready> ")
    assert not any(line.encode() in told.typed for line in LINES)
    assert told.commands[1:] == LINES
    assert told.count["program"] >= len(LINES)
