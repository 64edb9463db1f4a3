# SPDX-License-Identifier: GPL-2.0-or-later
"""What ttyacct reads from the kernel, and the way through pam_exec."""

import json
import os
import signal
import subprocess

import pytest

from accounts import LINE, RUNDIR
from client import ENVIRONMENT, Terminal, login, ssh, ssh_words
from host import wait_until


def who(accounts, **more):
    return json.loads(accounts.ttyacct("who", "--json", **more).stdout)


def test_who_is_there_now(host, accounts):
    with login(host.sshd(), host.user("ada")) as ada, login(host.sshd(), host.user("bob")) as bob:
        before = {r["user"]: r for r in who(accounts)}
        assert set(before) == {"ada", "bob"} and before["ada"]["source"] == "conntrack"
        bob.run("head -c 100000 /dev/zero | tr '\\0' x")
        after = {r["user"]: r for r in who(accounts)}
        assert after["bob"]["out_bytes"] > before["bob"]["out_bytes"] + 100000
        assert after["ada"]["out_bytes"] == before["ada"]["out_bytes"]
        bob.exit()
        wait_until(lambda: {r["user"] for r in who(accounts)} == {"ada"}, "bob to be gone")
        ada.exit()


def test_an_open_connection_is_not_cut_off(host, accounts):
    since = accounts.mark()
    with login(host.sshd(), host.user("ada")) as ada:
        conn = accounts.wait("open", since)["conn"]

        def state():
            rows = json.loads(accounts.ttyacct("report", "--by", "connection", "--json").stdout)
            return next(r["state"] for r in rows if r["connection"] == conn)

        assert state() == "open"
        accounts.ttyacct("update", "--interim")
        reading = accounts.wait("interim", since, conn=conn)
        assert reading["by"] == "ttyacct" and reading["user"] == "ada" and reading["source"] == "conntrack"
        ada.exit()
    accounts.wait("close", since, conn=conn)
    wait_until(lambda: state() == "final", "the final reading")


def test_link_local_addresses(host, accounts):
    """They mean nothing without their interface, which the kernel wants to be asked for as well."""
    user, since = host.user("ada"), accounts.mark()
    subprocess.run(["ip", "addr", "add", "fe80::5/64", "dev", "lo", "nodad"], check=True)
    sshd = host.sshd("ListenAddress fe80::5%lo")
    words = [w.replace("127.0.0.1", "fe80::5%lo") for w in ssh_words(sshd, user, tty=True)]
    with Terminal(words) as ada:
        ada.prompt()
        opened = accounts.wait("open", since)
        assert opened["peer"] == "fe80::5" and opened["scope"] == 1 and opened["source"] == "conntrack"
        assert "ada" in {r["user"] for r in who(accounts)}
        assert [r["event"] for r in accounts.lines()[since:] if r["conn"] == opened["conn"]] == ["open"]
        ada.exit()
    accounts.wait("close", since, conn=opened["conn"])


def test_killed_sshd_without_anything_left_is_cut_off(host, accounts):
    """Its conntrack entry is gone as well: the last known figures stand."""
    since = accounts.mark()
    with login(host.sshd(), host.user("ada")) as ada:
        child = int(ada.run("echo $PPID"))
        with open(f"/proc/{child}/stat", encoding="ascii") as text:
            monitor = int(text.read().rpartition(")")[2].split()[1])
        opened = accounts.wait("open", since)
        left = f"{RUNDIR}/connection-{opened.get('ses')}"
        for pid in (monitor, child):
            os.kill(pid, signal.SIGKILL)
        ada.finish()
    subprocess.run(["conntrack", "-D", "-p", "tcp", "--orig-port-src", str(opened["peer_port"])], capture_output=True, check=True)
    rows = json.loads(accounts.ttyacct("report", "--by", "connection", "--json").stdout)
    row = next(r for r in rows if r["connection"] == opened["conn"])
    assert (row["state"], row["in_bytes"], row["out_bytes"]) == ("cut off", opened["in_bytes"], opened["out_bytes"])
    assert not os.path.exists(left)  # the hand-off is cleaned away


def test_final_only_for_the_same_flow(host, accounts):
    """A later connection with the same addresses and ports is not taken for the one that was closed."""
    since = accounts.mark()
    ssh(host.sshd(), host.user("ada"), "true")
    closed = accounts.wait("close", since)
    subprocess.run(["conntrack", "-D", "-p", "tcp", "--orig-port-src", str(closed["peer_port"])], capture_output=True, check=False)
    subprocess.run(["conntrack", "-I", "-p", "tcp", "-s", closed["peer"], "-d", closed["local"], "--sport", str(closed["peer_port"]),
                    "--dport", str(closed["local_port"]), "--state", "TIME_WAIT", "-t", "100"], capture_output=True, check=True)
    accounts.ttyacct("update")
    assert [r["event"] for r in accounts.lines()[since:]] == ["open", "close"]


def test_an_ordinary_user_may_not_read_the_ledger(host, accounts):
    user = host.user("ada")
    done = subprocess.run(["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "/usr/sbin/ttyacct", "report"],
                          capture_output=True, text=True, env={"HOME": user.home, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 1 and "Permission denied" in done.stderr


def test_the_watch_group_has_an_index_of_its_own(host, accounts):
    ssh(host.sshd(), host.user("ada"), "true")
    eve = host.user("eve", groups=("ttywrap-audit",))
    done = subprocess.run(["/usr/sbin/runuser", "-u", "eve", "--", "/usr/sbin/ttyacct", "report", "--json"], capture_output=True, text=True,
                          env={"HOME": eve.home, "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and any(r["user"] == "ada" for r in json.loads(done.stdout)), done.stderr
    assert os.path.exists(eve.path(".cache/ttywrap/ttyacct.sqlite"))


def test_the_systems_index_is_made_anew(host, accounts):
    """Its place is ttyacct's own, whatever lies there."""
    ssh(host.sshd(), host.user("ada"), "true")
    before = accounts.ttyacct("report", "--by", "connection", "--json").stdout
    with open("/var/lib/ttywrap/ttyacct.sqlite", "w", encoding="ascii") as index:
        index.write("no database at all")
    done = accounts.ttyacct("report", "--by", "connection", "--json")
    assert "anew" in done.stderr and {r["connection"] for r in json.loads(done.stdout)} >= {
        r["connection"] for r in json.loads(before)}


@pytest.fixture
def by_pam_exec(accounts):
    accounts.pam("session optional pam_exec.so quiet /usr/sbin/ttyacct --pam mark=99")
    yield
    accounts.pam(LINE)


def test_through_pam_exec(host, accounts, by_pam_exec):
    since = accounts.mark()
    with login(host.sshd(), host.user("ada")) as ada:
        peer = ada.run("echo $SSH_CONNECTION").split()
        opened = accounts.wait("open", since)
        assert [opened["peer"], str(opened["peer_port"]), opened["local"], str(opened["local_port"])] == peer
        assert opened["by"] == "pam_exec" and opened["user"] == "ada" and opened["in_bytes"] > 1000
        seen = subprocess.run(["conntrack", "-L", "-p", "tcp", "--sport", peer[1]], capture_output=True, text=True).stdout
        assert "mark=99 " in seen
        ada.exit()
    closed = accounts.wait("close", since)
    assert closed["conn"] == opened["conn"] and closed["flow"] == opened["flow"]


def test_through_pam_exec_as_in_the_module(host, accounts):
    """required_accounting, hooks and the names of wrong options."""
    hook = "/usr/local/sbin/pam-exec-hook"
    with open(hook, "w", encoding="ascii") as out:
        out.write("#!/bin/sh\ncat >/tmp/pam-exec-hook.out.new; mv /tmp/pam-exec-hook.out.new /tmp/pam-exec-hook.out\n")
    os.chmod(hook, 0o755)
    said = {"ledger=/nowhere/x": "cannot write to the ledger /nowhere/x", "mark=much": "option 'mark=much' is neither uid, gid nor"}
    try:
        for word in ("ledger=/nowhere/x", "mark=much", ""):
            accounts.pam(f"session required pam_exec.so quiet /usr/sbin/ttyacct --pam required_accounting on_open={hook} {word}")
            mark = host.syslog.mark()
            done = ssh(host.sshd(), host.user("ada"), "echo in")
            assert (done.stdout == b"in\n") == (word == "")
            if word:
                assert host.syslog.wait(lambda p, t, word=word: "ttyacct" in t and said[word] in t, mark)
        wait_until(lambda: os.path.exists("/tmp/pam-exec-hook.out"), "the hook")
        with open("/tmp/pam-exec-hook.out", encoding="utf-8") as text:
            assert json.load(text)["by"] == "pam_exec"
    finally:
        accounts.pam(LINE)


WITHOUT_PIDFD_GETFD = """#!/usr/bin/python3
import ctypes, os, sys
seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
seccomp.seccomp_init.restype = ctypes.c_void_p
rules = ctypes.c_void_p(seccomp.seccomp_init(0x7fff0000))  # SCMP_ACT_ALLOW
call = seccomp.seccomp_syscall_resolve_name(b"pidfd_getfd")
assert seccomp.seccomp_rule_add(rules, 0x00050000 | ERROR, call, 0) == 0  # SCMP_ACT_ERRNO
assert seccomp.seccomp_load(rules) == 0
os.environ.update(dict(word.split("=") for word in sys.argv[1:] if word.startswith("SSH_CONNECTION=")))
os.execv("/usr/sbin/ttyacct", ["ttyacct", "--pam"])
"""


@pytest.mark.parametrize("error, address, lie", [(1, "127.0.0.1", ""), (38, "127.0.0.1", ""), (1, "::1", ""),
                                                 (1, "127.0.0.1", "SSH_CONNECTION=a")])
def test_through_pam_exec_without_pidfd_getfd(host, accounts, error, address, lie):
    """EPERM: Yama's scope 3, or a container's seccomp filter. ENOSYS: Linux before 5.6. And without a hint that helps."""
    with open("/usr/local/sbin/restricted", "w", encoding="ascii") as out:
        out.write(WITHOUT_PIDFD_GETFD.replace("ERROR", str(error)))
    os.chmod("/usr/local/sbin/restricted", 0o755)
    accounts.pam(f"session optional pam_exec.so quiet /usr/local/sbin/restricted {lie}")
    try:
        since = accounts.mark()
        words = [w.replace("127.0.0.1", address) for w in ssh_words(host.sshd(), host.user("ada"), "echo $SSH_CONNECTION")]
        peer = subprocess.run(words, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout.split()
        opened, closed = accounts.wait("open", since), accounts.wait("close", since)
    finally:
        accounts.pam(LINE)
    assert [opened["peer"], str(opened["peer_port"]), opened["local"], str(opened["local_port"])] == peer
    assert opened["conn"] == closed["conn"] and opened["source"] == "conntrack" and opened["by"] == "pam_exec"


FAKE = """
import os, socket, subprocess, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
peer, _ = listener.accept()
os.set_inheritable(peer.fileno(), True)
os.environ["SSH_CONNECTION"] = "127.0.0.1 %d 127.0.0.1 %d" % (client.getsockname()[1], peer.getsockname()[1])
print(subprocess.run(sys.argv[1:], close_fds=False, capture_output=True, text=True).stdout)
"""


def test_a_users_own_socket_is_not_believed(host, accounts):
    """A process of the user's, between sshd and us, holds a TCP socket and says in the environment that it is the one."""
    user = host.user("ada")
    probe = os.path.join(host.build, "tests", "acct", "find_connection")
    subprocess.run(["install", "-m", "755", probe, "/usr/local/bin/find_connection"], check=True)
    subprocess.run(["setcap", "cap_sys_ptrace+ep", "/usr/local/bin/find_connection"], check=True)
    user.write("fake.py", FAKE)
    true, fake, alone = ssh(host.sshd(), user, "echo $SSH_CONNECTION; /usr/bin/python3 fake.py /usr/local/bin/find_connection;"
                            " env -u SSH_CONNECTION setsid -w /usr/local/bin/find_connection").stdout.decode().split("\n", 2)
    assert fake.split() == ["ancestor", "differs", *true.split()]
    assert alone.split() == ["ancestor", "agrees", *true.split()]


def test_without_the_capability(host, accounts):
    subprocess.run(["setcap", "-r", "/usr/local/bin/find_connection"], check=True)
    assert ssh(host.sshd(), host.user("ada"), "/usr/local/bin/find_connection").stdout == b"error Operation not permitted\n"


def test_no_ancestor_is_an_sshd(host, accounts):
    done = subprocess.run(["setsid", "-f", "sh", "-c", "sleep 0.2; exec /usr/local/bin/find_connection >/tmp/found"], check=True)
    assert done.returncode == 0
    wait_until(lambda: os.path.exists("/tmp/found") and os.stat("/tmp/found").st_size, "an answer")
    with open("/tmp/found", encoding="ascii") as text:
        assert text.read() == "error Transport endpoint is not connected\n"
