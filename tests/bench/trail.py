# SPDX-License-Identifier: GPL-2.0-or-later
"""The audit trail: what a login costs in records, and how many records of input a second get through to auditd's file."""

import contextlib
import os
import pwd
import re
import time

import audit

CONF = "/etc/ttywrap/ttywrap.conf"
FOLDER = "/tmp/bench-auditd"


def around(m, run):
    """(what run() returns, the records that the kernel made meanwhile)."""
    with m.listening():
        before = m.trail.mark()
        result = run()
        m.trail.read()
        return result, m.trail.records[before:]


def of_crowd(records, subject, sessions, keys):
    """What the trail has of many sessions at once: every one of them, and every key with the one that ends it."""
    if records is None:
        return {}
    auid = str(pwd.getpwnam(subject.user).pw_uid)
    mine = [r for r in records if r.fields.get("auid") == auid]
    found = {op: sum(r.fields.get("op") == f"ttywrap-{op}" for r in mine) for op in ("open", "close")}
    return {"crowd records": len(mine), "crowd sessions not on record": 2 * sessions - found["open"] - found["close"],
            "crowd keys not on record": keys + sessions - sum(len(r.data()) for r in mine if r.type == "USER_TTY")}


def login(m, subject, size):
    """Records and bytes of one session that does nothing."""
    if m.trail is None:
        return {}
    _, new = around(m, lambda: m.run(subject, ["start", 1], "true"))
    opened = next((r for r in new if r.fields.get("op") == "ttywrap-open"), None)
    if opened is None:
        return {}
    mine = [r for r in new if r.fields.get("ses") == opened.fields.get("ses")]  # others may log in meanwhile
    own = [r for r in mine if r.fields.get("op", "").startswith("ttywrap") or r.type == "USER_CMD"]
    return {"records per login": len(mine), "record bytes per login": sum(len(r.line()) for r in mine),
            "own records per login": len(own)}


@contextlib.contextmanager
def no_limit():
    """ttywrap.conf without the limit of input records a second."""
    os.makedirs(os.path.dirname(CONF), exist_ok=True)
    with open(CONF, "w", encoding="ascii") as out:
        out.write("[default]\naudit_rate = none\n")
    try:
        yield
    finally:
        os.unlink(CONF)


DATA = re.compile(rb" data=(?:\"([^\"]*)\"|([0-9A-F]*))")


def input_bytes(line):
    quoted, coded = DATA.search(line).groups()
    return len(quoted) if quoted is not None else len(coded) // 2


def written(auditd, user):
    """(records, their bytes, the bytes of input in them) of auditd's file, once it grows no more."""
    size, auid = -1, b" auid=%d " % pwd.getpwnam(user).pw_uid
    while size != os.path.getsize(auditd.log):
        size = os.path.getsize(auditd.log)
        time.sleep(0.3)
    with open(auditd.log, "rb") as text:
        mine = [line for line in text if b"type=USER_TTY" in line and auid in line]  # others log in, too
    return len(mine), sum(map(len, mine)), sum(map(input_bytes, mine))


def through(m, subject, mode, n):
    """What came of a paste of n bytes, and the records that the kernel lost."""
    lost = audit.status()["lost"]
    with audit.Auditd(FOLDER) as auditd:
        got = m.run(subject, ["paste", n], m.work(mode, n))
        if not got["done"] or got["inner_bytes"] != n:
            raise RuntimeError(f"{mode}: the paste did not arrive")
        records, size, on_record = written(auditd, subject.user)
        os.unlink(auditd.log)
    took = got["seconds"]
    return {f"{mode} on record, records/s": records / took, f"{mode} on record, MB/s": on_record / 1e6 / took,
            f"{mode} not on record %": 100 * (n - on_record) / n, f"{mode} trail bytes per byte": size / on_record,
            f"{mode} lost by the kernel": audit.status()["lost"] - lost}


def sustained(m, subject, size):
    """Lines of 64 bytes, one record each, and raw input, 4096 bytes a record, to auditd's file; tlog: to its log."""
    n = size["audited"]
    if subject.name.startswith("tlog"):
        got = m.run(subject, ["paste", n], m.work("lines", n))
        return {"lines on record, records/s": n / 64 / got["seconds"] if got["done"] and got["inner_bytes"] == n else None}
    if m.trail is None or m.share is None or audit.status()["pid"]:
        return {}  # the kernel has room for one auditd
    with m.share.sole_auditd(), no_limit():
        return through(m, subject, "lines", n) | through(m, subject, "sink", 4 * n)
