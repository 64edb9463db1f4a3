# SPDX-License-Identifier: GPL-2.0-or-later
"""Accounting against real sshds, in the world of the system tests: a network namespace with conntrack counting on."""

import pytest

import host as host_module
from accounts import Accounts
from paths import BUILD


@pytest.fixture(scope="session")
def host(world):
    made = host_module.Host(world, BUILD)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def accounts(host):
    """The PAM module in sshd's stack, ttyacct, the ledger and its folders."""
    return Accounts(host)


@pytest.fixture(autouse=True)
def nothing_left_in_the_world(request):
    """No test may leave a session behind for the next one."""
    yield
    if "host" in request.fixturenames:
        made = request.getfixturevalue("host")
        listening = {s.process.pid for s in made.sshds.values()} | getattr(made, "watchers", set())
        host_module.wait_until(lambda: set(made.world.processes()) <= listening,
                               f"processes left in the world by {request.node.name}")
