# SPDX-License-Identifier: BSD-2-Clause
"""esp.py - ESP in transport mode between the two ends of a cable, for UDP of one port, as xl2tpd is run"""
from support import wire
from support.capture import Capture

ESP = 50
MODULES = ["esp4", "esp6", "xfrm_user", "gcm", "seqiv", "ghash_generic", "aes_generic", "ctr"]
KEY = "0x" + "0f" * 20


def protect(cable, port, more=""):
    """Policies and states on both ends: what is UDP from and to the port goes encrypted or not at all. more: of the states."""
    near, far = cable.NEAR4, cable.FAR4
    states = [f"xfrm state add src {a} dst {b} proto esp spi {spi:#x} mode transport aead rfc4106(gcm(aes)) {KEY} 128 {more}"
              for a, b, spi in ((near, far, 0x1000), (far, near, 0x1001))]
    for host, own, other in ((cable.near, near, far), (cable.far, far, near)):
        policies = [f"xfrm policy add src {a} dst {b} proto udp sport {port} dport {port} dir {way} tmpl proto esp mode transport"
                    for a, b, way in ((own, other, "out"), (other, own, "in"))]
        host.ip(*states, *policies)


def unprotect(cable):
    for host in (cable.near, cable.far):
        host.ip("xfrm policy flush", "xfrm state flush")


class Protocols:
    """What IP packets came over the cable, in both directions, since this was made."""

    def __init__(self, cable):
        self.captures = [Capture(cable.far, "wire"), Capture(cable.near, "wire")]

    def close(self):
        for capture in self.captures:
            capture.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def counts(self):
        """[{protocol: packets} that came to the far end, the same for the near end]"""
        return [self._count(capture) for capture in self.captures]

    @staticmethod
    def _count(capture):
        found = {}
        for octets in capture.waiting():
            packet = wire.outer(octets)
            if packet:
                found[packet.protocol] = found.get(packet.protocol, 0) + 1
        return found


def without_states(cable):
    """From now on nothing that a policy is about can be sent by the near end."""
    cable.near.ip("xfrm state flush")


def refused(cable):
    """Packets that the near end did not send for want of a state."""
    rows = (line.split() for line in cable.near.read("xfrm_stat").splitlines())
    return {name: int(value) for name, value in rows}["XfrmOutNoStates"]
