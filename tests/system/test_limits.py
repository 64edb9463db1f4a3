# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits on the records of a session: what is above them is told of, by size and hash, and held up by nothing."""

import hashlib

import pytest

from client import login
from host import TTYWRAP

LINES = [f"line {number}" for number in range(40)]


@pytest.fixture(scope="module")
def user(host):
    return host.user("chatty", shell=TTYWRAP)


@pytest.mark.parametrize("setting", ("audit_rate = 3", "audit_rate = none\naudit_cap = 5"))
def test_above_the_limit(host, sshd, user, trail, setting):
    host.configure(f"[default]\n{setting}\n")
    mark = trail.mark()
    with login(sshd, user) as terminal:
        terminal.send("cat\r")
        terminal.expect("cat\r\n")
        for line in LINES:  # each a record of its own, since cat reads them one by one
            terminal.send(line + "\r")
            terminal.expect(f"{line}\r\n{line}\r\n")
        terminal.send("\x04")
        terminal.prompt()
        terminal.exit()
    close = trail.wait(lambda r: "op=ttywrap-close" in r.text and 'acct="chatty"' in r.text, since=mark)
    session = close.get("ses")
    sent = b"".join(r.data() for r in trail.find("USER_TTY", since=mark, ses=session))
    told = trail.find("TRUSTED_APP", since=mark, op="ttywrap-withheld", ses=session)
    typed = b"cat\r" + b"".join(line.encode() + b"\n" for line in LINES) + b"exit\r"
    assert told and len(sent) < len(typed)
    assert len(sent) + sum(int(r.get("bytes")) for r in told) == len(typed)
    if "audit_cap" in setting:
        assert typed.startswith(sent)
        assert len(trail.find("USER_TTY", since=mark, ses=session)) == 5
        first = typed[len(sent):][:int(told[0].get("bytes"))]
        assert told[0].get("hash") == "blake2b:" + hashlib.blake2b(first, digest_size=32).hexdigest()
