# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of a packet that arrives: delivered octet for octet, or not, and how it is counted."""
import contextlib
import socket
import struct

import pytest

from support import wire
from support.netns import Cable
from support.rig import Rig
from support.wait import eventually

pytestmark = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
WAYS = [("udp", 4), ("udp", 6), ("ip", 4), ("ip", 6)]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}{way[1]}")
def way(request):
    return request.param


def header_length(session):
    return 4 + len(session.expected_cookie) + 4 * session.sublayer + (4 if session.tunnel.over == "udp" else 0)


# --- accepted -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("cookie", ["", "c00c1e55", "0123456789abcdef"], ids=["no-cookie", "cookie4", "cookie8"])
@pytest.mark.parametrize("sublayer", [wire.NONE, wire.DEFAULT], ids=["none", "default"])
def test_each_header_form_is_delivered(rig, way, sublayer, cookie):
    """
    Requirements: RX-4, RX-8, RX-21, RX-23, RX-40, RX-41, RX-61, SEQ-21, HDR-6, STAT-1, NL-61, TUN-11, SES-1
    """
    session = rig.session(*way, L2SPEC_TYPE=sublayer, PEER_COOKIE=cookie or None).up()
    assert session.counts() == {}
    session.receive(FRAME)
    assert session.capture.take(1) == [FRAME]
    length = header_length(session) + len(FRAME)
    assert session.counts() == {"RX_PACKETS": 1, "RX_BYTES": length}
    assert session.tunnel.counts() == {"RX_PACKETS": 1, "RX_BYTES": length}
    assert session.drops() == {}


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 7])
def test_cookies_of_unusual_length_are_expected_in_full(rig, length):
    """
    Requirements: NL-61, RX-40
    """
    cookie = bytes(range(0x81, 0x81 + length))
    session = rig.session(PEER_COOKIE=cookie.hex()).up()
    session.receive(FRAME)
    assert session.capture.take(1) == [FRAME]
    session.receive(FRAME, cookie=cookie[:-1] + b"\0")
    session.settled(RX_PACKETS=1, RX_BYTES=12 + length + 60, RX_COOKIE_DISCARDS=1, RX_ERRORS=1)


def test_the_largest_frame_is_delivered(rig, way):
    """A datagram that arrives as many fragments.

    Requirements: RX-8, RX-23, HDR-6
    """
    session = rig.session(*way).up(mtu=9000)
    big = wire.frame(bytes(i % 251 for i in range(9000)))
    session.receive(big)
    assert session.capture.take(1) == [big]


@pytest.mark.parametrize("flags, reserved", [
    (0x4003, 0), (0x0803, 0), (0x0203, 0), (0x0103, 0), (0x70f3, 0), (0x0003, 0xffff), (0x7bf3, 0x1234)],
    ids=lambda v: f"{v:04x}")
def test_flags_of_version_3_mean_nothing(rig, flags, reserved):
    """Nor does the reserved field: only T and the version do.

    Requirements: RX-11, RX-12
    """
    session = rig.session(PEER_COOKIE="c00c1e55").up()
    session.receive(FRAME, flags=flags, reserved=reserved)
    assert session.capture.take(1) == [FRAME]
    assert session.counts() == {"RX_PACKETS": 1, "RX_BYTES": 76}


@pytest.mark.parametrize("bits", [0x80000000, 0x3f000000, 0x3f123456, 0xbfffffff], ids=lambda b: f"{b:08x}")
def test_other_bits_of_the_sublayer_mean_nothing(rig, bits):
    """Without S the number is none, whatever it says.

    Requirements: RX-41
    """
    session = rig.session().up()
    session.receive(FRAME, middle=wire.sublayer(None, bits))
    assert session.capture.take(1) == [FRAME]
    assert session.get()["SEND_SEQ"] == 0
    session.receive(FRAME, middle=wire.sublayer(0, 0xbf000000))
    assert session.capture.take(1) == [FRAME]
    assert session.get()["SEND_SEQ"] == 1


def test_an_empty_payload_is_accepted(rig, way):
    """It counts as received, and is too short to be a frame.

    Requirements: RX-45, RX-61
    """
    session = rig.session(*way, PEER_COOKIE="0123456789abcdef").up()
    session.receive(b"")
    session.settled(RX_PACKETS=1, RX_BYTES=header_length(session))
    assert session.capture.waiting() == []


@pytest.mark.parametrize("length", [13, 14])
def test_a_frame_has_at_least_14_octets(rig, way, length):
    """
    Requirements: RX-61
    """
    session = rig.session(*way, PEER_COOKIE="0123456789abcdef").up()
    session.receive(FRAME[:length])
    session.settled(RX_PACKETS=1, RX_BYTES=header_length(session) + length)
    assert session.capture.waiting() == ([FRAME[:14]] if length == 14 else [])
    assert session.drops() == ({} if length == 14 else {"frame-short": 1})


def test_the_numbers_of_the_behaviour_document(rig):
    """
    Requirements: STAT-2
    """
    session = rig.session(PEER_COOKIE="0123456789abcdef", COOKIE="c00c1e55").up()
    session.receive(FRAME[:52])
    session.capture.take(1)
    session.transmit(FRAME[:52])
    assert len(session.tunnel.received()) == 68
    eventually(lambda: session.stats()["TX_PACKETS"])
    assert session.counts() == {"RX_PACKETS": 1, "RX_BYTES": 72, "TX_PACKETS": 1, "TX_BYTES": 68}
    assert rig.near.link_statistics(session.device)["tx_bytes"] == 52


# --- not accepted ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("wrong", ["c00c1e54", "400c1e55", "00000000"])
def test_another_cookie_is_discarded(rig, way, wrong):
    """
    Requirements: RX-40, STAT-1
    """
    session = rig.session(*way, PEER_COOKIE="c00c1e55").up()
    session.receive(FRAME, cookie=bytes.fromhex(wrong))
    session.settled(RX_COOKIE_DISCARDS=1, RX_ERRORS=1)
    assert session.capture.waiting() == []
    assert session.drops() == {"cookie": 1}


def test_a_missing_cookie_is_discarded(rig):
    """What stands in its place is compared.

    Requirements: RX-40
    """
    session = rig.session(PEER_COOKIE="c00c1e55").up()
    session.receive(FRAME, cookie=b"")
    session.settled(RX_COOKIE_DISCARDS=1, RX_ERRORS=1)


def test_udp_payload_below_14_octets_is_no_data(rig):
    """13 octets that name a session, and 14 that do.

    Requirements: RX-1, RX-9, RX-13
    """
    session = rig.session(L2SPEC_TYPE=wire.NONE).up()
    before = rig.near.snmp("Udp")["InDatagrams"]
    session.receive(FRAME[:5])
    session.settled()
    assert session.tunnel.drops() == {"short": 1}
    session.receive(FRAME[:6])
    session.settled(RX_PACKETS=1, RX_BYTES=14)
    # Both, and the two fences, have been taken from the host's UDP.
    eventually(lambda: rig.near.snmp("Udp")["InDatagrams"] - before >= 4)


@pytest.mark.parametrize("flags", [0x8003, 0xc803, 0x8002], ids=lambda f: f"{f:04x}")
def test_control_messages_over_udp_reach_no_session(rig, flags):
    """
    Requirements: RX-2, RX-30
    """
    session = rig.session(PEER_COOKIE="0123456789abcdef").up()
    session.receive(FRAME, flags=flags)
    session.settled()
    assert session.capture.waiting() == []
    assert session.tunnel.drops() == {"control": 1}
    packets, octets = session.tunnel.fenced
    assert session.tunnel.counts() == {"RX_PACKETS": packets, "RX_BYTES": octets}


def test_what_comes_as_one_message_is_told_apart(shared_daemon):
    """Datagrams that the system never cut: each is for whom it says, whatever the one before was.

    Requirements: RX-1, RX-2, RX-4, RX-5, RX-6, RX-40
    """
    with contextlib.closing(Cable(offloads=True)) as cable, contextlib.closing(Rig(shared_daemon, cable)) as rig:
        tunnel = rig.tunnel()
        a, b = (tunnel.session(PEER_COOKIE="c00c1e55", L2SPEC_TYPE=wire.NONE).up() for _ in range(2))
        one, other, third = (wire.frame(bytes([n]), 60) for n in (1, 2, 3))
        parts = [a.packet(one), a.packet(other), b.packet(third), b.packet(one), a.packet(third),
                 wire.data(0x7fff0001, other, a.expected_cookie), a.packet(one, cookie=b"\0\0\0\0"), a.packet(other),
                 a.packet(one, flags=0x8003), a.packet(one, flags=0x0004), b.packet(other), b.packet(b"", cookie=b"\0")]
        tunnel.socket.sendmsg([b"".join(parts)], [(socket.IPPROTO_UDP, 103, struct.pack("=H", len(parts[0])))], 0,
                              (tunnel.near_address, tunnel.near_port))
        a.settled(RX_PACKETS=4, RX_BYTES=4 * len(parts[0]), RX_COOKIE_DISCARDS=1, RX_ERRORS=1)
        b.settled(RX_PACKETS=3, RX_BYTES=3 * len(parts[0]))
        assert tunnel.drops() == {"unknown-session": 1, "control": 1, "version": 1, "short": 1}
        assert a.capture.take(4) == [one, other, third, other]
        assert b.capture.take(3) == [third, one, other]


def test_an_unknown_session_changes_no_counter(rig, way):
    """Of the kernel's; ours says so by reason.

    Requirements: RX-5, RX-21
    """
    session = rig.session(*way).up()
    tunnel = session.tunnel
    tunnel.send(wire.data(0x7fff0001, FRAME, middle=wire.sublayer(), over=tunnel.over))
    session.settled()
    packets, octets = tunnel.fenced
    assert tunnel.drops() == {"unknown-session": 1}
    assert tunnel.counts() == {"RX_PACKETS": packets, "RX_BYTES": octets}


@pytest.mark.parametrize("version", [0, 1, 4, 15])
def test_another_version_is_invalid(rig, version):
    """
    Requirements: RX-6, STAT-1
    """
    session = rig.session().up()
    session.receive(FRAME, flags=version)
    session.settled()
    packets, octets = session.tunnel.fenced
    assert session.tunnel.counts() == {"RX_PACKETS": packets, "RX_BYTES": octets, "RX_INVALID": 1}
    assert session.tunnel.drops() == {"version": 1}
    assert session.capture.waiting() == []


def test_version_2_does_not_find_a_session_of_version_3(rig):
    """Even if its tunnel and session id stand where those of version 3 do.

    Requirements: RX-3, RX-4
    """
    session = rig.session(SESSION_ID=0x00050006, L2SPEC_TYPE=wire.NONE).up()
    session.tunnel.send(wire.data(session.id, FRAME, flags=0x0002))
    session.tunnel.send(wire.data2(5, 6, FRAME))
    session.settled()
    assert session.capture.waiting() == []


@pytest.mark.parametrize("length, over, valid", [
    (19, "udp", False), (20, "udp", True), (15, "ip", False), (16, "ip", True)])
def test_shorter_than_its_header(rig, length, over, valid):
    """Over UDP it counts as invalid in the tunnel, over IP nowhere.

    Requirements: RX-7, RX-22, RX-45
    """
    session = rig.session(over, PEER_COOKIE="0123456789abcdef").up()
    session.tunnel.send(session.packet(FRAME)[:length])
    session.settled(RX_PACKETS=int(valid), RX_BYTES=length if valid else 0)
    packets, octets = session.tunnel.fenced
    expected = {"RX_PACKETS": packets + valid, "RX_BYTES": octets + (length if valid else 0)}
    if over == "udp" and not valid:
        expected["RX_INVALID"] = 1
    assert session.tunnel.drops() == ({} if valid else {"truncated": 1} if over == "udp" else {"short": 1})
    assert session.tunnel.counts() == expected


@pytest.mark.parametrize("family", [4, 6])
def test_ip_payload_below_4_octets_is_nothing(rig, family):
    """
    Requirements: RX-20
    """
    session = rig.session("ip", family).up()
    for octets in (b"", b"\x01", session.packet(FRAME)[:3]):
        session.tunnel.send(octets)
    session.settled()
    packets, octets = session.tunnel.fenced
    assert session.tunnel.counts() == {"RX_PACKETS": packets, "RX_BYTES": octets}


@pytest.mark.parametrize("family", [4, 6])
def test_session_0_over_ip_means_control(rig, family):
    """A session 0 can be made, and receives nothing: short control messages, messages without T and L and
    whole ones go nowhere.

    Requirements: RX-24, RX-25, RX-26, RX-30, SES-8
    """
    session = rig.session("ip", family, SESSION_ID=0, L2SPEC_TYPE=wire.NONE).up()
    control = bytes.fromhex("00000000" "c803000c" "00000000" "00000000")
    for octets in (control[:15], control, b"\0\0\0\0" + FRAME, control + FRAME):
        session.tunnel.send(octets)
    session.settled()
    assert session.capture.waiting() == []


@pytest.mark.parametrize("family", [4, 6])
def test_session_0_over_udp_is_an_ordinary_one(rig, family):
    """
    Requirements: SES-8, NL-64, RX-4
    """
    session = rig.session("udp", family, SESSION_ID=0, PEER_SESSION_ID=0).up()
    session.receive(FRAME)
    assert session.capture.take(1) == [FRAME]
    assert session.counts() == {"RX_PACKETS": 1, "RX_BYTES": 72}


def test_nothing_over_ip_is_answered_by_icmp(rig):
    """
    Requirements: RX-21, RX-31
    """
    session = rig.session("ip").up()
    before = rig.near.snmp("Icmp")["OutMsgs"]
    session.tunnel.send(wire.data(0x7fff0001, FRAME, over="ip"))
    session.tunnel.send(b"\1")
    session.settled()
    assert rig.near.snmp("Icmp")["OutMsgs"] == before


def test_nothing_over_udp_is_answered_by_icmp(rig):
    """
    Requirements: TUN-16, RX-5
    """
    session = rig.session().up()
    before = rig.near.snmp("Icmp")["OutMsgs"]
    session.tunnel.send(wire.data(0x7fff0001, FRAME, middle=wire.sublayer()))
    session.receive(FRAME, flags=0x8003)
    session.settled()
    assert rig.near.snmp("Icmp")["OutMsgs"] == before


@pytest.mark.parametrize("family", [4, 6])
def test_raw_sockets_get_their_copy_of_what_comes_over_ip(rig, family):
    """
    Requirements: RX-30
    """
    session = rig.session("ip", family).up()
    with rig.near.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_RAW, 115) as raw:
        raw.settimeout(20)
        session.receive(FRAME)
        octets = raw.recv(2048)
        assert octets.endswith(session.packet(FRAME))
    assert session.capture.take(1) == [FRAME]


# --- who sent it ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("stranger", ["port", "address"])
def test_a_packet_from_somebody_else_is_dropped(rig, stranger):
    """The ids and the cookie fit, the sender does not: one reason says so.

    Requirements: Q-8, RX-10
    """
    session = rig.session(PEER_COOKIE="c00c1e55").up()
    tunnel = session.tunnel
    if stranger == "port":
        source = tunnel.far_socket()
    else:
        rig.far.ip("address replace 192.0.2.77/24 dev wire")
        source = tunnel.far_socket(tunnel.far_port, "192.0.2.77")
    tunnel.send(session.packet(FRAME), source)
    session.settled()
    assert session.capture.waiting() == []
    assert {**session.drops(), **tunnel.drops()}.get("wrong-peer") == 1


def test_a_packet_from_somebody_else_over_ip_is_dropped(rig):
    """
    Requirements: Q-8, RX-29
    """
    session = rig.session("ip", PEER_COOKIE="c00c1e55").up()
    rig.far.ip("address replace 192.0.2.77/24 dev wire")
    session.tunnel.send(session.packet(FRAME), session.tunnel.far_socket(address="192.0.2.77"))
    session.settled()
    assert session.capture.waiting() == []
    assert {**session.drops(), **session.tunnel.drops()}.get("wrong-peer") == 1


def test_a_packet_for_a_session_of_another_tunnel_is_dropped(rig):
    """It came to tunnel A's socket from A's peer, with the id of a session of tunnel B.

    Requirements: Q-8, RX-10
    """
    a, b = rig.tunnel(), rig.session().up()
    a.send(b.packet(FRAME))
    a.fence()
    b.settled()
    assert b.capture.waiting() == []
    reasons = {}
    for drops in (b.drops(), b.tunnel.drops(), a.drops()):
        reasons.update(drops)
    assert reasons.get("wrong-peer") == 1


def test_with_peer_check_ids_the_ids_decide(rig):
    """As in the kernel: any sender, any socket, either encapsulation.

    Requirements: Q-8, RX-10, RX-29, SES-5
    """
    session = rig.session().up()
    rig.api.more("TUNNEL_SET", {"CONN_ID": session.tunnel.id}, PEER_CHECK=1)
    session.tunnel.send(session.packet(FRAME), session.tunnel.far_socket())
    assert session.capture.take(1) == [FRAME]
    other, over_ip = rig.tunnel(), rig.tunnel("ip", 6)
    other.send(session.packet(FRAME))
    assert session.capture.take(1) == [FRAME]
    over_ip.send(wire.data(session.id, FRAME, middle=wire.sublayer(), over="ip"))
    assert session.capture.take(1) == [FRAME]
    assert session.counts() == {"RX_PACKETS": 3, "RX_BYTES": 72 + 72 + 68}
    rig.api.more("TUNNEL_SET", {"CONN_ID": session.tunnel.id}, PEER_CHECK=0)
    other.send(session.packet(FRAME))
    other.fence()
    assert session.counts() == {"RX_PACKETS": 3, "RX_BYTES": 72 + 72 + 68}


def test_a_tunnel_without_a_peer_port_receives_from_anyone(rig):
    """
    Requirements: TUN-14, TUN-10
    """
    tunnel = rig.tunnel(UDP_DPORT=None)
    shown = tunnel.get()
    assert shown["UDP_DPORT"] == 0 and shown["IP_DADDR"] == "0.0.0.0"
    session = tunnel.session().up()
    for source in (tunnel.far_socket(), tunnel.far_socket()):
        tunnel.send(session.packet(FRAME), source)
        assert session.capture.take(1) == [FRAME]
    session.transmit(FRAME)
    eventually(lambda: session.stats()["TX_ERRORS"] == 1, "what can not be sent counts")
    assert session.more().tx_drops == {"no-peer": 1}


# --- inside the frame -----------------------------------------------------------------------------------

def test_inner_checksums_are_checked_by_the_stack(rig):
    """
    Requirements: RX-62
    """
    session = rig.session().up()
    rig.near.ip(f"address add 10.9.0.1/24 dev {session.device}")
    mac = rig.near.link(session.device)["address"]
    with rig.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("10.9.0.1", 999))
        listener.settimeout(20)
        before = rig.near.snmp("Udp")["InCsumErrors"]
        for good in (False, True):
            packet = wire.udp4("10.9.0.2", "10.9.0.1", 888, 999, b"good" if good else b"bad!", good)
            session.receive(wire.frame(packet, ethertype=0x0800, destination=mac))
        assert listener.recv(100) == b"good"
        eventually(lambda: rig.near.snmp("Udp")["InCsumErrors"] == before + 1)


def test_vlan_tags_stay_in_the_frame(rig):
    """
    Requirements: RX-62, ETH-25
    """
    session = rig.session().up()
    tagged = FRAME[:12] + bytes.fromhex("81000007") + FRAME[12:]
    session.receive(tagged)
    assert session.capture.take(1) == [tagged]
    session.transmit(tagged)
    assert session.tunnel.received() == wire.data(session.peer_id, tagged, middle=wire.sublayer())


def test_a_device_that_is_down_receives_nothing(rig):
    """The session counts the packet as received, and says why it went no further.

    Requirements: ETH-26, RX-61, SEQ-21
    """
    session = rig.session()
    session.receive(FRAME)
    session.settled(RX_PACKETS=1, RX_BYTES=72)
    assert session.drops() == {"device-down": 1}
    session.up()
    session.receive(FRAME)
    assert session.capture.take(1) == [FRAME]
