# SPDX-License-Identifier: BSD-2-Clause
"""What routes, routers and addresses say of the tunnel's packets holds on the fast path, too, a second later at most"""
import socket
import struct

import pytest

from support.capture import Capture
from support.fast_pair import INNER, PORT, FastPair, lay_cable
from support.soon import within
from support.wait import eventually

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(params=(4, 6), ids=("udp4", "udp6"))
def pair(request):
    cable = lay_cable("plain", request.param)
    try:
        with FastPair(cable) as made:
            yield made
    finally:
        cable.close()


def answers(pair, octets=56):
    return pair.hosts[0].run("ping", "-c", 3, "-i", "0.01", "-W", 1, "-s", octets, INNER[4][1], check=False).returncode == 0


def reason_is(pair, reason):
    within(1, lambda: pair.reason(0) == reason, pair.daemons)


def test_a_route_that_encapsulates(pair):
    """What a route does to packets the fast path does not: it may be there so that they leave in another tunnel alone."""
    near, peer = pair.hosts[0], pair.addresses[1]
    encap = {4: "ip", 6: "ip6"}[pair.family]
    near.run("ip", f"-{pair.family}", "route", "add", peer, "encap", encap, "id", 5, "dst", peer, "dev", "wire")
    reason_is(pair, "underlay-kind")
    near.run("ip", f"-{pair.family}", "route", "del", peer, "dev", "wire")
    reason_is(pair, "used")


def test_an_address_that_is_no_longer_ours(pair):
    """The route to the peer is still there; what comes is for nobody here."""
    near, (own, peer) = pair.hosts[0], pair.addresses
    bits = {4: 24, 6: 64}[pair.family]
    near.run("ip", "address", "add", {4: "192.0.2.99/24", 6: "2001:db8::99/64"}[pair.family], "dev", "wire",
             *(["nodad"] if pair.family == 6 else []))
    near.ip(f"route add {peer} dev wire")
    near.ip(f"address del {own}/{bits} dev wire")
    near.ip(f"route replace {peer} dev wire")
    reason_is(pair, "no-route")
    before = pair.counts()[0]["RX_PACKETS"]
    assert not answers(pair)
    assert pair.counts()[0]["RX_PACKETS"] == before
    near.run("ip", "address", "add", f"{own}/{bits}", "dev", "wire", *(["nodad"] if pair.family == 6 else []))
    reason_is(pair, "used")
    within(1, lambda: answers(pair), pair.daemons)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def say_too_big(host, of, to, mtu):
    """An ICMPv6 Packet Too Big of a packet from @of to @to, as a router on its way would send it."""
    at_to, at_of = (socket.inet_pton(socket.AF_INET6, a) for a in (to, of))
    packet = struct.pack("!IHBB", 6 << 28, 1000, socket.IPPROTO_UDP, 64) + at_of + at_to + struct.pack("!HHHH", PORT, PORT, 1000, 0)
    message = struct.pack("!BBHI", 2, 0, 0, mtu) + packet + bytes(500)
    pseudo = at_to + at_of + struct.pack("!II", len(message), socket.IPPROTO_ICMPV6)
    message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
    with host.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as router:
        router.bind((to, 0))
        router.sendto(message, (of, 0))


@pytest.mark.parametrize("pair", [6], ids=["udp6"], indirect=True)
def test_a_path_mtu_that_is_learnt(pair):
    """Routers of IPv6 cut nothing, and the kernel tells nobody what they said: packets that went on would be lost for ever."""
    near, far = pair.hosts
    own, peer = pair.addresses
    for host in pair.hosts:
        host.ip("link set pw mtu 1400")
    eventually(lambda: answers(pair, 1372))
    say_too_big(far, own, peer, 1280)
    within(1, lambda: "mtu 1280" in near.run("ip", "-6", "route", "get", peer).stdout, pair.daemons)

    def one_is_too_long():
        with Capture(far, "wire", lambda f: f[12:14] == b"\x86\xdd" and len(f) > 14 + 1280 and f[:6] == mac) as capture:
            return not answers(pair, 1372) or capture.waiting()
    mac = bytes.fromhex(far.link("wire")["address"].replace(":", ""))
    within(1, lambda: not one_is_too_long(), pair.daemons)

    def what_fits_takes_it():
        before = pair.slow_packets(0)
        return answers(pair) and pair.slow_packets(0) == before and pair.reason(0) == "used"
    eventually(what_fits_takes_it)
    near.run("ip", "-6", "route", "flush", "cache")
    eventually(lambda: answers(pair, 1372))
