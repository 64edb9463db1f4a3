# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured. Every function runs one subject once and returns {metric: value}; run() interleaves them in rounds."""

import sys
import time

import extras
import meter as meter_module

GB = 1e9
KINDS = ("text", "ansi", "noise")


def flood(kind):
    def measure(m, subject, size):
        got = m.run(subject, ["drain"], m.work(kind, size["flood"]))
        seconds = got["seconds"]  # to the last byte when the end did not come
        return {f"{kind} MB/s": got["bytes"] / 1e6 / seconds, f"{kind} CPU s/GB": got["cpu_s"] * GB / got["bytes"],
                f"{kind} log ratio": got["log"] / got["bytes"], "floods without their end": float(not got["done"])}
    return measure


def echo(m, subject, size):
    typed = m.run(subject, ["key", size["keys"], 1000], m.work("key"))
    burst = m.run(subject, ["burst", size["keys"] // 3, 64], m.work("key"))
    return {"key p50 us": typed["p50_us"], "key p99 us": typed["p99_us"],
            "burst p50 us": burst["p50_us"], "burst p99 us": burst["p99_us"],
            "CPU us/key": typed["cpu_s"] * 1e6 / (size["keys"] + 20)}


def start(m, subject, size):
    n = size["starts"]
    got = m.run(subject, ["start", n], "true")
    found = {"start ms": got["p50_ms"], "start CPU ms": got["cpu_s"] * 1e3 / n}
    if subject.pipes:
        got = m.run(subject, ["start", n], "true", pipes=True)
        found |= {"start -c ms": got["p50_ms"], "start -c CPU ms": got["cpu_s"] * 1e3 / n}
    return found


def paste(m, subject, size):
    found = {}
    for mode in ("sink", "back", "cat"):
        got = m.run(subject, ["paste", size["paste"]], m.work(mode, size["paste"]))
        whole = got["done"] and got["inner_bytes"] == size["paste"] and not got["wrong"]
        found[f"paste {mode} MB/s"] = size["paste"] / 1e6 / got["seconds"] if whole else None
    deaf = m.run(subject, ["deaf", 4 << 20], m.work("deaf", 1000))
    found["deaf silence ms"] = deaf["silence_ms"] if deaf["done"] else None
    return found


def tails(m, subject, size):
    got = m.run(subject, ["tail", size["tails"]], f"exec {m.tools}/bench-work tail WORD")
    return {"lost tails %": 100.0 * (got["runs"] - got["whole"]) / got["runs"]}


def pss(m, subject, size):
    """Per idle session: the recorder's processes, their shared pages divided among the sessions that share them."""
    def look():
        time.sleep(1.0)  # whatever is due soon after the start has been done
        return sum(meter_module.memory(p, "Pss") for p in m.recorders())
    ready, _, total = m.crowd(subject, size["sessions"], 0, 0, m.work("key"), look)
    return {"PSS kB": total / ready["ready"] if ready["ready"] == size["sessions"] else None}


def crowd(m, subject, size):
    ready, end, _ = m.crowd(subject, size["crowd"], 5, size["crowd_s"], m.work("crowd", 10000))
    if ready["ready"] < size["crowd"] or end["n"] == 0:
        return {"crowd ready": ready["ready"]}
    lost = end["inner_bytes"] + end["keys"] + len("<BENCH-DONE>") * size["crowd"] - end["bytes"]
    return {"crowd ready": ready["ready"], "crowd up s": ready["seconds"], "crowd lost bytes": lost, "crowd late keys": end["late"],
            "crowd p50 us": end["p50_us"], "crowd p99 us": end["p99_us"],
            "crowd CPU %": 100 * end["cpu_s"] / size["crowd_s"]}


def growth(m, subject, size):
    """Resident kB of the recorder's processes after a tenth and at the end of a long flood."""
    def look():
        seen = []
        for wait in (size["growth_s"] * 0.1, size["growth_s"] * 0.9):
            time.sleep(wait)
            seen.append(sum(meter_module.memory(p, "VmRSS", "status") for p in m.recorders()))
        return seen
    rate = 40 << 20
    _, end, seen = m.crowd(subject, 1, 0, 0, m.work("crowd", rate), look)
    return {"growth MB": end["bytes"] / 1e6, "RSS early kB": seen[0], "RSS late kB": seen[1], "RSS growth kB": seen[1] - seen[0]}


# name, function, rounds wanted (a part of the whole number), for whom
PLAN = (
    *[(kind, flood(kind), 1.0, None) for kind in KINDS],
    ("echo", echo, 1.0, None),
    ("start", start, 1.0, None),
    ("paste", paste, 0.4, None),
    ("tails", tails, 0.2, None),
    ("pss", pss, 0.2, None),
    ("crowd", crowd, 0.2, ("relay-log", "ttywrap", "ttywrap-plain", "tlog")),
    ("growth", growth, 0.2, ("ttywrap", "ttywrap-plain", "tlog")),
    ("long", extras.long_files, 0.2, ("ttywrap-plain",)),
    ("login", extras.login_records, 0.2, ("ttywrap",)),
    ("lookup", extras.lookups, 0.2, ("ttywrap",)),
)


def run(m, subjects, size, rounds, wanted=None):
    """[{round, subject, metric: value…}], one entry per run. A failure of a peer is an entry with what it said."""
    entries = []
    for number in range(rounds):
        for name, measure, part, whom in PLAN:
            if (wanted and name not in wanted) or number >= max(1, round(rounds * part)):
                continue
            turn = [s for s in subjects if whom is None or s.name in whom]
            turn = turn[number % len(turn):] + turn[:number % len(turn)] if turn else []
            for subject in turn:
                entry = {"round": number, "what": name, "subject": subject.name}
                try:
                    entry |= measure(m, subject, size)
                except Exception as error:  # a peer may hang or die; the others are measured all the same
                    entry["error"] = f"{type(error).__name__}: {error}"
                    print(f"{subject.name} {name}: {entry['error']}", file=sys.stderr)
                entries.append(entry)
                print(f"round {number + 1}/{rounds} {name:7} {subject.name:14} " +
                      "  ".join(f"{k} {v:.4g}" for k, v in entry.items() if isinstance(v, float)), file=sys.stderr, flush=True)
    return entries
