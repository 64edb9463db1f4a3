# SPDX-License-Identifier: GPL-2.0-or-later
"""The input that ttywrap audits is what the kernel would have audited: every case of cases/, through the installed ttywrap.

TTYWRAP_EQUALITY=all plays all of them at all paces, otherwise a share is played, each case at one pace.
EQUALITY_TABLE=docs/equality.md puts the table into the document.
"""

import glob
import os

import pytest

import play
import ways

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = os.environ.get("TTYWRAP_EQUALITY") == "all"
TABLE = os.environ.get("EQUALITY_TABLE")
MARKS = "<!-- the table: tests/script/test_equality.py -->\n", "<!-- end of the table -->"
CASES = [play.Case(path) for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))]
SHARE = ("ahead", "bash", "cat_signals", "dash", "fish", "getpass_ahead", "login_bash", "paste_20k", "sudo", "zsh")
ROWS = []


def chosen():
    for number, case in enumerate(CASES):
        for at, pace in enumerate(play.PACES):
            if EVERY or (case.name in SHARE and at == number % 2):
                yield pytest.param(case, pace, id=f"{case.name}-{pace}")


@pytest.fixture(scope="module")
def stage(host):
    made = ways.Stage(host)
    yield made
    made.close()
    if TABLE:
        write_table()


def row(result):
    what, why, _ = result.difference()
    alone = sum(map(len, result.alone))
    if sorted(result.alone) != sorted(result.kernel):
        alone = f"{alone} (other)"
        why = "; ".join(filter(None, (why, result.case.alone.get(result.pace))))
    cells = (result.case.name, result.pace, alone, sum(map(len, result.kernel)), len(result.ours), what, why)
    return "| " + " | ".join(map(str, cells)) + " |"


def write_table():
    """The rows as Markdown, between the marks of the document."""
    with open(TABLE, encoding="utf-8") as old:
        text = old.read()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    lines = ["| script | paced | kernel's bytes, without ttywrap | inside it | ours | difference | why |", "|---" * 7 + "|", *ROWS]
    with open(TABLE, "w", encoding="utf-8") as new:
        new.write(before + MARKS[0] + "\n".join(lines) + "\n" + MARKS[1] + after)


@pytest.mark.parametrize("case, pace", chosen())
def test_case(stage, case, pace):
    why = case.missing()
    if why:
        pytest.skip(why)
    result = ways.run_case(stage, case, pace)
    if not result.error:
        ROWS.append(row(result))
    assert result.failure() is None
    assert result.failure_alone() is None
