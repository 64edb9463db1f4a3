# SPDX-License-Identifier: GPL-2.0-or-later
"""From figures to what people read: the tables of docs/bench.md, README's short one, the goals, and plain text."""

from table import MEAN, YARDSTICK

KINDS = (("text", "text"), ("ANSI", "ansi"), ("noise", "noise"))
YARDSTICKS = ("bare", "bare-user", "relay", "relay-log", "relay-log-again", "relay-log-in", "relay-log-3")
SHORT = ("relay-log", "ttywrap", "script", "sudo", "tlog", "asciinema")

# title, what to know, columns of (heading, metric, format, how: the median; with its spread; the ratio to the yardstick)
PARTS = (
    ("Throughput", "MB/s of a program that prints {flood} MB, in brackets the least and the most of the rounds; and the ratio to "
     "relay-log in the same round.",
     [c for name, kind in KINDS for c in ((f"{name}, MB/s", f"{kind} MB/s", "{:.0f}", "spread"),
                                          ("× relay-log", f"{kind} MB/s", "{:.2f}", "ratio"))]),
    ("CPU", "CPU seconds of the recorder's processes per GB, without their start. And what a byte becomes in the log.",
     [c for name, kind in KINDS for c in ((f"{name}, s/GB", f"{kind} CPU s/GB", "{:.1f}", "spread"),
                                          ("× relay-log", f"{kind} CPU s/GB", "{:.2f}", "ratio"))] +
     [(f"log, {name}", f"{kind} log ratio", "{:.2f}", "median") for name, kind in KINDS]),
    ("Echo of a key", "Microseconds from the key's writing to its echo, on the user's terminal, p50 / p99; 64 keys at once until the last "
     "one's. 'One core': terminal, recorder and program all on one.",
     [("p50", "key p50 us", "{:.0f}", "spread"), ("× relay-log", "key p50 us", "{:.2f}", "ratio"),
      ("p99", "key p99 us", "{:.0f}", "spread"), ("× relay-log", "key p99 us", "{:.2f}", "ratio"),
      ("one core p50", "key one core p50 us", "{:.0f}", "spread"), ("× relay-log", "key one core p50 us", "{:.2f}", "ratio"),
      ("one core p99", "key one core p99 us", "{:.0f}", "spread"),
      ("CPU a key", "CPU us/key", "{:.0f}", "median")]),
    ("Echo in a burst, and while another session floods", "Microseconds. The other session has the same recorder, and prints as fast as "
     "it can; two cores have five to seven processes to run then.",
     [("burst p50", "burst p50 us", "{:.0f}", "spread"), ("× relay-log", "burst p50 us", "{:.2f}", "ratio"),
      ("burst p99", "burst p99 us", "{:.0f}", "spread"), ("× relay-log", "burst p99 us", "{:.2f}", "ratio"),
      ("flood p50", "key beside flood p50 us", "{:,.0f}", "spread"), ("× relay-log", "key beside flood p50 us", "{:.2f}", "ratio"),
      ("flood p99", "key beside flood p99 us", "{:,.0f}", "spread"), ("× relay-log", "key beside flood p99 us", "{:.2f}", "ratio")]),
    ("Start and end", "Around `sh -c true`. bare-user becomes the user whom ttywrap is started as, an audit record of the kernel's included.",
     [("ms", "start ms", "{:.1f}", "spread"), ("CPU ms", "start CPU ms", "{:.1f}", "median"),
      ("without a terminal, ms", "start -c ms", "{:.1f}", "spread"), ("CPU ms", "start -c CPU ms", "{:.1f}", "median")]),
    ("Memory", "PSS of the recorder's processes for a session, {sessions} idle ones at once. Growth: the most resident memory in the second "
     "half less that in the first, of each process, added up: in a flood of {growth_s} s, and in a paste of four times {paste} MiB that is printed. 0 is 0 pages.",
     [("PSS, kB", "PSS kB", "{:,.0f}", "median"), ("flood, GB", "growth flood GB", "{:.1f}", "median"),
      ("growth, kB", "growth flood kB", "{:.0f}", "median"), ("growth in a paste, kB", "growth paste kB", "{:.0f}", "median")]),
    ("Paste", "{paste} MiB ({paste_less} for the peers but script and tlog) as fast as it is taken: into a program that reads it raw and "
     "prints nothing, one that prints it back, and `cat` behind an echo. 'stuck': nothing moved for 3 s, or not every byte arrived. The "
     "silence: the longest wait for output of a program that prints every 5 ms and does not read, {deaf_ms} ms long.",
     [("read raw, MB/s", "paste sink MB/s", "{:.0f}", "spread"), ("printed raw, MB/s", "paste back MB/s", "{:.0f}", "spread"),
      ("`cat`, MB/s", "paste cat MB/s", "{:.1f}", "spread"), ("silence, ms", "deaf silence ms", "{:.0f}", "spread")]),
    ("What is lost", "Short outputs, each the last thing that its session does; and the floods above whose last bytes did not come.",
     [("short outputs", "tails", "{:.0f}", "median"), ("without their end on the terminal, %", "lost tails %", "{:.1f}", "median"),
      ("in the recording, %", "lost tails in recordings %", "{:.1f}", "median"),
      ("floods without their end", "floods without their end", "{:.2f}", "median")]),
    ("{crowd} sessions at once", "Each is typed 5 keys a second and prints 10 kB/s, for {crowd_s} s. One program is the terminal of all. CPU: "
     "of the recorders, of one core, without start and end.",
     [("up after, s", "crowd up s", "{:.1f}", "median"), ("echo p50, µs", "crowd p50 us", "{:,.0f}", "median"),
      ("echo p99, µs", "crowd p99 us", "{:,.0f}", "median"), ("CPU, %", "crowd CPU %", "{:.0f}", "median"),
      ("bytes lost", "crowd lost bytes", "{:.0f}", "median"), ("keys not sent, the last one's echo being late", "crowd late keys", "{:.0f}", "median"),
      ("sessions without their end", "crowd without end", "{:.0f}", "median"),
      ("audit records", "crowd records", "{:,.0f}", "median"), ("keys not on record", "crowd keys not on record", "{:.0f}", "median")]),
)

# title, what to know, rows of (heading, metric, format); figures of one subject
LISTS = (
    ("Audit", "Lines of 64 bytes with one record each, as typed and pasted into a program in canonical mode, through the kernel into auditd's "
     "file, without the limit of ttywrap.conf; then raw input, 4096 bytes a record. tlog "
     "would write to the journal, which has a limit of its own: here it writes to its file.",
     (("records a login makes, the kernel's own among them", "records per login", "{:.0f}"),
      ("of these, ttywrap's", "own records per login", "{:.0f}"),
      ("bytes of them in auditd's file", "record bytes per login", "{:,.0f}"),
      ("lines on record, one record each, in a second", "lines on record, records/s", "{:,.0f}"),
      ("input not on record: more than the trail took, told by count and hash, %", "lines not on record %", "{:.1f}"),
      ("records lost by the kernel", "lines lost by the kernel", "{:.0f}"),
      ("raw input on record, MB/s", "sink on record, MB/s", "{:.1f}"),
      ("records/s of it", "sink on record, records/s", "{:,.0f}"),
      ("raw input not on record, %", "sink not on record %", "{:.1f}"),
      ("records lost by the kernel", "sink lost by the kernel", "{:.0f}"),
      ("bytes in auditd's file for one of raw input", "sink trail bytes per byte", "{:.2f}"),
      ("tlog with input: the same lines into its file, lines/s", "lines on record, records/s@tlog-input", "{:,.0f}"))),
    ("Seeking", "In the recording of a flood of coloured output, in the player: until a picture stands. The first way to a place reads all that is "
     "before it; later ones start from a picture that was kept.",
     (("the recording, MB", "recording MB", "{:.0f}"), ("`--replay --at 0`: the first picture, ms", "first frame ms", "{:,.0f}"),
      ("jump to 50 %, ms", "jump to the middle ms", "{:,.0f}"), ("on to 100 %, ms", "jump to the end ms", "{:,.0f}"),
      ("back to 50 %, ms", "jump back to the middle ms", "{:,.0f}"), ("on to 99 %, ms", "jump again to the end ms", "{:,.0f}"))),
)


def one(figures, metric, subject="ttywrap"):
    """The figure that counts, or None."""
    metric, _, other = metric.partition("@")
    found = figures.get(metric, {}).get(other or subject, {})
    return found.get("mean" if metric in MEAN else "median")


def cell(figures, subject, metric, form, how):
    found = figures.get(metric, {}).get(subject)
    if found is None:
        return ""
    if how == "ratio":
        found = found.get("ratio") or {}
        if "median" not in found or subject == YARDSTICK:
            return ""
    if "median" not in found:
        return "stuck" if metric.startswith("paste") else "–"
    text = form.format(found["mean" if metric in MEAN else "median"])
    if how != "median" and found["runs"] > 1:
        text += f" ({form.format(found['min'])}–{form.format(found['max'])})"
    return text


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def part_table(figures, subjects, columns):
    rows = [[subject] + [cell(figures, subject, *column[1:]) for column in columns] for subject in subjects]
    rows = [row for row in rows if any(row[1:])]
    return markdown([""] + [column[0] for column in columns], rows) if rows else ""


def list_table(figures, lines):
    owner = {metric: next(iter(by_subject)) for metric, by_subject in figures.items()}
    rows = []
    for heading, metric, form in lines:
        value = one(figures, metric, "ttywrap" if "ttywrap" in figures.get(metric, {}) else owner.get(metric, ""))
        if value is not None:
            rows.append([heading, form.format(value)])
    return markdown(["", ""], rows) if rows else ""


def lookup_table(extra):
    rows = [[f"{row[of]:,} {name}", f"{row['median_us']:.1f}", f"{row['p99_us']:.1f}", f"{row['awk_us']:,}"]
            for key, of, name in (("conntrack", "entries", "entries of conntrack"), ("sockets", "sockets", "TCP sockets"))
            for row in extra.get(key, [])]
    return markdown(["", "exact look-up, µs", "p99", "awk over /proc/net/nf_conntrack or tcp, µs"], rows) if rows else ""


def ledger_table(extra):
    book = extra.get("ledger")
    if not book:
        return ""
    rows = [[step["what"], f"{step['wall_s']:.2f}", f"{step['cpu_s']:.2f}", str(step["memory_mib"])] for step in book["steps"]]
    return (f"A ledger of {book['lines']:,} lines, {book['mib']} MiB; its index has {book['index_mib']} MiB.\n\n" +
            markdown(["`ttyacct`", "s", "CPU s", "memory, MiB"], rows))


def recordings_table(extra):
    """What is done to many recordings, and to a long one."""
    if not extra:
        return ""
    rows = [[f"{what}, {where}", f"{took:,.3f}", f"{extra[size] / took:,.0f}" if took >= 0.05 else ""]
            for part, size, where in (("seconds", "MB", "all"), ("long seconds", "long MB", "the long one")) for what, took in extra[part].items()]
    return (f"{extra['recordings']:,} recordings of {extra['MB']:,.0f} MB together, and a long one of {extra['long MB']:,.0f} MB.\n\n" +
            markdown(["", "s", "MB/s"], rows))


def of_ratio(figures, metric, subject="ttywrap", form="{:.2f}"):
    """(median ratio of the subject to the yardstick, it in words)."""
    found = (figures.get(metric, {}).get(subject) or {}).get("ratio") or {}
    if "median" not in found:
        return None, ""
    return found["median"], f"{form.format(found['median'])} ({form.format(found['min'])}–{form.format(found['max'])})"


def difference(figures, metric, other, subject="ttywrap"):
    mine, base = one(figures, metric, subject), one(figures, metric, other)
    return (None, "") if mine is None or base is None else (mine - base, f"{mine:.1f} − {base:.1f} = {mine - base:.1f}")


def plain_value(figures, metric, form):
    value = one(figures, metric)
    return (None, "") if value is None else (value, form.format(value))


def flatness(rows):
    """The look-up among the most, as a multiple of that among the fewest."""
    if not rows:
        return None, ""
    values = [row["median_us"] for row in rows]
    return values[-1] / values[0], " / ".join(f"{v:.1f}" for v in values) + " µs"


def moves(figures):
    """Pastes that arrived whole, of all."""
    runs = [figures.get(f"paste {mode} MB/s", {}).get("ttywrap") for mode in ("sink", "back", "cat")]
    if None in runs:
        return None, ""
    failed, whole = sum(r["failed"] for r in runs), sum(r.get("runs", 0) for r in runs)
    return failed, f"{whole} of {whole + failed} whole"


def beside_tlog(figures, subject="ttywrap"):
    mine, theirs = one(figures, "paste sink MB/s", subject), one(figures, "paste sink MB/s", "tlog-input")
    return (None, "") if not mine or not theirs else (mine / theirs, f"{mine:.0f} / {theirs:.0f} = {mine / theirs:.1f}")


def goals(result):
    """[(number, goal, bound in words, (value, in words), what a yardstick does of it, met?)] of what was measured."""
    figures, size, accounting = result["figures"], result["size"], result.get("extra", {}).get("accounting", {})
    wanted = []

    def most(number, text, limit, found, unit="", floor=""):
        wanted.append((number, text, f"≤ {limit}{unit}", found, floor, found[0] is not None and found[0] <= limit))

    def least(number, text, limit, found, unit="", floor=""):
        wanted.append((number, text, f"≥ {limit}{unit}", found, floor, found[0] is not None and found[0] >= limit))

    def ratio(goal, number, text, limit, metric, beside="relay-log-again"):
        goal(number, text, limit, of_ratio(figures, metric), " × relay-log", named(beside, of_ratio(figures, metric, beside)))

    def named(subject, found):
        return f"{subject}: {found[1]}" if found[1] else ""

    runs = one(figures, "tails")
    most(1, f"of {runs or 0:,.0f} short outputs, those without their end on the terminal", 0, plain_value(figures, "lost tails %", "{:.1f} %"), " %")
    most(1, "… in the recording", 0, plain_value(figures, "lost tails in recordings %", "{:.1f} %"), " %")
    most(1, f"output's longest silence while input is ignored for {size['deaf_ms'] / 1000:.0f} s", 50, plain_value(figures, "deaf silence ms", "{:.0f} ms"), " ms")
    for name, kind in KINDS:
        ratio(least, 1, f"throughput, {name}", 0.95, f"{kind} MB/s")
    for name, kind in KINDS:
        ratio(most, 1, f"CPU per GB, {name}", 1.25, f"{kind} CPU s/GB")
    for name, metric in (("a key", "key"), ("a key, all on one core", "key one core"), ("64 keys at once", "burst"),
                         ("a key while another session floods", "key beside flood")):
        for p in ("p50", "p99"):
            ratio(most, 2, f"echo of {name}, {p}", 1.1, f"{metric} {p} us")
    most(3, "start and end on a terminal, over bare", 4, difference(figures, "start ms", "bare-user"), " ms",
         named("relay-log-3", difference(figures, "start ms", "bare", "relay-log-3")))
    most(3, "start and end without a terminal, over bare", 2, difference(figures, "start -c ms", "bare-user"), " ms")
    most(4, f"memory of an idle session, {size['sessions']} at once", 700, plain_value(figures, "PSS kB", "{:.0f} kB"), " kB")
    most(4, "growth in a flood", 0, plain_value(figures, "growth flood kB", "{:.0f} kB"), " kB")
    most(5, f"{size['crowd']} sessions: bytes lost", 0, plain_value(figures, "crowd lost bytes", "{:.0f}"))
    most(5, "… keys that are not on record", 0, plain_value(figures, "crowd keys not on record", "{:.0f}"))
    most(5, "… begins and ends of sessions that are not on record", 0, plain_value(figures, "crowd sessions not on record", "{:.0f}"))
    ratio(least, 6, "paste into a raw-mode reader", 0.95, "paste sink MB/s", "relay-log-in")
    most(6, "pastes that got stuck or lost a byte", 0, moves(figures))
    most(6, "growth in a paste that is printed", 0, plain_value(figures, "growth paste kB", "{:.0f} kB"), " kB")
    least(6, "paste with input audited, beside tlog with input", 5, beside_tlog(figures), " × tlog-input", named("relay-log", beside_tlog(figures, "relay-log")))
    most(7, "a look-up among 0 / 10,000 / 100,000 conntrack entries", 1.5, flatness(accounting.get("conntrack")), " × at none")
    most(7, "a look-up among 0 / 10,000 sockets", 1.5, flatness(accounting.get("sockets")), " × beside none")
    most(8, "records lost by the kernel, lines at full speed", 0, plain_value(figures, "lines lost by the kernel", "{:.0f}"))
    most(8, "input not on record, lines at full speed", 0, plain_value(figures, "lines not on record %", "{:.1f} %"), " %")
    return [goal for goal in wanted if goal[3][0] is not None]


def goal_table(result):
    rows = [[str(number), text, bound, found[1], "yes" if met else "**no**", floor] for number, text, bound, found, floor, met in goals(result)]
    return markdown(["", "goal", "wanted", "ttywrap", "reached", "a yardstick"], rows).replace("---:", "---") if rows else ""


# heading, metric, higher is better, where it is no mere noise
AHEAD = tuple((f"throughput, {name}", f"{kind} MB/s", True) for name, kind in KINDS) + \
    tuple((f"CPU per GB, {name}", f"{kind} CPU s/GB", False) for name, kind in KINDS) + \
    tuple((f"log bytes, {name}", f"{kind} log ratio", False) for name, kind in KINDS) + (
        ("echo of a key, p50", "key p50 us", False), ("echo of a key, p99", "key p99 us", False), ("CPU a key", "CPU us/key", False),
        ("echo beside a flood, p50", "key beside flood p50 us", False), ("echo beside a flood, p99", "key beside flood p99 us", False),
        ("start and end", "start ms", False), ("PSS", "PSS kB", False), ("paste, read raw", "paste sink MB/s", True),
        ("paste, printed raw", "paste back MB/s", True), ("paste into `cat`", "paste cat MB/s", True))


def ahead_table(figures, subjects):
    """Peers whose figure is at least a tenth better than ttywrap's."""
    rows = []
    for heading, metric, higher in AHEAD:
        mine = one(figures, metric)
        found = []
        for subject in subjects:
            theirs = None if subject in YARDSTICKS or subject.startswith("ttywrap") else one(figures, metric, subject)
            if mine and theirs and (theirs / mine if higher else mine / theirs) >= 1.1:
                found.append((theirs, f"{subject} {theirs / mine:.2f} ×"))
        if found:
            rows.append([heading, ", ".join(text for _, text in sorted(found, reverse=higher))])
    return markdown(["", "a tenth or more ahead of ttywrap: their figure as a multiple of its"], rows).replace("---:", "---") if rows else ""


def about(result):
    machine = result["machine"]
    load = f", load average {machine['load']:.1f} before" if "load" in machine else ""
    return (f"{machine['when']}: {machine['cores']} cores{load}, {machine['cpu']}, {machine['memory']}, Linux {machine['kernel']}, "
            f"{machine['system']}; {result['seconds']} s.")


def shown_size(size):
    return size | {"flood": size["flood"] >> 20, "paste": size["paste"] >> 20, "paste_less": size["paste_less"] >> 20}


def page(result):
    """What stands between the marks of docs/bench.md."""
    figures, subjects, size = result["figures"], list(result["subjects"]), result["size"]
    pieces = [about(result) + "\n", "## Goals\n", goal_table(result)]
    for title, intro, columns in PARTS:
        made = part_table(figures, subjects, columns)
        if made:
            pieces += [f"## {title}\n".format(**size), intro.format(**shown_size(size)) + "\n", made]
    for title, intro, lines in LISTS:
        made = list_table(figures, lines)
        if made:
            pieces += [f"## {title}\n", intro + "\n", made]
    extra = result.get("extra", {})
    for title, made in (("Many recordings", recordings_table(extra.get("recordings"))), ("Look-ups of a connection", lookup_table(extra.get("accounting", {}))),
                        ("A long ledger", ledger_table(extra.get("accounting", {})))):
        pieces += [f"## {title}\n", made.strip() + "\n"] if made else []
    ahead = ahead_table(figures, subjects)
    return "\n".join(pieces + (["## Where a peer is ahead\n", ahead] if ahead else []))


def joined(figures, subject, metrics, form):
    texts = [cell(figures, subject, metric, form, "median") for metric in metrics]
    return " / ".join(texts) if any(texts) else ""


def short(result):
    """README's table."""
    figures = result["figures"]
    there = [s for s in SHORT if s in result["subjects"]]
    rows = [[heading] + [joined(figures, s, metrics, form) for s in there] for heading, metrics, form in (
        ("text / ANSI / noise, MB/s", [f"{kind} MB/s" for _, kind in KINDS], "{:.0f}"),
        ("CPU s per GB of the three", [f"{kind} CPU s/GB" for _, kind in KINDS], "{:.1f}"),
        ("log bytes per byte", [f"{kind} log ratio" for _, kind in KINDS], "{:.2f}"),
        ("echo of a key, p50 / p99, µs", ["key p50 us", "key p99 us"], "{:.0f}"),
        ("start and end around `sh -c true`, ms", ["start ms"], "{:.1f}"),
        ("memory (PSS) per session, kB", ["PSS kB"], "{:,.0f}"),
        ("paste: read raw / printed raw / into `cat`, MB/s", [f"paste {mode} MB/s" for mode in ("sink", "back", "cat")], "{:.0f}"),
        ("floods whose end is lost", ["floods without their end"], "{:.0%}"))]
    met = goals(result)
    reached = sum(goal[-1] for goal in met)
    return markdown([""] + there, rows) + f"\nOf the {len(met)} goals that docs/bench.md lists, {reached} are reached.\n"


def plain(result):
    """Every figure on a line of its own, for comparing two builds at a glance."""
    lines = [f"{'':32}{'':15}{'median':>12}{'min':>12}{'max':>12}   × {YARDSTICK}"]
    for metric, by_subject in result["figures"].items():
        for i, (subject, found) in enumerate(by_subject.items()):
            text = f"{metric if i == 0 else '':32}{subject:15}"
            if "median" in found:
                text += "".join(f"{found[k]:12,.2f}" for k in ("median", "min", "max"))
            else:
                text += f"{'failed':>12}"
            ratio = found.get("ratio") or {}
            if "median" in ratio and subject != YARDSTICK:
                text += f"   {ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})"
            lines.append(text)
    met = goals(result)
    lines += [""] + [f"goal {number}: {text} {bound}: {found[1]} {'reached' if ok else 'MISSED'}{floor and f' ({floor})'}"
                     for number, text, bound, found, floor, ok in met]
    return "\n".join(lines)
