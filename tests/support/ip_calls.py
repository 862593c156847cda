# SPDX-License-Identifier: BSD-2-Clause
"""ip_calls.py - the same calls on L2TP/IP sockets, made wherever this runs, and what each answered

transcript() in a machine with a real kernel, and behind `ul2tp run` on one without, must be the same.
"""
import errno
import os
import socket
import sys

from support.ip_program import IpProgram
from support.ip_socket import UNSPEC, name4, name6
from support.netns import Namespace

OWN4, OWN6 = "192.0.2.1", "2001:db8::1"
DGRAM, STREAM, PACKET = socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET
V4, V6 = socket.AF_INET, socket.AF_INET6
BROADCAST, BINDTODEVICE = (1, 6), (1, 25)
ONE = (1).to_bytes(4, sys.byteorder)


def host():
    """A namespace with one network, at whose other end nobody is."""
    made = Namespace("calls")
    made.ip("link add wire type veth peer name other", "link set other up")
    made.sysctl("net/ipv6/conf/wire/disable_ipv6", 0)
    made.sysctl("net/ipv6/conf/wire/accept_dad", 0)
    made.sysctl("net/ipv6/conf/wire/addr_gen_mode", 1)
    made.ip("link set wire address 02:00:00:00:00:01", f"address add {OWN4}/24 dev wire",
            f"address add {OWN6}/64 dev wire nodad", "address add fe80::1/64 dev wire nodad", "link set wire up")
    made.ip("neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire nud permanent",
            "neighbour add 2001:db8::2 lladdr 02:00:00:00:00:02 dev wire nud permanent")
    return made


def steps(index):
    """[(call, ...)]: a socket is known by its letter. index: of wire."""
    yield from [("socket", "t", V4, STREAM), ("socket", "t", V4, PACKET), ("socket", "t", V6, STREAM)]
    # IPv4: errors of bind, what it leaves behind
    yield from [("socket", "a", V4), ("name", "a"), ("peer", "a"), ("connect", "a", UNSPEC), ("connect", "a", b"\2"),
                ("bind", "a", b""), ("bind", "a", name4(OWN4, 1)[:15]), ("bind", "a", name4(OWN4, 1, family=0)),
                ("bind", "a", name4(OWN4, 1, family=V6)), ("bind", "a", name4("198.51.100.1", 1)), ("name", "a"),
                ("connect", "a", name4("192.0.2.2", 1)), ("connect", "a", name4("224.0.0.1", 1)),
                ("connect", "a", name4("192.0.2.2", 1)[:15]), ("connect", "a", name4("192.0.2.2", 1, family=V6)),
                ("bind", "a", name4(OWN4, 7)), ("bind", "a", name4(OWN4, 8)), ("name", "a")]
    yield from [("socket", "b", V4), ("bind", "b", name4(OWN4, 7)), ("name", "b"), ("bind", "b", name4("0.0.0.0", 7)),
                ("bind", "b", name4("127.0.0.1", 7)), ("name", "b"), ("socket", "c", V4),
                ("bind", "c", name4("0.0.0.0", 7)), ("bind", "c", name4("0.0.0.0", 9)), ("name", "c")]
    # IPv4: connect, its names, and back
    yield from [("connect", "c", name4("224.0.0.1", 1)), ("connect", "c", name4("192.0.2.2", 1, family=V6)),
                ("connect", "c", name4("198.51.100.1", 1)), ("connect", "c", name4("192.0.2.255", 1)),
                ("option", "c", *BROADCAST, ONE), ("connect", "c", name4("192.0.2.255", 1)), ("name", "c"),
                ("connect", "c", name4("192.0.2.2", 1)), ("name", "c"), ("peer", "c"),
                ("connect", "c", name4("192.0.2.2", 5, unused=9)), ("peer", "c"), ("connect", "c", UNSPEC),
                ("name", "c"), ("peer", "c"), ("shutdown", "c", 0), ("connect", "a", name4("192.0.2.2", 2)),
                ("connect", "a", UNSPEC), ("name", "a")]
    # A binding that was given up by connect(): the address is free for another
    yield from [("socket", "d", V4), ("bind", "d", name4("0.0.0.0", 20)), ("connect", "d", name4("192.0.2.2", 1)),
                ("socket", "e", V4), ("bind", "e", name4("127.0.0.1", 20)), ("name", "e")]
    # To connect to no address is to connect to one's own
    yield from [("connect", "e", name4("0.0.0.0", 1, unused=9)), ("name", "e"), ("peer", "e"), ("socket", "o", V4),
                ("bind", "o", name4("0.0.0.0", 21)), ("connect", "o", name4("0.0.0.0", 1, unused=9)), ("name", "o"),
                ("peer", "o"), ("socket", "p", V4), ("bind", "p", name4(OWN4, 21)),
                ("connect", "p", name4("0.0.0.0", 1, unused=9)), ("name", "p"), ("peer", "p")]
    # IPv4: sending
    yield from [("socket", "f", V4), ("send", "f", 16, None), ("send", "f", 16, name4("192.0.2.2", 1)[:15]),
                ("send", "f", 16, name4("192.0.2.2", 1, family=V6)), ("send", "f", 16, name4("192.0.2.2", 1, family=0)),
                ("send", "f", 16, name4("198.51.100.1", 1)), ("send", "f", 0, name4("192.0.2.2", 1)),
                ("send", "f", 16, name4("192.0.2.2", 1)), ("send", "f", 16, name4("192.0.2.255", 1)),
                ("send", "f", 16, name4("224.0.0.1", 1)), ("send", "f", 1476, name4("192.0.2.2", 1)),
                ("send", "f", 1477, name4("192.0.2.2", 1)), ("send", "f", 1477, name4("127.0.0.1", 1)), ("name", "f"),
                ("option", "f", 0, 10, bytes(4)), ("send", "f", 4000, name4("192.0.2.2", 1)), ("listen", "f"),
                ("accept", "f"), ("shutdown", "f", 2), ("shutdown", "f", 9), ("option", "f", 115, 1, ONE),
                ("option", "f", 17, 1, ONE), ("value", "f", 115, 1), ("value", "f", 1, 38), ("value", "f", 1, 3),
                ("value", "f", 0, 2), ("option", "f", 0, 2, bytes(4)), ("option", "f", 0, 2, b"\x64\0\0\0"),
                ("value", "f", 0, 2), ("send", "f", 16, name4("192.0.2.2", 1), socket.MSG_OOB)]
    # A device
    yield from [("socket", "g", V4), ("option", "g", *BINDTODEVICE, b"none\0"), ("option", "g", *BINDTODEVICE, b"wire\0"),
                ("value", "g", *BINDTODEVICE), ("bind", "g", name4(OWN4, 30)), ("socket", "h", V4),
                ("option", "h", *BINDTODEVICE, b"lo\0"), ("bind", "h", name4(OWN4, 30)), ("name", "h"),
                ("socket", "i", V4), ("bind", "i", name4(OWN4, 30)), ("connect", "g", name4("192.0.2.2", 1)),
                ("connect", "g", UNSPEC), ("value", "g", *BINDTODEVICE)]
    # IPv6
    yield from [("socket", "k", V6), ("name", "k"), ("peer", "k"), ("connect", "k", name6("2001:db8::2", 1)),
                ("bind", "k", name6(OWN6, 1)[:31]), ("bind", "k", name6(OWN6, 1, family=V4)),
                ("bind", "k", name6("::ffff:192.0.2.1", 1)), ("bind", "k", name6("ff02::1", 1)),
                ("bind", "k", name6("2001:db8::9", 1)), ("bind", "k", name6("fe80::1", 1)), ("name", "k"),
                ("bind", "k", name6("::", 40)), ("bind", "k", name6("::", 41)), ("name", "k"),
                ("connect", "k", name6("2001:db8::2", 0)[:31]), ("connect", "k", name6("2001:db8::2", 0, family=V4)),
                ("connect", "k", name6("ff02::1", 1)), ("connect", "k", name6("::ffff:224.0.0.1", 1)),
                ("connect", "k", name6("2001:db8:1::1", 1)), ("connect", "k", name6("2001:db8::2", 0)), ("name", "k"),
                ("peer", "k"), ("connect", "k", name6("2001:db8::2", 6)), ("peer", "k"), ("connect", "k", UNSPEC),
                ("name", "k"), ("peer", "k"), ("socket", "l", V6), ("bind", "l", name6("fe80::1", 50, scope=index)),
                ("name", "l"), ("connect", "l", UNSPEC), ("name", "l"), ("socket", "m", V6),
                ("bind", "m", name6(OWN6, 40)), ("name", "m"), ("bind", "m", name6(OWN6, 101)), ("name", "m"),
                ("value", "m", 115, 1), ("value", "m", 17, 1), ("option", "m", 17, 1, ONE)]
    yield from [("socket", "n", V6), ("send", "n", 16, None), ("send", "n", 16, name6("2001:db8::2", 1)[:23]),
                ("send", "n", 16, name6("2001:db8::2", 1)[:24]), ("send", "n", 16, name6("2001:db8::2", 1, family=V4)),
                ("send", "n", 16, name6("2001:db8::2", 1, family=0)), ("send", "n", 16, name6("2001:db8:1::1", 1)),
                ("send", "n", 16, name6("::", 1)), ("send", "n", 16, name6("2001:db8::2", 1), socket.MSG_OOB),
                ("send", "n", 4000, name6("2001:db8::2", 1)), ("send", "n", 0, name6("2001:db8::2", 1)), ("listen", "n"),
                ("shutdown", "n", 1), ("value", "n", 1, 38)]


def show(value, index):
    """Of a result what does not depend on the machine."""
    if isinstance(value, bytes):
        return value.hex().replace(index.to_bytes(4, sys.byteorder).hex(), "(index)") if index > 9 else value.hex()
    return value


def one(program, sockets, call, letter, *arguments):
    if call == "socket":
        sockets[letter] = program.socket(*arguments)
        return 0
    if call == "send":
        size, name, *flags = arguments
        return program.sendto(sockets[letter], b"\xc8\x03" + bytes(size - 2) if size else b"", name, *flags)
    names = {"name": "getsockname", "peer": "getpeername", "option": "setsockopt", "value": "getsockopt"}
    return getattr(program, names.get(call, call))(sockets[letter], *arguments)


def transcript(command=None, environment=None):
    """["call letter argument ...: result or errno"]"""
    namespace = host()
    try:
        index = namespace.link("wire")["ifindex"]
        with IpProgram(command, prefix=namespace.prefix, environment=environment) as program:
            sockets, lines = {}, []
            for call, letter, *arguments in steps(index):
                words = [show(a, index) if isinstance(a, bytes) else str(a) for a in arguments]
                try:
                    result = show(one(program, sockets, call, letter, *arguments), index)
                except OSError as why:
                    result = errno.errorcode[why.errno]
                lines.append(f"{call} {letter} {' '.join(words)}: {result}")
            return lines
    finally:
        namespace.close()


def kernels():
    """transcript() of the kernel of this machine."""
    return transcript(environment={"PATH": os.environ["PATH"]})
