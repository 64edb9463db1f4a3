# SPDX-License-Identifier: GPL-2.0-or-later
"""A long recording: what our commands do with it, beside b2sum, grep and jq."""

import glob
import os
import shutil
import statistics
import subprocess
import time


def seconds(words, times=3):
    """Median wall-clock time of a command; its output goes nowhere. 1 is 'nothing found', as of grep."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(words)} exited {done.returncode}")
        took.append(time.monotonic() - began)
    return statistics.median(took)


def recordings(m):
    return [path for top in (m.logs, "/var/log/ttywrap") for path in glob.glob(f"{top}/**/*.cast", recursive=True)]


def contents(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def seeking(m, subject, path):
    """The player on a terminal: until its first picture, and after jumps, which go forwards and back."""
    player = type(subject)("player", lambda command, log: [subject.words("", "")[0], "--replay", "--at", "0", path])
    jumps = ("50%\r", "100%\r", "50%\r", "99%\r")
    got = m.run(player, ["frame", *jumps], "", keep=True)["ms"]
    return {"first frame ms": got[0], "jump to the middle ms": got[1], "jump to the end ms": got[2],
            "jump back to the middle ms": got[3], "jump again to the end ms": got[4]}


def long_files(m, subject, size):
    m.run(subject, ["drain"], m.work("ansi", size["long"]))
    path = max(recordings(m), key=os.path.getsize)
    me = subject.words("", "")[0]
    rate = os.path.getsize(path) / 1e6
    found = {"recording MB": rate, "verify MB/s": rate / seconds([me, "--verify", path]),
             "search MB/s": rate / seconds([me, "--search", "--in", "screen", "BENCH-DONE", path]),
             "list ms": seconds([me, "--list", path]) * 1e3,
             "list --fast ms": seconds([me, "--list", "--fast", path]) * 1e3,
             "b2sum MB/s": rate / seconds(["b2sum", "-l", "256", path]),
             "grep MB/s": rate / seconds(["grep", "-c", "BENCH-DONE", path])}
    if shutil.which("jq"):
        found["jq MB/s"] = rate / seconds(["jq", "-c", "select(.[1]?==\"o\") | length", path], 1)
    return found | seeking(m, subject, path)
