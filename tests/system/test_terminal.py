# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal session behaves the same with and without ttywrap: keys, jobs, sizes, programs that take the whole screen."""

import fcntl
import hashlib
import os
import re
import struct
import subprocess
import termios

import pexpect
import pytest

from client import ENVIRONMENT, Terminal, login, ssh_words
from host import have
from same import same

WINDOW = """
import fcntl, os, signal, struct, termios
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])  # one that comes while the one before is shown is not missed
while True:
    os.write(1, b"window %r\\n" % (struct.unpack("4H", fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))),))
    signal.sigwaitinfo([signal.SIGWINCH])
"""
MEGABYTES = 16


@pytest.fixture(scope="module")
def user(host):
    return host.user("typist")


def typed(sshd, user, *steps, **more):
    """Logs in and goes through steps: a text is a command line to run, a pair sends and then expects.

    Returns what was shown, step by step, process ids left out.
    """
    shown = []
    with login(sshd, user, **more) as terminal:
        for step in steps:
            if isinstance(step, str):
                shown.append(terminal.run(step))
                continue
            terminal.send(step[0])
            match = terminal.expect(step[1])
            if match[0].startswith("ready"):
                terminal.number = int(re.search(r"\d+", match[0])[0])
            shown.append(terminal.before + match[0])
        shown.append(terminal.exit())
    return [re.sub(r"\[(\d+)\] \d+", r"[\1] PID", s) if isinstance(s, str) else s for s in shown]


def quiet(terminal, seconds=0.3):
    """Reads until nothing has come for so long. What is on its way is bounded by the buffers on the way."""
    for _ in range(10000):
        try:
            terminal.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return
    raise AssertionError("the output does not stop")


STOPPED = 'until [ -n "$(jobs -s)" ]; do :; done; jobs'
GONE = 'kill -9 %%; while [ -n "$(jobs -s)" ]; do :; done'


def test_stop_and_continue(host, sshd, user):
    line = ("line\r", r"line\r\nline\r\n")  # once cat has answered, it is in the foreground
    shown = same(host, user, lambda: typed(
        sshd, user, ("cat\r", r"cat\r\n"), line, ("\x1a", r"ready\d+> "), "jobs", ("fg\r", r"cat\r\n"), line,
        ("\x1a", r"ready\d+> "), "bg; " + STOPPED, ("fg\r", r"cat\r\n"), line, ("\x04", r"ready\d+> "), "echo $?"))
    assert "Stopped" in shown[3] and shown[-2] == "0\n"


def test_a_background_job_that_reads_is_stopped(host, sshd, user):
    shown = same(host, user, lambda: typed(sshd, user, "cat & " + STOPPED, GONE))
    assert "Stopped" in shown[0]


def test_background_output_and_tostop(host, sshd, user):
    """The job is late on purpose: the shell says its number first."""
    shown = same(host, user, lambda: typed(
        sshd, user, "stty -tostop", "(sleep 0.3; echo out) & wait $!; echo; jobs", "stty tostop", "(sleep 0.3; echo out) & " + STOPPED, "stty -tostop", GONE))
    assert "out" in shown[1] and "Stopped" in shown[3]


@pytest.mark.parametrize("key, status", (("\x03", 130), ("\x1c", 131)))
def test_interrupt_and_quit(host, sshd, user, key, status):
    shown = same(host, user, lambda: typed(
        sshd, user, "ulimit -c 0", ("sh -c 'echo up$((1 + 1)); exec sleep 1000'\r", "up2"), (key, r"ready\d+> "), "echo $?"))
    assert shown[-2] == f"{status}\n"


def test_interrupt_throws_typed_ahead_input_away(host, sshd, user):
    user.write("int.py", "import os, signal, time\ncame = []\nsignal.signal(2, lambda *_: came.append(os.write(1, b'INT\\n')))\n"
                         "os.write(1, b'up\\n')\nwhile not came:\n\ttime.sleep(0.01)\nprint(repr(input()))\n")
    shown = same(host, user, lambda: typed(sshd, user, ("python3 int.py\r", "\nup\r\n"), ("lost\x03", "INT"), ("kept\r", r"'\w*'\r\n"), ("", r"ready\d+> ")))
    assert "'kept'" in shown[2]


def test_end_of_file_ends_the_shell(host, sshd, user):
    def session():
        with login(sshd, user) as terminal:
            terminal.run("(exit 5)")
            terminal.send("\x04")
            return terminal.finish(), terminal.before
    assert same(host, user, session)[0] == 5


def test_flow_control(host, sshd, user):
    def session():
        with login(sshd, user) as terminal:
            terminal.send("stty ixon; while :; do echo tick; done\r")
            terminal.expect("tick\r\ntick")
            terminal.send("\x13")
            quiet(terminal)
            terminal.send("\x11")
            terminal.expect("tick\r\ntick")
            terminal.send("\x03")
            terminal.prompt()
            return terminal.exit()
    assert same(host, user, session) == 130


def set_window(terminal, *values):
    """rows, columns and both in pixels; the client's ssh is told as a terminal emulator would."""
    fcntl.ioctl(terminal.child.child_fd, termios.TIOCSWINSZ, struct.pack("4H", *values))


def test_window_size_and_its_changes(host, sshd, user):
    user.write("window.py", WINDOW)

    def session():
        shown = []
        with login(sshd, user, size=(31, 97)) as terminal:
            terminal.send("python3 window.py\r")
            shown.append(terminal.expect(r"window (.*)\)")[1])
            for values in ((50, 132, 800, 600), (1, 1, 0, 0), (65535, 65535, 65535, 65535), (24, 80, 640, 480)):
                set_window(terminal, *values)
                shown.append(terminal.expect(r"window (.*)\)")[1])
            terminal.send("\x03")
            terminal.prompt()
            terminal.exit()
        return shown
    shown = same(host, user, session)
    assert shown[0].startswith("(31, 97") and shown[1] == "(50, 132, 800, 600"


def test_the_shell_notices_a_new_width(host, sshd, user):
    def session():
        with login(sshd, user) as terminal:
            set_window(terminal, 40, 123, 0, 0)
            terminal.run("trap : WINCH; (until [ $(tput cols) = 123 ]; do :; done)")
            said = terminal.run("/bin/true; echo $LINES $COLUMNS")
            terminal.exit()
        return said
    assert same(host, user, session) == "40 123\n"


def test_type_ahead(host, sshd, user):
    """Typed while nothing reads: it waits for the shell."""
    def session():
        with login(sshd, user) as terminal:
            terminal.send("read -r line < <(echo up; sleep 0.2); echo $line\recho ahead $((1 + 1))\r")
            terminal.expect(r"ahead 2\r\n")
            terminal.prompt()
            return terminal.exit()
    assert same(host, user, session) == 0


# Programs that take the screen: keys in, what the program did out.
def vim(terminal):
    terminal.send("vim -u NONE -N notes.txt\r")
    terminal.expect("notes.txt.*")
    terminal.send("ifirst\rsecond \u2713\x1bggdwiFIRST\x1b:wq\r")
    terminal.prompt()
    return terminal.run("cat notes.txt; rm notes.txt")


def less(terminal):
    terminal.run("seq 1000 > numbers")
    terminal.send("less numbers\r")
    terminal.expect(r"23\r\n(.*)numbers")
    terminal.send("G")
    terminal.expect(r"1000\r\n.*END")
    terminal.send("?^500$\r")
    terminal.expect("522")
    terminal.send("q")
    terminal.prompt()
    return terminal.run("rm numbers")


def htop(terminal):
    terminal.send("htop -d 100\r")
    terminal.expect("F10")
    terminal.send("q")
    terminal.prompt()
    return terminal.run("echo $?")


def tmux(terminal):
    terminal.send("tmux -f /dev/null -L test new-session -x 80 -y 24 'bash --norc'\r")
    terminal.expect(r"bash-[\d.]+\$ ")
    terminal.send("echo $((6 * 7)) > answer; tmux -L test wait-for -S done; tmux -L test split-window 'bash --norc'\r")
    terminal.expect(r"bash-[\d.]+\$ (?s:.*)bash-[\d.]+\$ ")
    terminal.send("\x02d")
    terminal.prompt()
    return terminal.run("tmux -L test list-panes | wc -l; tmux -L test kill-server; cat answer; rm answer")


def screen(terminal):
    terminal.send("screen -c /dev/null bash --norc\r")
    terminal.expect(r"bash-[\d.]+\$ ")
    terminal.send("echo $((6 * 7)) > answer\rexit\r")
    terminal.expect("screen is terminating")
    terminal.prompt()
    return terminal.run("cat answer; rm answer")


@pytest.mark.parametrize("program", (vim, less, htop, tmux, screen), ids=lambda p: p.__name__)
def test_full_screen(host, sshd, user, program):
    if not have(program.__name__):
        pytest.skip(f"{program.__name__} is not installed")

    def session():
        with login(sshd, user) as terminal:
            said = program(terminal), terminal.run("stty -a")
            terminal.exit()
        return said
    said = same(host, user, session)
    assert program is not vim or said[0] == "FIRST\nsecond \u2713\n"


def piped(sshd, user, command, feed, after):
    """A command on a terminal whose client has pipes: returns all of its output. feed goes in once after was seen."""
    client = subprocess.Popen(ssh_words(sshd, user, command, tty=True, options=["EscapeChar=none"]),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT)
    shown = b""
    while after not in shown:
        got = os.read(client.stdout.fileno(), 65536)
        assert got, shown
        shown += got
    rest = client.communicate(feed, timeout=300)[0]
    assert client.returncode == 0
    return shown.split(after, 1)[1] + rest


def noise(size):
    """Bytes of every value, the same each time."""
    return b"".join(hashlib.sha512(struct.pack("<Q", n)).digest() for n in range(size // 64))


@pytest.mark.parametrize("modes", ("raw -echo", "-icanon -isig -ixon -icrnl min 1 -echo"))
def test_a_paste_arrives_whole(host, sshd, user, modes):
    """16 MiB into a program that reads bytes as they are."""
    data = noise(MEGABYTES << 20)
    command = f"stty {modes}; echo READY; head -c {len(data)} | sha256sum"
    got = same(host, user, lambda: piped(sshd, user, command, data, b"READY").split()[0])
    assert got.decode() == hashlib.sha256(data).hexdigest()


def test_a_paste_of_lines_arrives_whole(host, sshd, user):
    """Canonical mode: the terminal edits, and the program reads line by line."""
    data = b"".join(b"line %d of what was pasted\n" % n for n in range(100000))
    command = "stty -echo; echo READY; sha256sum"
    got = same(host, user, lambda: piped(sshd, user, command, data + b"\x04", b"READY").split()[0])
    assert got.decode() == hashlib.sha256(data).hexdigest()


def test_an_echoing_paste_gets_through(host, sshd, user):
    """Both directions full at once: a relay that blocks in either stops here for good."""
    data = b"x" * (4 << 20)
    command = f"stty raw echo; echo READY; head -c {len(data)} | sha256sum"
    # How much of the echo is shown when it cannot keep up is the kernel's affair (n_tty drops what does not fit).
    shown = same(host, user, lambda: piped(sshd, user, command, data, b"READY").split()[0].lstrip(b"x"))
    assert hashlib.sha256(data).hexdigest().encode() == shown


@pytest.mark.parametrize("modes", ("raw", "-opost"))
def test_binary_output_is_exact(host, sshd, user, modes):
    data = noise(8 << 20)
    user.write("noise", data)
    command = f"stty {modes} -echo; printf START; cat noise"
    got = same(host, user, lambda: hashlib.sha256(piped(sshd, user, command, b"", b"START")).hexdigest())
    assert got == hashlib.sha256(data).hexdigest()


def test_cooked_output_is_exact(host, sshd, user):
    """Output processing happens once, not once a terminal."""
    user.write("text", b"".join(b"line\t%d\n\rback\x08\n" % n for n in range(50000)))
    command = "stty tab3; printf START; cat text"
    assert same(host, user, lambda: piped(sshd, user, command, b"", b"START")).count(b"\r\r\n") == 0


def test_the_end_of_the_output_is_there(host, sshd, user):
    """What a program wrote just before it ended is not lost on the way out."""
    user.write("many", "for n in 1 2 3 4 5 6 7 8; do head -c 200000 /dev/zero | tr '\\0' $n; done; printf END")

    def session():
        with Terminal(ssh_words(sshd, user, "sh many", tty=True)) as terminal:
            terminal.finish()
            return terminal.before[-20:], len(terminal.before)
    assert same(host, user, session)[0].endswith("END")
