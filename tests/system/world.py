# SPDX-License-Identifier: GPL-2.0-or-later
"""A world for the system tests: this machine's file systems under an overlay, a network of its own, real everything else.

enter() moves the calling process into it. What is installed, which users are made, what is written: all of it is in a
tmpfs that only processes of the world see, and is gone with the last of them. The process-id and user namespaces stay
the machine's, since the kernel's audit answers nobody else (audit_netlink_ok).

A keeper, forked outside, holds the reading end of a pipe. When the test process ends, in whatever way, the keeper
kills what is left in the world and puts the kernel's audit settings back. Several worlds can be there at once.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import time

import audit

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_NOSUID, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 8, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
LOCK = "/run/lock/ttywrap-tests.lock"
USERS = 100  # user ids of a world
# File systems that hold files of the machine; each gets an overlay of its own. What is not named here is left out.
ON_DISK = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "overlay", "squashfs", "erofs", "9p", "virtiofs"}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0), "ptmx": (5, 2)}
NFT_TRACK = """
table inet ttywrap_test {
	chain in { type filter hook input priority 0; ct state new accept; }
	chain out { type filter hook output priority 0; ct state new accept; }
}
"""

libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This machine cannot give the tests a world; the text says why and is the reason of the skip."""


def call(name, *args):
    """A libc call that raises OSError on -1."""
    if libc[name](*args) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source, target, kind=None, flags=0, data=None):
    call("mount", os.fsencode(source), os.fsencode(target), kind and kind.encode(), ctypes.c_ulong(flags), data and data.encode())


def namespaces(pid):
    """(mount, network) namespace of a process, or None when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt"), os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def members(mine, but=()):
    """Live processes that are in either of these namespaces."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in but:
            theirs = namespaces(name)
            if theirs and (theirs[0] == mine[0] or theirs[1] == mine[1]):
                found.append(int(name))
    return found


def kill_all(mine, but=()):
    """Ends every process of a world. A namespace cannot be entered again once it is empty."""
    for _ in range(200):
        left = members(mine, but)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not left:
            return
        time.sleep(0.02)


class Share:
    """Audit settings are the whole kernel's: the first world of several switches auditing on, the last puts it back.

    The lock file holds the settings from before the first. Each world holds a shared flock on it, which dies with its
    holders; who can have it exclusively is the only one. /run/lock itself is the mutex for coming and going.
    """

    def __init__(self):
        os.makedirs(os.path.dirname(LOCK), exist_ok=True)
        self.folder = os.open(os.path.dirname(LOCK), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.auditd_fd = os.open(f"{LOCK}.auditd", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def try_lock(self, how):
        try:
            fcntl.flock(self.fd, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def switch_on(self):
        """With the exclusive lock held. Settings that a killed run left in the file are put back first."""
        left = os.pread(self.fd, 4096, 0)
        if left:
            audit.put_back(json.loads(left))
        before = audit.status()
        os.pwrite(self.fd, json.dumps(before).encode(), 0)
        audit.switch_on(before)

    def put_back(self):
        """With the exclusive lock held."""
        left = os.pread(self.fd, 4096, 0)
        if left:
            audit.put_back(json.loads(left))
            os.ftruncate(self.fd, 0)

    def join(self):
        """Returns once this world is one of those that share the settings."""
        while True:
            fcntl.flock(self.folder, fcntl.LOCK_EX)
            try:
                if self.try_lock(fcntl.LOCK_EX):
                    try:
                        self.switch_on()
                    finally:
                        fcntl.flock(self.fd, fcntl.LOCK_SH)
                    return
                if self.try_lock(fcntl.LOCK_SH):
                    return
            finally:
                fcntl.flock(self.folder, fcntl.LOCK_UN)
            time.sleep(0.1)

    def part(self):
        fcntl.flock(self.folder, fcntl.LOCK_EX)
        if self.try_lock(fcntl.LOCK_EX):
            self.put_back()
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        fcntl.flock(self.folder, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def alone(self):
        """No other world while this lasts: for tests that change the kernel's settings."""
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        if not os.pread(self.fd, 1, 0):
            self.switch_on()
        try:
            yield
        finally:
            audit.switch_on(audit.status())
            fcntl.flock(self.fd, fcntl.LOCK_SH)


    @contextlib.contextmanager
    def sole_auditd(self):
        """The kernel knows one auditd at a time."""
        fcntl.flock(self.auditd_fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.auditd_fd, fcntl.LOCK_UN)


def keep(pipe, share, parent):
    """The keeper's life: wait for the end of the test process, then clean up after it. Never returns."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        world = b""
        while chunk := os.read(pipe, 256):
            world += chunk
        if world:
            alive = (parent,) if os.getppid() == parent else ()
            kill_all(world.decode().split("\n")[:2], alive)
        if share:
            share.part()
        code = 0
    finally:
        os._exit(code)


def start_keeper(share):
    """Forks the keeper; returns its pid and the pipe's writing end, which nobody else may hold."""
    read_end, write_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        keep_open = {0, 1, 2, read_end} | ({share.fd, share.folder} if share else set())
        for fd in map(int, os.listdir("/proc/self/fd")):
            if fd not in keep_open:
                try:
                    os.close(fd)
                except OSError:
                    pass
        keep(read_end, share, parent)
    os.close(read_end)
    return pid, write_end


def disk_mounts():
    """Mount points of file systems with the machine's files, outermost first; / is always among them."""
    points = {"/"}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            left, right = line.split(" - ", 1)
            point = left.split()[4].encode().decode("unicode_escape")
            if right.split()[0] in ON_DISK and os.path.isdir(point):
                if not point.startswith(("/proc/", "/sys/", "/dev/", "/run/", "/tmp/")):
                    points.add(point)
    return sorted(points)


def make_dev(dev):
    """A /dev of the world's own, so that /dev/log and its terminals are nobody else's."""
    mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=755,size=1m")
    old = os.umask(0)
    for name, (major, minor) in DEVICES.items():
        os.mknod(f"{dev}/{name}", 0o020666, os.makedev(major, minor))
    for name in ("pts", "shm"):
        os.mkdir(f"{dev}/{name}")
    os.umask(old)
    mount("devpts", f"{dev}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,gid=5,mode=620,ptmxmode=666")
    mount("tmpfs", f"{dev}/shm", "tmpfs", MS_NOSUID, "mode=1777")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{dev}/{name}")


def overlay(base, number, lower, target):
    """Mounts the directory lower at target, with everything written to it kept in the tmpfs at base."""
    upper, work = f"{base}/upper{number}", f"{base}/work{number}"
    os.mkdir(upper)
    os.mkdir(work)
    stat = os.stat(lower)
    os.chmod(upper, stat.st_mode & 0o7777)
    os.chown(upper, stat.st_uid, stat.st_gid)
    mount("overlay", target, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")


def make_root(visible, shared):
    """Builds the world's file system and makes it this process's root.

    visible: directories that must be there though they lie below /tmp or /run; shared: the same, but the machine's
    own, so that what is written there stays (the file with the results).
    """
    hidden = [d for d in visible + shared if d.startswith(("/tmp/", "/run/", "/dev/shm/"))]
    held = {d: os.open(d, os.O_PATH | os.O_DIRECTORY) for d in dict.fromkeys(hidden + shared)}
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    base = "/tmp"
    mount("tmpfs", base, "tmpfs", 0, "mode=755,size=75%")
    root = f"{base}/root"
    os.mkdir(root)
    for number, point in enumerate(disk_mounts()):
        overlay(base, number, point, root + point.rstrip("/"))
    for point in ("/proc", "/sys"):
        mount(point, root + point, None, MS_BIND | MS_REC)
    make_dev(f"{root}/dev")
    mount("tmpfs", f"{root}/tmp", "tmpfs", MS_NOSUID, "mode=1777,size=75%")
    mount("tmpfs", f"{root}/run", "tmpfs", MS_NOSUID, "mode=755")
    for number, (path, fd) in enumerate(held.items()):
        os.makedirs(root + path, exist_ok=True)
        if path in shared:
            mount(f"/proc/self/fd/{fd}", root + path, None, MS_BIND | MS_REC)
        else:
            overlay(base, f"-bound{number}", f"/proc/self/fd/{fd}", root + path)
        os.close(fd)
    os.chdir(root)
    call("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)


def furnish():
    """What boot would have left in /run and /var."""
    for path, mode in (("/run/lock", 0o1777), ("/run/sshd", 0o755), ("/run/user", 0o755), ("/run/sudo", 0o711),
                       ("/run/screen", 0o1777)):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
    for path in ("/run/utmp", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"):
        open(path, "w").close()


def run(*words, **more):
    """A command of the set-up; its failure is the machine's, with what it said."""
    done = subprocess.run(words, stdin=more.pop("stdin", subprocess.DEVNULL), capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} failed: {done.stdout}{done.stderr}")
    return done.stdout


def make_network():
    """Loopback up, connections tracked and counted, as on a host whose admin wants the accounting."""
    run("ip", "link", "set", "lo", "up")
    subprocess.run(["nft", "-f", "-"], input=NFT_TRACK, text=True, check=True)
    with open("/proc/sys/net/netfilter/nf_conntrack_acct", "w") as knob:
        knob.write("1")


class World:
    """The handle enter() returns. trail is an audit.Trail, or None where the kernel has no audit for us."""

    def __init__(self, keeper, pipe, trail, share):
        self.keeper, self.pipe, self.trail, self.share = keeper, pipe, trail, share
        self.mine = namespaces("self")
        # Numbers of its own for its users, so that no world's processes are taken for another's.
        self.first_uid = audit.WORLDS + os.getpid() % 20000 * USERS

    def alone(self):
        """For the length of a with statement, no other world is there to see the kernel's audit settings change."""
        return self.share.alone() if self.share else contextlib.nullcontext()

    def processes(self):
        """Everything that runs in the world but this process."""
        return members(self.mine, (os.getpid(),))

    def leave(self):
        """Ends the world's processes and waits for the machine to be as it was. The caller exits soon after."""
        if self.pipe < 0:
            return
        os.close(self.pipe)
        self.pipe = -1
        os.waitpid(self.keeper, 0)


def open_audit():
    """(trail, share), both None where there is no audit to be had, as in a container."""
    try:
        audit.status()
        sock = audit.open_trail()
    except OSError:
        return None, None
    share = Share()
    share.join()
    return audit.Trail(sock), share


def enter(visible=(), shared=()):
    """Moves this process, which must have one thread only, into a new world. Raises Unavailable."""
    if os.geteuid() != 0:
        raise Unavailable("needs root (users, sshd and an installation of its own in namespaces of its own)")
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:  # as a background job of a script starts: every child would inherit it
            signal.signal(number, signal.SIG_DFL)
    trail, share = open_audit()
    keeper, pipe = start_keeper(share)
    try:
        call("unshare", CLONE_NEWNS | CLONE_NEWNET)
        os.write(pipe, "\n".join(namespaces("self")).encode())
        make_root([os.path.abspath(d) for d in visible], [os.path.abspath(d) for d in shared])
    except OSError as error:
        os.close(pipe)
        os.waitpid(keeper, 0)
        raise Unavailable(f"needs namespaces and an overlay, which this place does not give ({error}; a container?)") from error
    world = World(keeper, pipe, trail, share)
    try:
        furnish()
        make_network()
        if trail:
            trail.start(range(world.first_uid, world.first_uid + USERS))
    except BaseException:
        world.leave()
        raise
    return world
