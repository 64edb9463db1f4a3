# SPDX-License-Identifier: GPL-2.0-or-later
"""What a shell can see of its session is the same with and without ttywrap: one probe, run in every way in."""

import pytest

from client import Terminal, ssh_words
from host import TTYWRAP
from same import PLAIN, probe, same

WAYS = ("login", "tty command", "command")
SECTIONS = ("environment", "arguments", "limits", "identity", "capabilities", "signals", "child_signals", "nice", "directory",
            "umask", "descriptors", "child_descriptors", "process", "standing", "parent", "termios", "terminal", "colours")
# Taken out of a set-user-ID program's environment by the loader (elf/dl-support.c, sysdeps/generic/unsecvars.h), and some
# that a library or a shell would act on, and plain odd ones.
SENT = {
    "LD_LIBRARY_PATH": "/nonexistent/lib", "LD_BIND_NOW": "1", "LD_DEBUG_OUTPUT": "/nonexistent/debug", "TMPDIR": "/var/tmp/mine",
    "TZDIR": "/usr/share/zoneinfo", "LOCPATH": "/nonexistent/locale", "NLSPATH": "/nonexistent/%N", "GCONV_PATH": "/nonexistent/gconv",
    "GETCONF_DIR": "/nonexistent/getconf", "HOSTALIASES": "/nonexistent/hosts", "RES_OPTIONS": "timeout:1", "LOCALDOMAIN": "example.org",
    "MALLOC_ARENA_MAX": "1", "MALLOC_PERTURB_": "42", "GLIBC_TUNABLES": "glibc.malloc.arena_max=1", "RESOLV_HOST_CONF": "/nonexistent",
    "TERMINFO": "/usr/share/terminfo", "INPUTRC": "/nonexistent/inputrc", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8",
    "EMPTY": "", "EQUALS": "a=b=c", "LONG": "x" * 20000, "UMLAUT": "grün \u2713", "SPACE": "two  words ",
}
LIMITS = """
wrapped soft nofile 700
wrapped hard nofile 900
wrapped - core 0
wrapped soft stack 4096
wrapped - nproc 3000
wrapped - memlock 128
wrapped - priority 3
wrapped - fsize 4194304
"""


@pytest.fixture(scope="module")
def user(host):
    """A user for whom everything that can be set is set to something unusual."""
    made = host.user("wrapped", groups=("alpha", "beta", "gamma"))
    with open("/etc/security/limits.d/ttywrap-test.conf", "w", encoding="ascii") as out:
        out.write(LIMITS)
    with open("/etc/pam.d/sshd", "a", encoding="ascii") as out:
        out.write("session optional pam_umask.so umask=0027\n")
    with open("/etc/environment", "a", encoding="ascii") as out:
        out.write("LD_ORIGIN_PATH=/nonexistent/from-pam\nMALLOC_TRACE=/nonexistent/trace\n")
    return made


def without_bash(found):
    """sshd starts a ForceCommand by the user's shell: a bash has been there, sorted the environment and left its own."""
    own = (b"_=", b"PWD=", b"OLDPWD=", b"SHLVL=")
    return {**found, "environment": sorted(e for e in found["environment"] if not e.startswith(own))}


@pytest.fixture(scope="module")
def probes(host, user):
    """{way: (plain, wrapped)}; one more way each for ForceCommand."""
    accept = "AcceptEnv *"
    open_sshd = host.sshd(accept)
    forced = host.sshd(f"{accept}\nForceCommand {TTYWRAP}")
    options = ["SendEnv=" + " ".join(SENT)]
    found = {}
    for way in WAYS:
        user.set_shell(PLAIN)
        plain = probe(open_sshd, user, way, SENT, options)
        found["forced " + way] = without_bash(plain), without_bash(probe(forced, user, way, SENT, options))
        user.set_shell(TTYWRAP)
        found[way] = plain, probe(open_sshd, user, way, SENT, options)
    user.set_shell(PLAIN)
    return found


def as_shown(found, section, way):
    """A section without what sshd, not ttywrap, does differently for another passwd shell or for a ForceCommand."""
    if section == "environment":
        return [e for e in found[section] if not e.startswith((b"SHELL=", b"SSH_ORIGINAL_COMMAND="))]
    if section == "standing" and way.endswith("command") and "tty" not in way:
        # Without a terminal the shell stays in the process group that sshd made, whose leader now waits for it.
        return [line for line in found[section].split("\n") if "leader" not in line]
    return found[section]


@pytest.mark.parametrize("way", WAYS + tuple("forced " + w for w in WAYS))
@pytest.mark.parametrize("section", SECTIONS)
def test_same(probes, section, way):
    plain, wrapped = (as_shown(found, section, way) for found in probes[way])
    assert wrapped == plain


def test_the_shell_variable_is_sshds(probes):
    """Handed on as it came: programs that start $SHELL, as tmux does for its panes, start a wrapped one."""
    assert b"SHELL=" + TTYWRAP.encode() in probes["login"][1]["environment"]
    assert b"SHELL=" + PLAIN.encode() in probes["forced login"][1]["environment"]


def test_the_probe_sees_what_was_set(probes):
    """The comparison above is worth something: the plain session does have all that was asked for."""
    plain, _ = probes["login"]
    for name, value in SENT.items():
        assert f"{name}={value}".encode() in plain["environment"], name
    assert b"LD_ORIGIN_PATH=/nonexistent/from-pam" in plain["environment"]
    assert plain["umask"] == "0027"
    assert "alpha" in plain["identity"] and "gamma" in plain["identity"]
    assert "Max open files            700                  900" in plain["limits"]
    assert plain["nice"].split()[0] == "3"


@pytest.mark.parametrize("settings", (
    "erase ^H kill ^X intr ^T -iutf8", "erase ^? iutf8 ixany -ixon", "9600 -echoctl parmrk", "38400 -onlcr eol @ eol2 %",
    "intr undef susp undef stop undef", "tostop -echoe -echok noflsh", "olcuc xcase", "rows 7 columns 33",
))
def test_modes_of_the_users_terminal(host, sshd, user, settings):
    """sshd sets its terminal as the client's was (RFC 4254, 8); the shell's is to be the same."""
    def session():
        words = ssh_words(sshd, user, "stty -a; stty -g", tty=True)
        with Terminal(["sh", "-c", 'stty $0 && exec "$@"', settings, *words]) as shell:
            assert shell.finish() == 0
            return shell.before
    said = same(host, user, session)
    assert "speed" in said.lower()
