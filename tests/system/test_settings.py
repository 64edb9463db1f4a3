# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings of ttywrap.conf in real sessions: each one changes what it says, for whom it says."""

import json
import os
import subprocess

import pytest

from client import login, ssh
from host import CONF, LOGS, TTYWRAP, wait_until

REFUSED = "this session cannot be audited, so it is not started"


@pytest.fixture
def settings(host):
    """Writes a configuration, takes it away after the test."""
    yield host.configure
    if os.path.exists(CONF):
        os.unlink(CONF)


@pytest.fixture
def user(host):
    made = host.user("settled", shell=TTYWRAP, groups=["opera"])
    yield made
    made.set_shell("/bin/bash")


def shell_of(sshd, user):
    """The program that runs a command of ssh's."""
    done = ssh(sshd, user, "readlink /proc/$$/exe; exit")
    assert done.returncode == 0, done
    return done.stdout.decode().strip()


def session(host, sshd, user, command="echo o$((40+2))o"):
    """A login that runs one command; returns the recordings it left, as lists of events."""
    before = set(host.recordings())
    with login(sshd, user) as terminal:
        terminal.run(command)
        terminal.exit()
    made = []
    for path in sorted(set(host.recordings()) - before):
        with open(path, encoding="utf-8") as lines:
            made.append([json.loads(line) for line in lines][1:])
    return made


def refused(host, sshd, user, reason):
    """A session that does not begin: one line for the user, the reason for the admin."""
    since = host.syslog.mark()
    done = ssh(sshd, user, "echo ran")
    assert done.returncode == 1 and b"ran" not in done.stdout, done
    assert done.stderr.decode().count("\n") == 1 and REFUSED in done.stderr.decode(), done
    priority, text = host.syslog.wait(lambda _, line: reason in line, since)
    assert priority >> 3 == 10 and user.name in text


def test_the_shell_of_a_user_of_a_group_and_of_all(host, sshd, user, settings):
    other = host.user("unsettled", shell=TTYWRAP)
    assert shell_of(sshd, user).endswith("/bash")
    settings("[default]\nshell = /bin/dash\n")
    assert shell_of(sshd, user).endswith("/dash") and shell_of(sshd, other).endswith("/dash")
    settings("[group opera]\nshell = /bin/dash\n")
    assert shell_of(sshd, user).endswith("/dash") and shell_of(sshd, other).endswith("/bash")
    settings("[user settled]\nshell = /bin/bash\n[group opera]\nshell = /bin/dash\n")
    assert shell_of(sshd, user).endswith("/bash")
    other.set_shell("/bin/bash")


@pytest.mark.parametrize("text, reason", [
    ("[default]\naudit = al\n", f"{CONF}:2: audit = al: one of all, elevated, none"),
    ("[user somebody-else]\nshel = /bin/sh\n", f"{CONF}:2: no setting is called 'shel'"),
    (f"[default]\nshell = {TTYWRAP}\n", "is ttywrap itself"),
])
def test_a_mistake_refuses_every_session(host, sshd, user, settings, text, reason):
    settings(text)
    refused(host, sshd, user, reason)


def test_a_pattern_with_a_mistake_ends_the_session(host, sshd, user, settings, trail):
    """Patterns are compiled where they are used, in the pump: no privileged program has a library for them."""
    settings("[user settled]\nsecret_prompt = PIN:\nsecret_prompt = PIN (\n")
    since, logged, before = trail.mark(), host.syslog.mark(), set(host.recordings())
    done = ssh(sshd, user, "echo ran; sleep 30", tty=True)
    assert done.returncode != 0 and b"ran" not in done.stdout, done
    assert done.stdout.decode().strip() == "ttywrap: the session has ended: the configuration has a mistake, which the system log names"
    host.syslog.wait(lambda _, line: "secret_prompt = PIN (: this is no pattern, ttywrap --check says why" in line and user.name in line, logged)
    assert "why=error" in trail.wait(lambda r: r.type == "TRUSTED_APP" and "op=ttywrap-close" in r.text, since).text
    made, = set(host.recordings()) - before
    with open(made, encoding="utf-8") as lines:
        assert [json.loads(line)[1] for line in list(lines)[1:]] == ["t", "x", "s"]


def test_a_configuration_that_others_can_write_refuses_every_session(host, sshd, user, settings):
    settings("[default]\n")
    os.chmod(CONF, 0o666)
    refused(host, sshd, user, "others can write it")
    os.chmod(CONF, 0o644)
    os.chown(CONF, user.uid, 0)
    refused(host, sshd, user, "belongs to uid")


def test_no_variable_of_the_environment_is_a_setting(host, sshd, user, settings):
    settings("[default]\nshell = /bin/dash\n")
    done = subprocess.run(["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", TTYWRAP, "-c", "readlink /proc/$$/exe; exit"],
                          capture_output=True, text=True, cwd="/",
                          env={"PATH": "/usr/bin:/bin", "SHELL": "/bin/zsh", "TTYWRAP_CONF": "/tmp/x", "XDG_CONFIG_HOME": "/tmp", "HOME": "/tmp"})
    assert done.stdout.strip().endswith("/dash"), done


def test_seals_come_as_often_as_is_set(host, sshd, user, settings):
    def seals(events):
        return [event for event in events if event[1] == "s"]
    assert len(seals(session(host, sshd, user)[0])) == 1
    settings("[user settled]\nseal_bytes = 64K\n")
    assert len(seals(session(host, sshd, user, "head -c 300000 /dev/zero | tr '\\0' x")[0])) >= 4


def test_a_recording_has_a_size_limit(host, sshd, user, settings):
    settings("[user settled]\nmax_recording = 1M\nat_cap = stop_output\n")
    command = "head -c 3000000 /dev/zero | tr '\\0' x; echo"
    before = set(host.recordings())
    session(host, sshd, user, command)
    made = set(host.recordings()) - before
    assert [os.stat(path).st_size < 1200000 for path in made] == [True]
    settings("[user settled]\nmax_recording = 1M\nat_cap = end_session\n")
    with login(sshd, user) as terminal:
        terminal.send(command + "; echo still-here\r")
        terminal.finish()
        assert "still-here" not in terminal.before.split("\n")[-1]


@pytest.fixture
def crowded(host):
    """Recordings of somebody else's, 8 MiB of them; whose session begins looks for itself."""
    filler, owner = f"{LOGS}/0-0-filler.cast", os.stat(LOGS)
    with open(filler, "wb") as out:
        out.write(b"x" * (8 << 20))
    os.chown(filler, owner.st_uid, owner.st_gid)
    if os.path.exists("/run/ttywrap/recorded"):
        os.unlink("/run/ttywrap/recorded")
    yield
    os.unlink(filler)


def test_all_recordings_together_have_a_size_limit(host, sshd, user, settings, trail, crowded):
    """From the start, and for whom it is set."""
    settings("[default]\nmax_directory = 8M\n")
    since, before = host.syslog.mark(), host.recordings()
    refused = ssh(sshd, user, "-tt", "echo never")
    assert refused.returncode != 0 and b"never" not in refused.stdout
    host.syslog.wait(lambda _, text: "session refused: the recordings have reached max_directory" in text, since)
    assert host.recordings() == before
    settings("[default]\nmax_directory = 8M\n[user settled]\nmax_directory = none\n")
    assert any("all of it" in event[2] for event in session(host, sshd, user, "echo all of it")[0])
    settings("[default]\nmax_directory = 8M\nat_cap = stop_output\n")
    since = trail.mark()
    events = session(host, sshd, user, "echo unseen; seq 1000")[0]
    assert any(event[1] == "g" and event[2].endswith("why=directory") for event in events)
    assert not any("999" in event[2] for event in events)
    trail.wait(lambda r: "op=ttywrap-loss" in r.text and "of=recording" in r.text and "errno=122" in r.text, since)


def test_a_session_that_fills_the_folder_is_stopped(host, sshd, user, settings, crowded):
    settings("[user settled]\nmax_directory = 12M\nseal_bytes = 64K\n")
    with login(sshd, user) as terminal:
        terminal.send("head -c 30000000 /dev/zero | tr '\\0' x; echo still-here\r")
        terminal.expect(r"the session has ended: its recording can't be written \(the recordings have reached max_directory\)")
        terminal.finish()
    assert sum(os.stat(path).st_blocks * 512 for path in host.recordings()) < 14 << 20


def test_whether_traffic_is_accounted_and_marked(host, sshd, user, settings, trail):
    def accounted():
        since = trail.mark()
        ssh(sshd, user, "true")
        close = trail.wait(lambda r: r.type == "TRUSTED_APP" and "op=ttywrap-close" in r.text, since)
        wait_until(lambda: not os.path.exists(f"/proc/{close.get('pid')}"), "the monitor's end")
        return [r for r in trail.find("TRUSTED_APP", since, ses=close.get("ses")) if "op=ttywrap-traffic" in r.text]
    assert len(accounted()) == 1
    settings("[user settled]\naccounting = no\n")
    assert accounted() == []
    for word, mark in (("uid", user.uid), ("gid", user.gid), ("4711", 4711)):
        settings(f"[user settled]\nmark = {word}\n")
        with login(sshd, user) as terminal:
            listed = subprocess.run(["conntrack", "-L", "-p", "tcp", "--dport", str(sshd.port)], capture_output=True, text=True).stdout
            assert f"mark={mark} " in listed, listed
            terminal.exit()


def test_what_is_recorded(host, sshd, user, settings):
    codes = {event[1] for event in session(host, sshd, user)[0]}
    assert {"o", "i"} <= codes
    settings("[user settled]\nrecord = output\n")
    codes = {event[1] for event in session(host, sshd, user)[0]}
    assert "o" in codes and "i" not in codes
    settings("[user settled]\nrecord = none\n")
    assert session(host, sshd, user) == []


def test_whether_input_is_audited(host, sshd, user, settings, trail):
    def typed():
        since = trail.mark()
        session(host, sshd, user)
        trail.wait(lambda r: r.type == "TRUSTED_APP" and "op=ttywrap-close" in r.text, since)
        return b"".join(r.data() for r in trail.find("USER_TTY", since))
    assert b"echo o$((40+2))o" in typed()
    settings("[user settled]\naudit = none\n")
    assert typed() == b""
    settings("[user settled]\naudit = elevated\n")
    assert typed() == b""


def test_a_secret_prompt_of_the_sites_own(host, sshd, user, settings, trail):
    """read -e echoes through readline, in raw mode: only the prompt tells."""
    def typed():
        since = trail.mark()
        with login(sshd, user) as terminal:
            terminal.send("read -e -p 'Kontonummer ' x; echo done\r")
            terminal.expect("Kontonummer (?!')")
            terminal.send("4711-0815\r")
            terminal.prompt()
            terminal.exit()
        trail.wait(lambda r: r.type == "TRUSTED_APP" and "op=ttywrap-close" in r.text, since)
        return b"".join(r.data() for r in trail.find("USER_TTY", since))
    assert b"4711-0815" in typed()
    settings("[user settled]\nsecret_prompt = kontonummer $\n")
    without = typed()
    assert b"4711-0815" not in without and b"read -e" in without
