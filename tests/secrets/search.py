# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks for secrets, and for any four bytes in a row of them, in everything that a session leaves behind."""

import base64
import binascii
import json
import os
import re

HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){4,}")
BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
PIECE = 4


class Pieces:
    """All pieces of four bytes; longer ones follow from them."""

    def __init__(self, secrets):
        self.all = {s.encode()[i:i + PIECE] for s in secrets for i in range(len(s) - PIECE + 1)}

    def found(self, data):
        return {piece for piece in self.all if piece in data}


def hex_decoded(data):
    """data, and what stands in it in hex, as the audit trail writes untrusted text."""
    yield data
    for match in HEX.finditer(data):
        yield bytes.fromhex(match[0][:len(match[0]) & ~1].decode())


def in_trail(pieces, records):
    """Types of the records that hold a piece."""
    return {record.type for record in records for data in hex_decoded(record.text.encode("utf-8", "surrogateescape"))
            if pieces.found(data)}


def base64_decoded(text):
    for match in BASE64.finditer(text):
        try:
            yield base64.b64decode(match[0] + "=" * (-len(match[0]) % 4))
        except binascii.Error:
            pass


def in_recording(pieces, path):
    """{code: pieces}; b"o" and 'i' are searched across their events, too."""
    streams, found = {}, {}
    with open(path, encoding="utf-8") as lines:
        header = next(lines)
        for line in lines:
            _, code, text = json.loads(line)
            data = text.encode("utf-8", "surrogatepass")
            streams[code] = streams.get(code, b"") + data
            for decoded in base64_decoded(text):
                found.setdefault(code, set()).update(pieces.found(decoded))
            if code not in "oi":
                found.setdefault(code, set()).update(pieces.found(data))
    found["header"] = pieces.found(header.encode())
    for code in "oi":
        found.setdefault(code, set()).update(pieces.found(streams.get(code, b"")))
    return {code: got for code, got in found.items() if got}


def in_processes(pieces, pids):
    """Names of files in /proc of these processes that hold a piece."""
    found = set()
    for pid in pids:
        for name in ("cmdline", "environ", "comm", "status"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as text:
                    if pieces.found(text.read()):
                        found.add(name)
            except OSError:
                pass
    return found


def in_files(pieces, *folders, but=()):
    """Paths of the files below these folders that hold a piece, as it is or in hex."""
    found = set()
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(where, name)
                if path in but or not os.path.isfile(path):
                    continue
                with open(path, "rb") as text:
                    if any(pieces.found(data) for data in hex_decoded(text.read())):
                        found.add(path)
    return found
