# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the pytest process into a world before the first test, and takes the world away after the last."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

pytest.register_assert_rewrite("same", "client", "host")

import host as host_module  # noqa: E402
import world as world_module  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
hosts = []  # the one there is, once it is there
BUILD = os.path.abspath(os.environ.get("TTYWRAP_BUILD", os.path.join(TOP, "build")))


@pytest.fixture(scope="session")
def world(request):
    """The world, or a skip with the machine's reason."""
    results = request.config.option.xmlpath
    shared = [os.path.dirname(os.path.abspath(results))] if results else []
    try:
        made = world_module.enter(visible=[TOP, BUILD], shared=shared)
    except world_module.Unavailable as reason:
        pytest.skip(str(reason))
    yield made
    made.leave()


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


@pytest.fixture
def trail(host):
    """The audit trail; tests that are about it have nothing to say where the kernel has none for us."""
    if host.trail is None:
        pytest.skip("the kernel's audit does not answer here (built without, audit=0, or a container)")
    return host.trail


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
