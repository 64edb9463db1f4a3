# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured. Every function runs one subject once and returns {metric: value}; run() interleaves them in rounds."""

import sys
import time

import files
import meter as meter_module
import trail

GB = 1e9
KINDS = ("text", "ansi", "noise")
GOALS = ("bare", "relay-log", "relay-log-again", "ttywrap", "ttywrap-plain", "script")  # what the goals compare gets more rounds and longer runs


def flood(kind):
    def measure(m, subject, size):
        start_s = m.start_cost(subject)
        got = m.run(subject, ["drain"], m.work(kind, size["flood"] if subject.name in GOALS else size["flood_less"]))
        seconds = got["seconds"]  # to the last byte when the end did not come
        return {f"{kind} MB/s": got["bytes"] / 1e6 / seconds, f"{kind} CPU s/GB": max(0.0, got["cpu_s"] - start_s) * GB / got["bytes"],
                f"{kind} log ratio": got["log"] / got["bytes"], "floods without their end": float(not got["done"])}
    return measure


def many(subject, n):
    """Of 400 keys the p99 is that of four, and those the machine chooses."""
    return 4 * n if subject.name in GOALS else n


def echo(m, subject, size):
    keys = many(subject, size["keys"])
    typed = m.run(subject, ["key", keys, 1000], m.work("key"))
    lone = m.run(subject, ["key", keys, 1000], m.work("key"), core=1)
    burst = m.run(subject, ["burst", keys // 3, 64], m.work("key"))
    return {"key p50 us": typed["p50_us"], "key p99 us": typed["p99_us"], "key one core p50 us": lone["p50_us"],
            "key one core p99 us": lone["p99_us"], "burst p50 us": burst["p50_us"], "burst p99 us": burst["p99_us"],
            "CPU us/key": max(0.0, typed["cpu_s"] - m.start_cost(subject)) * 1e6 / (keys + 20)}


def beside(m, subject, size):
    """A key's echo while another session of the same recorder floods."""
    with m.flood_beside(subject):
        typed = m.run(subject, ["key", many(subject, size["keys_beside"]), 1000], m.work("key"))
    return {"key beside flood p50 us": typed["p50_us"], "key beside flood p99 us": typed["p99_us"]}


def start(m, subject, size):
    n = size["starts"]
    got = m.run(subject, ["start", n], "true")
    found = {"start ms": got["p50_ms"], "start CPU ms": got["cpu_s"] * 1e3 / n}
    if subject.pipes:
        got = m.run(subject, ["start", n], "true", pipes=True)
        found |= {"start -c ms": got["p50_ms"], "start -c CPU ms": got["cpu_s"] * 1e3 / n}
    return found


def pasted(m, subject, mode, size):
    n = size["paste"] if subject.name in GOALS or subject.name.startswith("tlog") else size["paste_less"]
    got = m.run(subject, ["paste", n], m.work(mode, n))
    if got["done"] and got["inner_bytes"] == n and not got["wrong"]:
        return {f"paste {mode} MB/s": n / 1e6 / got["seconds"]}
    print(f"{subject.name} paste {mode}: {got}", file=sys.stderr)
    return {f"paste {mode} MB/s": None}


def sink(m, subject, size):
    return pasted(m, subject, "sink", size)


def paste(m, subject, size):
    """Into programs that print it, and into one that does not read: a relay that waits in one direction gets stuck."""
    deaf = m.run(subject, ["deaf", 4 << 20], m.work("deaf", size["deaf_ms"]))
    return pasted(m, subject, "back", size) | pasted(m, subject, "cat", size) | {
        "deaf silence ms": deaf["silence_ms"] if deaf["done"] else None}


def tails(m, subject, size):
    n = size["tails"] if subject.name.startswith("ttywrap") else size["tails_less"] // (4 if subject.name == "asciinema" else 1)
    got = m.run(subject, ["tail", n], f"exec {m.tools}/bench-work tail WORD")
    found = {"tails": got["runs"], "lost tails %": 100.0 * (got["runs"] - got["whole"]) / got["runs"]}
    if subject.name.startswith("ttywrap"):
        whole = sum("<end of" in files.contents(path) for path in files.recordings(m))
        found["lost tails in recordings %"] = 100.0 * (n - whole) / n
    return found


def pss(m, subject, size):
    """Per idle session: the recorder's processes, their shared pages divided among the sessions that share them."""
    def look():
        time.sleep(1.0)  # whatever is due soon after the start has been done
        return sum(meter_module.memory(p, "Pss") for p in m.recorders())
    ready, _, total = m.crowd(subject, size["sessions"], 0, 0, m.work("key"), look)
    return {"PSS kB": total / ready["ready"] if ready["ready"] == size["sessions"] else None}


def crowd(m, subject, size):
    def run():
        return m.crowd(subject, size["crowd"], 5, size["crowd_s"], m.work("crowd", 10000))
    (ready, end, _), records = trail.around(m, run) if subject.user and m.trail else (run(), None)
    if ready["ready"] < size["crowd"] or end["n"] == 0:
        return {"crowd ready": ready["ready"]}
    lost = end["inner_bytes"] + end["keys"] + len("<BENCH-DONE>") * size["crowd"] - end["bytes"]
    return {"crowd ready": ready["ready"], "crowd up s": ready["seconds"], "crowd lost bytes": lost, "crowd late keys": end["late"],
            "crowd without end": size["crowd"] - end["done"], "crowd p50 us": end["p50_us"], "crowd p99 us": end["p99_us"],
            "crowd CPU %": 100 * end["cpu_s"] / size["crowd_s"] if end["cpu_s"] is not None else None} | trail.of_crowd(records, subject, size["crowd"], end["keys"])


def grown(seen):
    """{process: (kB at most in the first half of a watch, in the second)}; what is touched once is touched early."""
    full = [s for s in seen if len(s) == max(map(len, seen))][:-1]  # neither its start nor the work at its end
    halves = full[:len(full) // 2], full[len(full) // 2:]
    return {name: tuple(max(s.get(name, 0) for s in half) for half in halves) for name in full[0]} if halves[0] else {}


def growth(m, subject, size):
    """Resident memory of each of the recorder's processes in a long flood, and in a paste that is printed."""
    got, seen = m.watch(subject, ["drain"], m.work("flood", size["growth_s"]), every_s=min(1.0, max(0.2, size["growth_s"] / 100)), punch=True)
    found = {"growth flood GB": got["bytes"] / GB}
    for name, (early, late) in grown(seen).items():
        found |= {f"RSS {name} first half kB": early, f"RSS {name} second half kB": late}
    found["growth flood kB"] = sum(late - early for early, late in grown(seen).values())
    n = 4 * size["paste"]
    got, seen = m.watch(subject, ["paste", n], m.work("back", n), every_s=0.05)
    found["growth paste kB"] = sum(late - early for early, late in grown(seen).values()) if got["done"] else None
    return found


# name, function, rounds of what the goals compare, rounds of the others, for whom
PLAN = (
    *[(kind, flood(kind), 8, 2, lambda name: name not in ("bare-user", "tlog-input")) for kind in KINDS],
    ("echo", echo, 8, 2, lambda name: name != "bare-user"),
    ("beside", beside, 5, 3, lambda name: name in (*GOALS, "tlog", "sudo")),
    ("start", start, 5, 2, lambda name: True),
    ("sink", sink, 6, 3, lambda name: name != "bare-user"),
    ("paste", paste, 2, 1, lambda name: name != "bare-user"),
    ("tails", tails, 1, 1, lambda name: name != "bare-user"),
    ("pss", pss, 1, 1, lambda name: name != "bare-user"),
    ("crowd", crowd, 1, 1, lambda name: name in ("relay-log", "ttywrap", "tlog")),
    ("growth", growth, 3, 1, lambda name: name in ("ttywrap", "ttywrap-plain", "tlog")),
    ("seek", files.seeking, 1, 1, lambda name: name == "ttywrap-plain"),
    ("login", trail.login, 1, 1, lambda name: name == "ttywrap"),
    ("audit", trail.sustained, 1, 1, lambda name: name in ("ttywrap", "tlog-input")),
)
ONLY = {"relay-log-again": (*KINDS, "echo", "beside"), "relay-log-in": ("sink",), "relay-log-3": ("start",)}  # yardsticks for one thing
GROUPS = {"cpu": KINDS, "throughput": KINDS}  # names for several


def chosen(what, others):
    """The names of the plan that --what asks for; others: those that are not in the plan."""
    wanted = {part for word in what for part in GROUPS.get(word, (word,))}
    unknown = wanted - {line[0] for line in PLAN} - set(others)
    if unknown:
        raise ValueError(f"no measurement {', '.join(sorted(unknown))}; there are {' '.join([*names(), *others])}")
    return wanted


def names():
    return [*GROUPS, *(line[0] for line in PLAN)]


def once(m, measure, entry, subject, size):
    try:
        entry |= measure(m, subject, size)
    except Exception as error:  # a peer may hang or die; the others are measured all the same
        entry["error"] = f"{type(error).__name__}: {error}"
        print(f"{subject.name} {entry['what']}: {entry['error']}", file=sys.stderr)
    shown = (f"{k} {v:.4g}" for k, v in entry.items() if isinstance(v, (float, int)) and k != "round")
    print(f"round {entry['round'] + 1} {entry['what']:7} {subject.name:14} " + "  ".join(shown), file=sys.stderr, flush=True)


def turns(subjects, rounds, wanted):
    """What is run, in order: (the entry's beginning, the function, the subject)."""
    for number in range(rounds or max(line[2] for line in PLAN)):
        for name, measure, most, few, fits in PLAN:
            if wanted and name not in wanted:
                continue
            turn = [s for s in subjects if fits(s.name) and name in ONLY.get(s.name, (name,))]
            turn = turn[number % len(turn):] + turn[:number % len(turn)] if turn else []
            for subject in turn:
                planned = most if subject.name in GOALS or subject.alike else few
                if number < (rounds if rounds and most > 1 else planned):
                    yield {"round": number, "what": name, "subject": subject.name}, measure, subject


def run(m, subjects, size, rounds, wanted):
    """([{round, subject, metric: value…}], cut short?), one entry per run. A failure of a peer is an entry with what it said.

    rounds: instead of the plan's, for what has more than one of them. Cut short by ^C, it returns what it has.
    """
    entries, cut_short = [], False
    try:
        for entry, measure, subject in turns(subjects, rounds, wanted):
            began = time.monotonic()
            once(m, measure, entry, subject, size)
            entries.append(entry | {"took": round(time.monotonic() - began, 2)})
    except KeyboardInterrupt:
        cut_short = True
        print("cut short: the figures are of what was measured until now", file=sys.stderr)
    return entries, cut_short
