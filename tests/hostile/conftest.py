# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the system tests, with a user whose sessions are wrapped and who means harm."""

import os
import shutil

import pytest

import host as host_module
from live import Live
from paths import BUILD

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = "/usr/local/lib/hostile"  # in the world: readable by every user


@pytest.fixture(scope="session")
def host(world):
    """The machine in the world, with ttywrap installed and our tools where a user can read them."""
    made = host_module.Host(world, BUILD)
    made.install()
    os.makedirs(TOOLS)
    for name in ("attack.py", "start.py"):
        shutil.copy(os.path.join(HERE, name), TOOLS)
        os.chmod(os.path.join(TOOLS, name), 0o755)
    shutil.copy(os.path.join(BUILD, "tests/hostile/libpreloaded.so"), TOOLS)
    made.configure("[default]\nshell = /bin/bash\n")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def sshd(host):
    return host.sshd("AcceptEnv *\n")


@pytest.fixture(scope="session")
def eve(host):
    return host.user("eve", shell=host_module.TTYWRAP)


@pytest.fixture
def live(host, sshd, eve, trail):
    """Starts wrapped sessions: live() is a Live at its first prompt. What is still open at the end is hung up."""
    opened = []

    def start(user=eve, server=sshd, **more):
        opened.append(Live(host, server, user, **more))
        return opened[-1]
    yield start
    for session in opened:
        session.terminal.hang_up()


@pytest.fixture(autouse=True)
def nothing_left_in_the_world(request):
    """No test may leave a process behind: no shell, no pump, no monitor."""
    yield
    if "host" in request.fixturenames:
        made = request.getfixturevalue("host")
        listening = {s.process.pid for s in made.sshds.values()}
        host_module.wait_until(lambda: set(made.world.processes()) <= listening,
                               f"processes left in the world by {request.node.name}", 45)
