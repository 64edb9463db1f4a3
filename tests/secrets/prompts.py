# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that ask for secrets: one row each.

In all texts: {secret} and {new} two secrets of the test, {user} and {home} the user's, {guest} another user,
{ssh}, {http}, {https}, {postgres} ports of servers on this host, {keys} a folder of the user's with prepared files.
"""

from dataclasses import dataclass

ZSH, FISH = "/usr/bin/zsh", "/usr/bin/fish"
SSH = "ssh -p {ssh} -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
SUDOERS = ("printf 'keeper ALL=(ALL) ALL\\nDefaults:keeper timestamp_timeout=0,!lecture,{0}\\n"
           "keeper ALL=(root) NOPASSWD: /usr/bin/login\\nkeeper ALL=({guest}) NOPASSWD: /usr/bin/su\\n' >/etc/sudoers.d/keeper; chmod 440 /etc/sudoers.d/keeper; ")
PASSWORD = "printf '%s:%s\\n' {user} '{secret}' {guest} '{secret}' | chpasswd; "
LOCKED = ("rm -f {keys}/locked*; ssh-keygen -q -t ed25519 -N '{secret}' -f {keys}/locked; "
          "cat {keys}/locked.pub >>~{guest}/.ssh/authorized_keys; ")
GNUPG = "mkdir -p -m 700 {home}/.gnupg; echo pinentry-program /usr/bin/{0} >{home}/.gnupg/gpg-agent.conf; "
GPG = "export GPG_TTY=$(tty); gpg --no-symkey-cache --yes -q -o {keys}/out "
LOCK = "set -g lock-command 'until su {user} -c true; do :; done'\\nbind x lock-session\\n"
CRYPT = "/usr/sbin/cryptsetup --disable-locks "
FORMAT = CRYPT + "luksFormat -q --type luks1 --pbkdf-force-iterations 1000 {keys}/disk"
DISK = "truncate -s 0 {keys}/disk; truncate -s 4M {keys}/disk; "


@dataclass(frozen=True)
class Prompt:
    name: str
    command: str
    asks: tuple                     # regular expressions, one for each prompt
    answers: tuple = ("{secret}",)  # what they are answered, in order
    needs: tuple = ()               # programs
    setup: str = ""                 # sh, as root; what it leaves in {keys} and {home} becomes the user's
    shell: str = "/bin/bash"
    enter: tuple = ()               # (regular expression, keys): on the way to the prompt
    leave: str = ""                 # keys, once it has been answered
    again: tuple = ()               # (regular expression, keys): what it also asks after a wrong answer, and is no secret
    but: tuple = ()                 # ways that do not apply
    early: bool = False             # something passes the terminal on: it reads what was typed ahead before anybody asks


TWICE = ("{secret}", "{secret}")
CHANGE = ("{secret}", "{new}", "{new}")

PROMPTS = [
    Prompt("sudo", "sudo -k true", (r"\[sudo\] password for \w+: ",), needs=("sudo",),
           setup=PASSWORD + SUDOERS.replace("{0}", "!pwfeedback")),
    Prompt("sudo, pwfeedback", "sudo -k true", (r"\[sudo\] password for \w+: ",), needs=("sudo",),
           setup=PASSWORD + SUDOERS.replace("{0}", "pwfeedback")),
    Prompt("sudo, use_pty, su there", "sudo -u {guest} su {user} -s /bin/sh -c true", (r"Password: ",), needs=("sudo",),
           setup=PASSWORD + SUDOERS.replace("{0}", "use_pty"), early=True),
    Prompt("su", "su {guest} -c true", (r"Password: ",), setup=PASSWORD),
    Prompt("passwd", "passwd", (r"Current password: ", r"New password: ", r"Retype new password: "), CHANGE,
           setup=PASSWORD),
    Prompt("login, in a terminal of its own", "script -qc 'sudo login {guest}' /dev/null", (r"Password: ",),
           needs=("login", "script", "sudo"), setup=PASSWORD + SUDOERS.replace("{0}", "!pwfeedback"), leave="exit\r",
           again=((r" login: ", "{guest}\r"),), early=True),
    Prompt("ssh, password", SSH + " -o PubkeyAuthentication=no {guest}@127.0.0.1 true", (r"'s password: ",),
           setup=PASSWORD),
    Prompt("ssh, key's passphrase", SSH + " -o PasswordAuthentication=no -i {keys}/locked {guest}@127.0.0.1 true",
           (r"passphrase for key [^:]*: ",), setup=LOCKED),
    Prompt("ssh -t, su there", SSH + " -t -i {keys}/open {guest}@127.0.0.1 su {user} -c /bin/true", (r"Password: ",),
           setup=PASSWORD + "rm -f {keys}/open*; ssh-keygen -q -t ed25519 -N '' -f {keys}/open; "
           "cat {keys}/open.pub >>~{guest}/.ssh/authorized_keys",
           early=True),
    Prompt("ssh-add", "ssh-agent ssh-add {keys}/locked", (r"(?:passphrase|try again) for [^:]*: ",), setup=LOCKED),
    Prompt("ssh-keygen -p", "ssh-keygen -p -f {keys}/locked",
           (r"old passphrase: ", r"new passphrase[^:]*: ", r"same passphrase again: "), CHANGE, setup=LOCKED),
    Prompt("gpg, pinentry-curses", GPG + "-d {keys}/sealed.gpg", (r"Passphrase: ",), needs=("gpg", "pinentry-curses"),
           setup=GNUPG.replace("{0}", "pinentry-curses") + "echo text >{keys}/sealed; rm -f {keys}/sealed.gpg; "
           "gpg --homedir /root/.gnupg --batch --pinentry-mode loopback --passphrase '{secret}' -c {keys}/sealed 2>/dev/null; "
           "gpgconf --homedir /root/.gnupg --kill gpg-agent"),
    Prompt("gpg --symmetric, pinentry-tty", GPG + "-c {keys}/text", (r"Passphrase: ?", r"Repeat: ?"), TWICE,
           needs=("gpg", "pinentry-tty"), setup=GNUPG.replace("{0}", "pinentry-tty")),
    Prompt("openssl enc", "openssl enc -aes-256-cbc -pbkdf2 -in {keys}/text -out {keys}/out",
           (r"enter [^:\n]* encryption password:", r"Verifying - enter [^:\n]* encryption password:"), TWICE, needs=("openssl",)),
    Prompt("openssl genrsa", "openssl genrsa -aes256 -out {keys}/out 1024",
           (r"Enter PEM pass phrase:", r"Verifying - Enter PEM pass phrase:"), TWICE, needs=("openssl",)),
    Prompt("zip -e", "zip -q -e {keys}/out.zip {keys}/text", (r"Enter password: ", r"Verify password: "), TWICE,
           needs=("zip",), setup="rm -f {keys}/out.zip"),
    Prompt("cryptsetup luksFormat", FORMAT, (r"Enter passphrase for [^:\n]*: ",),
           needs=("cryptsetup",), setup=DISK),
    Prompt("cryptsetup open", CRYPT + "open --test-passphrase {keys}/disk", (r"Enter passphrase for [^:\n]*: ",),
           needs=("cryptsetup",), setup=DISK + "printf %s '{secret}' | " + FORMAT + " -"),
    Prompt("mariadb", "mariadb -h 127.0.0.1 -P 9 -u {user} -p", (r"Enter password: ",), needs=("mariadb",)),
    Prompt("psql", "psql -h 127.0.0.1 -p {postgres} -U {user} -c 'select 1' base", (r"Password for user \w+: ",),
           needs=("psql",)),
    Prompt("git, http", "git ls-remote http://{user}@127.0.0.1:{http}/x", (r"Password for '[^']*': ",), needs=("git",)),
    Prompt("git, https", "git -c http.sslVerify=false ls-remote https://{user}@127.0.0.1:{https}/x",
           (r"Password for '[^']*': ",), needs=("git",)),
    Prompt("bash, read -s", "echo asked; read -s word", (r"asked\r\n",)),
    Prompt("bash, read -s -p", "read -s -p 'A word, please: ' word", (r"A word, please: ",)),
    Prompt("bash, read -p, which echoes", "read -p 'Password: ' word", (r"[\r\n]Password: ",)),
    Prompt("script, echo goes off after the prompt", "script -qc 'sh {keys}/late' /dev/null", (r"Password: ",), needs=("script",),
           setup="echo 'printf \"Password: \"; sleep 0.3; stty -echo; read x; stty echo' >{keys}/late", early=True),
    Prompt("zsh, read -s", "echo asked; read -s word", (r"asked\r\n",), needs=("zsh",), shell=ZSH),
    Prompt("fish, read -s", "read -s word", (r"read(?:\x1b[\[(][0-9;]*[mB])*> ",), needs=("fish",), shell=FISH),
    Prompt("fish, read -s -P", "read -s -P 'Key phrase or password: ' word", (r"Key phrase or password: ",), needs=("fish",),
           shell=FISH),
    Prompt("python, getpass", "python3 -c 'import getpass; getpass.getpass()'", (r"Password: ",), needs=("python3",)),
    Prompt("systemd-ask-password", "systemd-ask-password Unlock: >/dev/null", (r"Unlock: ",), needs=("systemd-ask-password",)),
    Prompt("systemd-ask-password, in a script", "sh -c 'systemd-ask-password Unlock: >/dev/null; true'", (r"Unlock: ",),
           needs=("systemd-ask-password",)),
    Prompt("screen, lock", "screen", (r"Password: ?",), needs=("screen",), setup=PASSWORD + "echo startup_message off >{home}/.screenrc",
           enter=((r"ready>", "\x01x"),), leave="exit\r", early=True),
    Prompt("tmux, lock", "tmux", (r"Password: ",), needs=("tmux",), setup=PASSWORD + f"printf \"{LOCK}\" >{{home}}/.tmux.conf",
           enter=((r"ready>", "\x02x"),), leave="exit\r", early=True),
]

WAYS = ["after", "ahead", "pasted", "wrong", "edited", "split"]
