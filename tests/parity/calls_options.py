# SPDX-License-Identifier: BSD-2-Clause
"""calls_options.py - what programs do with the socket of their tunnel: options, ancillary data, waiting, copies

Cases of calls.py.
"""
import array
import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import time

from support import netlink
from support.api import encode

from hosts import NEAR, PATIENCE, QUIET, L2tp as Language, becomes, control3, data3, libc, nothing, outcome, received

SIOCOUTQ, FIONREAD = 0x5411, 0x541b
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
IP_PKTINFO, IP_RECVTTL, IP_RECVTOS = 8, 12, 13


def tunnel_on_own(hosts, l2tp, conn_id=1, family=4, port=5001, connected=True, **more):
    own = hosts.near_udp(family, port, connected)
    assert l2tp.tunnel(conn_id, fd=own.fileno(), **more) == "OK"
    assert l2tp.session(10 + conn_id, conn_id, IFNAME=f"x{conn_id}") == "OK"
    return own


def ancillary(own, room=512, size=2048, flags=0):
    """[octets, flags, [level, type, length of value]] of what comes next."""
    if not select.select([own], [], [], PATIENCE)[0]:
        return "nothing"
    octets, found, seen, address = own.recvmsg(size, room, flags)
    return [octets.hex(), seen, [[level, kind, len(value)] for level, kind, value in found], list(address[:2])]


def what_comes_beside_a_message(hosts, see):
    """
    Requirements: TUN-22, RX-1
    """
    l2tp = Language()
    for family in (4, 6):
        own, peer = tunnel_on_own(hosts, l2tp, family, family, 5000 + family), hosts.far_peer(family)
        there = (NEAR[family], 5000 + family)
        options = {4: ((0, IP_PKTINFO), (0, IP_RECVTTL), (0, IP_RECVTOS)), 6: ((41, 49), (41, 51), (41, 66))}[family]
        for level, option in options:
            see(f"IPv{family} option {option}", [outcome(own.setsockopt, level, option, 1),
                                                own.getsockopt(level, option)])
        peer.sendto(control3(1), there)
        see(f"IPv{family} with options", ancillary(own))
        peer.sendto(control3(1), there)
        see(f"IPv{family} peeked", ancillary(own, flags=socket.MSG_PEEK))
        see(f"IPv{family} cut", ancillary(own, size=5, flags=socket.MSG_TRUNC))
        own.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        peer.sendto(control3(1), there)
        see(f"IPv{family} with a time", ancillary(own))
        see(f"IPv{family} little room", (peer.sendto(control3(1), there), ancillary(own, room=20))[1])
        peer.sendto(data3(10 + family), there)
        peer.sendto(control3(2), there)
        see(f"IPv{family} data before it", [becomes(lambda: l2tp.counts(family, 10 + family).get("RX_PACKETS") == 1),
                                           ancillary(own)])


def how_much_waits(hosts, see):
    """
    Requirements: TUN-22, RX-1
    """
    l2tp = Language()
    own, peer = tunnel_on_own(hosts, l2tp), hosts.far_peer()

    def asked(request):
        value = array.array("i", [0])
        return outcome(lambda: fcntl.ioctl(own, request, value) or value[0])
    see("empty", [asked(FIONREAD), asked(SIOCOUTQ)])
    peer.sendto(control3(1), (NEAR[4], 5001))
    select.select([own], [], [], PATIENCE)
    see("a control message", [asked(FIONREAD), asked(SIOCOUTQ)])
    received(own)
    peer.sendto(data3(11), (NEAR[4], 5001))
    becomes(lambda: l2tp.counts(1, 11).get("RX_PACKETS") == 1)
    see("data", [asked(FIONREAD), select.select([own], [], [], QUIET)[0] == []])


def signals_and_epoll(hosts, see):
    """Only control messages wake a program.

    Requirements: TUN-22, RX-1
    """
    l2tp = Language()
    own, peer = tunnel_on_own(hosts, l2tp), hosts.far_peer()
    there, signals = (NEAR[4], 5001), []
    signal.signal(signal.SIGIO, lambda *_: signals.append(1))
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETFL, fcntl.fcntl(own, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    see("owner", fcntl.fcntl(own, fcntl.F_GETOWN) == os.getpid())
    edge, level, exclusive = select.epoll(), select.epoll(), select.epoll()
    edge.register(own, select.EPOLLIN | select.EPOLLET)
    level.register(own, select.EPOLLIN | select.EPOLLONESHOT)
    exclusive.register(own, select.EPOLLIN | select.EPOLLEXCLUSIVE)

    def events():
        return [[event for _, event in e.poll(QUIET)] for e in (edge, level, exclusive)]
    see("nothing came", [events(), signals])
    peer.sendto(data3(11), there)
    see("data came", [becomes(lambda: l2tp.counts(1, 11).get("RX_PACKETS") == 1), events(), signals])
    peer.sendto(control3(1), there)
    see("a message came", [becomes(lambda: signals), events(), events()])
    peer.sendto(control3(1), there)
    see("another came", [events(), received(own, 2)])
    see("it is empty", outcome(own.recv, 100))
    copy = fcntl.fcntl(own, fcntl.F_DUPFD, 500)
    see("a copy", [copy, outcome(os.read, copy, 10)])
    own.close()
    see("the copy has it", l2tp.tunnel_stays())
    os.close(copy)
    see("that is closed", l2tp.tunnel_goes())


def a_time_limit_of_receiving(hosts, see):
    """
    Requirements: TUN-22, RX-1
    """
    l2tp = Language()
    own, peer = tunnel_on_own(hosts, l2tp), hosts.far_peer()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
    peer.sendto(data3(11), (NEAR[4], 5001))
    began = time.monotonic()
    see("nothing but data", [outcome(own.recv, 100), 0.9 < time.monotonic() - began < 5])
    see("low mark", [outcome(own.setsockopt, 1, socket.SO_RCVLOWAT, 2000), own.getsockopt(1, socket.SO_RCVLOWAT)])
    see("priority", [outcome(own.setsockopt, 1, 12, 5), own.getsockopt(1, 12)])
    see("busy poll", outcome(own.getsockopt, 1, 46))


def its_options(hosts, see):
    """What a program reads of its socket is not what a launcher has done to it.

    Requirements: TUN-22
    """
    l2tp = Language()
    for family in (4, 6):
        plain = hosts.near_udp(family, 5090)
        own = tunnel_on_own(hosts, l2tp, family, family, 5000 + family)
        different = []
        for level in (socket.SOL_SOCKET, socket.IPPROTO_IP, socket.IPPROTO_IPV6, socket.IPPROTO_UDP):
            for option in range(0, 110):
                if (level, option) in ((1, 26), (1, 49), (1, 55), (1, 56), (1, 57), (1, 71), (0, 4), (17, 100)):
                    continue  # filters, CPUs, memory, cookies; IP options; encapsulation
                one, two = (outcome(s.getsockopt, level, option, 64) for s in (plain, own))
                if one != two:
                    different.append([level, option, one.hex() if isinstance(one, bytes) else one,
                                      two.hex() if isinstance(two, bytes) else two])
        see(f"IPv{family} differ from a plain one's", different)


def filters_of_the_programs_own(hosts, see):
    """
    Requirements: RX-1
    """
    l2tp = Language()
    own, peer = tunnel_on_own(hosts, l2tp), hosts.far_peer()
    there = (NEAR[4], 5001)

    def attach(*code):
        packed = b"".join(struct.pack("=HBBI", *each) for each in code)
        keep = array.array("B", packed)
        program = struct.pack("@HxxxxxxP", len(code), keep.buffer_info()[0])
        return outcome(own.setsockopt, socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    def messages_until(mark):
        found = []
        while not found or found[-1] != mark.hex():
            found.append(own.recv(100).hex())
        return found
    own.settimeout(PATIENCE)
    see("all refused", attach((6, 0, 0, 0)))
    peer.sendto(control3(1), there)
    see("all let through", attach((6, 0, 0, 0xffff)))
    peer.sendto(control3(2), there)
    see("control messages", messages_until(control3(2)))
    see("taken off, twice", [outcome(own.setsockopt, socket.SOL_SOCKET, SO_DETACH_FILTER, 0) for _ in range(2)])
    peer.sendto(control3(1), there)
    see("and another", received(own))
    peer.sendto(data3(11), there)
    see("data", [becomes(lambda: l2tp.counts(1, 11).get("RX_PACKETS") == 1), nothing(own)])
    l2tp.tunnel_delete()
    see("a plain socket again", attach((6, 0, 0, 0)))
    peer.sendto(control3(3), there)
    attach((6, 0, 0, 0xffff))
    peer.sendto(control3(4), there)
    see("and its messages", messages_until(control3(4)))


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Header(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(Iovec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("hole", ctypes.c_int), ("sent", ctypes.c_uint), ("end", ctypes.c_int)]


def send_many(sock, *texts):
    pieces = [Iovec(text, len(text)) for text in texts]
    headers = (Header * len(texts))(*[Header(iov=ctypes.pointer(piece), iovlen=1) for piece in pieces])
    done = libc.sendmmsg(sock.fileno(), headers, len(texts), 0)
    return errno.errorcode[ctypes.get_errno()] if done < 0 else [done, [h.sent for h in headers]]


def many_messages_in_a_call(hosts, see):
    """
    Requirements: TUN-22, NL-91
    """
    l2tp = Language()
    own, peer = tunnel_on_own(hosts, l2tp), hosts.far_peer()
    see("on the tunnel's socket", [send_many(own, b"one", b"two", b""), received(peer, 3)])
    family = l2tp.netlink.family("l2tp")

    def request(command, **values):
        return netlink.message_encode(family.id, 5, l2tp.netlink.next_sequence(),
                                      netlink.genl_payload(family.tables[0][command], encode(values)))
    see("on a netlink socket", send_many(
        l2tp.netlink.socket, request("TUNNEL_MODIFY", CONN_ID=1), request("TUNNEL_GET", CONN_ID=9),
        request("SESSION_DELETE", CONN_ID=1, SESSION_ID=11)))
    found = []
    while len(found) < 3 and select.select([l2tp.netlink.socket], [], [], 5)[0]:
        found += [netlink.errno_name(netlink.error_decode(m).code) for m in l2tp.netlink.receive()]
    see("answers", found)
