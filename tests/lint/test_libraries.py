# SPDX-License-Identifier: GPL-2.0-or-later
"""What the privileged programs load: exactly what their meson.build lists, with a reason each."""

import os
import re
import subprocess

import pytest

from paths import BUILD
from sources import read

# The program, and the meson.build with its list.
PROGRAMS = {"ttywrap/launch/ttywrap": "ttywrap/launch/meson.build", "ttywrap/pump/ttywrap-pump": "ttywrap/pump/meson.build"}


def needed(program):
    """DT_NEEDED entries, from readelf; the sanitizers' own left out."""
    text = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True).stdout
    return {name for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text) if not re.match(r"lib(asan|ubsan|lsan|tsan)\.", name)}


def listed(meson):
    """Lines of the form: # loads libaudit.so.1: why."""
    return dict(re.findall(r"^# loads (\S+): (\S.*)$", read(meson), re.M))


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_loads_what_is_listed(program):
    loads, allowed = needed(os.path.join(BUILD, program)), listed(PROGRAMS[program])
    assert sorted(loads - set(allowed)) == [], f"not listed in {PROGRAMS[program]} ('# loads NAME: why')"
    assert sorted(set(allowed) - loads) == [], f"listed in {PROGRAMS[program]}, but not loaded"


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_hardened(program):
    """Position-independent, no lazy binding, no executable stack, no search path of its own."""
    text = subprocess.run(["readelf", "-Wldh", os.path.join(BUILD, program)], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Type:\s+DYN", text)
    assert "BIND_NOW" in text or "NOW" in re.findall(r"FLAGS_1.*", text)[0]
    assert "GNU_RELRO" in text
    assert re.search(r"GNU_STACK.* RW ", text)
    assert "RPATH" not in text and "RUNPATH" not in text
