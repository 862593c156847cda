# SPDX-License-Identifier: BSD-2-Clause
"""program_socket.py - a program with a socket of its own and the tunnel on it; the test is its peer

    p = ProgramSocket(rig).tunnel().session().up()
    p.send(p.data())              # from the peer, to the program's port
    p.delivered(1)                # ... taken for the session
    p.nothing_for_the_program()   # ... and not to be had by recv()
"""
import itertools
import select
import socket

from support import wire
from support.capture import Capture, WireCapture
from support.wait import SLOW, eventually

CONTROL = b"\xc8\x03\x00\x14" + b"control message."
ETHERNET, PPP = 5, 7
_ids = itertools.count(3001)
_ports = itertools.count(31000)


def disconnect(sock):
    """connect(AF_UNSPEC), which Python does not know."""
    import ctypes  # pylint: disable=import-outside-toplevel
    unspecified = ctypes.create_string_buffer(16)
    assert ctypes.CDLL(None, use_errno=True).connect(sock.fileno(), unspecified, 16) == 0


def next_port():
    return next(_ports)


class ProgramSocket:
    """family: 4, 6, or "mapped": an IPv6 socket that speaks IPv4. bound: "address", "any" or None.
    api: on which the tunnel is asked for, if not the rig's."""

    def __init__(self, rig, family=4, connected=True, bound="address", options=(), version=3, port=None, api=None):
        self.rig, self.api, self.version = rig, api or rig.api, version
        self.family = 4 if family == "mapped" else family
        self.near_address, self.far_address = rig.cable.addresses(self.family)
        self.port, self.far_port = port or next_port(), next_port()
        self.prefix = "::ffff:" if family == "mapped" else ""
        self.peer = self.far_socket(self.far_port)
        self.socket = rig.near.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        rig.closing.append(self.socket)
        for option in options:
            self.socket.setsockopt(*option)
        any_address = "" if family == 4 else "::"
        if bound:
            self.socket.bind((self.prefix + self.near_address if bound == "address" else any_address, self.port))
        if connected:
            self.connect()
            self.port = self.socket.getsockname()[1]
        self.id, self.session_id = next(_ids), None
        self.device = self.capture = None

    def connect(self, port=None):
        self.socket.connect((self.prefix + self.far_address, port or self.far_port))

    def disconnect(self):
        disconnect(self.socket)

    def far_socket(self, port=0):
        made = self.rig.far.socket(socket.AF_INET if self.family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind((self.far_address, port))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.rig.closing.append(made)
        return made

    def tunnel(self, **values):
        self.api.tunnel_on(self.socket, **dict(
            {"CONN_ID": self.id, "PEER_CONN_ID": 7, "PROTO_VERSION": self.version}, **values))
        return self

    def session(self, **values):
        self.session_id = values.pop("SESSION_ID", None) or next(_ids)
        self.api.session_create(self.id, self.session_id, **dict(
            {"PEER_SESSION_ID": 9, "L2SPEC_TYPE": wire.NONE, "PW_TYPE": ETHERNET if self.version == 3 else PPP},
            **values))
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

    def data(self, payload=None, session_id=None, **options):
        payload = wire.frame(b"data", 60) if payload is None else payload
        if self.version == 2:
            return wire.data2(self.id, session_id or self.session_id, payload, **options)
        return wire.data(session_id or self.session_id, payload, **options)

    def received(self, sock=None, timeout=20):
        return self.received_from(sock or self.socket, timeout)[0]

    @staticmethod
    def received_from(sock, timeout=20):
        assert select.select([sock], [], [], timeout * SLOW)[0], "nothing arrives"
        return sock.recvfrom(1 << 16)

    def transmit(self, octets=b"to the peer"):
        """A frame leaves by the interface; what the peer gets, and from whom."""
        self.capture.send(wire.frame(octets, 60))
        return self.received_from(self.peer)

    def wire(self):
        made = WireCapture(self.rig.far, udp_port=self.port)
        self.rig.closing.append(made)
        return made

    def get(self):
        return self.api.tunnel_get(self.id)

    def stats(self):
        return self.api.session_get(self.id, self.session_id)["STATS"]

    def delivered(self, packets):
        eventually(lambda: self.stats()["RX_PACKETS"] >= packets, f"{packets} packets are delivered")
        assert self.stats()["RX_PACKETS"] == packets

    def nothing_for_the_program(self):
        """A control message behind what was sent is the first that comes."""
        self.send(CONTROL)
        assert self.received() == CONTROL

    def for_the_program(self, octets):
        """It is delivered like any datagram, and nothing of it to the session."""
        before = self.stats()["RX_PACKETS"]
        self.send(octets)
        received, sender = self.received_from(self.socket)
        assert received == octets and sender[1] == self.far_port
        assert self.stats()["RX_PACKETS"] == before


def beside(rig, port, other=None, version=3):
    """A socket of this port with a tunnel and a session, connected to the other's peer, or one of its own."""
    made = ProgramSocket(rig, bound="any", connected=False, version=version, port=port,
                         options=[(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)])
    made.connect(other.far_port if other else None)
    return made.tunnel().session()
