# SPDX-License-Identifier: GPL-2.0-or-later
"""'ttywrap --check' on the kernel's counting: what it says to do makes the ledger's figures conntrack's."""

import re
import subprocess

import pytest

from client import ssh
from host import TTYWRAP

KNOB = "/proc/sys/net/netfilter/nf_conntrack_acct"
SHELL = ("/bin/sh", "-c")


def findings():
    """Its lines about connection tracking, each with what would mend it."""
    text = subprocess.run([TTYWRAP, "--check"], capture_output=True, text=True).stdout
    return re.findall(r"^(\w+) +(connection tracking: .*)(?:\n +mend: (.*))?", text, re.M)


@pytest.fixture
def rules():
    """The network namespace's rules and counting, put back."""
    kept = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    yield
    subprocess.run(["nft", "-f", "-"], input="flush ruleset\n" + kept, text=True, check=True)
    with open(KNOB, "w", encoding="ascii") as knob:
        knob.write("1")


def source(host, accounts):
    since = accounts.mark()
    ssh(host.sshd(), host.user("ada"), "true")
    return accounts.wait("close", since)["source"]


def test_counting_is_off(host, accounts, rules):
    with open(KNOB, "w", encoding="ascii") as knob:
        knob.write("0")
    assert source(host, accounts) == "tcp_info"
    found = next(f for f in findings() if "does not count" in f[1])
    assert found[0] == "note" and "nf_conntrack_acct = 0" in found[1] and found[2].startswith("cp ")
    setting = found[2].split()[1]
    subprocess.run(["sysctl", "-q", "-p", setting], check=True)
    assert source(host, accounts) == "conntrack"
    assert [f[0] for f in findings()] == ["ok"]


def test_nothing_is_tracked(host, accounts, rules):
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    subprocess.run(["conntrack", "-F"], check=True, capture_output=True)
    assert source(host, accounts) == "tcp_info"
    found = next(f for f in findings() if "tracks nothing" in f[1])
    assert found[0] == "note" and found[2].startswith("nft -f ")
    subprocess.run([*SHELL, found[2]], check=True)
    assert source(host, accounts) == "conntrack"
    assert [f[0] for f in findings()] == ["ok"]
