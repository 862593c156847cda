# SPDX-License-Identifier: BSD-2-Clause
"""rig.py - a tunnel of ul2tpd's whose far end is the test itself

The far end is a bare socket, so a test says octet by octet what arrives, and sees what leaves. That
nothing came of a packet can not be waited for; so the test sends a second one behind it, to another
session of the same tunnel, and waits for that: Tunnel.fence().
"""
import contextlib
import itertools
import select
import socket

from support import wire
from support.api import IP, PPP, UDP, Api, gone
from support.capture import Capture, WireCapture
from support.wait import SLOW, eventually

_ids = itertools.count(1001)
_ports = itertools.count(20000)
L2TP = 115
UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX = 101, 102


class Rig:
    def __init__(self, daemon, cable):
        self.daemon, self.cable = daemon, cable
        self.near, self.far = cable.near, cable.far
        self.devices = self.near.devices()
        self.api = Api(daemon, self.near)
        self.tunnels, self.closing = [], []

    def tunnel(self, over="udp", family=4, **values):
        made = Tunnel(self, over, family, values)
        self.tunnels.append(made)
        return made

    def session(self, over="udp", family=4, **values):
        """One session in a tunnel of its own."""
        return self.tunnel(over, family).session(**values)

    def close(self):
        for closable in self.closing:
            closable.close()
        for tunnel in self.tunnels:
            tunnel.close()
        self.api.close()
        # A deletion is acknowledged before the last of the devices has gone (TUN-43).
        eventually(lambda: self.near.devices() <= self.devices, "the devices of the rig are gone")


@contextlib.contextmanager
def rig_of(daemon, cable):
    """The rig of a daemon that is the test's own, and ends with all that is in it."""
    rig = Rig(daemon, cable)
    try:
        yield rig
    finally:
        for closable in rig.closing:
            closable.close()
        rig.api.close()


class Tunnel:
    """values: further attributes of TUNNEL_CREATE, which also replace those chosen here."""

    def __init__(self, rig, over, family, values):
        self.rig, self.api, self.over, self.family = rig, rig.api, over, family
        self.near_address, self.far_address = rig.cable.addresses(family)
        self.near_port, self.far_port = (next(_ports), next(_ports)) if over == "udp" else (0, 0)
        self._fence, self._fences = None, 0
        prefix = "IP6" if family == 6 else "IP"
        attributes = {"CONN_ID": next(_ids), "PEER_CONN_ID": next(_ids), "PROTO_VERSION": 3,
                      "ENCAP_TYPE": UDP if over == "udp" else IP,
                      prefix + "_SADDR": self.near_address, prefix + "_DADDR": self.far_address}
        if over == "udp":
            attributes.update(UDP_SPORT=self.near_port, UDP_DPORT=self.far_port)
        attributes.update(values)
        self.id, self.peer_id = attributes["CONN_ID"], attributes["PEER_CONN_ID"]
        self.version = attributes["PROTO_VERSION"]
        self.near_port = attributes.get("UDP_SPORT") or 0
        self.far_port = attributes.get("UDP_DPORT") or self.far_port
        self.api.tunnel_create(**attributes)
        if over == "udp" and not self.near_port:
            self.near_port = self.get()["UDP_SPORT"]
        self.socket = self.far_socket(self.far_port)

    def far_socket(self, port=0, address=None):
        """A socket at the far end, as peer or as a stranger."""
        kind = socket.AF_INET6 if self.family == 6 else socket.AF_INET
        if self.over == "udp":
            made = self.rig.far.socket(kind, socket.SOCK_DGRAM)
            made.bind((address or self.far_address, port))
            if self.family == 6:
                made.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
        else:
            made = self.rig.far.socket(kind, socket.SOCK_RAW, L2TP)
            made.bind((address or self.far_address, 0))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.rig.closing.append(made)
        return made

    def send(self, octets, source=None):
        """L2TP octets from the peer, or from another socket, to this tunnel."""
        (source or self.socket).sendto(octets, (self.near_address, self.near_port))

    def received(self, timeout=20):
        """The L2TP octets of the next packet from the tunnel; None if none came in time."""
        if not select.select([self.socket], [], [], timeout * SLOW)[0]:
            return None
        octets = self.socket.recv(1 << 16)
        if self.over == "ip" and self.family == 4:
            octets = octets[(octets[0] & 15) * 4:]
        return octets

    def wire(self):
        """What leaves, with its outer headers, at the far end of the cable."""
        made = WireCapture(self.rig.far, udp_port=self.near_port if self.over == "udp" else None)
        self.rig.closing.append(made)
        return made

    def session(self, **values):
        return Session(self, values)

    def get(self):
        return self.api.tunnel_get(self.id)

    def counts(self):
        """The tunnel's counters that are not zero."""
        return {name: value for name, value in self.get()["STATS"].items() if value}

    def drops(self):
        return self.api.tunnel_more(self.id).rx_drops

    def fence(self):
        """Comes back when everything sent before has been dealt with."""
        if self._fence is None:
            more = {"PW_TYPE": PPP} if self.version == 2 else {}
            self._fence = self.session(L2SPEC_TYPE=wire.NONE, **more)
        self._fence.api = self.api
        self._fences += 1
        self.send(self._fence.packet(wire.frame(length=60)))
        eventually(lambda: self._fence.stats()["RX_PACKETS"] >= self._fences, "the packet behind arrives")

    @property
    def fenced(self):
        """(packets, octets) that fences have added to the tunnel's counters."""
        return self._fences, self._fences * (66 if self.version == 2 else 68 if self.over == "udp" else 64)

    def astray(self):
        """How many packets came to the fences' session and were none: invented ones may have its id."""
        return self._fence.stats()["RX_PACKETS"] - self._fences

    def close(self):
        if not gone(self.api.tunnel_get, self.id):
            self.api.tunnel_delete(self.id)


class Session:
    """values: further attributes of SESSION_CREATE. PEER_COOKIE is what the daemon expects (NL-61)."""

    def __init__(self, tunnel, values):
        self.tunnel, self.api = tunnel, tunnel.api
        attributes = {"SESSION_ID": next(_ids), "PEER_SESSION_ID": next(_ids)}
        attributes.update(values)
        self.id, self.peer_id = attributes["SESSION_ID"], attributes["PEER_SESSION_ID"]
        self.cookie = bytes.fromhex(attributes.get("COOKIE") or "")
        self.expected_cookie = bytes.fromhex(attributes.get("PEER_COOKIE") or "")
        self.sublayer = attributes.get("L2SPEC_TYPE", wire.DEFAULT)
        del attributes["SESSION_ID"]
        self.api.session_create(tunnel.id, self.id, **attributes)
        self.device = self.get().get("IFNAME")  # None: PPP
        self.capture = None

    def packet(self, payload, number=None, cookie=None, **options):
        """The octets by which the peer sends this frame, with this sequence number."""
        if self.tunnel.version == 2:
            return wire.data2(self.tunnel.id, self.id, payload, number, **options)
        middle = wire.sublayer(number) if self.sublayer == wire.DEFAULT else b""
        return wire.data(self.id, payload, self.expected_cookie if cookie is None else cookie,
                         options.pop("middle", middle), over=self.tunnel.over, **options)

    def receive(self, payload, number=None, **options):
        """A packet for this session arrives."""
        self.tunnel.send(self.packet(payload, number, **options))

    def up(self, mtu=None):
        """The device is up, and self.capture has what it receives."""
        self.tunnel.rig.near.ip(f"link set {self.device} up" + (f" mtu {mtu}" if mtu else ""))
        self.capture = Capture(self.tunnel.rig.near, self.device)
        self.tunnel.rig.closing.append(self.capture)
        return self

    def transmit(self, frame):
        """A frame leaves by the device."""
        self.capture.send(frame)

    def get(self):
        return self.api.session_get(self.tunnel.id, self.id)

    def stats(self):
        return self.get()["STATS"]

    def counts(self):
        """The session's counters that are not zero."""
        return {name: value for name, value in self.stats().items() if value}

    def more(self):
        return self.api.session_more(self.tunnel.id, self.id)

    def drops(self):
        return self.more().rx_drops

    def modify(self, **values):
        self.api.session_modify(self.tunnel.id, self.id, **values)

    def delete(self):
        self.api.session_delete(self.tunnel.id, self.id)

    def settled(self, **counts):
        """The counters become these, all others being zero; and stay so behind a fence."""
        self.tunnel.fence()
        assert self.counts() == {name: value for name, value in counts.items() if value}
