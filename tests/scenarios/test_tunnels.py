# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels come, are shown as they are, and go with all that is in them; session ids that collide."""
import errno
import itertools
import socket
import threading

import pytest

from support import netlink, wire
from support.api import Api, gone, refused
from support.capture import Capture
from support.wait import eventually

pytestmark = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
_ports = itertools.count(12000)


def udp4(conn_id, **values):
    return dict({"CONN_ID": conn_id, "PEER_CONN_ID": conn_id + 1, "IP_SADDR": "192.0.2.1", "IP_DADDR": "192.0.2.2",
                 "UDP_SPORT": next(_ports), "UDP_DPORT": 1701}, **values)


def ip4(conn_id, **values):
    return dict({"CONN_ID": conn_id, "PEER_CONN_ID": conn_id + 1, "ENCAP_TYPE": 1, "IP_SADDR": "192.0.2.1",
                 "IP_DADDR": "192.0.2.2"}, **values)


def ip6(conn_id, **values):
    return dict({"CONN_ID": conn_id, "PEER_CONN_ID": conn_id + 1, "ENCAP_TYPE": 1, "IP6_SADDR": "2001:db8::1",
                 "IP6_DADDR": "2001:db8::2"}, **values)


def udp_sockets(namespace):
    """Local ports in /proc/net/udp and udp6."""
    lines = namespace.read("udp").splitlines()[1:] + namespace.read("udp6").splitlines()[1:]
    return [int(line.split()[1].rpartition(":")[2], 16) for line in lines]


def raw_sockets(namespace):
    """Sockets of protocol 115."""
    lines = namespace.read("raw").splitlines()[1:] + namespace.read("raw6").splitlines()[1:]
    return sum(line.split()[1].rpartition(":")[2] == "0073" for line in lines)


# --- tunnels --------------------------------------------------------------------------------------------

def test_what_was_asked_for_is_shown(api):
    """
    Requirements: TUN-2, NL-55, NL-58, NL-41, NL-42, TUN-11
    """
    api.tunnel_create(**udp4(0xffffffff, PEER_CONN_ID=0, UDP_SPORT=12999, UDP_DPORT=4))
    shown = api.tunnel_get(0xffffffff)
    stats = shown.pop("STATS")
    assert set(stats.values()) == {0} and len(stats) == 10
    assert shown == {"PROTO_VERSION": 3, "CONN_ID": 0xffffffff, "PEER_CONN_ID": 0, "DEBUG": 0, "ENCAP_TYPE": 0,
                     "UDP_CSUM": 0, "UDP_SPORT": 12999, "UDP_DPORT": 4, "IP_SADDR": "192.0.2.1",
                     "IP_DADDR": "192.0.2.2"}
    api.tunnel_create(**ip6(0))
    shown = api.tunnel_get(0)
    del shown["STATS"]
    assert shown == {"PROTO_VERSION": 3, "CONN_ID": 0, "PEER_CONN_ID": 1, "DEBUG": 0, "ENCAP_TYPE": 1,
                     "IP6_SADDR": "2001:db8::1", "IP6_DADDR": "2001:db8::2"}


def test_a_port_is_chosen_if_none_is_given(api, cable):
    """
    Requirements: TUN-10, NL-58
    """
    api.tunnel_create(**udp4(1, UDP_SPORT=None))
    port = api.tunnel_get(1)["UDP_SPORT"]
    assert port > 0 and port in udp_sockets(cable.near)


def test_an_address_is_chosen_if_none_is_given(api):
    """As connect() would choose it.

    Requirements: TUN-10, NL-58
    """
    api.tunnel_create(**udp4(1, IP_SADDR="0.0.0.0"))
    assert api.tunnel_get(1)["IP_SADDR"] == "192.0.2.1"


def test_ids_are_one_space(api):
    """For all versions, encapsulations and address families.

    Requirements: TUN-1
    """
    api.tunnel_create(**udp4(1))
    for attributes in (udp4(1), udp4(1, PROTO_VERSION=2), ip4(1), ip6(1)):
        with refused(errno.EEXIST) as words:
            api.tunnel_create(**attributes)
        assert "1" in words[0]
    api.tunnel_delete(1)
    api.tunnel_create(**ip6(1))
    with refused(errno.EEXIST):
        api.tunnel_create(**udp4(1))


@pytest.mark.parametrize("attributes, code, word", [
    (udp4(1, IP_SADDR="198.51.100.77"), errno.EADDRNOTAVAIL, "local"),
    (ip4(1, IP_SADDR="198.51.100.77"), errno.EADDRNOTAVAIL, "local"),
    (ip6(1, IP6_SADDR="2001:db8:77::1"), errno.EADDRNOTAVAIL, "local"),
    (ip6(1, IP6_SADDR="fe80::77"), errno.EINVAL, "dev"),
    (udp4(1, IP_DADDR="198.51.100.77"), errno.ENETUNREACH, "remote"),
    (ip4(1, IP_DADDR="198.51.100.77"), errno.ENETUNREACH, "remote"),
    (udp4(1, IP_DADDR="192.0.2.255"), errno.EACCES, "broadcast"),
], ids=["udp-not-local", "ip-not-local", "ip6-not-local", "link-local", "udp-no-route", "ip-no-route", "broadcast"])
def test_addresses_that_can_not_be(api, attributes, code, word):
    """The errors are those of bind and connect, in words that name the argument.

    Requirements: TUN-10, TUN-11
    """
    with refused(code) as words:
        api.tunnel_create(**attributes)
    assert word in words[0]
    assert api.tunnels() == {}


def test_a_port_that_another_program_has(api, cable):
    """
    Requirements: TUN-10
    """
    with cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("192.0.2.1", 11999))
        with refused(errno.EADDRINUSE) as words:
            api.tunnel_create(**udp4(1, UDP_SPORT=11999))
        assert "in use" in words[0]
    api.tunnel_create(**udp4(1, UDP_SPORT=11999))


def test_a_second_tunnel_to_the_same_peer_from_the_same_port(api):
    """
    Requirements: TUN-4, TUN-10
    """
    api.tunnel_create(**udp4(1, UDP_SPORT=11999))
    with refused(errno.EADDRINUSE) as words:
        api.tunnel_create(**udp4(3, UDP_SPORT=11999))
    assert "another tunnel" in words[0]
    api.tunnel_create(**udp4(3, UDP_SPORT=11999, UDP_DPORT=1702))


def test_the_socket_is_in_the_namespace_and_gone_with_the_tunnel(api, cable):
    """When the deletion is acknowledged id and port are free.

    Requirements: TUN-12, TUN-40, TUN-41, TUN-42, TUN-43, Q-21
    """
    for _ in range(3):
        api.tunnel_create(**udp4(1, UDP_SPORT=11998))
        api.tunnel_create(**ip4(3))
        assert 11998 in udp_sockets(cable.near) and raw_sockets(cable.near) > 0
        assert 11998 not in udp_sockets(cable.far)
        api.tunnel_delete(1)
        assert 11998 not in udp_sockets(cable.near)
        api.tunnel_delete(3)
        assert raw_sockets(cable.near) == 0
        assert gone(api.tunnel_get, 1) and gone(api.tunnel_get, 3)


def test_a_tunnel_takes_its_sessions_with_it(api, cable):
    """And their interfaces; ids and names are free at once.

    Requirements: TUN-40, TUN-41, TUN-43, SES-40, SES-42, NL-83
    """
    before = cable.near.devices()
    for _ in range(3):
        api.tunnel_create(**udp4(1))
        for session_id in range(10, 20):
            api.session_create(1, session_id, IFNAME=f"pw{session_id}")
        assert len(api.sessions()) == 10
        api.tunnel_delete(1)
        assert api.sessions() == []
        with refused(errno.ENODEV):
            api.session_create(1, 10)
    eventually(lambda: cable.near.devices() == before)


def test_of_two_who_want_the_same_one_gets_it(api, cable, shared_daemon):
    """Requests are served one at a time.

    Requirements: NL-7, TUN-1
    """
    count, granted, ready = 200, {1: [], 2: []}, threading.Barrier(2)

    def want_all(number):
        with Api(shared_daemon, cable.near) as mine:
            ready.wait(30)
            for conn_id in range(count):
                try:
                    mine.tunnel_create(**ip4(conn_id))
                    granted[number].append(conn_id)
                except netlink.Refused as refusal:
                    assert refusal.errno == errno.EEXIST
    threads = [threading.Thread(target=want_all, args=(number,)) for number in granted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(granted[1] + granted[2]) == list(range(count)) == sorted(api.tunnels())


def test_modify_changes_nothing(api):
    """
    Requirements: NL-51, Q-17
    """
    api.tunnel_create(**udp4(1))
    before = api.tunnel_get(1)
    api.do("TUNNEL_MODIFY", CONN_ID=1, PEER_CONN_ID=99, UDP_CSUM=1, UDP_DPORT=99)
    assert api.tunnel_get(1) == before


def test_tunnels_of_version_2_exist(api, cable):
    """They hold no Ethernet sessions.

    Requirements: NL-46, TUN-2
    """
    api.tunnel_create(**udp4(1, PROTO_VERSION=2))
    api.tunnel_create(**ip4(70000, PROTO_VERSION=2))
    assert [t["PROTO_VERSION"] for t in api.tunnels().values()] == [2, 2]
    before = cable.near.devices()
    with refused(errno.EPROTONOSUPPORT):
        api.session_create(1, 10)
    assert cable.near.devices() == before


def test_sessions_in_a_tunnel_of_another_version(rig):
    """They can be made, are found by their interface alone, transmit, receive nothing, and go with the tunnel.

    Requirements: SES-7, Q-1, NL-41, NL-78
    """
    watcher = Api(rig.daemon, rig.near)
    rig.closing.append(watcher)
    watcher.subscribe()
    tunnel = rig.tunnel(PROTO_VERSION=4)
    attributes = {"SESSION_ID": 10, "PEER_SESSION_ID": 11}
    rig.api.session_create(tunnel.id, attributes.pop("SESSION_ID"), IFNAME="odd", **attributes)
    assert gone(rig.api.session_get, tunnel.id, 10)
    assert rig.api.sessions() == []
    assert rig.api.do("SESSION_GET", IFNAME="odd")[0].decoded["SESSION_ID"] == 10
    assert [m.command_name for m in watcher.events()] == ["TUNNEL_CREATE"]
    rig.near.ip("link set odd up")
    with Capture(rig.near, "odd") as capture:
        capture.send(FRAME)
        assert tunnel.received() == wire.data(11, FRAME, middle=wire.sublayer())
    tunnel.close()
    eventually(lambda: "odd" not in rig.near.devices())


# --- session ids ----------------------------------------------------------------------------------------

def test_a_session_id_twice_in_one_tunnel(rig):
    """
    Requirements: LIM-5, SES-6
    """
    tunnel = rig.tunnel()
    session = tunnel.session()
    with refused(errno.EEXIST):
        tunnel.session(SESSION_ID=session.id)


def test_udp_tunnels_may_use_the_same_session_id(rig):
    """Existing programs number sessions per tunnel; each gets its own packets.

    Requirements: SES-4, SES-5, NL-73, NL-79
    """
    a, b = rig.tunnel(), rig.tunnel("udp", 6)
    one = a.session(SESSION_ID=77).up()
    other = b.session(SESSION_ID=77).up()
    for session in (one, other, one):
        session.receive(FRAME)
        assert session.capture.take(1) == [FRAME]
        assert session.get()["CONN_ID"] == session.tunnel.id
    assert one.counts()["RX_PACKETS"] == 2 and other.counts()["RX_PACKETS"] == 1
    assert [s["CONN_ID"] for s in rig.api.sessions() if s["SESSION_ID"] == 77] == sorted([a.id, b.id])
    # One of them gone, the other goes on.
    one.delete()
    assert gone(one.get) or one.get()["CONN_ID"] == b.id
    other.receive(FRAME)
    assert other.capture.take(1) == [FRAME]


def test_over_ip_a_session_id_is_used_once(rig):
    """By any v3 session of the namespace, whatever its encapsulation.

    Requirements: SES-3, SES-4
    """
    udp, ip, ip_v6 = rig.tunnel(), rig.tunnel("ip"), rig.tunnel("ip", 6)
    ip.session(SESSION_ID=78)
    for tunnel in (udp, ip_v6, ip):
        with refused(errno.EEXIST) as words:
            tunnel.session(SESSION_ID=78)
        assert "78" in words[0]
    udp.session(SESSION_ID=79)
    with refused(errno.EEXIST):
        ip.session(SESSION_ID=79)


def test_colliding_ids_are_not_reachable_over_ip(rig):
    """Also when all but one of them have gone.

    Requirements: SES-5, RX-21
    """
    a, b, over_ip = rig.tunnel(), rig.tunnel(), rig.tunnel("ip")
    one, other = a.session(SESSION_ID=80).up(), b.session(SESSION_ID=80).up()
    for tunnel in (a, b):
        rig.api.more("TUNNEL_SET", {"CONN_ID": tunnel.id}, PEER_CHECK=1)
    by_ip = wire.data(80, FRAME, middle=wire.sublayer(), over="ip")
    over_ip.send(by_ip)
    over_ip.fence()
    one.settled()
    other.settled()
    one.delete()
    over_ip.send(by_ip)
    over_ip.fence()
    other.settled()
    # Nor by another UDP tunnel's socket.
    a.send(other.packet(FRAME))
    a.fence()
    other.settled()
    other.receive(FRAME)
    assert other.capture.take(1) == [FRAME]


def test_sessions_are_found_by_id_whatever_tunnel_is_named(rig):
    """As long as no other tunnel has the same id; the tunnel must exist.

    Requirements: NL-73, Q-8, NL-72
    """
    a, b = rig.tunnel(), rig.tunnel()
    session = a.session()
    assert rig.api.session_get(b.id, session.id)["CONN_ID"] == a.id
    with refused(errno.ENODEV):
        rig.api.session_get(987_654_321, session.id)
    again = b.session(SESSION_ID=session.id)
    assert again.get()["CONN_ID"] == b.id and session.get()["CONN_ID"] == a.id


def test_the_newest_session_of_a_name_is_selected(rig):
    """Renaming lets two sessions have one stored name: tunnels in ascending id, of one tunnel the newest.

    Requirements: NL-70, NL-71
    """
    tunnel = rig.tunnel()
    old = tunnel.session(IFNAME="twice")
    rig.near.ip("link set twice name renamed")
    new = tunnel.session(IFNAME="twice")
    assert rig.api.do("SESSION_GET", IFNAME="twice")[0].decoded["SESSION_ID"] == new.id
    assert rig.api.do("SESSION_GET", IFNAME="twice", CONN_ID=tunnel.id, SESSION_ID=old.id)[0].decoded[
        "SESSION_ID"] == new.id
    rig.api.do("SESSION_DELETE", IFNAME="twice")
    assert rig.api.do("SESSION_GET", IFNAME="twice")[0].decoded["SESSION_ID"] == old.id


def test_deleting_one_session_leaves_the_others(rig):
    """
    Requirements: SES-40, SES-42, NL-75
    """
    tunnel = rig.tunnel()
    one, other = tunnel.session().up(), tunnel.session().up()
    one.delete()
    eventually(lambda: one.device not in rig.near.devices())
    assert gone(one.get)
    other.receive(FRAME)
    assert other.capture.take(1) == [FRAME]
    other.transmit(FRAME)
    assert tunnel.received().endswith(FRAME)
    # What still comes for the deleted one changes nothing.
    one.receive(FRAME)
    other.settled(RX_PACKETS=1, RX_BYTES=72, TX_PACKETS=1, TX_BYTES=72)
