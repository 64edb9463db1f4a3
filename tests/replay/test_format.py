# SPDX-License-Identifier: GPL-2.0-or-later
"""The format's page, held against what the pump writes; and other people's programs, which know only asciicast v2."""

import json
import os
import pty
import random
import re
import select
import subprocess
import unicodedata

import pytest

import cast_reader

MS = 1000000


def noise(rng, n):
    return rng.randbytes(n)


def latin1(rng, n):
    return bytes(rng.choice(b"abc \r\n\xe4\xf6\xfc\x1b[m") for _ in range(n))


def utf8(rng, n):
    text = "".join(rng.choice(["a", "é", "€", "😀", "\x1b[1m", "\r\n", "\x9b", "\u2028", "\x7f", '"', "\\", "\0", "\ufffd"])
                   for _ in range(n))
    return text.encode()[:n]


def text(rng, n):
    return bytes(rng.choice(b"the quick brown fox\r\n") for _ in range(n))


def session(seed, kind):
    """A script of random splits and times with both streams in it, and the two streams."""
    rng = random.Random(seed)
    sent = {"o": kind(rng, 30000), "i": kind(rng, 300)}
    events, now, done = [], 0, {"o": 0, "i": 0}
    while any(done[c] < len(sent[c]) for c in sent):
        code = rng.choice("oooi")
        part = sent[code][done[code]:done[code] + rng.choice([1, 2, 3, 50, 4096, 9000])]
        if part:
            events.append((now, code, part))
        done[code] += len(part)
        now += rng.choice([0, 1000, 5 * MS, 150 * MS])
    return events + [(now, "x", b"0")], sent


@pytest.mark.parametrize("kind", [noise, latin1, utf8, text])
@pytest.mark.parametrize("seed", range(5))
def test_a_reader_from_the_page_gets_every_byte(record, kind, seed):
    events, sent = session(seed, kind)
    content, _ = record(events)
    header, got = cast_reader.read(content)
    assert cast_reader.stream(got, "o") == sent["o"]
    assert cast_reader.stream(got, "i") == sent["i"]
    assert [e.time for e in got] == sorted(e.time for e in got)
    assert header["version"] == 2 and header["ttywrap"]["recording"] == "1000-7.cast"


@pytest.mark.parametrize("kind", [noise, latin1, utf8])
def test_the_file_is_plain_text_whatever_was_in_it(record, kind):
    events, _ = session(99, kind)
    content, _ = record(events)
    as_text = content.decode("utf-8")
    assert as_text.endswith("\n")
    assert len(as_text.splitlines()) == content.count(b"\n")  # splitlines knows U+2028, NEL, FS and all
    assert {c for c in as_text if unicodedata.category(c) in ("Cc", "Zl", "Zp")} == {"\n"}
    for line in as_text.splitlines()[1:]:
        time, code, data = json.loads(line)
        assert isinstance(time, float) and len(code) == 1 and isinstance(data, str)


def test_every_code_as_the_page_has_it(record):
    content, _ = record([
        (1 * MS, "o", b"$ "), (2 * MS, "w", b"su do"), (3 * MS, "i", b"ls\r"), (4 * MS, "h", b"noecho"),
        (5 * MS, "r", b"132x43"), (6 * MS, "m", b"ls \xff"), (7 * MS, "g", b"4711"), (250 * MS, "o", b"caf\xe9\r\n"),
        (300 * MS, "x", b"130")])
    header, events = cast_reader.read(content)
    assert header == {
        "version": 2, "width": 80, "height": 24, "timestamp": 1700000000, "title": 'a "title"',
        "env": {"SHELL": "/bin/sh", "TERM": "xterm-256color"},
        "ttywrap": {"start": "1700000000.000000012", "recording": "1000-7.cast", "user": "anna"}}
    assert [(e.time, e.code, e.data) for e in events[:-1]] == [
        (0.001, "o", "$ "), (0.002, "w", "pid=7 uid=1000 euid=0 comm=su do"), (0.003, "i", "ls\r"),
        (0.004, "h", "why=noecho"), (0.005, "r", "132x43"), (0.006, "m", "ls \ufffd"),
        (0.25, "g", "bytes=4711 from=0.007000 why=test"), (0.25, "o", "caf\ufffd\r\n"),
        (0.3, "t", "out=8 in=3 markers=1"), (0.3, "x", "130")]
    assert events[-2].exact is None and events[-4].exact == b"caf\xe9\r\n"
    counted = tuple(len(cast_reader.stream(events, code)) for code in "oi") + (sum(e.code == "m" for e in events),)
    assert "out=%d in=%d markers=%d" % counted == events[-3].data
    assert events[-1].code == "s"


def test_seals_are_what_b2sum_says(record, tmp_path):
    step = 40000 * MS
    content, texts = record([(k * step, "o", b"line %d\r\n" % k) for k in range(6)] + [(6 * step, "x", b"0")])
    seals = cast_reader.seals(content)
    assert len(seals) >= 3 and all(right for *_, right in seals)
    assert [n for n, *_ in seals] == list(range(1, len(seals) + 1))
    assert [last for _, last, *_ in seals] == [False] * (len(seals) - 1) + [True]
    log = tmp_path / "log"
    log.write_bytes(content)
    for (number, last, offset, digest, _), text in zip(seals, texts, strict=True):
        said = subprocess.run(f"head -c {offset} {log} | b2sum -l 256", shell=True, capture_output=True).stdout
        assert said.split()[0].decode() == digest
        assert text == f"op=ttywrap-seal rec=1000-7.cast n={number} end={int(last)} off={offset} hash=blake2b:{digest}"


def test_noise_is_not_blown_up(record):
    data = random.Random(3).randbytes(400000)
    content, _ = record([(k, "o", data[k:k + 4096]) for k in range(0, len(data), 4096)] + [(len(data), "x", b"0")])
    assert len(content) < 1.37 * len(data)


# --- asciinema, as Debian has it ---

SHOWN = "$ ls\r\ncaf\ufffd \x1b[1mbold\x1b[0m €\r\n".encode()


def other_session(record, tmp_path):
    log = tmp_path / "other.cast"
    log.write_bytes(record([
        (1 * MS, "o", b"$ "), (2 * MS, "w", b"sh"), (3 * MS, "i", b"ls\r"), (4 * MS, "o", b"ls\r\n"), (5 * MS, "m", b"ls"),
        (6 * MS, "o", b"caf\xe9 \x1b[1mbold\x1b[0m \xe2"), (7 * MS, "h", b"noecho"), (8 * MS, "o", b"\x82\xac\r\n"),
        (9 * MS, "g", b"1"), (10 * MS, "r", b"100x30"), (150 * MS, "x", b"0")])[0])
    return log


def environment(tmp_path):
    return dict(os.environ, LC_ALL="C.UTF-8", HOME=str(tmp_path), TERM="xterm")


def on_a_terminal(tmp_path, command):
    """What the command showed; asciinema's cat wants a /dev/tty, too."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe("sh", ["sh", "-c", command], environment(tmp_path))
    seen = b""
    while select.select([fd], [], [], 60)[0]:
        try:
            seen += os.read(fd, 4096)
        except OSError:  # EIO: it is gone
            break
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, seen
    return seen


def test_asciinema_cat(record, tmp_path):
    log = other_session(record, tmp_path)
    on_a_terminal(tmp_path, f"asciinema cat {log} > {tmp_path}/shown")
    assert (tmp_path / "shown").read_bytes() == SHOWN


def test_asciinema_play(record, tmp_path):
    log = other_session(record, tmp_path)
    seen = on_a_terminal(tmp_path, f"asciinema play {log}")
    # The terminal makes \r\n of each \n once more.
    assert re.sub(rb"\r+\n", b"\r\n", seen).find(SHOWN) >= 0


def test_what_asciinema_records_is_read(tmp_path, verify):
    """Its files are no sealed recordings, and are said to be none; reading them is tests/unit/replay's part."""
    log = tmp_path / "theirs.cast"
    subprocess.run(["asciinema", "rec", "-q", "-c", "printf 'h\\303\\244\\n'", log], env=environment(tmp_path),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60, check=True)
    assert verify(log) == (2, f"{log}: not sealed: an asciicast, but not ttywrap's\n")
