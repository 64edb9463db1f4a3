# SPDX-License-Identifier: GPL-2.0-or-later
"""What 'make install' makes and 'make uninstall' takes back."""

import glob
import grp
import os
import pwd
import stat
import subprocess

import pytest

from paths import TOP
from host import CONF, LOGS, OWN, TTYWRAP
from world import run

SETUP = "/usr/libexec/ttywrap/ttywrap-setup"
UNINSTALL = os.path.join(TOP, "tools", "uninstall")
CAPS = "cap_audit_control,cap_audit_write,cap_net_admin,cap_sys_ptrace=p"


def facts(path):
    """(owner, group, mode) of a path, links not followed."""
    info = os.lstat(path)
    return pwd.getpwuid(info.st_uid).pw_name, grp.getgrgid(info.st_gid).gr_name, oct(stat.S_IMODE(info.st_mode))


def caps_of(path):
    """The capabilities, in a fixed order."""
    text = run("getcap", path).split(" ", 1)[1].strip()
    names, flags = text.rsplit("=", 1)
    return ",".join(sorted(names.split(","))) + "=" + flags


def everything():
    """Every path that may be ours."""
    found = set()
    for top in ("/usr", "/etc", "/var/log", "/var/lib", "/run"):
        for where, folders, names in os.walk(top):
            found |= {os.path.join(where, n) for n in folders + names if "ttywrap" in n or "ttyacct" in n}
    return found


def uninstall(host):
    return subprocess.run([UNINSTALL, host.build], capture_output=True, text=True)


@pytest.fixture
def installed(host):
    """An installation that the test may take apart."""
    run(SETUP)
    yield host
    if os.path.exists(CONF):
        os.unlink(CONF)
    if os.path.exists(SETUP):
        run(SETUP)
    else:
        host.install()


def check_installation():
    assert facts(TTYWRAP) == ("_ttywrap", "root", "0o4755")
    assert caps_of(TTYWRAP) == CAPS
    assert facts("/etc/ttywrap") == ("root", "root", "0o755")
    assert facts(CONF) == ("root", "root", "0o644")
    assert facts(LOGS) == ("_ttywrap", "ttywrap-audit", "0o2750")
    assert facts(OWN) == ("_ttywrap", "ttywrap-audit", "0o2711")
    assert facts("/run/ttywrap") == ("_ttywrap", "root", "0o755")
    assert facts("/usr/libexec/ttywrap")[:2] == ("root", "root")
    for name in os.listdir("/usr/libexec/ttywrap"):
        assert facts(f"/usr/libexec/ttywrap/{name}") == ("root", "root", "0o755")
    entry = pwd.getpwnam("_ttywrap")
    assert 0 < entry.pw_uid < 1000 and entry.pw_shell == "/usr/sbin/nologin" and entry.pw_dir == "/nonexistent"
    with open("/etc/shells", encoding="ascii") as shells:
        assert shells.read().splitlines().count(TTYWRAP) == 1


def test_install_sets_everything_up(installed):
    check_installation()


def test_install_again_changes_nothing_of_the_admins(installed):
    installed.configure("[default]\naudit = none\n")
    with open("/etc/shells", "a", encoding="ascii") as shells:
        shells.write("/bin/no-line-end")
    recording = f"{LOGS}/1.cast"
    with open(recording, "w", encoding="ascii"):
        pass
    installed.install()
    check_installation()
    with open(CONF, encoding="ascii") as conf:
        assert conf.read() == "[default]\naudit = none\n"
    assert os.path.exists(recording)
    os.unlink(recording)


def test_install_mends_what_is_wrong(installed):
    os.chown(TTYWRAP, 0, 0)
    os.chmod(LOGS, 0o777)
    run("sed", "-i", f"\\,^{TTYWRAP}$,d", "/etc/shells")
    run(SETUP)
    check_installation()


def test_install_follows_no_link(installed):
    """A link in the log folder's place would hand its target to _ttywrap."""
    os.rename(LOGS, LOGS + ".aside")
    os.mkdir("/tmp/elsewhere")
    os.symlink("/tmp/elsewhere", LOGS)
    done = subprocess.run([SETUP], capture_output=True, text=True)
    assert done.returncode == 1 and "symbolic link" in done.stderr
    assert facts("/tmp/elsewhere")[0] == "root"
    os.unlink(LOGS)
    os.rename(LOGS + ".aside", LOGS)


def test_a_package_is_staged_without_touching_the_machine(installed):
    assert uninstall(installed).returncode == 0
    with open("/etc/passwd", encoding="utf-8") as passwd:
        before = passwd.read()
    stage = dict(os.environ, DESTDIR="/tmp/stage")
    run("meson", "install", "-C", installed.build, "--no-rebuild", env=stage)
    assert "must run" in run(os.path.join(TOP, "tools", "install-setup"), "--note", env=stage)
    with open("/etc/passwd", encoding="utf-8") as passwd:
        assert passwd.read() == before
    assert os.path.isfile("/tmp/stage" + TTYWRAP) and os.path.isfile("/tmp/stage" + SETUP)
    assert not os.path.exists(TTYWRAP)
    run(UNINSTALL, installed.build, env=stage)
    assert not [n for _, _, names in os.walk("/tmp/stage") for n in names]


def test_uninstall_takes_all_of_it_back(installed):
    for name in glob.glob(f"{LOGS}/*") + glob.glob(f"{OWN}/*/*"):
        os.unlink(name)
    os.mkdir(f"{OWN}/1000")  # what watch_own leaves when the recordings are gone
    done = uninstall(installed)
    assert done.returncode == 0, done.stderr
    assert everything() == set()
    with open("/etc/shells", encoding="ascii") as shells:
        assert TTYWRAP not in shells.read()
    for names, ask in (("_ttywrap", pwd.getpwnam), ("_ttywrap", grp.getgrnam), ("ttywrap-audit", grp.getgrnam)):
        with pytest.raises(KeyError):
            ask(names)


def test_uninstall_keeps_recordings_and_a_changed_configuration(installed):
    installed.configure("[default]\naudit = none\n")
    recording = f"{LOGS}/1.cast"
    with open(recording, "w", encoding="ascii"):
        pass
    done = uninstall(installed)
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(TTYWRAP)
    assert os.path.exists(recording) and os.path.exists(CONF)
    assert facts(LOGS) == ("_ttywrap", "ttywrap-audit", "0o2750")
    assert "kept" in done.stdout
    os.unlink(recording)


@pytest.mark.parametrize("shell", [TTYWRAP, "/usr/local/bin/other-name"])
def test_uninstall_refuses_to_lock_somebody_out(installed, shell):
    if shell != TTYWRAP:
        os.symlink(TTYWRAP, shell)
    user = installed.user("lockedout", shell=shell)
    done = uninstall(installed)
    assert done.returncode == 1
    assert "lockedout" in done.stderr and "chsh" in done.stderr
    check_installation()
    user.set_shell("/bin/bash")
    if shell != TTYWRAP:
        os.unlink(shell)


def test_uninstall_refuses_while_sshd_forces_it(installed):
    drop_in = "/etc/ssh/sshd_config.d/ttywrap.conf"
    with open(drop_in, "w", encoding="ascii") as out:
        out.write(f"Match Group recorded\n\tForceCommand {TTYWRAP}\n")
    done = uninstall(installed)
    os.unlink(drop_in)
    assert done.returncode == 1
    assert drop_in in done.stderr
    check_installation()


def test_setup_needs_root(installed):
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", SETUP], capture_output=True, text=True)
    assert done.returncode == 1 and "needs root" in done.stderr
