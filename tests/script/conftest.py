# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the system tests, for cases that are played through the installed ttywrap."""

import pytest

import host as host_module
from paths import BUILD


@pytest.fixture(scope="session")
def host(world):
    """The machine in the world, with ttywrap installed."""
    made = host_module.Host(world, BUILD)
    if made.trail is None:
        pytest.skip("the kernel's audit does not answer here (built without, audit=0, or a container)")
    made.install()
    yield made
    made.stop()
