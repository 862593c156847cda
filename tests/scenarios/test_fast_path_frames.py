# SPDX-License-Identifier: BSD-2-Clause
"""Frames and packets of every kind: where a session takes the fast path, what arrives, in which outer packets, and what is
counted is what it is where the engine moves it."""
import collections
import socket
import struct

import pytest

from support import wire
from support.capture import Capture
from support.daemon import settle
from support.fast_pair import PORT, FastPair, lay_cable
from support.wait import eventually

INNER_MTU = 1500  # more than fits the cable in one
QUIET_S = 0.3
PADDED = 60
OWN, PEER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
BROADCAST, MULTICAST4, MULTICAST6 = b"\xff" * 6, bytes.fromhex("01005e000009"), bytes.fromhex("333300000009")
A4, B4 = "198.51.100.1", "198.51.100.2"
A6, B6 = "2001:db8:1::1", "2001:db8:1::2"
DF, MORE = 0x4000, 0x2000


pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def cable(request):
    made = lay_cable("plain", request.param)
    yield made
    made.close()


def mark(number):
    """In the octets of each frame, so that it is known again."""
    return b"odd frame %03d." % number


def ip4(payload, flags=0, options=b"", protocol=17, source=A4, destination=B4, ttl=64, said=None, spoilt=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | 5 + len(options) // 4, 0, said or 20 + len(options) + len(payload), 7, flags,
                         ttl, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination)) + options
    return header[:10] + struct.pack("!H", wire.checksum(header) ^ spoilt) + header[12:] + payload


def ip6(payload, following=17, source=A6, destination=B6, said=None, hops=64):
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    return struct.pack("!IHBB", 6 << 28, len(payload) if said is None else said, following, hops) + addresses + payload


def udp(payload, ports=(9, 9), check=0):
    return struct.pack("!HHHH", *ports, 8 + len(payload), check) + payload


def ether(kind, payload, destination=PEER, pad=PADDED):
    return (destination + OWN + struct.pack("!H", kind) + payload).ljust(pad, b"\0")


ARP = struct.pack("!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, OWN, socket.inet_aton(A4), bytes(6), socket.inet_aton(B4))
SOLICIT = ip6(struct.pack("!BBHI16s", 135, 0, 0, 0, socket.inet_pton(socket.AF_INET6, B6)), 58, destination="ff02::1:ff00:2",
              hops=255)

# What a session may be given to send. Each gets the octets that mark it, and makes an Ethernet frame with them.
FRAMES = {
    "ip4": lambda m: ether(0x800, ip4(udp(m))),
    "ip6": lambda m: ether(0x86dd, ip6(udp(m))),
    "arp": lambda m: ether(0x806, ARP + m, BROADCAST),
    "nd": lambda m: ether(0x86dd, SOLICIT + m, MULTICAST6),
    "vlan": lambda m: ether(0x8100, struct.pack("!HH", 5, 0x800) + ip4(udp(m))),
    "vlan-arp": lambda m: ether(0x8100, struct.pack("!HH", 5, 0x806) + ARP + m, BROADCAST),
    "vlan-in-vlan": lambda m: ether(0x88a8, struct.pack("!HHHH", 5, 0x8100, 6, 0x800) + ip4(udp(m))),
    "mpls": lambda m: ether(0x8847, struct.pack("!I", 77 << 12 | 0x100 | 64) + ip4(udp(m))),
    "lldp": lambda m: ether(0x88cc, m, bytes.fromhex("0180c200000e")),
    "length": lambda m: ether(len(m) + 3, b"\x42\x42\x03" + m),
    "broadcast": lambda m: ether(0x800, ip4(udp(m), destination="255.255.255.255"), BROADCAST),
    "multicast": lambda m: ether(0x800, ip4(udp(m), destination="224.0.0.9"), MULTICAST4),
    "options": lambda m: ether(0x800, ip4(udp(m), options=b"\x94\x04\0\0")),
    "df": lambda m: ether(0x800, ip4(udp(m), DF)),
    "fragment-first": lambda m: ether(0x800, ip4(udp(m.ljust(24)), MORE)),
    "fragment-last": lambda m: ether(0x800, ip4(m.ljust(24), 4)),
    "extension": lambda m: ether(0x86dd, ip6(struct.pack("!BBBBI", 17, 0, 1, 4, 0) + udp(m), 60)),
    "largest": lambda m: ether(0x800, ip4(udp(m.ljust(INNER_MTU - 28)))),
    "largest-df": lambda m: ether(0x800, ip4(udp(m.ljust(INNER_MTU - 28)), DF)),
    "largest6": lambda m: ether(0x86dd, ip6(udp(m.ljust(INNER_MTU - 48)))),
    "just-whole": lambda m: ether(0x800, ip4(udp(m.ljust(1300)), DF)),
    "not-of-ip": lambda m: ether(0x800, m),
    "longer-than-said": lambda m: ether(0x800, ip4(udp(b"")) + m),
    "shorter-than-said": lambda m: ether(0x800, ip4(udp(m), said=600)),
    "headers-alone": lambda m: ether(0x800, m[:0] + ip4(m, protocol=99)),
}


def is_tunnel(frame):
    """Of UDP by its port; a later fragment has none."""
    kind, family = frame[12:14], frame[14] >> 4
    return kind == b"\x08\x00" and family == 4 and frame[23] == 17 or kind == b"\x86\xdd" and family == 6 and frame[20] in (17, 44)


def without_chance(packet):
    """An outer packet without what no two have the same: identification and checksum, flow label. The engine sends a
    checksum of UDP once it has sent datagrams together: it is in the first fragment."""
    if packet[14] >> 4 == 6 and packet[20] == 44:
        first = int.from_bytes(packet[56:58], "big") & 0xfff8 == 0
        return packet[:15] + packet[18:58] + (packet[62:68] + packet[70:] if first else packet[62:])
    if packet[14] >> 4 == 6:
        return packet[:15] + packet[18:60] + packet[62:]
    ip = packet[:18] + packet[20:24] + packet[26:]
    return ip if int.from_bytes(packet[20:22], "big") & 0x1fff else ip[:36] + ip[38:]


def ours(frames):
    """{mark: frames with it}, of those that are from here."""
    found = collections.defaultdict(list)
    for frame in frames:
        at = frame.find(b"odd frame ")
        if at >= 0:
            found[frame[at:at + 14]].append(frame)
    return found


def be_quiet(pair):
    """The hosts themselves have nothing to send by their interfaces."""
    for host in pair.hosts:
        host.sysctl("net/ipv6/conf/pw/disable_ipv6", 1)
        host.ip("address flush dev pw")
    last = []

    def silent():
        last.append(pair.counts())
        return len(last) > 10 and all(counts == last[-1] for counts in last[-10:])
    eventually(silent)


def moved(pair):
    """Of each of FRAMES what far's interface gets of it, the packets of the tunnel, and what is counted, at both ends."""
    near, far = pair.hosts
    for host in pair.hosts:
        host.ip(f"link set pw mtu {INNER_MTU}")
    be_quiet(pair)
    before = pair.counts()
    with Capture(far, "pw") as arrived, Capture(far, "wire", is_tunnel) as packets, Capture(near, "pw") as out:
        for number, make in enumerate(FRAMES.values()):
            out.send(make(mark(number)))
        got = collections.defaultdict(list)

        def all_there():
            for key, frames in ours(arrived.waiting()).items():
                got[key] += frames
            return len(got) == len(FRAMES)
        eventually(all_there, got.keys())
        settle(QUIET_S)
        all_there()
        wires = collections.Counter(without_chance(packet) for packet in packets.waiting())
    return got, wires, [{name: new[name] - old[name] for name in new} for old, new in zip(before, pair.counts())]


def test_whatever_is_sent_arrives_as_by_the_engine(cable):
    with FastPair(cable, ("off", "off")) as pair:
        assert pair.reason(0) == "off"
        frames, packets, counted = moved(pair)
    with FastPair(cable) as pair:
        assert pair.reason(0) == "used"
        slow = pair.slow_packets(0)[0]
        fast_frames, fast_packets, fast_counted = moved(pair)
        slow = pair.slow_packets(0)[0] - slow
        assert 0 < slow < len(FRAMES), "some took the one, some the other"
    for number, name in enumerate(FRAMES):
        assert fast_frames[mark(number)] == frames[mark(number)], name
        assert frames[mark(number)] == [FRAMES[name](mark(number))], name
    assert fast_packets == packets
    assert fast_counted == counted


def packet_of(cable, payload, check=0, **header):
    """From far to near: the outer header and UDP."""
    own, peer = cable.addresses(cable.family)
    datagram = udp(payload, (PORT, PORT), check)
    if cable.family == 4:
        return ip4(datagram, source=peer, destination=own, **header)
    return ip6(datagram, source=peer, destination=own, **header)


def checksum_of(cable, payload, spoilt=0):
    own, peer = (socket.inet_pton({4: socket.AF_INET, 6: socket.AF_INET6}[cable.family], a) for a in
                 cable.addresses(cable.family))
    datagram = udp(payload, (PORT, PORT))
    return wire.checksum(peer + own + struct.pack("!II", len(datagram), 17) + datagram) ^ spoilt


def fragments(cable, payload):
    """In two, of which the second has nothing but octets."""
    own, peer = cable.addresses(cable.family)
    datagram = udp(payload, (PORT, PORT))
    if cable.family == 4:
        return [ip4(datagram[:64], MORE, source=peer, destination=own), ip4(datagram[64:], 8, source=peer, destination=own)]
    return [ip6(struct.pack("!BBHI", 17, 0, at | more, 9) + part, 44, source=peer, destination=own)
            for at, more, part in ((0, 1, datagram[:64]), (64, 0, datagram[64:]))]


# What may come for it, of both families and of each: from cable and L2TP packet to IP packets.
PACKETS = {
    "ordinary": lambda c, p: [packet_of(c, p)],
    "checksum": lambda c, p: [packet_of(c, p, checksum_of(c, p))],
    "wrong-checksum": lambda c, p: [packet_of(c, p, checksum_of(c, p, 0x5555))],
    "in-fragments": fragments,
    "only-one-fragment": lambda c, p: fragments(c, p)[:1],
    "padded": lambda c, p: [packet_of(c, p) + bytes(7)],
    "cut-short": lambda c, p: [packet_of(c, p)[:-30]],
    "other-session": lambda c, p: [packet_of(c, p[:7] + b"\x63" + p[8:])],
    "other-version": lambda c, p: [packet_of(c, b"\0\x05" + p[2:])],
    "control": lambda c, p: [packet_of(c, b"\xc8\x03" + p[2:])],
    "short": lambda c, p: [packet_of(c, p[:16])],
}
PACKETS4 = {
    "df": lambda c, p: [packet_of(c, p, flags=DF)],
    "options": lambda c, p: [packet_of(c, p, options=b"\x01\x01\x01\x00")],
    "wrong-header-checksum": lambda c, p: [packet_of(c, p, spoilt=0x0101)],
    "last-hop": lambda c, p: [packet_of(c, p, ttl=1)],
}
PACKETS6 = {
    "extension": lambda c, p: [ip6(struct.pack("!BBBBI", 17, 0, 1, 4, 0) + udp(p, (PORT, PORT)), 60,
                                   source=c.addresses(6)[1], destination=c.addresses(6)[0])],
    "no-length": lambda c, p: [packet_of(c, p, said=0)],
}


def outcome(pair, cable):
    """Of each packet what near's interface gets of it; and what is counted."""
    near, far = pair.hosts
    kinds = {**PACKETS, **(PACKETS4 if cable.family == 4 else PACKETS6)}
    to = bytes.fromhex(near.link("wire")["address"].replace(":", ""))
    be_quiet(pair)
    before = pair.counts()[0]
    kind = {4: 0x800, 6: 0x86dd}[cable.family]
    with Capture(near, "pw") as arrived, Capture(far, "wire") as out:
        for number, make in enumerate(kinds.values()):
            frame = ether(0x800, ip4(udp(mark(number).ljust(200))))
            for packet in make(cable, wire.data(1, frame, middle=wire.sublayer())):
                out.send(ether(kind, packet, to, pad=0))
        got = collections.defaultdict(list)

        def last_is_there():
            out.send(ether(kind, packet_of(cable, wire.data(1, ether(0x800, ip4(udp(mark(999)))), middle=wire.sublayer())), to))
            for key, frames in ours(arrived.waiting()).items():
                got[key] += frames
            return got.get(mark(999))
        eventually(last_is_there)
        settle(QUIET_S)
        last_is_there()
    after = pair.counts()[0]
    arrived = {name: got[mark(number)] for number, name in enumerate(kinds)}
    return arrived, {n: after[n] - before[n] for n in after if n not in ("RX_PACKETS", "RX_BYTES", "TX_PACKETS", "TX_BYTES")}


def test_whatever_comes_is_taken_as_by_the_engine(cable):
    with FastPair(cable, ("off", "off")) as pair:
        by_engine = outcome(pair, cable)
    with FastPair(cable) as pair:
        slow = pair.slow_packets(0)[1]
        assert outcome(pair, cable) == by_engine
        assert pair.slow_packets(0)[1] > slow, "some by the engine"
    taken = {name for name, frames in by_engine[0].items() if frames}
    assert taken >= {"ordinary", "checksum", "in-fragments", "padded", "options" if cable.family == 4 else "extension"}
    assert not taken & {"wrong-checksum", "only-one-fragment", "cut-short", "other-session", "control", "wrong-header-checksum"}
