# SPDX-License-Identifier: GPL-2.0-or-later
"""--list, --search, --export and --prune over folders of recordings."""

import fcntl
import json
import os
import re
import struct
import subprocess
import time

import pytest

from players import SESSION, cast_text, run

HOSTILE = "ev\x1b]0;x\x07il\nroot closed"


def recording(folder, name, events=(), start=1700000000, closed=True, **about):
    about = {"start": f"{start}.5", "recording": f"{name}.cast", "user": "alice", "uid": "1000", "ses": "7",
             "tty": "pts/3", "addr": "192.0.2.7:5022", **about}
    events = list(events) or [[0.5, "o", "$ ls\r\n"], [0.6, "m", "ls"], [2.0, "o", "file\r\n"]]
    if closed:
        last = events[-1][0]
        events += [[last, "x", "0"], [last, "s", "n=1 end=1 off=1 hash=blake2b:00"]]
    path = folder / f"{name}.cast"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(cast_text(events, timestamp=start, ttywrap=about))
    return path


@pytest.fixture
def folder(tmp_path):
    recording(tmp_path, "1000-7-a", start=1700000000)
    recording(tmp_path, "day/1001-8-b", start=1700100000, user="bob", uid="1001", ses="8", tty="pts/9",
              closed=False, addr="[2001:db8::5]:22")
    recording(tmp_path, "1002-9-c", start=1700200000, user=HOSTILE, uid="1002", ses="9", tty="tty1",
              addr="198.51.100.1:9")
    (tmp_path / "traffic.jsonl").write_text("not a recording\n")
    (tmp_path / "link.cast").symlink_to("1000-7-a.cast")
    (tmp_path / "broken.cast").write_text("nothing of the kind\n")
    return tmp_path


def listed(*args):
    got = run("--list", "--json", *args)
    return [json.loads(line) for line in got.stdout.decode().splitlines()]


def names(*args):
    return [r["name"] for r in listed(*args)]


def test_list_says_what_is_known(folder):
    a, b, c = listed(folder)
    assert (a["name"], a["user"], a["from"], a["terminal"], a["state"]) == \
        ("1000-7-a", "alice", "192.0.2.7:5022", "pts/3", "closed")
    assert (a["duration"], a["exit"], a["commands"], a["output_bytes"]) == (2.0, 0, 1, 12)
    assert a["size"] == os.path.getsize(a["path"])
    assert b["state"] == "cut off" and b["path"].endswith("day/1001-8-b.cast")
    assert c["user"] == HOSTILE


def test_list_encodes_what_it_prints(folder):
    got = run("--list", folder)
    assert got.returncode == 0
    assert b"\x1b" not in got.stdout and b"\x07" not in got.stdout and got.stdout.count(b"\n") == 4
    assert b"ev\\x1b]0;x\\x07il\\nro" in got.stdout
    assert b"1 file could not be read" in got.stderr
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", run("--list", "--json", folder).stdout)


def test_a_recording_with_a_recorder_is_live(folder):
    with open(folder / "day/1001-8-b.cast", "r+") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        assert [r["state"] for r in listed(folder)] == ["closed", "live", "closed"]
        assert names("--state", "live", folder) == ["1001-8-b"]
    assert names("--state", "cut-off", folder) == ["1001-8-b"]


@pytest.mark.parametrize("args, expected", [
    (["--user", "bob"], "b"), (["--user", "1000"], "a"), (["--terminal", "tty"], "c"), (["--session", "8"], "b"),
    (["--address", "192.0.2.0/24"], "a"), (["--address", "2001:db8::/32"], "b"), (["--address", "198.51.100.1"], "c"),
    (["--since", "@1700050000"], "bc"), (["--until", "@1700050000"], "a"), (["--since", "@1700000001"], "abc"),
    (["--since", "@1700000003", "--until", "@1700100001"], "b"), (["--user", "nobody"], ""), (["--fast"], "abc"),
])
def test_filters(folder, args, expected):
    assert [n[-1] for n in names(*args, folder)] == list(expected)


def test_fast_agrees_with_the_full_reading(folder):
    fast, full = listed("--fast", folder), listed(folder)
    for f, g in zip(fast, full):
        assert {k: g[k] for k in f} == f and "commands" not in f


@pytest.mark.parametrize("zstd", [0, 3])
def test_the_end_of_a_recording_says_how_much_is_in_it(tmp_path, record, zstd):
    """And only its end is read: what the middle holds does not matter to a list."""
    events = [(k * 10**9, "o", b"output %d caf\xe9\r\n" % k) for k in range(3000)] + [(10**13, "i", b"ls\r"), (10**13, "m", b"ls")]
    content, _ = record(events + [(10**13, "x", b"3")], zstd=zstd)
    path = tmp_path / ("1000-7.cast.zst" if zstd else "1000-7.cast")
    path.write_bytes(content)
    [a] = listed(path)
    assert (a["state"], a["exit"], a["commands"], a["input_bytes"]) == ("closed", 3, 1, 3)
    assert a["output_bytes"] == sum(len(e[2]) for e in events if e[1] == "o") and a["duration"] == 10000.0
    assert "unreadable_lines" not in a and listed("--fast", path) == [a]
    middle = len(content) // 2
    path.write_bytes(content[:middle] + b"\0" * 50 + content[middle + 50:])
    assert listed(path) == [a]
    path.write_bytes(content[:-200])  # cut off: it is read
    [cut] = listed(path)
    assert cut["state"] == "cut off" and 0 < cut["output_bytes"] <= a["output_bytes"] and "unreadable_lines" in cut


def test_compressed_recordings_are_listed_and_searched(folder):
    subprocess.run(["zstd", "-q", "--rm", folder / "1000-7-a.cast"], check=True)
    assert listed(folder)[0]["commands"] == 1 and listed(folder)[0]["name"] == "1000-7-a"
    assert b"file" in run("--search", "file", folder).stdout


def test_the_table_fits_the_window(folder, play):
    p = play("--list", folder, cols=64)
    assert p.wait() == 0
    lines = p.seen.decode().replace("\r", "").splitlines()
    assert max(map(len, lines[:4])) <= 64 and "NAME" in lines[0] and "OUTPUT" not in lines[0]


def test_names_are_found_in_the_state_folder(tmp_path, folder):
    from players import environment
    state = tmp_path / "state"
    recording(state / "ttywrap", "1000-1-z")
    env = environment()
    env["XDG_STATE_HOME"] = str(state)
    assert b"file" in run("--replay", "1000-1-z", env=env).stdout
    assert b"file" in run("--replay", "1000-1-z.cast", env=env).stdout
    assert run("--replay", "1000-1", env=env).returncode == 3
    assert b"1000-1-z" in run("--list", env=env).stdout


def test_search_looks_everywhere(folder):
    recording(folder, "1003-10-d", start=1700300000, events=[
        [1.0, "i", "c"], [1.1, "i", "atx"], [1.2, "i", "\x7f secret\r"], [1.3, "m", "cat needle.txt"],
        [2.0, "o", "nee"], [3.0, "o", "\x1b[1mdle\x1b[m one\r\n"], [75.04, "o", "\x1b[5;5Hneedle two"]])
    got = run("--search", "needle", folder)
    assert got.returncode == 0
    text = got.stdout.decode()
    assert text.splitlines()[0].startswith("1003-10-d  2023-11-18")
    assert [line.split(None, 2) for line in text.splitlines()[1:]] == [
        ["0:01.3", "command", "cat needle.txt"], ["0:03.0", "screen", "needle one"], ["1:15.1", "screen", "needle two"]]
    assert b"cat secret" in run("--search", "--in", "input", "secret", folder).stdout
    assert run("--search", "--in", "commands", "secret", folder).returncode == 1
    assert len(run("--search", "--max", "1", "needle", folder).stdout.splitlines()) == 2
    hits = [json.loads(h) for h in run("--search", "--json", "--regex", "need(le|ful) two$", folder).stdout.splitlines()]
    assert [(h["name"], h["at"], h["in"]) for h in hits] == [("1003-10-d", 75.04, "screen")]


def test_a_hit_can_be_jumped_to(folder, play):
    path = recording(folder, "1003-10-d", events=[[1.0, "o", "before\r\n"], [75.04, "o", "needle"], [76, "o", "\x1b[2Jgone"]])
    at = run("--search", "needle", path).stdout.decode().splitlines()[1].split()[0]
    p = play("--replay", path, "--at", at)
    assert "gone" not in p.expect_screen("needle")
    p.expect_screen("paused  1:15")
    p.send("q")
    assert p.wait() == 0


def test_search_encodes_what_it_prints(folder):
    recording(folder, "1004-11-e", events=[[1.0, "m", "needle \x1b]52;c;AAAA\x07\r\nforged  0:00.1  command  x"]])
    out = run("--search", "needle", folder).stdout
    assert b"\x1b" not in out and out.count(b"\n") == 2


def test_search_in_order_over_many(tmp_path):
    for i in range(50):
        recording(tmp_path, f"1000-{i:03}-x", start=1700000000 + i, events=[[1.0, "o", f"needle {i}\r\n" * (i % 3)]])
    got = run("--search", "--json", "--in", "screen", "needle", tmp_path).stdout.decode().splitlines()
    assert [json.loads(h)["name"] for h in got] == [f"1000-{i:03}-x" for i in range(50) if i % 3]


@pytest.mark.parametrize("args, words", [
    (["--list", "--since", "sometime"], b"--since sometime"), (["--list", "--state", "dead"], b"--state dead"),
    (["--search"], b"a pattern is needed"), (["--search", "--regex", "(", "/tmp"], b"at character"),
    (["--search", "--in", "air", "x"], b"--in air"), (["--export", "gif", "x"], b"--export gif"), (["--export", "txt"], b"needed"),
    (["--prune"], b"what may go?"), (["--prune", "--older-than", "90"], b"--older-than 90"),
    (["--prune", "--max-size", "much"], b"--max-size much"),
])
def test_usage_errors(args, words):
    got = run(*args)
    assert got.returncode == 2 and words in got.stderr and got.stderr.count(b"\n") == 1


def test_export_txt(cast):
    got = run("--export", "txt", cast([
        *[[i / 10, "o", f"line {i}\r\n"] for i in range(40)],
        [5, "o", "$ vi\r\n"], [6, "o", "\x1b[?1049h\x1b[2J\x1b[Hfirst picture"], [7, "o", "\x1b[2J\x1b[Hlast picture"],
        [8, "o", "\x1b[?1049l$ clear\r\n"], [9, "o", "\x1b[H\x1b[2J"], [10, "o", "w" * 100 + "\r\n\x1b]0;t\x07the \x1b[1mend\x1b[m\r\n"]]))
    assert got.returncode == 0
    assert got.stdout.decode().splitlines() == [
        *[f"line {i}" for i in range(40)], "$ vi", "last picture", "$ clear", "w" * 100, "the end"]


def test_export_json(cast):
    got = json.loads(run("--export", "json", cast([[1, "i", "ls\r"], [2, "m", "l\"s"], [3, "i", "half"]])).stdout)
    assert got["width"] == 80
    assert got["events"] == [{"time": 1.0, "input": "ls"}, {"time": 2.0, "command": "l\"s"}, {"time": 3.0, "input": "half"}]


def test_export_cast_has_no_codes_of_ours(cast, tmp_path):
    path = cast([*SESSION, [121, "w", "pid=1"], [121, "x", "0"], [121, "s", "n=1"], [122, "r", "100x30"]])
    out = tmp_path / "out.cast"
    assert run("--export", "cast", "-o", out, path).returncode == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines[0]["version"] == 2 and "ttywrap" not in lines[0]
    assert {e[1] for e in lines[1:]} == {"o", "m", "r"} and "\x1b[6n" not in out.read_text()
    shown = subprocess.run(["script", "-qec", f"asciinema cat {out}", "/dev/null"], capture_output=True,
                           stdin=subprocess.DEVNULL)
    assert shown.returncode == 0 and b"third after a minute" in shown.stdout and b"title" not in shown.stdout
    raw = [json.loads(line) for line in run("--export", "cast", "--raw", path).stdout.decode().splitlines()]
    assert "".join(e[2] for e in raw[1:] if e[1] == "o") == "".join(e[2] for e in SESSION if e[1] == "o")


def test_export_cast3_has_intervals(cast):
    lines = [json.loads(line) for line in run("--export", "cast3", "--raw", cast(SESSION)).stdout.decode().splitlines()]
    assert lines[0]["version"] == 3 and lines[0]["term"] == {"cols": 80, "rows": 24}
    total = 0
    for interval, event in zip((e[0] for e in lines[1:]), SESSION):
        total += interval
        assert abs(total - event[0]) < 1e-6


def test_export_ttyrec(cast):
    data = run("--export", "ttyrec", "--raw", cast(SESSION)).stdout
    records = []
    while data:
        sec, usec, n = struct.unpack("<III", data[:12])
        records.append((sec + usec / 1e6 - 1700000000, data[12:12 + n].decode()))
        data = data[12 + n:]
    assert [(round(t, 6), d) for t, d in records] == [(e[0], e[2]) for e in SESSION if e[1] == "o"]


def test_export_script_replays(cast, tmp_path):
    script, timing = tmp_path / "typescript", tmp_path / "timing"
    assert run("--export", "script", "-o", script, "--timing", timing, cast(SESSION[:3])).returncode == 0
    shown = subprocess.run(["scriptreplay", "--timing", timing, "--log-out", script, "--divisor", "1000"], capture_output=True)
    assert shown.returncode == 0 and b"second" in shown.stdout and b"title" not in shown.stdout
    assert run("--export", "script", cast(SESSION)).returncode == 2


def aged(path, days):
    then = time.time() - days * 86400
    os.utime(path, (then, then))
    return path


def test_prune_takes_what_is_old_and_not_live(folder):
    old = [aged(recording(folder, f"1000-{i}-old"), 100) for i in range(3)]
    other = aged(folder / "traffic.jsonl", 100)
    with open(old[1], "r+") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        dry = run("--prune", "--older-than", "90d", "--dry-run", folder)
        assert str(old[0]).encode() in dry.stdout and str(old[1]).encode() not in dry.stdout and old[0].exists()
        got = run("--prune", "--older-than", "90d", folder)
    assert got.returncode == 0 and b"removed 2 recordings" in got.stdout
    assert not old[0].exists() and old[1].exists() and not old[2].exists()
    assert other.exists() and (folder / "1000-7-a.cast").exists() and (folder / "link.cast").is_symlink()


def test_prune_to_a_size_takes_the_oldest(tmp_path):
    files = [recording(tmp_path, f"1000-{i}-s", events=[[1, "o", "x" * 100000]]) for i in range(4)]
    for i, f in enumerate(files):
        aged(f, 10 - i)
    size = files[0].stat().st_blocks * 512
    # None younger than the age, however large they are.
    assert run("--prune", "--max-size", str(size), "--older-than", "9d", tmp_path).returncode == 0
    assert [f.exists() for f in files] == [False, False, True, True]
    assert run("--prune", "--max-size", str(size), tmp_path).returncode == 0
    assert [f.exists() for f in files] == [False, False, False, True]


def test_prune_does_not_follow_links(tmp_path, folder):
    outside = aged(recording(tmp_path / "outside", "1000-1-o"), 100)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "1000-2-l.cast").symlink_to(outside)
    (inside / "dir").symlink_to(tmp_path / "outside")
    assert run("--prune", "--older-than", "1d", inside).returncode == 0
    assert outside.exists()
