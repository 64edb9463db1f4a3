#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run as the user: starts ttywrap by hand in a way of the user's choosing, given as Python in the first argument.

The words after it are argv, argv[0] included, as hexadecimal; '-' alone is an argv of no words at all. START_ENVIRONMENT
(JSON) is what ttywrap gets as its environment; without it, this program's own.
"""

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys

TTYWRAP = b"/usr/bin/ttywrap"


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    words = [] if sys.argv[2:] == ["-"] else [bytes.fromhex(w) for w in sys.argv[2:]]
    argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    given = os.environ.pop("START_ENVIRONMENT", None)
    pairs = [os.fsencode(f"{k}={v}") for k, v in (json.loads(given) if given else os.environ).items()]
    envp = (ctypes.c_char_p * (len(pairs) + 1))(*pairs, None)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    names = {"os": os, "resource": resource, "signal": signal, "socket": socket, "fcntl": fcntl}
    exec(compile(sys.argv[1], "start", "exec"), names)
    libc.execve(TTYWRAP, argv, envp)
    os._exit(100 + ctypes.get_errno())


if __name__ == "__main__":
    main()
