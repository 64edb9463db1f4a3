# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may watch: the members of ttywrap-audit, also what is going on, and change nothing; whose session it was, nothing at all."""

import glob
import os
import re
import subprocess

import pytest

from client import login
from host import LOGS, TTYWRAP, wait_until


@pytest.fixture(scope="module")
def recorded(host):
    return host.user("recorded1", shell=TTYWRAP)


@pytest.fixture(scope="module")
def watcher(host):
    return host.user("watcher", groups=["ttywrap-audit"])


def as_user(user, *words, groups="--init-groups"):
    return subprocess.run(["setpriv", f"--reuid={user.uid}", f"--regid={user.uid}", groups, *words], capture_output=True, text=True,
                          cwd="/", env={"PATH": "/usr/bin:/bin", "HOME": f"/home/{user.name}", "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL)


@pytest.fixture
def path(host, sshd, recorded):
    before = set(host.recordings())
    with login(sshd, recorded) as terminal:
        terminal.run("echo for-the-watcher")
        terminal.exit()
    [made] = set(host.recordings()) - before
    return made


def test_a_member_of_the_group_watches_and_finds(watcher, recorded, path):
    assert (os.stat(path).st_mode & 0o7777, os.stat(LOGS).st_mode & 0o7777) == (0o640, 0o2750)
    name = os.path.basename(path)[:-len(".cast")]
    assert name in as_user(watcher, TTYWRAP, "--list", "--user", recorded.name, "--state", "closed").stdout
    assert "for-the-watcher" in as_user(watcher, TTYWRAP, "--replay", name).stdout
    assert name in as_user(watcher, TTYWRAP, "--search", "for-the-watcher").stdout
    assert "intact" in as_user(watcher, TTYWRAP, "--verify", name).stdout
    assert "for-the-watcher" in as_user(watcher, TTYWRAP, "--export", "txt", name).stdout


def test_a_member_of_the_group_follows_what_is_going_on(host, sshd, watcher, recorded):
    before = set(host.recordings())
    with login(sshd, recorded) as terminal:
        terminal.run("echo going-on")
        [path] = set(host.recordings()) - before
        name = os.path.basename(path)[:-len(".cast")]
        assert name in as_user(watcher, TTYWRAP, "--list", "--state", "live").stdout
        follow = subprocess.Popen(["setpriv", f"--reuid={watcher.uid}", f"--regid={watcher.uid}", "--init-groups", TTYWRAP, "--replay", "--follow", name],
                                  stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        terminal.run("echo n$((40+2))w")
        terminal.exit()
        said = follow.communicate(timeout=30)[0].decode()
    assert "going-on" in said and "n42w" in said and follow.returncode == 0
    wait_until(lambda: name in as_user(watcher, TTYWRAP, "--list", "--state", "closed").stdout, "the end in the list")


def test_a_member_of_the_group_changes_nothing(watcher, path):
    before = os.stat(path)
    for words in (["rm", "-f", path], ["truncate", "-s", "0", path], ["sh", "-c", f"echo x >>{path}"], ["mv", path, path + ".x"],
                  ["chmod", "600", path], ["touch", f"{LOGS}/1-1-x.cast"], [TTYWRAP, "--prune", "--older-than", "0s"]):
        done = as_user(watcher, *words)
        assert done.returncode != 0 and re.search("denied|not permitted", done.stderr), (words, done)
    after = os.stat(path)
    assert (before.st_ino, before.st_size, before.st_mtime_ns, before.st_mode) == (after.st_ino, after.st_size, after.st_mtime_ns, after.st_mode)


def test_whose_session_it_was_reads_and_lists_nothing(recorded, path):
    name = os.path.basename(path)
    for words in ([TTYWRAP, "--list"], [TTYWRAP, "--search", "watcher"], [TTYWRAP, "--replay", name], [TTYWRAP, "--replay", path],
                  [TTYWRAP, "--verify", path], [TTYWRAP, "--export", "txt", name], ["ls", LOGS], ["cat", path], ["truncate", "-s", "0", path],
                  ["stat", path], [TTYWRAP, "--prune", "--older-than", "0s"]):
        done = as_user(recorded, *words)
        assert done.returncode != 0 and "for-the-watcher" not in done.stdout, (words, done)
        assert "denied" in done.stderr + done.stdout, (words, done)
    assert os.stat(path).st_size > 0 and glob.glob(path)
