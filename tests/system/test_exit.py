# SPDX-License-Identifier: GPL-2.0-or-later
"""How a session ends is the same with and without ttywrap: statuses, signals, hangups."""

import os
import signal
import subprocess

import pytest

from client import ENVIRONMENT, Terminal, login, ssh, ssh_words
from host import TTYWRAP, command_line, wait_until
from same import PLAIN, same

SIGNALS = ("HUP", "INT", "ILL", "ABRT", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "XCPU", "RTMIN+3")
HANGUP = """
import os, signal, sys, time
name = sys.argv[1]
def hup(*_):
    open(os.path.expanduser("~/" + name + ".hup"), "w").close()
    os._exit(0)
signal.signal(signal.SIGHUP, hup)
open(os.path.expanduser("~/" + name + ".up"), "w").close()
while True:
    signal.pause()
"""


@pytest.fixture(scope="module")
def user(host):
    return host.user("leaver")


@pytest.fixture(scope="module")
def connection(host, sshd, user):
    """Options that share one connection, so that hundreds of commands cost hundreds of channels, not logins."""
    path = "/tmp/control-exit"
    master = subprocess.Popen(ssh_words(sshd, user, options=[f"ControlPath={path}", "ControlMaster=yes"]) + ["-N"],
                              stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    wait_until(lambda: os.path.exists(path), "the master connection")
    ssh(sshd, user, "true", options=[f"ControlPath={path}"])
    yield [f"ControlPath={path}"]
    master.terminate()
    master.wait()


@pytest.fixture
def wrapped(user):
    user.set_shell(TTYWRAP)
    yield user
    user.set_shell(PLAIN)


def test_every_exit_status(sshd, wrapped, connection):
    got = [ssh(sshd, wrapped, f"exit {n}", options=connection).returncode for n in range(256)]
    assert got == list(range(256))


def test_exit_statuses_on_a_terminal(sshd, wrapped, connection):
    for status in (0, 1, 2, 42, 126, 127, 128, 129, 254, 255):
        with Terminal(ssh_words(sshd, wrapped, f"exit {status}", tty=True, options=connection)) as terminal:
            assert terminal.finish() == status


@pytest.mark.parametrize("tty", (False, True), ids=("no tty", "tty"))
@pytest.mark.parametrize("name", ("TERM", "KILL", "SEGV", "HUP", "INT"))
def test_death_by_signal_reaches_the_client(host, sshd, user, name, tty):
    """sshd says exit-signal instead of exit-status only when its own child, ttywrap, died of the signal."""
    def session():
        line = ssh_words(sshd, user, f"ulimit -c 0; kill -{name} $$", tty=tty, options=["LogLevel=DEBUG1"])
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, env=ENVIRONMENT, timeout=30)
        return done.returncode, [l.split("rtype ")[1].split()[0] for l in done.stderr.decode().splitlines() if "rtype exit" in l]
    assert same(host, user, session) == (255, ["exit-signal"])


def as_user(user, program, *words):
    """A program run as the user, without sshd: its wait status can be seen."""
    return ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--init-groups", program, *words]


@pytest.mark.parametrize("name", SIGNALS)
def test_death_by_signal(user, name):
    """Which signal it was, with nobody in between: the parent's wait(2) sees the shell's own death."""
    script = f"ulimit -c 0; kill -{name} $$; echo survived"
    seen = [subprocess.run(as_user(user, program, "-c", script), stdin=subprocess.DEVNULL, capture_output=True,
                           env={**ENVIRONMENT, "HOME": user.home}, cwd="/", timeout=30) for program in (PLAIN, TTYWRAP)]
    assert seen[1].returncode == seen[0].returncode < 0
    assert seen[1].stdout == seen[0].stdout == b""


@pytest.mark.parametrize("name", SIGNALS)
def test_death_by_signal_on_a_terminal(user, name):
    def end(program):
        with Terminal(as_user(user, program, "-c", f"ulimit -c 0; kill -{name} $$; echo survived"), env={"HOME": user.home}) as shell:
            return shell.finish()
    assert end(TTYWRAP) == end(PLAIN) < 0


@pytest.mark.parametrize("how", ("client killed", "terminal closed", "connection cut"))
def test_hangup(host, sshd, user, how):
    """The shell and its foreground job get SIGHUP; a job under nohup lives on."""
    user.write("hangup.py", HANGUP)
    names = ("foreground", "background", "nohup")

    def exists(name):
        return os.path.exists(user.path(name))

    def session():
        for name in names:
            for end in (".up", ".hup"):
                if exists(name + end):
                    os.unlink(user.path(name + end))
        terminal = login(sshd, user)
        shell = int(terminal.run("echo $$"))
        terminal.run("python3 hangup.py background & nohup python3 -c 'import signal; open(\"nohup.up\", \"w\"); signal.pause()' >/dev/null 2>&1 &")
        terminal.send("python3 hangup.py foreground\r")
        wait_until(lambda: all(exists(n + ".up") for n in names), "the jobs")
        nohup = next(p for p in host.world.processes() if b"nohup.up" in command_line(p))
        if how == "client killed":
            terminal.kill()
        elif how == "terminal closed":
            terminal.hang_up()
        else:
            subprocess.run(["ss", "-K", "dport", "=", str(sshd.port)], capture_output=True)
            terminal.finish()
        wait_until(lambda: exists("foreground.hup"), "the hangup")
        wait_until(lambda: not os.path.exists(f"/proc/{shell}"), "the end of the shell")
        lives = os.path.exists(f"/proc/{nohup}")
        os.kill(nohup, signal.SIGKILL)
        return lives, exists("background.hup")
    assert same(host, user, session) == (True, True)


def test_a_background_job_does_not_hold_the_session(host, sshd, user):
    """The shell has ended; what it left running with descriptors of its own is no reason to stay."""
    def session():
        done = ssh(sshd, user, "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; exit 3")
        os.kill(int(done.stdout), signal.SIGKILL)
        return done.returncode
    assert same(host, user, session) == 3


def test_logout_with_a_job_left_on_the_terminal(host, sshd, user):
    def session():
        with login(sshd, user) as terminal:
            terminal.run("shopt -u huponexit; nohup sleep 1000 >/dev/null 2>&1 & disown; echo $! > job")
            status = terminal.exit()
        with open(user.path("job"), encoding="ascii") as number:
            job = int(number.read())
        lives = os.path.exists(f"/proc/{job}")
        os.kill(job, signal.SIGKILL)
        return status, lives
    assert same(host, user, session) == (0, True)
