# SPDX-License-Identifier: GPL-2.0-or-later
"""The input that ttywrap audits is what the kernel would have audited: every case of cases/, through the installed ttywrap.

TTYWRAP_EQUALITY=all plays all of them at all paces, otherwise a share is played.
EQUALITY_TABLE=docs/equality.md puts the table into the document.
"""

import glob
import os

import pytest

import play
import ways

HERE = os.path.dirname(os.path.abspath(__file__))
EVERY = os.environ.get("TTYWRAP_EQUALITY") == "all"
TABLE = os.environ.get("EQUALITY_TABLE") and os.path.abspath(os.environ["EQUALITY_TABLE"])  # a world has another cwd
MARKS = "<!-- the table: tests/script/test_equality.py -->\n", "<!-- end of the table -->"
CASES = [play.Case(path) for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.case")))]
SHARE = {"ahead": "person", "bash_editing": "person", "bash_heredoc": "rush", "cat": "rush", "cat_signals": "person", "dash": "person",
         "fish": "person", "getpass_ahead": "person", "login_bash": "person", "paste_20k": "person", "raw_100k": "rush",
         "sudo": "person", "zsh": "person"}
ROWS = []


def chosen():
    for case in CASES:
        for pace in play.PACES:
            if EVERY or SHARE.get(case.name) == pace:
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
