# SPDX-License-Identifier: GPL-2.0-or-later
"""pam_ttyacct in the stack of a real sshd."""

import fcntl
import glob
import json
import os
import pwd
import re
import signal
import stat
import subprocess

import pytest

from accounts import LEDGER, LINE, RUNDIR
from client import login, ssh, ssh_words
from host import wait_until
from paths import TOP


@pytest.fixture
def stack(accounts):
    """Sets the module's line for one test."""
    yield accounts.pam
    accounts.pam(LINE)


def test_open_and_close(host, accounts):
    user, since = host.user("ada"), accounts.mark()
    sshd = host.sshd()
    session = ssh(sshd, user, "echo $(cat /proc/self/sessionid) $SSH_CONNECTION").stdout.decode().split()
    opened = accounts.wait("open", since)
    closed = accounts.wait("close", since)
    assert opened["user"] == closed["user"] == "ada"
    assert opened["uid"] == user.uid
    assert [opened["peer"], str(opened["peer_port"]), opened["local"], str(opened["local_port"])] == session[1:]
    assert opened["source"] == closed["source"] == "conntrack"
    assert opened["conn"] == closed["conn"] and opened["flow"] == closed["flow"]
    assert 1000 < opened["in_bytes"] < closed["in_bytes"] and 1000 < opened["out_bytes"] < closed["out_bytes"]
    if host.trail:
        assert str(opened["ses"]) == session[0]
    owner = os.stat(LEDGER)
    assert pwd.getpwuid(owner.st_uid).pw_name == "_ttywrap" and stat.S_IMODE(owner.st_mode) == 0o640


def test_the_handoff_is_there_and_goes(host, accounts):
    if not host.trail:
        pytest.skip("no audit sessions here (kernel without audit, or a container)")
    user = host.user("ada")
    with login(host.sshd(), user) as terminal:
        session = terminal.run("echo $(cat /proc/self/sessionid)").strip()
        path = f"{RUNDIR}/connection-{session}"
        got = os.stat(path)
        assert pwd.getpwuid(got.st_uid).pw_name == "_ttywrap" and stat.S_IMODE(got.st_mode) == 0o400
        folder = os.stat(RUNDIR)
        assert pwd.getpwuid(folder.st_uid).pw_name == "_ttywrap" and not folder.st_mode & 0o022
        assert "Permission denied" in terminal.run(f"cat {path}")
        peer = terminal.run("echo $SSH_CONNECTION").split()
        with open(path, encoding="ascii") as text:
            assert text.read().split()[4:] == peer
        terminal.exit()
    wait_until(lambda: not os.path.exists(path), "the hand-off to go")


def test_no_descriptor_is_kept(host, accounts, stack):
    """sshd's monitor has the same descriptors with the module as without it, hooks included."""
    user = host.user("ada")

    def descriptors():
        with login(host.sshd(), user) as terminal:
            shell = int(terminal.run("echo $PPID"))
            with open(f"/proc/{shell}/stat", encoding="ascii") as text:
                monitor = text.read().rpartition(")")[2].split()[1]
            fds = os.listdir(f"/proc/{monitor}/fd")
            got = sorted((fd, re.sub(r"\d+", "N", os.readlink(f"/proc/{monitor}/fd/{fd}"))) for fd in fds)
            terminal.exit()
        return got

    stack("")
    without = descriptors()
    stack(LINE + " on_open=/bin/true")
    assert descriptors() == without


def test_other_services_are_left_alone(host, accounts):
    user, since = host.user("ada"), accounts.mark()
    with open("/etc/pam.d/su", "a", encoding="ascii") as out:
        out.write("session required pam_ttyacct.so debug required_accounting\n")
    mark = host.syslog.mark()
    done = subprocess.run(["su", user.name, "-c", "echo in"], capture_output=True, text=True)
    assert done.stdout == "in\n"
    assert host.syslog.wait(lambda p, t: "service su is no SSH login" in t, mark)[0] & 7 == 7
    assert accounts.lines()[since:] == []


def test_wrong_options_are_named_and_harmless(host, accounts, stack):
    stack(LINE + " ledgre=/x mark=many zone=70000 hook_timeout=0 on_open=relative")
    mark = host.syslog.mark()
    assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
    for word in ("ledgre=/x", "mark=many", "zone=70000", "hook_timeout=0", "on_open=relative"):
        assert host.syslog.wait(lambda p, t, word=word: f"option '{word}'" in t, mark)[0] & 7 == 3


@pytest.mark.parametrize("required", [False, True])
def test_a_ledger_that_cannot_be_written(host, accounts, stack, required):
    stack(f"session {'required' if required else 'optional'} pam_ttyacct.so ledger=/nowhere/traffic.jsonl"
          f"{' required_accounting' if required else ''}")
    mark = host.syslog.mark()
    done = ssh(host.sshd(), host.user("ada"), "echo in")
    assert (done.stdout == b"in\n") != required
    assert (done.returncode == 0) != required
    assert host.syslog.wait(lambda p, t: "cannot write to the ledger /nowhere/traffic.jsonl" in t, mark)


def test_a_full_disk_fails_no_login(host, accounts, stack):
    os.makedirs("/tmp/full", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", "/tmp/full"], check=True)
    try:
        with open("/tmp/full/fill", "wb") as out:
            out.write(b"x" * 4096)
        open("/tmp/full/traffic.jsonl", "w").close()
        stack(LINE + " ledger=/tmp/full/traffic.jsonl")
        for _ in range(12):
            assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
        mark = host.syslog.mark()
        assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
        assert host.syslog.wait(lambda p, t: "No space left" in t, mark)
        os.unlink("/tmp/full/fill")
        assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
        def whole():
            with open("/tmp/full/traffic.jsonl", encoding="utf-8") as text:
                return [t for t in text if t.strip() and not t.endswith("}\n")], "close" in open("/tmp/full/traffic.jsonl").readlines()[-1]
        wait_until(lambda: whole()[1], "the last close")
        assert len(whole()[0]) <= 1
    finally:
        stack(LINE)
        subprocess.run(["umount", "/tmp/full"], check=True)


def hold(kind, path):
    """Whatever could make an open or a write wait; returns what ends it."""
    if kind == "a FIFO":
        os.mkfifo(path)
        return lambda: None
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    if kind == "locks":
        fcntl.flock(fd, fcntl.LOCK_EX)
        fcntl.lockf(fd, fcntl.LOCK_EX)
    else:
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # the kernel asks for the lease back; it is kept
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    return lambda: os.close(fd)


@pytest.mark.parametrize("kind, said", [("a FIFO", "Operation not permitted"), ("locks", None),
                                        ("a lease", "Resource temporarily unavailable")])
def test_a_ledger_that_would_make_one_wait(host, accounts, stack, kind, said):
    """Nobody waits for it; locks are none of the ledger's."""
    folder = f"/tmp/held-by-{kind.split()[-1]}"
    os.mkdir(folder)
    path = f"{folder}/traffic.jsonl"
    end = hold(kind, path)
    try:
        stack(f"{LINE} ledger={path}")
        mark = host.syslog.mark()
        assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
        if said:
            assert host.syslog.wait(lambda p, t: f"cannot write to the ledger {path}" in t and said in t, mark)
        else:
            wait_until(lambda: len(open(path, encoding="utf-8").readlines()) == 2, "open and close")
    finally:
        end()


@pytest.mark.parametrize("line, said", [
    ("mark=uid zone=9", "cannot mark the connection"), ("ledgre=/x", "option 'ledgre=/x' is no option"),
    ("hook_timeout=61", "option 'hook_timeout=61' is no number of seconds from 1 to 60")])
def test_required_accounting_refuses(host, accounts, stack, line, said):
    """... what cannot be accounted as configured, and the log says why; without it the same line lets the user in."""
    for word, lets_in in (("required", False), ("optional", True)):
        stack(f"session {word} pam_ttyacct.so {line}{'' if lets_in else ' required_accounting'}")
        mark = host.syslog.mark()
        done = ssh(host.sshd(), host.user("ada"), "echo in")
        assert (done.stdout == b"in\n") == lets_in
        assert host.syslog.wait(lambda p, t: said in t, mark)
        if not lets_in:
            assert host.syslog.wait(lambda p, t: "refusing the session: required_accounting" in t, mark)


HOOK = """#!/bin/sh
{ cat; env | sort; ls -l /proc/self/fd | sed 's/.* //' ; pwd; id -u; } > /tmp/hook.$$
mv /tmp/hook.$$ /tmp/hook-$(sed -n 's/.*"event":"\\([a-z]*\\)".*/\\1/p' /tmp/hook.$$)
"""


def hook(text, mode=0o755, name="/usr/local/sbin/hook"):
    with open(name, "w", encoding="ascii") as out:
        out.write(text)
    os.chmod(name, mode)
    return name


def test_hooks(host, accounts, stack):
    path = hook(HOOK)
    stack(f"{LINE} on_open={path} on_close={path}")
    since = accounts.mark()
    ssh(host.sshd(), host.user("ada"), "true", env={"LC_EVIL": "x"}, options=("SendEnv LC_EVIL",))
    for event in ("open", "close"):
        wait_until(lambda: os.path.exists(f"/tmp/hook-{event}"), f"the {event} hook")
        with open(f"/tmp/hook-{event}", encoding="utf-8") as text:
            line, rest = text.read().split("\n", 1)
        assert json.loads(line) == accounts.wait(event, since)
        names = re.findall(r"^(\w+)=", rest, re.M)
        assert set(names) <= {"PATH", "PWD", "_", "SHLVL", "OLDPWD"}
        assert "socket:" not in rest and rest.endswith("/\n0\n")
        os.unlink(f"/tmp/hook-{event}")


def test_a_hook_that_hangs_is_ended_and_nobody_waits(host, accounts, stack):
    path = hook("#!/bin/sh\nsleep 1000 &\necho $$ > /tmp/hook-pid\nsleep 1000\n")
    stack(f"{LINE} on_open={path} hook_timeout=1")
    assert ssh(host.sshd(), host.user("ada"), "cat /tmp/hook-pid || echo not yet").returncode == 0
    wait_until(lambda: os.path.exists("/tmp/hook-pid"), "the hook to start")
    with open("/tmp/hook-pid", encoding="ascii") as text:
        pid = int(text.read())
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the hook to be ended")
    os.unlink("/tmp/hook-pid")


def test_a_hook_that_reads_nothing_and_one_that_is_no_program(host, accounts, stack):
    path = hook("#!/bin/sh\ntouch /tmp/hook-ran\n")
    stack(f"{LINE} on_open={path} on_close=/nowhere/hook")
    mark = host.syslog.mark()
    assert ssh(host.sshd(), host.user("ada"), "echo in").stdout == b"in\n"
    wait_until(lambda: os.path.exists("/tmp/hook-ran"), "the hook")
    os.unlink("/tmp/hook-ran")
    assert host.syslog.wait(lambda p, t: "the hook /nowhere/hook is not run: No such file" in t, mark)


def test_a_hook_that_others_can_write_is_not_run(host, accounts, stack):
    path = hook("#!/bin/sh\ntouch /tmp/hook-ran\n", 0o777)
    stack(f"{LINE} on_open={path}")
    mark = host.syslog.mark()
    assert ssh(host.sshd(), host.user("ada"), "true").returncode == 0
    assert host.syslog.wait(lambda p, t: f"the hook {path} is not run" in t, mark)
    assert not os.path.exists("/tmp/hook-ran")


@pytest.mark.parametrize("mark, want", [("uid", None), ("gid", None), ("4711", 4711), ("0xffffffff", 0xFFFFFFFF)])
def test_mark(host, accounts, stack, mark, want):
    """An nft rule counts what carries the mark: the documented example."""
    user = host.user("ada")
    want = {"uid": user.uid, "gid": user.gid}.get(mark, want)
    stack(f"{LINE} mark={mark}")
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input=(
        "table inet marked {\n chain in { type filter hook input priority 10;"
        f" ct mark {want} counter\n }}\n}}\n"))
    try:
        with login(host.sshd(), user) as terminal:
            port = terminal.run("echo $SSH_CLIENT").split()[1]
            seen = subprocess.run(["conntrack", "-L", "-p", "tcp", "--sport", port], capture_output=True, text=True).stdout
            assert f"mark={want} " in seen
            terminal.exit()
        rules = subprocess.run(["nft", "list", "table", "inet", "marked"], capture_output=True, text=True).stdout
        assert int(re.search(r"counter packets (\d+)", rules)[1]) > 5
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "marked"], check=True)


def sent_again():
    """TCP segments that this network namespace had to send again."""
    with open("/proc/net/snmp", encoding="ascii") as text:
        names, values = [line.split() for line in text if line.startswith("Tcp:")]
    return int(values[names.index("RetransSegs")])


def test_the_shaping_example(host, accounts, stack):
    """contrib/shape-users.nft as it stands, with a test user's number: counted by user, and slowed down."""
    user = host.user("ada")
    with open(os.path.join(TOP, "contrib", "shape-users.nft"), encoding="utf-8") as text:
        rules = text.read().replace("1001", str(user.uid)).replace("200 kbytes", "2 mbytes")
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        stack(LINE + " mark=uid")
        before = sent_again()
        assert len(ssh(host.sshd(), user, "head -c 6000000 /dev/zero").stdout) == 6000000
        assert sent_again() > before  # what the limit dropped
        listed = json.loads(subprocess.run(["nft", "-j", "list", "set", "inet", "ssh_users", "counted"], capture_output=True,
                                           text=True, check=True).stdout)
        counts = {e["elem"]["val"]: e["elem"]["counter"]["bytes"] for o in listed["nftables"] if "set" in o for e in o["set"]["elem"]}
        assert counts[user.uid] > 6000000
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "ssh_users"], check=True)


def test_the_shaping_example_in_the_manual(host, accounts, stack):
    user = host.user("ada")
    with open(os.path.join(TOP, "man", "pam_ttyacct.8"), encoding="utf-8") as text:
        rules = re.search(r"^table inet shape \{.*?^\}", text.read(), re.M | re.S)[0]
    rules = rules.replace("1001", str(user.uid)).replace("200 kbytes", "2 mbytes")
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        stack(LINE + " mark=uid")
        before = sent_again()
        assert len(ssh(host.sshd(), user, "head -c 6000000 /dev/zero").stdout) == 6000000
        assert sent_again() > before
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "shape"], check=True)


def test_zone(host, accounts, stack):
    """A connection in a conntrack zone is found when the zone is told; its zone and mark stay as they are."""
    sshd, user = host.sshd(), host.user("ada")
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input=(
        "table inet zoned {\n chain out { type filter hook output priority -300;"
        f" tcp dport {sshd.port} ct zone set 5; tcp sport {sshd.port} ct zone set 5\n }}\n"
        " chain marked { type filter hook output priority -100;"
        f" tcp dport {sshd.port} ct mark set 77\n }}\n}}\n"))
    try:
        since = accounts.mark()
        ssh(sshd, user, "true")
        assert accounts.wait("close", since)["source"] == "tcp_info"
        stack(LINE + " zone=5")
        since = accounts.mark()
        with login(sshd, user) as terminal:
            opened = accounts.wait("open", since)
            assert opened["source"] == "conntrack" and opened["zone"] == 5 and opened["in_bytes"] > 1000
            seen = subprocess.run(["conntrack", "-L", "-p", "tcp", "--sport", str(opened["peer_port"])], capture_output=True, text=True)
            assert "mark=77 " in seen.stdout and "zone=5" in seen.stdout
            terminal.exit()
        closed = accounts.wait("close", since)
        def final():
            accounts.ttyacct("update")
            return [r for r in accounts.lines()[since:] if r["event"] == "final" and r["conn"] == closed["conn"]]
        assert wait_until(final, "a final reading in the zone")[0]["zone"] == 5
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "zoned"], check=True)


def test_root_without_privilege_separation(host, accounts):
    """A root login has no monitor: one sshd process opens and closes."""
    since = accounts.mark()
    os.makedirs("/root/.ssh", 0o700, exist_ok=True)
    with open("/root/.ssh/authorized_keys", "w", encoding="ascii") as out, open("/root/keys/user.pub", encoding="ascii") as key:
        out.write(key.read())
    root = type("Root", (), {"name": "root"})
    assert ssh(host.sshd(), root, "echo in").stdout == b"in\n"
    assert accounts.wait("close", since)["user"] == "root"


def test_the_ledger_is_renamed_while_people_log_in(host, accounts, stack):
    """As logrotate does it: nothing is lost, and the next line makes a file that _ttywrap owns."""
    os.makedirs("/tmp/rotated", exist_ok=True)
    owner = pwd.getpwnam("_ttywrap")
    os.chown("/tmp/rotated", owner.pw_uid, owner.pw_gid)
    path = "/tmp/rotated/traffic.jsonl"
    stack(f"{LINE} ledger={path}")
    sshd, user = host.sshd(), host.user("ada")
    clients = []
    for n in range(12):
        clients.append(subprocess.Popen(ssh_words(sshd, user, "true"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if n % 4 == 3:
            wait_until(lambda: os.path.exists(path), "a ledger")
            os.rename(path, f"{path}-2026{n:04}")
    assert [c.wait(60) for c in clients] == [0] * 12

    def rows():
        done = accounts.ttyacct("report", "--by", "connection", "--json", "--ledger", path, "--index", ":memory:")
        return json.loads(done.stdout)
    wait_until(lambda: [r["state"] != "open" for r in rows()] == [True] * 12, "twelve connections with their ends")
    for name in os.listdir("/tmp/rotated"):
        got = os.stat(f"/tmp/rotated/{name}")
        assert got.st_uid == owner.pw_uid and stat.S_IMODE(got.st_mode) == 0o640


def test_forty_logins_at_once(host, accounts):
    """No line is torn, none is lost."""
    since, user, sshd = accounts.mark(), host.user("ada"), host.sshd()
    clients = [subprocess.Popen(ssh_words(sshd, user, "true"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(40)]
    good = sum(c.wait(60) == 0 for c in clients)
    assert good > 30
    closed = accounts.wait("close", since, count=good)
    assert len({r["conn"] for r in closed}) == len(closed) >= good
    assert not glob.glob(f"{RUNDIR}/connection-*") or wait_until(lambda: not glob.glob(f"{RUNDIR}/connection-*"), "hand-offs to go")
