# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures in the documents are those that were measured, and the bench measures."""

import json
import os
import subprocess
import sys

import pytest

from paths import BUILD, TOP

BENCH = os.path.join(TOP, "tests", "bench")


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as text:
        return text.read()


@pytest.fixture(scope="module")
def page():
    sys.path.insert(0, BENCH)
    try:
        import page
        yield page
    finally:
        sys.path.remove(BENCH)


@pytest.fixture(scope="module")
def result(page):
    import table
    found = json.loads(read("docs/bench.json"))
    return found | {"figures": table.summary(found["runs"])}


@pytest.mark.parametrize("name, make", [("docs/bench.md", "page"), ("README.md", "short")])
def test_the_tables_are_what_the_runs_give(page, result, name, make):
    between = read(name).split("<!-- made by make bench -->\n")[1].split("<!-- end -->\n")[0]
    assert between.strip() == getattr(page, make)(result).strip()


def test_a_goal_is_judged_by_its_figure(page):
    size = json.loads(read("docs/bench.json"))["size"]

    def judged(value):
        figures = {"PSS kB": {"ttywrap": {"median": value, "min": value, "max": value}}}
        return [met for number, *_, met in page.goals({"figures": figures, "size": size}) if number == 4]
    assert judged(700) == [True] and judged(701) == [False]


def test_a_quick_run_measures(tmp_path):
    """The smallest run there is: nothing of it fails, and nothing is lost."""
    out = tmp_path / "out.json"
    words = [os.path.join(BENCH, "run"), "--build", BUILD, "--quick", "--no-world", "--only", "relay-log,script",
             "--what", "text,tails", "--json", str(out)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text(encoding="utf-8"))
    assert [entry for entry in result["runs"] if "error" in entry] == []
    assert len(result["runs"]) == 2 * 2
    assert result["figures"]["lost tails %"]["relay-log"]["max"] == 0
    assert result["figures"]["text log ratio"]["script"]["median"] > 0.99
