# SPDX-License-Identifier: GPL-2.0-or-later
"""Ours beside the kernel's: what one process after the other read, in which order, and what is missing.

The kernel buffers for each process, so that a shell's record may follow its child's; we buffer for the session, in the
order of reading. Equal is therefore what is an interleaving of what the kernel has of each process.
"""

# What a case may have instead of equality: words of the recording's h events (ttywrap-recording(5)), and one of our own.
REASONS = {"noecho": "without echo", "prompt": "behind a prompt for a secret", "program": "by a program for secrets",
           "doubt": "in doubt"}
LINE_END = "lineend"  # a line end that is the other one, one too many or too few, or an end of file as a byte: it says nothing


def interleaves(whole, parts):
    """Whether whole is an interleaving of parts, each in its own order."""
    return len(whole) == sum(map(len, parts)) and within(whole, parts)


def without_line_ends(data):
    return data.translate(None, b"\r\n\0\x04")


def no_worse(states):
    """Without the states that another one is not behind in any part."""
    return [s for s in states if not any(o != s and all(a <= b for a, b in zip(o, s)) for o in states)]


def within(whole, parts):
    """Whether whole is an interleaving of parts from which bytes may be missing: nothing too much, nothing out of order."""
    states = [tuple([0] * len(parts))]
    for byte in whole:
        after = set()
        for state in states:
            for i, at in enumerate(state):
                found = parts[i].find(byte, at)
                if found >= 0:
                    after.add(state[:i] + (found + 1,) + state[i + 1:])
        states = no_worse(after)
        if not states:
            return False
    return True


def pieces(secret):
    """The secret and all its pieces of four bytes and more follow from those of four."""
    if len(secret) < 4:
        return [secret]
    return [secret[i:i + 4] for i in range(len(secret) - 3)]


class Result:
    """One case, played at one pace. told: the reasons (REASONS) for which something was left out."""

    def __init__(self, case, pace):
        self.case, self.pace = case, pace
        self.ours, self.told = b"", set()
        self.kernel = None  # what each process read, in the order of their first records
        self.alone = None   # the same of another run, without ttywrap
        self.error = None

    def leaks(self):
        """What was written without waiting may be a command to the shell: at rush the kernel's records may have it, too."""
        known = self.kernel if self.pace == "rush" and self.kernel is not None else []
        return [s for s in self.case.secrets if any(p in self.ours and not any(p in k for k in known) for p in pieces(s))]

    def is_equal(self):
        return interleaves(self.ours, self.kernel)

    def reasons(self, missing, line_ends):
        """Of what the case allows, {reason: why} for what this run shows and its recording tells."""
        found = {}
        for reason, why in self.case.differs[self.pace]:
            if line_ends if reason == LINE_END else missing and reason in self.told:
                found.setdefault(reason, why)
        return found

    def difference(self):
        """(what it is, why, whether the case accounts for it)"""
        if self.is_equal():
            return "none", "", True
        ours, kernel = self.ours, self.kernel
        plain = without_line_ends(ours), [without_line_ends(k) for k in kernel]
        may = LINE_END in (reason for reason, _ in self.case.differs[self.pace])
        line_ends = not within(ours, kernel) or (may and interleaves(*plain))
        if line_ends:
            ours, kernel = plain
        missing = sum(map(len, kernel)) - len(ours)
        reasons = self.reasons(missing, line_ends)
        words = [REASONS[reason] for reason in reasons if reason != LINE_END]
        if line_ends and (len(words) == len(reasons) or not within(ours, kernel)):
            return "**other bytes**", "", False
        if missing and not words:
            return f"**{missing} missing**", "", False
        left_out = f"{missing} left out " + ", ".join(words) if missing else ""
        what = " and ".join(filter(None, (left_out, "a line end" if line_ends else "")))
        return what, "; ".join(reasons.values()), True

    def failure(self):
        """What may never be: a secret, a byte too many or out of order, one left out that the case does not account for."""
        if self.error:
            return self.error
        if self.leaks():
            return f"audited: {self.leaks()!r}: ours {short(self.ours)}, the kernel's {[short(k) for k in self.kernel]}"
        what, _, allowed = self.difference()
        if allowed:
            return None
        return f"{what}: ours {short(self.ours)}, the kernel's {[short(k) for k in self.kernel]}, told {sorted(self.told)}"

    def failure_alone(self):
        """What a program reads must not depend on whether it runs inside."""
        if self.error or self.pace == "rush" or self.pace in self.case.alone or sorted(self.alone) == sorted(self.kernel):
            return None
        return f"without ttywrap the kernel has {[short(k) for k in self.alone]}, inside it {[short(k) for k in self.kernel]}"


def short(data, most=400):
    return repr(data if len(data) <= most else data[:most // 2] + b" ... " + data[-most // 2:])
