# SPDX-License-Identifier: GPL-2.0-or-later
"""--export html in a real browser: headless Chromium, driven over its debugging pipe, without a network."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from players import SESSION, run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def page(cast, tmp_path):
    """page(events) exports them and gives the path of the page."""

    def export(events, **header):
        out = tmp_path / "page.html"
        got = run("--export", "html", "-o", out, cast(events, **header))
        if got.returncode == 1 and b"without asciinema's web player" in got.stderr:
            pytest.skip("built without asciinema's web player: tools/web-player fetches it from npm")
        assert got.returncode == 0, got.stderr
        return out

    return export


class Browser:
    """A page in Chromium. Messages are JSON, ended by NUL, on descriptors 3 and 4."""

    def __init__(self, url, profile):
        to_r, self.to = os.pipe()
        self.back, back_w = os.pipe()

        def descriptors():
            a, b = os.dup(to_r), os.dup(back_w)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.child = subprocess.Popen(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", "about:blank"], preexec_fn=descriptors, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_r)
        os.close(back_w)
        self.number, self.buffer, self.session, self.events = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Network.enable")
        self.call("Runtime.enable")
        self.call("Log.enable")
        self.call("Page.enable")
        self.call("Page.navigate", url=url)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                got = os.read(self.back, 1 << 20)
                assert got, "the browser is gone"
                self.buffer += got
            raw, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(raw)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def js(self, expression):
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def expect(self, expression, seconds=30):
        end = time.monotonic() + seconds
        while not self.js(expression):
            assert time.monotonic() < end, (expression, self.js("document.body.innerText"), self.events[-5:])
            time.sleep(0.1)

    def close(self):
        self.child.kill()
        self.child.wait()
        os.close(self.to)
        os.close(self.back)


@pytest.fixture
def browse(tmp_path):
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    made = []

    def start(path):
        made.append(Browser(f"file://{path}", tmp_path / "profile"))
        return made[-1]

    yield start
    for b in made:
        b.close()


TERMINAL = "(document.querySelector('.ap-term, .ap-terminal')?.textContent ?? '')"


def test_play_shows_the_session(page, browse):
    events = [[0.1, "o", "first line\r\n"], [0.3, "m", "echo two"], [0.5, "o", "second \x1b[31mred\x1b[0m\r\n"], [1.0, "o", "the end"]]
    b = browse(page(events))
    b.expect("document.querySelector('.ap-overlay-start, .ap-start-button') !== null")
    b.js("document.querySelector('.ap-overlay-start, .ap-start-button').click()")
    b.expect(TERMINAL + ".includes('second red')")
    b.expect(TERMINAL + ".includes('the end')")


def test_markers_are_chapters_and_nothing_is_fetched(page, browse):
    b = browse(page(SESSION))
    b.expect("document.querySelectorAll('nav button').length === 2")
    assert b.js("document.querySelector('nav button').textContent") == "0:00  echo two"
    b.js("document.querySelectorAll('nav button')[1].click()")
    b.expect(TERMINAL + ".includes('third after a minute')")
    asked = {e["params"]["request"]["url"] for e in b.events if e.get("method") == "Network.requestWillBeSent"}
    assert all(re.match(r"file:///.*/page\.html$|data:|blob:", u) for u in asked), asked
    refused = [e for e in b.events if e.get("method") == "Log.entryAdded" and "Content Security Policy" in json.dumps(e)]
    assert not refused


def test_a_recording_cannot_break_out_of_its_string(page, browse):
    evil = "</script><script>document.title='owned'</script><!--<img src=x onerror=\"document.title='owned'\">"
    out = page([[0.1, "o", evil], [0.2, "m", evil]], title=evil)
    text = out.read_text()
    assert "<script>document.title" not in text and text.count("</script>") == 3
    b = browse(out)
    b.expect("document.querySelectorAll('nav button').length === 1")
    assert evil in b.js("document.querySelector('nav button').textContent")
    assert b.js("document.title") == "test.cast"


def test_the_page_says_whose_session_it_was(page, browse):
    b = browse(page(SESSION, ttywrap={"user": "<b>eve\x1b", "addr": "192.0.2.7", "host": "gw"}))
    b.expect("document.querySelectorAll('nav button').length === 2")
    assert b.js("document.querySelector('header').textContent").startswith("test.cast <b>eve\\x1b on gw from 192.0.2.7, 2023-11-1")
    # All of it is in the window, the player's controls too, and its first picture is there before it plays.
    assert b.js("document.documentElement.scrollHeight <= window.innerHeight")
    b.expect(TERMINAL + ".includes('first line')")
