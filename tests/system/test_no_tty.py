# SPDX-License-Identifier: GPL-2.0-or-later
"""Without a terminal ttywrap is not in the data's way: the tools that run over ssh, byte for byte."""

import hashlib
import os
import signal
import socket
import stat
import subprocess

import pytest

from client import ENVIRONMENT, ssh, ssh_words
from host import KEYS, TTYWRAP, have, wait_until
from same import PLAIN, same
from test_terminal import noise

SIZE = 4 << 20


@pytest.fixture(scope="module")
def user(host):
    made = host.user("mover")
    made.write("noise", noise(SIZE))
    return made


@pytest.fixture
def wrapped(user):
    user.set_shell(TTYWRAP)
    yield user
    user.set_shell(PLAIN)


@pytest.fixture
def here(tmp_path):
    """A client-side folder with a file of every kind of byte in it."""
    (tmp_path / "noise").write_bytes(noise(SIZE))
    return tmp_path


def config(sshd, user):
    """An ssh_config for tools that call ssh themselves: host `box`."""
    path = f"/tmp/ssh-config-{sshd.port}-{user.name}"
    with open(path, "w", encoding="ascii") as out:
        out.write(f"Host box\nHostName 127.0.0.1\nPort {sshd.port}\nUser {user.name}\nIdentityFile {KEYS}/user\nIdentitiesOnly yes\n"
                  "BatchMode yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n")
    return path


def tool(*words, cwd, **env):
    done = subprocess.run(words, cwd=cwd, env={**ENVIRONMENT, **env}, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def digest(path):
    with open(path, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


WHOLE = hashlib.sha256(noise(SIZE)).hexdigest()


@pytest.mark.parametrize("protocol", ("-O", "-s"), ids=("rcp protocol", "sftp protocol"))
def test_scp(sshd, wrapped, here, protocol):
    conf = config(sshd, wrapped)
    tool("scp", protocol, "-p", "-F", conf, "noise", "box:up", cwd=here)
    tool("scp", protocol, "-p", "-F", conf, "box:up", "down", cwd=here)
    assert digest(wrapped.path("up")) == digest(here / "down") == WHOLE
    os.unlink(wrapped.path("up"))


def test_scp_of_a_tree(sshd, wrapped, here):
    (here / "tree" / "with space").mkdir(parents=True)
    (here / "tree" / "with space" / "a;b $c").write_text("odd")
    conf = config(sshd, wrapped)
    tool("scp", "-O", "-r", "-F", conf, "tree", "box:", cwd=here)
    tool("scp", "-O", "-r", "-F", conf, "box:tree", "back", cwd=here)
    assert (here / "back" / "with space" / "a;b $c").read_text() == "odd"


SFTP_WAYS = {
    "subsystem external": "", "subsystem internal": "Subsystem sftp internal-sftp",
    "ForceCommand ttywrap": f"ForceCommand {TTYWRAP}",
    "ForceCommand sftp-server": "ForceCommand /usr/lib/openssh/sftp-server", "ForceCommand internal-sftp": "ForceCommand internal-sftp",
}


@pytest.mark.parametrize("way", SFTP_WAYS)
def test_sftp(host, wrapped, here, way):
    sshd = host.sshd(SFTP_WAYS[way])
    if way == "ForceCommand ttywrap":
        wrapped.set_shell(PLAIN)
    (here / "batch").write_text("put noise up\nget up down\nrm up\n")
    tool("sftp", "-F", config(sshd, wrapped), "-b", "batch", "box", cwd=here)
    assert digest(here / "down") == WHOLE and not os.path.exists(wrapped.path("up"))


def test_rsync(sshd, wrapped, here):
    if not have("rsync"):
        pytest.skip("rsync is not installed")
    (here / "tree").mkdir()
    for n in range(200):
        (here / "tree" / f"file {n}").write_bytes(os.urandom(n * 37))
    shell = f"ssh -F {config(sshd, wrapped)}"
    tool("rsync", "-a", "-e", shell, "tree", "noise", "box:synced/", cwd=here)
    tool("rsync", "-a", "-e", shell, "box:synced/", "back/", cwd=here)
    assert digest(here / "back" / "noise") == WHOLE
    assert all((here / "back" / "tree" / f.name).read_bytes() == f.read_bytes() for f in (here / "tree").iterdir())
    assert tool("rsync", "-ain", "--checksum", "-e", shell, "tree", "noise", "box:synced/", cwd=here) == b""


def test_git(sshd, wrapped, here):
    who = {"GIT_SSH_COMMAND": f"ssh -F {config(sshd, wrapped)}", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
           "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "HOME": str(here)}
    ssh(sshd, wrapped, "rm -rf repository.git; git init -q --bare -b main repository.git")
    tool("git", "clone", "-q", "box:repository.git", "work", cwd=here, **who)
    work = here / "work"
    (work / "noise").write_bytes(noise(SIZE))
    tool("git", "add", "noise", cwd=work, **who)
    tool("git", "commit", "-qm", "one", cwd=work, **who)
    tool("git", "push", "-q", "origin", "HEAD:main", cwd=work, **who)
    tool("git", "clone", "-q", "-b", "main", "box:repository.git", "again", cwd=here, **who)
    assert digest(here / "again" / "noise") == WHOLE


def test_tar_both_ways(sshd, wrapped, here):
    packed = tool("tar", "c", "noise", cwd=here)
    assert ssh(sshd, wrapped, "mkdir -p untar && tar x -C untar", stdin=packed).returncode == 0
    back = ssh(sshd, wrapped, "tar c -C untar noise").stdout
    (here / "out").mkdir()
    subprocess.run(["tar", "x", "-C", here / "out"], input=back, check=True)
    assert digest(here / "out" / "noise") == WHOLE


def test_without_stdin(host, sshd, user):
    """ssh -n: the command's stdin is at its end at once."""
    done = same(host, user, lambda: ssh(sshd, user, "cat; echo end", stdin=None).stdout)
    assert done == b"end\n"


def test_script_on_stdin(host, sshd, user):
    """As Ansible's pipelining does: a shell, or an interpreter, is started and told on stdin what to do."""
    script = b"import sys\nprint('from', sys.argv)\nprint('err', file=sys.stderr)\nsys.exit(9)\n"

    def session():
        done = ssh(sshd, user, "/bin/sh -c 'python3 - one \"two words\"'", stdin=script)
        bare = ssh(sshd, user, stdin=b"echo login shell; set -- a b; echo $2; exit 4\n")
        return done.stdout, done.stderr, done.returncode, bare.stdout, bare.stderr, bare.returncode
    got = same(host, user, session)
    assert got[0] == b"from ['-', 'one', 'two words']\n" and got[2] == 9
    assert got[3:] == (b"login shell\nb\n", b"", 4)


def test_the_rest_of_stdin_is_the_next_commands(host, sshd, user):
    """What a command does not read is still there for the one after it: nobody in between has read ahead."""
    lines = b"first\nsecond\nthird\n"
    done = same(host, user, lambda: ssh(sshd, user, "read a; echo $a; cat", stdin=lines).stdout)
    assert done == lines


def test_stdout_and_stderr_apart(host, sshd, user):
    command = "for i in $(seq 2000); do echo out $i; echo err $i >&2; done"

    def session():
        done = ssh(sshd, user, command)
        return done.stdout, done.stderr
    out, err = same(host, user, session)
    assert out == b"".join(b"out %d\n" % n for n in range(1, 2001)) and err == out.replace(b"out", b"err")


@pytest.mark.parametrize("command", ("cat", "cat noise; cat >/dev/null", "head -c 1000000 /dev/zero; cat"))
def test_bytes_and_end_of_file(host, sshd, user, command):
    data = noise(1 << 20)
    same(host, user, lambda: hashlib.sha256(ssh(sshd, user, command, stdin=data).stdout).hexdigest())


def test_half_closed(host, sshd, user):
    """After the client's end of file the command still answers."""
    got = same(host, user, lambda: ssh(sshd, user, "sum=$(cat | sha256sum); echo after; echo $sum", stdin=noise(1 << 20)).stdout)
    assert got.startswith(b"after\n" + hashlib.sha256(noise(1 << 20)).hexdigest().encode())


def test_the_reader_leaves_early(host, sshd, user):
    def session():
        client = subprocess.Popen(ssh_words(sshd, user, "yes; echo $? >&2"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        assert client.stdout.read(4) == b"y\ny\n"
        client.stdout.close()
        client.wait(30)
        wait_until(lambda: not running(user, "yes"), "the end of yes")
    same(host, user, session)


def running(user, name):
    return subprocess.run(["pgrep", "-u", str(user.uid), "-x", name], capture_output=True, text=True).stdout.split()


@pytest.fixture(params=("pipes", "sockets"))
def ends(request):
    """(shell's stdin, our writing end, our reading end, shell's stdout), as sshd makes them in its two configurations."""
    if request.param == "pipes":
        stdin, feed = os.pipe()
        drain, stdout = os.pipe()
        return stdin, feed, drain, stdout
    (a, b), (c, d) = socket.socketpair(), socket.socketpair()
    return a.detach(), b.detach(), c.detach(), d.detach()


@pytest.mark.parametrize("program", (PLAIN, TTYWRAP))
def test_a_stream_the_command_closes_is_closed(user, ends, program):
    """The other side sees the end of stdout while the command still runs: nobody else holds it open."""
    stdin, feed, drain, stdout = ends
    child = subprocess.Popen(["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--init-groups", program, "-c",
                              "echo last words; exec >&-; read line; exit 3"], stdin=stdin, stdout=stdout,
                             env={**ENVIRONMENT, "HOME": user.home}, cwd="/")
    os.close(stdin)
    os.close(stdout)
    with os.fdopen(drain, "rb") as out:
        assert out.read() == b"last words\n"
    assert child.poll() is None
    os.write(feed, b"go on\n")
    os.close(feed)
    assert child.wait(30) == 3


@pytest.mark.parametrize("program", (PLAIN, TTYWRAP))
def test_a_stream_the_command_does_not_read_is_closed(user, program):
    """The writer gets EPIPE as soon as the command has closed its stdin."""
    stdin, feed = os.pipe()
    child = subprocess.Popen(["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--init-groups", program, "-c",
                              "exec <&-; echo closed; kill -STOP $$"], stdin=stdin, stdout=subprocess.PIPE,
                             env={**ENVIRONMENT, "HOME": user.home}, cwd="/")
    os.close(stdin)
    assert child.stdout.readline() == b"closed\n"
    with pytest.raises(BrokenPipeError):
        os.write(feed, b"x")
    os.close(feed)
    stopped = wait_until(lambda: running(user, "bash"), "the shell")
    for pid in stopped:
        os.kill(int(pid), signal.SIGKILL)
    assert child.wait(30) == -signal.SIGKILL
    child.stdout.close()


def test_the_command_has_sshds_own_descriptors(host, sshd, user):
    """Which they are: the very pipes, not others between."""
    def kinds():
        said = ssh(sshd, user, "stat -L -c %f /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; readlink /proc/$$/fd/0; "
                               "readlink /proc/$PPID/fd/0 2>/dev/null").stdout.split()
        return [stat.S_IFMT(int(word, 16)) for word in said[:3]]
    assert same(host, user, kinds) in ([stat.S_IFIFO] * 3, [stat.S_IFSOCK] * 2 + [stat.S_IFIFO])


def test_nothing_of_it_is_recorded(host, sshd, wrapped):
    before = host.recordings()
    ssh(sshd, wrapped, "cat noise")
    assert host.recordings() == before
