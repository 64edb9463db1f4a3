# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may watch: the members of ttywrap-audit, also what is going on, and change nothing; whose session it was, nothing at all,
unless watch_own gives them that."""

import glob
import json
import os
import re
import subprocess

import pytest

from client import login
from host import LOGS, OWN, TTYWRAP, wait_until

SETUP = "/usr/libexec/ttywrap/ttywrap-setup"
PUMP = "/usr/libexec/ttywrap/ttywrap-pump"


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


@pytest.fixture
def given(host, sshd, recorded):
    """A recording of a user whom watch_own holds for, and its second name."""
    host.configure(f"[user {recorded.name}]\nwatch_own = yes\n")
    before = set(host.recordings())
    with login(sshd, recorded) as terminal:
        terminal.run("echo for-its-user")
        terminal.exit()
    [path] = set(host.recordings()) - before
    yield path, f"{OWN}/{recorded.uid}/{os.path.basename(path)}"
    host.configure("")


def unchanged(path):
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode, found.st_uid, found.st_gid, found.st_nlink


def test_with_watch_own_users_read_their_own_and_no_more(host, sshd, given, recorded, watcher):
    path, own = given
    name, folder, before = os.path.basename(path)[:-len(".cast")], os.path.dirname(own), unchanged(path)
    assert unchanged(own) == before and before[-1] == 2
    other = host.user("recorded2", shell=TTYWRAP)
    host.configure("[default]\nwatch_own = yes\n")
    with login(sshd, other) as terminal:
        terminal.run("echo for-the-other")
        terminal.exit()
    [others] = glob.glob(f"{OWN}/{other.uid}/*.cast")

    listed = [json.loads(line)["path"] for line in as_user(recorded, TTYWRAP, "--list", "--json").stdout.splitlines()]
    assert own in listed and sorted(listed) == sorted(glob.glob(f"{folder}/*"))
    assert "for-its-user" in as_user(recorded, TTYWRAP, "--replay", name).stdout
    assert name in as_user(recorded, TTYWRAP, "--search", "for-its-user").stdout
    assert "intact" in as_user(recorded, TTYWRAP, "--verify", name).stdout
    assert "for-its-user" in as_user(recorded, TTYWRAP, "--export", "txt", name).stdout
    assert "for-its-user" in as_user(watcher, TTYWRAP, "--replay", name).stdout

    for words in (["sh", "-c", f"echo x >>{own}"], ["truncate", "-s", "0", own], ["rm", "-f", own], ["mv", own, own + ".x"], ["mv", own, recorded.home],
                  ["chmod", "600", own], ["/usr/bin/python3", "-c", f"import os; os.removexattr('{own}', 'system.posix_acl_access')"], ["touch", own], ["touch", f"{folder}/x"], ["ln", "/etc/passwd", f"{folder}/x"],
                  ["ln", "-f", "/etc/passwd", own], ["mv", folder, folder + ".x"], ["mkdir", f"{OWN}/1"], ["chmod", "777", folder], ["ls", OWN],
                  ["ls", LOGS], ["stat", path], ["cat", others], ["stat", others], ["ls", os.path.dirname(others)],
                  [TTYWRAP, "--prune", "--older-than", "0s"], [TTYWRAP, "--replay", others], [TTYWRAP, "--list", os.path.dirname(others)]):
        done = as_user(recorded, *words)
        assert done.returncode != 0 and "for-the-other" not in done.stdout, (words, done)
        assert re.search("denied|not permitted", done.stderr + done.stdout), (words, done)
    assert unchanged(path) == unchanged(own) == before
    assert sorted(glob.glob(f"{folder}/*")) == sorted(listed)


def test_one_s_own_session_that_is_going_on(host, sshd, recorded):
    host.configure("[default]\nwatch_own = yes\ncompress = zstd\n")
    with login(sshd, recorded) as terminal:
        terminal.run("echo going-on")
        assert "live" in terminal.run(f"{TTYWRAP} --list --state live")
        terminal.exit()
    host.configure("")


def test_without_watch_own_there_is_no_second_name(recorded, path):
    assert os.stat(path).st_nlink == 1 and not os.path.exists(f"{OWN}/{recorded.uid}/{os.path.basename(path)}")
    assert "access" not in "".join(os.listxattr(path))


@pytest.mark.parametrize("kind, where, why, told", [("tmpfs", OWN, "Invalid cross-device link", "two mounted file systems"),
                                                    ("ramfs", "/var/log", "Operation not supported", "no access lists")])
def test_where_there_can_be_no_second_name_the_session_goes_on(host, sshd, recorded, kind, where, why, told):
    host.configure("[default]\nwatch_own = yes\n")
    since = host.syslog.mark()
    subprocess.run(["mount", "-t", kind, kind, where], check=True)
    try:
        subprocess.run([SETUP], check=True, capture_output=True)
        said = subprocess.run([TTYWRAP, "--check"], capture_output=True, text=True).stdout
        before = set(host.recordings())
        with login(sshd, recorded) as terminal:
            terminal.run("echo not-for-its-user")
            terminal.exit()
        [path] = set(host.recordings()) - before
        assert os.stat(path).st_nlink == 1 and as_user(recorded, "cat", path).returncode != 0
    finally:
        subprocess.run(["umount", where], check=True)
        host.configure("")
    assert re.search(f"watch_own = yes would do nothing: .*{told}", said), said
    host.syslog.wait(lambda _, text: f"watch_own: {OWN}: {why}" in text and f"user {recorded.name}" in text, since)


def test_prune_removes_both_names_and_what_was_left_of_one(host, sshd, given, recorded):
    path, own = given
    left, young = (f"{os.path.dirname(own)}/{recorded.uid}-1-{name}.cast" for name in ("left", "young"))
    for name in (left, young):
        with open(name, "w", encoding="ascii") as out:
            out.write("{}\n")
    for name in (path, left):
        os.utime(name, (1, 1))
    kept = {os.stat(name).st_ino for name in [*host.recordings(), *glob.glob(f"{OWN}/*/*")]} - {os.stat(name).st_ino for name in (path, left)}
    as_the_timer_does = ["setpriv", "--reuid=_ttywrap", "--regid=nogroup", "--clear-groups", "--inh-caps=-all,+audit_write", "--ambient-caps=-all,+audit_write",
                         "/usr/libexec/ttywrap/ttywrap-replay"]
    done = subprocess.run([*as_the_timer_does, "--prune", "--older-than", "1d"], capture_output=True, text=True)
    assert done.returncode == 0 and re.search(rf"removed 2 recordings, .*; {len(kept)}, .* left", done.stdout), (len(kept), done)
    assert [os.path.exists(n) for n in (path, own, left, young)] == [False, False, False, True]
    os.unlink(young)


def test_what_came_to_nothing_leaves_neither_name(host, sshd, recorded):
    """Without the pump the session goes on unrecorded, where the policy lets it; its empty recording is taken back."""
    host.configure("[default]\nwatch_own = yes\non_failure = allow\n")
    before = host.recordings(), sorted(glob.glob(f"{OWN}/*/*"))
    os.rename(PUMP, PUMP + ".aside")
    try:
        with login(sshd, recorded) as terminal:
            terminal.run("echo unrecorded")
            terminal.exit()
    finally:
        os.rename(PUMP + ".aside", PUMP)
        host.configure("")
    assert (host.recordings(), sorted(glob.glob(f"{OWN}/*/*"))) == before
