# SPDX-License-Identifier: BSD-2-Clause
"""What leaves when a frame is sent through a session: octets, outer header, counters."""
import errno
import json
import socket

import pytest

from support import wire
from support.api import refused
from support.capture import WireCapture
from support.netns import run
from support.rig import UDP_NO_CHECK6_TX
from support.wait import eventually

pytestmark = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
WAYS = [("udp", 4), ("udp", 6), ("ip", 4), ("ip", 6)]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}{way[1]}")
def way(request):
    return request.param


@pytest.mark.parametrize("send_seq", [0, 1], ids=["plain", "numbered"])
@pytest.mark.parametrize("cookie", ["", "aa", "c00c1e55", "0123456789abcdef"], ids=lambda c: f"cookie{len(c) // 2}")
@pytest.mark.parametrize("sublayer", [wire.NONE, wire.DEFAULT], ids=["none", "default"])
def test_each_header_form(rig, way, sublayer, cookie, send_seq):
    """Octet for octet, with its outer header. Without the sublayer there is never a number.

    Requirements: HDR-2, HDR-3, HDR-6, TX-1, TX-6, SEQ-1, NL-61, TUN-10, TUN-11, STAT-1
    """
    session = rig.session(*way, L2SPEC_TYPE=sublayer, COOKIE=cookie or None, SEND_SEQ=send_seq,
                          PEER_COOKIE="ffffffff").up()
    tunnel = session.tunnel
    capture = tunnel.wire()
    octets = 0
    for number in range(3):
        session.transmit(FRAME)
        packet = capture.packet()
        middle = wire.sublayer(number if send_seq else None) if sublayer else b""
        expected = wire.data(session.peer_id, FRAME, bytes.fromhex(cookie), middle, over=tunnel.over)
        assert packet.l2tp == expected
        octets += len(expected)
        assert (packet.family, packet.protocol) == (tunnel.family, 17 if tunnel.over == "udp" else 115)
        assert (packet.source, packet.destination) == (tunnel.near_address, tunnel.far_address)
        if tunnel.over == "udp":
            assert (packet.sport, packet.dport) == (tunnel.near_port, tunnel.far_port)
    eventually(lambda: session.stats()["TX_PACKETS"] == 3)
    assert session.counts() == {"TX_PACKETS": 3, "TX_BYTES": octets}
    assert tunnel.counts() == {"TX_PACKETS": 3, "TX_BYTES": octets}


def test_the_examples_of_the_behaviour_document(rig):
    """
    Requirements: HDR-2, SEQ-1
    """
    session = rig.session(PEER_SESSION_ID=20, COOKIE=b"COOK".hex(), SEND_SEQ=1).up()
    for expected in ("0003 0000 00000014 434f4f4b 40000000", "0003 0000 00000014 434f4f4b 40000001"):
        session.transmit(FRAME)
        assert session.tunnel.received() == bytes.fromhex(expected) + FRAME
    session = rig.session("ip", PEER_SESSION_ID=51, L2SPEC_TYPE=wire.NONE).up()
    session.transmit(FRAME)
    assert session.tunnel.received() == bytes.fromhex("00000033") + FRAME


def test_the_outer_header_is_plain(rig, way):
    """TOS 0, the system's TTL, never DF, an IP id that is not 0; nothing of it comes from inside.

    Requirements: TX-2, TX-3, TUN-15
    """
    session = rig.session(*way).up()
    capture = session.tunnel.wire()
    inner = wire.udp4("10.0.0.1", "10.0.0.2", 1, 2, b"x" * 40)
    session.transmit(wire.frame(inner[:1] + b"\xb8" + inner[2:8] + b"\x05" + inner[9:], ethertype=0x0800))
    packet = capture.packet()
    assert (packet.tos, packet.ttl, packet.df, packet.fragment) == (0, 64, False, False)
    if packet.family == 4:
        assert packet.header_checksum_good


def test_df_is_never_set_whatever_the_system_prefers(rig):
    """
    Requirements: TX-2, Q-32
    """
    rig.near.sysctl("net/ipv4/ip_no_pmtu_disc", 0)
    for over in ("udp", "ip"):
        session = rig.session(over).up()
        capture = session.tunnel.wire()
        session.transmit(wire.frame(b"x" * 1400))
        assert not capture.packet().df


@pytest.mark.parametrize("over", ["udp", "ip"])
def test_large_frames_over_ipv4_are_fragmented(rig, over):
    """By the host; it is one packet in the counters.

    Requirements: TX-2, ETH-11
    """
    session = rig.session(over).up(mtu=9000)
    capture = session.tunnel.wire()
    frame = wire.frame(b"y" * 2900)
    session.transmit(frame)
    first, second = capture.packets(2)
    assert first.mf and first.offset == 0 and not second.mf and second.offset == len(first.payload)
    assert not first.df and first.identification == second.identification != 0
    assert (first.payload + second.payload).endswith(frame)
    eventually(lambda: session.stats()["TX_PACKETS"] == 1)
    length = len(frame) + (12 if over == "udp" else 8)
    assert session.counts() == {"TX_PACKETS": 1, "TX_BYTES": length}


@pytest.mark.parametrize("over", ["udp", "ip"])
def test_large_frames_over_ipv6_are_fragmented(rig, over):
    """
    Requirements: TX-4
    """
    session = rig.session(over, 6).up(mtu=9000)
    capture = session.tunnel.wire()
    frame = wire.frame(b"y" * 2900)
    session.transmit(frame)
    packets = capture.packets(3)
    assert all(p.protocol == 44 for p in packets)
    assert len(packets[0].payload) == 1496 - 40 and b"".join(p.payload[8:] for p in packets).endswith(frame)
    eventually(lambda: session.stats()["TX_PACKETS"] == 1)
    assert session.counts() == {"TX_PACKETS": 1, "TX_BYTES": len(frame) + (12 if over == "udp" else 8)}


# --- checksums of UDP -----------------------------------------------------------------------------------

@pytest.mark.parametrize("family, attributes, sums", [
    (4, {}, False), (4, {"UDP_CSUM": 1}, True), (4, {"UDP_CSUM": 0}, True),
    (6, {}, True), (6, {"UDP_ZERO_CSUM6_TX": True}, False), (6, {"UDP_ZERO_CSUM6_RX": True}, True)],
    ids=["ipv4", "ipv4-csum", "ipv4-csum-0", "ipv6", "ipv6-zero-tx", "ipv6-zero-rx"])
def test_udp_checksums_sent(rig, family, attributes, sums):
    """UDP_CSUM counts by being there, whatever its value.

    Requirements: TUN-13, TX-6, Q-3
    """
    session = rig.tunnel("udp", family, **attributes).session().up()
    capture = session.tunnel.wire()
    session.transmit(FRAME)
    packet = capture.packet()
    assert packet.l2tp.endswith(FRAME)
    if sums:
        assert packet.udp_checksum != 0 and packet.udp_checksum_good
    else:
        assert packet.udp_checksum == 0
    shown = session.tunnel.get()
    if family == 4:
        assert shown["UDP_CSUM"] == int(sums)
    assert shown.get("UDP_ZERO_CSUM6_TX", False) == attributes.get("UDP_ZERO_CSUM6_TX", False)
    assert shown.get("UDP_ZERO_CSUM6_RX", False) == attributes.get("UDP_ZERO_CSUM6_RX", False)


@pytest.mark.parametrize("accepted", [False, True])
def test_zero_checksums_over_ipv6_received(rig, accepted):
    """They are dropped unless the tunnel allows them.

    Requirements: TUN-13
    """
    session = rig.tunnel("udp", 6, UDP_ZERO_CSUM6_RX=accepted).session().up()
    session.tunnel.socket.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_TX, 1)
    session.receive(FRAME)
    if accepted:
        assert session.capture.take(1) == [FRAME]
    else:
        session.tunnel.socket.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_TX, 0)
        session.settled()


# --- numbers that are sent ------------------------------------------------------------------------------

def test_numbers_go_on_where_they_were(rig):
    """They do not advance while off, and are not reset by switching.

    Requirements: SEQ-1, NL-76, HDR-2
    """
    session = rig.session(SEND_SEQ=1).up()
    seen = []
    for on in (1, 1, 0, 1):
        session.modify(SEND_SEQ=on)
        session.transmit(FRAME)
        seen.append(session.tunnel.received()[8:12].hex())
    assert seen == ["40000000", "40000001", "00000000", "40000002"]


def test_what_can_not_be_sent_is_an_error_and_uses_up_its_number(rig):
    """The way to the peer is gone for a while.

    Requirements: SEQ-1, TX-1, TX-10, STAT-1
    """
    session = rig.session(SEND_SEQ=1).up()
    session.transmit(FRAME)
    assert session.tunnel.received()[8:12].hex() == "40000000"
    rig.near.ip("route add unreachable 192.0.2.2/32")
    try:
        for count in (1, 2):
            session.transmit(FRAME)
            eventually(lambda: session.stats()["TX_ERRORS"] == count)
    finally:
        rig.near.ip("route del unreachable 192.0.2.2/32")
    session.transmit(FRAME)
    assert session.tunnel.received()[8:12].hex() == "40000003"
    eventually(lambda: session.stats()["TX_PACKETS"] == 2)
    assert session.counts() == {"TX_PACKETS": 2, "TX_BYTES": 144, "TX_ERRORS": 2}
    assert session.tunnel.counts() == {"TX_PACKETS": 2, "TX_BYTES": 144, "TX_ERRORS": 2}
    assert session.more().tx_drops == {"no-route": 2}


def test_packets_pass_the_firewall_of_the_namespace(rig):
    """
    Requirements: TX-7, TX-1
    """
    session = rig.session().up()
    run("ip", "netns", "exec", rig.near.name, "nft", "-f", "-", input=f"""
        table inet test {{
            counter sent {{ }}
            chain out {{
                type filter hook output priority 0; policy accept;
                udp sport {session.tunnel.near_port} counter name sent drop
            }}
        }}""")
    try:
        session.transmit(FRAME)
        eventually(lambda: "packets 1 " in rig.near.run("nft", "list", "counters").stdout)
        eventually(lambda: session.stats()["TX_ERRORS"] == 1)
        assert session.more().tx_drops == {"not-permitted": 1}
    finally:
        rig.near.run("nft", "delete", "table", "inet", "test")
    session.transmit(FRAME)
    assert session.tunnel.received().endswith(FRAME)


def test_a_lower_device_that_drops_is_not_an_error(rig):
    """L2TP does not queue: what IP took counts as sent.

    Requirements: TX-8
    """
    session = rig.session().up()
    rig.near.run("tc", "qdisc", "add", "dev", "wire", "root", "tbf", "rate", "8kbit", "burst", "1600", "limit", "3000")
    try:
        for _ in range(20):
            session.transmit(wire.frame(length=1000))
        eventually(lambda: session.stats()["TX_PACKETS"] == 20)
        assert session.counts() == {"TX_PACKETS": 20, "TX_BYTES": 20 * 1012}

        shown = json.loads(rig.near.run("tc", "-s", "-j", "qdisc", "show", "dev", "wire").stdout)
        assert next(q for q in shown if q["kind"] == "tbf")["drops"] > 0
    finally:
        rig.near.run("tc", "qdisc", "del", "dev", "wire", "root")


def test_the_device_counts_frames(rig):
    """14 octets of header included, L2TP not.

    Requirements: TX-10, ETH-20
    """
    session = rig.session().up()
    before = rig.near.link_statistics(session.device)
    for length in (60, 1000, 1460):
        session.transmit(wire.frame(length=length))
        session.tunnel.received()
    after = rig.near.link_statistics(session.device)
    assert after["tx_packets"] - before["tx_packets"] == 3
    assert after["tx_bytes"] - before["tx_bytes"] == 60 + 1000 + 1460


def test_many_frames_keep_their_order(rig, way):
    """
    Requirements: TX-8, SEQ-1
    """
    session = rig.session(*way, SEND_SEQ=1).up()
    count = 300
    for number in range(count):
        session.transmit(wire.frame(number.to_bytes(4, "big"), length=60 + number))
    for number in range(count):
        octets = session.tunnel.received()
        middle = wire.sublayer(number)
        assert octets == wire.data(session.peer_id, wire.frame(number.to_bytes(4, "big"), length=60 + number),
                                   middle=middle, over=session.tunnel.over)


# --- what the kernel does not offer ---------------------------------------------------------------------

@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("over", ["udp", "ip"])
def test_tos_and_ttl_can_be_chosen(rig, over, family):
    """
    Requirements: TUN-15, TX-3
    """
    near, far = rig.cable.addresses(family)
    prefix = "IP6" if family == 6 else "IP"
    nest = {"CONN_ID": 900_001, "PEER_CONN_ID": 1, "PROTO_VERSION": 3, "ENCAP_TYPE": int(over == "ip"),
            prefix + "_SADDR": near, prefix + "_DADDR": far}
    if over == "udp":
        nest.update(UDP_SPORT=19_001, UDP_DPORT=19_002)
    rig.api.more("TUNNEL_CREATE", nest, TOS=0xb8, TTL=33)
    try:
        rig.api.session_create(900_001, 900_002)
        device = rig.api.session_get(900_001, 900_002)["IFNAME"]
        rig.near.ip(f"link set {device} up")
        with WireCapture(rig.far) as capture, WireCapture(rig.near, device) as sender:
            sender.send(FRAME)
            packet = capture.packet()
            assert (packet.tos, packet.ttl) == (0xb8, 33)
    finally:
        rig.api.tunnel_delete(900_001)


def test_a_mark_is_seen_by_the_firewall(rig):
    """
    Requirements: TUN-15
    """
    rig.api.more("TUNNEL_CREATE", {
        "CONN_ID": 900_001, "PEER_CONN_ID": 1, "PROTO_VERSION": 3, "ENCAP_TYPE": 0, "IP_SADDR": "192.0.2.1",
        "IP_DADDR": "192.0.2.2", "UDP_SPORT": 19_001, "UDP_DPORT": 19_002}, MARK=77)
    run("ip", "netns", "exec", rig.near.name, "nft", "-f", "-", input="""
        table inet test {
            counter marked { }
            chain out { type filter hook output priority 0; policy accept; meta mark 77 counter name marked; }
        }""")
    try:
        rig.api.session_create(900_001, 900_002)
        device = rig.api.session_get(900_001, 900_002)["IFNAME"]
        rig.near.ip(f"link set {device} up")
        with WireCapture(rig.near, device) as sender:
            sender.send(FRAME)
            eventually(lambda: "packets 1 " in rig.near.run("nft", "list", "counters").stdout)
    finally:
        rig.near.run("nft", "delete", "table", "inet", "test")
        rig.api.tunnel_delete(900_001)


def test_several_tunnels_share_a_local_port(rig):
    """To different peers; each gets what its own peer sends.

    Requirements: TUN-4, TUN-10
    """
    first = rig.tunnel()
    second = rig.tunnel(UDP_SPORT=first.near_port)
    sessions = [first.session().up(), second.session().up()]
    for session in sessions:
        session.receive(FRAME)
        assert session.capture.take(1) == [FRAME]
        session.transmit(FRAME)
        assert session.tunnel.received() == wire.data(session.peer_id, FRAME, middle=wire.sublayer())
    first.close()
    sessions[1].receive(FRAME)
    assert sessions[1].capture.take(1) == [FRAME]


@pytest.mark.parametrize("over", ["udp", "ip"])
def test_outer_packets_keep_to_a_device(rig, over):
    """They leave by it whatever the routes say; one that is not there is refused."""
    nest = {"CONN_ID": 900_001, "PEER_CONN_ID": 1, "PROTO_VERSION": 3, "ENCAP_TYPE": int(over == "ip"),
            "IP_SADDR": "0.0.0.0", "IP_DADDR": "192.0.2.2"}
    if over == "udp":
        nest.update(UDP_SPORT=19_001, UDP_DPORT=19_002)
    with refused(errno.ENODEV) as words:
        rig.api.more("TUNNEL_CREATE", nest, DEVICE="nothere")
    assert "nothere" in words[0]
    rig.near.ip("route add 192.0.2.2/32 dev lo")
    rig.api.more("TUNNEL_CREATE", nest, DEVICE="wire")
    try:
        assert rig.api.tunnel_more(900_001).values["DEVICE"] == "wire"
        rig.api.session_create(900_001, 900_002)
        device = rig.api.session_get(900_001, 900_002)["IFNAME"]
        rig.near.ip(f"link set {device} up")
        with WireCapture(rig.far) as capture, WireCapture(rig.near, device) as sender:
            sender.send(FRAME)
            assert capture.packet().l2tp.endswith(FRAME)
    finally:
        rig.near.ip("route del 192.0.2.2/32 dev lo")
        rig.api.tunnel_delete(900_001)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]}{way[1]}", indirect=True)
def test_a_tunnel_on_any_local_address(rig, way):
    """It sends from the one the route chooses, and receives what comes to it.

    Requirements: TUN-10, NL-58
    """
    over, family = way
    name = "IP6_SADDR" if family == 6 else "IP_SADDR"
    session = rig.tunnel(over, family, **{name: "::" if family == 6 else "0.0.0.0"}).session(SEND_SEQ=1).up()
    assert session.tunnel.get()[name] == session.tunnel.near_address
    capture = session.tunnel.wire()
    session.transmit(FRAME)
    assert capture.packet().source == session.tunnel.near_address
    session.receive(FRAME, number=0)
    assert session.capture.take(1) == [FRAME]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]}{way[1]}", indirect=True)
def test_nobody_listens_at_the_peer(rig, way):
    """Its ICMP errors change no counter; once somebody listens packets arrive.

    Requirements: UDP-2, UDP-3
    """
    session = rig.session(*way).up()
    tunnel = session.tunnel
    tunnel.socket.close()
    protocol = "Icmp6" if tunnel.family == 6 else "Icmp"
    received = "InDestUnreachs"
    before = rig.near.snmp(protocol)[received]
    for count in (1, 2, 3):
        session.transmit(FRAME)
        eventually(lambda: session.stats()["TX_PACKETS"] == count)
    # Of protocol 115 the last raw socket of the far end may have gone already, or be somebody's still.
    if tunnel.over == "udp":
        eventually(lambda: rig.near.snmp(protocol)[received] > before)
    tunnel.socket = tunnel.far_socket(tunnel.far_port)
    session.transmit(FRAME)
    assert tunnel.received().endswith(FRAME)
    length = 72 if tunnel.over == "udp" else 68
    assert session.counts() == {"TX_PACKETS": 4, "TX_BYTES": 4 * length}


def test_the_local_address_goes_and_comes_back(rig):
    """Meanwhile nothing can be sent, and nothing breaks.

    Requirements: TX-1
    """
    session = rig.session("udp", 4).up()
    rig.near.ip("address add 192.0.2.9/24 dev wire")
    tunnel = rig.tunnel(IP_SADDR="192.0.2.9")
    tunnel.near_address = "192.0.2.9"
    second = tunnel.session().up()
    rig.near.ip("address del 192.0.2.9/24 dev wire")
    second.transmit(FRAME)
    eventually(lambda: second.stats()["TX_ERRORS"] == 1)
    session.transmit(FRAME)
    assert session.tunnel.received().endswith(FRAME)
    rig.near.ip("address add 192.0.2.9/24 dev wire")
    second.transmit(FRAME)
    assert tunnel.received().endswith(FRAME)
    second.receive(FRAME)
    assert second.capture.take(1) == [FRAME]
