# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays one prompt in one way: a whole session, from the login to its end, as a person or a paste would type it."""

import os
import random
import re
import termios
import time

import pexpect

from client import CONTROL, login

READY = r"ready>"
LIMIT_S = 12
ACCEPTED = r"\x1b\[\?2004l"  # the shell's line editor is done with the line
# Letters of which hardly any four in a row are part of a word, a number in hex or what a program says.
LETTERS = "ghjkmnpqrtvwxyzGHJKLMNPQRTVWXYZ"
LIFE = "echo sign-of-life"
PERSON_S = 0.1      # a person reads a prompt before answering it
UNANSWERED_S = 0.8  # so long without a word: what was typed ahead of this prompt was thrown away


class Words:
    """The secrets of one session. The same prompt and way give the same ones."""

    def __init__(self, name):
        chance = random.Random(name)
        self.secret, self.new, self.wrong, self.slip, self.start = (
            "".join(chance.choices(LETTERS, k=14)) + chance.choice("!%+=") for _ in range(5))

    def all(self):
        return [self.secret, self.new, self.wrong, self.slip, self.start]


class Play:
    """terminal is open after run(), which leaves the session at its first shell's prompt; end() ends it."""

    def __init__(self, prompt, way, sshd, user, words, values):
        self.prompt, self.way, self.sshd, self.user, self.words, self.values = prompt, way, sshd, user, words, values
        self.shown = []   # what came to the user's terminal
        self.plain = ""   # what was typed and is no secret
        self.asked = 0    # prompts that came

    def write(self, text):
        """pexpect's log of what it read."""
        self.shown.append(text)

    def flush(self):
        pass

    def fill(self, text):
        return re.sub(r"\{(\w+)\}", lambda m: str(self.values[m[1]]), text)

    def open(self):
        self.terminal = login(self.sshd, self.user, wait=False)
        self.terminal.child.logfile_read = self
        self.terminal.expect(READY)
        time.sleep(PERSON_S)

    def type(self, text):
        """What may be audited."""
        self.plain += text
        self.terminal.send(text)

    def answer(self, text):
        if self.way == "edited":
            self.terminal.send(f"{self.words.start}\x15{text[:6]}{self.words.slip}{chr(127) * len(self.words.slip)}{text[6:]}\r")
        elif self.way == "split":
            for letter in text + "\r":
                self.terminal.send(letter)
                time.sleep(0.005)
        else:
            self.terminal.send(text + "\r")

    def answers(self):
        return [self.fill(text) for text in self.prompt.answers]

    def is_asked(self):
        """Whether one of the user's terminals shows nothing of what is typed."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}").st_uid != self.user.uid or not os.readlink(f"/proc/{pid}/fd/0").startswith("/dev/pts/"):
                    continue
                terminal = os.open(f"/proc/{pid}/fd/0", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                if not termios.tcgetattr(terminal)[3] & termios.ECHO:
                    return True
            except termios.error:
                pass
            finally:
                os.close(terminal)
        return False

    def next_or_none(self):
        """As next(); None when what was typed ahead was thrown away: somebody asks, and nothing comes."""
        got, tries = self.next(UNANSWERED_S), 0
        while got is None and tries < LIMIT_S / UNANSWERED_S and not self.is_asked():
            got, tries = self.next(UNANSWERED_S), tries + 1
        return got

    def next(self, seconds=LIMIT_S):
        """-1 when the shell's prompt came, 0 when one of the program's did, None when nothing does."""
        again = [pattern for pattern, _ in self.prompt.again]
        if self.prompt.enter and not self.asked:  # a prompt of the shell's that is drawn again is none
            self.terminal.expect("|".join(self.prompt.asks))
            self.asked += 1
            return 0
        while True:
            found = self.terminal.child.expect([pexpect.TIMEOUT, READY, *again, *self.prompt.asks], timeout=seconds) - 2
            if not 0 <= found < len(again):
                self.asked += found >= len(again)
                return None if found == -2 else -1 if found == -1 else 0
            time.sleep(PERSON_S)
            self.type(self.fill(self.prompt.again[found][1]))

    def start(self, with_it=""):
        """The command, and what is sent in the same write."""
        command = self.fill(self.prompt.command)
        self.plain += command + "\r"
        if not self.prompt.enter:
            self.terminal.send(command + "\r" + with_it)
            self.terminal.expect(ACCEPTED)
            return
        self.terminal.send(command + "\r")
        for number, (pattern, keys) in enumerate(self.prompt.enter, 1):
            self.terminal.expect(pattern)
            self.plain += keys
            self.terminal.send(keys + (with_it if number == len(self.prompt.enter) else ""))

    def start_late(self):
        """The command comes to its prompt only after the answers were typed."""
        if self.prompt.enter:
            self.start()
        else:
            before = "echo go; sleep 0.7; "
            self.plain += before + self.fill(self.prompt.command) + "\r"
            self.terminal.send(before + self.fill(self.prompt.command) + "\r")
            self.terminal.expect(r"go\r\n")
        for text in self.answers():
            self.terminal.send(text + "\r")

    def run_answered_before(self):
        """Typed ahead, or pasted with the command: only what was thrown away is typed again."""
        if self.way == "ahead":
            self.start_late()
        else:
            self.start("".join(text + "\r" for text in self.answers()))
        answers, asked, got = self.answers(), 0, self.next()
        while got != -1:
            assert got == 0 and asked < 12, "".join(self.shown)[-2000:]
            got = self.next_or_none()
            if got is None:
                self.terminal.send(answers[asked % len(answers)] + "\r")
                got = self.next()
            asked += 1

    def run_answered(self):
        """Each prompt is answered when it is there; in the way 'wrong', the first one wrongly."""
        answers, asked, wrong = self.answers(), 0, self.way == "wrong"
        self.start()
        while True:
            got = self.next()
            assert got is not None and asked < 12, "".join(self.shown)[-2000:]
            if got == -1 and not self.wrong_given:
                return
            if got == -1:
                self.wrong_given = False
                if not asked:
                    self.start()
                    continue
                return
            time.sleep(PERSON_S)
            if wrong:
                self.answer(self.words.wrong)
                wrong, self.wrong_given = False, True
            else:
                self.answer(answers[asked % len(answers)])
                asked += 1

    def run(self):
        self.wrong_given = False
        if self.way in ("ahead", "pasted"):
            self.run_answered_before()
        else:
            self.run_answered()
        if self.prompt.leave:
            self.type(self.prompt.leave)
            self.terminal.expect(READY)
        time.sleep(PERSON_S)
        self.type(LIFE + "\r")
        self.terminal.expect(r"sign-of-life\r\n")
        self.terminal.expect(READY)

    def end(self):
        self.type("exit\r")
        self.terminal.finish()

    def screen(self):
        return CONTROL.sub("", "".join(self.shown)).encode("utf-8", "surrogateescape")
