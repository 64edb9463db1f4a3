# SPDX-License-Identifier: GPL-2.0-or-later
"""Measured once, beside the everyday tools: long recordings, what a login costs in records, and the look-up in conntrack."""

import glob
import os
import shutil
import socket
import statistics
import subprocess
import time



def seconds(words, times=3):
    """Median wall-clock time of a command; its output goes nowhere. 1 is 'nothing found', as of grep."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(words)} exited {done.returncode}")
        took.append(time.monotonic() - began)
    return statistics.median(took)


def long_files(m, subject, size):
    """A recording of one flood: what our commands do with it, and what b2sum, grep and jq do."""
    m.run(subject, ["drain"], m.work("ansi", size["long"]))
    path = max(glob.glob(f"{m.logs}/**/*.cast", recursive=True), key=os.path.getsize)
    me = subject.words("", "")[0]
    rate = os.path.getsize(path) / 1e6
    found = {"recording MB": rate, "verify MB/s": rate / seconds([me, "--verify", path]),
             "search MB/s": rate / seconds([me, "--search", "--in", "screen", "BENCH-DONE", path]),
             "list ms": seconds([me, "--list", path]) * 1e3,
             "list --fast ms": seconds([me, "--list", "--fast", path]) * 1e3,
             "b2sum MB/s": rate / seconds(["b2sum", "-l", "256", path]),
             "grep MB/s": rate / seconds(["grep", "-c", "BENCH-DONE", path])}
    if shutil.which("jq"):
        found["jq MB/s"] = rate / seconds(["jq", "-c", "select(.[1]?==\"o\") | length", path], 1)
    return found


def login_records(m, subject, size):
    """Records and bytes of one session that does nothing."""
    if m.trail is None:
        return {}
    time.sleep(0.5)
    before = len(m.trail.records)
    m.run(subject, ["start", 1], "true")
    time.sleep(0.5)
    new = m.trail.records[before:]
    opened = next((r for r in new if r.fields.get("op") == "ttywrap-open"), None)
    if opened is None:
        return {}
    mine = [r for r in new if r.fields.get("ses") == opened.fields.get("ses")]  # others may log in meanwhile
    return {"records per login": len(mine), "record bytes per login": sum(len(r.line()) for r in mine)}


def fill_conntrack(have, wanted):
    """More entries: datagrams on loopback, each to another port or address; the world's rules have them tracked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for i in range(have, wanted):
            try:
                sender.sendto(b"x", (f"127.1.{i // 60000}.1", 2000 + i % 60000))
            except ConnectionRefusedError:
                pass  # of one before


def conntrack_count():
    with open("/proc/sys/net/netfilter/nf_conntrack_count", encoding="ascii") as text:
        return int(text.read())


def lookups(m, subject, size):
    """One exact look-up, and awk over /proc/net/nf_conntrack, as the table grows."""
    found = {}
    if shutil.which("conntrack") is None or m.trail is None:
        return found
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        here, there = client.getsockname(), client.getpeername()
        hint = f"{here[0]} {here[1]} {there[0]} {there[1]}"
        for wanted in size["entries"]:
            fill_conntrack(0, wanted)
            if conntrack_count() < wanted:
                return found | {"entries made": conntrack_count()}
            done = subprocess.run([f"{m.tools}/conntrack_cost", hint, "1000"], capture_output=True, text=True, check=True)
            found[f"lookup us at {wanted}"] = float(done.stdout.split()[0])
            if os.path.exists("/proc/net/nf_conntrack"):
                found[f"awk ms at {wanted}"] = 1e3 * seconds(["awk", f"/sport={here[1]} /", "/proc/net/nf_conntrack"])
    return found
