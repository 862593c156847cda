# SPDX-License-Identifier: BSD-2-Clause
"""L2TP/IP sockets of programs, asked of ul2tpd by the family ul2tp: names, errors, control messages"""
import errno
import itertools
import socket
import struct

import pytest

from support.api import IP, Accounts, Api
from support.capture import Capture
from support.ip_socket import UNSPEC, IpSocket, PrivateNamespace, name, name4, name6
from support.netlink import Refused
from support.wait import eventually

# From the flags on: T, L, S, version 3, length, connection id, Ns, Nr; then what would be AVPs.
CONTROL = struct.pack("!HHIHH", 0xc803, 12, 0, 0, 0)
ids = itertools.count(500)


def control(conn_id, text=b""):
    return struct.pack("!HHIHH", 0xc803, 12 + len(text), conn_id, 0, 0) + text


@pytest.fixture(scope="module")
def private():
    with PrivateNamespace() as made:
        yield made


@pytest.fixture
def open_socket(shared_daemon, cable, private):
    """Makes L2TP/IP sockets: open_socket("near", 6)"""
    made = []

    def make(where="near", family=4, daemon=shared_daemon):
        made.append(IpSocket(daemon, getattr(cable, where), private, family))
        return made[-1]
    yield make
    for one in made:
        one.close()


def refused(code, function, *arguments, **values):
    with pytest.raises(Refused) as caught:
        function(*arguments, **values)
    assert caught.value.errno == getattr(errno, code), caught.value
    return caught.value


@pytest.mark.parametrize("octets, code", [
    (name4("192.0.2.1", 1, length=15), "EINVAL"),
    (name4("192.0.2.1", 1, family=socket.AF_INET6), "EINVAL"),
    (name4("192.0.2.1", 1, family=socket.AF_UNSPEC), "EINVAL"),
    (name4("198.51.100.7", 1), "EADDRNOTAVAIL"),
])
def test_ipv4_addresses_that_bind_refuses(open_socket, octets, code):
    """Requirements: IPS-10"""
    s = open_socket()
    refused(code, s.bind, octets)
    s.bind(name4("192.0.2.1", next(ids)))


def test_bind_is_possible_once(open_socket):
    """Requirements: IPS-2, IPS-10"""
    s = open_socket()
    s.bind(name4("192.0.2.1", next(ids)))
    refused("EINVAL", s.bind, name4("192.0.2.1", next(ids)))


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.5", "192.0.2.255", "127.0.0.1"])
def test_ipv4_addresses_that_bind_takes(open_socket, address):
    """Requirements: IPS-10, Q-30"""
    s = open_socket()
    conn_id = next(ids)
    s.bind(name4(address, conn_id))
    assert s.own_name() == name4(address, conn_id)


@pytest.mark.parametrize("octets, code", [
    (name6("2001:db8::1", 1, family=socket.AF_INET), "EINVAL"),
    (name6("2001:db8::1", 1, length=31), "EINVAL"),
    (name6("::ffff:192.0.2.1", 1), "EADDRNOTAVAIL"),
    (name6("ff02::1", 1), "EADDRNOTAVAIL"),
    (name6("fe80::1", 1), "EINVAL"),
    (name6("fe80::1", 1, scope=4000), "ENODEV"),
    (name6("2001:db8::77", 1), "EADDRNOTAVAIL"),
])
def test_ipv6_addresses_that_bind_refuses(open_socket, octets, code):
    """Requirements: IPS-11"""
    s = open_socket(family=6)
    refused(code, s.bind, octets)
    s.bind(name6("2001:db8::1", next(ids)))
    refused("EINVAL", s.bind, name6("2001:db8::1", next(ids)))


def test_a_link_local_address_binds_the_device(open_socket, cable):
    """Requirements: IPS-11, IPS-30"""
    link = cable.near.link("wire")["ifindex"]
    address = next(line.split()[1].split("/")[0] for line in cable.near.run(
        "ip", "-6", "address", "show", "dev", "wire", "scope", "link").stdout.splitlines() if "inet6" in line)
    s, conn_id = open_socket(family=6), next(ids)
    s.bind(name6(address, conn_id, scope=link))
    assert s.own_name() == name6(address, conn_id, scope=link)


@pytest.mark.parametrize("first, second, code", [
    ("192.0.2.1", "192.0.2.1", "EADDRINUSE"),
    ("192.0.2.1", "0.0.0.0", "EADDRINUSE"),
    ("0.0.0.0", "192.0.2.1", "EADDRINUSE"),
    ("192.0.2.1", "127.0.0.1", None),
    ("2001:db8::1", "::", "EADDRINUSE"),
    ("2001:db8::1", "::1", None),
    ("0.0.0.0", "::", None),
])
def test_a_connection_id_is_bound_once_at_an_address(open_socket, first, second, code):
    """Requirements: IPS-10, IPS-11, IPS-12"""
    a, b = (open_socket(family=6 if ":" in address else 4) for address in (first, second))
    conn_id = next(ids)
    a.bind(name(first, conn_id))
    if code:
        refused(code, b.bind, name(second, conn_id))
        # Over IPv4 the address is taken by then, though not the connection id.
        assert b.own_name() == (name4(second, 0) if ":" not in second else name6("::", 0))
        b.bind(name(second, next(ids)))
    else:
        b.bind(name(second, conn_id))


def test_an_ip_tunnel_has_its_id_bound(open_socket, api):
    """Requirements: TUN-11, IPS-10"""
    s, conn_id = open_socket(), next(ids)
    api.tunnel_create(CONN_ID=conn_id, PEER_CONN_ID=1, ENCAP_TYPE=IP, IP_SADDR="192.0.2.1", IP_DADDR="192.0.2.2")
    refused("EADDRINUSE", s.bind, name4("192.0.2.1", conn_id))
    s.bind(name4("127.0.0.1", conn_id))
    other = open_socket()
    conn_id = next(ids)
    other.bind(name4("0.0.0.0", conn_id))
    refused("EADDRINUSE", api.tunnel_create, CONN_ID=conn_id, PEER_CONN_ID=1, ENCAP_TYPE=IP, IP_SADDR="192.0.2.1",
            IP_DADDR="192.0.2.2")


def test_closing_frees_the_connection_id(open_socket):
    """Requirements: IPS-54"""
    a, b, conn_id = open_socket(), open_socket(), next(ids)
    a.bind(name4("0.0.0.0", conn_id))
    a.close()

    def bound():
        try:
            b.bind(name4("0.0.0.0", conn_id))
        except Refused:
            return False
        return True
    eventually(bound, "the connection id is free")


def test_names_of_an_unbound_socket(open_socket):
    """Requirements: IPS-30"""
    assert open_socket().own_name() == name4("0.0.0.0", 0)
    six = open_socket(family=6)
    assert six.own_name() == name6("::", 0)
    assert six.peer_name() is None


@pytest.mark.parametrize("octets, code", [
    (name4("192.0.2.2", 1, length=15), "EINVAL"),
    (name4("224.0.0.1", 1), "EINVAL"),
    (name4("192.0.2.2", 1, family=socket.AF_INET6), "EAFNOSUPPORT"),
    (name4("198.51.100.1", 1), "ENETUNREACH"),
    (name4("192.0.2.255", 1), "EACCES"),
])
def test_ipv4_addresses_that_connect_refuses(open_socket, octets, code):
    """Requirements: IPS-20"""
    s = open_socket()
    s.bind(name4("192.0.2.1", next(ids)))
    refused(code, s.connect, octets)


def test_connect_wants_a_bound_socket(open_socket):
    """Requirements: IPS-20, IPS-21, IPS-22"""
    refused("EINVAL", open_socket().connect, name4("192.0.2.2", 1))
    refused("EINVAL", open_socket(family=6).connect, name6("2001:db8::2", 1))
    open_socket().connect(UNSPEC)


@pytest.mark.parametrize("octets, code", [
    (name6("2001:db8::2", 1, length=31), "EINVAL"),
    (name6("2001:db8::2", 1, family=socket.AF_INET), "EINVAL"),
    (name6("ff02::1", 1), "EINVAL"),
    (name6("::ffff:224.0.0.1", 1), "EINVAL"),
    (name6("2001:db8:1::2", 1), "ENETUNREACH"),
])
def test_ipv6_addresses_that_connect_refuses(open_socket, octets, code):
    """Requirements: IPS-21"""
    s = open_socket(family=6)
    s.bind(name6("2001:db8::1", next(ids)))
    refused(code, s.connect, octets)


def test_broadcast_with_leave(open_socket):
    """Requirements: IPS-20, IPS-53"""
    s = open_socket()
    s.bind(name4("192.0.2.1", next(ids)))
    s.option(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.connect(name4("192.0.2.255", 1))


def test_connect_chooses_the_source_and_may_be_undone(open_socket):
    """Requirements: IPS-20, IPS-22, IPS-23, IPS-30, Q-14"""
    s, conn_id = open_socket(), next(ids)
    s.bind(name4("0.0.0.0", conn_id))
    s.connect(name4("192.0.2.2", 77))
    assert s.own_name() == name4("192.0.2.1", conn_id)
    assert s.peer_name() is None
    s.connect(name4("192.0.2.2", 78, unused=5))
    assert s.peer_name() == name4("192.0.2.2", 78)
    s.connect(UNSPEC)
    assert s.own_name() == name4("0.0.0.0", conn_id)
    assert s.peer_name() is None
    assert s.state()["CONNECTED"] == 0


def test_the_name_of_an_ipv6_peer(open_socket):
    """Requirements: IPS-21, IPS-30, Q-14"""
    s, conn_id = open_socket(family=6), next(ids)
    s.bind(name6("::", conn_id))
    s.connect(name6("2001:db8::2", 0))
    assert s.own_name() == name6("2001:db8::1", conn_id)
    assert s.peer_name() is None
    s.connect(name6("2001:db8::2", 9))
    assert s.peer_name() == name6("2001:db8::2", 9)


@pytest.mark.parametrize("to, code", [
    (name4("192.0.2.2", 1, length=15), "EINVAL"),
    (name4("192.0.2.2", 1, family=socket.AF_INET6), "EAFNOSUPPORT"),
    (None, "EDESTADDRREQ"),
    (name4("198.51.100.1", 1), "EHOSTUNREACH"),
])
def test_what_send_over_ipv4_refuses(open_socket, to, code):
    """Requirements: IPS-40"""
    refused(code, open_socket().send, CONTROL, to)


@pytest.mark.parametrize("to, flags, code", [
    (name6("2001:db8::2", 1, length=23), 0, "EINVAL"),
    (name6("2001:db8::2", 1, family=socket.AF_INET), 0, "EAFNOSUPPORT"),
    (name6("2001:db8::2", 1), socket.MSG_OOB, "EOPNOTSUPP"),
    (None, 0, "EDESTADDRREQ"),
])
def test_what_send_over_ipv6_refuses(open_socket, to, flags, code):
    """Requirements: IPS-40, IPS-43"""
    refused(code, open_socket(family=6).send, CONTROL, to, MSG_FLAGS=flags)


@pytest.mark.quick
@pytest.mark.parametrize("family", [4, 6])
def test_control_messages_between_two_sockets(open_socket, cable, family):
    """Requirements: IPS-40, IPS-41, IPS-50, RX-26, RX-27, Q-31"""
    near, far = cable.addresses(family)
    a, b = open_socket("near", family), open_socket("far", family)
    a_id, b_id = next(ids), next(ids)
    a.bind(name(near, a_id))
    b.bind(name(far, b_id))
    a.send(control(b_id, b"from a"), name(far, 12345))
    message, sender = b.receive()
    assert message == control(b_id, b"from a")
    assert sender[:2] == (near, 0)
    b.connect(name(near, a_id))
    b.send(control(a_id, b"from b"))
    assert a.receive() == (control(a_id, b"from b"), sender[:0] + (far, 0) + sender[2:])
    for s in a, b:  # counted when the system has taken the message, which may be read by then
        eventually(lambda s=s: s.state()["COUNTERS"]["RX_PACKETS"] == 1, "it is counted")
        assert s.state()["COUNTERS"]["TX_PACKETS"] == 1


def test_a_message_goes_to_its_socket_alone(open_socket, cable):
    """Requirements: RX-26, RX-28, RX-30, IPS-12"""
    near4, far4 = cable.addresses(4)
    near6, _ = cable.addresses(6)
    conn_id = next(ids)
    here, loop, six, other = open_socket(), open_socket(), open_socket(family=6), open_socket()
    here.bind(name(near4, conn_id))
    loop.bind(name("127.0.0.1", conn_id))
    six.bind(name(near6, conn_id))
    other.bind(name(near4, next(ids)))
    sender = open_socket("far")
    sender.send(struct.pack("!HHIHH", 0xc802, 12, conn_id, 0, 0), name(near4, 0))
    assert here.receive() == (struct.pack("!HHIHH", 0xc802, 12, conn_id, 0, 0), (far4, 0))
    local = open_socket()
    local.send(control(conn_id, b"loop"), name("127.0.0.1", 0))
    assert loop.receive() == (control(conn_id, b"loop"), ("127.0.0.1", 0))
    assert here.is_empty() and six.is_empty() and other.is_empty()


def test_a_connected_socket_hears_its_peer_alone(open_socket, cable):
    """Requirements: IPS-23, RX-26"""
    near, far = cable.addresses(4)
    s, conn_id = open_socket(), next(ids)
    s.bind(name("0.0.0.0", conn_id))
    s.connect(name(far, 1))
    open_socket().send(control(conn_id, b"stranger"), name(near, 0))
    open_socket("far").send(control(conn_id, b"peer"), name(near, 0))
    assert s.receive()[0] == control(conn_id, b"peer")
    s.connect(UNSPEC)
    open_socket().send(control(conn_id, b"anyone"), name(near, 0))
    assert s.receive()[0] == control(conn_id, b"anyone")


def test_a_listener_on_connection_id_0(open_socket, cable):
    """Requirements: IPS-12, RX-26"""
    near, far = cable.addresses(4)
    s = open_socket()
    s.bind(name("0.0.0.0", 0))
    open_socket("far").send(control(0, b"SCCRQ"), name(near, 0))
    assert s.receive() == (control(0, b"SCCRQ"), (far, 0))


@pytest.mark.parametrize("octets, reason", [
    (bytes(3), "short"), (bytes(15), "short"), (bytes(4) + b"\x48\x03" + bytes(20), "short"),
    (bytes(4) + control(4000000000), "control"),
])
def test_what_is_nobodys_is_counted(open_socket, cable, octets, reason):
    """Requirements: RX-20, RX-24, RX-25, RX-26"""
    s = open_socket()
    s.bind(name("0.0.0.0", next(ids)))
    before = drops(s).get(reason, 0)
    with cable.far.socket(socket.AF_INET, socket.SOCK_RAW, 115) as raw:
        raw.sendto(octets, (cable.NEAR4, 0))
    eventually(lambda: drops(s).get(reason, 0) == before + 1, "the drop is counted")


def drops(s):
    return Accounts(s.ask("GET")[0]).rx_drops


def test_a_message_that_does_not_fit_the_mtu(open_socket, cable):
    """Requirements: IPS-42, IPS-43, Q-32"""
    four, six = open_socket(), open_socket(family=6)
    fits = control(1, bytes(1500 - 20 - 4 - 12))
    with Capture(cable.far, "wire", lambda frame: frame[12:14] == b"\x08\x00" and frame[23] == 115) as wire:
        four.send(fits, name(cable.FAR4, 1))
        packet = wire.next()[14:]
    assert packet[20:] == bytes(4) + fits
    assert packet[6] & 0x40, "DF is set"
    refused("EMSGSIZE", four.send, fits + b"x", name(cable.FAR4, 1))
    far6, conn_id = open_socket("far", 6), next(ids)
    far6.bind(name(cable.FAR6, conn_id))
    six.send(control(conn_id, bytes(3000)), name(cable.FAR6, 1))
    assert far6.receive()[0] == control(conn_id, bytes(3000))


def test_who_has_no_rights_may_have_a_socket_and_no_more(shared_daemon, cable, private):
    """Requirements: IPS-1, Q-19"""
    with IpSocket(shared_daemon, cable.near, private) as s:
        s.netlink.ul2tp("SOCKET_SET", [struct.pack("=HHB3x", 5, 21, 1)]).check()
        for ask in (lambda: s.bind(name("0.0.0.0", next(ids))), lambda: s.send(CONTROL, name("192.0.2.2", 1)),
                    lambda: s.connect(UNSPEC), lambda: s.option(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)):
            assert "CAP_NET_ADMIN" in refused("EPERM", ask).error.text
        assert s.own_name() == name("0.0.0.0", 0)


def test_a_socket_needs_a_way_to_deliver(shared_daemon, cable, private, open_socket):
    """Requirements: IPS-1"""
    with Api(shared_daemon, cable.near) as api:
        refused("EBADF", api.more, "IPSOCKET_OPEN", FAMILY=socket.AF_INET)
        refused("ENOTSOCK", api.more, "IPSOCKET_GET")
    s = open_socket()
    refused("EBUSY", s.ask, "OPEN", descriptor=private.raw[socket.AF_INET].fileno(), FAMILY=socket.AF_INET)


@pytest.mark.parametrize("family", [4, 6])
def test_nothing_comes_twice_beside_a_tunnel_of_its_own_socket(open_socket, rig, cable, family):
    """A tunnel at the address and the endpoint of all sockets both see each packet.

    Requirements: RX-26, RX-30
    """
    near, _ = cable.addresses(family)
    session = rig.session("ip", family).up()
    s, sender, conn_id = open_socket(family=family), open_socket("far", family), next(ids)
    s.bind(name("::" if family == 6 else "0.0.0.0", conn_id))
    for text in b"one", b"two":
        sender.send(control(conn_id, text), name(near, 0))
    assert [s.receive()[0] for _ in range(2)] == [control(conn_id, b"one"), control(conn_id, b"two")]
    frame, before = bytes(12) + b"\x88\xb5" + bytes(46), session.more().counters["RX_PACKETS"]
    session.receive(frame)
    session.tunnel.fence()
    assert s.is_empty()
    assert session.more().counters["RX_PACKETS"] == before + 1
    assert not session.tunnel.drops()


def test_a_device_decides_where_messages_come_from(open_socket, cable):
    """Requirements: RX-26, IPS-53"""
    loopback, wire, conn_id = open_socket(), open_socket(), next(ids)
    loopback.option(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    wire.option(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire\0")
    loopback.bind(name("0.0.0.0", conn_id))
    wire.bind(name("0.0.0.0", conn_id))
    open_socket("far").send(control(conn_id, b"from afar"), name(cable.NEAR4, 0))
    open_socket().send(control(conn_id, b"from here"), name("127.0.0.1", 0))
    assert wire.receive()[0] == control(conn_id, b"from afar")
    assert loopback.receive()[0] == control(conn_id, b"from here")
    assert wire.is_empty() and loopback.is_empty()
