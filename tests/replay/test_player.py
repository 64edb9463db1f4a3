# SPDX-License-Identifier: GPL-2.0-or-later
"""The player in a real terminal: keys, and the terminal as it was on every way out."""

import os
import signal
import time

import pytest

from players import SESSION, run

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def restored(p):
    """Raw mode, alternate screen, cursor and autowrap, all put back."""
    assert p.modes() == p.before
    assert p.seen.count(ENTER) == p.seen.count(LEAVE)
    after = p.seen[p.seen.rindex(b"\x1b[?7l"):]
    assert b"\x1b[?7h" in after and b"\x1b[?25h" in after
    assert b"\x1b[6n" not in p.seen and b"\x1b]0;" not in p.seen and b"\x1b[?1000h" not in p.seen


def test_plays_to_the_end_and_leaves_the_last_screen(play, cast):
    p = play("--replay", cast(SESSION), "--speed", "200")
    assert p.wait() == 0
    restored(p)
    left = p.seen[p.seen.rindex(LEAVE):]
    assert b"first line" in left and b"the end" in left and b"full screen" not in left


def test_max_idle_cuts_pauses(play, cast):
    began = time.monotonic()
    p = play("--replay", cast(SESSION), "--max-idle", "0.1")
    assert p.wait() == 0
    assert b"third after a minute" in p.seen and time.monotonic() - began < 15  # of 120


@pytest.mark.parametrize("key, status", [("q", 0), ("\x03", -signal.SIGINT), ("\x1c", -signal.SIGQUIT)])
def test_keys_that_leave(play, cast, key, status):
    p = play("--replay", cast(SESSION))
    p.expect(b"second")
    p.send(key)
    assert p.wait() == status
    restored(p)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_signals_that_end(play, cast, number):
    p = play("--replay", cast(SESSION))
    p.expect(b"second")
    p.child.send_signal(number)
    assert p.wait() == -number
    restored(p)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash(play, cast, number):
    p = play("--replay", cast(SESSION))
    p.expect(b"second")
    p.child.send_signal(number)
    assert p.wait() == -number
    restored(p)


def test_a_damaged_recording_is_shown_as_far_as_it_goes(play, cast):
    path = cast(SESSION[:3])
    with open(path, "a") as f:
        f.write('this is no event\n[0.3, "o", "after it\\r\\n"]\n')
    p = play("--replay", path)
    assert p.wait() == 1
    restored(p)
    assert b"after it" in p.seen and b"test.cast:5:" in p.seen[p.seen.rindex(LEAVE):]


def test_hangup_of_the_terminal(play, cast):
    p = play("--replay", cast(SESSION))
    p.expect(b"second")
    os.close(p.ptm)
    p.child.wait(timeout=10)
    p.ptm = os.open("/dev/null", os.O_RDWR)
    assert p.child.returncode in (-signal.SIGHUP, 1)


def test_pause_step_and_resume(play, cast):
    p = play("--replay", cast(SESSION))
    p.expect_screen("second red")
    p.send(" ")
    p.expect_screen("paused  0:0")
    p.send(".")
    p.expect_screen("third after a minute")
    p.expect_screen("paused  1:00")
    p.send(".")
    p.expect_screen("full screen", absent="third")
    p.send(" ")
    p.expect_screen("playing  1:00")
    p.send("q")
    assert p.wait() == 0
    restored(p)


def test_jumps(play, cast):
    p = play("--replay", cast(SESSION))
    p.expect_screen("second red")
    p.send("+1:30\r")
    p.expect_screen("playing  1:30")
    p.expect_screen("full screen", absent="second")
    p.send("-1:00\r")
    p.expect_screen("playing  0:3")
    p.expect_screen("second red", absent="third")
    p.send("50%\r")
    p.expect_screen("playing  1:0")
    p.send("G")
    p.expect_screen("paused  2:00")
    p.expect_screen("the end", absent="full screen")
    p.send("\x1b[D\x1b[D")
    p.expect_screen("paused  1:50")
    p.expect_screen("full screen")
    p.send("g")
    p.expect_screen("paused  0:00", absent="first line")
    p.send("soon\r1:2x\r")
    p.expect_screen('"1:2x" is no time')
    p.send("q")
    assert p.wait() == 0
    restored(p)


def test_markers_and_search(play, cast):
    p = play("--replay", cast(SESSION), "--at", "0")
    p.expect_screen("paused  0:00")
    p.send("]")
    p.expect_screen("[echo two]")
    p.send("]")
    p.expect_screen("[vi]")
    p.expect_screen("third")
    p.send("[")
    p.expect_screen("[echo two]", absent="third")
    p.send("/full SCREEN\r")
    p.expect_screen("not found after this")
    p.send("g")
    p.expect_screen("paused  0:00")
    p.send("/full screen\r")
    p.expect_screen("full screen", absent="second")
    p.expect_screen("1:00")
    p.send("/second\r")  # that it comes back with the main screen is nothing new
    p.expect_screen("not found after this")
    p.expect_screen("the end")
    p.send("N")
    p.expect_screen("second red", absent="fourth")
    p.expect_screen("0:00")
    p.send("]")
    p.expect_screen("[vi]")
    p.send("]")
    p.expect_screen("no marker after this")
    p.send("q")
    assert p.wait() == 0
    restored(p)


def test_suspend_and_continue(play, cast):
    p = play("--replay", cast(SESSION))
    p.expect(b"second")
    p.send("\x1a")
    for _ in range(100):
        p.pump(0.05)
        if open(f"/proc/{p.child.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "T":
            break
    else:
        pytest.fail("it did not stop")
    assert p.modes() == p.before
    p.child.send_signal(signal.SIGCONT)
    p.pump(0.3)
    p.send("q")
    assert p.wait() == 0
    restored(p)


def test_a_stopped_terminal_does_not_hold_it(play, cast):
    """Nobody reads what it writes: signals must still get through."""
    flood = [[i / 1000, "o", "x" * 1000 + f"\x1b[{i % 24 + 1};1H"] for i in range(3000)]
    p = play("--replay", cast(flood))
    time.sleep(1.5)
    p.child.send_signal(signal.SIGTERM)
    assert p.child.wait(timeout=20) == -signal.SIGTERM
    assert p.modes() == p.before


def test_plain_on_the_terminals_own_screen(play, cast):
    p = play("--replay", "--plain", cast(SESSION), "--speed", "500")
    assert p.wait() == 0
    assert p.modes() == p.before
    assert b"\x1b[6n" not in p.seen and b"\x1b[?25h" in p.seen[p.seen.rindex(b"\x1b[?25l"):]


def test_without_a_terminal_it_is_filtered_and_not_paced(cast):
    got = run("--replay", cast(SESSION))
    assert got.returncode == 0
    assert b"third after a minute" in got.stdout and b"\x1b[6n" not in got.stdout and b"title" not in got.stdout


def test_raw_is_exact(cast):
    got = run("--replay", "--raw", cast(SESSION))
    assert got.stdout == "".join(e[2] for e in SESSION if e[1] == "o").encode()


def test_from_and_to(cast):
    got = run("--replay", "--from", "1:00", "--to", "1:00.1", cast(SESSION)).stdout
    assert b"third" in got and b"full screen" not in got
    got = run("--replay", "--raw", "--from", "1:00", "--to", "1:00.1", cast(SESSION)).stdout
    assert got == SESSION[3][2].encode()


def test_standard_input(cast):
    with open(cast(SESSION), "rb") as f:
        assert b"the end" in run("--replay", "-", stdin=f).stdout


@pytest.mark.parametrize("args, status, words", [
    (["--replay"], 2, b"one recording is needed"),
    (["--replay", "--speed", "fast", "x"], 2, b"--speed fast"),
    (["--replay", "--from", "soon", "x"], 2, b"--from soon"),
    (["--replay", "nowhere"], 3, b"nowhere: No such file"),
    (["--replay", "/etc/passwd"], 1, b"passwd"),
    (["--replay", "a\x1b[31mb"], 3, b"a\\x1b[31mb"),
])
def test_errors_are_one_line(args, status, words):
    got = run(*args)
    assert got.returncode == status and got.stdout == b""
    assert words in got.stderr and got.stderr.count(b"\n") == 1


def test_a_picture_comes_at_once_when_paused(cast, play):
    """Not only when the next thing is due, 2.5 s later: one try in five has to be quicker, on however busy a machine."""
    for _ in range(5):
        p = play("--replay", cast(SESSION), "--at", "1")
        p.pump(2)
        seen = "second red" in "\n".join(p.screen())
        p.expect_screen("second red")
        p.send("q")
        assert p.wait() == 0
        if seen:
            return
    raise AssertionError("the picture came late five times")


def test_the_keys_are_told_in_a_narrow_window(cast, play):
    p = play("--replay", cast(SESSION), "--at", "1")
    p.expect_screen("paused")
    p.send("?")
    p.expect_screen("? more")
    p.send("?")
    p.expect_screen("q quit", absent="paused")
    assert "^L redraw" in "\n".join(p.screen())
    p.send("?")
    p.expect_screen("paused")
    p.send("q")
    assert p.wait() == 0


def test_what_reads_a_recording_is_in_a_sandbox(cast, play):
    p = play("--replay", cast(SESSION))
    p.expect_screen("second red")
    with open(f"/proc/{p.child.pid}/status") as status:
        fields = dict(line.split(":\t", 1) for line in status.read().splitlines())
    assert (fields["Seccomp"], fields["NoNewPrivs"]) == ("2", "1")
    p.send("q")
    assert p.wait() == 0


@pytest.mark.parametrize("args", [["--version"], ["--list", "--version"], ["--replay", "--version"], ["--version", "x"]])
def test_version(args):
    got = run(*args)
    assert got.returncode == 0 and got.stdout.startswith(b"ttywrap ") and got.stdout.count(b"\n") == 1


def test_help_fits_80_columns():
    got = run("--help")
    assert got.returncode == 0 and max(map(len, got.stdout.decode().splitlines())) <= 80
