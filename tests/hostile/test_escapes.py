# SPDX-License-Identifier: GPL-2.0-or-later
"""A user inside a wrapped session who goes for its other processes, its terminals and its files."""

import fcntl
import os
import pwd
import re
import signal
import subprocess

import pytest

from client import login, ssh, ssh_words
from conftest import TOOLS
from host import wait_until
from live import records_of, wait_record
from processes import alive, guard_of, roles, status

REFUSED = {"EPERM", "EACCES", "EBUSY", "ENOENT", "ESRCH", "ENOTTY", "EIO"}


def attempts(text):
    return dict(re.findall(r"^try ([^:]+): (\w+)\r?$", text, re.M))


def run_attack(session):
    outer = "/dev/" + session.open.get("terminal")
    text = session.terminal.run(f"/usr/bin/python3 {TOOLS}/attack.py {session.monitor} {session.pump} {outer} {session.recording}")
    return text, attempts(text)


def test_everything_a_user_can_try_on_the_other_roles(live):
    session = live()
    text, tried = run_attack(session)
    assert "attack is over" in text
    assert len(tried) > 120
    assert {name: got for name, got in tried.items() if got not in REFUSED} == {}
    # Everything is still there, and what happened is in the trail and the recording.
    assert session.terminal.run("echo still here") == "still here\n"
    assert [alive(p) for p in (session.monitor, session.pump, session.shell)] == [True] * 3
    assert session.terminal.exit() == 0
    closed = session.closed()
    assert (closed["why"], closed["exit"]) == ("exit", "0")
    assert "attack is over" in session.shown().replace("\r\n", "\n") and "still here" in session.shown()


def test_the_same_from_a_second_session(live, host, sshd, eve):
    first, second = live(), live()
    outer = "/dev/" + first.open.get("terminal")
    text = second.terminal.run(f"/usr/bin/python3 {TOOLS}/attack.py {first.monitor} {first.pump} {outer} {first.recording}")
    assert {name: got for name, got in attempts(text).items() if got not in REFUSED} == {}
    assert attempts(text)["outer open rdwr"] == "EBUSY"
    assert first.terminal.run("echo untouched") == "untouched\n"
    for session in (first, second):
        assert session.terminal.exit() == 0
        assert session.closed()["why"] == "exit"


def test_and_from_a_process_that_is_in_no_session(live, eve):
    session = live()
    outer = "/dev/" + session.open.get("terminal")
    done = subprocess.run(["setpriv", f"--reuid={eve.uid}", f"--regid={eve.gid}", "--clear-groups", "/usr/bin/python3",
                           f"{TOOLS}/attack.py", str(session.monitor), str(session.pump), outer, session.recording],
                          capture_output=True, text=True)
    tried = attempts(done.stdout)
    assert len(tried) > 120 and {name: got for name, got in tried.items() if got not in REFUSED} == {}
    assert tried["outer open rdwr"] == "EBUSY"
    assert session.terminal.exit() == 0


def threads(pid):
    """The fields of SECURITY.md's table, for every thread of a process."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8", errors="replace") as text:
            found.append(dict(line.rstrip("\n").split(":\t", 1) for line in text if ":\t" in line))
    return found


def test_what_every_thread_of_each_role_holds(live):
    """The table in SECURITY.md, row by row, as the kernel says it."""
    session = live()
    service, user = str(pwd.getpwnam("_ttywrap").pw_uid), str(session.user.uid)
    two = f"{1 << 29 | 1 << 12:016x}"  # CAP_AUDIT_WRITE, CAP_NET_ADMIN
    none = f"{0:016x}"
    want = {session.monitor: (service, two, "1", "2"), session.pump: (service, none, "1", "2"), session.shell: (user, none, "0", "0")}
    for pid, (uid, held, no_new_privs, seccomp) in want.items():
        for thread in threads(pid):
            assert thread["Uid"].split() == [uid] * 4
            assert (thread["CapPrm"], thread["CapEff"], thread["CapInh"], thread["CapAmb"]) == (held, held, none, none)
            assert (thread["NoNewPrivs"], thread["Seccomp"]) == (no_new_privs, seccomp)
    guard = guard_of(session.host, session.monitor)
    [thread] = threads(guard)
    assert thread["Uid"].split() == [service, user, service, user]
    assert [thread[f"Cap{name}"] for name in ("Prm", "Eff", "Inh", "Amb")] == [none] * 4
    assert (thread["NoNewPrivs"], thread["Seccomp"], thread["SigBlk"][:8]) == ("1", "2", "fffffffe")
    assert sorted(os.listdir(f"/proc/{guard}/fd")) == ["0", "1", "2", "3"]
    # Nothing is open in the pump but its table; nobody's is the recording for reading.
    assert all(int(fd) < 16 for fd in os.listdir(f"/proc/{session.pump}/fd"))
    with open(f"/proc/{session.pump}/fdinfo/4", encoding="ascii") as text:
        assert int(re.search(r"flags:\t(\d+)", text.read())[1], 8) & (os.O_ACCMODE | os.O_APPEND) == os.O_WRONLY | os.O_APPEND
    with open(f"/proc/{session.pump}/limits", encoding="ascii") as text:
        assert re.search(r"Max processes\s+0\s+0", text.read())
    assert session.terminal.exit() == 0


def test_killing_everything_one_may(live):
    """kill -9 -1 takes the user's own shell, and sshd's child that is theirs; monitor and pump see the session closed."""
    session = live()
    session.terminal.send("echo before; kill -9 -1\r")
    closed = session.closed()
    assert closed["why"] in ("exit", "hangup")
    session.gone()
    assert "before" in session.shown() and "kill -9 -1" in session.shown()


def test_the_terminal_opens_again_at_the_end(live, eve, host, sshd):
    """TIOCEXCL is undone: the next user of the same terminal number finds it as always."""
    session = live()
    session.terminal.exit()
    session.closed()
    with login(sshd, eve) as again:
        assert again.run("test -w $(tty) && echo mine") == "mine\n"
        again.exit()


def test_input_pushed_into_the_inner_terminal_is_seen(live):
    """TIOCSTI works on one's own terminal where the kernel still has it; what it does is on record all the same."""
    session = live()
    program = "import fcntl, termios\nfor c in b'echo pushed-in\\n':\n    fcntl.ioctl(0, termios.TIOCSTI, bytes([c]))\n"
    path = session.user.write("push.py", program)
    session.terminal.send(f"/usr/bin/python3 {path}\r")
    session.terminal.expect("pushed-in|Input/output error")
    session.terminal.prompt()
    assert session.terminal.exit() == 0
    session.closed()
    assert re.search("pushed-in|Input/output error", session.shown())


def test_the_inner_terminal_is_the_users_alone(live, host):
    session = live()
    inner = "/dev/" + session.open.get("inner")
    stat = os.stat(inner)
    assert stat.st_uid == session.user.uid and stat.st_mode & 0o007 == 0
    other = host.user("mallory")
    done = subprocess.run(["setpriv", f"--reuid={other.uid}", f"--regid={other.gid}", "--clear-groups", "/usr/bin/python3", "-c",
                           f"import os\nfor f in (os.O_RDWR, os.O_RDONLY, os.O_WRONLY):\n try: print(os.open('{inner}', f | os.O_NOCTTY))\n"
                           " except PermissionError: print('refused')"], capture_output=True, text=True)
    assert done.stdout == "refused\n" * 3
    assert session.terminal.exit() == 0


def test_what_is_written_to_the_inner_terminal_from_outside_is_recorded(live, eve):
    session = live()
    inner = "/dev/" + session.open.get("inner")
    subprocess.run(["setpriv", f"--reuid={eve.uid}", f"--regid={eve.gid}", "--clear-groups", "/bin/sh", "-c",
                    f"echo from elsewhere >{inner}"], check=True)
    session.terminal.expect("from elsewhere")
    session.terminal.exit()
    session.closed()
    assert "from elsewhere" in session.shown()


@pytest.mark.parametrize("line", ["scp -t x; echo in-the-session", "/usr/lib/openssh/sftp-server -x; echo in-the-session",
                                  "rsync --server; echo in-the-session", "git-upload-pack '/x'; echo in-the-session"])
def test_a_command_with_a_terminal_is_recorded_whatever_it_looks_like(live, line):
    """ssh -tt host 'scp -t x; bash': nothing goes by the beginning of a command."""
    session = live(words=(line,))
    session.terminal.send("\x04")
    session.terminal.expect("in-the-session")
    session.terminal.finish()
    closed = session.closed()
    assert closed["why"] == "exit"
    assert "in-the-session" in session.shown()
    [command] = session.host.trail.find("USER_CMD", session.since, cmd=line)
    assert command.get("ses") == session.open.get("ses")


def test_a_command_of_the_greatest_length(host, sshd, eve, trail):
    """SSH_ORIGINAL_COMMAND and -c: all of it is in the trail, in numbered pieces; what the kernel refuses does not run."""
    forced = host.sshd("ForceCommand /usr/bin/ttywrap\n")
    user = host.user("frank")
    line = "echo " + "x" * 120000 + " | wc -c"
    since = trail.mark()
    done = ssh(forced, user, line)
    assert done.stdout == b"120001\n"
    wait_record(trail, user.uid, "close", since)
    pieces = [r for r in records_of(trail, user.uid, since) if r.get("part")]
    assert "".join(r.get("cmd") for r in pieces) == line
    assert [r.get("part") for r in pieces] == [f"{i + 1}/{len(pieces)}" for i in range(len(pieces))]
    # What is longer than execve(2) takes as one string (128 KiB) does not run; more than 256 KiB no ssh packet holds.
    since = trail.mark()
    with open("/root/long.conf", "w", encoding="ascii") as config:
        config.write("RemoteCommand echo ran #" + "x" * 200000 + "\n")
    words = ["/root/long.conf" if w == "none" else w for w in ssh_words(forced, user)]
    client = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert b"ran" not in client.stdout and client.returncode != 0 and b"Argument list too long" in client.stderr
    assert records_of(trail, user.uid, since) == []


def is_free(path):
    with open(path, "rb+") as recording:
        try:
            fcntl.lockf(recording, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize("role", ["shell", "pump", "monitor", "sshd"])
def test_the_end_by_sigkill_of(live, role):
    session = live()
    session.terminal.run("echo alive")
    wait_until(lambda: "alive" in session.shown(), "what was shown in the recording")
    children = [session.shell, session.pump, session.monitor]
    pid = {"shell": session.shell, "pump": session.pump, "monitor": session.monitor,
           "sshd": int(status(session.monitor, "PPid")[0])}[role]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(alive, children)), "the end of all three", 5)
    if role != "monitor":
        closed = session.closed()
        assert closed["why"] == {"shell": "exit", "pump": "fault", "sshd": "hangup"}[role]
        if role == "shell":
            assert closed["signal"] == "9"
    assert "alive" in session.shown()
    if role == "monitor":
        # Nobody wrote a close record: the recording without a last seal and without a lock says that it was cut off.
        wait_until(lambda: is_free(session.recording), "the guard's end, which has the lock until then")
        os.utime(session.recording, (0, 0))  # not one that may still be on its way
        check = subprocess.run(["/usr/bin/ttywrap", "--check"], capture_output=True, text=True)
        assert session.name in check.stdout + check.stderr


def children_of(host, parent):
    return [p for p in host.world.processes() if status(p, "PPid") == [str(parent)]]


@pytest.mark.parametrize("recorded", ["no", "yes"])
def test_a_command_without_a_terminal_whose_monitor_is_killed(host, sshd, eve, trail, recorded):
    """No terminal tells the command, and it would not listen: the guard ends it, with all that is in its process group."""
    line = "trap '' HUP; echo up; (sleep 1000; sleep 1001) | cat; echo down >/tmp/down"
    host.configure(f"[default]\nshell = /bin/bash\nrecord_no_tty = {recorded}\n")
    since = trail.mark()
    client = subprocess.Popen(ssh_words(sshd, eve, line), stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        assert client.stdout.readline() == b"up\n"
        [(monitor, pump, shell)] = roles(host)
        assert (pump is None) == (recorded == "no")
        theirs = wait_until(lambda: {p for p in (shell, *children_of(host, shell)) if len(children_of(host, shell)) == 2}, "the pipeline")
        os.kill(monitor, signal.SIGKILL)
        wait_until(lambda: not any(map(alive, theirs)), "the end of the command and its children", 10)
        assert client.wait(20) != 0
    finally:
        client.kill()
        host.configure("[default]\nshell = /bin/bash\n")
    assert not os.path.exists("/tmp/down")
    assert trail.find("USER_CMD", since, cmd=line)


def test_a_shell_that_ignores_its_hangup_when_the_monitor_is_killed(live):
    session = live()
    session.terminal.send("trap '' HUP TERM; echo de''af; while :; do sleep 1; done\r")
    session.terminal.expect("deaf")
    os.kill(session.monitor, signal.SIGKILL)
    session.gone(10)


def test_what_a_user_can_try_on_the_guard(live):
    """Its effective uid is the user's, so it can be renamed nice, and no more: not signalled, traced, read, or limited."""
    session = live()
    guard = guard_of(session.host, session.monitor)
    text = session.terminal.run(f"/usr/bin/python3 {TOOLS}/attack.py --guard {guard}")
    allowed = {"guard setpriority", "guard sched", "guard affinity"}
    assert {name for name, got in attempts(text).items() if got not in REFUSED} <= allowed
    assert len(attempts(text)) > 45 and alive(guard)
    assert session.terminal.exit() == 0
    session.closed()
    wait_until(lambda: not alive(guard), "the guard's end")
