# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of connection, counted by us and by independent witnesses. No byte may go unexplained.

    final reading = nftables = conntrack's destroy event = capture            bytes and packets, both directions
    bytes of the capture = headers + payload sent again + SSH bytes

SSH bytes are what sshd (or the client, with -v) says it transferred, and what neither counts: the version banner and
the 16 bytes of authentication tag behind each encrypted packet (ssh_packet_send2_wrapped adds up the length before the
tag is appended). How many packets there were the capture knows: the cipher is aes256-gcm, which leaves their lengths
readable. A client that ends before it has read everything would leave packets that only the capture has: the tests let
it read. A connection that was cut has no such figure; the capture's sum of the packets' lengths stands in.

The rows make the table in docs/accounting.md (ACCOUNTING_TABLE=file).
"""

import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from client import ENVIRONMENT, login, ssh, ssh_words
from host import wait_until
from witness import TAG, Witnesses, transferred

BIG = 100 << 20
SSH_LOG = "/tmp/ssh-log"
SSH = f"""#!/bin/sh
exec /usr/bin/ssh -E {SSH_LOG} -o LogLevel=DEBUG1 -o Ciphers=aes256-gcm@openssh.com "$@"
"""
ROWS = []


@pytest.fixture(scope="module")
def watch(host, accounts):
    made = Witnesses()
    with open("/usr/local/bin/ssh", "w", encoding="ascii") as out:
        out.write(SSH)
    os.chmod("/usr/local/bin/ssh", 0o755)
    host.watchers = {made.listener.pid}
    yield made
    made.stop()
    os.unlink("/usr/local/bin/ssh")
    path = os.environ.get("ACCOUNTING_TABLE")
    if path and ROWS:
        splice(path)


def splice(path):
    """Puts the table between the marks in the document."""
    mark = "<!-- made by tests/acct/test_exact.py -->\n"
    with open(path, encoding="utf-8") as text:
        head, _, tail = text.read().split(mark)
    names = ["case", "", "known payload", "before login", "at close", "after close", "final", "nftables", "conntrack -E",
             "capture", "headers", "sent again", "banner", "sshd/ssh says", "tags", "unexplained"]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * 2 + "---:|" * (len(names) - 2)]
    lines += ["| " + " | ".join(str(v) if v is not None else "–" for v in row) + " |" for row in ROWS]
    with open(path, "w", encoding="utf-8") as out:
        out.write(head + mark + "\n".join(lines) + "\n" + mark + tail)


def figures(record):
    return tuple(record[k] for k in ("in_bytes", "in_packets", "out_bytes", "out_packets"))


class Case:
    """One connection from its beginning to its destroy event."""

    def __init__(self, name, accounts, watch, sshd, port=None):
        self.name, self.accounts, self.watch, self.sshd = name, accounts, watch, sshd
        self.port = port or sshd.port  # as the client sees it
        self.since, self.log = accounts.mark(), len(sshd.read_log())
        open(SSH_LOG, "w", encoding="utf-8").close()

    def final(self, opened):
        """What a later run of ttyacct reads of what lingers."""
        def read():
            self.accounts.ttyacct("update")
            return [r for r in self.accounts.lines()[self.since:] if r["event"] == "final" and r["conn"] == opened["conn"]]
        return wait_until(read, f"{self.name}: a final reading")[0]

    def settle(self, known=(0, 0), closes=True):
        """Holds all witnesses against each other; known: payload that was moved for certain."""
        opened = self.accounts.wait("open", self.since, by="pam")
        closed = self.accounts.wait("close", self.since, by="pam", conn=opened["conn"]) if closes else None
        final = self.final(opened)
        client, flow = opened["peer_port"], opened["flow"]
        assert opened["source"] == final["source"] == "conntrack" and final["flow"] == flow
        assert opened["local_port"] == self.sshd.port
        nft = self.watch.nft(client, {self.sshd.port, self.port})
        event = self.watch.destroyed(client, flow)
        inward, outward = self.watch.captured(client, self.sshd.port)[0], self.watch.captured(client, self.port)[1]
        captured = (inward.bytes, inward.packets, outward.bytes, outward.packets)
        assert self.watch.capture.lost() == 0
        said_by = {"final": figures(final), "nftables": nft, "event": event, "capture": captured}
        assert len(set(said_by.values())) == 1, said_by
        with open(SSH_LOG, encoding="utf-8", errors="replace") as text:
            *said, who = transferred(self.sshd.read_log()[self.log:], text.read())
        for n, (way, direction) in enumerate((("in", inward), ("out", outward))):
            stream = direction.stream
            banner, tags, lengths = len(stream.banner), stream.tagged * TAG, said[n] if who else stream.lengths
            unexplained = direction.bytes - direction.headers - direction.again - banner - lengths - tags
            at_close = closed[f"{way}_bytes"] if closed else None
            ROWS.append((self.name if n == 0 else "", way, known[n] or None, opened[f"{way}_bytes"], at_close,
                         final[f"{way}_bytes"] - at_close if closed else None, final[f"{way}_bytes"], nft[n * 2], event[n * 2],
                         captured[n * 2], direction.headers, direction.again, banner, f"{lengths} ({who or 'capture'})", tags, unexplained))
            assert unexplained == 0 and stream.lengths == lengths and stream.banner.startswith(b"SSH-2.0-"), ROWS[-1]
            assert direction.payload >= known[n]
            assert 1000 < opened[f"{way}_bytes"] <= (at_close or final[f"{way}_bytes"]) <= final[f"{way}_bytes"]
        return opened, closed, final


@pytest.fixture
def case(request, host, accounts, watch):
    def make(sshd=None, port=None):
        name = request.node.name.removeprefix("test_").replace("_", " ")
        return Case(name, accounts, watch, sshd or host.sshd(), port)
    return make


@pytest.fixture(scope="module")
def big(host):
    path = "/tmp/big"
    with open(path, "wb") as out:
        block = os.urandom(1 << 20)
        for _ in range(BIG >> 20):
            out.write(block)
    os.chmod(path, 0o644)
    yield path
    os.unlink(path)


def run_client(program, sshd, user, *words, port=None):
    """scp, sftp: the options of ssh with the port's letter changed."""
    base = ssh_words(sshd, user)[1:-1]
    base[base.index("-p")] = "-P"
    if port:
        base[base.index("-P") + 1] = str(port)
    subprocess.run([program, "-S", "/usr/local/bin/ssh", *base, *words], check=True, capture_output=True, env=ENVIRONMENT, timeout=60)


def test_interactive(host, case):
    user, this = host.user("ada"), case()
    with login(this.sshd, user) as terminal:
        assert terminal.run("echo $((6*7))") == "42\n"
        terminal.exit()
    this.settle()


def test_ssh_host_command(host, case):
    this = case()
    assert len(ssh(this.sshd, host.user("ada"), "cat; head -c 100000 /dev/zero", stdin=b"x" * 50000).stdout) == 150000
    this.settle((50000, 150000))


def test_scp_up_100_MiB(host, case, big):
    user, this = host.user("ada"), case()
    run_client("scp", this.sshd, user, big, f"{user.name}@127.0.0.1:up")
    assert os.stat(user.path("up")).st_size == BIG
    os.unlink(user.path("up"))
    _, _, final = this.settle((BIG, 0))
    assert final["in_bytes"] < BIG * 1.03


def test_scp_down_100_MiB(host, case, big):
    user, this = host.user("ada"), case()
    run_client("scp", this.sshd, user, f"{user.name}@127.0.0.1:{big}", "/tmp/down")
    assert os.stat("/tmp/down").st_size == BIG
    os.unlink("/tmp/down")
    _, _, final = this.settle((0, BIG))
    assert final["out_bytes"] < BIG * 1.03


@pytest.mark.parametrize("kind", ["internal", "external"])
def test_sftp(host, case, big, kind):
    user = host.user("ada")
    this = case(host.sshd("Subsystem sftp internal-sftp" if kind == "internal" else ""))
    this.name = f"sftp {kind}"
    with open("/tmp/batch", "w", encoding="ascii") as out:
        out.write("ls -l\nget /bin/bash /tmp/got\nput /bin/bash put\n")
    run_client("sftp", this.sshd, user, "-b", "/tmp/batch", f"{user.name}@127.0.0.1")
    size = os.stat("/bin/bash").st_size
    assert os.stat(user.path("put")).st_size == os.stat("/tmp/got").st_size == size
    this.settle((size, size))


class Echo:
    """A TCP service behind the tunnel that sends back what it gets."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        try:
            peer, _ = self.listener.accept()
            with peer:
                while data := peer.recv(65536):
                    peer.sendall(data)
        except OSError:
            pass

    def __exit__(self, *_):
        self.listener.close()


def through(sock, count):
    """Sends and receives so many bytes."""
    block = b"t" * 16384
    for _ in range(count // len(block)):
        sock.sendall(block)
        left = len(block)
        while left:
            left -= len(sock.recv(left))


def freed(count, kind):
    """Waits until the client has closed so many channels: nothing more comes for them."""
    def said():
        with open(SSH_LOG, encoding="utf-8", errors="replace") as text:
            return len(re.findall(rf"channel \d+: free: {kind}", text.read())) >= count
    wait_until(said, f"{count} channels of kind {kind} to be closed")


@pytest.mark.parametrize("kind", ["-L", "-D"])
def test_tunnel(host, case, kind):
    user, this = host.user("ada"), case()
    this.name = f"ssh -N {kind}"
    with Echo() as echo, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        local = probe.getsockname()[1]
        probe.close()
        spec = f"{local}:127.0.0.1:{echo.port}" if kind == "-L" else str(local)
        words = ssh_words(this.sshd, user)
        tunnel = subprocess.Popen([*words[:-1], "-N", kind, spec, words[-1]], env=ENVIRONMENT)
        try:
            def connect():
                try:
                    return socket.create_connection(("127.0.0.1", local))
                except ConnectionRefusedError:
                    return None
            with wait_until(connect, "the tunnel") as sock:
                if kind == "-D":
                    sock.sendall(b"\5\1\0")
                    assert sock.recv(2) == b"\5\0"
                    sock.sendall(b"\5\1\0\1\x7f\0\0\1" + echo.port.to_bytes(2, "big"))
                    assert sock.recv(10)[:2] == b"\5\0"
                through(sock, 2 << 20)
            freed(1, "direct-tcpip")  # SIGTERM would leave the channel's last packets unread
        finally:
            tunnel.terminate()
            tunnel.wait()
    this.settle((2 << 20, 2 << 20))


def test_ControlMaster_with_three_shells_and_scp(host, case, big):
    """One connection, counted once."""
    user, this, path = host.user("ada"), case(), "/tmp/mux"
    words = ssh_words(this.sshd, user)
    master = subprocess.Popen([*words[:-1], "-M", "-N", "-S", path, words[-1]], env=ENVIRONMENT)
    wait_until(lambda: os.path.exists(path), "the master")
    shells = [login(this.sshd, user, options=(f"ControlPath={path}",)) for _ in range(3)]
    run_client("scp", this.sshd, user, "-o", f"ControlPath={path}", big, f"{user.name}@127.0.0.1:up")
    for shell in shells:
        assert shell.run("echo here") == "here\n"
        shell.exit()
    freed(4, "client-session")
    subprocess.run([*words[:-1], "-S", path, "-O", "exit", words[-1]], capture_output=True, check=True, env=ENVIRONMENT)
    master.wait(10)
    os.unlink(user.path("up"))
    this.settle((BIG, 0))
    opens = [r for r in this.accounts.lines()[this.since:] if r["event"] == "open" and r["by"] == "pam"]
    assert len(opens) == 1


def test_IPv6(host, case):
    user, this = host.user("ada"), case()
    words = [w.replace("127.0.0.1", "::1") for w in ssh_words(this.sshd, user, "head -c 300000 /dev/zero")]
    assert len(subprocess.run(words, capture_output=True, env=ENVIRONMENT, timeout=30).stdout) == 300000
    opened, _, _ = this.settle((0, 300000))
    assert opened["peer"] == opened["local"] == "::1"


class Inetd:
    """A listener of both families, as a systemd socket unit has: sshd -i gets IPv4-mapped addresses."""

    def __init__(self, sshd):
        self.sshd, self.port = sshd, sshd.port
        self.listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.seen_port = self.listener.getsockname()[1]

    def serve_one(self):
        peer, self.address = self.listener.accept()
        with peer:
            self.process = subprocess.Popen(["/usr/sbin/sshd", "-i", "-f", f"/tmp/sshd-{self.sshd.port}.conf", "-E", self.sshd.log],
                                            stdin=peer, stdout=peer, stderr=subprocess.DEVNULL)


def test_IPv4_mapped_IPv6(host, case):
    user = host.user("ada")
    inetd = Inetd(host.sshd())
    this = case()
    this.sshd = type("At", (), {"port": inetd.seen_port, "read_log": inetd.sshd.read_log})
    this.port = inetd.seen_port
    thread = threading.Thread(target=inetd.serve_one)
    thread.start()
    done = ssh(this.sshd, user, "head -c 200000 /dev/zero")
    thread.join()
    inetd.process.wait(10)
    inetd.listener.close()
    assert len(done.stdout) == 200000 and inetd.address[0] == "::ffff:127.0.0.1"
    opened, _, _ = this.settle((0, 200000))
    assert opened["peer"] == "127.0.0.1"


def test_another_port_behind_REDIRECT(host, case):
    sshd = host.sshd()
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input=(
        "table ip redirected {\n chain out { type nat hook output priority -100;"
        f" tcp dport 2022 redirect to :{sshd.port}\n }}\n}}\n"))
    try:
        this = case(port=2022)
        front = type("Front", (), {"port": 2022})
        assert len(ssh(front, host.user("ada"), "head -c 200000 /dev/zero").stdout) == 200000
        this.settle((0, 200000))
    finally:
        subprocess.run(["nft", "delete", "table", "ip", "redirected"], check=True)


def test_rekeying(host, case):
    """The pause lets the last exchange of keys end: ssh's figure has what it queued, sent or not."""
    this = case()
    assert len(ssh(this.sshd, host.user("ada"), "head -c 20000000 /dev/zero; sleep 1", options=("RekeyLimit=1M",)).stdout) == 20000000
    this.settle((0, 20000000))


def test_compression(host, case):
    """Ten megabytes that are next to nothing on the wire: it is the wire that is counted."""
    this = case()
    assert len(ssh(this.sshd, host.user("ada"), "head -c 10000000 /dev/zero", options=("Compression=yes",)).stdout) == 10000000
    _, _, final = this.settle()
    assert final["out_bytes"] < 500000


def test_cut_by_RST(host, case):
    this = case()
    with login(this.sshd, host.user("ada")) as terminal:
        port = terminal.run("echo $SSH_CLIENT").split()[1]
        subprocess.run(["ss", "-K", "-t", f"sport = :{port}"], check=True, capture_output=True)
        this.settle()


def test_client_killed(host, case):
    """The one end after which sshd itself says what it transferred."""
    user, this = host.user("ada"), case()
    with login(this.sshd, user) as terminal:
        terminal.run("head -c 20000 /dev/zero | tr '\\0' x")
        terminal.kill()
        this.settle((0, 20000))
    assert transferred(this.sshd.read_log()[this.log:], "")[2] == "sshd"


def monitor_of(terminal):
    """sshd's monitor above the shell, and the user's half."""
    child = int(terminal.run("echo $PPID"))
    with open(f"/proc/{child}/stat", encoding="ascii") as text:
        return int(text.read().rpartition(")")[2].split()[1]), child


def test_sshd_killed(host, case):
    """No PAM close. The open line, and what lingers in conntrack."""
    this = case()
    with login(this.sshd, host.user("ada")) as terminal:
        for pid in monitor_of(terminal):
            os.kill(pid, signal.SIGKILL)
        terminal.finish()
        opened, _, _ = this.settle(closes=False)
    rows = this.accounts.ttyacct("report", "--by", "connection", "--json").stdout
    assert opened["conn"] in rows


def test_client_vanished(host, case):
    """Its packets are dropped; sshd notices after a while (ClientAlive) and closes."""
    sshd = host.sshd("ClientAliveInterval 1\nClientAliveCountMax 2")
    this = case(sshd)
    with open("/proc/sys/net/ipv4/tcp_orphan_retries", "w", encoding="ascii") as knob:
        knob.write("1")
    with login(sshd, host.user("ada")) as terminal:
        port = terminal.run("echo $SSH_CLIENT").split()[1]
        subprocess.run(["nft", "-f", "-"], text=True, check=True, input=(
            "table inet vanished {\n chain in { type filter hook input priority 0;"
            f" tcp sport {port} drop; tcp dport {port} drop\n }}\n}}\n"))
        try:
            this.accounts.wait("close", this.since)
            def gone(source, target):
                seen = subprocess.run(["ss", "-tanH", f"sport = :{source} and dport = :{target}"], capture_output=True, text=True)
                return not seen.stdout.strip()
            wait_until(lambda: gone(sshd.port, port), "sshd's socket to go", 60)
            terminal.kill()
            wait_until(lambda: gone(port, sshd.port), "the client's socket to go, which sends its FIN again", 60)
            this.settle()
        finally:
            subprocess.run(["nft", "delete", "table", "inet", "vanished"], check=True)


def test_not_tracked_is_read_from_the_socket(host, accounts, watch):
    """tcp_info: payload only, and said so."""
    sshd, since = host.sshd(), accounts.mark()
    subprocess.run(["nft", "-f", "-"], text=True, check=True, input=(
        "table inet untracked {\n chain out { type filter hook output priority -300;"
        f" tcp dport {sshd.port} notrack; tcp sport {sshd.port} notrack\n }}\n}}\n"))
    try:
        log = len(sshd.read_log())
        open(SSH_LOG, "w", encoding="utf-8").close()
        assert len(ssh(sshd, host.user("ada"), "head -c 500000 /dev/zero").stdout) == 500000
        closed = accounts.wait("close", since)
    finally:
        subprocess.run(["nft", "delete", "table", "inet", "untracked"], check=True)
    assert closed["source"] == "tcp_info" and "flow" not in closed
    inward, outward = watch.captured(closed["peer_port"], sshd.port)
    received = inward.top
    assert closed["in_bytes"] - received in (0, 1)  # tcp_info counts the client's FIN, when it is there, as a byte
    assert closed["out_bytes"] == outward.payload
    with open(SSH_LOG, encoding="utf-8") as text:
        *said, who = transferred(sshd.read_log()[log:], text.read())
    for top, flow, transfer in zip((received, outward.top), (inward, outward), said):
        assert who and top == len(flow.stream.banner) + transfer + flow.stream.tagged * TAG


def test_counting_off_when_the_flow_began(host, accounts):
    sshd, since, knob = host.sshd(), accounts.mark(), "/proc/sys/net/netfilter/nf_conntrack_acct"
    with open(knob, "w", encoding="ascii") as out:
        out.write("0")
    try:
        ssh(sshd, host.user("ada"), "true")
        assert accounts.wait("close", since)["source"] == "tcp_info"
    finally:
        with open(knob, "w", encoding="ascii") as out:
            out.write("1")
