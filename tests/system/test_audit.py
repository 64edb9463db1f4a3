# SPDX-License-Identifier: GPL-2.0-or-later
"""What a session leaves in the kernel's audit trail, read from the kernel and through the audit tools."""

import os
import re
import subprocess

import pytest

import audit
from client import Terminal, login, ssh
from host import LOGS, TTYWRAP, wait_until
from same import PLAIN

SECRET = "hunter2-never-seen"


@pytest.fixture
def user(host):
    made = host.user("clerk", TTYWRAP)
    yield made
    made.set_shell(PLAIN)


class Session:
    """The records of one audit session, once its connection has ended."""

    def __init__(self, trail, since, ses):
        self.ses = ses
        trail.wait(lambda r: r.type == "USER_END" and r.get("ses") == ses and "PAM" in r.text, since)
        self.records = [r for r in trail.records[since:] if r.get("ses") == ses]

    def ours(self, op=None):
        """Our own records, or those with that op."""
        found = [r for r in self.records if (r.get("op") or "").startswith("ttywrap-")]
        return [r for r in found if op is None or r.get("op") == f"ttywrap-{op}"]

    def typed(self):
        return b"".join(r.data() for r in self.records if r.type == "USER_TTY")

    def everything(self):
        """All the text there is, encoded or not."""
        return "\n".join(r.text + repr([r.get(k) for k in r.fields]) for r in self.records).encode() + self.typed()


def session_of(host, sshd, user, steps):
    """Logs in, does steps(terminal), logs out; returns the Session."""
    since = host.trail.mark()
    with login(sshd, user) as terminal:
        ses = terminal.run("cat /proc/self/sessionid").strip()
        steps(terminal)
        terminal.exit()
    return Session(host.trail, since, ses)


def test_typed_input(host, sshd, user, trail):
    def steps(terminal):
        terminal.run("echo first")
        terminal.send("cat\r")
        terminal.expect("cat\r\n")
        terminal.send("edited\x7f\x7f\x7f\x7fiting\r")
        terminal.expect("editing\r\nediting\r\n|\nediting\r\n")
        terminal.send("\x04")
        terminal.prompt()
    session = session_of(host, sshd, user, steps)
    typed = session.typed()
    assert b"echo first\r" in typed  # the shell reads byte for byte
    assert b"editing\n" in typed and b"edited" not in typed  # what cat read: a line, edited
    for record in session.records:
        if record.type == "USER_TTY":
            assert (record.get("auid"), record.get("ses")) == (str(user.uid), session.ses)
            assert 0 < len(record.data()) <= 4096


def test_a_password_is_not_there(host, sshd, user, trail):
    def steps(terminal):
        terminal.send("read -s -p 'Se''cret: ' x; echo; echo ${#x}\r")
        terminal.expect("Secret: ")
        terminal.send(SECRET + "\r")
        terminal.prompt()
        terminal.send("python3 -c 'import getpass; print(len(getpass.getpass()))'\r")
        terminal.expect("Password: ")
        terminal.send(SECRET + "\r")
        terminal.expect(str(len(SECRET)))
        terminal.prompt()
        terminal.send("stty -echo; cat >/dev/null; stty echo\r")
        wait_until(lambda: any(c == b"cat" for c in commands(user)), "cat")
        terminal.send(SECRET + "\r\x04")
        terminal.prompt()
        terminal.run("echo after")
    before = host.recordings()
    session = session_of(host, sshd, user, steps)
    assert b"echo after" in session.typed()
    assert SECRET.encode() not in session.everything()
    path = next(p for p in host.recordings() if p not in before)
    with open(path, "rb") as recording:
        assert SECRET.encode() not in recording.read()


def commands(user):
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user.uid:
                with open(f"/proc/{name}/cmdline", "rb") as words:
                    yield words.read().rstrip(b"\0")
        except OSError:
            pass


READER = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"READY")
left = int(sys.argv[1])
while left > 0:
    left -= len(os.read(0, left))
os.write(1, b"DONE")
os.read(0, 1)
os.system("stty sane")
"""


def test_much_input_comes_in_full_records(host, sshd, user, trail):
    """4096 bytes flush the buffer in raw mode; nothing is lost between records."""
    user.write("reader.py", READER)
    data = "".join(f"{n:07d} " for n in range(5 * 512))
    since = trail.mark()

    def arrived():
        return b"".join(r.data() for r in trail.find("USER_TTY", since, auid=user.uid))

    def steps(terminal):
        terminal.send(f"python3 reader.py {len(data)}\r")
        terminal.expect("READY")
        terminal.send(data)
        terminal.expect("DONE")
        # A change of modes right behind the reading would leave what was read last in doubt (pump/input.c, rule 3).
        wait_until(lambda: data[:-8].encode() in arrived(), "five full records")
        terminal.send("x")
        terminal.prompt()
    session = session_of(host, sshd, user, steps)
    assert data.encode() in session.typed()
    assert max(len(r.data()) for r in session.records if r.type == "USER_TTY") == 4096


def test_open_and_close(host, sshd, user, trail):
    before = host.recordings()
    seen = {}

    def steps(terminal):
        seen["inner"] = terminal.run("tty").strip()[len("/dev/"):]
        seen["outer"] = terminal.run("echo $SSH_TTY").strip()[len("/dev/"):]
        seen["client"] = terminal.run("echo $SSH_CLIENT").split()
        terminal.run("(exit 3)")
    session = session_of(host, sshd, user, steps)
    recording = os.path.basename(next(p for p in host.recordings() if p not in before))
    opened, = session.ours("open")
    closed, = session.ours("close")
    for record in (opened, closed):
        assert record.type == "TRUSTED_APP"
        assert record.get("acct") == user.name and record.get("rec") == recording
        assert record.get("auid") == str(user.uid)
        assert record.get("addr") == "127.0.0.1" and record.get("terminal") == seen["outer"]
        assert record.get("exe") == TTYWRAP and record.get("res") == "success"
    assert opened.get("inner") == seen["inner"] and opened.get("id") == str(user.uid)
    assert opened.get("rport") == seen["client"][1] and opened.get("lport") == str(sshd.port)
    assert closed.get("exit") == "3"
    kinds = [r.get("op") for r in session.ours()]
    assert kinds == ["ttywrap-open", "ttywrap-seal", "ttywrap-close", "ttywrap-traffic"]
    typed = [session.records.index(r) for r in session.records if r.type == "USER_TTY"]
    assert session.records.index(opened) < min(typed) and max(typed) < session.records.index(closed)


@pytest.mark.parametrize("tty", (False, True), ids=("no tty", "tty"))
def test_death_by_signal_is_in_the_close_record(host, sshd, user, trail, tty):
    since = trail.mark()
    if tty:
        with login(sshd, user, "cat /proc/self/sessionid; echo; kill -TERM $$") as terminal:
            ses = terminal.expect(r"(\d+)\r\n")[1]
            terminal.finish()
    else:
        ses = ssh(sshd, user, "cat /proc/self/sessionid; kill -TERM $$").stdout.decode()
    closed, = Session(trail, since, ses).ours("close")
    assert closed.get("signal") == "15" and closed.get("exit") is None


@pytest.mark.parametrize("tty", (False, True), ids=("no tty", "tty"))
def test_the_command_given_to_ssh(host, sshd, user, trail, tty):
    """AUDIT_USER_CMD, with the session's own folder and nothing of it able to pass for a field of the record."""
    command = "cat /proc/self/sessionid; echo; : \"a'b\" res=failed auid=0 '\n' type=FAKE grün"
    since = trail.mark()
    if tty:
        with login(sshd, user, command) as terminal:
            ses = terminal.expect(r"(\d+)\r\n")[1]
            terminal.finish()
    else:
        ses = ssh(sshd, user, command).stdout.decode().strip()
    session = Session(trail, since, ses)
    record, = [r for r in session.records if r.type == "USER_CMD"]
    assert record.get("cmd") == command and record.get("cwd") == user.home
    assert record.get("res") == "success" and record.get("auid") == str(user.uid)
    assert "FAKE" not in record.text


def test_a_long_command_is_whole(host, sshd, user, trail):
    command = "cat /proc/self/sessionid # " + "".join(f" word{n}" for n in range(3000))
    since = trail.mark()
    ses = ssh(sshd, user, command).stdout.decode().strip()
    records = [r for r in Session(trail, since, ses).records if r.type == "USER_CMD"]
    assert "".join(r.get("cmd") for r in records) == command
    assert [r.get("part") for r in records] == [f"{n + 1}/{len(records)}" for n in range(len(records))]


def test_su_has_no_address(host, user, trail):
    since = trail.mark()
    with Terminal(["su", "-", user.name]) as terminal:
        terminal.prompt()
        terminal.exit()
    opened = trail.wait(lambda r: r.get("op") == "ttywrap-open" and r.get("acct") == user.name, since)
    assert opened.get("addr") == "?" and opened.get("terminal").startswith("pts/")


def test_no_untrusted_byte_stands_bare(host, sshd, user, trail):
    """The records have no control character, whatever was typed."""
    session = session_of(host, sshd, user, lambda t: t.run("echo 'x' $'\\e[31m' \"grün\" op=ttywrap-close"))
    for record in session.ours() + [r for r in session.records if r.type in ("USER_TTY", "USER_CMD")]:
        assert re.fullmatch(r"[\x1d\x20-\x7e]*", record.text), record.text


# The audit tools
def tool(*words):
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "TZ": "UTC"}).stdout


def test_aureport_and_ausearch_read_it(host, sshd, user, trail, tmp_path):
    log = f"/tmp/audit-{os.getpid()}.log"
    since = trail.mark()
    session = session_of(host, sshd, user, lambda t: t.run("echo for the report"))
    trail.write_log(log, since)
    report = [line for line in tool("aureport", "--tty", "-if", log).splitlines() if f" {user.uid} " in line]
    assert any('"echo for the report",<ret>' in line for line in report), report
    assert all(line.split()[6] == session.ses for line in report if "echo" in line)
    found = tool("ausearch", "-i", "-if", log, "-m", "TRUSTED_APP", "--session", session.ses)
    assert f"acct={user.name}" in found and "op=ttywrap-open" in found and "op=ttywrap-close" in found
    os.unlink(log)


def test_an_auditd_writes_it_down(host, sshd, user, trail):
    """The whole road: kernel, auditd, its log, aureport."""
    with host.world.share.sole_auditd():
        if audit.status()["pid"]:
            pytest.skip("the machine's own auditd is registered with the kernel, which has room for one")
        with audit.Auditd("/tmp/auditd-test") as auditd:
            session = session_of(host, sshd, user, lambda t: t.run("echo through auditd"))
            wait_until(lambda: "op=ttywrap-close" in auditd.read() and f"ses={session.ses} " in auditd.read(), "the close record")
            report = tool("aureport", "--tty", "-if", auditd.log)
            assert '"echo through auditd",<ret>' in report


def test_the_seal_is_in_both(host, sshd, user, trail):
    """The hash in the audit trail is the one that b2sum gives for the file before its last line's seal."""
    before = host.recordings()
    session = session_of(host, sshd, user, lambda t: t.run("echo sealed"))
    path = next(p for p in host.recordings() if p not in before)
    last = session.ours("seal")[-1]
    said = subprocess.run(f"head -c {last.get('off')} {path} | b2sum -l 256", shell=True, capture_output=True, text=True).stdout
    assert last.get("hash") == "blake2b:" + said.split()[0] and last.get("end") == "1"
    assert os.path.dirname(path) == LOGS
