# SPDX-License-Identifier: GPL-2.0-or-later
"""Who reads is the monitor's answer, and comes later than the read. Here it comes when the reader is gone."""

import os
import shutil
import signal
import time

import pytest

import search
from client import login
from host import wait_until
from paths import BUILD
from play import PERSON_S, READY
from processes import status

NAME = "systemd-ask-password"  # on the list of programs that read secrets; no word on the screen says that it does
SECRET = "gkzWqTvxRn!"


@pytest.mark.parametrize("way", ("ahead", "pasted"))
def test_program_that_is_gone_when_the_answer_comes(host, keeper, way):
    host.configure("[default]\nshell = /bin/bash\n")
    since, before = host.trail.mark(), set(host.recordings())
    program = keeper.path(NAME)
    shutil.copy(f"{BUILD}/tests/secrets/quick_reader", program)
    with login(host.sshd("SetEnv LC_ALL=C.UTF-8"), keeper, wait=False) as terminal:
        terminal.expect(READY)
        terminal.send("echo shell $$\r")
        monitor = int(status(terminal.expect(r"shell (\d+)\r\n")[1], "PPid")[0])
        terminal.expect(READY)
        time.sleep(PERSON_S)
        command = f"echo go; sleep 0.5; {program}; echo status $?\r"
        try:
            if way == "ahead":
                terminal.send(command)
                terminal.expect(r"go\r\n")
                time.sleep(PERSON_S)
                os.kill(monitor, signal.SIGSTOP)
                terminal.send(SECRET + "\r")
            else:
                os.kill(monitor, signal.SIGSTOP)
                terminal.send(command + SECRET + "\r")
            terminal.expect(r"status 0\r\n")
        finally:
            os.kill(monitor, signal.SIGCONT)
        terminal.expect(READY)
        terminal.send("echo sign-of-life\r")
        terminal.expect(r"sign-of-life\r\n")
        terminal.exit()
    closed, = wait_until(lambda: [r for r in host.trail.find(since=since) if "op=ttywrap-close" in r.text and
                                  r.get("auid") == str(keeper.uid)], "the close record")
    records = host.trail.find(since=since)
    pieces = search.Pieces([SECRET])
    path, = set(host.recordings()) - before
    assert search.in_trail(pieces, records) == set()
    assert set(code for code, found in search.in_recording(pieces, path).items() if found) <= {"o"}
    typed = b"".join(r.data() for r in records if r.type == "USER_TTY")
    assert command.encode() in typed and b"echo sign-of-life\r" in typed
    assert int(closed.get("doubt")) + int(closed.get("program")) == 1
