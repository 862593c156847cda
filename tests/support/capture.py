# SPDX-License-Identifier: BSD-2-Clause
"""capture.py - what arrives on an interface, or leaves by it, frame by frame

Made by an AF_PACKET socket in the interface's namespace, so it sees each frame before the stack does.
"""
import select
import socket
import struct
import time

from support import wire
from support.wait import SLOW

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23


class Capture:
    """Frames that arrive on device after this was made and that `wanted` is true of."""

    def __init__(self, namespace, device, wanted=lambda frame: True):
        self.wanted = wanted
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.bind((device, ETH_P_ALL))
        self.socket.setblocking(False)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, octets):
        """A frame that leaves by the device."""
        self.socket.send(octets)

    def _read(self):
        octets, ancillary, _, _ = self.socket.recvmsg(1 << 17, 256)
        for level, kind, value in ancillary:
            # The stack takes the VLAN tag out of the frame and puts it beside; we want what was received.
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack_from("IIIHHHH", value)
                if status & 0x10:
                    octets = octets[:12] + struct.pack("!HH", tpid if status & 0x40 else 0x8100, tci) + octets[12:]
        return octets

    def next(self, timeout=20):
        """The next frame, or None if none came in time."""
        deadline = time.monotonic() + timeout * SLOW
        while True:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            octets = self._read()
            if self.wanted(octets):
                return octets

    def take(self, count, timeout=20):
        """That many frames; AssertionError if fewer came in time."""
        frames = []
        while len(frames) < count:
            octets = self.next(timeout)
            assert octets is not None, f"{len(frames)} of {count} frames came: {[f.hex() for f in frames]}"
            frames.append(octets)
        return frames

    def waiting(self):
        """All frames that are there already."""
        frames = []
        while True:
            try:
                octets = self._read()
            except BlockingIOError:
                return frames
            if self.wanted(octets):
                frames.append(octets)


class WireCapture(Capture):
    """IP packets that carry L2TP, as wire.Outer; `udp_port` filters by either port."""

    def __init__(self, namespace, device="wire", udp_port=None):
        def wanted(octets):
            packet = wire.outer(octets)
            if packet is None or packet.protocol not in (17, 115, 44):
                return False
            return udp_port is None or packet.fragment or (
                packet.protocol == 17 and udp_port in (packet.sport, packet.dport))
        super().__init__(namespace, device, wanted)

    def packets(self, count, timeout=20):
        return [wire.outer(f) for f in self.take(count, timeout)]

    def packet(self, timeout=20):
        return self.packets(1, timeout)[0]
