# SPDX-License-Identifier: GPL-2.0-or-later
"""'ttywrap --check': an installation is broken in one way at a time; the check names it, and what it says mends it."""

import fcntl
import os
import subprocess
import time

import pytest

from host import CONF, LOGS, OWN, TTYWRAP
from world import run

SETUP = "/usr/libexec/ttywrap/ttywrap-setup"


class Findings:
    """The output, taken apart: wrong and notes are lists of (text, how to mend it)."""

    def __init__(self, *words, uid=None):
        prefix = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        done = subprocess.run([*prefix, TTYWRAP, "--check", *words], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
        self.code, self.text, self.err = done.returncode, done.stdout, done.stderr
        self.kinds = {"ok": [], "note": [], "WRONG": []}
        for line in done.stdout.splitlines():
            kind, _, rest = line.partition(" ")
            if kind in self.kinds:
                last = self.kinds[kind]
                last.append([rest.strip(), None])
            elif line.startswith("         mend: "):
                last[-1][1] = line.partition(": ")[2]
        self.wrong, self.notes = self.kinds["WRONG"], self.kinds["note"]


@pytest.fixture
def healthy(host, trail):
    """An installation with nothing wrong; trail, because the kernel's audit has to be on for that."""
    if os.path.exists(CONF):
        os.unlink(CONF)
    before = Findings()
    assert before.wrong == [] and before.code == 0, before.text
    yield host
    if os.path.exists(CONF):
        os.unlink(CONF)
    run(SETUP)


BREAKAGES = {
    "no privileges": (f"chown root {TTYWRAP}", "belongs to uid 0, not to _ttywrap"),
    "set-user-ID root": (f"chown root {TTYWRAP}; chmod 4755 {TTYWRAP}", "set-user-ID root"),
    "no set-user-ID bit": (f"chmod 0755 {TTYWRAP}", "mode 0755, not 4755"),
    "no capabilities": (f"setcap -r {TTYWRAP}", "capabilities 0"),
    "one capability too many": (f"setcap cap_audit_write,cap_net_admin,cap_audit_control,cap_sys_ptrace,cap_sys_admin=p {TTYWRAP}",
                                "not exactly"),
    "effective capabilities": (f"setcap cap_audit_write,cap_net_admin,cap_audit_control,cap_sys_ptrace=ep {TTYWRAP}", "+e"),
    "a program others can write": ("chmod 0775 /usr/libexec/ttywrap/ttywrap-pump", "ttywrap-pump: others than root can change it"),
    "a folder others can write": ("chmod 0777 /usr/libexec", "/usr/libexec: others than root can change it"),
    "somebody else's program": ("chown daemon /usr/libexec/ttywrap/ttywrap-replay", "ttywrap-replay: others than root"),
    "a set-user-ID helper": ("chmod 4755 /usr/libexec/ttywrap/ttywrap-replay", "ttywrap-replay: mode 4755"),
    "recordings open to all": (f"chmod 0755 {LOGS}", f"{LOGS}: mode 2755, not 2750"),
    "root's log folder": (f"chown root {LOGS}", f"{LOGS}: belongs to uid 0"),
    "no log folder": (f"mv {LOGS} {LOGS}.aside", f"{LOGS}: No such file"),
    "users' own recordings open to all": (f"chmod 0755 {OWN}", f"{OWN}: mode 2755, not 2711"),
    "no run folder": ("rm -rf /run/ttywrap", "/run/ttywrap: No such file"),
    "not in /etc/shells": (f"sed -i '\\,^{TTYWRAP}$,d' /etc/shells", "/etc/shells: lacks"),
    "a config others can write": (f"echo > {CONF}; chmod 0666 {CONF}", "chmod go-w"),
}
RUN_AS_IT_STANDS = ("/usr/", "chown ", "chmod ", "echo ")


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_broken_is_named_and_mended(healthy, name):
    command, says = BREAKAGES[name]
    run("sh", "-c", command)
    found = Findings()
    assert found.code == 1
    matching = [(text, mend) for text, mend in found.wrong if says in text]
    assert matching, found.text
    mend = matching[0][1]
    if name == "a config others can write":
        mend = f"chmod go-w {CONF}"
    if name == "set-user-ID root" or mend.startswith(RUN_AS_IT_STANDS):
        run("sh", "-c", mend)
    after = Findings()
    if os.path.exists(LOGS + ".aside"):
        run("sh", "-c", f"mv {LOGS}.aside/* {LOGS}/ 2>/dev/null; rmdir {LOGS}.aside; true")
    assert after.wrong == [] and after.code == 0, after.text


def test_a_mistake_in_the_config_is_named_with_its_line(healthy):
    healthy.configure("[default]\naudit = al\n")
    found = Findings()
    assert found.code == 1
    assert any(f"{CONF}:2: audit = al: one of all, elevated, none" in text for text, _ in found.wrong), found.text


def test_an_account_whose_real_shell_is_missing_or_a_loop(healthy):
    user = healthy.user("checked", shell=TTYWRAP)
    try:
        assert any("user checked: gets /bin/bash" in text for text, _ in Findings().kinds["ok"])
        healthy.configure("[user checked]\nshell = /usr/bin/no-such-shell\n")
        assert any("user checked: their shell /usr/bin/no-such-shell: No such file" in text for text, _ in Findings().wrong)
        os.symlink(TTYWRAP, "/usr/local/bin/looping")
        healthy.configure("[user checked]\nshell = /usr/local/bin/looping\n")
        assert any("is ttywrap itself" in text for text, _ in Findings().wrong)
        os.unlink("/usr/local/bin/looping")
    finally:
        user.set_shell("/bin/bash")


def test_settings_of_one_user(healthy):
    healthy.user("grouped", groups=["recorded"])
    healthy.configure("[default]\naudit = none\nfsync = seal\n[group recorded]\naudit = elevated\n[user grouped]\nshell = /bin/dash\n")
    found = Findings("--user", "grouped")
    lines = {line.split("=")[0].strip(): " ".join(line.split("=", 1)[1].split())
             for line in found.text.splitlines() if line.startswith("       ")}
    assert found.code == 0
    assert lines["shell"] == "/bin/dash ; line 7"
    assert lines["audit"] == "elevated ; line 5"
    assert lines["fsync"] == "seal ; line 3"
    assert lines["mark"] == "none ; built in"
    assert "run as /bin/dash" in found.text
    assert Findings("--user", "no-such-user").code == 1


def test_anybody_may_check(healthy):
    """Without root some questions stay open; that is said, and nothing is wrong for it."""
    found = Findings(uid=65534)
    assert found.code == 0, found.text
    assert any("only root may ask about it" in text for text, _ in found.notes)


def test_an_audit_rule_that_drops_our_records_is_wrong(healthy):
    rule = ["never,exclude", "-F", "msgtype=USER_TTY"]
    with healthy.world.alone():
        run("auditctl", "-a", *rule)
        try:
            found = Findings()
        finally:
            run("auditctl", "-d", *rule)
    assert [text for text, _ in found.wrong] == ["kernel audit: an exclude rule drops records of ttywrap's"]


@pytest.mark.parametrize("path, edit, says", [
    ("/etc/ssh/sshd_config", "s/^UsePAM yes/UsePAM no/", "sshd: does not use PAM"),
    ("/etc/ssh/sshd_config", "s,^Subsystem.*,Subsystem sftp internal-sftp,", "sshd: internal-sftp does not go through"),
    ("/etc/pam.d/sshd", "/pam_loginuid/d", "/etc/pam.d/sshd: without pam_loginuid.so"),
])
def test_an_sshd_that_takes_sessions_past_ttywrap_or_without_a_login_uid_is_wrong(healthy, path, edit, says):
    with open(path, encoding="utf-8") as text:
        before = text.read()
    run("sed", "-i", edit, path)
    try:
        found = Findings()
    finally:
        with open(path, "w", encoding="utf-8") as text:
            text.write(before)
    assert [text for text, _ in found.wrong if text.startswith(says)], found.text


def test_a_configuration_is_checked_before_it_is_put_there(healthy):
    healthy.user("grouped", groups=["recorded"])
    with open("/tmp/candidate.conf", "w", encoding="ascii") as out:
        out.write("[user grouped]\naudit = elevated\n[default]\naudit = some\n")
    found = Findings("--config", "/tmp/candidate.conf")
    assert found.code == 1
    assert found.wrong == [["/tmp/candidate.conf:4: audit = some: one of all, elevated, none", None]]
    run("sed", "-i", "s/some/none/", "/tmp/candidate.conf")
    assert Findings("--config", "/tmp/candidate.conf").code == 0
    assert "audit                 = elevated             ; line 2" in Findings("--config", "/tmp/candidate.conf", "--user", "grouped").text
    assert Findings("--config", "/no/such/file").code == 1
    with open("/tmp/candidate.conf", "w", encoding="ascii") as out:
        out.write("[user nobody-here]\nsecret_prompt = PIN (\n")
    assert "/tmp/candidate.conf:2: secret_prompt = PIN (: " in Findings("--config", "/tmp/candidate.conf").wrong[0][0]


def test_audit_switched_off_is_wrong(healthy):
    with healthy.world.alone():
        run("auditctl", "-e", "0")
        try:
            found = Findings()
        finally:
            run("auditctl", "-e", "1")
    assert [text for text, _ in found.wrong] == ["kernel audit: off; input records would vanish"]


def test_a_full_disk_and_nosuid(healthy):
    run("mount", "-t", "tmpfs", "-o", "size=8m,mode=2750,uid=_ttywrap,gid=ttywrap-audit", "tmpfs", LOGS)
    run("mount", "--bind", TTYWRAP, TTYWRAP)
    run("mount", "-o", "remount,bind,nosuid", TTYWRAP)
    try:
        wrong = [text for text, _ in Findings().wrong]
    finally:
        run("umount", "-l", TTYWRAP)
        run("umount", LOGS)
    assert any(text.startswith(f"{LOGS}: 8 MiB") for text in wrong), wrong
    assert any("nosuid" in text for text in wrong), wrong


def test_sessions_that_were_cut_off_are_named(healthy):
    header = '{"version": 2, "width": 80, "height": 24}\n[0.1,"o","x"]\n'
    seal = '[0.2,"s","n=1 end=%d off=66 hash=blake2b:' + "0" * 64 + '"]\n'
    old = time.time() - 3600
    names = {"9-1-cut.cast": header, "9-2-sealed-then-cut.cast": header + seal % 0, "9-3-closed.cast": header + seal % 1,
             "9-4-torn.cast": header + seal % 1 + "[0.3", "9-5-live.cast": header, "9-6-other.txt": "x"}
    for name, text in names.items():
        with open(f"{LOGS}/{name}", "w", encoding="ascii") as out:
            out.write(text)
        os.utime(f"{LOGS}/{name}", (old, old))
    try:
        with open(f"{LOGS}/9-5-live.cast", "rb+") as live:
            fcntl.lockf(live, fcntl.LOCK_EX)
            notes = [text for text, _ in Findings().notes if "cut off" in text]
    finally:
        for name in names:
            os.unlink(f"{LOGS}/{name}")
    assert len(notes) == 1 and notes[0].startswith("3 recordings")
    assert all(name in notes[0] for name in ("9-1-cut.cast", "9-2-sealed-then-cut.cast", "9-4-torn.cast"))


def test_wrong_options(healthy):
    assert Findings("--usr", "x").code == 2
    assert Findings("x").code == 2
    assert "usage" in Findings("--help").text
