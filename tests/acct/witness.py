# SPDX-License-Identifier: GPL-2.0-or-later
"""Who else counted: nftables, conntrack's destroy events, a packet capture, sshd's own log. None of it is our code."""

import json
import re
import socket
import struct
import subprocess
import threading

from host import wait_until

OUTGOING = 4  # PACKET_OUTGOING: on loopback every packet is seen twice, once like this
SOL_PACKET, PACKET_STATISTICS = 263, 6

# Every packet passes the output hook once on loopback, after conntrack (-200) has counted it.
NFT = """
table inet witness {
	set count { typeof tcp sport . tcp dport; flags dynamic; counter; size 60000; }
	chain out { type filter hook output priority -150; meta l4proto tcp update @count { tcp sport . tcp dport }; }
}
"""


NEWKEYS = 21  # SSH_MSG_NEWKEYS (RFC 4253): what follows it is encrypted
TAG = 16  # behind each encrypted packet of aes256-gcm@openssh.com, whose lengths are not encrypted (RFC 5647)


class Stream:
    """One direction's SSH bytes: the banner and the packets, counted. Segments come in any order, and more than once."""

    def __init__(self):
        self.early, self.at = [], 0  # segments behind a gap; where the stream was read up to
        self.banner, self.head = b"", b""
        self.skip = 0  # bytes of the packet that are still to come
        self.encrypted = False
        self.lengths = self.tagged = 0  # bytes of whole packets without their tags; packets with one

    def take(self, at, data):
        if self.banner and not self.banner.startswith(b"SSH-"):
            return  # something else
        self.early = sorted([*self.early, (at, data)])
        while self.early and self.early[0][0] <= self.at:
            at, data = self.early.pop(0)
            self.feed(data[self.at - at:])
            self.at = max(self.at, at + len(data))

    def feed(self, data):
        while data:
            if not self.banner.endswith(b"\n"):
                line, newline, data = data.partition(b"\n")
                self.banner += line + newline
            elif self.skip:
                step = min(self.skip, len(data))
                self.skip, data = self.skip - step, data[step:]
            else:
                need = (4 if self.encrypted else 6) - len(self.head)
                self.head, data = self.head + data[:need], data[need:]
                self.packet()

    def packet(self):
        """Length, and, as long as it can be read, padding's length and type."""
        if len(self.head) < (4 if self.encrypted else 6):
            return
        length = int.from_bytes(self.head[:4], "big")
        self.lengths += 4 + length
        self.skip = length + TAG if self.encrypted else length - 2
        self.tagged += self.encrypted
        self.encrypted = self.encrypted or self.head[5] == NEWKEYS
        self.head = b""


class Flow:
    """One direction of one connection, as the capture saw it."""

    def __init__(self):
        self.packets = self.bytes = self.headers = self.payload = 0
        self.start, self.top, self.stream = 0, 0, Stream()

    def take(self, length, headers, seq, syn, data):
        payload = length - headers
        self.packets += 1
        self.bytes += length
        self.headers += headers
        self.payload += payload
        if syn:
            self.start = (seq + 1) & 0xFFFFFFFF
        if payload:
            at = (seq - self.start) & 0xFFFFFFFF
            self.stream.take(at, data[:payload])
            self.top = max(self.top, at + payload)

    @property
    def again(self):
        """Payload that was sent more than once; the distance of the sequence numbers is what was sent at all."""
        return self.payload - self.top


class Capture:
    """All TCP on loopback, by (source port, destination port)."""

    def __init__(self):
        self.flows, self.lock, self.dropped = {}, threading.Lock(), 0
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.sock.bind(("lo", 3))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            data, (_, protocol, kind, _, _) = self.sock.recvfrom(1 << 17)
            if kind == OUTGOING:
                continue
            if protocol == 0x0800 and data[9] == 6:
                ip, length = (data[0] & 15) * 4, struct.unpack_from("!H", data, 2)[0]
            elif protocol == 0x86DD and data[6] == 6:
                ip, length = 40, struct.unpack_from("!H", data, 4)[0] + 40
            else:
                continue
            source, target, seq, _, offset, flags = struct.unpack_from("!HHIIBB", data, ip)
            headers = ip + (offset >> 4) * 4
            with self.lock:
                flow = self.flows.setdefault((source, target), Flow())
                flow.take(length, headers, seq, flags >> 1 & 1, data[headers:])

    def lost(self):
        got = self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self.dropped += struct.unpack("II", got)[1]
        return self.dropped


class Witnesses:
    """Everything that watches, for the whole of the tests."""

    def __init__(self):
        # Loopback's own MTU makes packets that are split after they were counted (docs/accounting.md, super-packets).
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
        subprocess.run(["nft", "-f", "-"], input=NFT, text=True, check=True)
        self.capture = Capture()
        self.events = []
        self.listener = subprocess.Popen(["conntrack", "-E", "-e", "DESTROY", "-p", "tcp", "-o", "id"], text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for text in self.listener.stdout:
            self.events.append(text)

    def stop(self):
        self.listener.terminate()
        self.listener.wait()
        subprocess.run(["nft", "delete", "table", "inet", "witness"], check=False)

    def nft(self, client, servers):
        """(in bytes, in packets, out bytes, out packets) of nftables; servers: the ports the server may be seen at."""
        listed = json.loads(subprocess.run(["nft", "-j", "list", "set", "inet", "witness", "count"], capture_output=True,
                                           text=True, check=True).stdout)
        counts = {}
        for entry in next(o["set"] for o in listed["nftables"] if "set" in o).get("elem", []):
            element = entry["elem"]
            counts[tuple(element["val"]["concat"])] = element["counter"]
        return self.sums(lambda key: (counts[key]["bytes"], counts[key]["packets"]) if key in counts else (0, 0), client, servers)

    @staticmethod
    def sums(get, client, servers):
        ins = [get((client, port)) for port in servers]
        outs = [get((port, client)) for port in servers]
        return tuple(sum(v) for v in zip(*ins)) + tuple(sum(v) for v in zip(*outs))

    def captured(self, client, server):
        """The capture's two directions: from the client, from the server."""
        with self.capture.lock:
            flows = self.capture.flows
            return flows.get((client, server), Flow()), flows.get((server, client), Flow())

    def destroyed(self, client, flow):
        """Deletes the entry and returns what its destroy event says, like nft()."""
        subprocess.run(["conntrack", "-D", "-p", "tcp", "--orig-port-src", str(client)], capture_output=True, check=False)
        def event():
            return next((e for e in self.events if f"id={flow}" in e and f"sport={client} " in e), None)
        counts = re.findall(r"packets=(\d+) bytes=(\d+)", wait_until(event, f"destroy event of port {client}"))
        return tuple(int(v) for pair in counts for v in (pair[1], pair[0]))


def transferred(sshd_log, ssh_log):
    """(in, out, who says so) from the "Transferred" line of sshd or of the client; (None, None, None) when neither has one.

    sshd logs it when the connection just closes, the client when it ends it in good order.
    """
    for text, who, order in ((sshd_log, "sshd", (1, 0)), (ssh_log, "ssh", (0, 1))):
        found = re.findall(r"Transferred: sent (\d+), received (\d+) bytes", text)
        if found:
            return int(found[-1][order[0]]), int(found[-1][order[1]]), who
    return None, None, None
