# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrapper's part: sessions on connections, with the PAM module and without it."""

import json
import os
import subprocess

import pytest

from accounts import LINE
from client import ENVIRONMENT, login, ssh, ssh_words
from host import TTYWRAP, wait_until


@pytest.fixture(params=["with the PAM module", "without it"])
def user(request, host, accounts):
    """A user with ttywrap as login shell."""
    accounts.pam(LINE if request.param.startswith("with the") else "")
    yield host.user("wrapped", shell=TTYWRAP)
    accounts.pam(LINE)


def report(accounts, *words):
    return json.loads(accounts.ttyacct(*words, "--json").stdout)


def test_one_shell(host, accounts, user):
    since, mark = accounts.mark(), host.trail.mark() if host.trail else 0
    with login(host.sshd(), user) as terminal:
        peer = terminal.run("echo $SSH_CONNECTION").split()
        terminal.run("head -c 50000 /dev/zero | tr '\\0' x")
        terminal.exit()
    closed = accounts.wait("close", since, by="ttywrap")
    opened = accounts.wait("open", since, by="ttywrap")
    assert [closed["peer"], str(closed["peer_port"]), closed["local"], str(closed["local_port"])] == peer
    assert closed["source"] == "conntrack" and closed["user"] == "wrapped" and closed["session"] == opened["session"]
    assert closed["out_bytes"] - opened["out_bytes"] > 50000
    own = [r for r in accounts.lines()[since:] if r["by"] == "pam"]
    assert {r["conn"] for r in own} <= {closed["conn"]}
    if host.trail:
        said = host.trail.wait(lambda r: r.type == "TRUSTED_APP" and "op=ttywrap-traffic" in r.text
                               and r.get("ses") == str(closed["ses"]), mark)
        for key in ("in_bytes", "out_bytes", "in_packets", "out_packets"):
            assert f"{key}={closed[key]}" in said.text
        assert f"conn={closed['conn']}" in said.text


def test_ControlMaster_three_shells_and_scp(host, accounts, user):
    """Counted once, each session shown."""
    path, sshd = "/tmp/mux-sessions", host.sshd()
    before = {r["user"]: r["total_bytes"] for r in report(accounts, "report")}.get("wrapped", 0)
    words = ssh_words(sshd, user)
    since = accounts.mark()
    with open("/tmp/some", "wb") as out:
        out.write(os.urandom(3 << 20))
    master = subprocess.Popen([*words[:-1], "-M", "-N", "-S", path, words[-1]], env=ENVIRONMENT)
    wait_until(lambda: os.path.exists(path), "the master")
    shells = [login(sshd, user, options=(f"ControlPath={path}",)) for _ in range(3)]
    base = words[1:-1]
    base[base.index("-p")] = "-P"
    subprocess.run(["scp", *base, "-o", f"ControlPath={path}", "/tmp/some", f"{user.name}@127.0.0.1:some"], check=True,
                   capture_output=True, env=ENVIRONMENT, timeout=60)
    for shell in shells:
        assert shell.run("echo here") == "here\n"
        shell.exit()
    accounts.wait("close", since, by="ttywrap", count=3)
    subprocess.run([*words[:-1], "-S", path, "-O", "exit", words[-1]], capture_output=True, check=True, env=ENVIRONMENT)
    master.wait(10)
    conn = accounts.wait("open", since)["conn"]
    lines = [r for r in accounts.lines()[since:] if r["by"] != "ttyacct"]
    assert {r["conn"] for r in lines} == {conn}
    last = max(r["in_bytes"] + r["out_bytes"] for r in lines)
    got = {r["user"]: r["total_bytes"] for r in report(accounts, "report")}["wrapped"] - before
    assert 3 << 20 < last <= got < last + 2000  # what followed the last close is in the final reading
    sessions = [r for r in report(accounts, "sessions") if r["connection"] == conn]
    assert len({r["session"] for r in sessions}) >= 3 and all(r["closed"] for r in sessions)


def test_a_forged_hint_changes_nothing(host, accounts, user):
    """Run by hand with another SSH_CONNECTION: the connection is the real one."""
    since = accounts.mark()
    said = ssh(host.sshd(), user, f"echo $SSH_CONNECTION; SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22' {TTYWRAP} -c true")
    peer = said.stdout.decode().split()[:4]
    closed = accounts.wait("close", since, by="ttywrap")
    assert [closed["peer"], str(closed["peer_port"]), closed["local"], str(closed["local_port"])] == peer
    assert not [r for r in accounts.lines()[since:] if r["peer"] == "192.0.2.1"]
