# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's audit trail, read over netlink.

The records come from the read-log multicast group (AUDIT_NLGRP_READLOG, linux/audit.h), so an auditd that is
registered keeps working beside the tests. The kernel multicasts into the initial network namespace only
(kauditd_send_multicast_skb): open() therefore runs before the world unshares its network.
"""

import contextlib
import ctypes
import errno
import functools
import os
import re
import socket
import struct
import subprocess
import threading
import time

NETLINK_AUDIT = 9
NLGRP_READLOG = 1
AUDIT_GET, AUDIT_SET, AUDIT_USER = 1000, 1001, 1005
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK = 1, 4
STATUS_ENABLED, STATUS_BACKLOG_LIMIT = 0x1, 0x10
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_RCVBUFFORCE = 26, 27, 33
BPF_LDH_ABS, BPF_JEQ, BPF_RET = 0x28, 0x15, 0x06  # linux/filter.h
SHOWN, SHOWN_WIDTH = 60, 300  # of the trail, by a wait that was in vain

# linux/audit.h and libaudit.h; the names are those of auditd's log files.
TYPES = {
    1005: "USER", 1006: "LOGIN",
    1100: "USER_AUTH", 1101: "USER_ACCT", 1103: "CRED_ACQ", 1104: "CRED_DISP", 1105: "USER_START", 1106: "USER_END",
    1107: "USER_AVC", 1108: "USER_MGMT", 1110: "CRED_REFR", 1111: "USER_ERR", 1112: "USER_LOGIN", 1113: "USER_LOGOUT", 1114: "ADD_USER", 1116: "ADD_GROUP", 1121: "TRUSTED_APP",
    1123: "USER_CMD", 1124: "USER_TTY", 1305: "CONFIG_CHANGE", 1319: "TTY", 1320: "EOE",
    1300: "SYSCALL", 1307: "CWD", 1309: "EXECVE",
    1327: "PROCTITLE", 1325: "NETFILTER_CFG", 1326: "SECCOMP", 1701: "ANOM_ABEND",
}
STATUS_FIELDS = ("mask", "enabled", "failure", "pid", "rate_limit", "backlog_limit", "lost", "backlog",
                 "features", "backlog_wait_time", "backlog_wait_time_actual")
STATUS_FORMAT = "<11I"
AUID = re.compile(r"\bauid=(\d+)")
UNSET = 0xffffffff
WORLDS = 100000  # from here on user ids belong to one world or another (world.py)
HEAD = re.compile(r"audit\((\d+)\.(\d+):(\d+)\): ?(.*)", re.S)
FIELD = re.compile(r"""([A-Za-z0-9_-]+)=('(?:[^']*)'|"[^"]*"|\S*)""")


class Record:
    """One record: .type is auditd's name for it, .serial the event, .fields its key=value pairs."""

    def __init__(self, number, text):
        self.number = number
        self.type = TYPES.get(number, f"UNKNOWN[{number}]")
        self.text = text

    @functools.cached_property
    def serial(self):
        head = HEAD.match(self.text)
        return int(head[3]) if head else 0

    @functools.cached_property
    def fields(self):
        found = {}
        head = HEAD.match(self.text)
        for key, value in FIELD.findall(head[4] if head else self.text):
            if key == "msg" and value.startswith("'"):
                found["msg"] = value[1:-1]
                for inner, inner_value in FIELD.findall(value[1:-1]):
                    found.setdefault(inner, inner_value)
            else:
                found.setdefault(key, value)
        return found

    def get(self, key, default=None):
        """A field as text: quotes taken off, or decoded where the kernel or libaudit wrote it in hex."""
        value = self.fields.get(key)
        if value is None:
            return default
        if value[:1] == '"':
            return value[1:-1]
        if key in ("data", "cmd", "cwd", "acct", "exe", "comm", "name", "file") and re.fullmatch(r"(?:[0-9A-F]{2})+", value):
            return bytes.fromhex(value).decode("utf-8", "surrogateescape")
        return value

    def data(self):
        """The bytes of a TTY or USER_TTY record."""
        value = self.fields.get("data", "")
        return value[1:-1].encode() if value[:1] == '"' else bytes.fromhex(value)

    def line(self):
        """As auditd writes it to a RAW log; ausearch and aureport read it back."""
        return f"type={self.type} msg={self.text}\n"

    def __repr__(self):
        return f"<{self.type} {self.text}>"


def request(kind, payload=b""):
    """One request to the kernel; returns the payloads of what it answers. Raises OSError as the kernel says."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as sock:
        sock.settimeout(5)
        sock.bind((0, 0))
        sock.send(struct.pack("<IHHII", 16 + len(payload), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + payload)
        answers = []
        while True:
            data = sock.recv(65536)
            length, got, _, _, _ = struct.unpack_from("<IHHII", data)
            if got == NLMSG_ERROR:
                error = struct.unpack_from("<i", data, 16)[0]
                if error < 0:  # above 0: how many records had been counted as lost, when that is set to 0
                    raise OSError(-error, f"audit request {kind}")
                if kind != AUDIT_GET or answers:
                    return answers
            else:
                answers.append(data[16:length])
                if kind == AUDIT_GET:
                    return answers


def status():
    """The kernel's audit settings by name."""
    raw = request(AUDIT_GET)[0].ljust(44, b"\0")[:44]
    return dict(zip(STATUS_FIELDS, struct.unpack(STATUS_FORMAT, raw)))


def set_status(mask, **values):
    """Sets what mask names, as auditctl would."""
    fields = [mask if name == "mask" else values.get(name, 0) for name in STATUS_FIELDS]
    request(AUDIT_SET, struct.pack(STATUS_FORMAT, *fields))


def switch_on(before):
    """Auditing on, and room for a burst: a full backlog makes every sender wait."""
    if not before["enabled"]:
        set_status(STATUS_ENABLED, enabled=1)
    if before["enabled"] != 2 and before["backlog_limit"] < 8192:
        set_status(STATUS_BACKLOG_LIMIT, backlog_limit=8192)


def put_back(before):
    """The settings as status() gave them earlier. Settings that are locked (enabled=2) were never changed."""
    now = status()
    if now["enabled"] == 2:
        return
    if now["backlog_limit"] != before["backlog_limit"]:
        set_status(STATUS_BACKLOG_LIMIT, backlog_limit=before["backlog_limit"])
    if now["enabled"] != before["enabled"]:
        set_status(STATUS_ENABLED, enabled=before["enabled"])


def open_trail():
    """A socket in the read-log group. To be called in the initial network namespace."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_AUDIT)
    sock.bind((0, 0))
    sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NLGRP_READLOG)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    return sock


class Trail:
    """What the kernel has said since the trail was opened. records is only ever appended to."""

    def __init__(self, sock):
        self.sock = sock
        self.mine = None
        self.records = []
        self.overruns = 0
        self.changed = threading.Condition()

    def start(self, mine):
        """Reads all the time: what nobody fetches the kernel throws away. A thread, so not before unshare(2).

        mine is the range of this world's user ids; what the users of other worlds do is left out.
        """
        self.mine = mine
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            try:
                data = self.sock.recv(1 << 16)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.overruns += 1
                continue
            _, number, _, _, _ = struct.unpack_from("<IHHII", data)
            record = Record(number, data[16:].rstrip(b"\0\n").decode("utf-8", "surrogateescape"))
            auid = AUID.search(record.text)
            if auid and WORLDS <= int(auid[1]) < UNSET and int(auid[1]) not in self.mine:
                continue
            with self.changed:
                self.records.append(record)
                self.changed.notify_all()

    @contextlib.contextmanager
    def without(self, kind):
        """Records of this type are thrown away before they reach our socket: a flood of them would push others out."""
        [number] = [n for n, name in TYPES.items() if name == kind]
        # The type in the nlmsghdr. The filter's numbers are in network order.
        program = b"".join(struct.pack("=HBBI", *step) for step in (
            (BPF_LDH_ABS, 0, 0, 4), (BPF_JEQ, 0, 1, socket.htons(number)), (BPF_RET, 0, 0, 0), (BPF_RET, 0, 0, 0xffffffff)))
        steps = ctypes.create_string_buffer(program, len(program))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, ctypes.addressof(steps)))
        try:
            yield
        finally:
            self.sock.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)

    def read(self):
        """Returns once everything the kernel has logged so far is in records: the kernel keeps the order."""
        at, text = len(self.records), f"op=trail-read at={time.monotonic_ns()}"
        request(AUDIT_USER, text.encode() + b"\0")
        self.wait(lambda r: r.number == AUDIT_USER and text in r.text, at)

    def mark(self):
        """A position: records from here on are later than this call."""
        self.read()
        return len(self.records)

    def wait(self, wanted, since=0, seconds=20.0):
        """The first record from since on for which wanted(record) holds. AssertionError with the trail if none comes."""
        end = time.monotonic() + seconds
        at = since
        while True:
            there = len(self.records)  # more may come while these are looked at
            for record in self.records[at:there]:
                if wanted(record):
                    return record
            at = there
            with self.changed:
                if self.changed.wait_for(lambda: len(self.records) > at, max(0, end - time.monotonic())):
                    continue
            lines = [r.line()[:SHOWN_WIDTH].rstrip() + "\n" for r in self.records[since:][-SHOWN:]]
            raise AssertionError(f"no such record in the audit trail ({self.overruns} overruns of it), which ends:\n" + "".join(lines))

    def find(self, kind=None, since=0, **fields):
        """Records from since on of that type whose fields have those values (as get() gives them)."""
        self.read()
        return [r for r in self.records[since:]
                if (kind is None or r.type == kind) and all(r.get(k) == str(v) for k, v in fields.items())]

    def write_log(self, path, since=0):
        """A file that ausearch -if and aureport -if read."""
        self.read()
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines(r.line() for r in self.records[since:])


class Auditd:
    """An auditd with a folder of its own. To be used where no other is registered: the kernel has room for one."""

    CONF = """log_file = {log}
log_format = RAW
write_logs = yes
local_events = yes
flush = NONE
priority_boost = 0
name_format = NONE
max_log_file = 64
max_log_file_action = IGNORE
space_left = 1
space_left_action = IGNORE
admin_space_left = 0
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
plugin_dir = {folder}/plugins.d
"""

    def __init__(self, folder):
        self.folder, self.log = folder, f"{folder}/audit.log"
        os.makedirs(f"{folder}/plugins.d", 0o750, exist_ok=True)
        with open(f"{folder}/auditd.conf", "w", encoding="ascii") as out:
            out.write(self.CONF.format(folder=folder, log=self.log))
        os.chmod(f"{folder}/auditd.conf", 0o640)

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/sbin/auditd", "-n", "-c", self.folder], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while status()["pid"] != self.process.pid:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("auditd did not register")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def read(self):
        with open(self.log, encoding="utf-8", errors="surrogateescape") as text:
            return text.read()
