# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is lost: a thousand short outputs, and output under input that nobody reads.

The terminal is bench-term, a program that reads its PTY to the end and looks at each run's last bytes.
"""

import glob
import json
import os
import shutil
import subprocess

import pytest

from paths import BUILD
from host import LOGS

RUNS = 1000
BIN = "/usr/local/bin"  # where the test user can reach them, whatever the build folder's permissions are


@pytest.fixture(scope="module")
def tools(host):
    for name in ("bench-term", "bench-work"):
        shutil.copy(os.path.join(BUILD, "tests", "bench", name), BIN)
    return BIN


def recorded(where, name):
    """The output events of one recording, joined."""
    with open(os.path.join(where, name), encoding="utf-8") as lines:
        next(lines)
        events = [json.loads(line) for line in lines]
    assert events[-1][1] == "s" and events[-2][1] == "x", f"{name} has no end"
    return "".join(data for _, code, data in events if code == "o")


def terminal(tools, user, *words):
    done = subprocess.run([f"{tools}/bench-term", "-u", user.name, "-0", "ttywrap", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recordings_of(user):
    return {os.path.basename(path) for path in glob.glob(f"{LOGS}/**/{user.uid}-*.cast", recursive=True)}


def path_of(name):
    return os.path.dirname(glob.glob(f"{LOGS}/**/{name}", recursive=True)[0])


@pytest.mark.parametrize("command", ("exec {}/bench-work tail WORD", "{}/bench-work tail WORD; exit 0"))
def test_no_short_output_loses_its_tail(host, tools, command):
    """Programs that print a little and end at once, as the shell itself and as its child."""
    user = host.user("tails")
    before = recordings_of(user)
    got = terminal(tools, user, "tail", str(RUNS), "--", "/usr/bin/ttywrap", "-c", command.format(tools))
    assert (got["runs"], got["whole"], got["status"]) == (RUNS, RUNS, 0)
    new = recordings_of(user) - before
    texts = [recorded(path_of(name), name) for name in new]
    ends = sorted(text[-len("<end of 0000>\r\n"):] for text in texts)
    assert ends == [f"<end of {n:04}>\r\n" for n in range(RUNS)]


def test_output_goes_on_while_the_input_is_not_read(host, tools):
    """A paste into a program that reads nothing holds up neither what it prints nor its end."""
    user = host.user("tails")
    report = user.path("report")
    got = terminal(tools, user, "deaf", str(4 << 20), "--", "/usr/bin/ttywrap", "-c",
                   f"exec {tools}/bench-work deaf 1000 {report}")
    with open(report, encoding="ascii") as text:
        lines = json.load(text)["bytes"]
    assert got["done"] and got["put"] < 1 << 20  # the terminal took what it has room for, and no more
    assert lines > 0 and got["came"] == len("<BENCH-READY><BENCH-DONE>") + lines * len("still here\r\n")
