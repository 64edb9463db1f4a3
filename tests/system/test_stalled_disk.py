# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that does not answer: the session goes on while there is room in memory, and nothing is lost."""

import os
import subprocess
import threading

import pytest

from client import login
from host import LOGS, TTYWRAP
from world import run


def make_loop_devices():
    """The world's /dev has none. mount(8) takes one that is free and gives it back with the last unmount."""
    if not os.path.exists("/dev/loop-control"):
        os.mknod("/dev/loop-control", 0o020600, os.makedev(10, 237))
    for number in range(16):
        if not os.path.exists(f"/dev/loop{number}"):
            os.mknod(f"/dev/loop{number}", 0o060600, os.makedev(7, number))


@pytest.fixture
def disk(host):
    """A small file system of its own under the recordings' directory."""
    image = "/tmp/stalled.img"
    with open(image, "wb") as file:
        file.truncate(32 << 20)
    run("mkfs.ext4", "-q", image)
    make_loop_devices()
    before = os.stat(LOGS)
    done = subprocess.run(["mount", "-o", "loop", image, LOGS], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no loop device here: {done.stderr.strip()}")
    os.chown(LOGS, before.st_uid, before.st_gid)
    os.chmod(LOGS, before.st_mode & 0o7777)
    yield LOGS
    run("umount", LOGS)


def test_the_session_goes_on(host, sshd, trail, disk):
    user = host.user("patient", shell=TTYWRAP)
    with login(sshd, user) as terminal:
        run("fsfreeze", "-f", disk)
        try:
            for number in range(5):
                assert f"still here {number}" in terminal.run(f"sleep 0.2; echo still here {number}")
        finally:
            run("fsfreeze", "-u", disk)
        terminal.send("exit 3\r")
        assert terminal.finish() == 3
    name = host.recordings()[-1]
    with open(name, encoding="utf-8") as recording:
        text = recording.read()
    for number in range(5):
        assert f"still here {number}" in text
    checked = subprocess.run([TTYWRAP, "--verify", name], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_paste_waits_for_the_disk(host, sshd, trail, disk):
    """More of it than memory has room for: it arrives, whole, and the session goes on."""
    user = host.user("patient", shell=TTYWRAP)
    paste = "".join(f"line {number:06} of a long paste\r" for number in range(20000))
    with login(sshd, user) as terminal:
        terminal.send("stty raw -echo; echo ready; head -c %d | tail -c 28; stty sane\r" % len(paste))
        terminal.expect("ready\r?\n")
        run("fsfreeze", "-f", disk)
        thaw = threading.Timer(1.0, run, ("fsfreeze", "-u", disk))
        thaw.start()
        try:
            terminal.send(paste)
        finally:
            thaw.join()
        terminal.expect("line 019999 of a long paste")
        terminal.prompt()
        terminal.send("exit 3\r")
        assert terminal.finish() == 3
    with open(host.recordings()[-1], encoding="utf-8") as recording:
        assert "line 010000 of a long paste" in recording.read()
