# SPDX-License-Identifier: GPL-2.0-or-later
"""Becomes a program in a session that is a user's, as login(1) would, with the kernel's TTY auditing on.

    start_session.py UID FD PROGRAM ARGV0 [ARGUMENT...]

Standard input is the terminal, of which this process takes possession. FD is told the audit session's number.
"""

import fcntl
import os
import pwd
import signal
import sys
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kernel_audit  # noqa: E402


def main():
    uid, fd, program, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    kernel_audit.flag_on(uid)
    with os.fdopen(fd, "w") as out, open("/proc/self/sessionid", encoding="ascii") as session:
        out.write(session.read())
    user = pwd.getpwuid(uid)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(uid)
    # Python's own, and what a job in the background of a script ignores.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(program, argv)


if __name__ == "__main__":
    main()
