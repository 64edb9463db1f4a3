#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes prompts.tsv: what programs ask for a secret with, in every language that they are translated to.

    prompts.py PROGRAM=FOLDER... >prompts.tsv

FOLDER holds message catalogues of that program, LANGUAGE.po or LANGUAGE/LC_MESSAGES/*.mo. Those of sudo and PAM are the
projects' own (plugins/sudoers/po, po), those of the others are in Debian 12's packages: login (shadow), util-linux-locales,
gnupg-l10n, cryptsetup-bin, postgresql-client-15. A text comes once for each program, without the blanks at its end.
"""

import glob
import gettext
import os
import re
import subprocess
import sys
import tempfile

ASKS = {
    "sudo": r"password for %p: $|%p's password: $",
    "PAM": r"(?i)password:\s*$",
    "shadow": r"(?i)^(%s's|new|old|re-enter new)? ?password: $",
    "util-linux": r"(?i)password( for login)?: $",
    "psql": r"(?i)password.*: $",
    "gnupg": r"^(Enter passphrase: |PIN:|Passphrase:|\|pinentry-label\|PIN:)$",
    "cryptsetup": r"^((Enter|Verify) passphrase: |Enter passphrase for %s: |Enter token PIN: ?)$",
}


def catalogue(path):
    """{message: text}; msgfmt writes nothing when nothing is translated."""
    with tempfile.TemporaryDirectory() as folder:
        made = path
        if path.endswith(".po"):
            made = os.path.join(folder, "mo")
            subprocess.run(["msgfmt", "-o", made, path], check=True)
        if not os.path.exists(made):
            return {}
        with open(made, "rb") as file:
            return gettext.GNUTranslations(file)._catalog


def catalogues(folder):
    """(language, path), in order."""
    found = [(os.path.basename(path)[:-3], path) for path in glob.glob(f"{folder}/*.po")]
    found += [(path.split("/")[-3], path) for path in glob.glob(f"{folder}/*/LC_MESSAGES/*.mo")]
    return sorted(found)


def prompts(program, path):
    """The last line of each text, which is the one that stands in front of the cursor, filled in."""
    for message, text in catalogue(path).items():
        if isinstance(message, str) and re.search(ASKS[program], message) and text.strip():
            text = text.split("|")[-1].split("\n")[-1].rstrip(" ")
            yield re.sub(r"%(?:\d\$)?[ud]", "1", re.sub(r"%(?:\d\$)?[ps]", "bob", text))


def main():
    for program, folder in (word.split("=", 1) for word in sys.argv[1:]):
        known = set()
        for language, path in catalogues(folder):
            for text in sorted(set(prompts(program, path)) - known):
                known.add(text)
                print(program, language, text, sep="\t")


main()
