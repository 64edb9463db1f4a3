# SPDX-License-Identifier: GPL-2.0-or-later
"""--follow: a recording that is still being written."""

import fcntl
import json
import subprocess
import time

import pytest

from players import REPLAY, cast_text, environment


class Recorder:
    """Appends events to a recording, with the lock that says it is live."""

    def __init__(self, path):
        self.path = path
        self.began = time.monotonic()
        self.file = open(path, "w")
        fcntl.lockf(self.file, fcntl.LOCK_EX)
        self.file.write(cast_text([]))
        self.file.flush()

    def event(self, data, code="o", torn=False):
        line = json.dumps([round(time.monotonic() - self.began, 6), code, data]) + "\n"
        self.file.write(line[:-5] if torn else line)
        self.file.flush()
        return line[-5:]

    def close(self):
        self.file.close()


@pytest.fixture
def recorder(tmp_path):
    r = Recorder(tmp_path / "live.cast")
    yield r
    r.close()


def delay(p, recorder, text):
    """From the write to the recording to the watcher's terminal."""
    began = time.monotonic()
    recorder.event(text)
    p.expect(text.strip().encode())
    return time.monotonic() - began


def test_shows_what_comes_within_200_ms_and_ends_with_the_session(play, recorder):
    recorder.event("early\r\n")
    p = play("--replay", "--follow", recorder.path)
    p.expect_screen("early")
    delays = sorted(delay(p, recorder, f"now-{i}\r\n") for i in range(9))
    assert delays[4] < 0.2, delays
    rest = recorder.event("in two pieces\r\n", torn=True)
    p.pump(0.3)
    assert b"in two" not in p.seen
    recorder.file.write(rest)
    recorder.event("", "x")
    recorder.close()
    assert p.wait() == 0
    assert b"in two pieces" in p.seen and p.modes() == p.before


def test_from_now_begins_at_what_is_there(play, recorder):
    for i in range(5):
        recorder.event(f"old {i}\r\n")
    recorder.began -= 3600
    recorder.event("much later\r\n")
    p = play("--replay", "--now", recorder.path)
    p.expect_screen("much later", seconds=5)
    p.expect_screen("old 0")
    assert delay(p, recorder, "fresh\r\n") < 2
    p.send("q")
    assert p.wait() == 0


def test_it_sleeps_while_nothing_comes(play, recorder):
    """No polling: the program does not run at all."""
    p = play("--replay", "--now", recorder.path)
    recorder.event("x\r\n")
    p.expect_screen("x")
    p.pump(3.5)  # the status line is gone by then
    switches = lambda: sum(int(line.split()[1]) for line in open(f"/proc/{p.child.pid}/status") if "ctxt_switches" in line)
    before = switches()
    p.pump(2)
    assert switches() - before <= 2


def test_into_a_pipe(recorder):
    recorder.event("early\r\n")
    child = subprocess.Popen([REPLAY, "--replay", "--follow", recorder.path], stdout=subprocess.PIPE, env=environment())
    assert child.stdout.read(5) == b"early"
    recorder.event("late\r\n")
    assert b"late" in child.stdout.read(8)
    recorder.close()
    assert child.wait(timeout=15) == 0


def test_a_closed_recording_just_ends(play, cast):
    p = play("--replay", "--follow", cast([[0.1, "o", "all\r\n"]]))
    assert p.wait() == 0
    assert b"all" in p.seen
