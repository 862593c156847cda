# SPDX-License-Identifier: BSD-2-Clause
"""Frames of PPPoL2TP sockets and of channel files, both ways, octet by octet; the peer is the test itself"""
import errno
import itertools
import select
import socket
import struct
import time

import pytest

from support import wire
from support.api import PPP
from support.netlink import Refused
from support.ppp_file import (BOUND, DEAD, LCP, NEW, ON_CHANNEL, PPPIOCATTACH, PPPIOCATTCHAN, PPPIOCBRIDGECHAN,
                              PPPIOCCONNECT, PPPIOCDETACH, PPPIOCDISCONN, PPPIOCGFLAGS, PPPIOCNEWUNIT,
                              PPPIOCUNBRIDGECHAN, SENDSEQ, SOCKET, PppClient, name)
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2")
FF03 = b"\xff\x03"
UDP_SEGMENT = 103
IPCP = bytes.fromhex("8021616263646566")
WAYS = [(2, "udp", 4), (2, "udp", 6), (3, "udp", 4), (3, "ip", 4), (3, "ip", 6)]


@pytest.fixture(params=WAYS, ids=lambda way: f"v{way[0]}-{way[1]}{way[2]}")
def way(request):
    return request.param


def refused(code, function, *arguments, **values):
    with pytest.raises(Refused) as caught:
        function(*arguments, **values)
    assert caught.value.errno == getattr(errno, code), caught.value


class Call:
    """A session of ul2tpd's with a socket attached; .tunnel and .session are the peer's view."""

    def __init__(self, rig, ppp, version=2, over="udp", family=4, tunnel=None, **values):
        self.ppp = ppp
        self.tunnel = tunnel or rig.tunnel(over, family, PROTO_VERSION=version)
        self.session = self.tunnel.session(PW_TYPE=PPP, **values)
        self.socket = ppp.socket()
        self.socket.connect(name(self.tunnel.id, self.session.id, 0, 0, version=3))

    def files(self, count=1):
        number = self.socket.channel()
        return [self.ppp.channel_file(number) for _ in range(count)]

    def header(self, number=None):
        """What stands in front of ff 03 in a packet that leaves."""
        if self.tunnel.version == 2:
            return wire.data2(self.tunnel.peer_id, self.session.peer_id, b"", number)
        return wire.data(self.session.peer_id, b"", b"", wire.sublayer(number), over=self.tunnel.over)

    def arrives(self, frame, **options):
        self.session.receive(frame, **options)

    def leaves(self, frame, number=None):
        packet = self.tunnel.received()
        while self.tunnel.over == "ip" and packet and not packet.startswith(self.header(number)):
            packet = self.tunnel.received()  # a raw socket has those of other tunnels, too
        assert packet == self.header(number) + FF03 + frame, packet and packet.hex()


def settled(call, **counts):
    eventually(lambda: call.session.counts() == counts, f"{counts}")


# --- the socket -----------------------------------------------------------------------------------------

def test_a_socket_has_the_frames_until_its_channel_is_asked_for(rig, ppp, way):
    """
    Requirements: RX-60, PX-40, PX-41, PX-42, PX-22, HDR-5
    """
    call = Call(rig, ppp, *way)
    frames = [LCP, b"\x00\x21" + b"E" * 1400, b"\x80\x21", b"\xc0\x21", b""]
    for frame in frames:
        call.socket.send(frame)
        call.leaves(frame)
    call.arrives(FF03 + LCP)
    call.arrives(LCP)
    call.arrives(FF03 + b"\x21" + b"E" * 20)
    assert [call.socket.receive() for _ in range(3)] == [LCP, LCP, b"\x21" + b"E" * 20]
    # What left last may be here before it is counted.
    stats = eventually(lambda: (counts := call.session.counts())["TX_PACKETS"] >= 5 and counts, "it is counted")
    assert (stats["TX_PACKETS"], stats["RX_PACKETS"]) == (5, 3) and "RX_ERRORS" not in stats
    call.arrives(LCP)
    assert select.select([call.socket.held], [], [], 20)[0]
    assert call.socket.held.recv(4) == LCP[:4]
    assert call.socket.waiting() == []


def test_numbers_are_sent_as_the_session_wants(rig, ppp):
    """
    Requirements: PX-52, SEQ-1
    """
    for version in (2, 3):
        call = Call(rig, ppp, version)
        call.socket.send(LCP)
        call.leaves(LCP)
        call.socket.set_option(SENDSEQ, 1)
        for number in range(2):
            call.socket.send(LCP)
            call.leaves(LCP, number)
        call.arrives(LCP)  # RX-43: without number, so ours end too
        assert call.socket.receive() == LCP
        call.socket.send(LCP)
        call.leaves(LCP)


def test_what_was_written_before_a_request_leaves_before_it(rig, ppp):
    """
    Requirements: PX-42, PX-52, SES-43
    """
    call = Call(rig, ppp)
    for turn in range(20):
        call.socket.send(LCP)
        call.socket.set_option(SENDSEQ, 1)
        call.socket.send(IPCP)
        call.session.modify(SEND_SEQ=0)
        call.leaves(LCP)
        call.leaves(IPCP, turn)
        assert call.socket.stats()["tx_packets"] == 2 * turn + 2
    channel, = call.files()
    channel.send(LCP)
    call.socket.send(IPCP)
    call.session.delete()
    assert {call.tunnel.received() for _ in range(2)} == {call.header() + FF03 + f for f in (LCP, IPCP)}


def test_a_program_that_does_not_read_loses_frames(rig, ppp):
    """
    Requirements: RX-60
    """
    call = Call(rig, ppp)
    frame = FF03 + b"\x00\x21" + bytes(1000)

    def full():
        for _ in range(50):
            call.arrives(frame)
        return call.session.counts().get("RX_ERRORS", 0) > 0
    eventually(full, "its buffer is full")
    call.tunnel.fence()
    dropped = call.session.drops()
    stats = call.session.counts()
    assert dropped == {"socket-full": stats["RX_ERRORS"]}
    assert len(call.socket.waiting()) == stats["RX_PACKETS"] - stats["RX_ERRORS"]


def test_what_is_longer_than_any_packet_is_counted(rig, ppp):
    """
    Requirements: PX-42
    """
    call = Call(rig, ppp)
    call.socket.held.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    call.socket.send(b"\x00\x21" + bytes(70000))
    call.socket.send(b"\x00\x21" + bytes(65530))
    settled(call, TX_ERRORS=2)
    call.socket.send(LCP)
    call.leaves(LCP)


def test_frames_of_a_tunnels_own_socket(rig, ppp):
    """
    Requirements: PX-42, SES-8
    """
    tunnel = rig.tunnel(PROTO_VERSION=2)
    control = ppp.socket()
    control.connect(name(tunnel.id, 0, 0, 0))
    control.send(LCP)
    assert tunnel.received() == wire.data2(tunnel.peer_id, 0, FF03 + LCP)
    tunnel.send(wire.data2(tunnel.id, 0, FF03 + LCP))
    assert control.receive() == LCP
    assert control.channel() == -1
    tunnel.send(wire.data2(tunnel.id, 0, FF03 + LCP))
    assert control.receive() == LCP


def test_unread_frames_move_to_the_channel_in_order(rig, ppp):
    """
    Requirements: PX-40, PX-21, PPP-21
    """
    call = Call(rig, ppp)
    for number in range(40):
        call.arrives(FF03 + LCP + bytes([number]))
    call.tunnel.fence()
    first, = call.files()
    assert [first.receive()[-1] for _ in range(32)] == list(range(8, 40))
    call.arrives(FF03 + LCP + b"\xff")
    assert first.receive()[-1] == 255
    assert call.socket.waiting() == [] and call.socket.state()["PPP_STATE"] == BOUND
    call.socket.send(LCP)
    call.leaves(LCP)


# --- channel files --------------------------------------------------------------------------------------

def test_a_channel_file_has_protocol_and_information(rig, ppp, way):
    """
    Requirements: PPP-20, PPP-22, PPP-23, PPP-26
    """
    call = Call(rig, ppp, *way)
    channel, = call.files()
    assert channel.state() == {"PPP_KIND": 1, "PPP_STATE": ON_CHANNEL, "PPP_CHANNEL": call.socket.channel()}
    for frame in (LCP, b"\x00\x21", IPCP, FF03 + LCP):
        channel.send(frame)
        call.leaves(frame)
    for came, read in ((FF03 + LCP, LCP), (LCP, LCP), (b"\x21EEEE" + bytes(9), b"\x00\x21EEEE" + bytes(9)),
                       (FF03 + b"\x21EEEE" + bytes(9), b"\x00\x21EEEE" + bytes(9)), (FF03 + IPCP, IPCP),
                       (FF03 + bytes.fromhex("003d6162636465666768"), bytes.fromhex("003d6162636465666768"))):
        call.arrives(came)
        assert channel.receive() == read
    assert "RX_ERRORS" not in call.session.counts()


def test_frames_without_a_whole_protocol_number(rig, ppp):
    """
    Requirements: PPP-20
    """
    call = Call(rig, ppp, 3)
    channel, = call.files()
    for came in (FF03 + b"\x00", FF03, FF03 + b"\x21"):
        call.arrives(came)
    assert channel.receive() == b"\x00\x21"
    assert channel.waiting() == []
    assert call.session.drops() == {"ppp-short": 2}


def test_a_file_keeps_32_frames(rig, ppp):
    """
    Requirements: PPP-21
    """
    call = Call(rig, ppp)
    channel, = call.files()
    for size in (20, 1000, 200):
        for number in range(40):
            call.arrives(FF03 + LCP + bytes(size) + bytes([number]))
        call.tunnel.fence()
        assert [f[-1] for f in channel.waiting()] == list(range(32))
    assert call.session.drops() == {"file-full": 24}
    for number in range(40):
        call.arrives(FF03 + LCP + bytes([number]))
        assert channel.receive()[-1] == number


def test_frames_wait_for_the_first_file(rig, ppp):
    """
    Requirements: PPP-21, PPP-25
    """
    call = Call(rig, ppp)
    number = call.socket.channel()
    for i in range(40):
        call.arrives(FF03 + LCP + bytes([i]))
    call.tunnel.fence()
    channel = ppp.channel_file(number)
    assert [f[-1] for f in channel.waiting()] == list(range(8, 40))
    channel.close()
    refused("EBADF", channel.state)
    call.arrives(FF03 + LCP + b"\1")
    call.tunnel.fence()
    assert ppp.channel_file(number).receive()[-1] == 1


def test_several_files_on_one_channel(rig, ppp):
    """
    Requirements: PPP-21
    """
    call = Call(rig, ppp)
    one, two = call.files(2)
    for f in (one, two):
        f.send(LCP)
        call.leaves(LCP)
    call.arrives(LCP)
    assert one.receive() == LCP and two.waiting() == []
    one.close()
    refused("EBADF", one.state)
    call.arrives(LCP)
    assert two.receive() == LCP


def test_a_dead_channel(rig, ppp):
    """
    Requirements: PPP-22, PPP-24, PPP-25, PX-45
    """
    call = Call(rig, ppp)
    one, two = call.files(2)
    call.arrives(LCP)
    call.arrives(IPCP)
    call.tunnel.fence()
    one.send(LCP)
    call.leaves(LCP)
    call.socket.close()
    eventually(lambda: one.hung_up() and two.hung_up(), "they are told")
    assert [one.receive() for _ in range(4)] == [LCP, IPCP, b"", b""]
    assert two.receive() == b""
    assert one.state() == {"PPP_KIND": 1, "PPP_STATE": DEAD}
    refused("ENXIO", one.ioctl_int, PPPIOCCONNECT, 77)
    refused("ENOTCONN", one.ioctl_int, PPPIOCCONNECT, ppp.file().ioctl_int(PPPIOCNEWUNIT, -1))
    refused("EINVAL", one.ioctl_int, PPPIOCDISCONN)
    one.ask("CLOSE")
    refused("EBADF", one.state)
    refused("ENXIO", ppp.channel_file, 9999)


def test_ioctls_of_files(rig, ppp):
    """
    Requirements: PPP-10, PPP-2, PPP-3
    """
    fresh = ppp.file()
    assert fresh.state() == {"PPP_KIND": 1, "PPP_STATE": NEW}
    refused("ENXIO", fresh.attach_channel, 12345)
    for number in (PPPIOCCONNECT, PPPIOCDISCONN, PPPIOCGFLAGS, PPPIOCBRIDGECHAN, PPPIOCUNBRIDGECHAN, PPPIOCDETACH):
        refused("ENOTTY", fresh.ioctl_int, number, 0)
    refused("ENOTSOCK", fresh.connect, name(1, 2, 3, 4))
    refused("ENOTSOCK", fresh.option, SENDSEQ)
    channel, = Call(rig, ppp).files()
    for number in (PPPIOCGFLAGS, PPPIOCNEWUNIT, PPPIOCATTACH, PPPIOCATTCHAN):
        refused("ENOTTY", channel.ioctl_int, number, 0)
    refused("EINVAL", channel.ioctl_int, PPPIOCDETACH)
    refused("EINVAL", channel.ioctl_int, PPPIOCDISCONN)
    refused("EINVAL", channel.ioctl_int, PPPIOCUNBRIDGECHAN)


def test_what_the_launcher_fills_in_is_not_sent(rig, ppp):
    """
    Requirements: PPP-20
    """
    call = Call(rig, ppp)
    number = call.socket.channel()
    channel = ppp.file()
    channel.held.send(bytes(30000))
    channel.attach_channel(number)
    channel.send(LCP)
    call.leaves(LCP)


# --- bridging -------------------------------------------------------------------------------------------

def bridged(a, b):
    (one,), (two,) = a.files(), b.files()
    one.ioctl_int(PPPIOCBRIDGECHAN, b.socket.channel())
    return one, two


def crosses(a, b, frames=(LCP, IPCP, b"\x21" + b"E" * 20, b"\x00\x21" + bytes(1400))):
    for frame in frames:
        for source, target in ((a, b), (b, a)):
            source.arrives(FF03 + frame)
            target.leaves(frame)


@pytest.mark.parametrize("left", WAYS, ids=lambda way: f"v{way[0]}-{way[1]}{way[2]}")
@pytest.mark.parametrize("right", [WAYS[0], WAYS[3]], ids=lambda way: f"v{way[0]}-{way[1]}{way[2]}")
def test_two_channels_are_one_link(rig, ppp, left, right):
    """
    Requirements: PPP-30, PPP-31, PPP-32
    """
    a, b = Call(rig, ppp, *left), Call(rig, ppp, *right)
    one, two = bridged(a, b)
    crosses(a, b)
    assert one.waiting() == two.waiting() == []
    for call, file in ((a, one), (b, two)):
        file.send(LCP)
        call.leaves(LCP)
        call.socket.send(LCP)
        call.leaves(LCP)
        counts = eventually(lambda call=call: (now := call.session.counts())["TX_PACKETS"] >= 6 and now, "it is counted")
        assert (counts["RX_PACKETS"], counts["TX_PACKETS"]) == (4, 6) and "RX_ERRORS" not in counts
    two.ioctl_int(PPPIOCUNBRIDGECHAN)
    refused("EINVAL", one.ioctl_int, PPPIOCUNBRIDGECHAN)
    a.arrives(LCP)
    assert one.receive() == LCP
    one.send(LCP)
    a.leaves(LCP)


def left_to_the_system(payload, protocol=socket.IPPROTO_TCP, header=struct.pack("!HHIIBBHHH", 1, 2, 1000, 0, 0x50, 0x18, 9, 0, 0)):
    """A frame of IPv4 as a fast path on this machine sends it, of any length: where the checksum belongs stands that of the pseudo
    header alone."""
    at = {socket.IPPROTO_TCP: 16, socket.IPPROTO_UDP: 6}[protocol]
    ends = socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2")
    partial = wire.checksum(ends + struct.pack("!HH", protocol, len(header) + len(payload))) ^ 0xffff
    header = header[:at] + struct.pack("!H", partial) + header[at + 2:]
    start = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(header) + len(payload), 7, 0, 64, protocol, 0) + ends
    return b"\x00\x21" + start[:10] + struct.pack("!H", wire.checksum(start)) + start[12:] + header + payload


def finished(frames, protocol=socket.IPPROTO_TCP, header_len=20):
    """What is in such packets, each of which is short, whole and has valid checksums."""
    payload = b""
    for frame in frames:
        packet = frame[2:]
        total, = struct.unpack_from("!H", packet, 2)
        assert frame[:2] == b"\x00\x21" and total == len(packet) <= 1400
        assert wire.checksum(packet[:20]) == 0
        assert wire.checksum(packet[12:20] + struct.pack("!HH", protocol, total - 20) + packet[20:]) == 0
        if protocol == socket.IPPROTO_TCP:
            assert struct.unpack_from("!I", packet, 24)[0] == 1000 + len(payload)
        payload += packet[20 + header_len:]
    return payload


UNFINISHED = {
    "super": (left_to_the_system(bytes(range(256)) * 40), bytes(range(256)) * 40, {}),
    "segment": (left_to_the_system(b"payload"), b"payload", {}),
    "empty": (left_to_the_system(b""), b"", {}),
    "udp": (left_to_the_system(b"datagram", socket.IPPROTO_UDP, struct.pack("!HHHH", 1, 2, 16, 0)), b"datagram",
            {"protocol": socket.IPPROTO_UDP, "header_len": 8}),
}


@pytest.mark.parametrize("kind", UNFINISHED)
def test_what_a_sender_on_this_machine_left_is_done_before_it_goes_on(rig, ppp, kind):
    """Segmentation and checksums of a fast path's packets: the interface of a unit is told of them, a peer beyond a bridge or a
    program can not be, by its socket or by a file, which may come later.

    Requirements: PPP-30, PX-40, PPP-20
    """
    frame, payload, how = UNFINISHED[kind]
    a, b, alone, later = (Call(rig, ppp) for _ in range(4))
    bridged(a, b)
    a.arrives(FF03 + frame)
    header, packets = b.header() + FF03, []
    for _ in range(8 if kind == "super" else 1):
        packets.append(b.tunnel.received())
        assert packets[-1].startswith(header)
    assert finished([packet[len(header):] for packet in packets], **how) == payload
    alone.arrives(FF03 + frame)
    assert finished([alone.socket.receive() for _ in packets], **how) == payload
    file, = alone.files()
    alone.arrives(FF03 + frame)
    assert finished([file.receive() for _ in packets], **how) == payload
    number = later.socket.channel()  # from here on they wait for a file
    later.arrives(FF03 + frame)
    eventually(lambda: later.session.counts().get("RX_PACKETS") == 1, "it came")
    file = ppp.channel_file(number)
    assert finished([file.receive() for _ in packets], **how) == payload


def test_what_can_not_be_bridged(rig, ppp, shared_daemon):
    """
    Requirements: PPP-30, LIM-12
    """
    a, b, c = (Call(rig, ppp) for _ in range(3))
    one, two = bridged(a, b)
    three, = c.files()
    for file, number in ((one, c), (three, a), (three, c), (one, b)):
        refused("EALREADY", file.ioctl_int, PPPIOCBRIDGECHAN, number.socket.channel())
    refused("ENXIO", three.ioctl_int, PPPIOCBRIDGECHAN, 77777)
    assert "bridge-refused" in shared_daemon.log and "other=77777" in shared_daemon.log
    two.ioctl_int(PPPIOCUNBRIDGECHAN)


def test_a_bridge_outlives_its_files_and_not_its_sockets(rig, ppp):
    """
    Requirements: PPP-32, PPP-25
    """
    a, b = Call(rig, ppp), Call(rig, ppp, 3)
    one, two = bridged(a, b)
    one.close()
    refused("EBADF", one.state)
    crosses(a, b)
    a.socket.close()
    refused("EBADF", a.socket.state)
    b.arrives(LCP)
    assert two.receive() == LCP
    two.send(LCP)
    b.leaves(LCP)
    refused("EINVAL", two.ioctl_int, PPPIOCUNBRIDGECHAN)


def test_a_bridge_between_namespaces(rig, ppp, shared_daemon, cable):
    """
    Requirements: PPP-33
    """
    a = Call(rig, ppp)
    one, = a.files()
    number = a.socket.channel()
    with PppClient(shared_daemon, cable.far) as there, \
            cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, \
            cable.far.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        peer.bind(("192.0.2.1", 0))
        udp.bind(("192.0.2.2", 0))
        udp.connect(peer.getsockname())
        control, call = there.socket(), there.socket()
        control.connect(name(5, 0, 6, 0, fd=udp.fileno()), udp.fileno())
        call.connect(name(5, 7, 6, 8))
        two = there.channel_file(call.channel())
        two.client = ppp  # the namespace of whoever asks counts
        two.ioctl_int(PPPIOCBRIDGECHAN, number)
        peer.settimeout(20)
        for _ in range(3):
            a.arrives(FF03 + LCP)
            assert peer.recv(100) == bytes.fromhex("000200060008ff03") + LCP
            peer.sendto(wire.data2(5, 7, FF03 + IPCP), udp.getsockname())
            a.leaves(IPCP)
        assert one.waiting() == []
        call.close()
        control.close()


def test_a_session_goes_under_a_bridge(rig, ppp):
    """
    Requirements: SES-43, PPP-32
    """
    a, b = Call(rig, ppp), Call(rig, ppp)
    bridged(a, b)
    crosses(a, b, [LCP])
    b.session.delete()
    for _ in range(10):
        a.arrives(FF03 + LCP)
    a.tunnel.fence()
    assert b.tunnel.received(timeout=0.05) is None
    a.socket.close()
    refused("EBADF", a.socket.state)
    b.socket.close()


def test_a_stream_crosses_in_order_and_is_counted(rig, ppp):
    """
    Requirements: PPP-30
    """
    a, b = Call(rig, ppp), Call(rig, ppp, 3)
    bridged(a, b)
    count = 2000
    for number in range(count):
        a.arrives(FF03 + b"\x00\x21" + number.to_bytes(4, "big") + bytes(600))
        if number % 50 == 49:
            eventually(lambda n=number: b.session.counts().get("TX_PACKETS", 0) == n + 1, "they have left")
    got = [b.tunnel.received()[-604:-600] for _ in range(count)]
    assert got == [n.to_bytes(4, "big") for n in range(count)]
    settled(a, RX_PACKETS=count, RX_BYTES=count * (6 + 2 + 606))
    settled(b, TX_PACKETS=count, TX_BYTES=count * (12 + 2 + 606))


def test_packets_that_come_together_cross_in_order(rig, ppp):
    """
    Requirements: PPP-30
    """
    a, b = Call(rig, ppp), Call(rig, ppp)
    bridged(a, b)
    packets = [a.session.packet(FF03 + b"\x00\x21" + bytes([n]) * 1000) for n in range(60)]
    a.tunnel.socket.sendmsg(packets, [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))], 0,
                            (a.tunnel.near_address, a.tunnel.near_port))
    for n in range(60):
        b.leaves(b"\x00\x21" + bytes([n]) * 1000)
    settled(b, TX_PACKETS=60, TX_BYTES=60 * 1010)


def open_sockets(ppp):
    return [f for f in ppp.dump() if f["PPP_KIND"] == SOCKET]


def alive(ppp):
    return [f for f in ppp.dump() if f["PPP_STATE"] != DEAD]


# --- many -----------------------------------------------------------------------------------------------

def test_a_thousand_sockets_come_and_go(rig, ppp):
    """Each has its frames, and what a program that dies leaves behind goes by itself."""
    tunnel = rig.tunnel(PROTO_VERSION=2)
    sockets = []
    begin = time.monotonic()
    for number in range(1, 1001):
        s = ppp.socket()
        s.connect(name(tunnel.id, number, 1, number))
        sockets.append(s)
    for number in range(1, 1001):
        tunnel.send(wire.data2(tunnel.id, number, FF03 + LCP + number.to_bytes(2, "big")))
        assert sockets[number - 1].receive()[-2:] == number.to_bytes(2, "big")
    assert len(open_sockets(ppp)) == 1000
    assert time.monotonic() - begin < 60
    for s in sockets:
        s.close()
    eventually(lambda: not open_sockets(ppp), "all have gone")
    assert not [s for s in rig.api.sessions() if s["CONN_ID"] == tunnel.id]


def test_a_storm_of_opening_bridging_and_closing(rig, ppp, shared_daemon):
    """Frames come all the while; nothing crashes, nothing is left, and the next call works."""
    tunnel = rig.tunnel(PROTO_VERSION=2)
    numbers = itertools.count(1)
    for turn in range(150):
        pair = []
        for _ in range(2):
            s, number = ppp.socket(), next(numbers)
            s.connect(name(tunnel.id, number, 1, number))
            tunnel.send(wire.data2(tunnel.id, number, FF03 + LCP))
            pair.append((s, number, ppp.channel_file(s.channel())))
        pair[0][2].ioctl_int(PPPIOCBRIDGECHAN, pair[1][0].channel())
        for _, number, file in pair:
            for _ in range(5):
                tunnel.send(wire.data2(tunnel.id, number, FF03 + LCP))
            file.send(LCP)
        order = [pair[0][2], pair[1][0], pair[0][0], pair[1][2]]
        for one in order[turn % 4:] + order[:turn % 4]:
            one.close()
    eventually(lambda: not alive(ppp), "all have gone")
    assert not [s for s in rig.api.sessions() if s["CONN_ID"] == tunnel.id]
    call = Call(rig, ppp)
    call.socket.send(LCP)
    assert shared_daemon.process.poll() is None
