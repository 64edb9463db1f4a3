# SPDX-License-Identifier: GPL-2.0-or-later
"""How the player looks in a terminal that is not ours: tmux, its windows larger and smaller than the recording."""

import subprocess
import time
import uuid

import pytest

from players import REPLAY, environment


class Tmux:
    def __init__(self, tmp, cols, rows, *args, env=None):
        self.socket = str(tmp / f"tmux-{uuid.uuid4().hex[:8]}")
        command = f"stty -a > {tmp}/before; " + " ".join([REPLAY, *map(str, args)]) + \
            f"; echo status=$?; stty -a > {tmp}/after; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(cols), "-y", str(rows), command, env=env)

    def tmux(self, *args, env=None):
        got = subprocess.run(["tmux", "-u", "-S", self.socket, *args], capture_output=True, text=True,
                             env=env or environment())
        assert got.returncode == 0, got.stderr
        return got.stdout

    def screen(self, *how):
        return self.tmux("capture-pane", "-p", *how).split("\n")[:-1]

    def expect(self, text, absent=None, seconds=15):
        end = time.monotonic() + seconds
        while True:
            lines = self.screen()
            if any(text in line for line in lines) and not (absent and any(absent in line for line in lines)):
                return lines
            assert time.monotonic() < end, "\n".join(lines)
            time.sleep(0.05)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, cols, rows):
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)


@pytest.fixture
def tmux(tmp_path):
    made = []

    def start(cols, rows, *args, **kw):
        made.append(Tmux(tmp_path, cols, rows, *args, **kw))
        return made[-1]

    yield start
    for t in made:
        t.close()


BOX = [[0.1, "o", "".join(f"\x1b[{r};1Hrow {r:02} " + "." * 30 + f"\x1b[{r};38Hend" for r in range(1, 11))],
       [0.2, "o", "\x1b[5;10H\x1b[1;32mgreen\x1b[m \u4e2d\u6587 \u00e9\x1b[10;3H"], [100, "o", "\x1b[Hgone"]]


def test_same_size(tmux, cast):
    t = tmux(40, 10, "--replay", "--no-status", cast(BOX, cols=40, rows=10))
    lines = t.expect("green")
    assert lines[0] == "row 01 " + "." * 30 + "end" and lines[9].startswith("row 10")
    assert lines[4] == "row 05 ..green \u4e2d\u6587 \u00e9" + "." * 16 + "end"
    assert "\x1b[1m\x1b[32mgreen" in t.tmux("capture-pane", "-p", "-e")
    assert t.tmux("display-message", "-p", "#{cursor_x},#{cursor_y}").strip() == "2,9"


def test_larger_window_has_an_edge(tmux, cast):
    t = tmux(60, 15, "--replay", cast(BOX, cols=40, rows=10))
    lines = t.expect("green")
    assert lines[0] == "row 01 " + "." * 30 + "end\u2502" and lines[10] == "\u2500" * 40 + "\u2518"
    assert lines[11] == "" and "playing" in lines[14]


def test_smaller_window_shows_the_cursors_part(tmux, cast):
    t = tmux(20, 5, "--replay", "--no-status", cast(BOX, cols=40, rows=10))
    lines = t.expect("row 10")
    assert [line[:6] for line in lines] == [f"row {r:02}" for r in range(6, 11)]
    t.resize(60, 12)
    assert t.expect("row 01")[0].endswith("end\u2502")
    t.resize(30, 6)
    assert t.expect("row 05", absent="row 04")


def test_the_recordings_own_resizes(tmux, cast):
    t = tmux(60, 15, "--replay", "--speed", "50", "--keep",
             cast([[0.1, "o", "small"], [1, "r", "50x12"], [2, "o", "\x1b[12;48Hbig"]], cols=20, rows=5))
    lines = t.expect("big")
    assert lines[11].endswith("big\u2502") and lines[0].startswith("small")


def test_leaves_the_screen_as_it_was_but_for_the_last_picture(tmux, cast, tmp_path):
    t = tmux(60, 15, "--replay", "--speed", "1000", cast(BOX, cols=40, rows=10))
    lines = t.expect("status=0")
    assert lines[0].startswith("gone") and lines[9].startswith("row 10") and lines[10] == "status=0"
    assert t.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag} #{insert_flag} #{origin_flag}"
                  " #{mouse_any_flag} #{keypad_cursor_flag} #{scroll_region_upper} #{scroll_region_lower}").split() == \
        ["0", "1", "1", "0", "0", "0", "0", "0", "14"]
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()


HOSTILE = ("\x1b]0;pwned\x07\x1b]2;pwned\x1b\\\x1bkpwned\x1b\\\x1b]52;c;cHduZWQ=\x07\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?1h\x1b="
           "\x1b[6n\x1b[c\x1b[2;3r\x1b[?6h\x1b[4h\x1b[20h\x1b[?7l\x1b[?25l\x1b)0\x0e\x1b[3g\x1b[5 q\x1b[31mleft\x1bPtmux;\x1b\x1b]0;x\x07\x1b\\")


@pytest.mark.parametrize("how", [[], ["--plain"]])
def test_a_hostile_recording_changes_nothing_that_lasts(tmux, cast, how):
    t = tmux(60, 15, "--replay", *how, "--speed", "1000", cast([[0.1, "o", HOSTILE]]))
    t.expect("status=0")
    state = ("#{pane_title}|#{alternate_on}|#{cursor_flag}|#{wrap_flag}|#{insert_flag}|#{origin_flag}|#{mouse_any_flag}|"
             "#{keypad_cursor_flag}|#{keypad_flag}|#{scroll_region_upper}|#{scroll_region_lower}|#{pane_tabs}")
    title, *flags, tabs = t.tmux("display-message", "-p", state).strip().split("|")
    assert "pwned" not in title and title != "x"
    assert flags == ["0", "1", "1", "0", "0", "0", "0", "0", "0", "14"]
    assert tabs == "8,16,24,32,40,48,56"
    assert "pwned" not in subprocess.run(["tmux", "-S", t.socket, "list-buffers"], capture_output=True, text=True).stdout


def test_a_terminal_without_utf8(tmux, cast):
    env = environment()
    env["LC_ALL"] = "C"
    t = tmux(60, 15, "--replay", cast(BOX, cols=40, rows=10), env=env)
    lines = t.expect("green")
    assert "green ? ?  ?" in lines[4] and lines[0].endswith("end|") and lines[10] == "-" * 40 + "+"
