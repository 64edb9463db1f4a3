# SPDX-License-Identifier: GPL-2.0-or-later
"""What is compared: how each recorder is started around a shell command line, and where its log lands."""

import os
import shutil

SQUEEZED = "/usr/local/bin/bench-sh"  # a shell under another name: sudoers tells commands apart by their files
SUDOERS = """Defaults log_input, log_output, iolog_dir=%s/sudo, !lecture, !syslog, !pam_session, !compress_io
Defaults!%s compress_io
root ALL=(ALL:ALL) NOPASSWD: ALL
"""


class Subject:
    """One row of the table. words(command, log) is its command line; user: whom it is started as; argv0: its name."""

    def __init__(self, name, words, user=None, argv0=None, note="", pipes=False):
        self.name, self.words, self.user, self.argv0, self.note = name, words, user, argv0, note
        self.pipes = pipes  # has a mode for a command without a terminal
        self.alike = False  # gets as many rounds as what the goals compare


def yardsticks(tools):
    relay = os.path.join(tools, "bench-relay")
    return [
        Subject("bare", lambda c, log: ["sh", "-c", c], pipes=True, note="the program itself on the user's terminal"),
        Subject("relay", lambda c, log: [relay, "-", "sh", "-c", c], note="poll, read, write; no log"),
        Subject("relay-log", lambda c, log: [relay, log, "sh", "-c", c], note="the same and a write(2) of each read to a file"),
        Subject("relay-log-again", lambda c, log: [relay, log, "sh", "-c", c], note="relay-log once more: how far two runs of the same are apart"),
        Subject("relay-log-in", lambda c, log: [relay, "-i", log, "sh", "-c", c], note="and of what is typed"),
        Subject("relay-log-3", lambda c, log: [relay, "-p", log, "sh", "-c", c],
                note="relay-log as three processes, one of them a program of its own: the least that separated privileges take"),
    ]


def peers(logs):
    """The recorders that are installed, and a list of those that are not."""
    known = {
        "script": Subject("script", lambda c, log: ["script", "-q", "-c", c, log]),
        "ttyrec": Subject("ttyrec", lambda c, log: ["ttyrec", "-e", c, log]),
        "sudo": Subject("sudo", lambda c, log: ["sudo", "/usr/bin/sh", "-c", c], note="log_input, log_output"),
        "sudo-z": Subject("sudo-z", lambda c, log: ["sudo", SQUEEZED, "-c", c], note="the same with compress_io"),
        "tlog": Subject("tlog", lambda c, log: ["tlog-rec", "--writer=file", f"--file-path={log}", "sh", "-c", c],
                        note="file writer; output only, as it comes"),
        "tlog-input": Subject("tlog-input", lambda c, log: ["tlog-rec", "--writer=file", f"--file-path={log}", "--log-input=on",
                                                            "sh", "-c", c], note="the same with input"),
        "asciinema": Subject("asciinema", lambda c, log: ["asciinema", "rec", "-q", "--overwrite", "-c", c, log]),
    }
    program = {"sudo-z": "sudo", "tlog": "tlog-rec", "tlog-input": "tlog-rec"}
    there = [s for s in known.values() if shutil.which(program.get(s.name, s.name))]
    return there, sorted(set(known) - {s.name for s in there})


def built(name, build):
    """ttywrap as a build folder has it."""
    here = os.path.join(build, "ttywrap", "launch", "ttywrap")
    subject = Subject(name, lambda c, log: [here, "-c", c], pipes=True, note="from the build folder: no privileges, no audit, no config file")
    subject.alike = True
    return subject


def ttywraps(build, installed):
    """From the build folder; and as the privileged login shell when there is an installation."""
    found = [built("ttywrap-plain", build)]
    if installed:
        found.append(Subject("bare-user", lambda c, log: ["sh", "-c", c], user="bench", pipes=True,
                             note="bare, as the user whom ttywrap is started as"))
        found[-1].alike = True
        found.append(Subject("ttywrap", lambda c, log: ["/usr/bin/ttywrap", "-c", c], user="bench", argv0="ttywrap", pipes=True,
                             note="the installed login shell with everything on that is on by default"))
    return found


def configure_sudo(logs):
    """In a world of our own only: it replaces /etc/sudoers."""
    os.makedirs(f"{logs}/sudo", exist_ok=True)
    with open("/etc/sudoers", "w", encoding="ascii") as out:
        out.write(SUDOERS % (logs, SQUEEZED))
    os.chmod("/etc/sudoers", 0o440)
    shutil.copy("/bin/sh", SQUEEZED)
