# SPDX-License-Identifier: GPL-2.0-or-later
import os
import subprocess

import pytest

from paths import BUILD
from players import cast, play  # noqa: F401 (fixtures)


@pytest.fixture
def record():
    """record(events, name) -> (file's bytes, audit texts of its seals); an event is (ns, code, bytes)."""
    def run(events, name="1000-7.cast", zstd=0):
        script = "".join(f"{int(t)} {code} {data.hex()}\n" for t, code, data in events)
        done = subprocess.run([os.path.join(BUILD, "tests", "replay", "make_recording"), name, str(zstd)],
                              input=script.encode(), capture_output=True)
        assert done.returncode == 0
        return done.stdout, done.stderr.decode().splitlines()
    return run


@pytest.fixture
def verify():
    """verify(arguments…, stdin=…) -> (exit status, output)."""
    def run(*args, stdin=b""):
        done = subprocess.run([os.path.join(BUILD, "ttywrap", "replay", "ttywrap-replay"), "--verify", *map(str, args)],
                              input=stdin, capture_output=True)
        assert not done.stderr or done.returncode in (2, 4), done.stderr
        return done.returncode, done.stdout.decode()
    return run
