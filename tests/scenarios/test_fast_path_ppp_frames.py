# SPDX-License-Identifier: BSD-2-Clause
"""PPP frames of every kind that a peer may send: those that Linux sends take the fast path, all others the engine, and
those of IP arrive in the order they came"""
import socket
import struct

import pytest

from support import wire
from support.api import PPP, Api
from support.daemon import Cli, Daemon
from support.fast_managed import NO_CHECK
from support.fast_pair import INNER, PORT, lay_cable
from support.ppp_file import LCP, PPPIOCCONNECT, PPPIOCNEWUNIT, PppClient, name
from support.wait import eventually

HERE, THERE = INNER[4]

pytestmark = pytest.mark.usefixtures("fast_path")


def packet(number):
    """UDP in IPv4, with this number."""
    datagram = struct.pack("!HHHHI", 9000, 9000, 12, 0, number)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), number, 0, 64, 17, 0, socket.inet_aton(THERE), socket.inet_aton(HERE))
    return ip[:10] + struct.pack("!H", wire.checksum(ip)) + ip[12:] + datagram


def l2tp(payload, flags=0x0002, behind=b"", length=False):
    """A data packet of version 2; behind: what else its header has."""
    header = struct.pack("!HH", 1, 1) + behind
    if length:
        header = struct.pack("!H", 4 + len(header) + len(payload)) + header
    return struct.pack("!H", flags) + header + payload


# What makes a packet of the octets of an IPv4 packet, and whether the fast path takes it.
FRAMES = {
    "as-linux": (lambda p: l2tp(b"\xff\x03\x00\x21" + p), True),
    "no-address": (lambda p: l2tp(b"\x00\x21" + p), False),
    "short-protocol": (lambda p: l2tp(b"\xff\x03\x21" + p), False),
    "neither": (lambda p: l2tp(b"\x21" + p), False),
    "length": (lambda p: l2tp(b"\xff\x03\x00\x21" + p, 0x4002, length=True), False),
    "priority": (lambda p: l2tp(b"\xff\x03\x00\x21" + p, 0x0102), False),
    "offset": (lambda p: l2tp(b"\xff\x03\x00\x21" + p, 0x0202, struct.pack("!HH", 2, 0)), False),
    "padded": (lambda p: l2tp(b"\xff\x03\x00\x21" + p + bytes(7)), True),
}


@pytest.fixture(scope="module")
def near():
    """A ul2tpd whose session's peer is a socket: (host, its Cli, its unit, the peer's socket, a socket behind the interface)"""
    cable = lay_cable("plain")
    try:
        with Daemon("--fast-path", "require") as daemon, Api(daemon, cable.near) as api, PppClient(daemon, cable.near) as client:
            own, there = cable.addresses(4)
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, PROTO_VERSION=2, ENCAP_TYPE=0, IP_SADDR=own, IP_DADDR=there,
                              UDP_SPORT=PORT, UDP_DPORT=PORT)
            api.session_create(1, 1, PW_TYPE=PPP)
            call = client.socket()
            call.connect(name(1, 1, 0, 0, version=3))
            channel, unit = client.channel_file(call.channel()), client.file()
            number = unit.ioctl_int(PPPIOCNEWUNIT, -1)
            channel.ioctl_int(PPPIOCCONNECT, number)
            cable.near.ip(f"link set ppp{number} name pw up", f"address add {HERE}/24 dev pw")
            with cable.far.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, \
                    cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as behind:
                peer.setsockopt(*NO_CHECK[4], 1)
                peer.bind((there, PORT))
                peer.connect((own, PORT))
                behind.bind((HERE, 9000))
                behind.settimeout(20)
                yield cable.near, Cli(daemon, cable.near), channel, peer, behind
    finally:
        cable.close()


def sent_and_received(peer, behind, frames):
    for number, frame in enumerate(frames):
        peer.send(frame(packet(number)))
    return [struct.unpack("!I", behind.recv(100))[0] for _ in frames]


def warm_up(near):
    """The session takes the fast path, and nothing is on its way to the engine."""
    host, cli, _, peer, behind = near
    plain = [FRAMES["as-linux"][0]] * 20

    def is_fast():
        before = host.link_statistics("pw")["rx_packets"]
        sent_and_received(peer, behind, plain)
        return host.link_statistics("pw")["rx_packets"] == before
    eventually(is_fast, "all is taken", interval=0.05)
    assert cli.json("-s show session")[0]["fast_path"]["reason"] == "used"


@pytest.mark.parametrize("kind", FRAMES)
def test_who_takes_it(near, kind):
    """
    Requirements: RX-60, PPP-20
    """
    host, _, _, peer, behind = near
    make, is_fast = FRAMES[kind]
    warm_up(near)
    before = host.link_statistics("pw")["rx_packets"]
    assert sent_and_received(peer, behind, [make]) == [0]
    assert host.link_statistics("pw")["rx_packets"] - before == int(not is_fast)


def test_all_kinds_in_turn_keep_their_order(near):
    _, _, _, peer, behind = near
    warm_up(near)
    frames = [make for make, _ in FRAMES.values()] * 20
    assert sent_and_received(peer, behind, frames) == list(range(len(frames)))


def test_what_is_not_ip_comes_to_the_files(near):
    _, _, channel, peer, behind = near
    warm_up(near)
    peer.send(l2tp(b"\xff\x03" + LCP))
    assert channel.receive() == LCP
    assert sent_and_received(peer, behind, [FRAMES["as-linux"][0]]) == [0]
