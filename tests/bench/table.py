# SPDX-License-Identifier: GPL-2.0-or-later
"""From the runs to figures: minimum, median, maximum, ratios within a round, and the table in Markdown."""

import statistics

YARDSTICK = "relay-log"
# heading, metrics (shown with slashes between), format, ratio wanted: higher or lower is better, or none
ROWS = (
    ("text, MB/s", ("text MB/s",), "{:.0f}"),
    ("ANSI and UTF-8, MB/s", ("ansi MB/s",), "{:.0f}"),
    ("noise, raw mode, MB/s", ("noise MB/s",), "{:.0f}"),
    ("CPU s per GB (text / ANSI / noise)", ("text CPU s/GB", "ansi CPU s/GB", "noise CPU s/GB"), "{:.1f}"),
    ("log bytes per byte (text / ANSI / noise)", ("text log ratio", "ansi log ratio", "noise log ratio"), "{:.2f}"),
    ("echo of a key, µs (p50 / p99)", ("key p50 us", "key p99 us"), "{:.0f}"),
    ("echo of 64 keys at once, µs (p50 / p99)", ("burst p50 us", "burst p99 us"), "{:.0f}"),
    ("CPU µs per key", ("CPU us/key",), "{:.0f}"),
    ("start and end around `sh -c true`, ms (CPU ms)", ("start ms", "start CPU ms"), "{:.1f}"),
    ("the same without a terminal, ms (CPU ms)", ("start -c ms", "start -c CPU ms"), "{:.1f}"),
    ("paste into a raw-mode reader, MB/s", ("paste sink MB/s",), "{:.0f}"),
    ("paste into a raw-mode program that prints it, MB/s", ("paste back MB/s",), "{:.0f}"),
    ("paste into an echoing `cat`, MB/s", ("paste cat MB/s",), "{:.1f}"),
    ("longest silence while a paste is not read, ms", ("deaf silence ms",), "{:.0f}"),
    ("short outputs that lose their tail, %", ("lost tails %",), "{:.1f}"),
    ("floods whose end is lost, of all", ("floods without their end",), "{:.2f}"),
    ("PSS per session at {sessions} sessions, kB", ("PSS kB",), "{:,.0f}"),
    ("{crowd} sessions: echo p50 / p99, ms", ("crowd p50 us", "crowd p99 us"), "{:.1f}"),
    ("{crowd} sessions: CPU, % of one core", ("crowd CPU %",), "{:.0f}"),
    ("{crowd} sessions: bytes lost", ("crowd lost bytes",), "{:.0f}"),
    ("growth of the resident memory in a long flood, kB", ("RSS growth kB",), "{:.0f}"),
)
MS = {"crowd p50 us", "crowd p99 us"}
MEAN = {"lost tails %", "floods without their end"}  # the others: the median
RATIOS = ("text MB/s", "ansi MB/s", "noise MB/s", "text CPU s/GB", "ansi CPU s/GB", "noise CPU s/GB", "key p50 us", "key p99 us",
          "burst p50 us", "burst p99 us", "start ms", "paste sink MB/s", "PSS kB")


def gather(entries):
    """{metric: {subject: {round: value}}}; a value of None is a run that failed (a deadlock, a lost end)."""
    found = {}
    for entry in entries:
        for key, value in entry.items():
            if key not in ("round", "what", "subject", "error"):
                found.setdefault(key, {}).setdefault(entry["subject"], {})[entry["round"], entry["what"]] = value
    return found


def spread(values):
    """Minimum, median, maximum of what worked, and how many runs failed."""
    good = [v for v in values if v is not None]
    if not good:
        return {"failed": len(list(values))}
    return {"min": min(good), "median": statistics.median(good), "mean": statistics.mean(good), "max": max(good), "runs": len(good),
            "failed": len(list(values)) - len(good)}


def ratio(by_subject, subject):
    """Against the yardstick of the same round, so that a machine that slows down between rounds does not count."""
    base = by_subject.get(YARDSTICK, {})
    pairs = [by_subject[subject][r] / base[r] for r in by_subject[subject]
             if base.get(r) and by_subject[subject][r] is not None]
    return spread(pairs) if pairs else None


def summary(entries):
    found = gather(entries)
    return {metric: {subject: {**spread(list(values.values())), "ratio": ratio(by_subject, subject)}
                     for subject, values in by_subject.items()} for metric, by_subject in found.items()}


def cell(figures, metrics, subject, form):
    texts = []
    for metric in metrics:
        one = figures.get(metric, {}).get(subject)
        if one is None:
            texts.append("")
        elif "median" not in one:
            texts.append("stuck" if metric.startswith("paste") else "–")
        else:
            texts.append(form.format(one["mean" if metric in MEAN else "median"] / (1000 if metric in MS else 1)))
    return " / ".join(texts) if any(texts) else ""


def main_table(figures, subjects, size, only=None):
    lines = ["| | " + " | ".join(subjects) + " |", "|---" * (len(subjects) + 1) + "|"]
    for heading, metrics, form in ROWS:
        if only and metrics[0] not in only:
            continue
        cells = [cell(figures, metrics, s, form) for s in subjects]
        if any(cells):
            lines.append(f"| {heading.format(**size)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratio_table(figures, subjects):
    """Ratios to the yardstick: median (minimum to maximum) over the rounds."""
    lines = [f"| ratio to {YARDSTICK} | " + " | ".join(subjects) + " |", "|---" * (len(subjects) + 1) + "|"]
    for metric in RATIOS:
        cells = []
        for subject in subjects:
            one = (figures.get(metric, {}).get(subject) or {}).get("ratio")
            cells.append(f"{one['median']:.2f} ({one['min']:.2f}–{one['max']:.2f})" if one and "median" in one else "")
        if any(cells):
            lines.append(f"| {metric} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


ONCE = ("recording MB", "verify MB/s", "b2sum MB/s", "search MB/s", "grep MB/s", "jq MB/s", "list ms", "list --fast ms",
        "records per login", "record bytes per login")


def once_table(figures):
    """What has one subject only."""
    names = [n for n in figures if n in ONCE or n.startswith(("lookup us", "awk ms"))]
    lines = ["| measured once | |", "|---|---|"]
    for name in sorted(names, key=lambda n: (ONCE.index(n) if n in ONCE else len(ONCE))):
        one = next(iter(figures[name].values()))
        lines.append(f"| {name} | {one['median']:,.1f} |" if "median" in one else f"| {name} | – |")
    return "\n".join(lines) if names else ""
