# SPDX-License-Identifier: GPL-2.0-or-later
"""No secret, ever: real programs ask for one inside a real session, and it is in nothing that the session leaves.

A session for each prompt and way of answering it. TTYWRAP_SECRETS=all plays every one of them, otherwise each prompt is
played in two of the ways. SECRETS_TABLE=docs/secrets.md puts the table into the document.
"""

import os
import re

import pytest

import search
from host import have, run, wait_until
from play import LIFE, Play, Words
from prompts import PROMPTS, WAYS

EVERY = os.environ.get("TTYWRAP_SECRETS") == "all"
TABLE = os.environ.get("SECRETS_TABLE")
MARKS = "<!-- the table: tests/secrets/test_prompts.py -->\n", "<!-- end of the table -->"
CELLS = {}


def cells():
    """Every pair, or such that each prompt is typed ahead or pasted once and answered once."""
    for number, prompt in enumerate(PROMPTS):
        slow, quick = ["ahead", "pasted"], ["after", "edited", "split"]
        share = (slow[number % 2], quick[number // 2 % 3])
        for way in WAYS:
            if way not in prompt.but and (EVERY or way in share):
                yield pytest.param(prompt, way, id=f"{prompt.name}-{way}".replace(" ", "_"))


def write_table():
    """The rows as Markdown, between the marks of the document."""
    rows = ["| prompt | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    for prompt in PROMPTS:
        rows.append(f"| {prompt.name} | " + " | ".join(CELLS.get((prompt.name, way), "-") for way in WAYS) + " |")
    with open(TABLE, encoding="utf-8") as old:
        text = old.read()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    with open(TABLE, "w", encoding="utf-8") as new:
        new.write(before + MARKS[0] + "\n".join(rows) + "\n" + MARKS[1] + after)


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    if TABLE:
        write_table()


def set_up(prompt, values, fill, keeper):
    keys = values["keys"]
    os.makedirs(keys, exist_ok=True)
    with open(f"{keys}/text", "w", encoding="ascii") as text:
        text.write("a text\n")
    if prompt.setup:
        run("sh", "-c", fill(prompt.setup))
    run("chown", "-R", f"{keeper.uid}:{keeper.gid}", keys, keeper.home)


def typed_bytes(records, uid):
    """What the trail says this user typed at the login's terminal: what a multiplexer starts in it are sessions, too."""
    login, *_ = [r.get("pid") for r in records if "op=ttywrap-open" in r.text and r.get("auid") == str(uid)]
    return b"".join(r.data() for r in records if r.type == "USER_TTY" and r.get("pid") == login)


def in_recordings(pieces, paths):
    """As search.in_recording() says, of all of them."""
    found = {}
    for path in paths:
        for code, got in search.in_recording(pieces, path).items():
            found.setdefault(code, set()).update(got)
    return found


def closed(records, uid):
    """Every session of this user's."""
    ours = [r.text for r in records if r.type == "TRUSTED_APP" and r.get("auid") == str(uid)]
    return sum("op=ttywrap-open" in text for text in ours) == sum("op=ttywrap-close" in text for text in ours) > 0


def letters(data):
    """Without line ends and control characters, which no secret is among."""
    return re.sub(rb"[\x00-\x1f\x7f]", b"", data)


@pytest.mark.parametrize("prompt, way", cells())
def test_prompt(host, keeper, servers, prompt, way):
    for program in prompt.needs:
        if not have(program):
            pytest.skip(f"{program} is not installed")
    words = Words(f"{prompt.name} {way}")
    host.configure(f"[default]\nshell = {prompt.shell}\n")
    sshd = host.sshd("SetEnv LC_ALL=C.UTF-8")
    values = {"secret": words.secret, "new": words.new, "user": keeper.name, "home": keeper.home,
              "guest": keeper.guest.name, "ssh": sshd.port, "http": servers.http, "https": servers.https, "postgres": servers.postgres,
              "keys": keeper.path("keys")}
    play = Play(prompt, way, sshd, keeper, words, values)
    set_up(prompt, values, play.fill, keeper)
    mark, syslog_mark, before = host.trail.mark(), host.syslog.mark(), set(host.recordings())
    play.open()
    with play.terminal:
        play.run()
        pieces = search.Pieces(words.all())
        in_proc = search.in_processes(pieces, [pid for pid in host.world.processes() if is_of_session(pid)])
        play.end()
    wait_until(lambda: closed(host.trail.find(since=mark), keeper.uid), "every session's close record")
    records = host.trail.find(since=mark)
    recorded = in_recordings(pieces, set(host.recordings()) - before)
    shown = pieces.found(play.screen())
    assert play.asked or prompt.early, "".join(play.shown)
    early = prompt.early and way in ("ahead", "pasted")
    leaks = [f"{kind} record" for kind in sorted(search.in_trail(pieces, records))]
    leaks += [f"recording '{code}'" for code in sorted(set(recorded) - {"o"})]
    leaks += ["recording 'o', and not on the screen"] if recorded.get("o", set()) - shown else []
    leaks += [f"/proc/PID/{name}" for name in sorted(in_proc)]
    leaks += ["syslog"] if any(pieces.found(line.encode()) for _, line in host.syslog.lines[syslog_mark:]) else []
    leaks += sorted(search.in_files(pieces, "/var/log/ttywrap", "/run/ttywrap", "/var/lib/ttywrap", but=set(host.recordings())))
    if early and leaks:  # docs/secrets.md, 'What is not kept out'
        assert set(leaks) <= {"USER_TTY record", "recording 'i'"}
        CELLS[prompt.name, way] = "read before it was asked for"
        return
    echo = "echoed" if recorded.get("o") else ""
    typed = letters(typed_bytes(records, keeper.uid))
    missing = "" if typed == letters(play.plain.encode()) else "less"
    CELLS[prompt.name, way] = ", ".join(leaks or ["none"]) + (", " + echo if echo else "") + (", " + missing if missing else "")
    assert leaks == [], (typed_bytes(records, keeper.uid), play.plain)
    assert play.fill(prompt.command).encode() in typed and LIFE.encode() in typed, (typed, play.plain)
    commands = [r.get("cmd") for r in records if r.type == "USER_CMD" and r.get("auid") == str(keeper.uid)]
    assert all(any(text in command for command in commands) for text in (play.fill(prompt.command), LIFE)), commands


def is_of_session(pid):
    """The monitor, the pump and the shells."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as name:
            return name.read().strip().startswith(("ttywrap", "bash", "zsh", "fish"))
    except OSError:
        return False
