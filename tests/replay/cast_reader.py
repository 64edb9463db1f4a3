# SPDX-License-Identifier: GPL-2.0-or-later
"""A reader of recordings, written from the page ttywrap-recording(5) alone: nothing here knows the C code."""

import base64
import hashlib
import json
import re
from collections import namedtuple

Event = namedtuple("Event", "time code data exact")

SEAL_LINE = re.compile(rb'\[[0-9]+\.[0-9]{6},"s","n=([0-9]+) end=([01]) off=([0-9]+) hash=blake2b:([0-9a-f]{64})"\]')


def whole_lines(content):
    """What is behind the last line feed is a line that was being written."""
    return content.split(b"\n")[:-1]


def read(content):
    """(header, events); an event's exact is the bytes it stands for, None for what is no stream."""
    lines = whole_lines(content)
    header = json.loads(lines[0])
    events, exact = [], None
    for line in lines[1:]:
        time, code, data = json.loads(line)
        if code == "b":
            exact = base64.b64decode(data, validate=True)
            continue
        if code in ("o", "i"):
            events.append(Event(time, code, data, data.encode() if exact is None else exact))
            exact = None
        else:
            events.append(Event(time, code, data, None))
    return header, events


def stream(events, code):
    return b"".join(e.exact for e in events if e.code == code)


def seals(content):
    """(number, is last, offset, hash, is right) of each seal."""
    found, at = [], 0
    for line in whole_lines(content):
        match = SEAL_LINE.fullmatch(line)
        if match:
            offset, digest = int(match[3]), match[4].decode()
            right = (offset == at + match.start(4) and
                     hashlib.blake2b(content[:offset], digest_size=32).hexdigest() == digest)
            found.append((int(match[1]), match[2] == b"1", offset, digest, right))
        at += len(line) + 1
    return found
