# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that every source file keeps. Each finding is named with its file and line."""

import os
import re
import shutil
import subprocess

import pytest

from sources import TOP, c_files, code_only, every_file, functions, read

FORBIDDEN = re.compile(r"\b(strcpy|strcat|strncpy|stpcpy|sprintf|vsprintf|gets|atoi|atol|atoll|atof|alloca|system|popen|strtok|"
                       r"tmpnam|tempnam|mktemp|seteuid|setegid|setuid|setgid)\s*\(")
# setresuid, setresgid and setfsuid say which of the ids they change; sigaction says how.
# What the yardsticks of the benchmarks and the programs the tests run do is not shipped.
SHIPPED = ("ttywrap", "acct")
# Where one of them is right, and why.
EXCEPTIONS = {
    "ttywrap/monitor/terminal.c": {"seteuid"},  # a PTY belongs to the effective uid that opens /dev/ptmx
}
FILE_LINES, FUNCTION_LINES = 600, 60


def kind_of(name):
    """'c', 'script' or None, by the name or the first line."""
    if name.endswith((".c", ".h")):
        return "c"
    if name.endswith((".py", ".sh")) or name.endswith(".in") and read(name).startswith("#!"):
        return "script"
    return "script" if "." not in os.path.basename(name) and read(name).startswith("#!") else None


def test_every_source_names_its_licence():
    missing = [n for n in every_file() if kind_of(n) and
               "SPDX-License-Identifier: GPL-2.0-or-later" not in "\n".join(read(n).splitlines()[:2])]
    assert missing == []


def test_no_function_that_invites_mistakes():
    found = [f"{name}:{number}: {match[1]}" for name in c_files(*SHIPPED)
             for number, line in enumerate(code_only(read(name)).splitlines(), 1)
             for match in [FORBIDDEN.search(line)] if match and match[1] not in EXCEPTIONS.get(name, ())]
    assert found == []


def test_files_say_which_process_they_run_in():
    """The first comment of a .c file: process, privilege, what it distrusts."""
    missing = [name for name in c_files(*SHIPPED) if name.endswith(".c")
               and not re.match(r"/\* SPDX[^\n]*\*/\n/\*", read(name))]
    assert missing == []


def test_headers_have_guards():
    missing = []
    for name in c_files("ttywrap", "acct"):
        guard = re.search(r"^#ifndef (\w+)\n#define (\w+)\n", read(name), re.M)
        if name.endswith(".h") and not (guard and guard[1] == guard[2]):
            missing.append(name)
    assert missing == []


def test_files_and_functions_are_short():
    found = []
    for name in c_files(*SHIPPED):
        text = read(name)
        if text.count("\n") > FILE_LINES:
            found.append(f"{name}: {text.count(chr(10))} lines")
        found += [f"{name}:{line}: {what} has {length} lines" for what, line, length in functions(text) if length > FUNCTION_LINES]
    assert found == []


def test_layout_is_clang_formats():
    if shutil.which("clang-format") is None:
        pytest.skip("clang-format is not installed")
    names = [n for n in every_file() if n.endswith((".c", ".h"))]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=TOP, capture_output=True, text=True)
    files = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
    assert files == [], "clang-format -i " + " ".join(files)


@pytest.mark.parametrize("name", [n for n in every_file() if kind_of(n) == "script" and read(n).startswith("#!/bin/sh")])
def test_shell_scripts_parse(name):
    done = subprocess.run(["sh", "-n", os.path.join(TOP, name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_scripts_can_be_run():
    """What begins with #! is executable, unless it is a template or a file that others include."""
    found = [n for n in every_file() if kind_of(n) == "script" and not n.endswith(".in") and read(n).startswith("#!")
             and not os.access(os.path.join(TOP, n), os.X_OK)]
    assert found == []
