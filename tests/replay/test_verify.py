# SPDX-License-Identifier: GPL-2.0-or-later
"""ttywrap --verify from outside: what it says and its exit statuses, with audit logs as ausearch prints them."""

import os
import re
import subprocess

import pytest

S = 1000000000
INTACT, TORN, TROUBLE, ALTERED, UNPROVEN = range(5)


def events(n=4):
    return [(k * 70 * S, "o", b"output %d\r\n" % k) for k in range(n)] + [(n * 70 * S, "x", b"0")]


def audit_log(texts, ses=7):
    """audit.log as auditd writes it; the quotes and fields around the text are libaudit's."""
    return "".join(
        f"type=TRUSTED_APP msg=audit(1700000000.{100 + k}:{k + 1}): pid=812 uid=990 auid=1000 ses={ses} "
        f"subj=unconfined msg='{text} exe=\"/usr/bin/ttywrap\" hostname=? addr=192.0.2.1 terminal=pts/3 res=success'\n"
        for k, text in enumerate(texts)).encode()


@pytest.fixture
def logs(record, tmp_path):
    """Two recordings in a directory, and the trail of both."""
    where = tmp_path / "logs"
    where.mkdir()
    trail = []
    for name in ("1000-7.cast", "1001-8.cast"):
        content, texts = record(events(), name)
        (where / name).write_bytes(content)
        trail += texts
    return where, trail


def test_intact(logs, verify):
    where, _ = logs
    status, said = verify(where / "1000-7.cast")
    assert status == INTACT
    assert re.fullmatch(r".*/1000-7\.cast: intact: \d+ seals over \d+ bytes, closed after 280 s with status 0\n", said)
    assert verify("--quiet", where) == (INTACT, "")


def test_torn(logs, verify):
    log = logs[0] / "1000-7.cast"
    log.write_bytes(log.read_bytes()[:-200])
    status, said = verify(log)
    assert status == TORN
    assert re.search(r": torn: cut off, or still being written; right up to seal \d+ \(byte \d+, 210\.\d+ s\), \d+ bytes", said)


def test_altered(logs, verify):
    log = logs[0] / "1000-7.cast"
    log.write_bytes(log.read_bytes().replace(b"output 1", b"output X"))
    status, said = verify(log)
    assert status == ALTERED
    assert re.search(r": ALTERED behind seal 1 \(byte \d+, 70\.\d+ s\): a seal that doesn't fit at byte \d+", said)


def test_the_worst_counts(logs, verify, tmp_path):
    where, _ = logs
    (where / "1000-7.cast").write_bytes((where / "1000-7.cast").read_bytes()[:-5])
    assert verify(where)[0] == TORN
    assert verify(where, tmp_path / "nothing")[0] == TROUBLE
    (where / "1001-8.cast").write_bytes((where / "1001-8.cast").read_bytes().replace(b"output 1", b"output X"))
    assert verify(where, tmp_path / "nothing")[0] == ALTERED
    assert verify()[0] == TROUBLE
    assert verify("--nonsense", where)[0] == TROUBLE
    assert verify("--audit", tmp_path / "nothing", where)[0] == TROUBLE


def test_by_the_name_that_list_prints(logs, verify, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    os.rename(logs[0], tmp_path / "ttywrap")
    status, said = verify("1000-7")
    assert status == INTACT and said.startswith(f"{tmp_path}/ttywrap/1000-7.cast: intact")
    assert verify("1000-9")[0] == TROUBLE


def test_a_name_cannot_speak_to_the_terminal(logs, verify, tmp_path):
    evil = tmp_path / "a\x1b]0;x\x07\n.cast"
    evil.write_bytes((logs[0] / "1000-7.cast").read_bytes())
    status, said = verify(evil)
    assert status == INTACT and re.fullmatch(r"[ -~]*\n", said)


@pytest.mark.parametrize("how", ["raw", "default", "interpret"])
def test_proved_by_what_ausearch_prints(logs, verify, tmp_path, how):
    where, trail = logs
    log = tmp_path / "audit.log"
    log.write_bytes(audit_log(trail))
    option = {"raw": ["--raw"], "default": [], "interpret": ["-i"]}[how]
    printed = subprocess.run(["ausearch", "-if", log, "-m", "TRUSTED_APP", *option], capture_output=True,
                             stdin=subprocess.DEVNULL)
    assert printed.returncode == 0, printed.stderr
    status, said = verify("--audit", "-", where, stdin=printed.stdout)
    assert (status, said.count("; the audit trail agrees\n")) == (INTACT, 2), said
    assert verify("--audit", log, where)[0] == INTACT


def test_forged_with_care(record, verify, tmp_path):
    """All seals made anew over other content: only the trail knows."""
    _, trail = record(events())
    forged, _ = record(events(5))
    log = tmp_path / "1000-7.cast"
    log.write_bytes(forged)
    assert verify(log)[0] == INTACT
    status, said = verify("--audit", "-", log, stdin=audit_log(trail))
    assert status == ALTERED and "is another one in the audit trail" in said


def test_cut_and_missing(logs, verify):
    where, trail = logs
    log = where / "1000-7.cast"
    content = log.read_bytes()
    log.write_bytes(content[:len(content) // 2])
    status, said = verify("--audit", "-", log, stdin=audit_log(trail))
    assert status == ALTERED and "the file ends behind seal" in said
    os.unlink(log)
    status, said = verify("--audit", "-", where, stdin=audit_log(trail))
    assert status == UNPROVEN
    assert re.search(r"^1000-7\.cast: MISSING: the audit trail has \d seals of it, the last one included$", said, re.M)
    # One file asked for is one file answered for.
    assert verify("--audit", "-", where / "1001-8.cast", stdin=audit_log(trail))[0] == INTACT


def test_another_recording_under_this_name(logs, verify):
    where, trail = logs
    (where / "1000-7.cast").write_bytes((where / "1001-8.cast").read_bytes())
    status, said = verify("--audit", "-", where, stdin=audit_log(trail))
    assert status == UNPROVEN and "1000-7.cast: MISSING" in said


def test_not_in_the_trail(logs, verify):
    where, trail = logs
    status, said = verify("--audit", "-", where, stdin=b"")
    assert status == UNPROVEN and said.count("the audit trail doesn't know it") == 2
    damaged = audit_log(trail).replace(b"blake2b:", b"blake2b:x", 1)
    assert verify("--audit", "-", where, stdin=damaged)[0] == UNPROVEN


def test_compressed(record, verify, tmp_path):
    content, texts = record(events(), "1000-7.cast.zst", zstd=3)
    log = tmp_path / "1000-7.cast.zst"
    log.write_bytes(content)
    assert verify("--audit", "-", tmp_path, stdin=audit_log(texts))[0] == INTACT
    log.write_bytes(content[:-10])
    assert verify(log)[0] == TORN
