# SPDX-License-Identifier: GPL-2.0-or-later
"""ttyacct on ledgers of the tests' own: every figure is known beforehand. No privilege, no world."""

import csv
import gzip
import io
import json
import os
import re
import subprocess
import time
from collections import Counter

import pytest

from paths import BUILD

TTYACCT = os.path.join(BUILD, "acct", "ttyacct", "ttyacct")


def line(event, conn, seconds, in_bytes, out_bytes, user="ada", peer="192.0.2.7", **more):
    """One ledger line; more overrides or adds members, None takes one out."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    record = {"v": 1, "event": event, "time": stamp, "host": "srv", "conn": conn, "user": user, "uid": 1000, "ses": 5,
              "peer": peer, "peer_port": 40000, "local": "2001:db8::1" if ":" in peer else "198.51.100.1", "local_port": 22,
              "source": "conntrack", "flow": 7, "in_bytes": in_bytes, "in_packets": in_bytes // 100 + 1,
              "out_bytes": out_bytes, "out_packets": out_bytes // 100 + 1, "by": "pam"}
    record.update(more)
    return json.dumps({k: v for k, v in record.items() if v is not None}) + "\n"


NOON = 1795348800  # 2026-11-22 12:00 UTC, a Sunday


class Book:
    """A ledger and its index in a folder of the test's own."""

    def __init__(self, folder):
        self.folder, self.path, self.index = folder, str(folder / "traffic.jsonl"), str(folder / "index.sqlite")

    def add(self, *lines, path=None):
        with open(path or self.path, "a", encoding="utf-8") as out:
            out.write("".join(lines))

    def run(self, *words, zone="UTC", check=True, **more):
        done = subprocess.run([TTYACCT, *words, "--ledger", self.path, "--index", self.index], capture_output=True,
                              text=True, env={"PATH": "/usr/bin:/bin", "TZ": zone, "LC_ALL": "C.UTF-8", **more})
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def rows(self, *words, **more):
        return json.loads(self.run(*words, "--json", **more).stdout)

    def totals(self, by, *words, **more):
        return {r[by]: (r["in_bytes"], r["out_bytes"]) for r in self.rows("report", "--by", by, *words, **more)}


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_reading_is_not_a_sum(book):
    book.add(line("open", "a.1", NOON, 1000, 2000), line("interim", "a.1", NOON + 60, 5000, 6000),
             line("close", "a.1", NOON + 90, 7000, 8000), line("final", "a.1", NOON + 120, 7104, 8052))
    assert book.rows("report") == [{"user": "ada", "connections": 1, "in_bytes": 7104, "out_bytes": 8052,
                                    "total_bytes": 15156, "in_packets": 72, "out_packets": 81}]


def test_three_sessions_on_one_connection_count_once(book):
    book.add(line("open", "a.1", NOON, 1000, 2000))
    for n in range(3):
        book.add(line("open", "a.1", NOON + n, 1000 + n, 2000 + n, session=f"s{n}", by="ttywrap"))
    for n in range(3):
        book.add(line("close", "a.1", NOON + 60 + n, 5000 + n, 9000 + n, session=f"s{n}", by="ttywrap"))
    book.add(line("close", "a.1", NOON + 90, 7000, 10000))
    assert book.totals("user") == {"ada": (7000, 10000)}
    sessions = book.rows("sessions")
    assert [(s["session"], s["connection"], s["in_bytes_meanwhile"]) for s in sessions] == [
        (f"s{n}", "a.1", 4000) for n in range(3)]


def test_the_connection_is_its_openers(book):
    """bob's shell after su, on ada's connection."""
    book.add(line("open", "a.1", NOON, 10, 20), line("open", "a.1", NOON + 1, 30, 40, user="bob", session="s", by="ttywrap"),
             line("close", "a.1", NOON + 2, 50, 60, user="bob", session="s", by="ttywrap"))
    assert book.totals("user") == {"ada": (50, 60)}
    assert book.rows("sessions")[0]["user"] == "bob"


def test_a_flushed_conntrack_table(book):
    """A new flow begins at 0; what the old one had is kept, and a late line of the old one adds nothing."""
    book.add(line("open", "a.1", NOON, 1000, 1000), line("interim", "a.1", NOON + 1, 5000, 5000),
             line("interim", "a.1", NOON + 2, 100, 200, flow=8), line("interim", "a.1", NOON + 2, 5000, 5000),
             line("close", "a.1", NOON + 3, 300, 400, flow=8))
    assert book.totals("user") == {"ada": (5300, 5400)}


def test_tcp_info_lifts_and_is_never_added(book):
    book.add(line("open", "a.1", NOON, 1000, 1000, source="tcp_info", flow=None),
             line("close", "a.1", NOON + 3, 3000, 4000, source="tcp_info", flow=None))
    book.add(line("open", "a.2", NOON, 1000, 1000), line("close", "a.2", NOON, 900, 5000, source="tcp_info", flow=None))
    got = {r["connection"]: (r["in_bytes"], r["out_bytes"], r["source"]) for r in book.rows("report", "--by", "connection")}
    assert got == {"a.1": (3000, 4000, "tcp_info"), "a.2": (1000, 5000, "both")}


def test_same_id_on_another_host_or_after_a_boot(book):
    book.add(line("close", "a.1", NOON, 10, 10), line("close", "a.1", NOON, 20, 20, host="other"),
             line("close", "b.1", NOON, 40, 40))
    assert book.totals("host") == {"srv": (50, 50), "other": (20, 20)}


def test_every_grouping_adds_up(book):
    peers = ["192.0.2.7", "192.0.2.8", "203.0.113.5", "2001:db8:1:2::3", "2001:db8:1:9::3"]
    for n in range(50):
        book.add(line("open", f"a.{n}", NOON - 86400 * n, 100, 200, user=f"u{n % 7}", peer=peers[n % 5]),
                 line("close", f"a.{n}", NOON - 86400 * n + 1800, 1000 + n, 2000 + n, user=f"u{n % 7}", peer=peers[n % 5]))
    want = (sum(1000 + n for n in range(50)), sum(2000 + n for n in range(50)))
    for by in ("user", "day", "week", "month", "host", "client", "net", "connection"):
        got = book.totals(by)
        assert tuple(map(sum, zip(*got.values()))) == want, by
    assert set(book.totals("net")) == {"192.0.2.0/24", "203.0.113.0/24", "2001:db8:1::/48"}
    assert set(book.totals("month")) == {"2026-10", "2026-11"}
    assert book.totals("week")["2026-W47"] == (sum(1000 + n for n in range(7)), sum(2000 + n for n in range(7)))


def test_networks_stand_in_their_order(book):
    for n, peer in enumerate(("203.0.113.9", "9.1.2.3", "2001:db8:ffff::1", "2001:db8:ffff:1::1", "255.255.255.1", "0.0.0.1", "10.200.0.255")):
        book.add(line("close", f"a.{n}", NOON, 1 + n, 1, peer=peer))
    assert [r["net"] for r in book.rows("report", "--by", "net")] == [
        "0.0.0.0/24", "9.1.2.0/24", "10.200.0.0/24", "203.0.113.0/24", "255.255.255.0/24", "2001:db8:ffff::/48"]
    assert [r["net"] for r in book.rows("top", "--by", "net", "-n", "2")] == ["2001:db8:ffff::/48", "10.200.0.0/24"]


def test_since_and_until(book):
    for day in range(5):
        book.add(line("close", f"a.{day}", NOON - 86400 * day, 10 ** day, 0))
    assert book.totals("user", "--since", "2026-11-20", "--until", "2026-11-21") == {"ada": (110, 0)}
    assert book.totals("user", "--since", "2026-11-22 12:00") == {"ada": (1, 0)}
    assert book.totals("user", "--until", "2026-11-19") == {"ada": (11000, 0)}
    assert book.totals("user", "--since", "2026-11-22 12:15") == {}


def test_growth_belongs_to_the_time_of_its_reading(book):
    book.add(line("open", "a.1", NOON - 86400, 100, 0), line("interim", "a.1", NOON - 3600, 1100, 0),
             line("close", "a.1", NOON + 86400, 11100, 0))
    assert book.totals("day") == {"2026-11-21": (100, 0), "2026-11-22": (1000, 0), "2026-11-23": (10000, 0)}
    rows = book.rows("report", "--by", "day")
    assert [r["connections"] for r in rows] == [1, 0, 0]


def test_days_are_of_local_time(book):
    book.add(line("close", "a.1", NOON + 11 * 3600 + 1800, 5, 5))
    assert set(book.totals("day")) == {"2026-11-22"}
    assert set(book.totals("day", zone="Europe/Berlin")) == {"2026-11-23"}
    assert set(book.totals("day", zone="Asia/Kolkata")) == {"2026-11-23"}
    assert set(book.totals("day", zone="America/New_York")) == {"2026-11-22"}


def test_filters_and_top(book):
    for n, user in enumerate("abcabca"):
        book.add(line("close", f"x.{n}", NOON, 10 ** n, 0, user=user, peer=f"192.0.2.{n}"))
    assert list(book.totals("user", "--user", "b")) == ["b"]
    assert book.totals("client", "--client", "192.0.2.3") == {"192.0.2.3": (1000, 0)}
    assert [r["user"] for r in book.rows("top", "-n", "2")] == ["a", "c"]
    assert book.rows("report", "--user", "x' OR '1'='1") == []


def test_torn_and_foreign_lines_are_named_and_skipped(book):
    book.add(line("open", "a.1", NOON, 10, 10), line("close", "a.1", NOON, 20, 20)[:50] + "\n", "\n", "hello\n",
             '{"v":2}\n', "x" * 10000 + "\n", "\0" * 600 + "\n", line("close", "a.2", NOON, 5, 5))
    done = book.run("report", "--json")
    assert [re.match(r"ttyacct: (.*):(\d+): skipped: ", text).groups() for text in done.stderr.splitlines()] == [
        (book.path, n) for n in ("2", "4", "5", "6", "7")]
    assert json.loads(done.stdout)[0]["in_bytes"] == 15
    assert book.run("report").stderr == ""  # said once


def test_a_line_that_is_still_being_written(book):
    whole = line("close", "a.1", NOON, 20, 20)
    book.add(line("open", "a.1", NOON, 10, 10), whole[:60])
    assert book.totals("user") == {"ada": (10, 10)}
    book.add(whole[60:])
    assert book.totals("user") == {"ada": (20, 20)}


def test_rotation_counts_nothing_twice(book):
    """Renamed, packed, and a connection that goes on over the rotation."""
    book.add(line("open", "a.1", NOON - 100, 10, 10), line("open", "a.2", NOON - 100, 10, 10))
    assert book.totals("user") == {"ada": (20, 20)}
    book.add(line("close", "a.2", NOON - 50, 100, 100))
    os.rename(book.path, book.path + ".1")
    book.add(line("close", "a.1", NOON, 1000, 1000))
    assert book.totals("user") == {"ada": (1100, 1100)}
    with open(book.path + ".1", "rb") as plain, gzip.open(book.path + ".2.gz", "wb") as packed:
        packed.write(plain.read())
    os.unlink(book.path + ".1")
    os.rename(book.path, book.path + "-20261122")
    book.add(line("close", "a.3", NOON, 10000, 10000))
    assert book.totals("user") == {"ada": (11100, 11100)}
    os.unlink(book.index)
    assert book.totals("user") == {"ada": (11100, 11100)}


def test_copytruncate_counts_nothing_twice(book):
    """What was written between the copy and the truncation is lost, nothing else."""
    book.add(line("open", "a.1", NOON, 10, 10), line("close", "a.2", NOON, 100, 100))
    assert book.totals("user") == {"ada": (110, 110)}
    with open(book.path, "r+", encoding="utf-8") as ledger:
        book.add(ledger.read(), path=book.path + ".1")
        ledger.truncate(0)
    assert book.totals("user") == {"ada": (110, 110)}
    book.add(line("close", "a.1", NOON + 50, 1000, 1000), line("close", "a.3", NOON + 60, 10000, 10000))
    assert book.totals("user") == {"ada": (11100, 11100)}
    os.unlink(book.index)
    assert book.totals("user") == {"ada": (11100, 11100)}


def test_the_index_can_go_at_any_time(book):
    for n in range(300):
        book.add(line("open", f"a.{n}", NOON + n, 10, 10), line("close", f"a.{n}", NOON + n + 5, 100 + n, 10))
    before = book.rows("report", "--by", "connection")
    os.unlink(book.index)
    assert book.rows("report", "--by", "connection") == before
    with open(book.index, "r+b") as damaged:
        damaged.seek(100)
        damaged.write(b"no database at all")
    done = book.run("report", "--by", "connection", "--json")
    assert "anew" in done.stderr and json.loads(done.stdout) == before


@pytest.mark.parametrize("content", [b"somebody's letters, " * 100, b"SQLite format 3\0" + bytes(84), b"x"])
def test_a_file_that_is_no_index_is_left_alone(book, content):
    book.add(line("close", "a.1", NOON, 1, 1))
    with open(book.index, "wb") as letters:
        letters.write(content)
    done = book.run("report", check=False)
    assert done.returncode == 1 and f"{book.index} is no index of ttyacct's" in done.stderr
    with open(book.index, "rb") as letters:
        assert letters.read() == content


def test_in_pieces_as_in_one_go(book, tmp_path):
    """However often the index was updated in between, it says the same."""
    lines = []
    for n in range(400):
        lines.append(line("open", f"a.{n % 90}", NOON + n * 600, n, n, flow=n // 90))
        lines.append(line(("open", "interim", "close")[n % 3], f"a.{n % 70}", NOON + n * 600 + 1, n * 3, n * 2, flow=n // 150,
                          session=f"s{n % 6}", by="ttywrap"))
    for piece in range(0, len(lines), 37):
        book.add(*lines[piece:piece + 37])
        book.run("update")
    again = Book(tmp_path)
    again.index = str(tmp_path / "again")
    for by in ("connection", "day", "user"):
        assert again.rows("report", "--by", by) == book.rows("report", "--by", by)
    assert again.rows("sessions") == book.rows("sessions") and len(book.rows("sessions")) > 70


def test_connections_that_want_the_same_number_in_the_index(book):
    """A connection's number there is made of its cookie's lower 26 bits; it is the whole name that tells them apart."""
    cookies = [f"{5 + (n << 26):x}" for n in range(40)]
    for way in ("open", "close"):
        for n, cookie in enumerate(cookies):
            book.add(line(way, f"a.{cookie}", NOON + n, 1000 + n * (way == "close"), 7),
                     line(way, f"a.{cookie}", NOON + n, 2000 + n, 7, peer_port=40001))
        book.run("update")
    want = sorted([1000 + n for n in range(40)] + [2000 + n for n in range(40)])
    assert sorted(r["in_bytes"] for r in book.rows("report", "--by", "connection")) == want
    os.unlink(book.index)
    assert sorted(r["in_bytes"] for r in book.rows("report", "--by", "connection")) == want


def test_sessions_by_turns(book):
    """Of two at a time on a connection the lines stand in any order: first open, last close."""
    book.add(*[line(event, "a.1", NOON + at, 1000 + at, 2000 + at, session=name, by="ttywrap") for event, at, name in
               (("open", 1, "x"), ("open", 2, "y"), ("interim", 3, "x"), ("close", 4, "y"), ("open", 5, "x"), ("close", 6, "x"))])
    assert [(r["session"], r["opened"][-10:-8], r["closed"][-10:-8], r["in_bytes_meanwhile"]) for r in book.rows("sessions")] == [
        ("x", "01", "06", 5), ("y", "02", "04", 2)]


def test_forms_of_output(book):
    book.add(line("close", "a.1", NOON, 1 << 20, 1 << 30, user='q"\\b\x1b[2J'))
    table = book.run("report", COLUMNS="80").stdout
    assert "1.0 MiB" in table and "1.0 GiB" in table and "\x1b" not in table
    assert all(len(text) <= 80 for text in table.splitlines())
    assert all(len(text) <= 40 for text in book.run("report", COLUMNS="40").stdout.splitlines())
    rows = list(csv.DictReader(io.StringIO(book.run("report", "--csv").stdout)))
    assert rows[0]["total_bytes"] == str((1 << 20) + (1 << 30)) and rows[0]["user"] == 'q"\\b\x1b[2J'
    assert "\u2588" in book.run("report", "--chart").stdout
    page = book.run("report", "--html").stdout
    assert page.startswith("<!DOCTYPE html>") and page.count("<svg") == 1 and "\x1b" not in page and "src=" not in page
    metrics = book.run("report", "--prometheus").stdout
    assert f'ttyacct_bytes_total{{user="q\\"\\\\b\x1b[2J",host="srv",direction="in"}} {1 << 20}\n' in metrics
    assert Counter(re.findall(r"^# TYPE (\S+) counter", metrics, re.M)) == {
        "ttyacct_bytes_total": 1, "ttyacct_packets_total": 1, "ttyacct_connections_total": 1}


def exposition(text):
    """Prometheus' text format, strictly: {(metric, labels): value}; families stand together, HELP and TYPE before them."""
    assert text.endswith("\n")
    samples, families, labels = {}, [], r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"'
    for row in text.split("\n")[:-1]:
        if row.startswith("# HELP "):
            families.append(row.split(" ")[2])
            assert len(row.split(" ", 3)[3]) > 5
        elif row.startswith("# TYPE "):
            assert row.split(" ")[2:] == [families[-1], "counter"]
        else:
            name, inside, value = re.fullmatch(rf"([a-z_]+)\{{((?:{labels},?)*)\}} (\d+)", row).group(1, 2, 5)
            assert name == families[-1] and name.endswith("_total")
            key = name, tuple(sorted(re.findall(labels, inside)))
            assert key not in samples
            samples[key] = int(value)
    assert len(families) == len(set(families)) == 3
    return samples


def test_prometheus(book):
    for n, user in enumerate(("ada", 'q"uo\\te', "new\nline", "b\xf6b", "esc\x1b[2J")):
        book.add(line("open", f"a.{n}", NOON, 5, 5, user=user), line("close", f"a.{n}", NOON, 10 + n, 20 + n, user=user),
                 line("close", f"b.{n}", NOON, 7, 7, user=user, host="other"))
    samples = exposition(book.run("report", "--prometheus").stdout)
    assert len(samples) == 5 * 2 * 5
    assert samples["ttyacct_bytes_total", (("direction", "out"), ("host", "srv"), ("user", 'q\\"uo\\\\te'))] == 21
    assert samples["ttyacct_bytes_total", (("direction", "in"), ("host", "srv"), ("user", "new\\nline"))] == 12
    assert samples["ttyacct_connections_total", (("host", "srv"), ("user", "b\xf6b"))] == 1
    assert exposition(book.run("report", "--prometheus").stdout) == samples
    book.add(line("final", "a.0", NOON + 5, 1000, 20))
    more = exposition(book.run("report", "--prometheus").stdout)
    assert all(more[key] >= value for key, value in samples.items()) and more != samples


def test_charts_say_what_they_are_of(book):
    for n in range(120):
        book.add(line("close", f"a.{n}", NOON + n, 1000, 3000, user=f"u{n:03}"))
    chart = book.run("report", "--chart", "--since", "2026-11-22", "--client", "192.0.2.7", COLUMNS="60").stdout.splitlines()
    assert chart[0] == "Traffic over SSH: In + Out, by user, from 2026-11-22 00:00:00, client 192.0.2.7"
    assert chart[1].startswith("u000  3.9 KiB  \u2588") and len(chart[1]) == 60
    page = book.run("report", "--html").stdout
    assert page.count('class="b0" x=') == page.count('class="b1" x=') == 100 and page.count("<tr>") == 121
    assert "first 100 of 120 rows" in page and "<p>by user</p>" in page
    assert "Nothing found" in book.run("report", "--html", "--user", "<nobody>").stdout


@pytest.mark.parametrize("words, said", [
    ((), "no command"), (("reprot",), "'reprot' is no command"), (("report", "top"), "not also 'top'"),
    (("report", "--by", "shoe"), "'shoe' is nothing to report by"), (("report", "--since", "soon"), "'soon' is no date"),
    (("report", "--since", "2026-02-30"), "'2026-02-30' is no date"), (("report", "--since", "@99999999999"), "is no date"),
    (("report", "--since", "today", "--until", "2020"), "--until is before --since"),
    (("report", "--client", "192.0.2.256"), "'192.0.2.256' is no address"), (("report", "--csv", "--json"), "--csv and --json"),
    (("who", "--since", "today"), "who takes no --since"), (("update", "--json"), "update takes no --json"),
    (("sessions", "--by", "day"), "sessions takes no --by"), (("report", "--interim"), "report takes no --interim"),
    (("report", "--prometheus", "--user", "ada"), "takes no --user"), (("top", "--prometheus"), "top takes no --prometheus"),
    (("report", "-x"), "'-x' is no option"), (("report", "--json=1"), "'--json=1' is no option"), (("who", "-n", "3"), "takes no --number"),
    (("top", "-n", "0"), "'0' is no number of rows"), (("report", "--nope"), "'--nope' is no option")])
def test_wrong_words(book, words, said):
    """One line that names the word, and nothing is answered."""
    book.add(line("close", "a.1", NOON, 1, 1))
    done = book.run(*words, check=False)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_value_that_is_missing(book):
    done = subprocess.run([TTYACCT, "report", "--ledger", book.path, "--index", book.index, "--since"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "ttyacct: --since needs a value\n")


def test_a_client_however_it_is_spelled(book):
    book.add(line("close", "a.1", NOON, 1, 1, peer="2001:db8::7"), line("close", "a.2", NOON, 2, 2))
    assert book.totals("client", "--client", "2001:DB8:0::0007") == {"2001:db8::7": (1, 1)}
    assert book.totals("client", "--client", "::ffff:192.0.2.7") == {"192.0.2.7": (2, 2)}


def test_nothing_found_is_said(book):
    book.add(line("close", "a.1", NOON, 1, 1))
    assert book.run("report", "--user", "nobody").stderr == "ttyacct: nothing found\n"
    assert book.run("report", "--user", "nobody", "--json").stderr == ""


def test_no_ledger(tmp_path):
    empty = Book(tmp_path)
    assert empty.rows("report") == []
    empty.path = str(tmp_path / "missing" / "traffic.jsonl")
    done = empty.run("report", check=False)
    assert done.returncode == 1 and "No such file" in done.stderr
    empty.path = str(tmp_path)
    done = empty.run("report", check=False)
    assert done.returncode == 1 and "Is a directory" in done.stderr


def test_open_of_an_earlier_boot_is_cut_off(book):
    """A machine that lost power: no close, the last figures known."""
    host = os.uname().nodename
    book.add(line("open", "00000000.1", NOON, 10, 20, host=host), line("interim", "00000000.1", NOON + 5, 30, 40, host=host))
    row = book.rows("report", "--by", "connection")[0]
    assert (row["state"], row["in_bytes"], row["out_bytes"]) == ("cut off", 30, 40)


def test_somebody_who_waits_sees_it_work(book):
    """At a terminal, and gone again before the answer."""
    with open(book.path, "wb") as out:
        subprocess.run([os.path.join(BUILD, "tests", "bench", "make_ledger"), "120000"], stdout=out, check=True)
    mine, theirs = os.openpty()
    subprocess.run([TTYACCT, "update", "--ledger", book.path, "--index", book.index], stderr=theirs, check=True)
    os.close(theirs)
    said = os.read(mine, 4096).decode()
    os.close(mine)
    assert said.startswith("\rttyacct: reading the ledger, 100000 lines ...\r" + 60 * " " + "\r12000")
    assert "reading" not in book.run("report").stderr


def test_a_long_history_is_not_looked_through_each_minute(book):
    """20,000 connections that ended, and as many that never did, none with a last reading: as before a few boots."""
    host = os.uname().nodename
    book.add(*[line(event, f"{boot}.{n:x}", NOON - 86400 + n, 10, 10, host=host, peer_port=1 + n)
               for boot, event in (("aaaaaaaa", "close"), ("bbbbbbbb", "open")) for n in range(20000)])
    book.run("update")
    for words in (("update", "--interim"), ("who",)):
        subprocess.run([TTYACCT, *words, "--ledger", book.path, "--index", book.index], check=True, timeout=10, capture_output=True)


def test_two_at_once(book):
    for n in range(2000):
        book.add(line("close", f"a.{n}", NOON + n, 1, 1))
    words = [TTYACCT, "report", "--json", "--ledger", book.path, "--index", book.index]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [json.loads(p.communicate()[0])[0]["in_bytes"] for p in both] == [2000] * 4
