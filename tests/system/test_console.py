# SPDX-License-Identifier: GPL-2.0-or-later
"""A login on a virtual console: no PTY is put before it, and the kernel itself audits what is typed."""

import fcntl
import os
import termios
import time

import pytest

import host as host_module

CONSOLE = "/dev/tty5"


@pytest.fixture
def console(host):
    """The descriptor of a virtual console of the machine, as seen in the world."""
    if not os.path.exists(CONSOLE):
        os.mknod(CONSOLE, 0o020600, os.makedev(4, 5))
    try:
        fd = os.open(CONSOLE, os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        pytest.skip(f"no virtual console in this kernel: {error.strerror}")
    yield fd
    os.close(fd)
    os.unlink(CONSOLE)


def login(user):
    """What login(1) does, without asking: a session on the console, the user, the shell."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    fd = os.open(CONSOLE, os.O_RDWR)
    for target in range(3):
        os.dup2(fd, target)
    with open("/proc/self/loginuid", "w", encoding="ascii") as loginuid:
        loginuid.write(str(user.uid))
    os.setgroups([user.gid])
    os.setgid(user.gid)
    os.setuid(user.uid)
    os.chdir(user.home)
    os.execve(host_module.TTYWRAP, ["-ttywrap"], {"HOME": user.home, "TERM": "linux", "PATH": "/usr/bin:/bin"})


def type_keys(fd, text):
    """As the keyboard: root may put bytes into the console's input."""
    for byte in text.encode():
        fcntl.ioctl(fd, termios.TIOCSTI, bytes([byte]))


def test_console(host, trail, console):
    user = host.user("conny", shell=host_module.TTYWRAP)
    os.chown(CONSOLE, user.uid, user.gid)
    mark = trail.mark()
    pid = login(user)
    try:
        trail.wait(lambda r: "op=ttywrap-open" in r.text and "mode=console" in r.text, since=mark)
        time.sleep(0.5)  # the shell's own start: a console says nothing that could be waited for
        type_keys(console, "tty > out\nexit 4\n")
        _, status = os.waitpid(pid, 0)
        pid = 0
    finally:
        if pid:
            os.kill(pid, 9)
    assert os.waitstatus_to_exitcode(status) == 4
    with open(user.path("out"), encoding="ascii") as out:
        assert out.read() == CONSOLE + "\n"
    typed = trail.wait(lambda r: r.type == "TTY" and r.get("auid") == str(user.uid), since=mark)
    assert typed.get("major") == "4"
    assert b"tty > out" in typed.data()
    assert "op=ttywrap-close" in trail.wait(lambda r: "ttywrap-close" in r.text, since=mark).text
    assert not trail.find("USER_TTY", since=mark, auid=user.uid)
