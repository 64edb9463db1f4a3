# SPDX-License-Identifier: GPL-2.0-or-later
"""A process of ours that dies with a secret in its memory leaves no core file: the kernel writes none of it."""

import os

from client import login
from play import READY
from processes import roles


def is_dumpable(pid):
    """proc(5): the files of a process that may not be dumped belong to root, whoever it runs as."""
    return os.stat(f"/proc/{pid}/environ").st_uid != 0


def test_no_core(host, keeper):
    """They block signals, so none can be sent to see; what the kernel would go by is looked at. The shell is the control."""
    host.configure("[default]\nshell = /bin/bash\n")
    with login(host.sshd("SetEnv LC_ALL=C.UTF-8"), keeper, wait=False) as terminal:
        terminal.expect(READY)
        (monitor, pump, shell), = roles(host)
        assert is_dumpable(shell)
        assert not is_dumpable(monitor)
        assert not is_dumpable(pump)
        terminal.send("exit\r")
        terminal.finish()
