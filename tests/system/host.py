# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine inside the world: the installation under test, users, sshd, syslog. Used after world.enter() only."""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time

from world import run

ETC = "/etc/ttywrap"
CONF = f"{ETC}/ttywrap.conf"
LOGS = "/var/log/ttywrap"
OWN = "/var/log/ttywrap-own"
TTYWRAP = "/usr/bin/ttywrap"
KEYS = "/root/keys"
PROMPT = r'PS1="ready\#> "; PS2="more> "; PS0=""; PROMPT_COMMAND=""'
BASH_RC = f"""# ~/.bashrc of a test user: a prompt that counts, so that each one can be waited for.
{PROMPT}
HISTFILE=
bind 'set enable-bracketed-paste off' 2>/dev/null
"""


def wait_until(condition, what, seconds=20.0):
    """Waits for something that can only be looked at, not listened to."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


class Syslog:
    """/dev/log of the world. lines holds (priority, text) of everything sent there; 10 << 3 is facility authpriv."""

    def __init__(self):
        self.lines = []
        self.changed = threading.Condition()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            text = self.sock.recv(1 << 16).decode("utf-8", "replace").rstrip("\0\n")
            priority = -1
            if text.startswith("<") and ">" in text[:6]:
                number, text = text[1:].split(">", 1)
                priority = int(number)
            with self.changed:
                self.lines.append((priority, text))
                self.changed.notify_all()

    def mark(self):
        return len(self.lines)

    def wait(self, wanted, since=0, seconds=20.0):
        """The first (priority, text) from since on for which wanted(priority, text) holds."""
        def search():
            return next((line for line in self.lines[since:] if wanted(*line)), None)
        with self.changed:
            if self.changed.wait_for(search, seconds):
                return search()
        raise AssertionError(f"no such line in syslog: {self.lines[since:]}")


class User:
    """A user of the world with a password and an ssh key."""

    def __init__(self, name, shell, password, uid, groups=()):
        self.name, self.password = name, password
        run("useradd", "-m", "-U", "-u", str(uid), "-s", shell, *(["-G", ",".join(groups)] if groups else []), name)
        run("chpasswd", stdin=None, input=f"{name}:{password}\n")
        entry = pwd.getpwnam(name)
        self.uid, self.gid, self.home = entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.write(".bashrc", BASH_RC)
        self.write(".bash_profile", ". ~/.bashrc\nPROFILE_WAS_READ=yes\n")
        self.write(".hushlogin", "")
        with open(f"{KEYS}/user.pub", encoding="ascii") as key:
            self.write(".ssh/authorized_keys", key.read())

    def path(self, name):
        return os.path.join(self.home, name)

    def write(self, name, content, mode=0o644):
        """A file in the user's home, owned by them."""
        path = self.path(name)
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o755)
            os.chown(folder, self.uid, self.gid)
        with open(path, "wb" if isinstance(content, bytes) else "w") as out:
            out.write(content)
        os.chown(path, self.uid, self.gid)
        os.chmod(path, mode)
        return path

    def set_shell(self, shell):
        if pwd.getpwnam(self.name).pw_shell != shell:
            run("usermod", "-s", shell, self.name)


class Sshd:
    """A real sshd on a loopback port. extra is added to its configuration; Match blocks go last."""

    def __init__(self, port, extra="", options=""):
        self.port = port
        self.log = f"/tmp/sshd-{port}.log"
        config = f"/tmp/sshd-{port}.conf"
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"Port {port}\nListenAddress 127.0.0.1\nListenAddress ::1\n"
                      f"HostKey {KEYS}/host\nPidFile /run/sshd-{port}.pid\nUsePAM yes\nLogLevel VERBOSE\n"
                      "PasswordAuthentication yes\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
                      "AuthorizedKeysFile .ssh/authorized_keys\nPrintMotd no\nPrintLastLog no\n"
                      "MaxStartups 100\nMaxSessions 50\nUseDNS no\n"
                      f"{'' if 'Subsystem' in extra else 'Subsystem sftp /usr/lib/openssh/sftp-server'}\n{extra}\n")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config, "-E", self.log],
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self.listens, f"sshd on port {port}")

    def listens(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as text:
                raise RuntimeError(f"sshd did not start: {text.read()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()


class Host:
    """What the tests share: users by name, sshd's by port, syslog, and the installation."""

    def __init__(self, world, build):
        self.world, self.build = world, os.path.abspath(build)
        self.trail = world.trail
        self.syslog = Syslog()
        self.users, self.sshds = {}, {}
        self.next_port = 2200
        os.makedirs(KEYS, 0o700, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{KEYS}/host")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{KEYS}/user")

    def install(self):
        """The real installation: users, directories, capabilities and all, as `make install` makes it."""
        run("meson", "install", "-C", self.build, "--no-rebuild", "--quiet", env=dict(os.environ, DESTDIR=""))

    def user(self, name, shell="/bin/bash", password="correct horse", groups=()):
        """The user of that name, made at the first call; the shell is set each time."""
        if name not in self.users:
            for group in groups:
                if group not in {g.gr_name for g in grp.getgrall()}:
                    run("groupadd", group)
            self.users[name] = User(name, shell, password, self.world.first_uid + len(self.users), groups)
        self.users[name].set_shell(shell)
        return self.users[name]

    def sshd(self, extra=""):
        """An sshd with this addition to its configuration; the same addition gives the same sshd."""
        if extra not in self.sshds:
            self.sshds[extra] = Sshd(self.next_port, extra)
            self.next_port += 1
        return self.sshds[extra]

    def configure(self, text):
        """Writes ttywrap.conf as an admin would have it: root's, readable by all."""
        os.makedirs(ETC, exist_ok=True)
        with open(CONF, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(CONF, 0o644)

    def tidy(self):
        """Takes back what a module of tests may have left."""
        for user in self.users.values():
            user.set_shell("/bin/bash")
        if os.path.exists(CONF):
            os.unlink(CONF)

    def recordings(self):
        """Paths of all recordings, oldest first."""
        found = [os.path.join(where, name) for where, _, names in os.walk(LOGS) for name in names if name.endswith((".cast", ".cast.zst"))]
        return sorted(found, key=lambda path: os.stat(path).st_mtime_ns)

    def stop(self):
        for sshd in self.sshds.values():
            sshd.stop()


def command_line(pid):
    """A process's words, or b"" when it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return words.read()
    except OSError:
        return b""


def have(program):
    return shutil.which(program) is not None
