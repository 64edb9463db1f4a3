# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings that a run has left, and the player in a long one."""

import glob
import os


def recordings(m):
    return [path for top in (m.logs, "/var/log/ttywrap") for path in glob.glob(f"{top}/**/*.cast", recursive=True)]


def contents(path):
    with open(path, encoding="utf-8", errors="replace") as text:
        return text.read()


def seeking(m, subject, size):
    """The player on a terminal: until its first picture, and after jumps, which go forwards and back."""
    m.run(subject, ["drain"], m.work("ansi", size["long"]))
    path = max(recordings(m), key=os.path.getsize)
    player = type(subject)("player", lambda command, log: [subject.words("", "")[0], "--replay", "--at", "0", path])
    jumps = ("50%\r", "100%\r", "50%\r", "99%\r")
    found = {"recording MB": os.path.getsize(path) / 1e6}
    got = m.run(player, ["frame", *jumps], "", keep=True)["ms"]
    return found | {"first frame ms": got[0], "jump to the middle ms": got[1], "jump to the end ms": got[2],
                    "jump back to the middle ms": got[3], "jump again to the end ms": got[4]}
