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
    """Median wall-clock time of a command that must succeed; its output goes nowhere."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
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


def drain(trail):
    """Records that wait on the trail's socket, as (how many, bytes)."""
    count = total = 0
    trail.setblocking(False)
    while True:
        try:
            data = trail.recv(65536)
        except BlockingIOError:
            return count, total
        count += 1
        total += len(data) - 16


def login_records(m, subject, size):
    """Records and bytes of one session that does nothing."""
    if m.trail is None:
        return {}
    drain(m.trail)
    m.run(subject, ["start", 1], "true")
    time.sleep(0.2)
    count, total = drain(m.trail)
    return {"records per login": count, "record bytes per login": total}


def fill_conntrack(wanted):
    """So many entries, by conntrack's own way of loading them."""
    lines = []
    for i in range(wanted):
        a, b = divmod(i, 60000)
        lines.append(f"-I -p tcp -s 10.1.{a % 250}.{a // 250 + 1} -d 10.99.0.1 --sport {b + 1000} --dport 22 "
                     "--state ESTABLISHED -t 600\n")
    subprocess.run(["conntrack", "-R", "-"], input="".join(lines), text=True, capture_output=True, check=True)


def lookups(m, subject, size):
    """One exact look-up, and awk over /proc/net/nf_conntrack, as the table grows."""
    found = {}
    if shutil.which("conntrack") is None or m.trail is None:
        return found
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        here, there = client.getsockname(), client.getpeername()
        hint = f"{here[0]} {here[1]} {there[0]} {there[1]}"
        filled = 0
        for wanted in size["entries"]:
            fill_conntrack(wanted - filled)
            filled = wanted
            done = subprocess.run([f"{m.tools}/conntrack_cost", hint, "1000"], capture_output=True, text=True, check=True)
            found[f"lookup us at {wanted}"] = float(done.stdout.split()[0])
            if os.path.exists("/proc/net/nf_conntrack"):
                found[f"awk ms at {wanted}"] = 1e3 * seconds(["awk", f"/sport={here[1]} /", "/proc/net/nf_conntrack"])
    return found
