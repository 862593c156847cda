# SPDX-License-Identifier: BSD-2-Clause
"""wire.py - L2TP packets and Ethernet frames as octets, written down from RFC 3931 and the behaviour document,
not taken from the program under test"""
import dataclasses
import socket
import struct

ETHERTYPE = 0x88b5  # for local experiments: no stack has anything to say about it
NONE, DEFAULT = 0, 1  # sublayers


def frame(payload=b"", length=None, ethertype=ETHERTYPE, destination="02:00:00:00:00:01", source="02:00:00:00:00:02"):
    """An Ethernet frame without FCS; with length, filled up with zeros to that many octets."""
    octets = bytes.fromhex((destination + source).replace(":", "")) + struct.pack("!H", ethertype) + payload
    return octets if length is None else octets.ljust(length, b"\0")


def sublayer(number=None, other_bits=0):
    """The default L2-specific sublayer."""
    return struct.pack("!I", other_bits | (0 if number is None else 0x40000000 | number))


def data(session_id, payload, cookie=b"", middle=b"", flags=0x0003, reserved=0, over="udp"):
    """A data packet of version 3 from the first octet after UDP or IP; middle is the sublayer."""
    start = struct.pack("!HH", flags, reserved) if over == "udp" else b""
    return start + struct.pack("!I", session_id) + cookie + middle + payload


def data2(tunnel_id, session_id, payload, number=None, flags=0x0002, length=None, nr=0, offset=None):
    """A data packet of version 2. length is what stands in the Length field, offset the octets of the offset pad;
    with either, and with a number, the flag that says so is set."""
    flags |= (0x0800 if number is not None else 0) | (0x4000 if length is not None else 0)
    flags |= 0x0200 if offset is not None else 0
    return b"".join((
        struct.pack("!H", flags),
        b"" if length is None else struct.pack("!H", length),
        struct.pack("!HH", tunnel_id & 0xffff, session_id & 0xffff),
        b"" if number is None else struct.pack("!HH", number, nr),
        b"" if offset is None else struct.pack("!H", len(offset)) + offset,
        payload))


def checksum(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp4(source, destination, sport, dport, payload, good_checksum=True):
    """An IPv4 packet with UDP in it, as the payload of a frame of type 0x0800."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!BBH", 0, 17, 8 + len(payload))
    total = checksum(pseudo + struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload) or 0xffff
    if not good_checksum:
        total ^= 0x0101
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), total) + payload
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + socket.inet_aton(source) + \
        socket.inet_aton(destination)
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + udp


@dataclasses.dataclass
class Outer:
    """A packet as seen on the wire."""
    family: int
    source: str
    destination: str
    tos: int
    ttl: int
    protocol: int         # 17, 115, or 44 for a fragment over IPv6
    payload: bytes        # of IP
    df: bool = False
    mf: bool = False
    offset: int = 0
    identification: int = 0
    header_checksum_good: bool = True

    @property
    def fragment(self):
        return self.mf or self.offset > 0 or (self.family == 6 and self.protocol == 44)

    @property
    def sport(self):
        return struct.unpack_from("!H", self.payload, 0)[0]

    @property
    def dport(self):
        return struct.unpack_from("!H", self.payload, 2)[0]

    @property
    def udp_checksum(self):
        return struct.unpack_from("!H", self.payload, 6)[0]

    @property
    def udp_checksum_good(self):
        kind = socket.AF_INET if self.family == 4 else socket.AF_INET6
        pseudo = socket.inet_pton(kind, self.source) + socket.inet_pton(kind, self.destination)
        return checksum(pseudo + struct.pack("!II", len(self.payload), 17) + self.payload) == 0

    @property
    def l2tp(self):
        return self.payload[8:] if self.protocol == 17 else self.payload


def outer(octets):
    """An Outer from a frame of the wire; None if it is neither IPv4 nor IPv6."""
    ethertype = struct.unpack_from("!H", octets, 12)[0]
    ip = octets[14:]
    if ethertype == 0x0800:
        header = (ip[0] & 15) * 4
        length, identification, fragment = struct.unpack_from("!HHH", ip, 2)
        return Outer(4, socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20]), ip[1], ip[8], ip[9],
                     ip[header:length], bool(fragment & 0x4000), bool(fragment & 0x2000), (fragment & 0x1fff) * 8,
                     identification, checksum(ip[:header]) == 0)
    if ethertype == 0x86dd:
        word, length, protocol, hops = struct.unpack_from("!IHBB", ip, 0)
        return Outer(6, socket.inet_ntop(socket.AF_INET6, ip[8:24]), socket.inet_ntop(socket.AF_INET6, ip[24:40]),
                     word >> 20 & 0xff, hops, protocol, ip[40:40 + length])
    return None
