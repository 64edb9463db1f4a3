# SPDX-License-Identifier: GPL-2.0-or-later
"""What the folders share: the world that the tests of a whole machine happen in, and its audit trail."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "system")]
# The world is entered with another folder as the current one.
TABLES = {name: os.path.abspath(path) for name, path in os.environ.items() if name.endswith("_TABLE") and path}
os.environ.update(TABLES)

import world as world_module  # noqa: E402
from paths import BUILD, TOP  # noqa: E402


@pytest.fixture(scope="session")
def world(request):
    """The pytest process goes into a world before the first test that needs one: a skip with the machine's reason if it can't."""
    kept = [request.config.option.xmlpath, *TABLES.values()]
    try:
        made = world_module.enter(visible=[TOP, BUILD], shared=[os.path.dirname(os.path.abspath(path)) for path in kept if path])
    except world_module.Unavailable as reason:
        pytest.skip(str(reason))
    yield made
    made.leave()


@pytest.fixture
def trail(host):
    """The audit trail; tests that are about it have nothing to say where the kernel has none for us."""
    if host.trail is None:
        pytest.skip("the kernel's audit does not answer here (built without, audit=0, or a container)")
    return host.trail
