# SPDX-License-Identifier: GPL-2.0-or-later
"""ttywrap started by hand, or through sshd, in every way its user can think of.

What must hold each time: either nothing was run, or what was run is in the audit trail, as the user and nothing more.
"""

import errno
import json
import os
import re
import signal
import subprocess

import pytest

from client import login, ssh
from conftest import TOOLS
from host import LOGS
from live import fields, records_of, wait_record
from processes import guard_of, roles

MARK = "echo ran as $(id -u):$(id -ru)"


@pytest.fixture
def start(host, eve, trail):
    """start(python, words) runs ttywrap as eve; returns (what it printed, exit status, its records)."""
    def run(python="", words=("ttywrap", "-c", MARK), user=eve, env=None, uid=None, gid=None, **more):
        since = trail.mark()
        hexed = [os.fsencode(w).hex() if isinstance(w, str) else w.hex() for w in words] or ["-"]
        who = uid if uid is not None else user.uid
        done = subprocess.run(["setpriv", f"--reuid={who}", f"--regid={gid or user.gid}", "--clear-groups", "/usr/bin/python3",
                               f"{TOOLS}/start.py", python, *hexed], stdin=subprocess.DEVNULL, capture_output=True, cwd="/tmp",
                              env={"PATH": "/usr/bin:/bin", **({"START_ENVIRONMENT": json.dumps(env)} if env else {})}, timeout=60, **more)
        return done, records_of(trail, who, since)
    return run


def commands(records):
    return [r.get("cmd") for r in records if r.type == "USER_CMD"]


def is_whole(records):
    """An open record and a close record, of the same session."""
    ops = [(re.search(r"op=ttywrap-(open|close) session=(\S+)", r.text) or [None, None, None]) for r in records if r.type == "TRUSTED_APP"]
    return [o[1] for o in ops if o[1]] == ["open", "close"] and len({o[2] for o in ops if o[1]}) == 1


def ran_audited(done, records, eve, command=MARK):
    assert done.stdout == f"ran as {eve.uid}:{eve.uid}\n".encode(), done
    assert commands(records) == [command] and is_whole(records)
    return True


@pytest.mark.parametrize("name", ["", "-", "--", "/", ".", "..", "ttywrap", "-ttywrap", "\n", "a\x1b]0;x\ab", b"\xff" * 200, "x" * 4000,
                                  "%s%n%s%n", "op=ttywrap-close res=failed"])
def test_names(start, eve, name):
    ran_audited(*start(words=(name, "-c", MARK)), eve)


def test_no_words_at_all(start, eve):
    """argc = 0 (CVE-2021-4034): the kernel of today makes it one empty word."""
    done, records = start(words=())
    assert done.returncode == 0 and is_whole(records) and commands(records) == []


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_closed_descriptors(start, closed):
    """No file of ours may become descriptor 0, 1 or 2 of the command: what it opens there is its own."""
    done, records = start("".join(f"os.close({fd})\n" for fd in closed), ("ttywrap", "-c", "readlink /proc/self/fd/[012] >/tmp/fds; :"))
    with open("/tmp/fds", encoding="ascii") as text:
        links = text.read()
    os.unlink("/tmp/fds")
    assert is_whole(records) and commands(records)
    assert ".cast" not in links and "socket" not in links and "ptmx" not in links


@pytest.mark.parametrize("kind, python", [
    ("directories", "fd = os.open('/', os.O_RDONLY)\nfor k in (0, 2): os.dup2(fd, k)"),
    ("the audit socket", "s = socket.socket(16, 3, 9)\nfor k in (0, 2): os.dup2(s.fileno(), k)"),
    ("a full pipe", "r, w = os.pipe()\nos.set_blocking(w, False)\n"
                    "try:\n  while True: os.write(w, b'x' * 4096)\nexcept BlockingIOError: pass\nos.set_blocking(w, True)\nos.dup2(w, 2)\n"
                    "os.set_inheritable(r, True)"),
    ("a thousand of them", "fd = os.open('/', os.O_RDONLY)\nfor k in range(3, 900): os.dup2(fd, k)"),
    ("/dev/full", "os.dup2(os.open('/dev/full', os.O_RDWR), 2)"),
])
def test_descriptors_of_odd_kinds(start, eve, kind, python):
    ran_audited(*start(python), eve)


def test_every_descriptor_taken(start, eve):
    """None left for ttywrap: nothing is run."""
    done, records = start("resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))\nfd = os.open('/', 0)\nfor k in range(3, 256): os.dup2(fd, k)")
    assert done.stdout == b"" and done.returncode != 0 and commands(records) == []


@pytest.mark.parametrize("limit", ["FSIZE", "NOFILE", "AS", "STACK", "NPROC", "CPU", "CORE", "DATA", "MEMLOCK", "MSGQUEUE", "SIGPENDING"])
def test_limits_of_nothing(start, eve, limit):
    """Run and audited, or not run at all."""
    done, records = start(f"resource.setrlimit(resource.RLIMIT_{limit}, (0, 0))")
    if limit == "CPU" and done.stdout:
        assert commands(records) == [MARK]  # each of its processes may meet its end at any moment
    elif done.stdout:
        ran_audited(done, records, eve)
    else:
        assert commands(records) == [] or is_whole(records)
    assert limit not in ("CORE", "MEMLOCK", "MSGQUEUE", "SIGPENDING") or done.stdout


# What monitor/rlimits.c asks for, and the name it gives in its line.
LEAST = {"CPU": 10, "FSIZE": 1 << 20, "AS": 256 << 20, "DATA": 64 << 20, "STACK": 1 << 20, "NOFILE": 64}


@pytest.mark.parametrize("limit", sorted(LEAST))
def test_a_hard_limit_that_is_too_low_refuses(start, eve, host, limit):
    """One clear line, and nothing is run; at the least that is named there, the session is as always."""
    least, since = LEAST[limit], host.syslog.mark()
    too_low = {"AS": 200 << 20}.get(limit, least - 1)  # below that this process can't even be executed, or run
    done, records = start(f"resource.setrlimit(resource.RLIMIT_{limit}, ({too_low}, {too_low}))")
    assert done.returncode == 1 and done.stdout == b"" and records == []
    assert re.fullmatch(rf"ttywrap: the hard limit RLIMIT_{limit} \(ulimit -\w\) is {too_low}, and an audited session needs {least}: "
                        r"it is not started\n", done.stderr.decode())
    host.syslog.wait(lambda _, text: f"session refused: the hard limit RLIMIT_{limit} " in text and "(user eve)" in text, since)
    ran_audited(*start(f"resource.setrlimit(resource.RLIMIT_{limit}, ({least}, {least}))"), eve)


def test_a_file_size_limit_keeps_nobody_out_of_the_ledger(live, host, sshd):
    """A connection's session whose line the ledger could not take is not started."""
    ledger, user, since = f"{LOGS}/traffic.jsonl", host.user("counted", shell="/bin/bash"), host.syslog.mark()
    with open(ledger, "a", encoding="ascii") as lines:
        lines.write("\n" * (2 << 20))
    os.chown(ledger, os.stat(LOGS).st_uid, -1)
    try:
        with login(sshd, user) as terminal:
            terminal.send("ulimit -f 1024; exec ttywrap\r")
            terminal.expect("this session cannot be audited, so it is not started")
            terminal.finish()
        host.syslog.wait(lambda _, text: "session refused: the ledger, with the user's RLIMIT_FSIZE: File too large (user counted)" in text, since)
    finally:
        os.unlink(ledger)


def test_soft_limits_are_the_shells_alone(live, host, sshd):
    """Monitor and pump go up to the hard ones, but for the last of the CPU time, which SIGXCPU announces; the shell has its own."""
    user = host.user("limited", shell="/bin/bash")
    since = host.trail.mark()
    with login(sshd, user) as terminal:
        terminal.send("ulimit -S -t 30; ulimit -H -t 3600; ulimit -S -n 100; ulimit -H -n 512; ulimit -S -f 2048; "
                      "exec /usr/bin/python3 -c 'import ctypes, os; ctypes.CDLL(None).prctl(29, 10 ** 9); open(\"/proc/self/oom_score_adj\", \"w\").write(\"700\"); os.execv(\"/usr/bin/ttywrap\", [\"-x\"])'\r")
        wait_record(host.trail, user.uid, "open", since)
        terminal.prompt()
        assert terminal.run("ulimit -S -t; ulimit -S -n; ulimit -S -f").split() == ["30", "100", "2048"]
        [(monitor, pump, shell)] = roles(host)
        for pid, cpu, files, slack in ((monitor, 3598, 512, 50000), (pump, 3598, 512, 50000), (shell, 30, 100, 10 ** 9)):
            with open(f"/proc/{pid}/limits", encoding="ascii") as text:
                limits = text.read()
            assert re.search(rf"^Max cpu time +{cpu} +3600 ", limits, re.M) and re.search(rf"^Max open files +{files} +512 ", limits, re.M)
            assert re.search(r"^Max file size +%s +unlimited " % (2048 << 10 if pid == shell else "unlimited"), limits, re.M)
            with open(f"/proc/{pid}/timerslack_ns", encoding="ascii") as text:
                assert int(text.read()) == slack
        for pid, score in ((monitor, 0), (pump, 0), (guard_of(host, monitor), 0), (shell, 700)):
            with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as text:
                assert int(text.read()) == score
        terminal.exit()


@pytest.mark.parametrize("role", ["pump", "monitor"])
def test_the_end_of_the_cpu_time(live, role):
    """A little before the kernel's SIGKILL: one line, and a recording and a trail that are whole."""
    session = live()
    pid = getattr(session, role)
    session.terminal.run("echo before")
    if role == "pump":
        session.terminal.send("yes\r")
    os.kill(pid, signal.SIGXCPU)  # as the kernel does at the soft limit; ten seconds of CPU time are too much for a test
    session.terminal.expect("the session has ended: its limit on CPU time is used up")
    session.terminal.finish()
    closed = session.closed()
    assert closed["why"] == {"pump": "error", "monitor": "fault"}[role] and closed["res"].startswith("failed")
    session.gone()
    assert session.events()[-1][1] == "s" and "end=1" in session.events()[-1][2]


def test_no_process_left_to_the_user(start, eve, trail):
    """RLIMIT_NPROC used up, as a fork bomb leaves it: refused with one line."""
    python = ("pid = os.fork()\nif pid == 0:\n  signal.alarm(30)\n  signal.pause()\nresource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n"
              "fd = os.open('/tmp/left', os.O_WRONLY | os.O_CREAT)\nos.write(fd, b'%d' % pid)\nos.close(fd)\n")
    done, records = start(python)
    with open("/tmp/left", encoding="ascii") as left:
        os.kill(int(left.read()), signal.SIGKILL)
    os.unlink("/tmp/left")
    assert done.stdout == b"" and done.returncode == 1 and commands(records) == []
    assert done.stderr.count(b"\n") == 1 and b"so it is not started" in done.stderr


GROUPS = ["a/b", "..", "a b", "x" * 256, b"\xff\xfe\x80", "x res=success", 'q"uote', "op=ttywrap-close", "%n%s", "]"]


@pytest.mark.parametrize("name", GROUPS)
def test_names_of_groups(start, host, eve, name):
    """In no path and no record; a section of that name holds, where the configuration's syntax can spell it."""
    raw = os.fsencode(name) if isinstance(name, str) else name
    gid, before = 62000 + GROUPS.index(name), set(os.listdir(LOGS))
    with open("/etc/group", "ab") as group:
        group.write(raw + b":x:%d:eve\n" % gid)
    with open("/etc/ttywrap/ttywrap.conf", "wb") as conf:
        conf.write(b"[default]\nshell = /bin/bash\n[group " + raw + b"]\nshell = /bin/dash\nmark = gid\n")
    try:
        done, records = start(words=("ttywrap", "-c", "readlink /proc/$$/exe; :"), gid=gid)
    finally:
        host.configure("[default]\nshell = /bin/bash\n")
    if done.returncode == 0:
        # ']' ends a section's name early: that is a section of another group.
        assert done.stdout.endswith(b"/bash\n" if name == "]" else b"/dash\n") and is_whole(records)
    else:
        assert b"not started" in done.stderr and commands(records) == []
    assert all(raw not in os.fsencode(r.text) for r in records) or raw in (b"..", b"op=ttywrap-close")
    assert all(re.fullmatch(r"[\w.-]+", n) for n in set(os.listdir(LOGS)) - before)


@pytest.mark.parametrize("python", ["signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))",
                                    "for k in set(range(1, 65)) - {9, 19, 32, 33}: signal.signal(k, signal.SIG_IGN)"])
def test_blocked_and_ignored_signals(start, eve, python):
    ran_audited(*start(python), eve)


def test_a_directory_that_is_gone(start, eve):
    done, records = start("os.mkdir('/tmp/gone'); os.chdir('/tmp/gone'); os.rmdir('/tmp/gone')")
    assert ran_audited(done, records, eve)
    assert [r.get("cwd") for r in records if r.type == "USER_CMD"][0] in ("?", "(unreachable)/tmp/gone")


@pytest.mark.parametrize("mapped", [False, True])
def test_a_user_namespace(start, eve, mapped):
    """The set-user-ID bit has no force there: the installed program says so and runs nothing (on_failure = deny)."""
    python = "import ctypes\nuid = os.getuid()\nassert ctypes.CDLL(None).unshare(0x10000000) == 0\n"
    if mapped:
        python += "open('/proc/self/uid_map', 'w').write('0 %d 1' % uid)\n"
    done, records = start(python)
    assert done.stdout == b"" and done.returncode == 1 and commands(records) == []
    assert b"not started" in done.stderr or b"passwd" in done.stderr


def test_a_chroot_of_ones_own(start, eve):
    """A user namespace, a root of the attacker's with another configuration and another shell: still nothing."""
    python = ("import ctypes\nlibc = ctypes.CDLL(None)\nu = os.getuid()\nassert libc.unshare(0x10020000) == 0\n"
              "open('/proc/self/setgroups', 'w').write('deny')\nopen('/proc/self/uid_map', 'w').write('0 %d 1' % u)\n"
              "os.makedirs('/tmp/root', exist_ok=True)\nassert libc.mount(b'/', b'/tmp/root', None, 0x5000, None) == 0\n"
              "os.makedirs('/tmp/etc', exist_ok=True)\nopen('/tmp/etc/ttywrap.conf', 'w').write('[default]\\non_failure = allow\\naudit = none\\n')\n"
              "assert libc.mount(b'/tmp/etc', b'/tmp/root/etc/ttywrap', None, 0x1000, None) == 0\nos.chroot('/tmp/root')\nos.chdir('/')\n")
    done, records = start(python)
    # Without the bit it is a program like any other: what it runs there is the attacker's own doing, as themselves.
    assert b":0" not in done.stdout.replace(b"0:0", b"") and commands(records) == []
    assert not os.path.exists("/tmp/root/etc")


NAMES = ["a/b", "../../tmp/x", "a b", "x" * 250, b"\xff\xfe\x80", "x res=success", 'q"uote', "apo'strophe", "acct=root", "%n%s"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_users(start, host, eve, name):
    """In no path, and in the trail as they are: encoded."""
    raw = os.fsencode(name) if isinstance(name, str) else name
    uid = 60000 + NAMES.index(name)
    before = set(os.listdir(LOGS))
    with open("/etc/passwd", "ab") as passwd:
        passwd.write(raw + b":x:%d:%d::/tmp:/usr/bin/ttywrap\n" % (uid, eve.gid))
    done, records = start(uid=uid)
    assert done.stdout == f"ran as {uid}:{uid}\n".encode() and is_whole(records)
    for record in records:
        if "op=ttywrap-open" in record.text or "op=ttywrap-close" in record.text:
            assert os.fsencode(record.get("acct")) == raw
            assert fields(record)["session"].startswith(f"{uid}-") and record.text.count(" acct=") == 1
    assert all(re.fullmatch(r"[\w.-]+", n) for n in set(os.listdir(LOGS)) - before)


def test_names_that_are_too_long(start, eve):
    with open("/etc/passwd", "ab") as passwd:
        passwd.write(b"x" * 256 + b":x:60100:%d::/tmp:/usr/bin/ttywrap\n" % eve.gid)
    done, records = start(uid=60100)
    assert done.stdout == b"" and done.returncode == 1 and commands(records) == []


def test_a_user_without_an_entry(start, eve):
    done, records = start(uid=61234)
    assert done.stdout == b"" and done.returncode == 1 and commands(records) == []


ODD = {"LD_PRELOAD": f"{TOOLS}/libpreloaded.so", "LD_AUDIT": f"{TOOLS}/libpreloaded.so", "LD_LIBRARY_PATH": TOOLS, "LD_DEBUG": "all",
       "GCONV_PATH": TOOLS, "LOCPATH": TOOLS, "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "7", "MALLOC_TRACE": "/tmp/malloc-trace",
       "GLIBC_TUNABLES": "glibc.malloc.perturb=7:glibc.malloc.check=3:glibc.malloc.mxfast=0", "TERMINFO": TOOLS, "TERMCAP": "x" * 2000, "SHELL": "/tmp/x",
       "IFS": "/", "BASH_ENV": "/tmp/bash-env", "ENV": "/tmp/env", "PATH": "/tmp:/usr/bin:/bin", "TZ": "/etc/shadow", "TZDIR": TOOLS,
       "NLSPATH": f"{TOOLS}/%N", "LANG": "xx_YY.UTF-8", "LC_ALL": "../../tmp/x", "TMPDIR": "/tmp/mine", "HOSTALIASES": "/etc/shadow",
       "RES_OPTIONS": "debug", "RESOLV_HOST_CONF": "/etc/shadow", "GETCONF_DIR": TOOLS, "XDG_STATE_HOME": "/tmp/state",
       "SSH_ORIGINAL_COMMAND": "echo another", "HOME": "/tmp", "USER": "root", "LOGNAME": "root"}


# What bash itself sets or acts upon before anybody can look.
CHANGED = {"LD_DEBUG", "IFS"}


def loaded_by_us():
    """Lines of /tmp/loaded that are not the user's own programs as the user."""
    try:
        with open("/tmp/loaded", encoding="utf-8") as text:
            lines = text.read().splitlines()
        os.unlink("/tmp/loaded")
    except FileNotFoundError:
        lines = []
    return lines, [line for line in lines if "ttywrap" in line or len(set(line.split()[:3])) != 1 or line.startswith("0 ")]


def test_the_environment_by_hand(start, eve):
    """Nothing of it reaches a program of ours, all of it reaches the shell."""
    env = {k: v for k, v in ODD.items() if k not in CHANGED}
    since_state = os.path.exists("/tmp/state")
    done, records = start("", ("ttywrap", "-c", "env -0"), env=env)
    got = dict(p.split(b"=", 1) for p in done.stdout.split(b"\0") if b"=" in p)
    assert {k: got.get(k.encode()) for k in env} == {k: v.encode() for k, v in env.items()}
    assert is_whole(records) and commands(records) == ["env -0"]
    lines, wrong = loaded_by_us()
    assert lines and wrong == []
    assert not os.path.exists("/tmp/malloc-trace") and os.path.exists("/tmp/state") == since_state


def test_the_environment_through_sshd(host, sshd, eve, trail):
    """AcceptEnv *: what the client sends is in the environment of ttywrap as sshd starts it."""
    since = trail.mark()
    env = {k: v for k, v in ODD.items() if k not in CHANGED | {"HOME", "USER", "LOGNAME", "SSH_ORIGINAL_COMMAND", "PATH", "SHELL"}}
    options = [f"SetEnv={' '.join(f'{k}={v}' for k, v in env.items())}"]
    done = ssh(sshd, eve, "env -0", options=options)
    got = dict(p.split(b"=", 1) for p in done.stdout.split(b"\0") if b"=" in p)
    assert {k: got.get(k.encode()) for k in env} == {k: v.encode() for k, v in env.items()}
    wait_record(trail, eve.uid, "close", since)
    assert commands(records_of(trail, eve.uid, since)) == ["env -0"]
    lines, wrong = loaded_by_us()
    assert lines and wrong == []


@pytest.mark.parametrize("size, refused", [(120000, False), (1 << 20, True)])
def test_an_original_command_of(start, eve, size, refused):
    """SSH_ORIGINAL_COMMAND of 1 MiB, as sshd would hand it over: execve(2) takes 128 KiB in one string (E2BIG), so nothing is run."""
    python = (f"env = {{'PATH': '/usr/bin:/bin', 'SSH_ORIGINAL_COMMAND': 'echo ' + 'x' * {size}}}\n"
              f"try: os.execve('/usr/bin/ttywrap', ['ttywrap', '-c', {MARK!r}], env)\nexcept OSError as error: os._exit(100 + error.errno)")
    done, records = start(python)
    if refused:
        assert done.returncode == 100 + errno.E2BIG and done.stdout == b"" and records == []
    else:
        ran_audited(done, records, eve)


@pytest.mark.parametrize("words", [("--replay", "/etc/shadow"), ("--list",), ("--verify", "/etc/shadow"), ("--", "x"), ("--nonsense",),
                                   ("--check", "--user", "root")])
def test_other_modes_have_no_privilege(start, eve, words):
    """They run as the user alone: what the user may not read, they can't show."""
    done, _ = start(words=("ttywrap", *words))
    with open("/etc/shadow", "rb") as shadow:
        secrets = [line.split(b":")[1] for line in shadow if len(line.split(b":")[1]) > 8]
    assert secrets and not any(s in done.stdout + done.stderr for s in secrets)
