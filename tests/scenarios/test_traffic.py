# SPDX-License-Identifier: BSD-2-Clause
"""Two hosts behind a pseudowire: what one sends the other gets, whole and once, and the counters agree."""
import hashlib
import os
import random
import socket
import threading

import pytest

from support.api import IP, UDP, Api, agree
from support.netns import Cable
from support.transfer import transfer
from support.wait import AT_MOST, SLOW, eventually

quick = pytest.mark.quick
MEBIBYTES = 16

UNDERLAYS = {
    "udp4": ("udp", 4, {}),
    "udp4-csum": ("udp", 4, {"UDP_CSUM": 1}),
    "udp6": ("udp", 6, {}),
    "udp6-zero": ("udp", 6, {"UDP_ZERO_CSUM6_TX": True, "UDP_ZERO_CSUM6_RX": True}),
    "ip4": ("ip", 4, {}),
    "ip6": ("ip", 6, {}),
}
SESSIONS = {
    "plain": {},
    "none": {"L2SPEC_TYPE": 0},
    "cookies": {"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"},
    "numbered": {"SEND_SEQ": 1, "RECV_SEQ": 1},
    "reordered": {"SEND_SEQ": 1, "RECV_SEQ": 1, "RECV_TIMEOUT": 100, "COOKIE": "c00c1e55", "PEER_COOKIE": "c00c1e55"},
}


class Pseudowire:
    """A tunnel between near and far, both of the same daemon, with 10.9.0.1 and .2, fd09::1 and ::2 at its ends."""

    def __init__(self, daemon, cable, underlay, session):
        over, family, tunnel = UNDERLAYS[underlay]
        near, far = cable.addresses(family)
        prefix = "IP6" if family == 6 else "IP"
        self.hosts = (cable.near, cable.far)
        self.apis = [Api(daemon, host) for host in self.hosts]
        for api, own, peer in zip(self.apis, (near, far), (far, near)):
            ports = {"UDP_SPORT": 7000, "UDP_DPORT": 7000} if over == "udp" else {}
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, ENCAP_TYPE=UDP if over == "udp" else IP,
                              **{prefix + "_SADDR": own, prefix + "_DADDR": peer}, **ports, **tunnel)
            api.session_create(1, 1, IFNAME="pw", **SESSIONS[session])
        # With both ends there, so that no packet meets a closed port.
        for host, number in zip(self.hosts, (1, 2)):
            host.sysctl("net/ipv6/conf/pw/disable_ipv6", 0)
            host.sysctl("net/ipv6/conf/pw/accept_dad", 0)
            host.ip(f"address add 10.9.0.{number}/24 dev pw", f"address add fd09::{number}/64 dev pw nodad",
                    "link set pw up")

    def counts(self):
        return [api.session_get(1, 1)["STATS"] for api in self.apis]

    def agree(self):
        return agree(*self.counts())

    def close(self):
        for api in self.apis:
            api.tunnel_delete(1)
            api.close()
        eventually(lambda: not any("pw" in host.devices() for host in self.hosts), timeout=30)


def whole(pseudowire, octets):
    expected = hashlib.sha256(octets).hexdigest()
    near, far = pseudowire.hosts
    assert transfer(near, far, "10.9.0.2", octets) == expected
    assert transfer(far, near, "fd09::1", octets) == expected
    eventually(pseudowire.agree, "the counters of both ends agree")


@quick
@pytest.mark.parametrize("underlay", UNDERLAYS)
def test_tcp_over_each_underlay(shared_daemon, cable, underlay):
    """Both ways, inside IPv4 and IPv6; the wire carries packets of at most 1500 octets, without offloads.

    Requirements: TX-1, TX-6, RX-8, HDR-6, STAT-1, RX-62
    """
    pseudowire = Pseudowire(shared_daemon, cable, underlay, "cookies")
    try:
        whole(pseudowire, os.urandom(MEBIBYTES << 20))
    finally:
        pseudowire.close()


@quick
@pytest.mark.parametrize("session", SESSIONS)
@pytest.mark.parametrize("underlay", ["udp4", "ip4"])
def test_tcp_in_each_kind_of_session(shared_daemon, cable, underlay, session):
    """
    Requirements: HDR-2, SEQ-1, SEQ-21, SEQ-6
    """
    pseudowire = Pseudowire(shared_daemon, cable, underlay, session)
    try:
        whole(pseudowire, os.urandom(MEBIBYTES << 20))
    finally:
        pseudowire.close()


@pytest.fixture(scope="module")
def wide_cable():
    """As a veth is by default: packets of 64 KiB pass whole, checksums are left open."""
    made = Cable(offloads=True)
    yield made
    made.close()


@quick
@pytest.mark.parametrize("session", ["cookies", "numbered"])
@pytest.mark.parametrize("underlay", UNDERLAYS)
def test_tcp_with_offloads_on_the_way(shared_daemon, wide_cable, underlay, session):
    """
    Requirements: TX-1, TX-6, RX-8
    """
    pseudowire = Pseudowire(shared_daemon, wide_cable, underlay, session)
    try:
        whole(pseudowire, os.urandom(MEBIBYTES << 20))
    finally:
        pseudowire.close()


@quick
@pytest.mark.parametrize("underlay", UNDERLAYS)
def test_datagrams_of_every_size(shared_daemon, cable, underlay):
    """Each arrives as it was sent, in order; those above the MTU as fragments of the inner packet.

    Requirements: HDR-6, TX-2, TX-4, RX-8
    """
    pseudowire = Pseudowire(shared_daemon, cable, underlay, "cookies")
    near, far = pseudowire.hosts
    chance = random.Random(7)
    sizes = [*range(0, 60), *(chance.randrange(60, 9000) for _ in range(200)), 1400, 1472, 65000]
    try:
        with near.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, \
                far.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("10.9.0.2", 999))
            receiver.settimeout(30 * SLOW)
            for size in sizes:
                octets = chance.randbytes(size)
                sender.sendto(octets, ("10.9.0.2", 999))
                assert receiver.recv(1 << 16) == octets
        eventually(pseudowire.agree)
    finally:
        pseudowire.close()


@quick
def test_several_streams_at_once(shared_daemon, cable):
    """Of two sessions in one tunnel and both directions: nobody's octets get into another's.

    Requirements: SES-4, TX-8
    """
    pseudowire = Pseudowire(shared_daemon, cable, "udp4", "cookies")
    near, far = pseudowire.hosts
    results = []

    def stream(number):
        source, destination = (near, far) if number % 2 else (far, near)
        address = "10.9.0.2" if number % 2 else "10.9.0.1"
        octets = bytes([number]) * (4 << 20)
        results.append(transfer(source, destination, address, octets) == hashlib.sha256(octets).hexdigest())

    try:
        threads = [threading.Thread(target=stream, args=(number,), daemon=True) for number in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120 * SLOW)
        assert results == [True] * 6
        eventually(pseudowire.agree)
    finally:
        pseudowire.close()


@quick
def test_a_session_is_deleted_under_load(shared_daemon, cable):
    """And made again, with traffic going on, many times: nothing is left and nothing breaks."""
    pseudowire = Pseudowire(shared_daemon, cable, "udp4", "cookies")
    near, far = pseudowire.hosts
    stop = threading.Event()

    def flood():
        with near.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not stop.is_set():
                try:
                    sender.sendto(b"x" * 1000, ("10.9.0.2", 999))
                except OSError:
                    pass
    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    try:
        for _ in range(15):
            pseudowire.apis[1].session_delete(1, 1)
            pseudowire.apis[1].session_create(1, 1, IFNAME="pw", **SESSIONS["cookies"])
            far.ip("address add 10.9.0.2/24 dev pw", "link set pw up")
            eventually(lambda: pseudowire.apis[1].session_get(1, 1)["STATS"]["RX_PACKETS"] > 10)
    finally:
        stop.set()
        thread.join(AT_MOST)
        pseudowire.close()
