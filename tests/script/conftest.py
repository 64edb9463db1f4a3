# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of the system tests, for cases that are played through the installed ttywrap."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests", "system"), HERE]

import host as host_module  # noqa: E402
import world as world_module  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TTYWRAP_BUILD", os.path.join(TOP, "build")))


@pytest.fixture(scope="session")
def host(request):
    """The machine in the world, with ttywrap installed, or a skip with the machine's reason."""
    results = request.config.option.xmlpath
    table = os.environ.get("EQUALITY_TABLE")
    shared = [os.path.dirname(os.path.abspath(path)) for path in (results, table) if path]
    try:
        world = world_module.enter(visible=[TOP, BUILD], shared=shared)
    except world_module.Unavailable as reason:
        pytest.skip(str(reason))
    made = host_module.Host(world, BUILD)
    if made.trail is None:
        pytest.skip("the kernel's audit does not answer here (built without, audit=0, or a container)")
    made.install()
    yield made
    made.stop()
    world.leave()
