# SPDX-License-Identifier: GPL-2.0-or-later
"""The project's files, for the lint tests. Works in a clone and in an unpacked archive."""

import os
import re
import subprocess

from paths import TOP

SKIP = {".git", "__pycache__", ".pytest_cache", "corpus", "vendor"}


def every_file():
    """All files of the project, relative to its top: git's if there is a git, else what is there but for build folders."""
    got = subprocess.run(["git", "-C", TOP, "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True)
    if got.returncode == 0:
        names = got.stdout.splitlines()
    else:
        names = []
        for where, folders, files in os.walk(TOP):
            folders[:] = [f for f in folders if f not in SKIP and not f.startswith("build")]
            names += [os.path.relpath(os.path.join(where, name), TOP) for name in files]
    return sorted(n for n in names if not SKIP & set(n.split("/")) and os.path.isfile(os.path.join(TOP, n)))


def c_files(*tops):
    """.c and .h files below these folders."""
    return [n for n in every_file() if n.endswith((".c", ".h")) and n.startswith(tuple(top + "/" for top in tops))]


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8", errors="surrogateescape") as text:
        return text.read()


def code_only(text):
    """C source without its comments and the insides of its strings; lines keep their numbers."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match[0]
        return '""' if found[0] == '"' else "0" if found[0] == "'" else re.sub(r"[^\n]", " ", found)
    return token.sub(blank, text)


def functions(text):
    """(name, first line, length) of each function: in this style its braces stand at the start of a line."""
    start, lines = None, text.splitlines()
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            name = next((re.match(r"(\w+)\(", l)[1] for l in reversed(lines[:start - 1]) if re.match(r"\w+\(", l)), "?")
            yield name, start, number - start - 1
            start = None
