# SPDX-License-Identifier: GPL-2.0-or-later
"""A paste of 16 MiB is 4,096 records. Above the limit there is a summary a second: nothing disappears unmentioned."""

import hashlib
import os
import subprocess

import pytest

from client import ENVIRONMENT, ssh_words
from host import TTYWRAP

SIZE = 16 << 20
READER = f"""
import os, tty
tty.setraw(0)
os.write(1, b"READY")
left = {SIZE}
while left:
    left -= len(os.read(0, min(left, 65536)))
os.write(1, b"DONE")
os.read(0, 1)
"""


@pytest.fixture(scope="module")
def user(host):
    made = host.user("paster", shell=TTYWRAP)
    made.write("reader.py", READER)
    return made


def wait_for(stream, text):
    got = b""
    while text not in got:
        more = os.read(stream.fileno(), 65536)
        assert more, got
        got += more


def paste(sshd, user, data):
    """ssh -tt with a pipe for standard input: a terminal there, and none here that could do something to the bytes."""
    line = ssh_words(sshd, user, "exec python3 reader.py", tty=True, options=("EscapeChar=none",))
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT) as client:
        wait_for(client.stdout, b"READY")
        client.stdin.write(data)
        client.stdin.flush()
        wait_for(client.stdout, b"DONE")
        client.stdin.write(b"x")
        client.stdin.close()
        client.stdout.read()
    return client.returncode


@pytest.mark.parametrize("setting", ("", "audit_cap = 10\n", "audit_rate = none\n"), ids=("default", "cap", "unlimited"))
def test_big_paste(host, sshd, user, trail, setting):
    host.configure(f"[default]\n{setting}")
    data = b"".join(hashlib.blake2b(number.to_bytes(4, "little"), digest_size=64).digest() for number in range(SIZE // 64))
    since = trail.mark()
    assert paste(sshd, user, data) == 0
    close = trail.wait(lambda r: r.get("op") == "ttywrap-close" and r.get("acct") == user.name, since)
    typed, at, sent, left_out = data + b"x", 0, 0, 0
    for record in trail.find(since=since, ses=close.get("ses")):  # in the order in which it was read
        if record.type == "USER_TTY":
            assert record.data() == typed[at:at + len(record.data())]
            at += len(record.data())
            sent += 1
        elif record.get("op") == "ttywrap-withheld":
            piece = typed[at:at + int(record.get("bytes"))]
            assert record.get("hash") == "blake2b:" + hashlib.blake2b(piece, digest_size=32).hexdigest()
            at += len(piece)
            left_out += int(record.get("records"))
    assert at == len(typed)
    assert sent + left_out >= SIZE // 4096
    if "cap" in setting:
        assert sent == 10
    if "none" not in setting:  # without a limit what the trail does not take at once is told of in the same way
        assert left_out > 0
