# SPDX-License-Identifier: BSD-2-Clause
"""What the fast path does not take goes by way of the engine, and arrives; what must not arrive is refused with a reason."""
import os
import select
import signal
import socket
import struct

import pytest

from support import proc
from support.capture import Capture
from support.daemon import Cli, settle
from support.fast_pair import INNER, PORT, FastPair, lay_cable
from support.soon import within
from support.wait import AT_MOST, eventually

COOKIE = "0123456789abcdef"
ICMP_ECHO, DSTOPTS = 8, 59  # IPV6_DSTOPTS


pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def wire(request):
    cable = lay_cable("plain", request.param)
    yield cable
    cable.close()


def headers(pair):
    """Outer headers of four pings, one after the other, without ids and flow labels; and whether each has a checksum."""
    family = pair.hosts[0].family

    def is_data(frame):
        at = {4: 14 + 20, 6: 14 + 40}[family]
        return frame[at:at + 6] == struct.pack("!HHH", PORT, PORT, 8 + 12 + 14 + 20 + 8 + 100)
    with Capture(pair.hosts[1], "wire", is_data) as capture:
        for _ in range(4):
            pair.hosts[0].run("ping", "-c", 1, "-s", 100, INNER[4][1])
        frames = [frame for frame in capture.waiting() if frame[:6] == bytes.fromhex(
            pair.hosts[1].link("wire")["address"].replace(":", ""))]
    assert len(frames) >= 4
    if family == 4:
        return {(f[14:16], f[20:24], f[26:40]) for f in frames}, [any(f[40:42]) for f in frames]
    return {(f[14:15], f[15] & 0xf0, f[20:60]) for f in frames}, [any(f[60:62]) for f in frames]


def test_headers_are_those_of_the_other_path(wire):
    """TOS or traffic class, TTL or hop limit, addresses, ports. The fast path sends no checksum; the other does, once it has
    sent a batch."""
    compare_headers(wire)


def test_the_hop_limit_is_that_of_the_route(wire):
    route, peer = ("ip", f"-{wire.family}", "route"), wire.addresses(wire.family)[1]
    wire.near.run(*route, "replace", peer, "dev", "wire", "hoplimit", 17)
    try:
        compare_headers(wire)
    finally:
        wire.near.run(*route, "del", peer, "dev", "wire")


def compare_headers(wire):
    near = wire.near
    near.family = wire.family
    try:
        with FastPair(wire) as pair:
            before = pair.slow_packets(0)[0]
            fast, checksums = headers(pair)
            assert not any(checksums)
            assert pair.slow_packets(0)[0] <= before + 2
            near.run("nft", "add table inet t; add chain inet t c { type filter hook output priority 0; policy drop; }; "
                     "flush chain inet t c; add rule inet t c accept")
            cli = Cli(pair.daemons[0], near)
            eventually(lambda: cli.json("-s show session")[0]["fast_path"]["reason"] == "netfilter")
            assert headers(pair)[0] == fast
            assert len(fast) == 1
    finally:
        near.run("nft", "delete table inet t", check=False)


REMOTE = {4: "198.51.100.2", 6: "2001:db8:1::2"}
NOBODY = {4: "192.0.2.9", 6: "2001:db8::9"}


# IPv6 has no routers of IPv4.
@pytest.mark.parametrize("wire, via", [(4, 4), (4, 6), (6, 6)], ids=["udp4-via4", "udp4-via6", "udp6-via6"], indirect=["wire"])
def test_behind_a_router(wire, via):
    """Which may change; and may be one of IPv6 for a tunnel of IPv4."""
    near, far = wire.near, wire.far
    mine = wire.addresses(wire.family)[0]
    router, remote, nobody = (wire.addresses(via)[1], REMOTE[wire.family], NOBODY[via])
    word = "via" if via == wire.family else f"via inet{via}"
    near.ip(f"neighbour replace {nobody} lladdr 02:00:00:00:00:09 dev wire nud permanent")

    def route(by, verb="replace"):
        near.run("ip", f"-{wire.family}", "route", verb, remote, *word.split(), by, "dev", "wire")
    route(router)
    far.ip(f"address add {remote}/{32 if wire.family == 4 else 128} dev lo" + (" nodad" if wire.family == 6 else ""),
           "link set lo up")

    def answers():
        return near.run("ping", "-c", 1, "-W", "0.2", INNER[4][1], check=False).returncode == 0
    try:
        with FastPair(wire, ends=(mine, remote)) as pair:
            before = pair.slow_packets(0)[0]
            near.run("ping", "-c", 20, "-i", "0.002", INNER[4][1])
            assert pair.slow_packets(0)[0] <= before + 2, "the fast path is taken"
            route(nobody)
            within(2, lambda: not answers(), pair.daemons, "packets go the new way")
            route(router)
            within(2, answers, pair.daemons, "packets go the old way again")
    finally:
        route(router, "del")
        far.run("ip", "address", "del", remote, "dev", "lo")


def test_what_is_too_large_is_cut_outside(wire):
    """An inner packet that fits the interface, but not the wire in one."""
    with FastPair(wire) as pair:
        for host in pair.hosts:
            host.ip("link set pw mtu 1500")
        pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", "-s", 1472, INNER[4][1])
        pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", "-s", 1452, INNER[6][1])
        pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", "-s", 64000, INNER[4][1])
        eventually(pair.agree, "nothing is lost or counted twice")


def echo_frame(pair, octets):
    """An ICMP echo request from far to near in Ethernet, with @octets of data."""
    def total(data):
        data += bytes(len(data) % 2)
        s = sum(struct.unpack(f"!{len(data) // 2}H", data))
        s = (s & 0xffff) + (s >> 16)
        return ~((s & 0xffff) + (s >> 16)) & 0xffff
    icmp = struct.pack("!BBHHH", ICMP_ECHO, 0, 0, 77, 1) + bytes(octets)
    icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 7, 0, 64, 1, 0, socket.inet_aton(INNER[4][1]),
                     socket.inet_aton(INNER[4][0]))
    ip = ip[:10] + struct.pack("!H", total(ip)) + ip[12:]
    mac = [bytes.fromhex(host.link("pw")["address"].replace(":", "")) for host in pair.hosts]
    return mac[0] + mac[1] + b"\x08\x00" + ip + icmp


def send_raw(pair, payload, options=False):
    """As if far's tunnel had sent it, by a raw socket, which cuts what is too large."""
    family = pair.hosts[1].family
    near, far = [(pair.hosts[0].NEAR, PORT), (pair.hosts[0].FAR, PORT)]
    udp = struct.pack("!HHHH", PORT, PORT, 8 + len(payload), 0) + payload
    with pair.hosts[1].socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP) as s:
        s.bind((far[0], 0))
        if options:
            s.setsockopt(socket.IPPROTO_IPV6, DSTOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
        if family == 6:
            s.setsockopt(socket.IPPROTO_IPV6, 7, -1)  # IPV6_CHECKSUM: as it is
        s.sendto(udp, (near[0], 0))


def test_odd_packets(wire):
    """Fragments and extension headers are taken by the engine; another cookie is refused."""
    for host in (wire.near, wire.far):
        host.family = wire.family
        host.NEAR, host.FAR = wire.addresses(wire.family)
    with FastPair(wire, session={"COOKIE": COOKIE, "PEER_COOKIE": COOKIE}) as pair:
        good = struct.pack("!HHI", 3, 0, 1) + bytes.fromhex(COOKIE) + bytes(4)
        bad = struct.pack("!HHI", 3, 0, 1) + bytes.fromhex(COOKIE)[::-1] + bytes(4)

        def received():
            """Echo requests: nothing else sends any."""
            names, values = [line.split() for line in pair.hosts[0].run("cat", "/proc/net/snmp").stdout.splitlines()
                             if line.startswith("Icmp:")]
            return int(values[names.index("InEchos")])

        def slow():
            return pair.slow_packets(0)[1]
        before, slow_before = received(), slow()
        send_raw(pair, good + echo_frame(pair, 100))
        eventually(lambda: received() == before + 1)
        assert slow() == slow_before, "an ordinary one is taken by the fast path"
        send_raw(pair, good + echo_frame(pair, 2000))
        eventually(lambda: received() == before + 2, "in fragments")
        assert slow() > slow_before
        if wire.family == 6:
            send_raw(pair, good + echo_frame(pair, 100), options=True)
            eventually(lambda: received() == before + 3, "behind an extension header")
        before = received()
        send_raw(pair, bad + echo_frame(pair, 100))
        eventually(lambda: pair.counts()[0]["RX_COOKIE_DISCARDS"] == 1)
        assert received() == before
        pair.hosts[0].run("ping", "-c", 3, "-i", "0.02", INNER[4][1])


def test_fragments_are_not_overtaken(plain_wire):
    """A datagram that came in fragments waits for the engine, which has no time; what follows it does not pass it."""
    with FastPair(plain_wire) as pair:
        near, far = pair.hosts
        for host in pair.hosts:
            host.ip("link set pw mtu 1500")
        with near.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, far.socket(socket.AF_INET, socket.SOCK_DGRAM) as into:
            into.bind((INNER[4][1], 0))
            into.settimeout(AT_MOST)
            out.connect(into.getsockname())
            for octets in (100, 1400, 100):
                out.send(bytes(octets))
                assert len(into.recv(2000)) == octets
            engine = pair.daemons[1].engine_pid
            eventually(lambda: pair.reason(1) == "used")
            settle(0.2)  # gates are open again
            os.kill(engine, signal.SIGSTOP)
            try:
                eventually(lambda: proc.stands_still(engine))
                protocol = "Ip" if plain_wire.family == 4 else "Ip6"
                whole = far.snmp(protocol)["ReasmOKs"]
                out.send(bytes(1472))
                # Not only sent: without NAPI each processor takes what it has sent over a veth out of a backlog of its own.
                eventually(lambda: far.snmp(protocol)["ReasmOKs"] == whole + 1, "its fragments have come")
                out.send(bytes(100))
                assert not select.select([into], [], [], 0.3)[0], f"first of all came {len(into.recv(2000))} octets"
            finally:
                os.kill(engine, signal.SIGCONT)
            assert [len(into.recv(2000)) for _ in range(2)] == [1472, 100]
