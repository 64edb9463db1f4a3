# SPDX-License-Identifier: GPL-2.0-or-later
"""Killed at any moment, a recorder leaves a file that is right to its last whole line."""

import os
import random
import subprocess
import threading
import time

import pytest

import cast_reader
from paths import BUILD

MS = 1000000


def feed(pipe, script):
    try:
        pipe.write(script)
        pipe.close()
    except BrokenPipeError:
        pass


@pytest.mark.parametrize("zstd", [0, 1])
def test_killed_at_random_moments(tmp_path, verify, zstd):
    rng = random.Random(5)
    sent, script = b"", []
    for k in range(4000):
        data = rng.choice([b"text \r\n" * 50, rng.randbytes(300), "häß€😀".encode() * 20])
        cut = rng.randrange(1, len(data))
        sent += data
        script += [f"{2 * k * 60 * MS} o {data[:cut].hex()}\n", f"{(2 * k + 1) * 60 * MS} o {data[cut:].hex()}\n"]
    script = "".join(script).encode()
    lengths = set()
    for k in range(25):
        log = tmp_path / f"killed-{k}.cast"
        with open(log, "wb") as out:
            recorder = subprocess.Popen([os.path.join(BUILD, "tests", "replay", "make_recording"), log.name, str(zstd)],
                                        stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
            feeder = threading.Thread(target=feed, args=(recorder.stdin, script))
            feeder.start()
            time.sleep(rng.random() * 0.1)
            recorder.kill()
            recorder.wait()
            feeder.join()
        if log.stat().st_size == 0:
            continue  # not even begun
        status, said = verify(log)
        assert status == 1, said  # torn, and right as far as it goes
        content = log.read_bytes()
        lengths.add(len(content))
        if zstd == 0:
            _, events = cast_reader.read(content)
            got = cast_reader.stream(events, "o")
            assert sent.startswith(got)
            assert all(right for *_, right in cast_reader.seals(content))
    assert len(lengths) > 5  # the moments were different ones
