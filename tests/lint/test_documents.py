# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents say what is so: every file, setting and test that they name exists, and the other way round."""

import os
import re
import shutil
import subprocess

import pytest

from paths import BUILD
from sources import TOP, c_files, every_file, read

PAGES = [n for n in every_file() if re.fullmatch(r"man/.*\.[1-8]", n)]


def test_code_map_names_every_source():
    """One line a .c file: its path below the folder's heading, then what it is for."""
    heading, named = None, set()
    for line in read("CODE-MAP").splitlines():
        if re.fullmatch(r"(ttywrap|acct)(/\w+)?/.*", line):
            heading = line.split()[0].rstrip("/")
        entry = re.match(r"\t([\w-]+\.c)\s+\S", line)
        if entry and heading:
            named.add(f"{heading}/{entry[1]}")
    there = {n for n in c_files("ttywrap", "acct") if n.endswith(".c")}
    assert sorted(there - named) == [], "not in CODE-MAP"
    assert sorted(named - there) == [], "in CODE-MAP, but not there"


@pytest.mark.parametrize("page", PAGES)
def test_man_pages_are_clean(page):
    """mandoc -T lint, but for references to pages that this machine happens not to have installed."""
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", page], cwd=TOP, capture_output=True, text=True)
    assert [line for line in done.stdout.splitlines() if "referenced manual not found" not in line] == []


@pytest.mark.parametrize("page", PAGES)
def test_man_pages_refer_to_pages_of_ours_that_exist(page):
    ours = re.findall(r"^\.Xr ((?:ttywrap|ttyacct|pam_ttyacct)\S*) (\d)", read(page), re.M)
    assert [f"{name}.{section}" for name, section in ours if f"man/{name}.{section}" not in PAGES] == []


def test_man_pages_are_installed():
    meson = read("man/meson.build")
    assert [p for p in PAGES if os.path.basename(p) not in meson] == []


def test_examples_are_installed():
    meson = read("tools/meson.build")
    assert [n for n in every_file() if n.startswith("contrib/") and f"'{os.path.basename(n)}'" not in meson] == []


def settings():
    """Names of all settings, from the table the parser uses."""
    return re.findall(r'\[CONF_ID_\w+\]\s*=\s*\{\s*"(\w+)"', read("ttywrap/launch/conf_value.c"))


def test_every_setting_is_documented():
    names = settings()
    assert len(names) > 10
    documented = re.findall(r"^\.It Cm (\w+) = ", read("man/ttywrap.conf.5"), re.M)
    assert sorted(documented) == sorted(names)


def test_the_documented_defaults_are_the_built_in_ones():
    """Of each setting the page says 'Default:' and the value that --check --user shows as built in."""
    page = read("man/ttywrap.conf.5")
    shown = subprocess.run([os.path.join(BUILD, "ttywrap/check/ttywrap-check"), "--defaults"], capture_output=True, text=True,
                           check=True).stdout
    built_in = {line.split("=")[0].strip(): line.split("=", 1)[1].split(";")[0].strip() for line in shown.splitlines()}
    for name, entry in re.findall(r"^\.It Cm (\w+) = (.*?)(?=^\.It Cm|^\.El)", page, re.M | re.S):
        default = re.search(r"^Default:\n((?:\.Cm )?[^\n]*?)\s*\.?$", entry, re.M)
        assert default, f"{name} has no 'Default:'"
        text = default[1].replace(".Cm ", "").replace("\\&", "").replace(" ,", ",").strip()
        assert text == built_in[name], name


def test_the_example_is_right_and_shows_the_built_in_values(tmp_path):
    """contrib/ttywrap.conf with its settings uncommented: no mistake, and [default] changes nothing."""
    check = os.path.join(BUILD, "ttywrap/check/ttywrap-check")
    text = re.sub(r"^#(?=\w+ = |\[)", "", read("contrib/ttywrap.conf"), flags=re.M)
    assert text.count("\n[") == 3
    candidate = tmp_path / "ttywrap.conf"
    candidate.write_text(text)
    done = subprocess.run([check, "--config", candidate], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    built_in = subprocess.run([check, "--defaults"], capture_output=True, text=True, check=True).stdout
    for name, value in re.findall(r"^(\w+) = (.*?)\s*(?:;.*)?$", text.split("[group")[0], re.M):
        assert re.search(rf"^{name} += {re.escape(value)}$", built_in, re.M), name


def test_every_setting_is_used():
    """A setting that is read from the file and then looked at by nobody would be a promise nobody keeps."""
    users = "".join(read(n) for n in c_files("ttywrap", "acct")
                    if not n.startswith(("ttywrap/launch/conf", "ttywrap/check/")))
    fields = {"seal_interval": "seal_interval_ns", "retain": "retain_ns"}
    unused = [name for name in settings() if not re.search(rf"\b(conf|c)(->|\.){fields.get(name, name)}\b", users)]
    assert unused == []


def test_security_names_tests_that_exist():
    """The table of promises: `tests/…::name` in its last column."""
    named = re.findall(r"`(tests/[\w/.-]+)(?:::(\w+))?`", read("SECURITY.md"))
    assert named
    missing = []
    for path, test in named:
        full = os.path.join(TOP, path)
        if not os.path.exists(full) or test and not re.search(rf"\b{test}\b", read(path)):
            missing.append(f"{path}::{test}")
    assert missing == []


@pytest.mark.parametrize("document", ["README.md", "HACKING.md", "SECURITY.md", "CODE-MAP"])
def test_paths_in_the_documents_exist(document):
    """Paths in `backquotes` or links that begin with a folder of ours."""
    tops = "ttywrap|acct|man|tests|tools|contrib|docs"
    found = set(re.findall(rf"`((?:{tops})/[\w./-]*)", read(document))) | set(re.findall(rf"\]\(((?:{tops})/[\w./-]*)", read(document)))
    assert sorted(p for p in found if not os.path.exists(os.path.join(TOP, p.rstrip(".")))) == []
