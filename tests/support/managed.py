# SPDX-License-Identifier: BSD-2-Clause
"""managed.py - what a program can do with tunnels on sockets of its own, told as one story

The same for Linux's own L2TP (tests/interop) and for ul2tpd behind a launcher (tests/scenarios, tests/kernels): the
program is in the near namespace of a cable, the test is the peer at the far end.
"""
import contextlib
import errno
import itertools
import os
import select
import signal
import socket

from support import esp, wire
from support.capture import Capture, WireCapture
from support.links import Departures
from support.process import on_one_processor
from support.program import ETHERNET, PPP
from support.wait import SLOW, eventually

L2TP = 115
_ids = itertools.count(20001)
_ports = itertools.count(30001)


class Peer:
    """The far end of a program's tunnels: one bare socket."""

    def __init__(self, cable, over="udp", family=4, port=None):
        self.over, self.family = over, family
        self.near, self.far = cable.addresses(family)
        self.port = port or (next(_ports) if over == "udp" else 0)
        kind = socket.AF_INET6 if family == 6 else socket.AF_INET
        if over == "udp":
            self.socket = cable.far.socket(kind, socket.SOCK_DGRAM)
        else:
            self.socket = cable.far.socket(kind, socket.SOCK_RAW, L2TP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((self.far, self.port))

    def close(self):
        self.socket.close()

    def send(self, octets, port):
        self.socket.sendto(octets, (self.near, port))

    def received(self, timeout=20):
        """(octets, the port they came from)"""
        assert select.select([self.socket], [], [], timeout * SLOW)[0], "nothing came"
        octets, source = self.socket.recvfrom(1 << 16)
        assert source[0] == self.near, f"it came from {source[0]}"
        if self.over == "ip" and self.family == 4:
            octets = octets[(octets[0] & 15) * 4:]
        return octets, source[1]


class Managed:
    """A tunnel on a socket of the program's, with one session, and the peer of both."""

    def __init__(self, program, cable, over="udp", family=4, peer=None, port=None):
        self.program, self.cable, self.over, self.family = program, cable, over, family
        self.id, self.peer_id = next(_ids), next(_ids)
        self.port = port or (next(_ports) if over == "udp" else 0)
        self.own_peer = None if peer else Peer(cable, over, family)
        self.peer = peer or self.own_peer
        self.session = self.device = self.capture = None
        self.open()

    def open(self):
        near, far = self.cable.addresses(self.family)
        self.program.do("tunnel", self.id, self.peer_id, 3, self.over, near, self.port, far, self.peer.port)

    def open_session(self, name="-"):
        self.session, self.peer_session = next(_ids), next(_ids)
        self.device = self.program.do("session", self.id, self.session, self.peer_session, ETHERNET, name)
        assert name in ("-", self.device)
        self.cable.near.ip(f"link set {self.device} up")
        self.capture = Capture(self.cable.near, self.device)

    def forget_session(self):
        self.capture.close()
        self.capture = None

    def close(self):
        """What the test has of it; the program has its own."""
        if self.capture:
            self.capture.close()
        if self.own_peer:
            self.own_peer.close()

    def message(self, number):
        """A control message as it stands in this tunnel's packets."""
        start = b"\xc8\x03\x00\x14" + self.id.to_bytes(4, "big") + number.to_bytes(4, "big")
        return start + bytes(8)

    @property
    def before_control(self):
        """Octets that L2TP/IP has before a control message, of which a program sees nothing."""
        return b"" if self.over == "udp" else bytes(4)

    def control_both_ways(self, number):
        octets = self.message(number)
        self.program.do("send", self.id, octets.hex())
        assert self.peer.received() == (self.before_control + octets, self.port)
        self.peer.send(self.before_control + octets, self.port)
        assert self.program.control(self.id) == octets

    def data_in(self, number):
        return wire.data(self.session, wire.frame(b"in %d" % number, length=60), middle=wire.sublayer(), over=self.over)

    def data_both_ways(self, number):
        frame = wire.frame(b"out %d" % number, length=60)
        self.capture.send(frame)
        octets = wire.data(self.peer_session, frame, middle=wire.sublayer(), over=self.over)
        assert self.peer.received() == (octets, self.port)
        self.peer.send(self.data_in(number), self.port)
        assert self.capture.take(1) == [wire.frame(b"in %d" % number, length=60)]

    def mixed(self, count):
        """Data and control messages between each other, none where the other belongs."""
        with on_one_processor():
            for number in range(count):
                self.peer.send(self.data_in(number), self.port)
                self.peer.send(self.before_control + self.message(number), self.port)
        frames = self.capture.take(count)
        assert frames == [wire.frame(b"in %d" % number, length=60) for number in range(count)]
        assert [self.program.control(self.id) for _ in range(count)] == [self.message(n) for n in range(count)]
        assert not self.program.unheard()


@contextlib.contextmanager
def managed(program, cable, over="udp", family=4, **options):
    made = Managed(program, cable, over, family, **options)
    try:
        yield made
    finally:
        made.close()


# --- stories --------------------------------------------------------------------------------------------

def asks(program, tunnel):
    """What is answered about it, to one thread and to many."""
    assert program.do("get", tunnel.id, tunnel.session) == tunnel.device
    program.do("modify", tunnel.id, tunnel.session, 1400)
    assert {str(tunnel.id), f"{tunnel.id}/{tunnel.session}"} <= set(program.do("list").split())
    assert program.do("storm", tunnel.id, tunnel.session, 6, 20) == "120"
    assert program.refused("get", tunnel.id, 999999) == errno.ENODEV
    assert program.refused("delete-session", 999999, 1) == errno.ENODEV
    assert program.refused("delete-tunnel", 999999) == errno.ENODEV


def exchange(program, tunnel):
    tunnel.control_both_ways(0)
    tunnel.open_session()
    tunnel.data_both_ways(0)
    tunnel.mixed(20)
    tunnel.control_both_ways(1)
    tunnel.data_both_ways(1)


def the_session_goes_and_comes(program, cable, tunnel):
    with Departures(cable.near) as departures:
        program.do("delete-session", tunnel.id, tunnel.session)
        departures.wait(tunnel.device)
    tunnel.forget_session()
    tunnel.open_session("mine0")
    tunnel.data_both_ways(2)


def the_socket_is_plain_again(program, cable, tunnel):
    """After TUNNEL_DELETE everything that comes is the program's."""
    with Departures(cable.near) as departures:
        program.do("delete-tunnel", tunnel.id)
        departures.wait(tunnel.device)
    tunnel.forget_session()
    if tunnel.over == "udp":
        tunnel.peer.send(tunnel.data_in(3), tunnel.port)
        assert program.control(tunnel.id) == tunnel.data_in(3)
    program.do("close", tunnel.id)


def the_tunnel_goes_with_the_socket(program, cable, over, family):
    with managed(program, cable, over, family) as tunnel:
        tunnel.open_session()
        tunnel.data_both_ways(4)
        with Departures(cable.near) as departures:
            program.do("close", tunnel.id)
            departures.wait(tunnel.device)
        assert str(tunnel.id) not in program.do("list").split()
        # What it had is free: the same once more.
        tunnel.forget_session()
        tunnel.open()
        tunnel.open_session()
        tunnel.data_both_ways(5)
        program.do("close", tunnel.id)


def whole_story(program, cable, over="udp", family=4):
    with managed(program, cable, over, family) as tunnel:
        exchange(program, tunnel)
        asks(program, tunnel)
        the_session_goes_and_comes(program, cable, tunnel)
        the_socket_is_plain_again(program, cable, tunnel)
    the_tunnel_goes_with_the_socket(program, cable, over, family)
    assert not program.unheard()


def several_on_one_port(program, cable, count=4):
    """A broker's tunnels: each socket gets what its own peer sends."""
    port = next(_ports)
    with contextlib.ExitStack() as stack:
        tunnels = [stack.enter_context(managed(program, cable, port=port)) for _ in range(count)]
        for tunnel in tunnels:
            tunnel.open_session()
        for number in range(3):
            for tunnel in tunnels:
                tunnel.control_both_ways(number)
                tunnel.data_both_ways(number)
        with Departures(cable.near) as departures:
            program.do("close", tunnels[0].id)
            departures.wait(tunnels[0].device)
        for tunnel in tunnels[1:]:
            tunnel.mixed(5)
            program.do("close", tunnel.id)


def probes(program, cable, count=8):
    """Messages of growing size from a timer, with DF, beside data."""
    with managed(program, cable) as tunnel, WireCapture(cable.far, udp_port=tunnel.port) as outer:
        tunnel.open_session()
        program.do("probe", tunnel.id, count)
        for number in range(1, count + 1):
            octets, port = tunnel.peer.received()
            assert (len(octets), octets[0], port) == (100 * number, 0x80, tunnel.port)
        assert all(packet.df for packet in outer.packets(count))
        program.event("probed", tunnel.id)
        tunnel.data_both_ways(0)
        program.do("close", tunnel.id)


def removed_as_leftovers(program, cable):
    """A broker that starts removes what its dumps show."""
    with managed(program, cable) as tunnel, Departures(cable.near) as departures:
        tunnel.open_session()
        assert program.do("leftovers") == "1"
        departures.wait(tunnel.device)
        eventually(lambda: program.do("list") == "", "a kernel deletes a tunnel after its sessions")
        program.do("close", tunnel.id)


def lost_by_close_and_by_kill(begin, cable, tries):
    """Half of the tries the program closes the socket, half it is killed; begin() starts it. Each time the
    interface goes, which is waited for, and nothing else is."""
    for _ in range(tries // 2):
        program = begin()
        for end in (lambda t, p=program: p.do("close", t.id), lambda t, p=program: p.kill()):
            with managed(program, cable) as tunnel, Departures(cable.near) as departures:
                tunnel.open_session()
                end(tunnel)
                departures.wait(tunnel.device)
        program.close()


def kept_by_a_child(program, cable):
    """close() is not the last: a child has the socket too, until it is killed."""
    with managed(program, cable) as tunnel, Departures(cable.near) as departures:
        tunnel.open_session()
        child = int(program.do("keep", tunnel.id))
        program.do("close", tunnel.id)
        tunnel.data_both_ways(0)
        os.kill(child, signal.SIGKILL)
        departures.wait(tunnel.device)


def under_esp(program, cable, counters):
    """Whatever a tunnel on UDP port 1701 sends and receives is encrypted on its way, and without keys
    nothing leaves. counters(): the sessions, as support/end.py has them."""
    esp.protect(cable, 1701)
    peer = Peer(cable, port=1701)
    try:
        with esp.Protocols(cable) as protocols:
            with managed(program, cable, peer=peer, port=1701) as tunnel:
                exchange(program, tunnel)
                program.do("close", tunnel.id)
            assert protocols.counts() == [{esp.ESP: 4}, {esp.ESP: 44}]
            version2_under_esp(program, peer, counters)
            assert protocols.counts() == [{esp.ESP: 1}, {esp.ESP: 6}]
            without_keys(program, cable, peer)
            assert protocols.counts() == [{}, {}]
    finally:
        peer.close()
        esp.unprotect(cable)


def version2_under_esp(program, peer, counters):
    """Control messages both ways, and data that arrives for a session of PPP."""
    program.do("tunnel", 21, 22, 2, "udp", peer.near, 1701, peer.far, 1701)
    program.do("session", 21, 210, 220, PPP, "-")
    message = bytes.fromhex("c802000c001500000000000000")
    program.do("send", 21, message.hex())
    assert peer.received() == (message, 1701)
    for _ in range(5):
        peer.send(wire.data2(21, 210, b"\xff\x03\xc0\x21" + bytes(40)), 1701)
    peer.send(message, 1701)
    assert program.control(21) == message
    eventually(lambda: [21, 210, 5] in [[t, s, counts["RX_PACKETS"]] for t, s, counts in counters()[1]],
               "five packets are counted")
    program.do("close", 21)


def without_keys(program, cable, peer):
    """The tunnel's data are under the policy however they leave: they are refused, not sent in the clear."""
    with managed(program, cable, peer=peer, port=1701) as tunnel:
        tunnel.open_session()
        esp.without_states(cable)
        frame, message = wire.frame(b"secret", length=60), tunnel.message(9).hex()
        for send in (lambda: tunnel.capture.send(frame), lambda: program.do("send", tunnel.id, message)):
            before = esp.refused(cable)
            send()
            eventually(lambda seen=before: esp.refused(cable) > seen, "it is refused")
        program.do("close", tunnel.id)


def every_story(begin, name, cable, over="udp", family=4, tries=0):
    """begin() starts the program of that name."""
    with begin() as program:
        whole_story(program, cable, over, family)
        if name == "tunneldigger-broker" and over == "udp":
            several_on_one_port(program, cable)
            probes(program, cable)
            removed_as_leftovers(program, cable)
        if name.startswith("static"):
            kept_by_a_child(program, cable)
    lost_by_close_and_by_kill(begin, cable, tries)
