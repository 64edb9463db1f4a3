# SPDX-License-Identifier: GPL-2.0-or-later
"""pam_tty_audit(8), the real module, in sshd's PAM stack beside ttywrap.

It switches the kernel's TTY auditing on for sshd's child and all it starts. The pump reads the outer terminal in raw
mode, passwords included: it must not have the flag. The shell must have it as it came.
"""

import os

import pytest

from live import records_of

PAM = "/etc/pam.d/sshd"
SECRET = "s3cret-never-seen"


@pytest.fixture
def module(host, trail):
    if not any(os.path.exists(f"{folder}/pam_tty_audit.so") for folder in pam_folders()):
        pytest.skip("pam_tty_audit is not installed")
    with open(PAM, encoding="utf-8") as text:
        before = text.read()
    with open(PAM, "a", encoding="utf-8") as text:
        text.write("session required pam_tty_audit.so enable=*\n")
    yield
    with open(PAM, "w", encoding="utf-8") as text:
        text.write(before)


def pam_folders():
    for top, folders, _ in os.walk("/lib"):
        if top.count("/") > 2:
            folders.clear()
        if os.path.basename(top) == "security":
            yield top


def by_kernel(trail, session):
    """What the kernel itself audited in this session: (process, bytes)."""
    trail.read()
    ses = session.open.get("ses")
    return [(r.get("pid"), r.get("comm"), r.data()) for r in trail.records[session.since:] if r.type == "TTY" and r.get("ses") == ses]


def test_beside_it(module, live, trail):
    session = live()
    session.terminal.run("echo typed-line")
    # a password, typed at a prompt without echo
    session.terminal.send("read -s -p 'Pass''word: ' x; echo length ${#x}\r")
    session.terminal.expect("Password: ")
    session.terminal.send(SECRET + "\r")
    session.terminal.expect(f"length {len(SECRET)}")
    session.terminal.prompt()
    assert session.terminal.exit() == 0
    session.closed()
    seen = by_kernel(trail, session)
    readers = {pid for pid, _, _ in seen}
    # The shell has the flag that it was given: the kernel's own records have what it read.
    assert any(pid == str(session.shell) and b"echo typed-line" in data for pid, _, data in seen)
    # Neither the pump nor the monitor was audited, and the password is in no record of anybody.
    assert str(session.pump) not in readers and str(session.monitor) not in readers
    assert not any(SECRET.encode() in data for _, _, data in seen)
    ours = records_of(trail, session.user.uid, session.since)
    assert any(r.type == "USER_TTY" and b"echo typed-line" in r.data() for r in ours)
    for record in trail.records[session.since:]:
        assert SECRET not in record.text and SECRET.encode().hex().upper() not in record.text
    with open(session.recording, "rb") as recording:
        assert SECRET.encode() not in recording.read()


def test_without_it_the_kernel_audits_nobody(live, trail):
    session = live()
    session.terminal.run("echo typed-line")
    session.terminal.exit()
    session.closed()
    assert by_kernel(trail, session) == []
