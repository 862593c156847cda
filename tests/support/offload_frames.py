# SPDX-License-Identifier: BSD-2-Clause
"""offload_frames.py - Ethernet frames of TCP and UDP of every kind by chance, plain or as a sender with offloads has them

An oracle of ours is the system: what it cuts a frame into, or lets through, is what a frame should become.
"""
import dataclasses
import random
import socket
import struct

from support.wire import checksum

TCP, UDP = 6, 17
GSO_TCP4, GSO_TCP6, GSO_UDP, GSO_ECN = 1, 4, 5, 0x80
NEEDS_CSUM = 1
VNET = struct.Struct("=BBHHHH")  # struct virtio_net_hdr
ADDRESSES = {4: [socket.inet_pton(socket.AF_INET, a) for a in ("10.1.0.1", "10.1.0.2")],
             6: [socket.inet_pton(socket.AF_INET6, a) for a in ("fd01::1", "fd01::2")]}
MACS = bytes.fromhex("020000000001" "020000000002")
PSH, ACK, URG, ECE, CWR, AE = 0x08, 0x10, 0x20, 0x40, 0x80, 0x100


@dataclasses.dataclass
class Flow:
    """What stays, and what counts up, from frame to frame of a sender."""
    number: int
    version: int
    protocol: int
    tags: list
    ip_options: bytes
    extension: bytes
    tcp_options: bytes
    traffic_class: int
    label: int
    size: int
    identification: int
    seq: int
    ack: int = 7
    window: int = 500
    ttl: int = 64
    fragment: int = 0x4000

    @classmethod
    def by_chance(cls, chance: random.Random, number, sizes=(1, 100, 536, 1200, 1400)):
        protocol, version = chance.choice((TCP, TCP, UDP)), chance.choice((4, 6))
        tags = [(0x88a8, 0x8100)[at == 0] for at in range(chance.choice((0, 0, 0, 1, 2)))][::-1]
        stamps = b"\1\1\x08\x0a" + chance.randbytes(8)
        sack = b"\1\1\x05\x0a" + chance.randbytes(8)
        return cls(number, version, protocol, [(kind, chance.randrange(1 << 16)) for kind in tags],
                   chance.choice((b"", b"", b"", b"\1\1\1\0", b"\x94\4\0\0")),
                   chance.choice((b"", b"", b"", b"\1\4" + bytes(4), b"\1\4" + bytes(4))),
                   chance.choice((b"", stamps, stamps + sack, b"\x13\x12" + chance.randbytes(16) + b"\1\1")),
                   chance.choice((0, 0, 1, 2, 3, 0xb8)), chance.choice((0, 0x12345)), chance.choice(sizes),
                   chance.randrange(1 << 16), chance.randrange(1 << 32))

    def sent(self, octets, packets=1):
        self.seq = (self.seq + octets) % (1 << 32)
        self.identification = (self.identification + packets) % (1 << 16)

    # --- octets

    def pseudo(self, length):
        source, destination = ADDRESSES[self.version]
        return source + destination + struct.pack("!II", length, self.protocol)

    def transport(self, payload, flags, urgent=0):
        """The header, its checksum 0."""
        ports = struct.pack("!HH", 3000 + self.number, 5001)
        if self.protocol == UDP:
            return ports + struct.pack("!HH", (8 + len(payload)) & 0xffff, 0)
        offset = 5 + len(self.tcp_options) // 4
        return ports + struct.pack("!IIHHHH", self.seq, self.ack, offset << 12 | flags, self.window, 0,
                                   urgent) + self.tcp_options

    def internet(self, length):
        source, destination = ADDRESSES[self.version]
        if self.version == 4:
            header = struct.pack("!BBHHHBBH", 0x45 + len(self.ip_options) // 4, self.traffic_class,
                                 20 + len(self.ip_options) + length, self.identification, self.fragment, self.ttl,
                                 self.protocol, 0) + source + destination + self.ip_options
            return header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        extension = bytes([self.protocol, 0]) + self.extension if self.extension else b""
        return struct.pack("!IHBB", 6 << 28 | self.traffic_class << 20 | self.label, len(extension) + length,
                           0 if extension else self.protocol, self.ttl) + source + destination + extension

    def ethernet(self):
        return MACS + b"".join(struct.pack("!HH", *tag) for tag in self.tags) + \
            struct.pack("!H", 0x0800 if self.version == 4 else 0x86dd)

    def frame(self, payload, flags=ACK, urgent=0, partial=False):
        """partial: nothing but the sum of the pseudo header where the checksum is to be."""
        transport, field = self.transport(payload, flags, urgent), 16 if self.protocol == TCP else 6
        length = len(transport) + len(payload)
        total = checksum(self.pseudo(length) + (b"" if partial else transport + payload))
        if partial:
            total ^= 0xffff
        elif self.protocol == UDP:
            total = total or 0xffff
        transport = transport[:field] + struct.pack("!H", total) + transport[field + 2:]
        return self.ethernet() + self.internet(length) + transport + payload

    def headers(self):
        """Octets before the transport header, and with it."""
        before = len(self.ethernet() + self.internet(0))
        return before, before + len(self.transport(b"", 0))

    def offloaded(self, payload, flags=ACK, urgent=0):
        """A virtio-net header and the frame, to be cut into payloads of self.size octets."""
        start, end = self.headers()
        kind = GSO_UDP if self.protocol == UDP else GSO_TCP4 if self.version == 4 else GSO_TCP6
        if self.protocol == TCP and flags & CWR:
            kind |= GSO_ECN
        if len(payload) <= self.size:
            kind = 0
        return VNET.pack(NEEDS_CSUM, kind, end, self.size if kind else 0, start, 16 if self.protocol == TCP else 6) + \
            self.frame(payload, flags, urgent, partial=True)


def flags_by_chance(chance):
    """Of TCP: mostly ACK alone."""
    return chance.choice((ACK,) * 6 + (ACK | PSH, ACK | ECE, ACK | CWR, ACK | AE, ACK | URG, ACK | PSH | CWR | ECE, ACK | 1))
