# SPDX-License-Identifier: GPL-2.0-or-later
"""compress = zstd: the same session, smaller, and everything that reads recordings reads it."""

import subprocess

import pytest

from client import login
from host import TTYWRAP


@pytest.fixture(scope="module")
def recording(host, sshd):
    user = host.user("presser", shell=TTYWRAP)
    host.configure("[default]\ncompress = zstd\n")
    with login(sshd, user) as terminal:
        terminal.run("seq -w 1 20000")
        terminal.run("echo the last line")
        terminal.exit()
    yield host.recordings()[-1]
    host.configure("")


def test_smaller_and_whole(recording):
    assert recording.endswith(".cast.zst")
    text = subprocess.run(["zstd", "-dc", recording], capture_output=True, check=True).stdout
    with open(recording, "rb") as file:
        assert len(file.read()) < len(text) / 4
    assert b"the last line" in text and b'"x","0"' in text


def test_verified_and_replayed(recording):
    checked = subprocess.run([TTYWRAP, "--verify", recording], capture_output=True, text=True)
    assert checked.returncode == 0 and "intact" in checked.stdout
    shown = subprocess.run([TTYWRAP, "--replay", "--raw", recording], capture_output=True, check=True).stdout
    assert b"20000" in shown and b"the last line" in shown
