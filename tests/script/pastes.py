#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of a paste is left out as in doubt, on a machine that is busy?

Pastes lines into programs behind the installed ttywrap, with as many idle loops beside it as --load says, and counts the
lines that the recorded input lacks. Root; in a world of its own. Prints one row of a table for each case:

    tests/script/pastes.py --load 3 --times 20
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import threading
import time

import pexpect

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "system"))

import host as host_module  # noqa: E402
import world as world_module  # noqa: E402

BYTES = 20000
SHELL = [f"echo line {i:05} abcdefghijklmnopqrstuvwxyz" for i in range(BYTES // 43)]
PYTHON = [f"print({i})" for i in range(600)]
PLAIN = "INPUTRC=/etc/inputrc.plain bash --norc --noprofile -i"

# what is pasted into, its command line, its first prompt (empty: typed before it is there), the lines, the last one,
# what that prints, and how it is left
CASES = {
    "bash": ("bash --norc --noprofile -i", r"\$ ", SHELL, "echo e''nd", "exit\r"),
    "bash, one bracketed paste": ("bash --norc --noprofile -i", r"\$ ", ["\x1b[200~" + "\r".join(SHELL) + "\x1b[201~"], "echo e''nd", "exit\r"),
    "bash without bracketed paste": ("env " + PLAIN, r"\$ ", SHELL, "echo e''nd", "exit\r"),
    "zsh": ("zsh -f -i", r"[%$] ", SHELL, "echo e''nd", "exit\r"),
    "python": ("python3 -q", r">>> ", PYTHON, "print('e''nd')", "exit()\r"),
    "cat": ("cat", "", SHELL, "end", "\x04"),
    "bash, while it starts": ("bash --norc --noprofile -i", "", SHELL[:60], "echo e''nd", "exit\r"),
    "bash, while sleep runs": ("bash --norc --noprofile -i", r"\$ ", ["sleep 0.3"] + SHELL[:60], "echo e''nd", "exit\r"),
}


def recorded_lines(path):
    """The lines of the recording's input, however it was split, and how many there are of each."""
    data = ""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("["):
                event = json.loads(line)
                data += event[2] if event[1] == "i" else ""
    return collections.Counter(data.replace("\r", "\n").split("\n"))


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def paste(host, user, case):
    """One paste; returns (lines missing in the recorded input, all lines)."""
    command, prompt, lines, last, leave = CASES[case]
    before = set(host.recordings())
    environment = {"HOME": user.home, "USER": user.name, "TERM": "xterm", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    terminal = pexpect.spawn("setpriv", [f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "/usr/bin/ttywrap", "-c", command],
                             env=environment, cwd=user.home, timeout=60)
    terminal.delaybeforesend = None
    if prompt:
        terminal.expect(prompt)
        time.sleep(0.05)  # a person takes longer
    typed = "\r".join(lines + [last]) + "\r"
    writer = threading.Thread(target=write_all, args=(terminal.child_fd, typed.encode()))
    writer.start()
    terminal.expect("[\r\n]end\r\n")
    writer.join()
    terminal.send(leave)
    terminal.expect(pexpect.EOF)
    terminal.close()
    found = recorded_lines(next(p for p in host.recordings() if p not in before))
    wanted = collections.Counter(typed.replace("\r", "\n").split("\n"))
    return sum((wanted - found).values()), sum(wanted.values())


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", default=os.path.join(TOP, "build"))
    ask.add_argument("--load", type=int, default=3, help="idle loops beside it")
    ask.add_argument("--times", type=int, default=20)
    ask.add_argument("case", nargs="*", help="as in the table")
    args = ask.parse_args()
    build = os.path.abspath(args.build)
    world = world_module.enter(visible=[TOP, build])
    host = host_module.Host(world, build)
    host.install()
    host.configure("[default]\nrecord = output, input\n")
    with open("/etc/inputrc.plain", "w", encoding="ascii") as out:
        out.write("set enable-bracketed-paste off\n")
    user = host.user("paster")
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(args.load)]
    try:
        print("| paste into | pastes with a line missing | lines missing |\n|---|---|---|")
        for case in args.case or CASES:
            counts = [paste(host, user, case) for _ in range(args.times)]
            missing, lines = map(sum, zip(*counts))
            print(f"| {case} | {sum(m > 0 for m, _ in counts)} of {args.times} | {100 * missing / lines:.1f} % |", flush=True)
    finally:
        for loop in loops:
            loop.kill()
        world.leave()


if __name__ == "__main__":
    main()
