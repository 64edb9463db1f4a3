# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the project is, and what was built of it (TTYWRAP_BUILD=folder)."""

import os

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("TTYWRAP_BUILD", os.path.join(TOP, "build")))
