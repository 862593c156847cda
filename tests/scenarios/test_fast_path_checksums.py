# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels with UDP checksums on the fast path: over IPv6, where they are on unless somebody turns them off, and on a program's own
socket over IPv4. What is sent has the right one, and what comes with a wrong one is dropped by the system as it is without."""
import os
import socket
import struct

import pytest

from support import wire
from support.capture import Capture
from support.fast_managed import ManagedPair
from support.fast_pair import CHECKSUMS, INNER, PORT, FastPair, lay_cable
from support.fast_ppp import PppFastPair
from support.transfer import transfer
from support.wait import eventually

OCTETS = os.urandom(1 << 20)
SO_RCVBUFFORCE = 33
NO_BTF = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"', "sh"]

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture
def cable6():
    made = lay_cable("plain", 6)
    yield made
    made.close()


@pytest.fixture(scope="module", params=(4, 6), ids=("managed4", "udp6"))
def pair(request):
    """The interfaces leave no checksum to anybody, so that what is captured is what a wire would carry."""
    cable = lay_cable("seg", request.param)
    for host in (cable.near, cable.far):
        host.run("ethtool", "-K", "wire", "tx", "off", "gro", "off")
    try:
        with ManagedPair(cable, checksums=True) if request.param == 4 else FastPair(cable, tunnel=CHECKSUMS) as made:
            yield made
    finally:
        cable.close()


def of_tunnel(frame):
    """A packet of it that is whole, as wire.Outer; None: it is none."""
    packet = wire.outer(frame)
    return packet if packet and packet.protocol == 17 and not packet.fragment and packet.dport == PORT else None


def frame_of(payload, check=0):
    """Of IPv4 and UDP, to nobody."""
    datagram = struct.pack("!HHHH", 9, 9, 8 + len(payload), check) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 7, 0, 64, 17, 0, socket.inet_aton("198.51.100.1"),
                         socket.inet_aton("198.51.100.2"))
    return (bytes.fromhex("0200000000020200000000010800") + header[:10] + struct.pack("!H", wire.checksum(header)) + header[12:]
            + datagram)


def test_each_checksum_that_is_sent_is_right(pair):
    """Of TCP in bulk, datagrams of any length, ICMP, and frames that no checksum was left in; what is sent by the engine with it.

    Requirements: TX-6
    """
    near, far = pair.hosts
    assert (pair.reason(0), pair.reason(1)) == ("used", "used")
    with Capture(far, "wire", of_tunnel) as packets, Capture(near, "pw") as out:
        packets.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        transfer(near, far, INNER[4][1], OCTETS)
        transfer(near, far, INNER[6][1], OCTETS)
        slow, sent = pair.slow_packets(0)[0], pair.counts()[0]["TX_PACKETS"]
        eventually(lambda: takes_it(pair))
        for length in (*range(1, 140), 509, 510, 511, 512, 513, 1023, 1199, 1200):
            out.send(frame_of(OCTETS[:length]))
            with near.socket(socket.AF_INET6 if length & 1 else socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.sendto(OCTETS[:length], (INNER[6 if length & 1 else 4][1], 9))
        near.run("ping", "-c", 20, "-i", "0.002", "-s", 1001, INNER[4][1])
        slow, sent = pair.slow_packets(0)[0] - slow, pair.counts()[0]["TX_PACKETS"] - sent
        assert sent - slow > 250, "most went by the fast path"
        frames = packets.waiting()
    assert len(frames) > 1000
    for packet in map(of_tunnel, frames):
        assert packet.udp_checksum and packet.udp_checksum_good, packet


def test_those_of_ppp_are_right(cable6):
    """Whose frames name their protocol in the header: of IPv4 and IPv6.

    Requirements: TX-6
    """
    for host in (cable6.near, cable6.far):
        host.run("ethtool", "-K", "wire", "tx", "off")
    with PppFastPair(cable6, tunnel=CHECKSUMS) as pair, Capture(cable6.far, "wire", of_tunnel) as packets:
        near, far = pair.hosts
        eventually(lambda: takes_it(pair))
        slow = pair.slow_packets(0)[0]
        for address in (INNER[4][1], INNER[6][1]):
            near.run("ping", "-c", 20, "-i", "0.002", "-s", 501, address)
        assert pair.slow_packets(0)[0] <= slow + 2
        assert transfer(near, far, INNER[6][1], OCTETS) == transfer(far, near, INNER[4][0], OCTETS)
        sent = [of_tunnel(frame) for frame in packets.waiting()]
    assert len(sent) >= 40 and all(packet.udp_checksum and packet.udp_checksum_good for packet in sent)


def takes_it(pair):
    """Whether what leaves goes by the fast path now."""
    slow = pair.slow_packets(0)[0]
    pair.hosts[0].run("ping", "-c", 4, "-i", "0.05", INNER[4][1])
    return pair.slow_packets(0)[0] == slow


def test_a_sum_of_zero_is_sent_as_ffff(pair):
    """0 would say that there is none."""
    near, far = pair.hosts
    eventually(lambda: takes_it(pair))
    with Capture(far, "wire", lambda frame: b"a word: " in frame) as packets, Capture(near, "pw") as out:
        slow = pair.slow_packets(0)[0]
        out.send(frame_of(b"a word: \0\0."))
        word = of_tunnel(packets.next()).udp_checksum
        out.send(frame_of(b"a word: " + struct.pack("!H", word) + b"."))
        packet = of_tunnel(packets.next())
        assert pair.slow_packets(0)[0] == slow
    assert packet.udp_checksum == 0xffff and packet.udp_checksum_good


def packet_of(pair, message):
    """A frame of the wire with this L2TP message, from far to near."""
    near, far = pair.hosts
    own, peer = pair.addresses
    start = bytes.fromhex(near.link("wire")["address"].replace(":", "") + far.link("wire")["address"].replace(":", ""))
    if pair.family == 4:
        return start + b"\x08\0" + wire.udp4(peer, own, PORT, PORT, message)
    addresses = socket.inet_pton(socket.AF_INET6, peer) + socket.inet_pton(socket.AF_INET6, own)
    ports, length = struct.pack("!HH", PORT, PORT), 8 + len(message)
    check = wire.checksum(addresses + struct.pack("!II", length, 17) + ports + struct.pack("!HH", length, 0) + message)
    return (start + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, length, 17, 64) + addresses + ports
            + struct.pack("!HH", length, check) + message)


@pytest.mark.parametrize("gro", ("off", "on"))
def test_a_wrong_checksum_is_the_systems(pair, gro):
    """Which nobody has verified yet (off), or GRO has (on).

    Requirements: TUN-13
    """
    near, far = pair.hosts
    near.run("ethtool", "-K", "wire", "gro", gro)
    protocol = {4: "Udp", 6: "Udp6"}[pair.family]
    message = wire.data(1, frame_of(b"from far" + bytes(200)), middle=wire.sublayer())
    right = packet_of(pair, message)

    def packet(spoilt):
        return right[:-3] + bytes([right[-3] ^ spoilt]) + right[-2:]

    def by_the_fast_path():
        """A right one, after the wrong ones: something was handed up then."""
        slow = pair.slow_packets(0)[1]
        out.send(packet(0))
        assert arrived.next()
        return pair.slow_packets(0)[1] == slow
    with Capture(near, "pw", lambda frame: b"from far" in frame) as arrived, Capture(far, "wire") as out:
        eventually(by_the_fast_path)
        errors = near.snmp(protocol)["InCsumErrors"]
        for bit in range(8):
            out.send(packet(1 << bit))
        eventually(lambda: near.snmp(protocol)["InCsumErrors"] == errors + 8)
        assert not arrived.waiting()
        eventually(by_the_fast_path)
        assert near.snmp(protocol)["InCsumErrors"] == errors + 8


def test_without_btf_a_tunnel_with_checksums_is_the_engines(cable6):
    """The near end's kernel does not say what is where in it. Other tunnels are as they were."""
    with FastPair(cable6, tunnel=CHECKSUMS, prefix=NO_BTF) as lacking:
        assert (lacking.reason(0), lacking.reason(1)) == ("checksum", "used")
        assert "event=fast-path-checksums" in lacking.daemons[0].log
        assert transfer(*lacking.hosts, INNER[4][1], OCTETS) == transfer(*lacking.hosts[::-1], INNER[4][0], OCTETS)
    with FastPair(cable6, prefix=NO_BTF) as lacking:
        assert (lacking.reason(0), lacking.reason(1)) == ("used", "used")
