# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the system tests, with a user whose passwords are looked for everywhere."""

import os
import signal

import pytest

import host as host_module
from paths import BUILD
from servers import PasswordServers

BASH_RC = r"""PS1='ready> '; PS2='more> '; HISTFILE=
bind 'set enable-bracketed-paste on' 2>/dev/null
"""
FISH_RC = """function fish_prompt; echo -n 'ready> '; end
set -g fish_greeting
"""


@pytest.fixture(scope="session")
def host(world):
    """The machine in the world, with ttywrap installed."""
    made = host_module.Host(world, BUILD)
    if made.trail is None:
        pytest.skip("the kernel's audit does not answer here (built without, audit=0, or a container)")
    made.install()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def servers(world):
    """Servers on the loopback interface that ask their clients for a password."""
    return PasswordServers()


@pytest.fixture(scope="session")
def keeper(host):
    """The user whose passwords these are; guest is somebody else on the same host, without ttywrap."""
    guest = host.user("guest", shell="/bin/bash")
    guest.write(".bashrc", BASH_RC)
    made = host.user("keeper", shell=host_module.TTYWRAP)
    made.write(".bashrc", BASH_RC)
    made.write(".zshrc", "PS1='ready> '\n")
    made.write(".config/fish/config.fish", FISH_RC)
    made.guest = guest
    return made


@pytest.fixture(autouse=True)
def no_process_stays(host, keeper):
    """What a prompt's program left running (agents, servers of multiplexers) goes before the next one."""
    yield
    for pid in host.world.processes():
        try:
            if os.stat(f"/proc/{pid}").st_uid in (keeper.uid, keeper.guest.uid):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
