# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_odd.py - PPPoL2TP sockets and /dev/ppp as no pppd uses them: ways to open, positions, options, other calls

Cases of calls.py.
"""
import array
import ctypes
import fcntl
import mmap
import os
import select
import socket
import struct

from support.ppp_calls import LCP, connect, hung_up, open_ppp, outcome, pppox, read, ready, write
from support.ppp_file import name as address

from hosts import IP, UDP, L2tp, checked, libc

from ppp import World

AT_FDCWD = -100
FIONREAD, FIONBIO, FIOASYNC, TIOCOUTQ, SIOCGSTAMP = 0x541b, 0x5421, 0x5452, 0x5411, 0x8906
SO_PASSCRED, SO_PEERCRED, SO_ACCEPTCONN = 16, 17, 30

WAYS = {
    "plain": 0, "not blocking": os.O_NONBLOCK, "a directory": os.O_DIRECTORY, "made": os.O_CREAT,
    "made, and it is new": os.O_CREAT | os.O_EXCL, "new alone": os.O_EXCL, "cut": os.O_TRUNC, "to append": os.O_APPEND,
    "no link": os.O_NOFOLLOW, "direct": os.O_DIRECT, "synchronous": os.O_SYNC, "no terminal": os.O_NOCTTY,
    "a directory that is made": os.O_DIRECTORY | os.O_CREAT, "a file without a name": os.O_TMPFILE,
}
NAMES = ("/dev/ppp", "/dev//ppp", "/dev/./ppp", "/dev/../dev/ppp", "//dev/ppp", "/dev/ppp/", "/dev/ppp/.", "/dev/ppp/..",
         "/dev/ppp/x", "/dev/null/../ppp", "/dev/pppp", "/dev/PPP")


def opened(name, flags, directory=AT_FDCWD):
    """What a file that was opened so can be used for, or the errno"""
    number = libc.openat(directory, name.encode(), os.O_RDWR | os.O_NONBLOCK | flags, 0o600)
    if number < 0:
        return outcome(checked, number)
    try:
        return [read(number), bool(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_APPEND)]
    finally:
        os.close(number)


def ways_to_open(hosts, see):
    """
    Requirements: PPP-1
    """
    for words, flags in WAYS.items():
        see(words, opened("/dev/ppp", flags))
    for name in NAMES:
        see(name, opened(name, 0))
    os.chdir("/dev")
    see("from where one is", [opened(name, 0) for name in ("ppp", "./ppp", "../dev/ppp", "ppp/")])
    os.chdir("/")
    dev = os.open("/dev", os.O_RDONLY | os.O_DIRECTORY)
    see("from a directory", [opened(name, 0, dev) for name in ("ppp", "./ppp", "../dev/ppp", "/dev/ppp")])
    null = os.open("/dev/null", os.O_RDONLY)
    see("from no directory", [opened(name, 0, null) for name in ("ppp", "/dev/ppp")] + [opened("ppp", 0, 999)])
    os.chdir("/tmp")
    os.mkdir(f"ppp-{os.getpid()}")
    os.chdir(f"ppp-{os.getpid()}")
    os.symlink("/dev/ppp", "ppp")
    os.symlink("/dev", "devices")
    try:
        see("by a link", [opened("ppp", 0), opened("ppp", os.O_NOFOLLOW), opened("devices/ppp", 0),
                          opened("devices/ppp", os.O_NOFOLLOW)])
    finally:
        os.unlink("ppp")
        os.unlink("devices")
        os.rmdir(os.getcwd())


def raw(call, descriptor, *arguments):
    return outcome(checked, getattr(libc, call)(descriptor, *arguments))


def positions(hosts, see):
    """Calls that say where, which a device without a position does not mind.

    Requirements: PPP-22, PPP-23
    """
    world = World(hosts)
    call = world.call()
    channel, unattached = call.channel_file(), open_ppp()
    world.arrives(call, LCP)
    ready(channel)
    see("pread", [shown(outcome(os.pread, channel, 100, at)) for at in (0, 7)])
    world.arrives(call, LCP)
    ready(channel)
    pieces = [bytearray(100)]
    see("preadv", [outcome(os.preadv, channel, pieces, 3), pieces[0][:10].hex()])
    see("pread of nothing", shown(outcome(os.pread, channel, 100, 0)))
    see("pread of an unattached one", shown(outcome(os.pread, unattached, 100, 0)))
    written = [outcome(os.pwrite, channel, LCP, at) for at in (0, 7)] + [outcome(os.pwritev, channel, [LCP], 0)]
    see("pwrite, twice, and pwritev", [written, len(world.left(written.count(len(LCP))))])
    see("pwrite to an unattached one", outcome(os.pwrite, unattached, LCP, 0))
    see("ends", [raw("ftruncate", channel, 0), raw("fsync", channel), raw("fdatasync", channel),
                 outcome(os.posix_fadvise, channel, 0, 0, 3), raw("fallocate", channel, 0, 0, 100)])
    see("mapped", outcome(mmap.mmap, channel, 4096))


def shown(value):
    return value.hex() if isinstance(value, bytes) else value


def number_of(descriptor, ioctl):
    value = array.array("i", [-1])
    done = outcome(fcntl.ioctl, descriptor, ioctl, value)
    return value[0] if done == 0 else done


def how_much_waits_in_ppp(hosts, see):
    """
    Requirements: PX-52, PPP-24
    """
    world = World(hosts)
    call, other = world.call(), world.call()
    channel = other.channel_file()
    for words, descriptor, through in (("a new socket", pppox().fileno(), None), ("a socket", call.socket.fileno(), call),
                                       ("a channel", channel, other), ("an unattached file", open_ppp(), None)):
        if through:
            world.arrives(through, LCP)
            world.arrives(through, LCP + b"more")
            ready(descriptor)
            world.passed()
        see(f"{words}: to read", number_of(descriptor, FIONREAD))
        see(f"{words}: to send", number_of(descriptor, TIOCOUTQ))
        see(f"{words}: asynchronous", [shown(outcome(fcntl.ioctl, descriptor, FIOASYNC, struct.pack("i", on))) for on in (1, 0)])
        see(f"{words}: not blocking", shown(outcome(fcntl.ioctl, descriptor, FIONBIO, struct.pack("i", 1))))
        see(f"{words}: when", number_of(descriptor, SIOCGSTAMP))


OPTIONS = {"debug": 1, "reuse": 2, "error": 4, "do not route": 5, "broadcast": 6, "send buffer": 7, "keep alive": 9,
           "priority": 12, "linger": 13, "pass credentials": SO_PASSCRED, "peer's credentials": SO_PEERCRED, "low water": 18,
           "to receive in time": 20, "to send in time": 21, "timestamps": 29, "listens": SO_ACCEPTCONN,
           "mark": 36, "lost": 40, "peek from": 42, "busy": 46}


def options_of_a_socket(hosts, see):
    """
    Requirements: PX-1
    """
    world = World(hosts)
    for words, sock in (("new", pppox()), ("connected", world.call().socket)):
        for name, option in OPTIONS.items():
            length = {13: 8, 20: 16, 21: 16, SO_PEERCRED: 12}.get(option, 4)
            before = shown(outcome(sock.getsockopt, 1, option, length))
            if name == "send buffer":  # how much is the system's choice
                before = isinstance(before, str) and len(before) == 8
            see(f"{words}: {name}", before)
        see(f"{words}: set", [outcome(sock.setsockopt, 1, option, 1) for option in
                              (2, 5, 6, 9, 12, SO_PASSCRED, SO_PEERCRED, 18, 29, SO_ACCEPTCONN, 40, 42)])


def ways_to_receive(hosts, see):
    """
    Requirements: PX-41
    """
    world = World(hosts)
    call = world.call()
    sock = call.socket

    def come(count):
        for at in range(count):
            world.arrives(call, LCP + bytes([at]))
        world.passed()
    come(1)
    see("peeked twice", [shown(outcome(sock.recv, 100, socket.MSG_PEEK)) for _ in range(2)] + [read(sock)])
    come(2)
    see("peeked in part", [shown(outcome(sock.recv, 3, socket.MSG_PEEK)), read(sock), read(sock)])
    come(2)
    see("cut", [shown(outcome(sock.recv, 3)), read(sock), read(sock)])
    come(2)
    see("its length", [outcome(sock.recv_into, bytearray(3), 3, socket.MSG_TRUNC), read(sock)])
    come(2)
    see("all of it", [shown(outcome(sock.recv, 100, socket.MSG_WAITALL | socket.MSG_DONTWAIT)), read(sock)])
    see("urgent", shown(outcome(sock.recv, 100, socket.MSG_OOB)))
    see("errors", shown(outcome(sock.recv, 100, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)))
    sock.settimeout(0.05)
    sock.setblocking(True)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50000))
    see("in time", shown(outcome(os.read, sock.fileno(), 100)))
    sock.setblocking(False)
    come(3)
    see("many", many(sock, 5))
    see("many of none", many(sock, 5))


class MsgHdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int)]


class MMsgHdr(ctypes.Structure):
    _fields_ = [("head", MsgHdr), ("len", ctypes.c_uint)]


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def vector(buffers):
    pieces = (IoVec * len(buffers))(*[IoVec(ctypes.addressof(b), len(b)) for b in buffers])
    heads = (MMsgHdr * len(buffers))()
    for at, head in enumerate(heads):
        head.head.iov, head.head.iovlen = ctypes.addressof(pieces) + at * ctypes.sizeof(IoVec), 1
    return heads, pieces


def many(sock, count):
    buffers = [ctypes.create_string_buffer(100) for _ in range(count)]
    heads, _pieces = vector(buffers)
    done = outcome(checked, libc.recvmmsg(sock.fileno(), heads, count, socket.MSG_DONTWAIT, None))
    return done if isinstance(done, str) else [buffers[at].raw[:heads[at].len].hex() for at in range(done)]


def ways_to_send(hosts, see):
    """
    Requirements: PX-42, PPP-23
    """
    world = World(hosts)
    call = world.call()
    sock, channel = call.socket, world.call().channel_file()
    buffers = [ctypes.create_string_buffer(LCP + bytes([at]), len(LCP) + 1) for at in range(3)]
    heads, _pieces = vector(buffers)
    see("many", [outcome(checked, libc.sendmmsg(sock.fileno(), heads, 3, 0)), world.left(3)])
    file = os.memfd_create("frame")
    os.write(file, LCP)
    for words, descriptor in (("a socket", sock.fileno()), ("a channel", channel)):
        see(f"{words}: sendfile", [outcome(os.sendfile, descriptor, file, 0, len(LCP)), len(world.left(0))])
        reading, writing = os.pipe()
        os.write(writing, LCP)
        see(f"{words}: splice", [outcome(os.splice, reading, descriptor, len(LCP)), len(world.left(0))])
        for end in (reading, writing):
            os.close(end)
    see("as usual", [write(sock.fileno(), LCP), write(channel, LCP), len(world.left(2)), hung_up(sock),
                     bool(select.select([], [sock], [], 0)[1])])


def ways_out(hosts, see):
    """
    Requirements: PX-41, PPP-22
    """
    world = World(hosts)
    call, other = world.call(), world.call()
    channel = other.channel_file()
    for words, through, descriptor in (("a socket", call, call.socket.fileno()), ("a channel", other, channel)):
        reading, writing = os.pipe()
        world.arrives(through, LCP)
        ready(descriptor)
        done = outcome(os.splice, descriptor, writing, 100)
        see(f"{words}: splice", [done, shown(os.read(reading, 100)) if isinstance(done, int) else read(descriptor)])
        world.arrives(through, LCP)
        ready(descriptor)
        file = os.memfd_create("frame")
        see(f"{words}: sendfile", outcome(os.sendfile, file, descriptor, None, 100))
        see(f"{words}: what is left", read(descriptor))


def what_no_tunnel_can_be_on(hosts, see):
    """Sockets and files of L2TP's and PPP's own, given as a tunnel's socket to connect() and to TUNNEL_CREATE

    Requirements: PX-13, TUN-20
    """
    world, sock = World(hosts), pppox()
    call = world.call()
    things = {"a socket of generic netlink": world.l2tp.netlink.socket, "one of rtnetlink": socket.socket(16, 3, 0),
              "a PPPoL2TP socket": pppox(), "itself": sock, "a session's": call.socket, "a file": open_ppp(),
              "a channel's": call.channel_file(), "a unit's": world.unit()[0]}
    for words, thing in things.items():
        fd = thing if isinstance(thing, int) else thing.fileno()
        see(words, [connect(sock, address(2, 0, 102, 0, fd=fd)),
                    *(world.l2tp.tunnel(2, fd=fd, encap=encap) for encap in (UDP, IP))])
