# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in contrib/ and the set-up in README.md do what they say."""

import os
import re
import subprocess

from client import login, ssh
from paths import TOP
from host import TTYWRAP
from world import run


def example(name):
    with open(os.path.join(TOP, "contrib", name), encoding="utf-8") as text:
        return text.read()


def is_wrapped(host, sshd, user):
    """Whether a command over ssh ran below a monitor: its parent process is _ttywrap's."""
    done = ssh(sshd, user, "ps -o user:20= -p $PPID; exit")
    assert done.returncode == 0, done
    return done.stdout.decode().split() == ["_ttywrap"]


def test_the_sshd_example_wraps_a_group_and_nobody_else(host):
    sshd = host.sshd(example("sshd_config"))
    member = host.user("member", groups=["recorded"])
    other = host.user("outsider")
    assert is_wrapped(host, sshd, member)
    assert not is_wrapped(host, sshd, other)


def test_the_commented_restrictions_are_good_sshd_settings(host):
    restricted = re.sub(r"^#\t", "\t", example("sshd_config"), flags=re.M)
    assert restricted.count("\n\tAllow") == 3
    sshd = host.sshd(restricted)
    assert is_wrapped(host, sshd, host.user("member", groups=["recorded"]))


def test_the_nftables_example_loads_and_loads_again(host):
    path = os.path.join(TOP, "contrib", "conntrack.nft")
    try:
        for _ in range(2):
            run("nft", "-f", path)
        assert run("nft", "list", "table", "inet", "ttywrap").count("ct state new accept") == 2
        run("nft", "delete", "table", "inet", "ttywrap")
        one_line = re.search(r"^#\tnft '(.*)'$", example("conntrack.nft"), re.M)[1]
        run("nft", one_line)
        assert "ct state new accept" in run("nft", "list", "table", "inet", "ttywrap")
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "ttywrap"], capture_output=True)


def test_chsh_takes_it(host, sshd):
    """As in README.md: for one account, however it logs in."""
    user = host.user("alice")
    run("chsh", "-s", TTYWRAP, "alice")
    try:
        assert is_wrapped(host, sshd, user)
        with login(sshd, user) as terminal:
            terminal.exit()
        assert any("alice" in line for line in run(TTYWRAP, "--list").splitlines()[-3:])
        assert f"{TTYWRAP}, run as /bin/bash" in run(TTYWRAP, "--check", "--user", "alice")
        done = subprocess.run(["su", "-", "alice", "-c", "ps -o user:20= -p $PPID; exit"], capture_output=True, text=True)
        assert done.stdout.split() == ["_ttywrap"], done
    finally:
        run("chsh", "-s", "/bin/bash", "alice")
