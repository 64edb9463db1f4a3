# SPDX-License-Identifier: GPL-2.0-or-later
"""The world itself: what the other tests rest on. None of these needs ttywrap."""

import os
import subprocess

from client import login, ssh
from host import wait_until


def test_login_on_a_terminal(host, sshd):
    user = host.user("ada")
    with login(sshd, user, password=True) as terminal:
        assert terminal.run("echo $0 $PROFILE_WAS_READ") == "-bash yes\n"
        assert terminal.exit() == 0


def test_command(host, sshd):
    done = ssh(sshd, host.user("ada"), "cat; echo err >&2; exit 7", stdin=b"in")
    assert (done.stdout, done.stderr, done.returncode) == (b"in", b"err\n", 7)


def test_every_login_has_an_audit_session(host, sshd, trail):
    user, since = host.user("ada"), trail.mark()
    session = ssh(sshd, user, "cat /proc/self/sessionid").stdout.decode()
    record = trail.wait(lambda r: r.type == "LOGIN" and r.get("ses") == session, since)
    assert record.get("auid") == str(user.uid)


def test_counted_connections(host, sshd):
    user = host.user("ada")
    with login(sshd, user) as terminal:
        client = terminal.run("echo $SSH_CLIENT").split()
        seen = subprocess.run(["conntrack", "-L", "-p", "tcp", "--sport", client[1]], capture_output=True, text=True).stdout
        assert f"sport={client[1]}" in seen and "bytes=" in seen
        terminal.exit()


def test_syslog_is_the_worlds(host):
    since = host.syslog.mark()
    subprocess.run(["logger", "-p", "authpriv.notice", "seen"], check=True)
    assert host.syslog.wait(lambda priority, text: "seen" in text, since)[0] == (10 << 3) + 5


def test_set_user_id_and_capabilities_work(host):
    path = "/usr/local/bin/privileged"
    subprocess.run(["install", "-o", "daemon", "-m", "4755", "/usr/bin/id", path], check=True)
    subprocess.run(["setcap", "cap_net_admin+p", path], check=True)
    user = host.user("ada")
    said = subprocess.run(["setpriv", f"--reuid={user.uid}", "--clear-groups", path], capture_output=True, text=True).stdout
    assert "euid=1(daemon)" in said
    os.unlink(path)


def test_kept_out_of_the_machine(host):
    assert wait_until(lambda: not os.path.exists("/proc/1/root/home/ada"), "no trace outside")
