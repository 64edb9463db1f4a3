# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's audit trail, read over netlink.

The records come from the read-log multicast group (AUDIT_NLGRP_READLOG, linux/audit.h), so an auditd that is
registered keeps working beside the tests. The kernel multicasts into the initial network namespace only
(kauditd_send_multicast_skb): open() therefore runs before the world unshares its network.
"""

import re
import socket
import struct
import time

NETLINK_AUDIT = 9
NLGRP_READLOG = 1
AUDIT_GET, AUDIT_SET = 1000, 1001
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK = 1, 4
STATUS_ENABLED, STATUS_BACKLOG_LIMIT = 0x1, 0x10
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
SO_RCVBUFFORCE = 33

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
HEAD = re.compile(r"audit\((\d+)\.(\d+):(\d+)\): ?(.*)", re.S)
FIELD = re.compile(r"""([A-Za-z0-9_-]+)=('(?:[^']*)'|"[^"]*"|\S*)""")


class Record:
    """One record: .type is auditd's name for it, .serial the event, .fields its key=value pairs."""

    def __init__(self, number, text):
        self.number = number
        self.type = TYPES.get(number, f"UNKNOWN[{number}]")
        self.text = text
        head = HEAD.match(text)
        self.time = float(f"{head[1]}.{head[2]}") if head else 0.0
        self.serial = int(head[3]) if head else 0
        self.fields = {}
        for key, value in FIELD.findall(head[4] if head else text):
            if key == "msg" and value.startswith("'"):
                self.fields["msg"] = value[1:-1]
                for inner, inner_value in FIELD.findall(value[1:-1]):
                    self.fields.setdefault(inner, inner_value)
            else:
                self.fields.setdefault(key, value)

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
                if error:
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
        self.records = []

    def read(self, seconds=0.0):
        """Takes in what is there, waiting up to seconds for the first of it."""
        self.sock.settimeout(seconds or 0.000001)
        while True:
            try:
                data = self.sock.recv(1 << 16)
            except (BlockingIOError, socket.timeout):
                return
            self.sock.settimeout(0.000001)
            _, number, _, _, _ = struct.unpack_from("<IHHII", data)
            self.records.append(Record(number, data[16:].rstrip(b"\0\n").decode("utf-8", "surrogateescape")))

    def mark(self):
        """A position: records from here on are later than this call."""
        self.read()
        return len(self.records)

    def wait(self, wanted, since=0, seconds=20.0):
        """The first record from since on for which wanted(record) holds. AssertionError with the trail if none comes."""
        end = time.monotonic() + seconds
        at = since
        while True:
            for at in range(at, len(self.records)):
                if wanted(self.records[at]):
                    return self.records[at]
            at = len(self.records)
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("no such record in the audit trail:\n" +
                                     "".join(r.line() for r in self.records[since:]))
            self.read(left)

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
