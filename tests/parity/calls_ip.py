# SPDX-License-Identifier: BSD-2-Clause
"""calls_ip.py - sockets of IP protocol 115: names, errors, messages, tunnels on them

Cases of calls.py.
"""
import ctypes
import fcntl
import os
import select
import socket
import struct

from hosts import (FAR, IP, L2TP, NEAR, Device, L2tp as Language, becomes, control3, libc, checked, nothing, outcome,
                   received, ip)

SIOCINQ, SIOCOUTQ, SIOCGIFINDEX = 0x541b, 0x5411, 0x8933
DOMAIN = {4: socket.AF_INET, 6: socket.AF_INET6}
MSG_PROBE = 0x10
FAR_ID, OTHER = 200, {4: "192.0.2.3", 6: "2001:db8::3"}


def name4(address="0.0.0.0", conn_id=0, family=socket.AF_INET, unused=0, length=16):
    octets = struct.pack("=HH4sI4x", family, unused, socket.inet_aton(address), conn_id)
    return octets.ljust(length, b"\0")[:length]


def name6(address="::", conn_id=0, family=socket.AF_INET6, scope=0, length=32):
    octets = struct.pack("=HHI16sII", family, 0, 0, socket.inet_pton(socket.AF_INET6, address), scope, conn_id)
    return octets.ljust(length, b"\0")[:length]


def name(family, address, conn_id=0, **more):
    return name6(address, conn_id, **more) if family == 6 else name4(address, conn_id, **more)


def bind(sock, octets):
    checked(libc.bind(sock.fileno(), octets, len(octets)))


def connect(sock, octets):
    checked(libc.connect(sock.fileno(), octets, len(octets)))


def sendto(sock, octets, to=None, flags=0):
    libc.sendto.restype = ctypes.c_ssize_t
    return checked(libc.sendto(sock.fileno(), octets, ctypes.c_size_t(len(octets)), flags, to, len(to) if to else 0))


def recvfrom(sock, size=2048, flags=0):
    """(length told, octets, name in hex)"""
    libc.recvfrom.restype = ctypes.c_ssize_t
    buffer, address = ctypes.create_string_buffer(size), ctypes.create_string_buffer(128)
    length = ctypes.c_uint32(128)
    count = checked(libc.recvfrom(sock.fileno(), buffer, ctypes.c_size_t(size), flags, address, ctypes.byref(length)))
    return [count, buffer.raw[:min(count, size)].hex(), address.raw[:length.value].hex()]


def name_of(call, sock):
    buffer, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
    checked(call(sock.fileno(), buffer, ctypes.byref(length)))
    return buffer.raw[:length.value].hex()


def names(sock):
    return [outcome(name_of, libc.getsockname, sock), outcome(name_of, libc.getpeername, sock)]


def new(family=4):
    return socket.socket(DOMAIN[family], socket.SOCK_DGRAM, L2TP)


def ip_socket(family=4, conn_id=1, peer_id=None):
    """Bound, and with peer_id connected."""
    made = new(family)
    bind(made, name(family, NEAR[family], conn_id))
    if peer_id is not None:
        connect(made, name(family, FAR[family], peer_id))
    return made


def far_raw(hosts, family=4):
    """What sends and receives whole payloads of protocol 115 at the far end."""
    made = hosts.far_socket(socket.SOCK_RAW, family, L2TP)
    made.bind((FAR[family], 0))
    hosts.keep.append(made)
    return made


def payloads(raw, family, wanted=1):
    """What arrived there, without IP headers."""
    return [p if family == 6 or not isinstance(p, str) else p[40:] for p in received(raw, wanted)]


def over_ip(octets):
    """A control message as it is on the wire."""
    return b"\0\0\0\0" + octets


# --- making them ----------------------------------------------------------------------------------------

def kinds_of_sockets(hosts, see):
    """
    Requirements: IPS-1, IPS-2, IPS-24, IPS-53
    """
    for family in (4, 6):
        for kind in ("SOCK_DGRAM", "SOCK_STREAM", "SOCK_SEQPACKET", "SOCK_RAW", "SOCK_RDM"):
            see(f"IPv{family} {kind}", is_made(lambda f=family, k=kind: socket.socket(DOMAIN[f], getattr(socket, k), L2TP)))
        made = new(family)
        see(f"IPv{family} options", [made.getsockopt(socket.SOL_SOCKET, option) for option in (
            socket.SO_TYPE, socket.SO_PROTOCOL, socket.SO_DOMAIN, socket.SO_ERROR, socket.SO_ACCEPTCONN)])
        see(f"IPv{family} names", names(made))
        see(f"IPv{family} listen", outcome(made.listen))
        see(f"IPv{family} accept", outcome(accept, made))
        see(f"IPv{family} shutdown", outcome(made.shutdown, socket.SHUT_RDWR))
        see(f"IPv{family} no level of its own", [outcome(made.getsockopt, L2TP, 1), outcome(made.setsockopt, L2TP, 1, 1)])
        flags = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        nonblocking = socket.socket(DOMAIN[family], flags, L2TP)
        see(f"IPv{family} flags", [fcntl.fcntl(nonblocking, fcntl.F_GETFD),
                                   bool(fcntl.fcntl(nonblocking, fcntl.F_GETFL) & os.O_NONBLOCK),
                                   outcome(recvfrom, nonblocking)])
        see(f"IPv{family} pair", is_made(lambda f=family: socket.socketpair(DOMAIN[f], socket.SOCK_DGRAM, L2TP)))


def is_made(function):
    return outcome(lambda: function() and None)


def accept(sock):
    checked(libc.accept(sock.fileno(), None, None))


# --- bind -----------------------------------------------------------------------------------------------

def binding(hosts, see):
    """
    Requirements: IPS-10, IPS-11, IPS-2, IPS-30
    """
    tries = {
        4: [("short", name4(NEAR[4], 1, length=15)), ("exact", name4(NEAR[4], 1)), ("long", name4(NEAR[4], 1, length=28)),
            ("AF_UNSPEC", name4(NEAR[4], 1, 0)), ("AF_INET6", name4(NEAR[4], 1, 10)), ("any", name4("0.0.0.0", 1)),
            ("not local", name4("192.0.2.9", 1)), ("multicast", name4("224.0.0.1", 1)), ("id 0", name4(NEAR[4], 0)),
            ("broadcast", name4("192.0.2.255", 1)), ("all ones", name4("255.255.255.255", 1)),
            ("loopback", name4("127.0.0.1", 0xffffffff)), ("a port", name4(NEAR[4], 1, unused=0x1234))],
        6: [("short", name6(NEAR[6], 1, length=31)), ("of 28", name6(NEAR[6], 1, length=28)), ("exact", name6(NEAR[6], 1)),
            ("long", name6(NEAR[6], 1, length=40)), ("AF_UNSPEC", name6(NEAR[6], 1, 0)), ("AF_INET", name6(NEAR[6], 1, 2)),
            ("any", name6("::", 1)), ("not local", name6("2001:db8::9", 1)), ("multicast", name6("ff02::1", 1)),
            ("mapped", name6("::ffff:192.0.2.1", 1)), ("id 0", name6(NEAR[6], 0)), ("link-local", name6("fe80::1", 1)),
            ("link-local of no device", name6("fe80::1", 1, scope=999)), ("loopback", name6("::1", 0xffffffff))],
    }
    for family in (4, 6):
        for what, octets in tries[family]:
            made = new(family)
            see(f"IPv{family} {what}", [outcome(bind, made, octets), names(made)])
            made.close()
        made = new(family)
        bind(made, name(family, NEAR[family], 1))
        see(f"IPv{family} twice", [outcome(bind, made, name(family, NEAR[family], 2)), names(made)])


def bindings_that_collide(hosts, see):
    """
    Requirements: IPS-10, IPS-11, IPS-12, IPS-54
    """
    ip(["address add 192.0.2.3/24 dev near", "address add 2001:db8::3/64 dev near nodad"])
    for family in (4, 6):
        any_address = "::" if family == 6 else "0.0.0.0"
        held = ip_socket(family, 7)
        for what, address, conn_id in (("the same", NEAR[family], 7), ("any address", any_address, 7),
                                       ("another address", OTHER[family], 7), ("another id", NEAR[family], 8)):
            made = new(family)
            see(f"IPv{family} {what}", outcome(bind, made, name(family, address, conn_id)))
            made.close()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            made = new(family)
            made.setsockopt(socket.SOL_SOCKET, option, 1)
            see(f"IPv{family} the same, option {option}", outcome(bind, made, name(family, NEAR[family], 7)))
            made.close()
        copy = os.dup(held.fileno())
        held.close()
        made = new(family)
        see(f"IPv{family} a duplicate holds it", outcome(bind, made, name(family, NEAR[family], 7)))
        os.close(copy)
        see(f"IPv{family} free", outcome(bind, made, name(family, NEAR[family], 7)))
        wide = new(family)
        see(f"IPv{family} any beside", outcome(bind, wide, name(family, any_address, 9)))
        narrow = new(family)
        see(f"IPv{family} one address of any", outcome(bind, narrow, name(family, NEAR[family], 9)))
        hosts.keep += [made, wide, narrow]


# --- connect --------------------------------------------------------------------------------------------

def connecting(hosts, see):
    """
    Requirements: IPS-20, IPS-21, IPS-22, IPS-30
    """
    tries = {
        4: [("short", name4(FAR[4], 2, length=15)), ("exact", name4(FAR[4], 2)), ("a port", name4(FAR[4], 2, unused=0x1234)),
            ("long", name4(FAR[4], 2, length=40)), ("AF_INET6", name4(FAR[4], 2, 10)), ("id 0", name4(FAR[4], 0)),
            ("multicast", name4("224.0.0.1", 2)), ("no way", name4("203.0.113.1", 2)),
            ("broadcast", name4("192.0.2.255", 2)), ("0.0.0.0", name4("0.0.0.0", 2)), ("AF_UNSPEC", name4(FAR[4], 2, 0))],
        6: [("short", name6(FAR[6], 2, length=31)), ("of 28", name6(FAR[6], 2, length=28)), ("exact", name6(FAR[6], 2)),
            ("long", name6(FAR[6], 2, length=40)), ("AF_INET", name6(FAR[6], 2, 2)), ("id 0", name6(FAR[6], 0)),
            ("multicast", name6("ff02::1", 2)), ("mapped multicast", name6("::ffff:224.0.0.1", 2)),
            ("no way", name6("2001:db9::1", 2)), ("::", name6("::", 2)), ("AF_UNSPEC", name6(FAR[6], 2, 0))],
    }
    for family in (4, 6):
        for bound in (False, True):
            for what, octets in tries[family]:
                made = new(family)
                if bound:
                    bind(made, name(family, NEAR[family], 1))
                state = "bound" if bound else "unbound"
                see(f"IPv{family} {state}, {what}", [outcome(connect, made, octets), names(made)])
                made.close()
        made = new(family)
        bind(made, name(family, "::" if family == 6 else "0.0.0.0", 1))
        see(f"IPv{family} any address", [outcome(connect, made, name(family, FAR[family], 2)), names(made)])
        see(f"IPv{family} again", [outcome(connect, made, name(family, FAR[family], 3)), names(made)])
        see(f"IPv{family} disconnected", [outcome(connect, made, bytes(32)), names(made)])
        see(f"IPv{family} sending then", outcome(made.send, b"x"))


def shutting_down(hosts, see):
    """
    Requirements: IPS-24
    """
    for family in (4, 6):
        made, raw = ip_socket(family, 1, FAR_ID), far_raw(hosts, family)
        see(f"IPv{family}", [outcome(made.shutdown, socket.SHUT_WR), outcome(made.send, control3(2))])
        see(f"IPv{family} arrives", payloads(raw, family, 0))
        made.settimeout(1)
        see(f"IPv{family} reading too", [outcome(made.shutdown, socket.SHUT_RD), outcome(lambda: made.recv(10).hex())])


def the_mtu_of_its_path(hosts, see):
    """
    Requirements: IPS-53
    """
    ip(["route add 198.51.100.0/24 via 192.0.2.2 mtu 1400", "route add 2001:db8:1::/64 via 2001:db8::2 mtu 1300"])
    for family, (level, option) in {4: (socket.IPPROTO_IP, 14), 6: (socket.IPPROTO_IPV6, 24)}.items():
        made = new(family)

        def mtu(*size, m=made, which=(level, option)):
            value = outcome(m.getsockopt, *which, *size)
            return value.hex() if isinstance(value, bytes) else value
        see(f"IPv{family} unbound", mtu())
        bind(made, name(family, NEAR[family], 1))
        see(f"IPv{family} bound", mtu())
        connect(made, name(family, FAR[family], 2))
        see(f"IPv{family} connected", mtu())
        see(f"IPv{family} in an octet", mtu(1))
        connect(made, name(family, "2001:db8:1::9" if family == 6 else "198.51.100.9", 2))
        see(f"IPv{family} by another route", mtu())
        connect(made, bytes(32))
        see(f"IPv{family} disconnected", mtu())


# --- sending --------------------------------------------------------------------------------------------

def sending(hosts, see):
    """
    Requirements: IPS-40, IPS-41, IPS-42, IPS-43
    """
    for family in (4, 6):
        raw, far = far_raw(hosts, family), FAR[family]
        fresh, bound, connected = new(family), ip_socket(family, 1), ip_socket(family, 2, FAR_ID)
        for state, sock in (("unbound", fresh), ("bound", bound), ("connected", connected)):
            see(f"IPv{family} {state}, without an address", [outcome(sendto, sock, control3(2)),
                                                             payloads(raw, family, state == "connected")])
            see(f"IPv{family} {state}, with one", [outcome(sendto, sock, control3(2), name(family, far, 5)),
                                                   payloads(raw, family)])
        for what, to in (("short", name(family, far, 5, length=15 if family == 4 else 23)),
                         ("of 28", name(family, far, 5, length=28)), ("long", name(family, far, 5, length=40)),
                         ("AF_UNSPEC", (name6 if family == 6 else name4)(far, 5, 0)),
                         ("the other family", (name6 if family == 6 else name4)(far, 5, 10 if family == 4 else 2)),
                         ("no way", name(family, "2001:db9::1" if family == 6 else "203.0.113.1", 5))):
            see(f"IPv{family} to {what}", outcome(sendto, bound, control3(2), to))
        received(raw, 0)
        see(f"IPv{family} nothing", [outcome(sendto, connected, b""), payloads(raw, family)])
        see(f"IPv{family} one octet", [outcome(sendto, connected, b"x"), payloads(raw, family)])
        see(f"IPv{family} by write", [outcome(os.write, connected.fileno(), b"written"), payloads(raw, family)])
        see(f"IPv{family} by sendmsg", [outcome(connected.sendmsg, [b"two ", b"parts"]), payloads(raw, family)])
        see(f"IPv{family} out of band", outcome(sendto, connected, b"x", None, socket.MSG_OOB))
        received(raw, 0)
        big = bytes(3000)
        see(f"IPv{family} larger than the link", [outcome(sendto, connected, big), len(payloads(raw, family, 0))])
        see(f"IPv{family} larger than a packet", outcome(sendto, connected, bytes(66000)))


def in_several_parts(hosts, see):
    """
    Requirements: IPS-41, IPS-43
    """
    for family in (4, 6):
        raw, made = far_raw(hosts, family), ip_socket(family, 1, FAR_ID)
        see(f"IPv{family} more to come", [outcome(made.send, b"one ", socket.MSG_MORE), payloads(raw, family, 0)])
        see(f"IPv{family} the last", [outcome(made.send, b"two ", socket.MSG_MORE), outcome(made.send, b"three"),
                                      payloads(raw, family, 0)])
        see(f"IPv{family} another", [outcome(made.send, b"four"), payloads(raw, family)])
        see(f"IPv{family} a probe", [outcome(made.send, b"five", MSG_PROBE), payloads(raw, family, 0)])
        see(f"IPv{family} too long", [outcome(made.send, bytes(40000), socket.MSG_MORE), outcome(made.send, bytes(40000)),
                                      outcome(made.send, b"seven"), payloads(raw, family, 0)])


def source_addresses(hosts, see):
    """
    Requirements: IPS-10, IPS-23, IPS-40
    """
    ip(["address add 192.0.2.3/24 dev near", "address add 2001:db8::3/64 dev near nodad"])
    for family in (4, 6):
        raw = far_raw(hosts, family)
        for what, address in (("of any", "::" if family == 6 else "0.0.0.0"), ("of the second", OTHER[family])):
            made = new(family)
            bind(made, name(family, address, 4))
            sendto(made, control3(2), name(family, FAR[family], 5))
            see(f"IPv{family} {what}", raw.recvfrom(2048)[1][0] if received_soon(raw) else "nothing")
            made.close()


def received_soon(sock):
    return bool(select.select([sock], [], [], 5)[0])


# --- receiving ------------------------------------------------------------------------------------------

def who_receives(hosts, see):
    """By connection id, local address and peer.

    Requirements: RX-26, RX-27, RX-28, RX-30, IPS-23, IPS-50
    """
    ip(["address add 192.0.2.3/24 dev near", "address add 2001:db8::3/64 dev near nodad"])
    for family in (4, 6):
        hosts.far_ip(f"address add {'2001:db8::4/64' if family == 6 else '192.0.2.4/24'} dev far")
        raw = far_raw(hosts, family)
        stranger = hosts.far_socket(socket.SOCK_RAW, family, L2TP)
        becomes(lambda f=family, s=stranger: outcome(s.bind, ("2001:db8::4" if f == 6 else "192.0.2.4", 0)) == "OK")
        listeners = {"one": ip_socket(family, 1), "two": ip_socket(family, 2, FAR_ID), "zero": new(family)}
        bind(listeners["zero"], name(family, "::" if family == 6 else "0.0.0.0", 0))

        def arrives(what, octets, source=raw, to=NEAR[family], f=family, among=listeners):
            source.sendto(octets, (to, 0))
            see(f"IPv{f} {what}", {word: received(sock, 0, 0.1) for word, sock in among.items()
                                   if received_soon_or_not(among.values()) or True})
        for conn_id in (0, 1, 2, 3):
            arrives(f"for {conn_id}", over_ip(control3(conn_id)))
        arrives("to another address", over_ip(control3(1)), raw, OTHER[family])
        arrives("to another address, for 0", over_ip(control3(0)), raw, OTHER[family])
        arrives("from a stranger", over_ip(control3(1)), stranger)
        arrives("from a stranger to one that is connected", over_ip(control3(2)), stranger)
        arrives("of version 2", over_ip(b"\xc8\x02" + control3(1)[2:]))
        arrives("without T", over_ip(b"\x48\x03" + control3(1)[2:]))
        arrives("without L", over_ip(b"\x88\x03" + control3(1)[2:]))
        arrives("too short", over_ip(control3(1)[:11]))
        arrives("just long enough", over_ip(control3(1)[:12]))
        arrives("data", struct.pack("!II", 11, 0) + b"data of no session")


def received_soon_or_not(socks):
    return select.select(list(socks), [], [], 0.2)[0]


def how_it_is_received(hosts, see):
    """
    Requirements: IPS-50, IPS-51, IPS-52
    """
    for family in (4, 6):
        raw, sock = far_raw(hosts, family), ip_socket(family, 1)
        there, message = (NEAR[family], 0), over_ip(control3(1))

        def arrive(count=1, r=raw, m=message, t=there, s=sock):
            for _ in range(count):
                r.sendto(m, t)
            received_soon(s)
        see(f"IPv{family} nothing there", [outcome(recvfrom, sock, 100, socket.MSG_DONTWAIT), inq(sock),
                                           select.select([sock], [sock], [], 0)[:2] == ([], [sock])])
        arrive()
        see(f"IPv{family} whole, with its name", outcome(recvfrom, sock))
        arrive()
        see(f"IPv{family} peeked", [outcome(recvfrom, sock, 100, socket.MSG_PEEK), inq(sock), outcome(recvfrom, sock)])
        arrive()
        see(f"IPv{family} cut off", [outcome(recvfrom, sock, 5), inq(sock)])
        arrive()
        see(f"IPv{family} cut off, and its length", outcome(recvfrom, sock, 5, socket.MSG_TRUNC))
        arrive()
        see(f"IPv{family} flags of recvmsg", [outcome(lambda s=sock: [s.recvmsg(5)[2], inq(s)])])
        arrive()
        see(f"IPv{family} by read", outcome(lambda s=sock: os.read(s.fileno(), 100).hex()))
        see(f"IPv{family} out of band", outcome(recvfrom, sock, 5, socket.MSG_OOB | socket.MSG_DONTWAIT))
        arrive(3)
        becomes(lambda s=sock: inq(s) == 20)
        see(f"IPv{family} several", received(sock, 3))
        sock.settimeout(0.2)
        see(f"IPv{family} a timeout", outcome(recvfrom, sock))
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("=qq", 0, 200000))
        see(f"IPv{family} a timeout of its own", outcome(recvfrom, sock))
        epoll = select.epoll()
        epoll.register(sock, select.EPOLLIN | select.EPOLLET)
        arrive()
        see(f"IPv{family} by edge", [len(epoll.poll(2)), len(epoll.poll(0.1)), len(received(sock)), len(epoll.poll(0.1))])
        see(f"IPv{family} ioctl", [outcome(ioctl, sock, SIOCOUTQ), outcome(ioctl, sock, 0x1234),
                                   outcome(ioctl, sock, SIOCGIFINDEX, b"lo".ljust(40, b"\0"))])
        if family == 4:
            sock.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
            arrive()
            info = sock.recvmsg(100, 200)
            see("IPv4 packet information", [[level, kind, value[8:12].hex()] for level, kind, value in info[1]])


def ioctl(sock, number, argument=b"\0\0\0\0"):
    result = fcntl.ioctl(sock, number, argument)
    return struct.unpack_from("=I", result)[0] if len(argument) == 4 else "OK"


def inq(sock):
    return outcome(ioctl, sock, SIOCINQ)


# --- tunnels on them ------------------------------------------------------------------------------------

def tunnels_on_them(hosts, see):
    """
    Requirements: TUN-20, TUN-21, TUN-23, TUN-44, IPS-54, IPS-55, RX-30
    """
    l2tp = Language()
    for family in (4, 6):
        raw, own = far_raw(hosts, family), ip_socket(family, 1, FAR_ID)
        see(f"IPv{family} made", [l2tp.tunnel(7, fd=own.fileno(), encap=IP), l2tp.session(11, 7, IFNAME=f"x{family}")])
        see(f"IPv{family} told", l2tp.tunnel_get(7))
        see(f"IPv{family} again", l2tp.tunnel(8, fd=own.fileno(), encap=IP))
        data = struct.pack("!II", 11, 0) + b"\2" * 60
        raw.sendto(data, (NEAR[family], 0))
        raw.sendto(over_ip(control3(1)), (NEAR[family], 0))
        see(f"IPv{family} control arrives, data does not", received(own))
        see(f"IPv{family} counted", [l2tp.counts(7), l2tp.counts(7, 11)])
        device = Device(f"x{family}")
        received(raw, 0)
        device.send(1)
        see(f"IPv{family} sent", payloads(raw, family))
        see(f"IPv{family} control sent", [outcome(own.send, control3(FAR_ID)), payloads(raw, family)])
        connect(own, name(family, OTHER[family] if family == 4 else "2001:db8::5", 9))
        see(f"IPv{family} connected elsewhere", l2tp.tunnel_get(7))
        outcome(connect, own, bytes(32))
        device.send(2)
        see(f"IPv{family} not connected", [becomes(lambda: l2tp.counts(7, 11).get("TX_ERRORS")), l2tp.counts(7, 11)])
        see(f"IPv{family} deleted", l2tp.tunnel_delete(7))
        raw.sendto(data, (NEAR[family], 0))
        see(f"IPv{family} data then", nothing(own))
        see(f"IPv{family} once more", l2tp.tunnel(7, fd=own.fileno(), encap=IP))
        own.close()
        see(f"IPv{family} closed", l2tp.tunnel_goes(7))


def unmanaged_tunnels_bind_too(hosts, see):
    """
    Requirements: TUN-11, IPS-10, IPS-54
    """
    l2tp = Language()
    own = ip_socket(4, 5)
    see("an id that a program has", l2tp.tunnel(5, encap=IP))
    see("another", l2tp.tunnel(6, encap=IP))
    made = new(4)
    see("a program takes the tunnel's", outcome(bind, made, name4(NEAR[4], 6)))
    own.close()
    see("free again", becomes(lambda: l2tp.tunnel(5, encap=IP) in ("OK", "EEXIST")))
    see("deleted", l2tp.tunnel_delete(6))
    see("the program's now", becomes(lambda: outcome(bind, made, name4(NEAR[4], 6)) in ("OK", "EINVAL")))
