#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of cases/ through the input pipeline alone: no installation, and without root if need be.

Is the input audited as the kernel would have audited it, and no secret ever? As root, and with an audit subsystem, the
program has the kernel's own TTY auditing on, so that both look at the very same reads, and the two are compared. Prints
TAP. test_equality.py is the same through the installed ttywrap.
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

import compare  # noqa: E402
import kernel_audit  # noqa: E402
import play  # noqa: E402


class Pipeline(compare.Result):
    """What the pipeline told on its own: there is no recording."""

    def take(self, events):
        words = {"no echo": "noecho", "in doubt": "doubt", "process": "program"}
        for event in events:
            if event["kind"] == "data":
                self.ours += bytes.fromhex(event["data"])
            elif event["kind"] == "secret":
                self.told.add(words.get(event["reason"], event["reason"]))

    def failure(self):
        if self.kernel is not None:
            return super().failure()
        return self.error or (f"audited: {self.leaks()!r}" if self.leaks() else None)


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def relay_starter(case, relay, with_kernel, got):
    def start(argv, env, cwd):
        log_read, log_write = os.pipe()
        keys_read, keys_write = os.pipe()
        screen_read, screen_write = os.pipe()
        process = subprocess.Popen([relay, str(log_write)] + NOBODY * case.user + argv, stdin=keys_read,
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
    result, got = Pipeline(case, pace), {}
    try:
        ended, _ = play.play(case, relay_starter(case, relay, records is not None, got), pace)
        if not ended and pace != "rush":
            result.error = "the program did not end"
    except RuntimeError as error:
        result.error = str(error)
    with os.fdopen(got["log"], encoding="utf-8") as log:
        result.take([json.loads(line) for line in log if line.endswith("}\n")])
    if records is not None:
        found = {}
        try:
            for pid, _, data in records.gather(got["session"]):
                found[pid] = found.get(pid, b"") + data
            result.kernel = list(found.values())
        except OSError:  # ENOBUFS: other records of the machine have crowded ours out
            pass
    return result


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
    ask.add_argument("--pace", action="append", choices=play.PACES)
    ask.add_argument("--times", type=int, default=1)
    ask.add_argument("-v", action="store_true")
    ask.add_argument("case", nargs="*")
    args = ask.parse_args()
    args.relay = os.path.abspath(args.relay)
    paths = sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))
    cases = [c for c in map(play.Case, paths) if not args.case or c.name in args.case]
    todo = [(c, p) for c in cases for p in args.pace or play.PACES] * args.times
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was switched on is switched off in any case
    records, undo = kernel_open(not args.no_kernel, args.lock)
    failed = 0
    print(f"1..{len(todo)}", flush=True)
    try:
        for number, (case, pace) in enumerate(todo, 1):
            why = case.missing() or ("needs other users and an sshd" if case.world else None)
            why = why or ("needs root" if case.user and os.geteuid() != 0 else None)
            if why:
                print(f"ok {number} - {case.name} {pace} # SKIP {why}", flush=True)
                continue
            result = run_case(case, pace, args.relay, records)
            failure = result.failure()
            failed += failure is not None
            what = result.difference()[0] if result.kernel is not None else "no secret"
            print(f"{'not ' if failure else ''}ok {number} - {case.name} {pace}: {what}", flush=True)
            if failure or args.v:
                print(f"# {failure}\n# ours {result.ours!r} kernel {result.kernel!r} told {sorted(result.told)}", flush=True)
    finally:
        undo()
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
