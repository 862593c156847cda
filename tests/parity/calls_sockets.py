# SPDX-License-Identifier: BSD-2-Clause
"""calls_sockets.py - tunnels on a program's own socket: which sockets, what is told of them, what the program sees

Cases of calls.py.
"""
import errno
import os
import select
import socket
import struct

from hosts import (FAR, FAR_PORT, IP, L2TP, NEAR, PPP, UDP, Device, L2tp as Language, becomes, control2, control3, data2,
                   data3, ip, nothing, outcome, received)

UDPLITE = 136
IP_RECVERR, IPV6_RECVERR, MSG_ERRQUEUE = 11, 25, 0x2000


def kinds(hosts):
    """[(name, an object with a descriptor)]: all sorts of what can be given as a tunnel's socket."""
    v4, v6 = socket.AF_INET, socket.AF_INET6
    listening = socket.socket(v4, socket.SOCK_STREAM)
    listening.listen()
    reading, writing = os.pipe()
    made = [
        ("UDP over IPv4", socket.socket(v4, socket.SOCK_DGRAM)),
        ("UDP over IPv6", socket.socket(v6, socket.SOCK_DGRAM)),
        ("UDP-Lite over IPv4", socket.socket(v4, socket.SOCK_DGRAM, UDPLITE)),
        ("UDP-Lite over IPv6", socket.socket(v6, socket.SOCK_DGRAM, UDPLITE)),
        ("L2TP/IP over IPv4", socket.socket(v4, socket.SOCK_DGRAM, L2TP)),
        ("L2TP/IP over IPv6", socket.socket(v6, socket.SOCK_DGRAM, L2TP)),
        ("raw UDP over IPv4", socket.socket(v4, socket.SOCK_RAW, socket.IPPROTO_UDP)),
        ("raw UDP over IPv6", socket.socket(v6, socket.SOCK_RAW, socket.IPPROTO_UDP)),
        ("raw L2TP/IP over IPv4", socket.socket(v4, socket.SOCK_RAW, L2TP)),
        ("raw L2TP/IP over IPv6", socket.socket(v6, socket.SOCK_RAW, L2TP)),
        ("TCP", socket.socket(v4, socket.SOCK_STREAM)),
        ("TCP that listens", listening),
        ("Unix, datagrams", socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)),
        ("Unix, stream", socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)),
        ("rtnetlink", socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 0)),
        ("generic netlink", socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)),
        ("packets", socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)),
        ("UDP of another namespace", hosts.far_socket(socket.SOCK_DGRAM)),
        ("TCP of another namespace", hosts.far_socket(socket.SOCK_STREAM)),
        ("a pipe", reading), ("the other end of a pipe", writing),
        ("a file", os.open("/etc/passwd", os.O_RDONLY)),
        ("a directory", os.open("/", os.O_RDONLY)),
        ("a path alone", os.open("/etc/passwd", os.O_PATH)),
        ("a device", os.open("/dev/null", os.O_RDWR)),
        ("an epoll", select.epoll()),
    ]
    return made


def number(thing):
    return thing if isinstance(thing, int) else thing.fileno()


def which_sockets(hosts, see):
    """
    Requirements: TUN-20, TUN-21, NL-40
    """
    l2tp = Language()
    for encap, word in ((UDP, "UDP"), (IP, "IP")):
        for name, thing in kinds(hosts):
            see(f"{word} on {name}", l2tp.tunnel(fd=number(thing), encap=encap))
            if l2tp.ask("TUNNEL_GET", CONN_ID=1) == "OK":
                l2tp.tunnel_delete()
    for name, descriptor in (("nothing", 999), ("a great number", 0x7fffffff)):
        see(f"on {name}", l2tp.tunnel(fd=descriptor))
    closed = os.dup(1)
    os.close(closed)
    see("on what was closed", l2tp.tunnel(fd=closed))


def which_check_comes_first(hosts, see):
    """
    Requirements: NL-40, NL-45, TUN-20
    """
    l2tp = Language()
    own, stream = hosts.near_udp(), socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    far_stream = hosts.far_socket(socket.SOCK_STREAM)
    see("encapsulation before descriptor", l2tp.tunnel(fd=999, encap=2))
    see("no version", l2tp.ask("TUNNEL_CREATE", CONN_ID=1, PEER_CONN_ID=2, ENCAP_TYPE=0, FD=own.fileno()))
    see("a namespace before a type", l2tp.tunnel(fd=far_stream.fileno()))
    see("made", l2tp.tunnel(fd=own.fileno()))
    for name, descriptor in (("bad", 999), ("no tunnel's", stream.fileno()), ("the same", own.fileno())):
        see(f"the id before a {name} descriptor", l2tp.tunnel(fd=descriptor))
    other = hosts.near_udp(port=5011)
    see("addresses beside the descriptor mean nothing",
        [l2tp.tunnel(2, fd=other.fileno(), IP_SADDR="198.51.100.1", IP_DADDR="198.51.100.2",
                     UDP_SPORT=1, UDP_DPORT=2, UDP_CSUM=0), l2tp.tunnel_get(2)])


def one_socket_one_tunnel(hosts, see):
    """
    Requirements: TUN-4, TUN-20, TUN-44
    """
    l2tp = Language()
    own = hosts.near_udp()
    copy = os.dup(own.fileno())
    see("first", l2tp.tunnel(1, fd=own.fileno()))
    see("second", l2tp.tunnel(2, fd=own.fileno()))
    see("by a duplicate", l2tp.tunnel(2, fd=copy))
    see("for IP", l2tp.tunnel(2, fd=own.fileno(), encap=IP))
    see("version 2", l2tp.tunnel(2, fd=own.fileno(), version=2))
    see("deleted", l2tp.tunnel_delete(1))
    see("again", [outcome_soon(lambda: l2tp.tunnel(2, fd=copy)), l2tp.tunnel_get(2)])
    carried = hosts.near_udp(port=5011)
    see("another socket", l2tp.tunnel(3, fd=carried.fileno()))
    see("with a session", l2tp.session(11, 3))
    see("deleted with a session", l2tp.tunnel_delete(3))
    see("again after a session", outcome_soon(lambda: l2tp.tunnel(3, fd=carried.fileno())))


def outcome_soon(function):
    """A kernel lets go of a socket a moment after it has acknowledged."""
    seen = []

    def good():
        seen.append(function())
        return seen[-1] == "OK"
    becomes(good)
    return seen[-1]


def what_is_told_of_a_socket(hosts, see):
    """
    Requirements: NL-58, TUN-2, TUN-21, NL-45
    """
    l2tp = Language()
    for family in (4, 6):
        domain = socket.AF_INET6 if family == 6 else socket.AF_INET
        own = socket.socket(domain, socket.SOCK_DGRAM)
        see(f"IPv{family} as it is made", [l2tp.tunnel(family, fd=own.fileno()), l2tp.tunnel_get(family)])
        own.bind((NEAR[family], 5001))
        see(f"IPv{family} bound", l2tp.tunnel_get(family))
        own.connect((FAR[family], 5003))
        see(f"IPv{family} connected", l2tp.tunnel_get(family))
        own.connect((FAR[family], 5004))
        see(f"IPv{family} connected elsewhere", l2tp.tunnel_get(family))
        any_address = socket.socket(domain, socket.SOCK_DGRAM)
        any_address.bind(("", 5020 + family))
        hosts.keep += [own, any_address]
        see(f"IPv{family} bound to a port", [l2tp.tunnel(20 + family, fd=any_address.fileno()),
                                            l2tp.tunnel_get(20 + family)])
        any_address.connect((FAR[family], FAR_PORT))
        see(f"IPv{family} with an address by its route", l2tp.tunnel_get(20 + family))
    mapped = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    mapped.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    mapped.connect(("::ffff:192.0.2.2", FAR_PORT))
    see("IPv4 written as IPv6", [l2tp.tunnel(40, fd=mapped.fileno()), l2tp.tunnel_get(40)])
    for name, family, level, option in (("IPv4 without checksums", 4, socket.SOL_SOCKET, 11),
                                        ("IPv6 that sends none", 6, 17, 101), ("IPv6 that takes none", 6, 17, 102)):
        own = hosts.near_udp(family, 5040 + option)
        own.setsockopt(level, option, 1)
        see(name, [l2tp.tunnel(40 + option, fd=own.fileno()), l2tp.tunnel_get(40 + option)])
        own.setsockopt(level, option, 0)
        see(f"{name}, changed", l2tp.tunnel_get(40 + option))
        hosts.keep.append(own)


def what_a_program_receives(hosts, see):
    """Control messages, data of unknown sessions and what is no data; nothing of a session that is there.

    Requirements: TUN-22, RX-1, RX-2, RX-5, RX-6, RX-9, RX-30, TUN-44
    """
    l2tp = Language()
    for version, control, data in ((3, control3(1), data3), (2, control2(1), lambda sid: data2(1, sid))):
        own, peer = hosts.near_udp(port=5000 + version), hosts.far_peer(port=FAR_PORT)
        see(f"version {version} made", [l2tp.tunnel(1, fd=own.fileno(), version=version),
                                        l2tp.session(11, 1, PPP)])
        there = (NEAR[4], 5000 + version)
        for name, octets in (("control", control), ("data of a session", data(11)), ("data of none", data(12)),
                             ("too short to be data", data(11)[:13]), ("another version", b"\0\5" + data(11)[2:]),
                             ("nothing", b"")):
            peer.sendto(octets, there)
            peer.sendto(control, there)
            see(f"version {version}: {name}, then control", received(own, 1 if octets == data(11) else 2))
        see(f"version {version} counted", [l2tp.counts(1), l2tp.counts(1, 11)])
        see(f"version {version} deleted", l2tp.tunnel_delete(1))
        peer.sendto(data(11), there)
        see(f"version {version}: data on the plain socket", received(own))
        own.close()
        peer.close()


def what_a_program_sends(hosts, see):
    """
    Requirements: TUN-22
    """
    l2tp = Language()
    own, peer = hosts.near_udp(), hosts.far_peer()
    stranger = hosts.far_peer(port=5009)
    see("made", [l2tp.tunnel(1, fd=own.fileno()), l2tp.session()])
    see("sent", [outcome(own.send, control3(101)), received(peer)])
    see("sent elsewhere", [outcome(own.sendto, b"elsewhere", (FAR[4], 5009)), received(stranger)])
    see("names", [list(own.getsockname()), list(own.getpeername())])
    own.connect((FAR[4], 5009))
    see("connected elsewhere", [outcome(own.send, b"there"), received(stranger)])
    see("options", [own.getsockopt(socket.SOL_SOCKET, name) for name in (socket.SO_TYPE, socket.SO_PROTOCOL,
                                                                        socket.SO_DOMAIN, socket.SO_ERROR)])
    see("multicast loops back", own.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP))


def where_a_session_sends_to(hosts, see):
    """The socket's peer at the time of each packet.

    Requirements: TUN-23
    """
    l2tp = Language()
    own = hosts.near_udp(connected=False)
    first, second = hosts.far_peer(), hosts.far_peer(port=5009)
    see("made", [l2tp.tunnel(fd=own.fileno()), l2tp.session(IFNAME="x0")])
    device = Device("x0")
    device.send(1)
    see("not connected", [becomes(lambda: l2tp.counts(1, 11).get("TX_ERRORS") == 1), nothing(first)])
    own.connect((FAR[4], FAR_PORT))
    device.send(2)
    see("connected", [received(first), nothing(second)])
    own.connect((FAR[4], 5009))
    device.send(3)
    see("connected elsewhere", [received(second), nothing(first)])
    own.shutdown(socket.SHUT_RDWR)
    see("shut down", [l2tp.tunnel_stays(), l2tp.counts(1, 11)])


# --- ICMP -----------------------------------------------------------------------------------------------

def pending(sock):
    """The error that the socket has, waited for."""
    seen = []

    def there():
        seen.append(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        return seen[-1]
    becomes(there, 2)
    return errno.errorcode.get(seen[-1], seen[-1])


def error_queue(sock, family):
    """[errno, origin, type, code, info] of the first error on the queue, and whose packet it was."""
    level, kind = (socket.IPPROTO_IPV6, IPV6_RECVERR) if family == 6 else (socket.IPPROTO_IP, IP_RECVERR)
    found = []

    def there():
        try:
            found.append(sock.recvmsg(2048, 512, MSG_ERRQUEUE | socket.MSG_DONTWAIT))
            return True
        except BlockingIOError:
            return False
    if not becomes(there, 2):
        return "nothing"
    octets, ancillary, _, address = found[0]
    for at, what, value in ancillary:
        if (at, what) == (level, kind):
            error, origin, icmp, code, _, info, _ = struct.unpack_from("=IBBBBII", value)
            return [errno.errorcode.get(error), origin, icmp, code, info, len(octets), list(address[:2])]
    return "no reason"


def errors_by_icmp(hosts, see):
    """What ICMP says of the data packets of a session surfaces on the program's socket, and the session goes on.

    Requirements: UDP-1, UDP-2, Q-35
    """
    l2tp = Language()
    for family in (4, 6):
        own = hosts.near_udp(family, 5060 + family)
        name = f"x{family}"
        see(f"IPv{family} made", [l2tp.tunnel(family, fd=own.fileno()), l2tp.session(family, family, IFNAME=name)])
        device = Device(name)
        device.send(1)
        see(f"IPv{family}, nobody listens", pending(own))
        device.send(2)
        see(f"IPv{family}, by receiving", [received(own), nothing(own)])
        device.send(3)
        select.select([own], [], [], 2)
        see(f"IPv{family}, by sending", [outcome(own.send, b"1"), pending(own)])
        own.setsockopt(*((socket.IPPROTO_IPV6, IPV6_RECVERR) if family == 6 else (socket.IPPROTO_IP, IP_RECVERR)), 1)
        device.send(4)
        see(f"IPv{family}, on the error queue", [error_queue(own, family), pending(own)])
        see(f"IPv{family}, counted", l2tp.counts(family, family))
        peer = hosts.far_peer(family)
        device.send(5)
        see(f"IPv{family}, somebody listens again", received(peer))
        peer.close()


def errors_by_icmp_of_a_route(hosts, see):
    """
    Requirements: UDP-1, UDP-2
    """
    l2tp = Language()
    ip(["route add 198.51.100.0/24 via 192.0.2.2"])
    hosts.far_ip("route add unreachable 198.51.100.1")
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((NEAR[4], 5070))
    own.connect(("198.51.100.1", FAR_PORT))
    see("made", [l2tp.tunnel(fd=own.fileno()), l2tp.session(IFNAME="x0")])
    Device("x0").send(1)
    see("unreachable", pending(own))
    see("counted", l2tp.counts(1, 11))
