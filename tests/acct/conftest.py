# SPDX-License-Identifier: GPL-2.0-or-later
"""Accounting against real sshds, in the world of the system tests: a network namespace with conntrack counting on."""

import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "system"), os.path.dirname(os.path.abspath(__file__))]

import host as host_module  # noqa: E402
import world as world_module  # noqa: E402
from accounts import Accounts  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TTYWRAP_BUILD", os.path.join(TOP, "build")))
if os.environ.get("ACCOUNTING_TABLE"):  # the world is entered elsewhere
    os.environ["ACCOUNTING_TABLE"] = os.path.abspath(os.environ["ACCOUNTING_TABLE"])


@pytest.fixture(scope="session")
def world(request):
    """The world, or a skip with the machine's reason."""
    results = request.config.option.xmlpath
    kept = [path for path in (results, os.environ.get("ACCOUNTING_TABLE")) if path]
    shared = [os.path.dirname(os.path.abspath(path)) for path in kept]
    try:
        made = world_module.enter(visible=[TOP, BUILD], shared=shared)
    except world_module.Unavailable as reason:
        pytest.skip(str(reason))
    yield made
    made.leave()


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
