# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels on a program's own socket: its control messages stay its own, the data is ul2tpd's."""
import itertools
import select
import socket
import time

import pytest

from support import wire
from support.api import gone
from support.capture import Capture
from support.wait import SLOW, eventually

pytestmark = pytest.mark.quick

CONTROL = b"\xc8\x03\x00\x14" + b"control message."
_ids = itertools.count(3001)
_ports = itertools.count(31000)


class Program:
    """A program with a socket, the tunnel on it, and its peer at the far end of the cable.

    family: 4, 6 or "mapped": an IPv6 socket that speaks IPv4
    """

    def __init__(self, rig, family=4, connected=True, bound="address", options=(), version=3):
        self.rig, self.api, self.version = rig, rig.api, version
        self.family = 4 if family == "mapped" else family
        self.near_address, self.far_address = rig.cable.addresses(self.family)
        self.port, self.far_port = next(_ports), next(_ports)
        self.peer = self.at(rig.far, self.far_address, self.far_port)
        prefix = "::ffff:" if family == "mapped" else ""
        self.socket = rig.near.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        for option in options:
            self.socket.setsockopt(*option)
        any_address = "" if family == 4 else "::"
        if bound:
            self.socket.bind((prefix + self.near_address if bound == "address" else any_address, self.port))
        if connected:
            self.socket.connect((prefix + self.far_address, self.far_port))
            self.port = self.socket.getsockname()[1]
        rig.closing.append(self.socket)
        self.id = next(_ids)

    def at(self, namespace, address, port):
        made = namespace.socket(socket.AF_INET if self.family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind((address, port))
        self.rig.closing.append(made)
        return made

    def tunnel(self, **values):
        self.api.tunnel_on(self.socket, **dict(
            {"CONN_ID": self.id, "PEER_CONN_ID": 7, "PROTO_VERSION": self.version}, **values))
        return self

    def session(self, **values):
        self.session_id = values.setdefault("SESSION_ID", next(_ids))
        number = values.pop("SESSION_ID")
        self.api.session_create(self.id, number, **dict(
            {"PEER_SESSION_ID": 9, "L2SPEC_TYPE": wire.NONE, "PW_TYPE": 5 if self.version == 3 else 7}, **values))
        return self

    def up(self):
        self.device = self.api.session_get(self.id, self.session_id)["IFNAME"]
        self.rig.near.ip(f"link set {self.device} up")
        self.capture = Capture(self.rig.near, self.device)
        self.rig.closing.append(self.capture)
        return self

    def send(self, octets, sender=None):
        """From the peer, or another, to the program's socket."""
        (sender or self.peer).sendto(octets, (self.near_address, self.port))

    def data(self, payload=None, session_id=None):
        return wire.data(session_id or self.session_id, wire.frame(b"data", 60) if payload is None else payload)

    def received(self, sock=None, timeout=20):
        return self.received_from(sock or self.socket, timeout)[0]

    @staticmethod
    def received_from(sock, timeout=20):
        assert select.select([sock], [], [], timeout * SLOW)[0], "nothing arrives"
        return sock.recvfrom(1 << 16)

    def stats(self):
        return self.api.session_get(self.id, self.session_id)["STATS"]

    def delivered(self, packets):
        eventually(lambda: self.stats()["RX_PACKETS"] >= packets, f"{packets} packets are delivered")
        assert self.stats()["RX_PACKETS"] == packets

    def nothing_for_the_program(self):
        """A control message behind what was sent is the first that comes."""
        self.send(CONTROL)
        assert self.received() == CONTROL


@pytest.mark.parametrize("family", (4, 6, "mapped"))
@pytest.mark.parametrize("bound", ("address", "any", None))
def test_data_moves_and_control_is_the_programs(rig, family, bound):
    """
    Requirements: NL-45, TUN-22, TX-5, RX-2, RX-8, RX-9, TX-1
    """
    p = Program(rig, family, bound=bound).tunnel().session().up()
    for number in range(1, 4):
        p.send(p.data(wire.frame(b"from the peer %d" % number, 60)))
        p.send(CONTROL)
        assert p.received() == CONTROL
        p.delivered(number)
    assert p.capture.next()[14:].startswith(b"from the peer 1")
    p.capture.send(wire.frame(b"to the peer", 60))
    octets, sender = p.received_from(p.peer)
    assert octets == wire.data(9, wire.frame(b"to the peer", 60))
    assert sender[:2] == (p.near_address, p.port)
    p.socket.send(CONTROL)
    assert p.received(p.peer) == CONTROL


def test_the_last_close_ends_the_tunnel(rig):
    """
    Requirements: TUN-40, TUN-45
    """
    p = Program(rig).tunnel().session()
    copy = p.socket.dup()
    p.socket.close()
    p.send(p.data())
    p.delivered(1)
    before = time.monotonic()
    copy.close()
    eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel is gone")
    assert time.monotonic() - before < 1 * SLOW
