# SPDX-License-Identifier: BSD-2-Clause
"""The interface of an Ethernet session: name, address, MTU, and what one does with an interface."""
import errno
import socket

import pytest

from support import wire
from support.api import refused
from support.capture import Capture
from support.netns import run
from support.wait import eventually

pytestmark = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)


def attribute(namespace, device, name):
    return namespace.run("cat", f"/sys/class/net/{device}/{name}").stdout.strip()


# --- MTU ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("over, family, values, mtu", [
    ("udp", 4, {}, 1446),
    ("udp", 4, {"L2SPEC_TYPE": wire.NONE, "COOKIE": "0123456789abcdef"}, 1442),
    ("udp", 4, {"PEER_COOKIE": "0123456789abcdef"}, 1446),
    ("udp", 4, {"SEND_SEQ": 1}, 1446),
    ("ip", 4, {}, 1458),
    ("ip", 4, {"L2SPEC_TYPE": wire.NONE}, 1462),
    ("udp", 6, {}, 1426),
    ("ip", 6, {"L2SPEC_TYPE": wire.NONE}, 1442)],
    ids=lambda v: str(v).replace(" ", "") if isinstance(v, dict) else str(v))
def test_the_mtu_leaves_room_for_the_headers(rig, over, family, values, mtu):
    """
    Requirements: ETH-10, HDR-4
    """
    session = rig.session(over, family, **values)
    assert rig.near.link(session.device)["mtu"] == mtu
    assert session.more().values["MTU"] == mtu


@pytest.mark.parametrize("family, over, values, mtu", [
    (4, 0, {}, 65481), (4, 0, {"COOKIE": "c00c1e55"}, 65477), (6, 0, {}, 65462),
    (6, 1, {"L2SPEC_TYPE": wire.NONE}, 65478)], ids=["udp4", "udp4-cookie4", "udp6", "ip6-none"])
def test_the_mtu_over_a_wide_link(api, cable, family, over, values, mtu):
    """The loopback interface has 65536; what a path over IPv4 can carry ends at 65535.

    Requirements: ETH-10
    """
    address = {"IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1"} if family == 4 else \
        {"IP6_SADDR": "::1", "IP6_DADDR": "::1"}
    cable.near.sysctl("net/ipv6/conf/lo/disable_ipv6", 0)
    ports = {} if over else {"UDP_SPORT": 15001, "UDP_DPORT": 15002}
    api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, ENCAP_TYPE=over, **address, **ports)
    api.session_create(1, 10, **values)
    assert api.more("SESSION_GET", {"CONN_ID": 1, "SESSION_ID": 10})[0].decoded["MTU"] == mtu
    # A TAP ends at 65521 (doc/deviations.md, ETH-3).
    assert cable.near.link(api.session_get(1, 10)["IFNAME"])["mtu"] == min(mtu, 65521)


def test_the_mtu_without_a_peer(rig):
    """Not connected: 1500 is assumed.

    Requirements: ETH-10, TUN-14
    """
    session = rig.tunnel(UDP_DPORT=None).session()
    assert rig.near.link(session.device)["mtu"] == 1446


def test_the_mtu_is_computed_once(rig):
    """Neither the link's nor the session's changes change it; the user may, beyond what the link carries.

    Requirements: ETH-11, LIM-22
    """
    session = rig.session()
    rig.near.ip("link set wire mtu 1400")
    try:
        session.modify(SEND_SEQ=1)
        assert rig.near.link(session.device)["mtu"] == 1446
        later = rig.session()
        assert rig.near.link(later.device)["mtu"] == 1346
        rig.near.ip(f"link set {session.device} mtu 9000")
        assert rig.near.link(session.device)["mtu"] == 9000
    finally:
        rig.near.ip("link set wire mtu 1500")
    done = rig.near.ip(f"link set {session.device} mtu 70000", check=False)
    assert done.returncode != 0 and "mtu greater than device maximum" in done.stderr


@pytest.mark.parametrize("over, family, mtu", [("udp", 4, 1246), ("udp", 6, 1226), ("program", 4, 1246), ("ip", 4, 1258),
                                               ("ip", 6, 1238)])
def test_the_mtu_is_of_the_path_that_its_packets_take(api, cable, over, family, mtu):
    """A rule that is about the tunnel's protocol and port leads its packets over a narrower route, as an IPsec policy would
    make it.

    Requirements: ETH-10
    """
    near, far = cable.addresses(family)
    ip, what = ("ip", f"-{family}"), "ipproto 115" if over == "ip" else "ipproto udp sport 15001"
    names = ("IP_SADDR", "IP_DADDR") if family == 4 else ("IP6_SADDR", "IP6_DADDR")
    cable.near.run(*ip, *f"route add {far} dev wire mtu 1300 table 77".split())
    cable.near.run(*ip, *f"rule add pref 50 {what} lookup 77".split())
    try:
        with cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            if over == "program":
                program.bind((near, 15001))
                program.connect((far, 15002))
                api.tunnel_on(program, CONN_ID=1, PEER_CONN_ID=2)
            else:
                ports = {"UDP_SPORT": 15001, "UDP_DPORT": 15002} if over == "udp" else {"ENCAP_TYPE": 1}
                api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, **ports, **dict(zip(names, (near, far))))
            api.session_create(1, 10)
            assert cable.near.link(api.session_get(1, 10)["IFNAME"])["mtu"] == mtu
            api.tunnel_delete(1)
    finally:
        cable.near.run(*ip, *"rule del pref 50".split())
        cable.near.run(*ip, *"route flush table 77".split())


# --- the device -----------------------------------------------------------------------------------------

def test_a_new_device(rig):
    """In the namespace of the request, down, there when the request is acknowledged, an ordinary Ethernet.

    Requirements: SES-20, SES-21, ETH-2, ETH-3, NL-65
    """
    session = rig.session()
    link = rig.near.link(session.device)
    assert link["operstate"] == "DOWN" and set(link["flags"]) == {"BROADCAST", "MULTICAST"}
    assert (link["link_type"], link["broadcast"]) == ("ether", "ff:ff:ff:ff:ff:ff")
    assert link["txqlen"] == 1000
    first = int(link["address"][:2], 16)
    assert first & 3 == 2, "unicast, locally administered"
    assert attribute(rig.near, session.device, "addr_assign_type") == "1"
    assert attribute(rig.near, session.device, "type") == "1"
    assert rig.near.link(rig.session().device)["address"] != link["address"]


def test_the_address_changes_while_down(rig):
    """
    Requirements: ETH-2
    """
    session = rig.session()
    rig.near.ip(f"link set {session.device} address 02:00:00:00:00:09")
    assert rig.near.link(session.device)["address"] == "02:00:00:00:00:09"
    assert attribute(rig.near, session.device, "addr_assign_type") == "3"
    done = rig.near.ip(f"link set {session.device} address 01:00:00:00:00:09", check=False)
    assert done.returncode != 0
    session.up().receive(FRAME)
    assert session.capture.take(1) == [FRAME]


def test_up_and_down(rig):
    """There is a carrier whenever it is up.

    Requirements: ETH-3, ETH-26
    """
    session = rig.session().up()
    assert {"UP", "LOWER_UP"} <= set(rig.near.link(session.device)["flags"])
    session.transmit(FRAME)
    assert session.tunnel.received().endswith(FRAME)
    rig.near.ip(f"link set {session.device} down")
    with pytest.raises(OSError) as why:
        session.transmit(FRAME)
        session.transmit(FRAME)
    assert why.value.errno == errno.ENETDOWN
    session.up().receive(FRAME)
    assert session.capture.take(1) == [FRAME]
    session.transmit(FRAME)
    assert session.tunnel.received().endswith(FRAME)


def test_every_frame_is_carried(rig):
    """Unicast to anybody, multicast and broadcast alike: one copy each.

    Requirements: ETH-25
    """
    session = rig.session().up()
    for destination in ("ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "33:33:00:00:00:01", "02:12:34:56:78:9a"):
        frame = wire.frame(destination.encode(), length=60, destination=destination)
        session.receive(frame)
        assert session.capture.take(1) == [frame]
        session.transmit(frame)
        assert session.tunnel.received().endswith(frame)
    session.settled(RX_PACKETS=4, RX_BYTES=288, TX_PACKETS=4, TX_BYTES=288)


def test_as_a_port_of_a_bridge(rig):
    """Two pseudowires joined by a bridge: what arrives by one leaves by the other.

    Requirements: ETH-25
    """
    one, other = rig.session().up(), rig.session().up()
    rig.near.ip("link add bridge0 type bridge mcast_snooping 0", "link set bridge0 up",
                f"link set {one.device} master bridge0", f"link set {other.device} master bridge0")
    try:
        eventually(lambda: rig.near.link(other.device)["linkinfo"]["info_slave_data"]["state"] == "forwarding",
                   timeout=40)
        one.receive(FRAME)
        assert other.tunnel.received().endswith(FRAME)
    finally:
        rig.near.ip("link del bridge0")


def test_with_addresses_there_is_ip(rig):
    """A ping through the pseudowire, answered by the stack behind it.

    Requirements: ETH-25, RX-61
    """
    session = rig.session().up()
    rig.near.ip(f"address add 10.9.0.1/24 dev {session.device}")
    mac = bytes.fromhex(rig.near.link(session.device)["address"].replace(":", ""))
    request = bytes.fromhex("0001080006040001 020000000002 0a090002 000000000000 0a090001")
    session.receive(wire.frame(request, ethertype=0x0806, destination="ff:ff:ff:ff:ff:ff"))
    while True:
        octets = session.tunnel.received()
        assert octets, "no answer to the ARP request"
        if octets[12 + 12:12 + 14] == b"\x08\x06" and octets[12 + 14 + 6:12 + 14 + 8] == b"\0\2":
            break
    assert octets[12 + 14 + 8:12 + 14 + 14] == mac


# --- names ----------------------------------------------------------------------------------------------

def test_automatic_names_take_the_lowest_number(cable, rig):
    """
    Requirements: ETH-1, SES-20
    """
    tunnel = rig.tunnel()
    assert cable.near.devices() == {"wire"}
    sessions = [tunnel.session() for _ in range(3)]
    assert [s.device for s in sessions] == ["l2tpeth0", "l2tpeth1", "l2tpeth2"]
    sessions[1].delete()
    eventually(lambda: "l2tpeth1" not in cable.near.devices())
    assert tunnel.session().device == "l2tpeth1"


@pytest.mark.parametrize("name, made", [
    ("pw", "pw"), ("x%d", "x0"), ("%dx", "0x"), ("a23456789012345", "a23456789012345"), ("ü", "ü")])
def test_names_that_are_asked_for(rig, name, made):
    """
    Requirements: ETH-1, SES-20
    """
    raw = name.encode().decode("latin-1")
    session = rig.tunnel().session(IFNAME=raw)
    assert session.device.encode("latin-1").decode() == made
    assert made in rig.near.devices()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a:b", "a b", "a\tb", "a%sb", "%d%d", "a%", "a%%"])
def test_names_that_are_none(rig, name):
    """
    Requirements: SES-20
    """
    tunnel = rig.tunnel()
    before = rig.near.devices()
    with refused(errno.EINVAL) as words:
        tunnel.session(IFNAME=name)
    assert words[0]
    assert rig.near.devices() == before


def test_a_name_in_use(rig):
    """By somebody else's device, or by a session's; a session id in use is noticed first.

    Requirements: SES-20, NL-66, Q-29
    """
    tunnel = rig.tunnel()
    with refused(errno.EEXIST) as words:
        tunnel.session(IFNAME="wire")
    assert "wire" in words[0]
    session = tunnel.session(IFNAME="pw1")
    with refused(errno.EEXIST):
        tunnel.session(IFNAME="pw1")
    with refused(errno.EEXIST) as words:
        tunnel.session(SESSION_ID=session.id, IFNAME="pw2")
    assert str(session.id) in words[0]
    assert "pw2" not in rig.near.devices()
    # Nothing of the failed ones is left.
    assert [s["SESSION_ID"] for s in rig.api.sessions() if s["CONN_ID"] == tunnel.id] == [session.id]


def test_a_renamed_device_keeps_its_old_name_for_the_session(rig):
    """
    Requirements: ETH-24, NL-71, Q-7
    """
    session = rig.tunnel().session(IFNAME="before")
    session.up()
    rig.near.ip("link set before down", "link set before name after", "link set after up")
    assert session.get()["IFNAME"] == "before"
    assert rig.api.do("SESSION_GET", IFNAME="before")[0].decoded["SESSION_ID"] == session.id
    with refused(errno.ENODEV):
        rig.api.do("SESSION_GET", IFNAME="after")
    with Capture(rig.near, "after") as capture:
        session.receive(FRAME)
        assert capture.take(1) == [FRAME]
        capture.send(FRAME)
        assert session.tunnel.received().endswith(FRAME)
    # The name is free for another.
    other = session.tunnel.session(IFNAME="before")
    assert "before" in rig.near.devices()
    session.delete()
    eventually(lambda: "after" not in rig.near.devices())
    other.delete()


# --- moved, and removed by others -----------------------------------------------------------------------

def test_a_device_moved_to_another_namespace(rig, namespace):
    """The session stays where it is, and traffic goes on; with the session the device goes, wherever it is.

    Requirements: ETH-22, SES-42, SES-40
    """
    session = rig.tunnel().session(IFNAME="wanderer")
    rig.near.ip(f"link set wanderer netns {namespace.name}")
    namespace.ip("link set wanderer up")
    assert session.get()["IFNAME"] == "wanderer"
    with Capture(namespace, "wanderer") as capture:
        session.receive(FRAME)
        assert capture.take(1) == [FRAME]
        capture.send(FRAME)
        assert session.tunnel.received().endswith(FRAME)
    session.delete()
    eventually(lambda: "wanderer" not in namespace.devices())


def test_a_session_outlives_its_device(rig):
    """The owner of the namespace can delete a TAP. The session remains, says why it drops, and can be deleted.

    Requirements: SES-44, LIM-24, ETH-21
    """
    session = rig.session()
    rig.near.ip(f"link del {session.device}")
    assert session.device not in rig.near.devices()

    def dropped():
        session.receive(FRAME)
        session.tunnel.fence()
        return session.drops().get("no-device", 0)
    eventually(dropped, "what it receives is dropped as no-device")
    assert session.get()["SESSION_ID"] == session.id
    session.delete()
    with refused(errno.ENODEV):
        session.get()


def test_the_namespace_a_device_was_moved_to_goes(rig, new_namespace):
    """
    Requirements: SES-44, ETH-22
    """
    elsewhere = new_namespace("elsewhere")
    try:
        session = rig.session()
        rig.near.ip(f"link set {session.device} netns {elsewhere.name}")
    finally:
        elsewhere.close()
    eventually(lambda: "no-device" in (session.receive(FRAME), session.tunnel.fence(), session.drops())[2])
    session.delete()


def test_ip_link_shows_no_more_than_the_device(rig):
    """
    Requirements: ETH-4
    """
    session = rig.session()
    shown = run("ip", "-n", rig.near.name, "-d", "link", "show", "dev", session.device).stdout
    assert "tun type tap" in shown and f"mtu {rig.near.link(session.device)['mtu']}" in shown
