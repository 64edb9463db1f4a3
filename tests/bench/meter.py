# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one subject once around one piece of work, and reads the meters: clock, CPU, memory, log."""

import glob
import json
import os
import subprocess
import tempfile

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
               "TERM": "xterm-256color", "SHELL": "/bin/sh", "HOME": "/root", "USER": "root"}


class Cgroup:
    """A cgroup of its own; .procs is None where the machine gives us none, and CPU seconds come from rusage then."""

    def __init__(self):
        self.path = self.procs = None
        for base in ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"):
            path = f"{base}/ttywrap-bench-{os.getpid()}"
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
        with open(self.procs, encoding="ascii") as procs:
            return [int(pid) for pid in procs]

    def remove(self):
        if self.path:
            try:
                os.rmdir(self.path)
            except OSError:
                pass
        self.path = self.procs = None


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


class Meter:
    """Everything a run needs: the tools, a directory for logs and one for the inner programs' reports."""

    def __init__(self, tools, logs, trail=None):
        self.tools, self.logs = tools, logs
        self.trail = trail  # audit.Trail of a world of our own
        self.cgroup = Cgroup()
        self.reports = tempfile.mkdtemp(prefix="bench-", dir="/var/tmp")
        os.chmod(self.reports, 0o1777)
        os.makedirs(logs, exist_ok=True)
        self.environment = dict(ENVIRONMENT, XDG_STATE_HOME=f"{logs}/state")

    def close(self):
        self.cgroup.remove()
        self.empty()
        os.rmdir(self.reports)

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

    def words(self, tool, subject, arguments, command, pipes=False):
        line = [f"{self.tools}/bench-{tool}"]
        if self.cgroup.procs:
            line += ["-g", self.cgroup.procs]
        if subject.user:
            line += ["-u", subject.user]
        if subject.argv0:
            line += ["-0", subject.argv0]
        if pipes:
            line.append("-p")
        return line + [str(a) for a in arguments] + ["--"] + subject.words(command, f"{self.logs}/log-{subject.name}")

    def run(self, subject, mode, command, pipes=False, timeout=120):
        """One run of bench-term; returns its JSON with cpu_s (the recorder's own), log and the report added."""
        self.empty()
        before = self.cgroup.used() if self.cgroup.procs else 0.0
        done = subprocess.run(self.words("term", subject, mode, command, pipes), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=self.environment, cwd="/", timeout=timeout)
        if done.returncode:
            raise RuntimeError(f"{subject.name}: {' '.join(map(str, mode))}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        inner, result["inner_bytes"], result["wrong"] = self.report()
        used = self.cgroup.used() - before if self.cgroup.procs else result["children_cpu_s"]
        result["cpu_s"] = max(0.0, used - inner)
        result["log"] = self.log_bytes()
        return result

    def crowd(self, subject, sessions, keys, seconds, command, at_ready=None):
        """Runs bench-crowd; at_ready() is called when all sessions are up. Returns (ready, end, at_ready's result)."""
        self.empty()
        before = self.cgroup.used() if self.cgroup.procs else None
        line = self.words("crowd", subject, (sessions, keys, seconds), command)
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment, cwd="/") as crowd:
            ready = json.loads(crowd.stdout.readline())
            seen = at_ready() if at_ready else None
            if seconds == 0:
                crowd.stdin.close()
            end = json.loads(crowd.stdout.readline())
        inner, end["inner_bytes"], _ = self.report()
        if before is not None:
            end["cpu_s"] = max(0.0, self.cgroup.used() - before - inner)
        end["log"] = self.log_bytes()
        return ready, end, seen

    def recorders(self):
        """Pids of the recorder's own processes: all of the cgroup but the inner programs and the shells around them."""
        return [p for p in self.cgroup.members() if comm(p) not in ("bench-work", "sh", "dash", "")]
