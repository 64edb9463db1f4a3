# SPDX-License-Identifier: GPL-2.0-or-later
"""'The same session with and without ttywrap': the ways to start a session of either kind, and what a probe sees there."""

import base64
import os

from client import login, ssh
from host import TTYWRAP

PLAIN = "/bin/bash"
PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe.sh")
# What two plain sessions do not share either: the client's port, the outer terminal's name.
VARYING = (b"SSH_CLIENT=", b"SSH_CONNECTION=", b"SSH_TTY=")


def both(host, user, action):
    """(plain, wrapped): what action() returns while the user's shell is bash, and while it is ttywrap."""
    user.set_shell(PLAIN)
    plain = action()
    user.set_shell(TTYWRAP)
    try:
        return plain, action()
    finally:
        user.set_shell(PLAIN)


def same(host, user, action):
    """Fails unless action() returns the same with and without ttywrap; returns it."""
    plain, wrapped = both(host, user, action)
    assert wrapped == plain
    return plain


def sections(text):
    """The probe's output as {section: text}; it must be whole."""
    found = {}
    for part in text.replace("\r", "").split("\n=== ")[1:]:
        name, _, body = part.partition("\n")
        found[name.strip()] = body.strip()
    assert "end" in found, f"the probe did not get to its end: {text}"
    return found


def environment(section):
    """The environment as the shell was started with: a list of bytes in the order it came in."""
    return base64.b64decode(section).split(b"\0")[:-1]


def comparable(found):
    """The sections with what differs between any two sessions taken out."""
    entries = [e.split(b"=")[0] if e.startswith(VARYING) else e for e in environment(found["environment"])]
    return {**found, "environment": entries}


def probe(sshd, user, way, env=None, options=()):
    """Runs the probe in one of the ways a session comes about: 'login', 'tty command' or 'command'."""
    with open(PROBE, encoding="ascii") as script:
        user.write("probe.sh", script.read())
    more = {"env": env, "options": options}
    if way == "login":
        with login(sshd, user, **more) as terminal:
            text = terminal.run(". ~/probe.sh")
            terminal.exit()
    elif way == "tty command":
        with login(sshd, user, ". ~/probe.sh", **more) as terminal:
            assert terminal.finish() == 0
            text = terminal.before
    else:
        text = ssh(sshd, user, ". ~/probe.sh", **more).stdout.decode()
    return comparable(sections(text))
