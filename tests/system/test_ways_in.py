# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways a session comes about, each through the real program that starts it, and which shell it then runs."""

import json
import os
import re
import stat
import subprocess

import pytest

from client import ENVIRONMENT, Terminal, login, ssh
from host import CONF, LOGS, TTYWRAP, have
from same import PLAIN


@pytest.fixture
def user(host):
    """A user whose login shell is ttywrap."""
    made = host.user("wayfarer", TTYWRAP, groups=("travellers",))
    yield made
    made.set_shell(PLAIN)
    if os.path.exists(CONF):
        os.unlink(CONF)


@pytest.fixture
def plain_user(host):
    return host.user("walker", PLAIN)


def recorded(host, before):
    """The one recording that was added: its header and what was put out."""
    new = [path for path in host.recordings() if path not in before]
    assert len(new) == 1, new
    with open(new[0], encoding="utf-8") as lines:
        header = json.loads(lines.readline())
        events = [json.loads(line) for line in lines]
    return header, "".join(e[2] for e in events if e[1] == "o")


def test_login_shell(host, sshd, user):
    before = host.recordings()
    with login(sshd, user) as terminal:
        assert terminal.run("echo $0 $PROFILE_WAS_READ; shopt -q login_shell && echo login") == "-bash yes\nlogin\n"
        assert terminal.exit() == 0
    header, shown = recorded(host, before)
    assert header["version"] == 2 and (header["width"], header["height"]) == (80, 24)
    assert "-bash yes\r\nlogin\r\n" in shown


def test_with_a_password(host, sshd, user):
    before = host.recordings()
    with login(sshd, user, password=True) as terminal:
        terminal.exit()
    assert user.password not in recorded(host, before)[1]


@pytest.mark.parametrize("words", (["su", "-", "wayfarer"], ["su", "-l", "-s", TTYWRAP, "wayfarer"]))
def test_su(host, user, words):
    before = host.recordings()
    with Terminal(words) as terminal:
        terminal.prompt()
        assert terminal.run("echo $0 $PROFILE_WAS_READ; id -un") == "-bash yes\nwayfarer\n"
        assert terminal.exit() == 0
    assert "-bash yes" in recorded(host, before)[1]


def test_su_with_a_command(host, user):
    done = subprocess.run(["su", "-", "wayfarer", "-c", "echo $0 $PROFILE_WAS_READ; exit 6"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    assert (done.stdout, done.stderr, done.returncode) == ("-bash yes\n", "", 6)


def test_login(host, user):
    before = host.recordings()
    with Terminal(["login", "-p", "wayfarer"]) as terminal:
        terminal.expect("assword: ")
        terminal.send(user.password + "\r")
        terminal.prompt()
        assert terminal.run("echo $0 $PROFILE_WAS_READ") == "-bash yes\n"
        terminal.exit()
    header, shown = recorded(host, before)
    assert "-bash yes" in shown and user.password not in shown


def test_forced_command(host, plain_user):
    sshd, before = host.sshd(f"ForceCommand {TTYWRAP}"), host.recordings()
    with login(sshd, plain_user) as terminal:
        assert terminal.run("echo $0 $PROFILE_WAS_READ $SHELL $SHLVL") == "-bash yes /bin/bash 1\n"
        assert terminal.exit() == 0
    assert "-bash yes" in recorded(host, before)[1]


def test_forced_command_with_the_clients_command(host, plain_user):
    """SSH_ORIGINAL_COMMAND goes to the shell as it is: quotes, blanks, newlines, and all."""
    sshd = host.sshd(f"ForceCommand {TTYWRAP}")
    command = """printf '<%s>' "two  words" 'a"b' $((6 * 7)) * ; echo; echo line two >&2\nexit 5"""
    plain = ssh(host.sshd(), plain_user, command)
    forced = ssh(sshd, plain_user, command)
    assert (forced.stdout, forced.stderr, forced.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    assert forced.returncode == 5


def test_command_on_a_terminal_is_recorded(host, sshd, user):
    """A terminal and a command: recorded like any terminal session, whatever the command looks like."""
    for command in ("echo out$((1 + 1)); read x; echo got $x", "scp -t x </dev/null; echo out2; read x; echo got $x"):
        before = host.recordings()
        with login(sshd, user, command) as terminal:
            terminal.expect("out2")
            terminal.send("typed\r")
            assert terminal.finish() == 0
        assert "got typed" in recorded(host, before)[1]


def test_match_block_of_a_group(host, user, plain_user):
    """The set-up of contrib/sshd_config: a group is wrapped, others are not."""
    sshd = host.sshd(f"Match Group travellers\nForceCommand {TTYWRAP}")
    user.set_shell(PLAIN)
    before = host.recordings()
    for who in (user, plain_user):
        with login(sshd, who) as terminal:
            terminal.exit()
    assert recorded(host, before)


# Which shell
@pytest.mark.parametrize("section, arg0", (("[default]", "-dash"), ("[group travellers]", "-dash"), ("[user wayfarer]", "-dash"),
                                           ("[user somebody-else]", "-bash"), ("[group root]", "-bash")))
def test_shell_from_the_configuration(host, sshd, user, section, arg0):
    host.configure(f"{section}\nshell = /bin/dash\n")
    with login(sshd, user, wait=False) as terminal:
        terminal.send("echo is $0\r")
        terminal.expect(rf"is {arg0}\r\n")
        terminal.send("exit\r")
        terminal.finish()
    assert ssh(sshd, user, "echo $0").stdout == arg0[1:].encode() + b"\n"


def test_the_most_particular_section_wins(host, sshd, user):
    host.configure("[default]\nshell = /bin/sh\n[group travellers]\nshell = /bin/sh\n[user wayfarer]\nshell = /bin/dash\n")
    assert ssh(sshd, user, "readlink /proc/$$/exe").stdout.strip().endswith(b"dash")


@pytest.mark.parametrize("shell", ("zsh", "fish", "dash"))
def test_other_shells_are_login_shells(host, sshd, user, shell):
    path = f"/usr/bin/{shell}"
    if not have(shell):
        pytest.skip(f"{shell} is not installed")
    host.configure(f"[default]\nshell = {path}\n")
    user.write(".zshrc", "")
    with login(sshd, user, wait=False, env={"TERM": "dumb"}) as terminal:
        terminal.send("tr '\\0' ' ' < /proc/$$/cmdline; echo\r" if shell != "fish" else "tr '\\0' ' ' < /proc/$fish_pid/cmdline; echo\r")
        terminal.expect(rf"\n[^\n']*-{shell} ")
        terminal.send("exit\r")
        terminal.finish()


@pytest.mark.parametrize("shell", (TTYWRAP, "/usr/local/bin/link-to-ttywrap"))
def test_a_loop_is_an_error_that_says_so(host, sshd, user, shell):
    if not os.path.lexists("/usr/local/bin/link-to-ttywrap"):
        os.symlink(TTYWRAP, "/usr/local/bin/link-to-ttywrap")
    host.configure(f"[default]\nshell = {shell}\n")
    since = host.syslog.mark()
    done = ssh(sshd, user, "echo ran")
    assert done.stdout == b"" and done.returncode == 1
    assert re.fullmatch(rb"ttywrap: [^\n]*\n", done.stderr), done.stderr
    assert host.syslog.wait(lambda priority, text: "ttywrap" in text and shell in text, since)


# By hand
def by_hand(host, user, *words, **env):
    program = os.path.join(host.build, "ttywrap/launch/ttywrap")
    return Terminal(["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--init-groups", program, *words],
                    env={"HOME": user.home, "USER": user.name, **env}, cwd=user.home)


@pytest.mark.parametrize("state", (None, "elsewhere"))
def test_by_hand_from_the_build_folder(host, plain_user, state):
    """Without its privileges it records into the user's own folder, and says what it goes without."""
    env = {"XDG_STATE_HOME": plain_user.path(state)} if state else {}
    folder = os.path.join(plain_user.path(state or ".local/state"), "ttywrap")
    with by_hand(host, plain_user, **env) as terminal:
        said = terminal.expect(r"ttywrap: ([^\r\n]*)\r\n")[1]
        assert folder in said and "no audit" in said
        terminal.prompt()
        assert terminal.run("echo out$((40 + 2))") == "out42\n"
        assert terminal.exit() == 0
    casts = [name for name in os.listdir(folder) if name.endswith(".cast")]
    assert len(casts) == 1
    path = os.path.join(folder, casts[0])
    with open(path, encoding="utf-8") as text:
        assert "out42" in text.read()
    info = os.stat(path)
    assert info.st_uid == plain_user.uid and stat.S_IMODE(os.stat(folder).st_mode) & 0o077 == 0
    subprocess.run(["rm", "-r", folder], check=True)


def test_by_hand_shows_its_own_recordings(host, plain_user):
    with by_hand(host, plain_user) as terminal:
        terminal.prompt()
        terminal.run("echo out$((40 + 2))")
        terminal.exit()
    folder = plain_user.path(".local/state/ttywrap")
    path = os.path.join(folder, os.listdir(folder)[0])
    with by_hand(host, plain_user, "--replay", "--speed", "100", path) as terminal:
        terminal.expect("out42")
        terminal.finish()
    subprocess.run(["rm", "-r", folder], check=True)


# The nested rule: only on this very terminal
def sessions_of(host, before):
    return len([path for path in host.recordings() if path not in before])


def test_inside_a_session_there_is_no_second_one(host, sshd, user):
    before = host.recordings()
    with login(sshd, user) as terminal:
        inner = terminal.run("tty")
        terminal.send("exec ttywrap\r")
        terminal.prompt()
        assert terminal.run("tty") == inner
        terminal.send("ttywrap\r")
        terminal.prompt()
        assert terminal.run("tty") == inner
        terminal.send("exit\r")
        terminal.prompt()
        terminal.exit()
    assert sessions_of(host, before) == 1


def test_a_second_channel_is_a_session_of_its_own(host, sshd, user):
    """ControlMaster: one connection, one audit session, as many recordings as terminals."""
    before, path = host.recordings(), "/tmp/control-ways"
    with login(sshd, user, options=["ControlMaster=yes", f"ControlPath={path}"]) as first:
        with login(sshd, user, options=[f"ControlPath={path}"]) as second:
            second.run("echo second")
            assert first.run("cat /proc/self/sessionid") == second.run("cat /proc/self/sessionid")
            with login(sshd, user, "echo third; read x", options=[f"ControlPath={path}"]) as third:
                third.expect("third")
                third.send("\r")
                third.finish()
            second.exit()
        first.exit()
    assert sessions_of(host, before) == 3


@pytest.mark.parametrize("program, words", (("tmux", "tmux -f /dev/null -L ways new-session"), ("screen", "screen -c /dev/null")))
def test_a_pane_is_a_session_of_its_own(host, sshd, user, program, words):
    if not have(program):
        pytest.skip(f"{program} is not installed")
    before = host.recordings()
    with login(sshd, user) as terminal:
        terminal.send(words + "\r")
        terminal.prompt()
        terminal.send("echo pane$((1 + 1))\r")
        terminal.expect("pane2")
        terminal.send("exit\r")
        terminal.expect(r"exited|terminating")
        terminal.prompt()
        terminal.exit()
    assert sessions_of(host, before) == 2


def test_su_from_an_unwrapped_terminal_is_wrapped(host, sshd, user, plain_user):
    before = host.recordings()
    with login(sshd, plain_user) as terminal:
        terminal.send("su - wayfarer\r")
        terminal.expect("assword: ")
        terminal.send(user.password + "\r")
        terminal.prompt()
        assert terminal.run("id -un") == "wayfarer\n"
        terminal.send("exit\r")
        terminal.prompt()
        terminal.exit()
    assert sessions_of(host, before) == 1


def test_su_from_a_wrapped_terminal_is_not_wrapped_again(host, sshd, user, plain_user):
    before = host.recordings()
    plain_user.set_shell(TTYWRAP)
    with login(sshd, plain_user) as terminal:
        outer = terminal.run("tty")
        terminal.send("su - wayfarer\r")
        terminal.expect("assword: ")
        terminal.send(user.password + "\r")
        terminal.prompt()
        assert terminal.run("id -un; tty") == "wayfarer\n" + outer
        terminal.send("exit\r")
        terminal.prompt()
        terminal.exit()
    plain_user.set_shell(PLAIN)
    assert sessions_of(host, before) == 1
    assert "wayfarer" in recorded(host, before)[1]


def test_recordings_are_where_they_belong(host, sshd, user):
    """Named by numbers, owned by the service, readable by the watchers' group, not by the user."""
    before = host.recordings()
    with login(sshd, user) as terminal:
        session = terminal.run("cat /proc/self/sessionid").strip()
        denied = terminal.run(f"ls {LOGS}; cat {LOGS}/*")
        terminal.exit()
    path = next(p for p in host.recordings() if p not in before)
    info = os.stat(path)
    assert re.fullmatch(rf"{user.uid}-{session}-\d{{8}}T\d{{6}}Z-\d+\.cast", os.path.basename(path))
    assert stat.S_IMODE(info.st_mode) == 0o640 and info.st_gid == os.stat(LOGS).st_gid and info.st_uid == os.stat(LOGS).st_uid
    assert denied.count("Permission denied") == 2


