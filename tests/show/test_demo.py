# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo runs to its end in each of its forms, shows what it says it shows, and leaves nothing behind."""

import os
import pwd
import subprocess

import pytest

from paths import BUILD, TOP

DEMO = os.path.join(TOP, "tests", "demo")
# A capability away from a world, as root in a container is.
CONFINED = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-all"]


def demo(*before):
    done = subprocess.run([*before, DEMO, "--build", BUILD], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, like the demo's greater part")
def test_as_root():
    said = demo()
    if "needs namespaces" in said:
        pytest.skip("a place without namespaces and overlay, such as a container")
    for piece in ("1. A login", "sudo wc -l /etc/shadow", "Her password in it: 0 times. In the recording: 0 times.",
                  '"vim notes"', "cmd=sudo wc -l /etc/shadow euid=olga", "op=ttywrap-open", "op=ttywrap-close", "the audit trail agrees", "ALTERED", "In Out Total"):
        assert piece in " ".join(said.split()), said
    assert "correct-horse" not in said
    with pytest.raises(KeyError):
        pwd.getpwnam("olga")
    assert max(map(len, said.splitlines())) <= 100


def test_without_a_world():
    said = demo(*(CONFINED if os.geteuid() == 0 else ()))
    for piece in ("recorded by hand", "the backup ran", "intact", "Not shown"):
        assert piece in said, said
