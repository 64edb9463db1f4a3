# SPDX-License-Identifier: GPL-2.0-or-later
"""ttywrap --prune on a machine: by ttywrap.conf, user by user, and never without a word in the audit trail."""

import os
import re
import subprocess
import time

import pytest

from client import login
from paths import TOP
from host import LOGS, TTYWRAP, wait_until

REPLAY = "/usr/libexec/ttywrap/ttywrap-replay"


@pytest.fixture(scope="module")
def users(host):
    return [host.user(name, shell=TTYWRAP, groups=groups) for name, groups in (("brief", []), ("keeper", ["archived"]))]


def aged(path, days):
    then = time.time() - days * 86400
    os.utime(path, (then, then))
    return path


def recorded(host, sshd, user, days):
    """A recording of the user's, last written to so many days ago."""
    before = set(host.recordings())
    with login(sshd, user) as terminal:
        terminal.run("echo kept")
        terminal.exit()
    [path] = set(host.recordings()) - before
    return aged(path, days)


def prune(*args, words=(TTYWRAP,)):
    done = subprocess.run([*words, "--prune", *args], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def as_the_unit_does(caps):
    """contrib/ttywrap-prune.service's user and capabilities, without systemd."""
    with open(os.path.join(TOP, "contrib", "ttywrap-prune.service"), encoding="utf-8") as text:
        unit = dict(re.findall(r"^(\w+)=(.*)$", text.read(), re.M))
    assert unit["AmbientCapabilities"] == unit["CapabilityBoundingSet"] == "CAP_AUDIT_WRITE"
    assert unit["ExecStart"] == f"{REPLAY} --prune"
    return ["setpriv", f"--reuid={unit['User']}", "--regid=nogroup", "--clear-groups", f"--inh-caps=-all{caps}",
            f"--ambient-caps=-all{caps}", f"--bounding-set=-all{caps}", "--no-new-privs", REPLAY]


def verified(trail, since):
    text = "\n".join(f"type={r.type} msg={r.text}" for r in trail.find("TRUSTED_APP", since))
    done = subprocess.run([TTYWRAP, "--verify", "--audit", "-", LOGS], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_each_user_s_recordings_are_kept_as_long_as_is_set(host, sshd, users, trail):
    since = trail.mark()
    brief, keeper = users
    old, young, archived = recorded(host, sshd, brief, 8), recorded(host, sshd, brief, 6), recorded(host, sshd, keeper, 300)
    lost = recorded(host, sshd, brief, 0)
    host.configure("[default]\nretain = 7d\n[group archived]\nretain = 365d\n")
    code, said = prune("--dry-run")
    assert code == 0 and old in said and young not in said and archived not in said
    code, said = prune()
    assert code == 0 and "removed 1 recording" in said
    assert [os.path.exists(p) for p in (old, young, archived)] == [False, True, True]
    [record] = trail.find("TRUSTED_APP", since, op="ttywrap-prune")
    assert record.get("rec") == os.path.basename(old)
    # What was pruned is explained, what somebody made away with is missing.
    os.unlink(lost)
    text = verified(trail, since)
    assert os.path.basename(old) not in text and os.path.basename(lost) in text


def test_the_size_of_all_is_kept_to_by_the_oldest_going(host, sshd, users):
    paths = [recorded(host, sshd, users[0], days) for days in (40, 30, 20)]
    for path in paths[:2]:
        days = (time.time() - os.stat(path).st_mtime) / 86400
        with open(path, "ab") as out:
            out.write(b"x" * (1 << 20))
        aged(path, days)
    host.configure("[default]\nretain = 35d\nretain_size = 1M\n")
    assert prune()[0] == 0
    assert [os.path.exists(p) for p in paths] == [False, True, True]  # the second one is too young to go
    host.configure("[default]\nretain_size = 1M\n")
    assert prune()[0] == 0
    assert [os.path.exists(p) for p in paths] == [False, False, True]


def test_a_session_that_is_going_on_is_not_touched(host, sshd, users):
    host.configure("[default]\nretain = 1h\nseal_interval = 1s\n")
    before = set(host.recordings())
    with login(sshd, users[0]) as terminal:
        terminal.run("echo on")
        [path] = set(host.recordings()) - before
        wait_until(lambda: time.time() - os.stat(path).st_mtime > 2, "nothing more to record")
        aged(path, 30)
        prune()
        assert os.path.exists(path)
        terminal.exit()
    wait_until(lambda: subprocess.run([TTYWRAP, "--list", "--state", "closed", path], capture_output=True, text=True).stdout.count("\n") == 2,
               "the session's end")
    aged(path, 30)
    prune()
    assert not os.path.exists(path)


def test_without_the_right_to_say_so_nothing_is_removed(host, sshd, users, trail):
    since = trail.mark()
    path = recorded(host, sshd, users[0], 30)
    host.configure("[default]\nretain = 7d\n")
    code, said = prune(words=as_the_unit_does(""))
    assert code == 1 and f"{path}: it stays, as the audit trail takes no record of its removal" in said and os.path.exists(path)
    assert trail.find("TRUSTED_APP", since, op="ttywrap-prune") == []
    code, said = prune(words=as_the_unit_does(",+audit_write"))
    assert code == 0 and not os.path.exists(path), said
    assert trail.find("TRUSTED_APP", since, op="ttywrap-prune")[0].get("rec") == os.path.basename(path)


def test_a_copy_elsewhere_explains_nothing(host, sshd, users, trail, tmp_path):
    since = trail.mark()
    path = recorded(host, sshd, users[0], 30)
    copy = tmp_path / os.path.basename(path)
    copy.write_bytes(b"a copy")
    aged(copy, 30)
    host.configure("[default]\nretain = 7d\n")
    assert prune(tmp_path)[0] == 0 and not copy.exists()
    assert trail.find("TRUSTED_APP", since, op="ttywrap-prune") == []
    assert os.path.exists(path)


def test_a_policy_that_is_none_or_wrong_removes_nothing(host, sshd, users):
    path = recorded(host, sshd, users[0], 4000)
    for settings, words in (("[default]\nretain = 90\n", "ttywrap.conf:2: retain = 90: a time (ms, s, min, h, d) from 1h to 36500d, or none"),
                            ("[default]\nretain = none\n", "what may go?")):
        host.configure(settings)
        code, said = prune()
        assert code == 2 and words in said and said.count("\n") == 1 and os.path.exists(path)
    host.configure("[default]\nretain = 3650d\n")
    assert prune()[0] == 0 and not os.path.exists(path)
