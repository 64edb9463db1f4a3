# SPDX-License-Identifier: GPL-2.0-or-later
"""The recording of a real session, played by our own program and by Debian's asciinema."""

import json
import os
import subprocess

import pytest

from client import Terminal, login
from host import TTYWRAP, have
from same import PLAIN

TEXT = "caf\u00e9 \u2713 \U0001f600"


@pytest.fixture(scope="module")
def user(host):
    return host.user("player")


@pytest.fixture(scope="module")
def session(host, sshd, user):
    """(path of the recording, what the client's terminal was sent)."""
    user.set_shell(TTYWRAP)
    user.write("latin1", "gr\u00fcn\n".encode("latin-1"))
    before = host.recordings()
    with login(sshd, user, size=(30, 90), wait=False) as terminal:
        terminal.child.logfile_read = sent = open("/tmp/sent", "w", encoding="utf-8", errors="surrogateescape", newline="")
        terminal.prompt()
        terminal.run(f"echo '{TEXT}'")
        terminal.run("printf '\\e[1;31mred\\e[m\\n'; cat latin1")
        terminal.resize(20, 70)
        terminal.run("until [ \"$(stty size)\" = '20 70' ]; do :; done; seq 100")
        terminal.exit()
        sent.close()
    user.set_shell(PLAIN)
    with open("/tmp/sent", "rb") as content:
        return next(p for p in host.recordings() if p not in before), content.read()


def played(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/tmp"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_asciicast(session):
    """Every line is JSON; times rise; the header says what it is of."""
    with open(session[0], encoding="utf-8") as lines:
        header, *events = map(json.loads, lines)
    assert header["version"] == 2 and (header["width"], header["height"]) == (90, 30) and header["timestamp"] > 0
    assert all(len(e) == 3 and isinstance(e[2], str) for e in events)
    assert [e[0] for e in events] == sorted(e[0] for e in events)
    assert any(e[1] == "r" and e[2] == "70x20" for e in events)
    assert TEXT in "".join(e[2] for e in events if e[1] == "o")


def test_raw_replay_is_byte_exact(session):
    """What the client got, Latin-1 and all."""
    path, sent = session
    got = played(TTYWRAP, "--replay", "--raw", "--speed", "1000", path)
    shell_part = got[:got.rindex(b"logout")]
    assert b"gr\xfcn" in got and shell_part in sent


def test_replay_on_a_terminal(session):
    """At many times its pace, and the terminal is left as it was."""
    script = 'stty -a | tail -3 >modes; "$@"; echo status $?; stty -a | tail -3 | cmp - modes && echo same'
    with Terminal(["bash", "--norc", "-c", script, "bash", TTYWRAP, "--replay", "--plain", "--no-status", "--speed", "100", session[0]],
                  size=(30, 90), cwd="/tmp") as terminal:
        terminal.finish()
        said = terminal.before
    assert TEXT in said and said.endswith("status 0\r\nsame\r\n")


@pytest.mark.parametrize("words", (["cat"], ["play", "-s", "1000", "-i", "0.01"]), ids=lambda w: w[0])
def test_asciinema_takes_it(session, words):
    if not have("asciinema"):
        pytest.skip("asciinema is not installed")
    with Terminal(["asciinema", *words, session[0]], size=(30, 90), env={"HOME": "/tmp"}) as terminal:
        assert terminal.finish() == 0
        got = terminal.child.before
    assert TEXT in got and "gr\ufffdn" in got and "\x1b[1;31mred" in got and "100\r\n" in got


def test_it_is_listed(host, session, user):
    listed = json.loads(played(TTYWRAP, "--list", "--json", "--user", user.name).splitlines()[0])
    text = json.dumps(listed)
    assert os.path.basename(session[0])[:-len(".cast")] in text and "127.0.0.1" in text and user.name in text


def test_it_is_intact(session):
    played(TTYWRAP, "--verify", session[0])
