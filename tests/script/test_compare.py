# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison itself: what counts as equal, as a byte left out, and as none of these."""

from types import SimpleNamespace

import pytest

from compare import Result, interleaves, within


def result(ours, kernel, told=(), differs=(), pace="fast", secrets=()):
    made = Result(SimpleNamespace(differs={"fast": list(differs)}, alone={}, secrets=list(secrets)), pace)
    made.ours, made.kernel, made.told, made.alone = ours, list(kernel), set(told), list(kernel)
    return made


@pytest.mark.parametrize("whole, parts, equal, inside", (
    (b"", [], True, True),
    (b"abXYcd", [b"abcd", b"XY"], True, True),
    (b"aabab", [b"aab", b"ab"], True, True),
    (b"abdc", [b"abcd"], False, False),
    (b"abcde", [b"abcd"], False, False),
    (b"acd", [b"abcd"], False, True),
    (b"aXd", [b"abcd", b"XY"], False, True),
    (b"YX", [b"abcd", b"XY"], False, False),
))
def test_interleaving(whole, parts, equal, inside):
    assert interleaves(whole, parts) == equal
    assert within(whole, parts) == inside


DOUBT, LINE_END = ("doubt", "a reason"), ("lineend", "another")


def test_equal_is_none():
    assert result(b"ab", [b"b", b"a"]).difference() == ("none", "", True)


def test_what_is_missing_has_to_be_told_and_accounted_for():
    assert result(b"a", [b"abc"], told=["doubt"], differs=[DOUBT]).difference() == ("2 left out in doubt", "a reason", True)
    assert result(b"a", [b"abc"], told=[], differs=[DOUBT]).failure()
    assert result(b"a", [b"abc"], told=["doubt"], differs=[]).failure()
    assert result(b"a", [b"abc"], told=["noecho"], differs=[DOUBT]).failure()


def test_a_byte_too_many_is_never_accounted_for():
    assert result(b"abcx", [b"abc"], told=["doubt"], differs=[DOUBT, LINE_END]).failure()
    assert result(b"acb", [b"abc"], told=["doubt"], differs=[DOUBT, LINE_END]).failure()


def test_a_line_end_may_be_another_where_the_case_says_so():
    assert result(b"ab\n", [b"ab\r"], differs=[LINE_END]).difference() == ("a line end", "another", True)
    assert result(b"ab", [b"a\rb"], differs=[LINE_END]).difference() == ("a line end", "another", True)
    assert result(b"ab", [b"a\rb"], told=["doubt"], differs=[DOUBT]).difference() == ("1 left out in doubt", "a reason", True)
    assert result(b"ab\n", [b"ab\r"], differs=[]).failure()
    assert result(b"ab", [b"a\rb"], differs=[]).failure()
    assert result(b"a\n", [b"ab\r"], differs=[LINE_END]).failure()


def test_a_secret_is_a_failure_though_the_kernel_has_it():
    assert result(b"a secret", [b"a secret"], secrets=[b"Xsecr"]).failure()
    assert not result(b"a secret", [b"a secret"], secrets=[b"Xsec"]).failure()


def test_at_rush_a_secret_may_have_been_a_command():
    rush = result(b"a secret", [b"a secret"], secrets=[b"secret"], pace="rush")
    rush.case.differs["rush"] = [DOUBT]
    assert not rush.failure()
    rush.kernel = [b"a", b" "]
    assert rush.failure()


def test_what_the_program_read_alone():
    other = result(b"ab", [b"ab"])
    other.alone = [b"ac"]
    assert other.failure_alone()
    other.pace = "rush"
    assert not other.failure_alone()
