#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run by the user inside a wrapped session: tries everything on the session's other processes, terminals and files.

Prints one line an attempt: its name, and the error it got, or OK. Nothing here should be OK.
"""

import ctypes
import errno
import fcntl
import os
import resource
import signal
import sys

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
SYS_PIDFD_OPEN, SYS_PIDFD_SEND_SIGNAL, SYS_PIDFD_GETFD, SYS_KCMP = 434, 424, 438, 312
SYS_PROCESS_VM_READV, SYS_PROCESS_VM_WRITEV, SYS_PROCESS_MADVISE = 310, 311, 440
TIOCSCTTY, TIOCSTI, TIOCLINUX = 0x540E, 0x5412, 0x541C


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def attempt(name, action):
    try:
        action()
        result = "OK"
    except OSError as error:
        result = errno.errorcode.get(error.errno, str(error.errno))
    print(f"try {name}: {result}", flush=True)


def syscall(number, *args):
    """Raises what the kernel says."""
    got = libc.syscall(number, *args)
    if got == -1:
        raise OSError(ctypes.get_errno(), "")
    return got


def call(name, *args):
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno(), "")


def read(path):
    with open(path, "rb", buffering=0) as file:
        file.read(1)


def write(path, data=b"0"):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, data)


def send_by_pidfd(pid):
    fd = syscall(SYS_PIDFD_OPEN, pid, 0)
    syscall(SYS_PIDFD_SEND_SIGNAL, fd, signal.SIGKILL, None, 0)


def take_descriptor(pid, number):
    syscall(SYS_PIDFD_GETFD, syscall(SYS_PIDFD_OPEN, pid, 0), number, 0)


def transfer(pid, number):
    buf = ctypes.create_string_buffer(8)
    local = Iovec(ctypes.cast(buf, ctypes.c_void_p), 8)
    remote = Iovec(ctypes.c_void_p(0x1000), 8)
    syscall(number, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)


def on_process(role, pid):
    for name in ("SIGTERM", "SIGHUP", "SIGSTOP", "SIGKILL", "SIGWINCH", "SIGCHLD", "SIGSEGV"):
        attempt(f"{role} kill {name}", lambda: os.kill(pid, getattr(signal, name)))
    attempt(f"{role} pidfd_send_signal", lambda: send_by_pidfd(pid))
    attempt(f"{role} ptrace attach", lambda: call("ptrace", PTRACE_ATTACH, pid, None, None))
    attempt(f"{role} ptrace seize", lambda: call("ptrace", PTRACE_SEIZE, pid, None, None))
    attempt(f"{role} vm_readv", lambda: transfer(pid, SYS_PROCESS_VM_READV))
    attempt(f"{role} vm_writev", lambda: transfer(pid, SYS_PROCESS_VM_WRITEV))
    for number in range(8):
        attempt(f"{role} pidfd_getfd {number}", lambda: take_descriptor(pid, number))
    attempt(f"{role} kcmp", lambda: syscall(SYS_KCMP, os.getpid(), pid, 0, 0, 0))
    attempt(f"{role} prlimit", lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)))
    attempt(f"{role} setpriority", lambda: os.setpriority(os.PRIO_PROCESS, pid, 19))
    attempt(f"{role} sched", lambda: os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0)))
    attempt(f"{role} affinity", lambda: os.sched_setaffinity(pid, {0}))
    attempt(f"{role} setpgid", lambda: os.setpgid(pid, 0))
    for name in ("mem", "maps", "smaps", "environ", "auxv", "stack", "syscall", "io", "pagemap", "fd/0", "fd/3", "map_files",
                 "cwd/.", "root/.", "personality", "timers"):
        attempt(f"{role} read {name}", lambda: os.listdir(f"/proc/{pid}/{name}") if name == "map_files" else read(f"/proc/{pid}/{name}"))
    attempt(f"{role} list fd", lambda: os.listdir(f"/proc/{pid}/fd"))
    attempt(f"{role} list fdinfo", lambda: os.listdir(f"/proc/{pid}/fdinfo"))
    attempt(f"{role} readlink exe", lambda: os.readlink(f"/proc/{pid}/exe"))
    for name in ("mem", "comm", "oom_score_adj", "clear_refs", "loginuid", "coredump_filter", "autogroup", "timerslack_ns", "sched"):
        attempt(f"{role} write {name}", lambda: write(f"/proc/{pid}/{name}"))


def on_terminal(outer):
    for name, flags in (("rdwr", os.O_RDWR), ("rdonly", os.O_RDONLY), ("wronly", os.O_WRONLY), ("nonblock", os.O_RDWR | os.O_NONBLOCK)):
        attempt(f"outer open {name}", lambda: os.open(outer, flags | os.O_NOCTTY))
    attempt("outer as controlling terminal", lambda: steal(outer))


def steal(path):
    """In a child with no terminal of its own."""
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            os.setsid()
            fcntl.ioctl(os.open(path, os.O_RDWR), TIOCSCTTY, 1)
        except OSError as error:
            code = error.errno
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise OSError(code, "")


def link_in(logs, recording):
    os.link(recording, os.path.expanduser("~/linked"))


def on_files(logs, recording):
    attempt("logs list", lambda: os.listdir(logs))
    attempt("logs create", lambda: os.open(f"{logs}/x.cast", os.O_WRONLY | os.O_CREAT))
    attempt("logs symlink", lambda: os.symlink("/etc/passwd", f"{logs}/x.cast"))
    attempt("logs mkdir", lambda: os.mkdir(f"{logs}/x"))
    attempt("logs rename", lambda: os.rename(logs, logs + ".old"))
    attempt("logs chmod", lambda: os.chmod(logs, 0o777))
    attempt("recording read", lambda: read(recording))
    attempt("recording write", lambda: write(recording))
    attempt("recording truncate", lambda: os.truncate(recording, 0))
    attempt("recording unlink", lambda: os.unlink(recording))
    attempt("recording chmod", lambda: os.chmod(recording, 0o666))
    attempt("recording hard link", lambda: link_in(logs, recording))
    attempt("recording lock", lambda: fcntl.flock(os.open(recording, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB))
    attempt("ledger read", lambda: read(f"{logs}/traffic.jsonl"))
    attempt("ledger write", lambda: write(f"{logs}/traffic.jsonl"))
    attempt("run create", lambda: os.open("/run/ttywrap/x", os.O_WRONLY | os.O_CREAT))
    attempt("conf write", lambda: write("/etc/ttywrap/ttywrap.conf"))
    attempt("program write", lambda: write("/usr/bin/ttywrap"))
    attempt("pump write", lambda: write("/usr/libexec/ttywrap/ttywrap-pump"))


def main():
    if sys.argv[1] == "--guard":
        on_process("guard", int(sys.argv[2]))
        return
    monitor, pump, outer, recording = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    on_process("monitor", monitor)
    on_process("pump", pump)
    attempt("group kill", lambda: os.killpg(os.getpgid(monitor), signal.SIGKILL))
    on_terminal(outer)
    on_files(os.path.dirname(recording), recording)
    attempt("inner TIOCLINUX", lambda: fcntl.ioctl(0, TIOCLINUX, b"\x06"))
    attempt("audit socket", audit_forge)
    print("attack is over", flush=True)


def audit_forge():
    """A record of the attacker's own in the audit trail."""
    import socket
    import struct
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
    text = b"op=ttywrap-close forged\0"
    sock.send(struct.pack("<IHHII", 16 + len(text), 1121, 5, 1, 0) + text)
    answer = struct.unpack_from("<i", sock.recv(8192), 16)[0]
    if answer:
        raise OSError(-answer, "")


if __name__ == "__main__":
    main()
