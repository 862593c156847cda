# SPDX-License-Identifier: BSD-2-Clause
"""many_peers.py - peers that are nothing but UDP sockets, each with an L2TPv3 tunnel to one host, and what comes out there

Each peer numbers the packets of each of its sessions. They leave by UDP_SEGMENT, so that one message of the receiver's has
packets of several sessions in it.
"""
import collections
import socket
import struct

from support import proc, wire
from support.api import PPP, Api
from support.capture import Capture
from support.wait import eventually

SESSIONS = 3  # of each peer
BURST = 4  # packets of each of them that leave at once
PORT = 1701
SOL_UDP, UDP_SEGMENT = 17, 103
NUMBER = struct.Struct("!II")  # session, number


class Peer:
    def __init__(self, peers, number):
        self.number, self.peers = number, peers
        self.sent = 0
        # By port alone, and by address alone.
        v6 = peers.family == 6
        self.port, host = (5000 + number, number % 4) if not v6 else (6000, number)
        self.address = f"2001:db8::1:{host + 1:x}" if v6 else f"192.0.2.{100 + host}"
        peers.cable.far.ip(f"address replace {self.address}/{128 if v6 else 32} dev wire" + (" nodad" if v6 else ""))
        self.socket = peers.cable.far.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, self.port))
        self.socket.settimeout(20)
        self.near_port = PORT + number if peers.alone else PORT
        self.socket.connect((peers.address, self.near_port))
        self.conn_id = number + 1
        self.session_ids = [1000 + number * 100 + i for i in range(SESSIONS)]

    def make(self, api):
        prefix = "IP6" if self.peers.family == 6 else "IP"
        api.tunnel_create(CONN_ID=self.conn_id, PEER_CONN_ID=self.conn_id, UDP_SPORT=self.near_port, UDP_DPORT=self.port,
                          **{prefix + "_SADDR": self.peers.address, prefix + "_DADDR": self.address})
        for session_id in self.session_ids:
            api.session_create(self.conn_id, session_id, IFNAME=f"s{session_id}", L2SPEC_TYPE=wire.NONE)
            self.peers.cable.near.ip(f"link set s{session_id} up")

    def send(self):
        packets = []
        for i in range(BURST):
            packets += [wire.data(session_id, wire.frame(NUMBER.pack(session_id, self.sent + i), length=100))
                        for session_id in self.session_ids]
        self.sent += BURST
        self.socket.sendmsg([b"".join(packets)], [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))])

    def send_one(self, octets):
        self.socket.send(octets)


class ManyPeers:
    """Tunnels of `daemon` in cable.near to `count` peers in cable.far.

    alone: each has a local port of its own, which the daemon connects (--kernel-quirks).
    """

    def __init__(self, daemon, cable, count, family=4, alone=False):
        self.daemon, self.cable, self.family, self.alone = daemon, cable, family, alone
        self.address = cable.addresses(family)[0]
        self.api = Api(daemon, cable.near)
        self.peers = [Peer(self, number) for number in range(count)]
        self.numbers = collections.defaultdict(list)
        self.captures = {}
        for peer in self.peers:
            peer.make(self.api)
            for session_id in peer.session_ids:
                self.captures[session_id] = Capture(cable.near, f"s{session_id}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for capture in self.captures.values():
            capture.close()
        self.api.close()
        for peer in self.peers:
            peer.socket.close()

    def read(self):
        """Take what has come out so far; return how many of all that was sent have."""
        for session_id, capture in self.captures.items():
            for frame in capture.waiting():
                if frame[12:14] != struct.pack("!H", wire.ETHERTYPE):
                    continue
                said, number = NUMBER.unpack_from(frame, 14)
                assert said == session_id
                self.numbers[session_id].append(number)
        return sum(map(len, self.numbers.values()))

    def send(self, rounds):
        for _ in range(rounds):
            for peer in self.peers:
                peer.send()
            self.read()

    def sent(self):
        return sum(peer.sent * SESSIONS for peer in self.peers)

    def all_came(self):
        """Every packet once, in order."""
        eventually(lambda: self.read() >= self.sent(), "all have come", timeout=20)
        for peer in self.peers:
            for session_id in peer.session_ids:
                assert self.numbers[session_id] == list(range(peer.sent)), f"session {session_id}"

    def ascending(self):
        """None twice and none overtaken; some may be missing."""
        self.read()
        for session_id, numbers in self.numbers.items():
            assert all(a < b for a, b in zip(numbers, numbers[1:])), f"session {session_id}"

    def ppp_session(self, peer, session_id):
        self.api.session_create(peer.conn_id, session_id, PW_TYPE=PPP, L2SPEC_TYPE=wire.NONE)


def workers_ns(daemon):
    """{name: nanoseconds it has run} of the threads that move packets."""
    engine = daemon.engine_pid
    found = {}
    for thread in proc.threads(engine):
        name = proc.text(f"{engine}/task/{thread}", "comm").strip()
        if name.startswith("worker-"):
            found[name] = int(proc.text(f"{engine}/task/{thread}", "schedstat").split()[0])
    return found
