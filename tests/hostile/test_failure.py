# SPDX-License-Identifier: GPL-2.0-or-later
"""What a session needs fails in its middle, for real: the disk is full or broken, the file is gone, the trail refuses.

deny: the session ends, with one clear line. allow: it goes on, and the trail has what was lost, with bytes and times.
"""

import ctypes
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import struct

import pytest

import audit
from client import login, ssh
from host import LOGS, wait_until
from live import fields, records_of, wait_record
from world import MNT_DETACH, call, mount, run

EXT4_IOC_SHUTDOWN = 0x8004587D
libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def policy(host):
    """policy(word, more) sets on_failure; the built-in configuration comes back."""
    def write(word, more=""):
        host.configure(f"[default]\nshell = /bin/bash\non_failure = {word}\n{more}")
    yield write
    host.configure("[default]\nshell = /bin/bash\n")


def own_logs():
    entry = pwd.getpwnam("_ttywrap")
    os.chown(LOGS, entry.pw_uid, entry.pw_gid)
    os.chmod(LOGS, 0o2750)


@pytest.fixture
def small_disk(host):
    """300 KiB for recordings."""
    mount("tmpfs", LOGS, "tmpfs", 0, "size=300k")
    own_logs()
    yield
    call("umount2", LOGS.encode(), MNT_DETACH)


def losses(session):
    return [fields(r) for r in records_of(session.host.trail, session.user.uid, session.since) if "op=ttywrap-loss " in r.text]


def ended_before_anything_was_lost(session, command, why):
    """deny: one clear line, and every byte that was on the screen is in the recording, its end and its last seal, too."""
    at = len(session.shown())
    session.terminal.send(command + "\r")
    session.terminal.expect(rf"ttywrap: the session has ended: its recording can't be written \({why}\)\r\n")
    on_screen = session.terminal.before
    session.terminal.finish()
    closed = session.closed()
    assert closed["why"] == "recording" and closed["res"].startswith("failed") and losses(session) == []
    session.gone()
    assert len(on_screen) > 20000 and session.shown()[at:].endswith(on_screen)
    assert [e[1] for e in session.events()[-2:]] == ["x", "s"] and "end=1" in session.events()[-1][2]


def goes_on(session):
    """There is room again. What is shown before the pump has tried again, a tenth of a second at most, is lost as well."""
    def is_recorded():
        session.terminal.run("echo there is room")
        return "there is room" in session.shown()
    wait_until(is_recorded, "the recording goes on")


def test_disk_full_deny(live, policy, small_disk, host):
    policy("deny")
    session, since = live(), host.syslog.mark()
    ended_before_anything_was_lost(session, "seq 1 1000000", "No space left on device")
    host.syslog.wait(lambda _, text: "its recording can't be written: No space left on device (user eve)" in text, since)


def test_disk_full_deny_without_a_terminal(policy, small_disk, host, sshd, eve, trail):
    """The same for a recorded command: and one that would go on without anybody to hear it does not."""
    policy("deny", "record_no_tty = yes\n")
    since = trail.mark()
    client = ssh(sshd, eve, "trap '' HUP PIPE; seq 1 1000000; sleep 1000")
    assert b"ttywrap: the session has ended: its recording can't be written (No space left on device)\n" in client.stderr
    closed = fields(wait_record(trail, eve.uid, "close", since))
    assert closed["why"] == "recording" and closed["res"].startswith("failed")
    assert client.returncode != 0 and len(client.stdout) > 20000
    with open(os.path.join(LOGS, closed["rec"]), encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines][1:]
    assert "".join(e[2] for e in events if e[1] == "o").encode().startswith(client.stdout)
    assert [e[1] for e in events[-2:]] == ["x", "s"]


def test_disk_full_allow(live, policy, small_disk):
    """It goes on; the trail has the beginning of the loss at once, the rest once there is room; the recording goes on then."""
    policy("allow", "record = output\n")  # or what was typed is among what is lost, and not in the close record's sum
    session = live()
    assert session.terminal.run("seq 1 200000 | tail -1") == "200000\n"
    session.terminal.send("seq 1 200000\r")
    session.terminal.expect("\n199999\r\n200000\r\n")
    session.terminal.prompt()
    assert os.statvfs(LOGS).f_bavail == 0
    first = wait_until(lambda: losses(session), "the record of the loss")[0]
    assert first["of"] == "recording" and int(first["bytes"]) > 0 and first["errno"] == "28"
    run("mount", "-o", "remount,size=30m", LOGS)
    goes_on(session)
    session.terminal.run("echo again")
    second = wait_until(lambda: losses(session)[1:], "the record of the rest")[0]
    assert int(second["from_ms"]) >= int(first["from_ms"]) and int(second["to_ms"]) >= int(second["from_ms"])
    # What was not lost is there: the two sums make up what was shown.
    lost = sum(int(r["bytes"]) for r in losses(session))
    assert session.terminal.exit() == 0
    closed = session.closed()
    assert closed["why"] == "exit"
    written = sum(len(e[2].encode()) for e in session.events()[1:] if e[1] == "o")
    assert written + lost == int(closed["out"])


def mount_disk(size=16 << 20, make=("mkfs.ext4", "-q"), options="loop"):
    """A file system of its own for recordings."""
    if not os.path.exists("/dev/loop-control"):
        os.mknod("/dev/loop-control", 0o020600, os.makedev(10, 237))
    for k in range(64):
        if not os.path.exists(f"/dev/loop{k}"):
            os.mknod(f"/dev/loop{k}", 0o060600, os.makedev(7, k))
    with open("/tmp/disk", "wb") as disk:
        disk.truncate(size)
    try:
        run(*make, "/tmp/disk")
        run("mount", "-o", options, "/tmp/disk", LOGS)
    except RuntimeError as reason:
        pytest.skip(f"no loop file system here: {reason}")
    own_logs()


def unmount_disk():
    run("umount", "-l", LOGS)
    os.unlink("/tmp/disk")


@pytest.fixture(params=["I/O error", "read-only"])
def disk(host, request):
    """(break it, errno, its text): every write from then on is an I/O error; or the kernel makes the file system read-only."""
    mount_disk(options="loop,errors=remount-ro")

    def shut_down():
        fd = os.open(LOGS, os.O_RDONLY)
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", 2))
        os.close(fd)

    def find_an_error():
        """As ext4 does when it meets one in its own structures; mount(8) refuses while a file is open for writing."""
        device = os.stat(LOGS).st_dev
        name = os.path.basename(os.readlink(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"))
        with open(f"/sys/fs/ext4/{name}/trigger_fs_error", "w", encoding="ascii") as trigger:
            trigger.write("a test of ttywrap's")
    yield (shut_down, 5, "Input/output error") if request.param == "I/O error" else (find_an_error, 30, "Read-only file system")
    unmount_disk()


def test_a_broken_disk_deny(live, policy, disk):
    """What was on its way is lost, and that is on record: how much, since when. Nothing more is shown."""
    fail, number, text = disk
    policy("deny")
    session = live()
    session.terminal.run("echo well")
    wait_until(lambda: "well" in session.shown(), "what was shown in the recording")
    fail()
    session.terminal.send("echo not rec''orded; sleep 3; echo never sho''wn\r")
    session.terminal.expect(rf"the session has ended: its recording can't be written \({text}\)")
    assert "never shown" not in session.terminal.before
    session.terminal.finish()
    assert session.closed()["why"] == "recording"
    [loss] = losses(session)
    assert loss["of"] == "recording" and loss["errno"] == str(number)
    assert int(loss["bytes"]) >= len('[0.000000,"o","not recorded"]') and int(loss["from_ms"]) < int(loss["to_ms"])


def test_a_broken_disk_allow(live, policy, disk):
    fail, number, _ = disk
    policy("allow")
    session = live()
    session.terminal.run("echo well")
    fail()
    for _ in range(3):
        assert session.terminal.run("seq 1 60000 | tail -1") == "60000\n"
    session.terminal.send("seq 1 90000\r")
    session.terminal.prompt()
    assert session.terminal.exit() == 0
    assert session.closed()["why"] == "exit"
    assert sum(int(r["bytes"]) for r in losses(session)) > 0 and {r["errno"] for r in losses(session)} == {str(number)}


BTRFS_QUOTA_CTL, BTRFS_QGROUP_LIMIT = 0xC0109428, 0x8030942B
BTRFS_TOP = 5  # the top subvolume, and its qgroup


@pytest.fixture
def quota(host):
    """quota(bytes) sets how much the folder may hold: it has more than that free. Quotas of subvolumes, the kind this kernel has."""
    mount_disk(128 << 20, ("mkfs.btrfs", "-q"), "loop,compress=no")

    def ask(request, data):
        fd = os.open(LOGS, os.O_RDONLY)
        fcntl.ioctl(fd, request, bytearray(data))
        os.close(fd)
    ask(BTRFS_QUOTA_CTL, struct.pack("QQ", 1, 0))
    # struct btrfs_ioctl_qgroup_limit_args: the qgroup, then which limits are meant (1: of all it refers to) and the limits.
    yield lambda size: ask(BTRFS_QGROUP_LIMIT, struct.pack("QQQQQQ", BTRFS_TOP, 1, size, 0, 0, 0))
    unmount_disk()


def test_quota_deny(live, policy, quota):
    policy("deny")
    quota(1 << 20)
    ended_before_anything_was_lost(live(), "seq 1 1000000", "Disk quota exceeded")
    assert os.statvfs(LOGS).f_bavail * os.statvfs(LOGS).f_frsize > 8 << 20


def test_quota_allow(live, policy, quota):
    policy("allow")
    quota(1 << 20)
    session = live()
    session.terminal.send("seq 1 300000\r")
    session.terminal.expect("\n299999\r\n300000\r\n")
    session.terminal.prompt()
    first = wait_until(lambda: losses(session), "the record of the loss")[0]
    # The buffer may be full (EAGAIN) while the disk still looks for room, and only then says EDQUOT.
    assert int(first["bytes"]) > 0 and first["errno"] in ("11", "122")
    quota(100 << 20)
    goes_on(session)
    assert session.terminal.exit() == 0
    assert session.closed()["why"] == "exit"


@pytest.fixture
def plain_disk(host):
    """Without extents, and so without fallocate(2)."""
    mount_disk(2 << 20, ("mkfs.ext4", "-q", "-O", "^extent,^64bit,^has_journal,^flex_bg,^metadata_csum"))
    yield
    unmount_disk()


@pytest.mark.parametrize("fsync", ["seal", "always"])
def test_where_no_space_can_be_promised(live, policy, plain_disk, host, fsync):
    """It is in the file before it is shown, then: what was on the screen when the disk was full is all there."""
    policy("deny", f"fsync = {fsync}\n")
    session = live()
    at = len(session.shown())
    session.terminal.send("seq 1 1000000\r")
    session.terminal.expect(r"ttywrap: the session has ended: its recording can't be written \(No space left on device\)\r\n")
    on_screen = session.terminal.before
    session.terminal.finish()
    assert session.closed()["why"] == "recording"
    session.gone()
    assert len(on_screen) > 100000 and session.shown()[at:].startswith(on_screen)


@pytest.mark.parametrize("zstd", ["none", "zstd"])
def test_the_space_is_given_back(live, policy, host, zstd):
    """Also by a session whose pump, or whose monitor, was killed."""
    policy("deny", f"compress = {zstd}\n")
    suffix = ".zst" if zstd == "zstd" else ""
    for role in (None, "pump", "monitor"):
        session = live()
        path = session.recording + suffix
        ahead = os.stat(path)
        assert ahead.st_blocks * 512 > ahead.st_size + (128 << 10)
        session.terminal.run("seq 1 5000")
        if role is None:
            assert session.terminal.exit() == 0
        else:
            os.kill(getattr(session, role), signal.SIGKILL)
        session.gone()
        wait_until(lambda: os.stat(path).st_blocks * 512 <= os.stat(path).st_size + 8192, f"the space after {role or 'the end'}")


@pytest.mark.parametrize("word", ["deny", "allow"])
def test_the_users_file_size_limit(live, policy, host, trail, eve, word):
    """RLIMIT_FSIZE is the user's to set, where they start ttywrap by hand: no policy lets it switch the recording off."""
    policy(word, "at_cap = stop_output\nmax_recording = 1G\n")
    inner = host.user("outer", shell="/bin/bash")
    with login(host.sshd("AcceptEnv *\n"), inner) as terminal:
        terminal.send("ulimit -f 1024; exec ttywrap\r")
        terminal.prompt()
        terminal.send("seq 1 1000000\r")
        terminal.expect(r"the session has ended: its recording can't be written \(File too large\)")
        terminal.finish()


@pytest.mark.parametrize("word", ["deny", "allow"])
def test_the_log_directory_removed(live, policy, host, word):
    """Noticed at the next seal, if not before."""
    policy(word, "seal_interval = 1s\n")
    session, since = live(), host.syslog.mark()
    session.terminal.run("echo before")
    os.rename(LOGS, LOGS + ".aside")
    shutil.rmtree(LOGS + ".aside")
    try:
        session.terminal.send("echo after\r")
        host.syslog.wait(lambda _, text: f"{session.name}.cast was removed while the session runs" in text, since)
        assert losses(session)[0]["errno"] == "2"
        if word == "deny":
            session.terminal.expect("the session has ended: its recording was removed")
            session.terminal.finish()
            assert bytes.fromhex(session.closed()["reason"]) == b"its recording was removed"
        else:
            session.terminal.prompt()
            assert session.terminal.run("echo goes on") == "goes on\n"
            assert session.terminal.exit() == 0
            assert session.closed()["why"] == "exit"
    finally:
        os.makedirs(LOGS, exist_ok=True)
        own_logs()
        host.install()


@pytest.fixture
def auditd(host, trail):
    """The only auditd there is, in an auditd.Auditd; kill() ends it in mid-session."""
    with host.world.share.sole_auditd():
        if audit.status()["pid"]:
            pytest.skip("the machine's own auditd is registered with the kernel, which has room for one")
        yield lambda: audit.Auditd("/tmp/auditd-test")


def typed_line(session, text):
    """A line that cat reads, and so a record."""
    session.terminal.send(text + "\r")
    session.terminal.expect(f"{text}\r\n{text}\r\n")


def test_auditd_restarts(live, policy, auditd):
    """What was typed meanwhile waits for the new one, and is in its file."""
    policy("deny")
    with auditd():
        session = live()
        session.terminal.send("cat\r")
        session.terminal.expect("cat\r\n")
        typed_line(session, "first")
    typed_line(session, "meanwhile")
    with auditd() as again:
        typed_line(session, "afterwards")
        session.terminal.send("\x04")
        session.terminal.prompt()
        assert session.terminal.exit() == 0
        assert session.closed()["why"] == "exit"
        wait_until(lambda: f"op=ttywrap-close session={session.name} " in again.read(), "the close record in the new auditd's file")
        assert "meanwhile".encode().hex().upper() in again.read()
    assert losses(session) == []


@pytest.mark.parametrize("word", ["deny", "allow"])
def test_auditd_ends(live, policy, host, auditd, word):
    """deny: no successor within ten seconds, and the session ends. allow: when there is one, it hears what went past it."""
    policy(word)
    since = host.syslog.mark()
    with auditd():
        session = live()
        session.terminal.send("cat\r")
        session.terminal.expect("cat\r\n")
    host.syslog.wait(lambda _, text: "auditd has ended while the session runs (user eve)" in text, since)
    if word == "deny":
        session.terminal.expect("the session has ended: auditd has ended")
        session.terminal.finish()
        assert bytes.fromhex(session.closed()["reason"]) == b"auditd has ended"
        session.gone()
        return
    typed_line(session, "unwritten")
    session.host.trail.wait(lambda r: r.type == "USER_TTY" and r.get("pid") == str(session.monitor) and b"unwritten" in r.data(), session.since)
    with auditd() as again:

        def reported():
            typed_line(session, "written")
            return losses(session)
        loss = wait_until(reported, "the record of what went past auditd")[0]
        assert loss["of"] == "audit" and int(loss["bytes"]) >= len("unwritten\n") and int(loss["from_ms"]) <= int(loss["to_ms"])
        wait_until(lambda: "op=ttywrap-loss" in again.read(), "the same in its file")
        session.terminal.send("\x04")
        session.terminal.prompt()
        assert session.terminal.exit() == 0


def audit_socket(monitor):
    """A descriptor of ours for the monitor's audit socket, as only root can have one."""
    pidfd = libc.syscall(434, monitor, 0)
    for number in range(64):
        fd = libc.syscall(438, pidfd, number, 0)
        if fd < 0:
            continue
        try:
            sock = socket.socket(fileno=fd)
            if sock.family == 16 and sock.proto == 9:
                return sock
            sock.close()
        except OSError:
            pass
    raise AssertionError("the monitor has no audit socket")


def deafen(sock):
    """Fills what the socket can hold of the kernel's answers: the next one is ENOBUFS for whoever asks."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for number in range(64):
        try:
            sock.send(struct.pack("<IHHII", 20, 1000, 5, 1 << 30 | number, 0) + b"\0\0\0\0", socket.MSG_DONTWAIT)
        except OSError:
            break


@pytest.mark.parametrize("word", ["deny", "allow"])
def test_the_audit_socket_overruns(live, policy, word, host, trail):
    """ENOBUFS: the kernel's answer did not fit, so nobody knows whether the record is in the trail."""
    policy(word)
    session, since = live(), host.syslog.mark()
    session.terminal.send("cat\r")  # reads lines, each a record
    session.terminal.expect("cat\r\n")
    session.terminal.send("first\r")
    session.terminal.expect("first\r\nfirst\r\n")
    trail.wait(lambda r: r.type == "USER_TTY" and r.get("pid") == str(session.monitor) and b"first" in r.data(), session.since)
    sock = audit_socket(session.monitor)
    deafen(sock)
    session.terminal.send("unheard\r")
    if word == "deny":
        session.terminal.expect("the session has ended: the audit trail refused a record")
        session.terminal.finish()
        host.syslog.wait(lambda _, text: "the audit trail refused a record: No buffer space available" in text, since)
        session.gone()
    else:
        session.terminal.expect("unheard\r\nunheard\r\n")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

        def reported():
            session.terminal.send("heard\r")
            return [r for r in losses(session) if r["of"] == "audit"]
        audited = wait_until(reported, "the record of what was refused", 40)[0]
        assert int(audited["bytes"]) >= len("unheard\r") and int(audited["to_ms"]) >= int(audited["from_ms"])
        session.terminal.send("\x04")
        session.terminal.prompt()
        assert session.terminal.exit() == 0
        assert session.closed()["why"] == "exit"
    sock.close()
