# SPDX-License-Identifier: GPL-2.0-or-later
"""The accounting part of the host in the world: its installation, its ledger, and ttyacct."""

import json
import subprocess

from host import wait_until

LEDGER, RUNDIR = "/var/log/ttywrap/traffic.jsonl", "/run/ttywrap"
PAM = "/etc/pam.d/sshd"
LINE = "session optional pam_ttyacct.so"


class Accounts:
    """lines() are the ledger's records; pam() sets the module's line in sshd's stack."""

    def __init__(self, host):
        self.host = host
        host.install()
        with open(PAM, encoding="utf-8") as text:
            self.stock = text.read()
        self.pam(LINE)

    def pam(self, line):
        """sshd's PAM stack: the distribution's, and this line at its end."""
        with open(PAM, "w", encoding="utf-8") as out:
            out.write(self.stock + "\n" + line + "\n")

    def lines(self):
        try:
            with open(LEDGER, encoding="utf-8") as text:
                return [json.loads(line) for line in text if line.strip()]
        except FileNotFoundError:
            return []

    def mark(self):
        return len(self.lines())

    def wait(self, event, since, count=1, **wanted):
        """The first `count` records of this event from `since` on, each with these members."""
        def found():
            got = [r for r in self.lines()[since:] if r["event"] == event and all(r.get(k) == v for k, v in wanted.items())]
            return got if len(got) >= count else None
        got = wait_until(found, f"{count} {event} in the ledger")
        return got[0] if count == 1 else got

    def ttyacct(self, *words, check=True, **more):
        done = subprocess.run(["/usr/sbin/ttyacct", *words], capture_output=True, text=True, **more)
        if check and done.returncode:
            raise AssertionError(f"ttyacct {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done
