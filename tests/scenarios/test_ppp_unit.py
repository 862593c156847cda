# SPDX-License-Identifier: BSD-2-Clause
"""Units of PPP: two ends of a link in two namespaces, interfaces pppN at both, files of /dev/ppp by direct requests"""
import errno
import json
import os
import signal
import socket
import struct

import pytest

from support import netlink
from support.api import UL2TP_NUMBERS, encode
from support.netlink import Refused
from support.netns import Namespace
from support.ppp_file import (DEAD, LCP, ON_IDLE_UNIT, ON_UNIT, PPPIOCATTACH, PPPIOCCONNECT, PPPIOCDISCONN,
                              PPPIOCGFLAGS, PPPIOCGUNIT, PPPIOCNEWUNIT, PPPIOCSFLAGS, PppClient)
from support.ppp_link import End, brought_up, transfer
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2")
IPCP = bytes.fromhex("8021616263646566")
PPPIOCSNPMODE, PPPIOCGNPMODE, PPPIOCGIDLE32, PPPIOCGIDLE64 = 0x4008744b, 0xc008744c, 0x8008743f, 0x8010743f
PPPIOCSMRU, PPPIOCSDEBUG, PPPIOCGDEBUG, PPPIOCGASYNCMAP = 0x40047452, 0x40047440, 0x80047441, 0x80047458
PASS, DROP = 0, 1


@pytest.fixture(params=[(2, "udp"), (3, "udp"), (3, "ip")], ids=lambda p: f"v{p[0]}-{p[1]}")
def link(request, shared_daemon, cable):
    version, over = request.param
    ends = [End(shared_daemon, ns, ids, addresses, version, over) for ns, ids, addresses in (
        (cable.near, (1, 2), ("192.0.2.1", "192.0.2.2")), (cable.far, (2, 1), ("192.0.2.2", "192.0.2.1")))]
    yield ends
    for end in ends:
        end.close()
    for end in ends:
        eventually(lambda e=end: e.device not in e.namespace.devices(), f"{end.device} gone")


def refused(code, function, *arguments):
    with pytest.raises(Refused) as caught:
        function(*arguments)
    assert caught.value.errno == getattr(errno, code), caught.value


def test_ip_goes_through_both_ways(link):
    """
    Requirements: PPP-55, PPP-58, PPP-81, PPP-82, PPP-84
    """
    brought_up(link)
    near = link[0].namespace
    near.run("ping", "-c", "2", "-i", "0.05", "10.8.0.2")
    near.run("ping", "-c", "2", "-i", "0.05", "fd08::2")
    near.run("ping", "-c", "1", "-s", "1372", "-M", "do", "10.8.0.2")
    near.run("ping", "-c", "1", "-s", "4000", "10.8.0.2")
    assert transfer(link, socket.AF_INET, 4 << 20)
    assert transfer(link, socket.AF_INET6, 1 << 20)


def test_control_frames_go_by_the_files(link):
    """
    Requirements: PPP-20, PPP-40, PPP-42, PPP-26
    """
    near, far = link
    for end in link:
        end.connect()
    near.unit.send(IPCP)
    assert far.unit.receive() == IPCP
    near.channel.send(LCP)
    assert far.channel.receive() == LCP
    near.unit.send(LCP)
    assert far.channel.receive() == LCP
    near.channel.send(IPCP)
    assert far.unit.receive() == IPCP
    near.unit.send(b"\x12\x35zzzzzz")
    assert far.unit.receive() == b"\x12\x35zzzzzz"


def test_what_the_files_say_of_it(link):
    """
    Requirements: PPP-2, PPP-10, PPP-43, PPP-50, PPP-52, PPP-53
    """
    unit, channel = link[0].unit, link[0].channel
    assert unit.state()["PPP_STATE"] == ON_IDLE_UNIT
    link[0].connect()
    assert unit.state()["PPP_STATE"] == ON_UNIT and unit.state()["PPP_UNIT"] == 0
    assert unit.ioctl_int(PPPIOCGUNIT) == 0
    refused("EINVAL", channel.ioctl_int, PPPIOCCONNECT, 0)
    refused("ENOTTY", unit.ioctl_int, PPPIOCNEWUNIT, -1)
    refused("ENOTTY", unit.ioctl_int, PPPIOCGASYNCMAP)
    unit.ioctl_int(PPPIOCSFLAGS, 0x404eec & ~0x600)
    assert unit.ioctl_int(PPPIOCGFLAGS) == 0x404eec & ~0x600
    unit.ioctl_int(PPPIOCSFLAGS, 0)
    unit.ioctl_int(PPPIOCSMRU, 1492)
    unit.ioctl_int(PPPIOCSDEBUG, 7)
    assert unit.ioctl_int(PPPIOCGDEBUG) == 7
    unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x57, 77))
    assert struct.unpack("=ii", unit.ioctl(PPPIOCGNPMODE, struct.pack("=ii", 0x57, 0))) == (0x57, 77)
    refused("EINVAL", unit.ioctl, PPPIOCSNPMODE, struct.pack("=ii", 0xc021, 0))
    assert len(unit.ioctl(PPPIOCGIDLE32)) == 8 and max(struct.unpack("=QQ", unit.ioctl(PPPIOCGIDLE64))) < 60
    channel.ioctl_int(PPPIOCDISCONN)
    refused("EINVAL", channel.ioctl_int, PPPIOCDISCONN)
    assert unit.receive() == b"" and not unit.hung_up()
    refused("ENXIO", channel.ioctl_int, PPPIOCCONNECT, 5)


def test_a_mode_keeps_packets_in_and_out(link):
    """
    Requirements: PPP-52
    """
    brought_up(link)
    near, far = link
    near.namespace.run("ping", "-c", "1", "10.8.0.2")
    for end in (near, far):
        end.unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x21, DROP))
        assert near.namespace.run("ping", "-c", "1", "-W", "0.2", "10.8.0.2", check=False).returncode == 1
        near.namespace.run("ping", "-c", "1", "fd08::2")
        end.unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x21, PASS))
    near.namespace.run("ping", "-c", "1", "10.8.0.2")


def test_it_dies_with_its_owner_and_with_its_interface(link):
    """
    Requirements: PPP-44, PPP-45, PPP-83
    """
    near, far = link
    for end in link:
        end.connect()
    other = near.ppp.file()
    other.ioctl_int(PPPIOCATTACH, 0)
    near.unit.close()
    eventually(other.hung_up)
    assert other.receive() == b"" and other.state()["PPP_STATE"] == DEAD
    eventually(lambda: "ppp0" not in near.namespace.devices())
    far.channel.send(LCP)
    assert near.channel.receive() == LCP
    near.channel.ioctl_int(PPPIOCDISCONN)
    again = near.ppp.file()
    assert again.ioctl_int(PPPIOCNEWUNIT, -1) == 0
    far.namespace.ip("link del ppp0")
    eventually(far.unit.hung_up)
    assert far.unit.receive() == b""


def test_packets_that_are_routed_into_their_own_session(link):
    """
    Requirements: PPP-56
    """
    brought_up(link)
    near = link[0].namespace
    near.run("ping", "-c", "1", "10.8.0.2")
    before = near.link_statistics("ppp0")["tx_packets"]
    near.ip("route add 192.0.2.2/32 dev ppp0 src 192.0.2.1")
    assert near.run("ping", "-c", "1", "-W", "0.3", "10.8.0.2", check=False).returncode == 1
    assert near.run("ping", "-c", "1", "-W", "0.3", "-s", "4000", "10.8.0.2", check=False).returncode == 1
    assert near.link_statistics("ppp0")["tx_packets"] - before < 20
    near.ip("route del 192.0.2.2/32 dev ppp0")
    near.run("ping", "-c", "1", "10.8.0.2")


def test_rules_and_mtu_of_the_interface(link):
    """
    Requirements: PPP-84
    """
    brought_up(link)
    near = link[0].namespace

    def passes(size):
        return near.run("ping", "-c", "1", "-W", "0.3", "-M", "do", "-s", size, "10.8.0.2", check=False).returncode == 0
    assert passes(1372) and not passes(1373)
    near.ip("link set ppp0 mtu 1300")
    assert passes(1272) and not passes(1273)
    near.run("nft", "table inet rules { chain c { type filter hook output priority 0; oifname ppp0 icmp type echo-request "
             "drop; }; }")
    assert not passes(100)
    near.run("nft", "delete table inet rules")
    assert passes(100)
    near.run("tc", "qdisc", "add", "dev", "ppp0", "root", "handle", "1:", "blackhole")
    assert not passes(100)
    near.run("tc", "qdisc", "del", "dev", "ppp0", "root")
    assert passes(100)


def test_its_addresses_and_routes_are_ordinary(link):
    """It makes no link-local address of its own: pppd gives it the one that was negotiated.

    Requirements: PPP-85
    """
    brought_up(link)
    near, far = (end.namespace for end in link)
    shown = json.loads(near.run("ip", "-6", "-j", "address", "show", "dev", "ppp0").stdout)[0]
    assert [a["local"] for a in shown["addr_info"]] == ["fd08::1"], shown
    far.ip("address add fe80::2 peer fe80::1 dev ppp0 nodad", "address add 198.51.100.1 dev lo", "address add 2001:db8:51::1 dev lo nodad")
    near.ip("address add fe80::1 peer fe80::2 dev ppp0 nodad", "route add 198.51.100.0/24 dev ppp0", "route add 2001:db8:51::/64 via fe80::2 dev ppp0")
    for there in ("fe80::2%ppp0", "198.51.100.1", "2001:db8:51::1"):
        near.run("ping", "-c", "1", there)
    far.ip("address del 198.51.100.1 dev lo", "address del 2001:db8:51::1 dev lo")


def test_it_can_be_renamed_and_moved(link):
    """
    Requirements: PPP-83
    """
    brought_up(link)
    near, far = link
    near.namespace.ip("link set ppp0 name uplink")
    near.namespace.run("ping", "-c", "1", "10.8.0.2")
    away = Namespace("away")
    try:
        near.namespace.ip(f"link set uplink netns {away.name}")
        away.ip("link set uplink mtu 1400 up", "addr add 10.8.0.1/32 peer 10.8.0.2 dev uplink")
        away.run("ping", "-c", "1", "10.8.0.2")
        near.unit.send(IPCP)
        assert far.unit.receive() == IPCP
        assert near.unit.ioctl_int(PPPIOCGUNIT) == 0
        refused("EEXIST", near.ppp.file().ioctl_int, PPPIOCNEWUNIT, 0)
    finally:
        away.close()
    eventually(near.unit.hung_up)
    assert near.ppp.file().ioctl_int(PPPIOCNEWUNIT, 0) == 0


def test_numbers_and_names(shared_daemon, cable):
    """
    Requirements: PPP-2, PPP-80
    """
    cable.near.ip("tuntap add dev ppp1 mode tun")
    with PppClient(shared_daemon, cable.near) as ppp:
        files = [ppp.file() for _ in range(6)]
        assert files[0].ioctl_int(PPPIOCNEWUNIT, -1) == 0
        assert files[1].ioctl_int(PPPIOCNEWUNIT, -1) == 2
        refused("EEXIST", files[2].ioctl_int, PPPIOCNEWUNIT, 1)
        refused("EEXIST", files[2].ioctl_int, PPPIOCNEWUNIT, 2)
        assert files[2].ioctl_int(PPPIOCNEWUNIT, 17) == 17
        refused("ENXIO", files[3].ioctl_int, PPPIOCATTACH, 16)
        files[0].close()
        eventually(lambda: "ppp0" not in cable.near.devices())
        assert files[3].ioctl_int(PPPIOCNEWUNIT, -1) == 0
        assert files[4].ioctl_int(PPPIOCNEWUNIT, -1) == 3
    eventually(lambda: not [d for d in cable.near.devices() if d.startswith("ppp") and d != "ppp1"])


def test_what_was_closed_is_gone_for_the_next_request(shared_daemon, cable):
    """However requests wait: one that was sent after a file was closed does not find what it had, even if another of the
    same client, sent before, is served first.

    Requirements: PPP-44
    """
    with PppClient(shared_daemon, cable.near) as ppp:
        unit, other = ppp.file(), ppp.file()
        assert unit.ioctl_int(PPPIOCNEWUNIT, -1) == 0
        family = ppp.netlink.family("ul2tp")
        attach = netlink.genl_payload(family.tables[0]["PPP_IOCTL"], encode(
            {"PPP_HANDLE": other.handle, "PPP_IOCTL": PPPIOCATTACH, "DATA": bytes(4).hex()}, UL2TP_NUMBERS))
        engine = shared_daemon.engine_pid
        os.kill(engine, signal.SIGSTOP)
        try:
            ppp.netlink.send(netlink.message_encode(netlink.NLMSG_NOOP, netlink.NLM_F_ACK, 1001, b""))
            unit.close()
            ppp.netlink.send(netlink.message_encode(family.id, netlink.NLM_F_REQUEST | netlink.NLM_F_ACK, 1002, attach))
        finally:
            os.kill(engine, signal.SIGCONT)
        answers = [(m.sequence, m.type == netlink.NLMSG_ERROR and netlink.error_decode(m).code)
                   for _ in range(2) for m in ppp.netlink.receive()]
        assert answers == [(1001, 0), (1002, errno.ENXIO)]
        assert other.ioctl_int(PPPIOCNEWUNIT, -1) == 0


def test_it_goes_with_its_namespace(shared_daemon, cable):
    """
    Requirements: PPP-44
    """
    with PppClient(shared_daemon, cable.far) as ppp:
        unit = ppp.file()
        unit.ioctl_int(PPPIOCNEWUNIT, -1)
        ppp.netlink.close()
        cable.close()
        eventually(unit.hung_up)
