# SPDX-License-Identifier: BSD-2-Clause
"""calls_odd.py - generic netlink as few programs use it: options, names, malformed and unusual requests

Cases of calls.py.
"""
import errno
import os
import select
import socket
import struct

from support import netlink
from support.api import encode

from hosts import PATIENCE, L2tp as Language, nothing, outcome
from calls_options import tunnel_on_own

SOL_NETLINK = 270


def shown(value):
    return value.hex() if isinstance(value, bytes) else value


def opened(port=None):
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    if port is not None:
        made.bind((port, 0))
    return made


def options_of_netlink(hosts, see):
    """
    Requirements: NL-90
    """
    sock = opened()
    for option in range(0, 14):
        see(f"option {option}", [outcome(sock.getsockopt, SOL_NETLINK, option),
                                 outcome(sock.setsockopt, SOL_NETLINK, option, 1),
                                 outcome(sock.getsockopt, SOL_NETLINK, option)])
        if option != 9:  # as long as there are groups, whatever room there is
            see(f"option {option} as an octet", [outcome(sock.setsockopt, SOL_NETLINK, option, b"\1"),
                                                shown(outcome(sock.getsockopt, SOL_NETLINK, option, 1))])
    for name, group in (("none", 0), ("a great", 1 << 20), ("a negative", 0xffffffff)):
        see(f"{name} group", [outcome(sock.setsockopt, SOL_NETLINK, option, struct.pack("=I", group))
                              for option in (1, 2)])
    see("memberships", sock.getsockopt(SOL_NETLINK, 9, 64).rstrip(b"\0").hex())
    see("level", [outcome(sock.getsockopt, level, 1) for level in (0, 6, 17, 41, 271)])
    see("socket's", [outcome(sock.getsockopt, 1, option) for option in (3, 4, 30, 37, 38, 39)])


def names_of_netlink(hosts, see):
    """
    Requirements: NL-90
    """
    own = os.getpid()
    sock = opened()
    see("unbound", [list(sock.getsockname()), outcome(sock.getpeername)])
    see("bound", [outcome(sock.bind, (0, 0)), sock.getsockname()[0] == own, sock.getsockname()[1]])
    see("bound again", [outcome(sock.bind, (0, 0)), outcome(sock.bind, (own, 0)), outcome(sock.bind, (7, 0))])
    given = opened()
    see("to a port", [outcome(given.bind, (4242, 0)), list(given.getsockname())])
    see("to one in use", outcome(opened().bind, (4242, 0)))
    given.close()
    see("to one that was", outcome(opened().bind, (4242, 0)))
    another = opened()
    see("by sending", [outcome(another.sendto, b"", (0, 0)), another.getsockname()[0] != 0])
    see("connected", [outcome(another.connect, (0, 0)), list(another.getpeername())])
    see("connected to somebody", [outcome(another.connect, (4242, 0)), list(another.getpeername())])
    see("connected to a group", [outcome(another.connect, (0, 1)), list(another.getpeername())])
    see("listening", outcome(another.listen))
    see("accepting", outcome(another.accept))
    see("shut down", outcome(another.shutdown, socket.SHUT_RDWR))
    see("groups", [outcome(opened().bind, (0, bits)) for bits in (1, 0x80000000)])


PROBE = 4242


def split(octets):
    return netlink.Connection(None).split(octets)


def answers_of(sock):
    """[type, flags, sequence, errno, length] of each message that is there when a request that is answered is."""
    sock.send(netlink.message_encode(16, 5, PROBE, b"\xff\1\0\0"))
    found, probed, listing = [], False, False
    while not probed or listing:
        if not select.select([sock], [], [], 5)[0]:
            found.append("silence")
            break
        for m in split(sock.recv(1 << 16)):
            if m.sequence == PROBE:
                probed = True
                continue
            listing = m.flags & 2 and m.type != 3
            if m.type == 2:
                error = netlink.error_decode(m)
                code = netlink.errno_name(error.code) if error.code else "OK"
                found.append(["error", m.flags, m.sequence, code, len(m.payload)])
            else:
                found.append([m.type if m.type < 16 else "answer", m.flags, m.sequence, "", len(m.payload)])
    return found


def odd_requests(hosts, see):
    """Flags, types and lengths that programs do not use.

    Requirements: NL-10, NL-91, NL-20
    """
    l2tp = Language()
    tunnel_on_own(hosts, l2tp)
    sock, family = opened(0), l2tp.netlink.family("l2tp").id
    get = netlink.genl_payload(4, encode({"CONN_ID": 1}))

    def ask(name, octets):
        see(name, [outcome(sock.send, octets), answers_of(sock)])
    for flags in (0, 1, 2, 4, 5, 8, 9, 0xd, 0x11, 0x21, 0x100, 0x101, 0x105, 0x201, 0x301, 0x305, 0x309, 0x401, 0x801,
                  0xf01, 0xff05):
        ask(f"flags {flags:x}", netlink.message_encode(family, flags, 7, get))
    for kind in (0, 1, 2, 3, 4, 15, 17, 18, 500, 0xffff):
        ask(f"type {kind}", netlink.message_encode(kind, 5, 7, get))
    for length in (0, 1, 15, 16, 17, 19, 20, 21, 24, 28, 100):
        good = bytearray(netlink.message_encode(family, 5, 7, get))
        good[0:4] = struct.pack("=I", length)
        ask(f"length {length}", bytes(good))
    for name, payload in (
            ("nothing", b""), ("a header alone", b"\4\1\0\0"), ("no command", b"\0\1\0\0"),
            ("command 9", b"\x09\1\0\0"), ("command 255", b"\xff\1\0\0"), ("version 0", b"\4\0\0\0" + get[4:]),
            ("version 9", b"\4\x09\0\0" + get[4:]), ("reserved octets", b"\4\1\1\1" + get[4:]), ("an octet", b"\4")):
        ask(name, netlink.message_encode(family, 5, 7, payload))
    many = b"".join(netlink.message_encode(family, flags, 7 + at, get) for at, flags in enumerate((1, 4, 5, 0, 1)))
    ask("several", many)
    ask("several, one is bad", netlink.message_encode(family, 5, 7, b"\xff\1\0\0") + many)
    ask("several, a length is bad", netlink.message_encode(family, 1, 7, get) + struct.pack("=I", 5) + many)
    ask("not whole", many[:-5])
    ask("with a done before", netlink.message_encode(3, 1, 7, b"\0\0\0\0") + many)
    ask("from another port", netlink.message_encode(family, 5, 7, get, 99))
    see("to nobody", outcome(sock.sendto, many, (99999, 0)))
    see("to a group", outcome(sock.sendto, many, (0, 1)))
    answers_of(sock)
    see("out of band", outcome(sock.send, many, socket.MSG_OOB))
    see("too long", outcome(sock.send, bytes(1 << 20)))


def attributes():
    """[(name, octets)]: the tunnel's id, and what is wrong or unusual with it or beside it."""
    conn = netlink.u32(9, 1)
    one = struct.pack("=I", 1)
    return [
        ("none", b""), ("nested", netlink.attribute(9 | 0x8000, one)),
        ("in network order", netlink.attribute(9 | 0x4000, one)),
        ("twice", netlink.u32(9, 7) + conn), ("three octets", netlink.attribute(9, one[:3])),
        ("five octets", netlink.attribute(9, one + b"\0")), ("empty", netlink.attribute(9)),
        ("too long", netlink.attribute(9, one, 200)), ("too short", netlink.attribute(9, one, 3)),
        ("of length 0", netlink.attribute(9, one, 0)), ("unknown beside it", conn + netlink.u32(200, 1)),
        ("type 0 beside it", conn + netlink.u32(0, 1)), ("octets after it", conn + b"\1\2\3"),
        ("octets before it", b"\1\2\3\0" + conn), ("a string without its end", conn + netlink.attribute(8, b"abcdef")),
        ("a long string", conn + netlink.string(8, "a" * 40)), ("a string of nothing", conn + netlink.attribute(8)),
        ("stats", conn + netlink.attribute(30, b"\1\2\3\4\5\6")), ("a flag with a value", conn + netlink.u32(33, 1)),
        ("a cookie of 9", conn + netlink.attribute(15, bytes(9))),
        ("one octet of two", conn + netlink.attribute(1, b"\5")),
        ("a pad", conn + netlink.attribute(35, bytes(8)))]


def odd_attributes(hosts, see):
    """
    Requirements: NL-10, NL-11, NL-91
    """
    l2tp = Language()
    tunnel_on_own(hosts, l2tp)
    sock, family = opened(0), l2tp.netlink.family("l2tp").id
    for ext in (0, 1):
        sock.setsockopt(SOL_NETLINK, 11, ext)
        for name, octets in attributes():
            for command in (4, 3):
                see(f"{name}, {'words' if ext else 'no words'}, command {command}",
                    [outcome(sock.send, netlink.message_encode(family, 5, 7, netlink.genl_payload(command, [octets]))),
                     [[a[0], a[1] & ~0x200, *a[2:4]] for a in answers_of(sock)]])


def no_room_for_answers(hosts, see):
    """
    Requirements: NL-90
    """
    l2tp = Language()
    for conn_id in range(1, 200):
        l2tp.tunnel(conn_id, sport=10000 + conn_id)
    sock, family = opened(0), l2tp.netlink.family("l2tp").id
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.send(netlink.message_encode(family, 0x301, 7, netlink.genl_payload(4)))
    found, end = 0, None
    while end is None and select.select([sock], [], [], PATIENCE)[0]:
        octets = outcome(sock.recv, 1 << 16)
        if not isinstance(octets, bytes):
            end = octets
            break
        for m in split(octets):
            found += m.type >= 16
            end = "done" if m.type == 3 else end
    see("a dump", [found, end])
    see("nonblocking, nothing there", outcome(sock.recv, 100, socket.MSG_DONTWAIT))
    sock.send(netlink.message_encode(family, 0x301, 8, netlink.genl_payload(4)))
    other = opened(0)
    sock.close()
    other.send(netlink.message_encode(family, 5, 9, netlink.genl_payload(4, encode({"CONN_ID": 1}))))
    see("closed in the middle of one", [a[0] for a in answers_of(other)])


def asking_nlctrl(hosts, see):
    """
    Requirements: NL-1, NL-2
    """
    sock = opened(0)

    def ask(name, payload, flags=5):
        see(name, [outcome(sock.send, netlink.message_encode(16, flags, 7, payload)),
                   [[a[0], a[1], a[3] ] for a in answers_of(sock)]])
    ask("by name", netlink.genl_payload(3, [netlink.string(2, "l2tp")]))
    ask("by name without its end", netlink.genl_payload(3, [netlink.attribute(2, b"l2tp")]))
    ask("by an unknown name", netlink.genl_payload(3, [netlink.string(2, "l2tpx")]))
    ask("by a long name", netlink.genl_payload(3, [netlink.string(2, "l" * 30)]))
    ask("by nothing", netlink.genl_payload(3))
    ask("by number 0", netlink.genl_payload(3, [netlink.u16(1, 0)]))
    ask("by number 9999", netlink.genl_payload(3, [netlink.u16(1, 9999)]))
    ask("command 1", netlink.genl_payload(1, [netlink.string(2, "l2tp")]))
    ask("command 77", netlink.genl_payload(77))
    ask("echo", netlink.genl_payload(3, [netlink.string(2, "l2tp")]), flags=9)
