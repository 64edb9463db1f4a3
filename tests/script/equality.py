#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is the input audited as the kernel would have audited it, and no secret ever?

Each case of cases/ is played through the input pipeline. As root, and with an
audit subsystem, the program under it has the kernel's own TTY auditing on, so
that both look at the very same reads, and the two are compared. Prints TAP, or
writes the table (--table FILE).
"""

import argparse
import fcntl
import glob
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import kernel_audit  # noqa: E402
import play  # noqa: E402


def interleaves(whole, parts):
    """Whether whole is an interleaving of parts, each in its own order."""
    if len(whole) != sum(map(len, parts)):
        return False
    states = {tuple([0] * len(parts))}
    for byte in whole:
        states = {state[:i] + (at + 1,) + state[i + 1:]
                  for state in states for i, at in enumerate(state)
                  if at < len(parts[i]) and parts[i][at] == byte}
        if not states:
            return False
    return True


def pieces(secret):
    """The secret and all its pieces of four bytes and more follow from those of four."""
    if len(secret) < 4:
        return [secret]
    return [secret[i:i + 4] for i in range(len(secret) - 3)]


class Result:
    def __init__(self, case, pace):
        self.case, self.pace = case, pace
        self.ours, self.left_out, self.doubt, self.flushed = b"", 0, 0, 0
        self.kernel = None   # {pid: data}
        self.leaks, self.error = [], None

    def take(self, events):
        for event in events:
            if event["kind"] == "data":
                self.ours += bytes.fromhex(event["data"])
            elif event["kind"] == "flushed":
                self.flushed += event["len"]
            elif event["reason"] == "in doubt":
                self.doubt += event["len"]
            else:
                self.left_out += event["len"]
        self.leaks = [s for s in self.case.secrets if any(p in self.ours for p in pieces(s))]

    def kernel_bytes(self):
        return sum(map(len, self.kernel.values()))

    def is_equal(self):
        return interleaves(self.ours, list(self.kernel.values()))

    def difference(self):
        if self.kernel is None:
            return "not compared"
        if self.is_equal():
            return "none"
        missing = self.kernel_bytes() - len(self.ours)
        if missing > 0 and missing <= self.doubt:
            return f"{missing} left out in doubt"
        if missing > 0 and missing <= self.doubt + self.left_out:
            return f"{missing} left out as secret"
        if missing > 0 and missing <= self.doubt + self.left_out + self.flushed:
            return f"{missing} taken for flushed"
        return f"{-missing:+d} bytes"

    def failure(self):
        """What may never be: a secret, a byte too many, a byte lost without a word."""
        if self.error:
            return self.error
        if self.leaks:
            return f"audited: {self.leaks!r}"
        if self.kernel is not None and not self.is_equal():
            missing = self.kernel_bytes() - len(self.ours)
            told = self.doubt + self.left_out + (self.flushed if self.pace == "rush" else 0)
            if missing <= 0 or missing > told:
                return f"ours {self.ours!r}, the kernel's {list(self.kernel.values())!r}"
        return None


def relay_starter(relay, with_kernel, got):
    def start(argv, env, cwd):
        log_read, log_write = os.pipe()
        keys_read, keys_write = os.pipe()
        screen_read, screen_write = os.pipe()
        process = subprocess.Popen([relay, str(log_write)] + argv, stdin=keys_read,
                                   stdout=screen_write, stderr=screen_write, env=env, cwd=cwd,
                                   pass_fds=[log_write],
                                   preexec_fn=kernel_audit.flag_on if with_kernel else None)
        for fd in (log_write, keys_read, screen_write):
            os.close(fd)
        got["log"] = log_read
        try:
            with open(f"/proc/{process.pid}/sessionid", encoding="ascii") as session:
                got["session"] = int(session.read())
        except OSError:
            got["session"] = -1
        return process, keys_write, screen_read
    return start


def run_case(case, pace, relay, records):
    result, got = Result(case, pace), {}
    try:
        ended, _ = play.play(case, relay_starter(relay, records is not None, got), pace)
        if not ended and pace != "rush":
            result.error = "the program did not end"
    except RuntimeError as error:
        result.error = str(error)
    with os.fdopen(got["log"], encoding="utf-8") as log:
        result.take([json.loads(line) for line in log if line.endswith("}\n")])
    if records is not None:
        result.kernel = {}
        try:
            for pid, _, data in records.gather(got["session"]):
                result.kernel[pid] = result.kernel.get(pid, b"") + data
        except OSError:  # ENOBUFS: other records of the machine have crowded ours out
            result.kernel = None
    return result


def write_table(results, path):
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Input: ours beside the kernel's own TTY auditing\n\n"
                  "Made by `tests/script/equality.py --table docs/equality.md` (root; see there): the same reads,\n"
                  "seen by the kernel's TTY auditing and by the input pipeline. *Left out* are bytes of secrets\n"
                  "(canonical without echo, a prompt, a process on the list), *in doubt* those between two modes,\n"
                  "*flushed* those that no program read. Paced: *person* types, *fast* writes a line at once\n"
                  "after the prompt for it, *rush* writes everything without waiting. What is in doubt depends\n"
                  "on how late the relay wakes: the table is of a machine with more work than processors.\n\n"
                  "What line editing makes of the keys is held against a real PTY apart from that:\n"
                  "`ninja -C build discipline-million` plays 1,000,000 random cases (modes, bytes, splits, reads)\n"
                  "and found none different; `make test` plays 4,000. Where equality ends stands in\n"
                  "`ttywrap/pump/discipline.h`.\n\n"
                  "| script | paced | kernel's bytes | ours | difference | left out | in doubt | flushed |\n"
                  "|---|---|---|---|---|---|---|---|\n")
        for r in results:
            kernel = "–" if r.kernel is None else r.kernel_bytes()
            out.write(f"| {r.case.name} | {r.pace} | {kernel} | {len(r.ours)} | {r.difference()} | "
                      f"{r.left_out} | {r.doubt} | {r.flushed} |\n")


def kernel_open(wanted, lock_path):
    """(records, what to do at the end) with auditing on, or None where it cannot be had."""
    if not wanted or os.geteuid() != 0:
        return None, lambda: None
    lock = open(lock_path, "w", encoding="ascii") if lock_path else None
    if lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        was = kernel_audit.is_enabled()
        records = kernel_audit.Records()
        if not was:
            kernel_audit.enable(1)
    except OSError:
        return None, lambda: None

    def undo():
        records.close()
        if not was:
            kernel_audit.enable(0)
        if lock:
            lock.close()
    return records, undo


def main():
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--relay", default=os.path.join(HERE, "../../build/tests/script/audit_relay"))
    ask.add_argument("--no-kernel", action="store_true", help="secrets only")
    ask.add_argument("--lock", help="file to lock while auditing is switched on")
    ask.add_argument("--pace", action="append", choices=["person", "fast", "rush"])
    ask.add_argument("--table", metavar="FILE")
    ask.add_argument("--times", type=int, default=1)
    ask.add_argument("-v", action="store_true")
    ask.add_argument("case", nargs="*")
    args = ask.parse_args()
    args.relay = os.path.abspath(args.relay)
    paths = sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))
    cases = [c for c in map(play.Case, paths) if not args.case or c.name in args.case]
    todo = [(c, p) for c in cases for p in args.pace or ["person", "fast", "rush"]] * args.times
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was switched on is switched off in any case
    records, undo = kernel_open(not args.no_kernel, args.lock)
    results, failed = [], 0
    print(f"1..{len(todo)}", flush=True)
    try:
        for number, (case, pace) in enumerate(todo, 1):
            why = case.missing()
            if why:
                print(f"ok {number} - {case.name} {pace} # SKIP {why}", flush=True)
                continue
            result = run_case(case, pace, args.relay, records)
            results.append(result)
            failure = result.failure()
            failed += failure is not None
            print(f"{'not ' if failure else ''}ok {number} - {case.name} {pace}: {result.difference()}",
                  flush=True)
            if failure or args.v:
                print(f"# {failure}\n# ours {result.ours!r} kernel {result.kernel!r} "
                      f"left out {result.left_out} doubt {result.doubt} flushed {result.flushed}", flush=True)
    finally:
        undo()
    if args.table:
        write_table(results, args.table)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
