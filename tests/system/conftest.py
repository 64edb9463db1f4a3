# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine that the system tests happen on: the world, with ttywrap installed."""

import os
import signal

import pytest

pytest.register_assert_rewrite("same", "client", "host")

import host as host_module  # noqa: E402
from paths import BUILD  # noqa: E402

hosts = []  # the one there is, once it is there


@pytest.fixture(scope="session")
def host(world):
    """The machine in the world, with ttywrap installed."""
    made = host_module.Host(world, BUILD)
    made.install()
    hosts.append(made)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def sshd(host):
    return host.sshd()


@pytest.fixture(autouse=True, scope="module")
def no_account_left_wrapped(request):
    """A file's users have an ordinary shell again at its end, and no configuration: what refuses while there are others
    can be tested."""
    yield
    for made in hosts:
        made.tidy()


@pytest.fixture(autouse=True)
def nothing_left_in_the_world(request):
    """No test may leave a session behind for the next one."""
    if "host" not in request.fixturenames:
        yield
        return
    made = request.getfixturevalue("host")
    before = set(made.world.processes())

    def left():
        return set(made.world.processes()) - before - {s.process.pid for s in made.sshds.values()}
    yield
    try:
        host_module.wait_until(lambda: not left(), "processes left in the world", 10)
    except AssertionError as late:
        names = {pid: host_module.command_line(pid) for pid in left()}
        for pid in left():
            os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"{late}: {names}") from None
