# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_io.py - frames through PPPoL2TP sockets and files of /dev/ppp: sizes, errors, what poll() says

Cases of calls.py.
"""
import ctypes
import errno
import os
import resource
import select
import socket
import stat
import struct
import threading

from support.ppp_calls import (BAD, IP, IPCP, LCP, connect, events, frame, frames, hung_up, int_ioctl, name, octets_ioctl,
                               open_ppp, peer_name, pppox, raw_ioctl, read, ready, set_ioctl, write)

from hosts import becomes, libc, nothing, outcome

from ppp import World, device_goes

WRITES = {"nothing": b"", "an octet": b"\0", "a protocol": b"\0\x21", "short LCP": LCP[:5], "an odd protocol": b"\x12\x34\5",
          "LCP of 6": LCP[:6], "ff 03 before it": b"\xff\x03" + LCP, "1500": b"\0\x21" + bytes(1498),
          "as much as there is room for": b"\0\x21" + bytes(65497), "more": b"\0\x21" + bytes(65498), "70000": bytes(70000)}


def raw(call, descriptor, *arguments):
    """A call by its name, that gives a number or an errno"""
    done = getattr(libc, call)(descriptor, *arguments)
    return done if done >= 0 else errno.errorcode[ctypes.get_errno()]


def where(address):
    return ctypes.c_void_p(address)


def writing(hosts, see):
    """
    Requirements: PPP-23, PX-42, PPP-42
    """
    world = World(hosts)
    call = world.call()
    channel, (unit, number) = world.call().channel_file(), world.unit()
    for words, descriptor, passes in (("an unattached file", open_ppp(), 0), ("a new socket", pppox().fileno(), 0),
                                      ("a session's socket", call.socket.fileno(), 1), ("a channel", channel, 1),
                                      ("a unit", unit, 0)):
        for size, octets in WRITES.items():
            done = write(descriptor, octets)
            see(f"{words}: {size}", [done, world.left(passes if isinstance(done, int) and done < 65499 else 0)])
        see(f"{words}: a bad pointer", [raw("write", descriptor, where(BAD), 20), raw("write", descriptor, where(BAD), 0)])
        see(f"{words}: pieces", [outcome(os.writev, descriptor, [LCP[:1], b"", LCP[1:]]), world.left(passes)])
    set_ioctl(channel, "CONNECT", number)
    see("a unit with a channel", [write(unit, IPCP), write(unit, LCP[:5]), write(unit, IP), world.left(2)])


def reading(hosts, see):
    """
    Requirements: PPP-22, PPP-41, PX-41
    """
    world = World(hosts)
    call, other = world.call(), world.call()
    channel, (unit, number) = other.channel_file(), world.unit()
    see("an unattached file", [read(open_ppp(), size) for size in (0, 1, 2000)])
    see("nothing there", [read(d, size) for d in (pppox(), call.socket, channel, unit) for size in (0, 1, 2000)])
    set_ioctl(channel, "CONNECT", number)
    see("nothing there, connected", [read(d, size) for d in (channel, unit) for size in (0, 1, 2000)])
    for words, descriptor, through, octets in (("a session's socket", call.socket.fileno(), call, LCP),
                                               ("a channel", channel, other, LCP), ("a unit", unit, other, IPCP)):
        for size in (0, 1, len(LCP) - 1, len(LCP), len(LCP) + 1):
            world.arrives(through, octets)
            see(f"{words}: into {size}", [frame(descriptor, size), read(descriptor)])
        world.arrives(through, octets)
        ready(descriptor)
        see(f"{words}: a bad pointer", [raw("read", descriptor, where(BAD), 100), read(descriptor)])
        world.arrives(through, octets)
        ready(descriptor)
        pieces = [bytearray(3), bytearray(0), bytearray(100)]
        see(f"{words}: pieces", [outcome(os.readv, descriptor, pieces), pieces[0].hex(), pieces[2][:10].hex()])
    for words, octets in (("an octet", b"\x21"), ("a protocol", b"\xc0\x21"), ("a compressed one", b"\x21abc"), ("long", LCP + bytes(1990)),
                          ("of a network", IP), ("link-level CCP", bytes.fromhex("80fb01010004"))):
        world.arrives(other, octets + bytes(max(0, 6 - len(octets))))
        world.passed()
        see(f"what came: {words}", [frames(channel, 0), frames(unit, 0)])
    several = [bytearray(1) for _ in range(1025)]
    see("more pieces than may be", [outcome(done, d, several) for done in (os.readv, os.writev)
                                    for d in (open_ppp(), call.socket.fileno(), other.socket.fileno(), channel, unit)])
    see("more in a message", [outcome(s.sendmsg, several) for s in (call.socket, other.socket)])


def a_socket_receives(hosts, see):
    """
    Requirements: PX-40, PX-41, PX-43
    """
    world = World(hosts)
    call = world.call()
    sock = call.socket
    received = {"peeked": (100, socket.MSG_PEEK), "peeked short": (3, socket.MSG_PEEK), "its length": (3, socket.MSG_PEEK | socket.MSG_TRUNC),
                "out of band": (100, socket.MSG_OOB), "from the error queue": (100, 0x2000), "waiting for all": (100, socket.MSG_WAITALL),
                "short": (3, 0)}
    for words, (size, flags) in received.items():
        world.arrives(call, LCP)
        ready(sock)
        got = outcome(sock.recvmsg, size, 100, flags)
        see(words, [got if isinstance(got, str) else [got[0].hex(), got[1], got[2]], read(sock)])
    world.arrives(call, LCP)
    ready(sock)
    see("a bad pointer", [raw("recv", sock.fileno(), where(BAD), 100, 0), read(sock)])
    see("sent elsewhere", [raw("sendto", sock.fileno(), LCP, len(LCP), 0, bytes(16), 16), world.left()])
    see("sent with flags", [outcome(sock.send, LCP, flags) for flags in (
        socket.MSG_DONTWAIT, socket.MSG_OOB, socket.MSG_NOSIGNAL, socket.MSG_MORE)] + [world.left(3)])
    world.arrives(call, LCP)
    world.passed()
    channel = call.channel_file()
    see("handed over", [events(sock), read(sock), outcome(sock.recv, 100, socket.MSG_PEEK), outcome(sock.send, LCP), frame(channel)])
    world.arrives(call, IPCP)
    see("to the channel", [frame(channel), read(sock)])


def a_file_is_no_socket(hosts, see):
    """Calls that are made for sockets, and some for files

    Requirements: PPP-1
    """
    world = World(hosts)
    channel, (unit, _) = world.call().channel_file(), world.unit()
    room, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
    for words, descriptor in (("unattached", open_ppp()), ("a channel", channel), ("a unit", unit)):
        see(words, [raw("send", descriptor, LCP, len(LCP), 0), raw("recv", descriptor, room, 100, 0),
                    raw("sendto", descriptor, LCP, len(LCP), 0, bytes(16), 16), raw("recvmsg", descriptor, bytes(56), 0),
                    raw("sendmsg", descriptor, bytes(56), 0), raw("bind", descriptor, bytes(16), 16),
                    raw("connect", descriptor, bytes(16), 16), raw("getsockname", descriptor, room, ctypes.byref(length)),
                    raw("getpeername", descriptor, room, ctypes.byref(length)), raw("listen", descriptor, 1),
                    raw("shutdown", descriptor, 2), raw("setsockopt", descriptor, 273, 1, bytes(4), 4),
                    raw("getsockopt", descriptor, 1, 3, room, ctypes.byref(length)), raw("accept", descriptor, None, None)])
        see(f"{words}, as a file", [stat.S_ISCHR(os.fstat(descriptor).st_mode), outcome(os.lseek, descriptor, 0, os.SEEK_SET),
                                    outcome(os.ftruncate, descriptor, 0)])
        see(f"{words}, still", events(descriptor))


def what_poll_says(hosts, see):
    """
    Requirements: PX-43, PPP-24, PPP-43, PPP-41
    """
    world = World(hosts)
    call, other = world.call(), world.call()
    see("sockets", [events(pppox()), events(call.socket), events(world.tunnel_socket())])
    unattached = open_ppp()
    see("an unattached file", events(unattached))
    channel, (unit, number) = other.channel_file(), world.unit()
    see("a channel, a unit without one", [events(channel), events(unit), read(unit), events(unit)])
    set_ioctl(unit, "SFLAGS", 0x200)
    becomes(lambda: "IN" not in events(unit))
    see("its traffic is looped", [events(unit), read(unit), write(unit, IPCP), frame(unit), events(unit)])
    set_ioctl(unit, "SFLAGS", 0)
    becomes(lambda: "IN" in events(unit))
    see("and not", [events(unit), read(unit)])
    set_ioctl(channel, "CONNECT", number)
    becomes(lambda: "IN" not in events(unit))
    see("a unit with a channel", [events(unit), read(unit)])
    for words, through, octets, descriptor in (("a socket", call, LCP, call.socket), ("a channel", other, LCP, channel),
                                               ("a unit", other, IPCP, unit)):
        world.arrives(through, octets)
        ready(descriptor)
        see(f"a frame for {words}", [events(descriptor), frame(descriptor), events(descriptor)])
    poller = select.epoll()
    poller.register(channel, select.EPOLLIN | select.EPOLLET)
    for at in range(2):
        world.arrives(other, LCP)
        see(f"edge {at}", [len(poller.poll(5)), len(poller.poll(0.05))])
    see("both are there", frames(channel, 2))
    world.arrives(other, LCP)
    world.arrives(other, IPCP)
    ready(channel)
    ready(unit)
    other.close()
    assert becomes(lambda: hung_up(channel)) and becomes(lambda: "IN" in events(unit))
    see("closed with frames", ["HUP" in events(channel), read(channel), read(channel), read(channel), write(channel, LCP)])
    see("its unit", [read(unit), read(unit), events(unit), write(unit, IPCP)])
    os.close(unit)
    assert device_goes(number)
    see("a session deleted", [world.l2tp.ask("SESSION_DELETE", CONN_ID=1, SESSION_ID=call.session), call.gone(),
                              events(call.socket), read(call.socket), outcome(call.socket.send, LCP)])


def tunnel_that_asks_for_a_channel(hosts, see):
    """PPPIOCGCHAN of a tunnel's socket, which has none: from then on it receives nothing.

    Requirements: PX-40, PX-43, PX-60
    """
    world = World(hosts)
    call, asks = world.call(), world.tunnel_socket()
    see("before", [events(asks), read(asks), write(asks.fileno(), LCP)])
    see("a bad pointer", [raw_ioctl(asks.fileno(), "GCHAN", BAD), read(asks)])
    see("asked", [int_ioctl(asks.fileno(), "GCHAN"), events(asks), read(asks), read(asks, 0), write(asks.fileno(), LCP)])
    see("again", [int_ioctl(asks.fileno(), "GCHAN"), read(asks)])
    see("what it still tells", [peer_name(asks), octets_ioctl(asks.fileno(), "GL2TPSTATS")[:8],
                                int_ioctl(asks.fileno(), "GMRU"), connect(asks, name(1, 0, 101, 0))])
    world.arrives(call, LCP)
    see("its sessions", [frame(call.socket), write(call.socket.fileno(), LCP), world.left(1)])
    see("a file on no channel", set_ioctl(open_ppp(), "ATTCHAN", -1))


POLL = {"IN": 0x1, "PRI": 0x2, "OUT": 0x4, "ERR": 0x8, "HUP": 0x10, "NVAL": 0x20, "RDNORM": 0x40, "RDBAND": 0x80,
        "WRNORM": 0x100, "WRBAND": 0x200, "MSG": 0x400, "RDHUP": 0x2000}
SYS_PPOLL = 271
USUAL = POLL["IN"] | POLL["OUT"] | POLL["RDNORM"] | POLL["WRNORM"]
ALL = USUAL | POLL["PRI"] | POLL["RDBAND"] | POLL["WRBAND"] | POLL["MSG"] | POLL["RDHUP"]


def poll(*asked, limit=None, mask=None, mask_length=8):
    """What poll() of these (descriptor, events) gives, and what is found of each; with a limit, a struct timespec or an
    address, ppoll()."""
    octets = b"".join(struct.pack("ihh", descriptor, wanted, -1) for descriptor, wanted in asked)
    room = ctypes.create_string_buffer(octets, len(octets) + 1)
    if limit is None:
        done = libc.poll(room, len(asked), 0)
    else:
        done = libc.syscall(SYS_PPOLL, room, len(asked), limit, mask, mask_length)
    if done < 0:
        return errno.errorcode[ctypes.get_errno()]
    found = [struct.unpack_from("h", room, 8 * at + 6)[0] for at in range(len(asked))]
    return [done, *(" ".join(word for word, bit in POLL.items() if bit & bits) for bits in found)]


def what_hung_up(hosts, see):
    """What poll() and ppoll() say of files whose channel or unit has gone, alone and among others

    Requirements: PPP-22, PPP-24, PPP-44
    """
    world = World(hosts)
    call, other, third = world.call(), world.call(), world.call()
    channel, copy, full = call.channel_file(), call.channel_file(), other.channel_file()
    alive = third.channel_file()
    unit, number = world.unit()
    also = open_ppp()
    set_ioctl(also, "ATTACH", number)
    world.arrives(other, LCP)
    ready(full)
    ours, theirs = socket.socketpair()
    theirs.send(b"more")
    closed = os.dup(0)
    os.close(closed)
    see("while they live", poll((channel, USUAL), (alive, USUAL), (full, USUAL), (also, POLL["OUT"])))
    call.close()
    other.close()
    os.close(unit)
    assert all(becomes(lambda f=f: hung_up(f)) for f in (channel, copy, full, also)) and device_goes(number)
    for words, dead in (("a channel", channel), ("another file on it", copy), ("a unit", also)):
        see(words, [poll((dead, wanted)) for wanted in (0, POLL["IN"], POLL["OUT"], USUAL, ALL, -1)])
    see("with a frame", [poll((full, ALL)), poll((full, POLL["OUT"])), frame(full), poll((full, ALL)), read(full)])
    among = ((alive, USUAL), (channel, ALL), (ours.fileno(), USUAL), (-1, ALL), (closed, USUAL), (channel, POLL["IN"]),
             (also, POLL["IN"]), (-channel, ALL))
    see("among others", poll(*among))
    second, never = struct.pack("qq", 1, 0), struct.pack("qq", -1, 0)
    see("by ppoll", [poll(*among, limit=second), poll((channel, POLL["IN"]), limit=second, mask=bytes(8))])
    see("by ppoll, wrongly", [poll((channel, ALL), limit=never), poll((channel, ALL), limit=struct.pack("qq", 0, 10 ** 9)),
                              poll((channel, ALL), limit=where(BAD)), poll((channel, ALL), limit=second, mask=where(BAD)),
                              poll((channel, ALL), limit=second, mask=bytes(8), mask_length=4)])
    see("wrongly", [raw("poll", where(BAD), 1, 0), raw("poll", None, 0, 0), raw("poll", None, 0x7fffffff, 0)])
    see("none of them", poll((alive, POLL["IN"]), (-1, ALL)))
    copied = os.dup(channel)
    see("a copy", poll((copied, ALL)))
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for count in (1024, 1025):
        see(f"among {count}", poll((channel, USUAL), *[(-1, 0)] * (count - 1))[:2])


def woken(descriptor, then):
    """What a blocking read gives that begins before then() is called"""
    os.set_blocking(descriptor, True)
    got, began = [], threading.Event()

    def wait():
        began.set()
        got.append(read(descriptor))
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    began.wait()
    select.select([], [], [], 0.1)
    then()
    thread.join(5)
    return got or "still waits"


def who_waits_is_woken(hosts, see):
    """
    Requirements: PPP-22, PPP-41, PPP-44
    """
    world = World(hosts)
    calls = [world.call() for _ in range(3)]
    channels = [call.channel_file() for call in calls]
    unit, number = world.unit()
    another = open_ppp()
    set_ioctl(another, "ATTACH", number)
    set_ioctl(channels[0], "CONNECT", number)
    see("by a frame", [woken(channels[0], lambda: world.arrives(calls[0], LCP)),
                       woken(unit, lambda: world.arrives(calls[0], IPCP))])
    see("by the socket's close", woken(channels[1], calls[1].close))
    see("by the last disconnection", woken(unit, lambda: set_ioctl(channels[0], "DISCONN")))
    set_ioctl(channels[0], "CONNECT", number)
    see("by the channel's end", woken(unit, calls[0].close))
    set_ioctl(channels[2], "CONNECT", number)
    see("by the unit's end", woken(another, lambda: os.close(unit)))


def files_of_one_channel(hosts, see):
    """Frames wait for whoever comes.

    Requirements: PPP-21, PPP-25
    """
    world = World(hosts)
    call = world.call()
    for at in range(3):
        world.arrives(call, LCP + bytes([at]))
    world.passed()
    number = call.channel()
    world.arrives(call, LCP + b"\x03")
    world.passed()
    first = open_ppp()
    see("waited for a file", [set_ioctl(first, "ATTCHAN", number), frames(first, 4)])
    os.close(first)
    select.select([], [], [], 0.2)  # for whoever hears of it later
    world.arrives(call, LCP + b"\x04")
    world.passed()
    see("the file was closed", frames(call.channel_file(), 1))
    call = world.call()
    channel = call.channel_file()
    for at in range(40):
        world.arrives(call, LCP + bytes([at]))
    world.passed()
    kept = frames(channel, 32)
    see("forty at once", [len(kept), kept[0][-2:], kept[-1][-2:]])


def names_and_states(hosts, see):
    """connect() of what is connected, and names

    Requirements: PX-16, PX-44, PX-60, PPP-25
    """
    world = World(hosts)
    call = world.call()
    again = name(1, 77, 101, 177)
    see("connected again", [connect(call.socket, again), call.channel(), connect(call.socket, again)])
    see("another socket for its session", connect(pppox(), name(1, call.session, 101, 0)))
    see("deleted", [world.l2tp.ask("SESSION_DELETE", CONN_ID=1, SESSION_ID=call.session), call.gone(),
                    connect(call.socket, again), call.channel(), outcome(call.socket.send, LCP)])
    see("the session's id is free", connect(pppox(), name(1, call.session, 101, 0)))
    see("nothing came", nothing(world.own))
