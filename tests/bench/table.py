# SPDX-License-Identifier: GPL-2.0-or-later
"""From the runs to figures: minimum, median, maximum, ratios within a round."""

import statistics

YARDSTICK = "relay-log"
MEAN = {"lost tails %", "lost tails in recordings %", "floods without their end"}  # the others: the median


def gather(entries):
    """{metric: {subject: {round: value}}}; a value of None is a run that failed (a deadlock, a lost end)."""
    found = {}
    for entry in entries:
        for key, value in entry.items():
            if key not in ("round", "what", "subject", "error", "took"):
                found.setdefault(key, {}).setdefault(entry["subject"], {})[entry["round"], entry["what"]] = value
    return found


def spread(values):
    """Minimum, median, maximum of what worked, and how many runs failed."""
    good = [v for v in values if v is not None]
    if not good:
        return {"failed": len(values)}
    return {"min": min(good), "median": statistics.median(good), "mean": statistics.mean(good), "max": max(good), "runs": len(good),
            "failed": len(values) - len(good)}


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
