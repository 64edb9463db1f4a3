# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one subject once around one piece of work, and reads the meters: clock, CPU, memory, log."""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import tempfile
import time

import audit

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
               "TERM": "xterm-256color", "SHELL": "/bin/sh", "HOME": "/root", "USER": "root"}


class Cgroup:
    """A cgroup of its own; .procs is None where the machine gives us none, and CPU seconds come from rusage then."""

    def __init__(self, name="bench"):
        self.path = self.procs = None
        for base in ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"):
            path = f"{base}/ttywrap-{name}-{os.getpid()}"
            try:
                os.mkdir(path)
            except OSError:
                continue
            self.path = path
            if self.used() is None:
                self.remove()
                continue
            self.procs = f"{path}/cgroup.procs"
            return

    def used(self):
        """CPU seconds of everything that ever ran in it."""
        try:
            with open(f"{self.path}/cpuacct.usage", encoding="ascii") as usage:
                return int(usage.read()) / 1e9
        except OSError:
            pass
        try:
            with open(f"{self.path}/cpu.stat", encoding="ascii") as stat:
                return next(int(line.split()[1]) for line in stat if line.startswith("usage_usec")) / 1e6
        except OSError:
            return None

    def members(self):
        if not self.procs:
            raise RuntimeError("no cgroup of our own, so its processes can't be told apart: needs root")
        with open(self.procs, encoding="ascii") as procs:
            return [int(pid) for pid in procs]

    def remove(self):
        self.end()
        if self.path:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
        self.path = self.procs = None


    def end(self):
        """Ends all its processes, and returns when they are gone."""
        for _ in range(500 if self.procs else 0):
            left = self.members()
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            time.sleep(0.01)


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as text:
            return text.read().strip()
    except OSError:
        return ""


def memory(pid, field, where="smaps_rollup"):
    """A field of smaps_rollup or status in kB; 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/{where}", encoding="ascii", errors="replace") as text:
            return next((int(line.split()[1]) for line in text if line.startswith(field + ":")), 0)
    except OSError:
        return 0


def ran(pid):
    """CPU seconds of a process's threads so far, to the nanosecond (/proc/PID/task/*/schedstat)."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as text:
            total += int(text.read().split()[0])
    return total / 1e9


@contextlib.contextmanager
def first_in_line():
    """Where too much runs, reading what it ran would take longer than what is measured."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before)


class Meter:
    """Everything a run needs: the tools, a directory for logs and one for the inner programs' reports."""

    def __init__(self, tools, logs, world=None):
        self.tools, self.logs = tools, logs
        self.trail, self.share = (world.trail, world.share) if world else (None, None)
        if self.trail:
            self.hear(False)  # reading it in here takes time from what is measured
        self.cgroup, self.beside = Cgroup(), Cgroup("beside")
        self.start_costs = {}
        self.reports = tempfile.mkdtemp(prefix="bench-", dir="/var/tmp")
        os.chmod(self.reports, 0o1777)
        os.makedirs(logs, exist_ok=True)
        self.environment = dict(ENVIRONMENT, XDG_STATE_HOME=f"{logs}/state")

    def close(self):
        self.cgroup.remove()
        self.beside.remove()
        self.empty()
        os.rmdir(self.reports)
        shutil.rmtree(self.logs, ignore_errors=True)

    def hear(self, yes):
        self.trail.sock.setsockopt(audit.SOL_NETLINK, audit.NETLINK_ADD_MEMBERSHIP + (not yes), audit.NLGRP_READLOG)

    @contextlib.contextmanager
    def listening(self):
        """The trail is read for the length of a with statement."""
        self.hear(True)
        try:
            yield
        finally:
            self.hear(False)

    def empty(self):
        """Takes logs and reports away, so that no run pays for the one before."""
        for path in glob.glob(f"{self.reports}/*"):
            os.unlink(path)
        for top in (self.logs, "/var/log/ttywrap"):
            for where, _, names in os.walk(top):
                for name in names:
                    os.unlink(os.path.join(where, name))

    def log_bytes(self):
        """Size of what was recorded, wherever the subject put it; the ledger of traffic is no recording."""
        total = 0
        for top in (self.logs, "/var/log/ttywrap"):
            for where, _, names in os.walk(top):
                total += sum(os.stat(os.path.join(where, n)).st_size for n in names if not n.endswith(".jsonl"))
        return total

    def work(self, *words):
        """A shell command line that becomes the inner program, and the place of its report."""
        report = f"{self.reports}/report-WORD" if "crowd" in words else f"{self.reports}/report"
        return f"exec {self.tools}/bench-work {' '.join(map(str, words))} {report}"

    def report(self):
        """(CPU seconds, bytes, wrong) of the inner programs, added up."""
        total = [0.0, 0, 0]
        for path in glob.glob(f"{self.reports}/report*"):
            with open(path, encoding="ascii") as text:
                one = json.load(text)
            total = [total[0] + one["cpu_s"], total[1] + one["bytes"], total[2] + one["wrong"]]
        return total

    def words(self, tool, subject, arguments, command, pipes=False, cgroup=None):
        line = [f"{self.tools}/bench-{tool}"]
        cgroup = cgroup or self.cgroup
        if cgroup.procs:
            line += ["-g", cgroup.procs]
        if subject.user:
            line += ["-u", subject.user]
        if subject.argv0:
            line += ["-0", subject.argv0]
        if pipes:
            line.append("-p")
        log = f"{self.logs}/log-{subject.name}{'-beside' if cgroup is self.beside else ''}"
        return line + [str(a) for a in arguments] + ["--"] + subject.words(command, log)

    def run(self, subject, mode, command, pipes=False, timeout=120, core=None, keep=False):
        """One run of bench-term; returns its JSON with cpu_s (the recorder's own), log and the report added.

        core: everything on this one, the terminal too. keep: with the logs of the run before.
        """
        if not keep:
            self.empty()
        before = self.cgroup.used() if self.cgroup.procs else 0.0
        pin = ["taskset", "-c", str(core)] if core is not None else []
        done = subprocess.run(pin + self.words("term", subject, mode, command, pipes), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=self.environment, cwd="/", timeout=timeout)
        if done.returncode:
            raise RuntimeError(f"{subject.name}: {' '.join(map(str, mode))}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        self.account(result, before)
        return result

    def account(self, result, before):
        """What the cgroup used since before, less what the program inside used, is the recorder's."""
        result["inner_cpu_s"], result["inner_bytes"], result["wrong"] = self.report()
        used = self.cgroup.used() - before if self.cgroup.procs else result["children_cpu_s"]
        result["cpu_s"] = max(0.0, used - result["inner_cpu_s"])
        result["log"] = self.log_bytes()

    def start_cost(self, subject, times=10):
        """CPU seconds of a session in which nothing is printed: they are no part of what a GB costs."""
        if subject.name not in self.start_costs:
            got = self.run(subject, ["start", times], self.work("text", 0))
            self.start_costs[subject.name] = max(0.0, (got["cpu_s"] + got["inner_cpu_s"]) / times - got["inner_cpu_s"])
        return self.start_costs[subject.name]

    def watch(self, subject, mode, command, every_s=0.1, punch=False):
        """run() and what it looked like: [{process name: resident kB}], to the page (smaps_rollup does not estimate).

        punch: gives back the memory that the log lies in as it grows, for a flood of hours.
        """
        self.empty()
        before = self.cgroup.used() if self.cgroup.procs else 0.0
        seen = []
        with subprocess.Popen(self.words("term", subject, mode, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, env=self.environment, cwd="/") as term:
            while True:
                try:
                    said, _ = term.communicate(timeout=every_s)
                    break
                except subprocess.TimeoutExpired:
                    seen.append(self.resident())
                    if punch:
                        self.punch_logs()
        result = json.loads(said)
        self.account(result, before)
        return result, seen

    def resident(self):
        """{process: kB}; a second one of the same name is 'NAME 2'."""
        found = {}
        for pid in sorted(self.recorders()):
            name, same = comm(pid), 1
            while name in found:
                same += 1
                name = f"{comm(pid)} {same}"
            found[name] = memory(pid, "Rss")
        return found

    def punch_logs(self):
        for top in (self.logs, "/var/log/ttywrap"):
            for where, _, names in os.walk(top):
                for path in (os.path.join(where, n) for n in names):
                    subprocess.run(["fallocate", "-p", "-o", "0", "-l", str(os.path.getsize(path) or 1), path], check=False)

    @contextlib.contextmanager
    def flood_beside(self, subject):
        """Another session with the same recorder, which prints as fast as it can, for the length of a with statement."""
        line = self.words("term", subject, ["drain"], self.work("flood", 120), cgroup=self.beside)
        with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=self.environment, cwd="/") as term:
            time.sleep(0.5)
            try:
                yield
            finally:
                term.kill()
                term.wait()
                self.beside.end()

    def crowd(self, subject, sessions, keys, seconds, command, at_ready=None):
        """Runs bench-crowd; at_ready() is called when all sessions are up. Returns (ready, end, at_ready's result).

        end["cpu_s"] is what the recorders ran from then until the last key: no start, no end.
        """
        self.empty()
        line = self.words("crowd", subject, (sessions, keys, seconds), command)
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment, cwd="/") as crowd:
            ready = json.loads(crowd.stdout.readline())
            pids = self.recorders() if self.cgroup.procs else []
            with first_in_line():
                before = sum(map(ran, pids))
                seen = at_ready() if at_ready else None
                crowd.stdout.readline()
                cpu_s = sum(map(ran, pids)) - before
            crowd.stdin.close()
            end = json.loads(crowd.stdout.readline())
        _, end["inner_bytes"], _ = self.report()
        end["cpu_s"] = cpu_s if pids else None
        end["log"] = self.log_bytes()
        return ready, end, seen

    def recorders(self):
        """Pids of the recorder's own processes: all of the cgroup but the inner programs and the shells around them."""
        return [p for p in self.cgroup.members() if comm(p) not in ("bench-work", "sh", "dash", "")]
