# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_ioctl.py - every ioctl of PPPoL2TP sockets and of /dev/ppp, on every kind of descriptor

Cases of calls.py.
"""
import ctypes
import os
import socket
import struct

from support.ppp_calls import (AF_PPPOX, BAD, IOCTLS, IP, LCP, connect, events, frame, hung_up, int_ioctl,
                               octets_ioctl, open_ppp, pppox, raw_ioctl, set_ioctl, write)

from hosts import ETH, PPP, becomes, ip, outcome

from ppp import World, device, device_goes


def kinds(world):
    """{name: a function that makes such a descriptor, a new one each time, of what lasts}"""
    keep = world.keep

    def channel_with(then):
        def make():
            call = world.call()
            made = call.channel_file()
            then(call, made)
            return made
        return make

    def on_a_unit(_, channel):
        unit, number = world.unit()
        keep.append(unit)
        assert set_ioctl(channel, "CONNECT", number) == "OK"

    def bridged(_, channel):
        assert set_ioctl(channel, "BRIDGECHAN", world.call().channel()) == "OK"

    def dead(call, channel):
        call.close()
        assert becomes(lambda: hung_up(channel))

    def unit(connected):
        made, number = world.unit()
        if connected:
            assert set_ioctl(world.call().channel_file(), "CONNECT", number) == "OK"
        return made

    def another_of_a_unit(dies=False):
        first, number = world.unit()
        made = open_ppp()
        assert set_ioctl(made, "ATTACH", number) == "OK"
        if dies:
            os.close(first)
            assert device_goes(number) and becomes(lambda: hung_up(made))
        else:
            keep.append(first)
        return made

    def without_session():
        call = world.call()
        assert world.l2tp.ask("SESSION_DELETE", CONN_ID=1, SESSION_ID=call.session) == "OK"
        assert call.gone()
        return call.socket.detach()

    return {
        "a new socket": lambda: pppox().detach(),
        "a tunnel's socket": lambda: os.dup(keep[0].fileno()),
        "a session's socket": lambda: world.call().socket.detach(),
        "a socket whose session went": without_session,
        "an unattached file": open_ppp,
        "a channel": channel_with(lambda call, made: None),
        "a channel of a unit": channel_with(on_a_unit),
        "a bridged channel": channel_with(bridged),
        "a dead channel": channel_with(dead),
        "a unit without channel": lambda: unit(False),
        "a unit": lambda: unit(True),
        "another file of a unit": another_of_a_unit,
        "a dead unit": lambda: another_of_a_unit(True),
    }


# Numbers that they give are told elsewhere, and there would be no end of what they do to the next.
CHANGES = {"GCHAN", "NEWUNIT", "GIDLE32", "GIDLE64", "GUNIT"}


def every_ioctl_on_every_kind(hosts, see):
    """With an argument of zeros, which means something to some.

    Requirements: PX-60, PPP-10
    """
    world = World(hosts)
    world.tunnel_socket()
    for kind, make in kinds(world).items():
        fresh, told = kind == "an unattached file", {}
        descriptor = make()
        for ioctl in IOCTLS:
            done = octets_ioctl(descriptor, ioctl)
            told[ioctl] = "a value" if ioctl in CHANGES and not done.startswith("E") else done
            if fresh:
                os.close(descriptor)
                assert device_goes(0)
                descriptor = make()
        os.close(descriptor)
        see(kind, told)


def every_ioctl_with_a_bad_pointer(hosts, see):
    """
    Requirements: PX-60, PX-61, PPP-10
    """
    world = World(hosts)
    world.tunnel_socket()
    for kind, make in kinds(world).items():
        descriptor = make()
        see(kind, {ioctl: raw_ioctl(descriptor, ioctl, BAD) for ioctl, (_, size) in IOCTLS.items() if size})
        os.close(descriptor)


def numbers_of_units(hosts, see):
    """
    Requirements: PPP-2, PPP-10, PPP-44, PPP-80
    """
    world = World(hosts)
    ip(["link add ppp2 type veth peer name ppp7"])
    first, second, third = world.unit(), world.unit(), world.unit()
    see("lowest free, but for a name that is used", [first[1], second[1], third[1]])
    for number in (0, 2, 3, 7, 9, 100000, -2, -2147483648):
        made, given = world.unit(number)
        see(f"asked for {number}", [given, given if isinstance(given, str) else device(given)])
        os.close(made)
        if isinstance(given, int):
            assert device_goes(given)
    failed, given = world.unit(0)
    see("a file that asked for what is taken is as it was",
        [given, set_ioctl(failed, "ATTACH", 99), set_ioctl(failed, "ATTACH", first[1]), int_ioctl(failed, "GUNIT")])
    os.close(second[0])
    assert device_goes(second[1])
    see("the lowest is free again", world.unit()[1])
    ip(["link set ppp0 name renamed"])
    see("a unit whose interface has another name", [world.unit(0)[1], int_ioctl(first[0], "GUNIT"), device(0)])
    ip(["link add ppp0 type veth peer name other"])
    os.close(first[0])
    assert becomes(lambda: outcome(socket.if_nametoindex, "renamed") == "ENODEV" or not os.path.exists(
        "/sys/class/net/renamed"))
    see("its name is another's", world.unit()[1] != 0)


def attaching(hosts, see):
    """
    Requirements: PPP-2, PPP-10
    """
    world = World(hosts)
    call = world.call()
    see("no such unit", [set_ioctl(open_ppp(), "ATTACH", number) for number in (0, 1, 5, -1, 2147483647)])
    see("no such channel", [set_ioctl(open_ppp(), "ATTCHAN", number) for number in (0, 2, 5, -1, 2147483647)])
    see("channels count from 1", [call.channel(), world.call().channel(), call.channel()])
    see("before PPPIOCGCHAN", [bool(world.call()), set_ioctl(open_ppp(), "ATTCHAN", 3)])
    unit, number = world.unit()
    channel = call.channel_file()
    for kind, descriptor in (("unit", unit), ("channel", channel)):
        see(f"a {kind} again", [set_ioctl(descriptor, "ATTACH", number), set_ioctl(descriptor, "ATTCHAN", 1),
                                int_ioctl(descriptor, "NEWUNIT", -1), set_ioctl(descriptor, "DETACH", 0)])
        see(f"a {kind}'s copy", [set_ioctl(os.dup(descriptor), "DETACH", 0), set_ioctl(os.dup(descriptor), "ATTACH", 0)])
    see("several files of a channel", [set_ioctl(open_ppp(), "ATTCHAN", call.number) for _ in range(3)])
    see("several files of a unit", [set_ioctl(open_ppp(), "ATTACH", number) for _ in range(3)])
    call.close()
    assert becomes(lambda: hung_up(channel))
    see("a dead channel's number", set_ioctl(open_ppp(), "ATTCHAN", call.number))
    see("is not given again", world.call().channel())
    see("detached while unattached", set_ioctl(open_ppp(), "DETACH", 0))


def connecting(hosts, see):
    """
    Requirements: PPP-25, PPP-45, PPP-2
    """
    world = World(hosts)
    calls = [world.call() for _ in range(3)]
    channels = [call.channel_file() for call in calls]
    second_file = calls[0].channel_file()
    unit, number = world.unit()
    other, other_number = world.unit()
    first = channels[0]
    see("not connected", set_ioctl(first, "DISCONN"))
    see("no such unit", [set_ioctl(first, "CONNECT", n) for n in (7, -1, 2147483647)])
    see("connected", set_ioctl(first, "CONNECT", number))
    see("again", [set_ioctl(first, "CONNECT", number), set_ioctl(first, "CONNECT", other_number),
                  set_ioctl(first, "CONNECT", 7), set_ioctl(second_file, "CONNECT", number)])
    see("another of the unit", [set_ioctl(channels[1], "CONNECT", number), events(unit)])
    see("disconnected by another file", [set_ioctl(second_file, "DISCONN"), set_ioctl(first, "DISCONN"), events(unit)])
    see("to another unit", set_ioctl(first, "CONNECT", other_number))
    see("bridged while connected", [set_ioctl(first, "BRIDGECHAN", calls[2].number),
                                    set_ioctl(channels[2], "BRIDGECHAN", calls[0].number)])
    os.close(other)
    assert device_goes(other_number)
    see("its unit died", [set_ioctl(first, "CONNECT", number), set_ioctl(first, "DISCONN"),
                          set_ioctl(first, "DISCONN"), set_ioctl(first, "CONNECT", number)])
    calls[0].close()
    assert becomes(lambda: hung_up(first))
    see("its socket is closed", [set_ioctl(first, "DISCONN"), set_ioctl(first, "CONNECT", number),
                                 set_ioctl(first, "CONNECT", 7), raw_ioctl(first, "CONNECT", BAD),
                                 set_ioctl(first, "BRIDGECHAN", calls[2].number), set_ioctl(first, "BRIDGECHAN", 99),
                                 set_ioctl(first, "UNBRIDGECHAN"), set_ioctl(first, "DETACH", 0)])
    see("the other is still connected", [events(unit), set_ioctl(channels[1], "DISCONN")])
    assert becomes(lambda: "IN" in events(unit))
    see("and is not", events(unit))


def values_of_a_unit(hosts, see):
    """
    Requirements: PPP-50, PPP-52
    """
    world = World(hosts)
    unit, number = world.unit()
    another = open_ppp()
    assert set_ioctl(another, "ATTACH", number) == "OK"
    see("unit", [int_ioctl(unit, "GUNIT"), int_ioctl(another, "GUNIT")])
    for value in (0, -1, 0x40, 0xc0, 0x80, 0xc0, 0x4, 0x200, 0x404eec, 0x3, 0x7fffffff, 0):
        see(f"flags {value:#x}", [set_ioctl(unit, "SFLAGS", value), int_ioctl(another, "GFLAGS")])
    for ioctl, values in (("SMRU", (0, 1, 1500, 65535, 1 << 30, -1)), ("SDEBUG", (0, 1, 7, -1)),
                          ("SMRRU", (1500, 0, -1, 65535)), ("SMAXCID", (0, 15, 254, 255, 300, -1, 15 << 16, 255 << 16,
                                                                        254 << 16 | 254, 2 << 16 | 1))):
        see(ioctl, {value: set_ioctl(unit, ioctl, value) for value in values})
    set_ioctl(unit, "SDEBUG", 5)
    see("debug", int_ioctl(another, "GDEBUG"))
    for protocol in (0x21, 0x57, 0x2b, 0x29, 0x281, 0x283, 0x2d, 0x8021, 0xc021, 0, -1, 0x10021):
        see(f"NP {protocol:#x}", [octets_ioctl(unit, "GNPMODE", struct.pack("=ii", protocol, 9)),
                                  [[octets_ioctl(unit, "SNPMODE", struct.pack("=ii", protocol, mode)),
                                    octets_ioctl(another, "GNPMODE", struct.pack("=ii", protocol, 9))]
                                   for mode in (1, 2, 3, 77, -1, 0)]])


def idle_times(hosts, see):
    """In both sizes, when something has just been sent and received.

    Requirements: PPP-53
    """
    world = World(hosts)
    call = world.call()
    channel, (unit, number) = call.channel_file(), world.unit()
    set_ioctl(channel, "CONNECT", number)
    ip([f"link set ppp{number} up"])
    see("written", [write(unit, IP), world.left()])
    world.arrives(call, IP)
    world.arrives(call, bytes.fromhex("802101010004"))
    see("received", frame(unit))

    def seconds(ioctl, letter):
        given = octets_ioctl(unit, ioctl, b"\xff" * IOCTLS[ioctl][1])
        return [value < 10 for value in struct.unpack("=2" + letter, bytes.fromhex(given))]
    see("a moment ago", [seconds("GIDLE32", "I"), seconds("GIDLE64", "Q")])


def pointer_to(octets):
    """(an address, what keeps it)"""
    held = ctypes.create_string_buffer(octets, max(len(octets), 1))
    return ctypes.addressof(held), held


def compress(unit, option, length=None, transmit=1, address=None):
    at, held = pointer_to(option)
    done = octets_ioctl(unit, "SCOMPRESS", struct.pack("=QIi", at if address is None else address,
                                                       len(option) if length is None else length, transmit))
    del held
    return done


def compressors(hosts, see):
    """What the options are refused for, and flags as both directions come to run.

    Requirements: PPP-60, PPP-61, PPP-65
    """
    world = World(hosts)
    unit, _ = world.unit()
    mppe, key = bytes.fromhex("120601000040"), bytes(range(16))
    for words, option, more in (
            ("no octets", b"", {}), ("one octet", b"\x12", {}), ("MPPE, an option of length 1", b"\x12\1" + mppe[2:] + key, {}),
            ("an option longer than the octets", b"\x12\7\1\0\0\x40", {}), ("MPPE without a key", mppe, {}),
            ("a short key", mppe + key[:-1], {}), ("a long one", mppe + key + b"1", {}), ("32 octets", mppe + key + bytes(10), {}),
            ("33 octets", mppe + key + bytes(11), {}), ("a length of 33 with no octets", b"", {"length": 33, "address": BAD}),
            ("octets that are not there", mppe + key, {"address": BAD}), ("an unknown method", b"\x13\6\1\0\0\x40" + key, {}),
            ("method 0", b"\0\2", {}), ("method 255", b"\xff\2", {}), ("MPPE that negotiates nothing", mppe[:5] + b"\0" + key, {}),
            ("40 bit", mppe[:5] + b"\x20" + key, {}), ("56 bit", mppe[:5] + b"\x80" + key, {}),
            ("with compression", mppe[:5] + b"\x41" + key, {}), ("with state", b"\x12\6\0\0\0\x40" + key, {}),
            ("stateless", mppe + key, {})):
        see(words, [compress(unit, option, transmit=transmit, **more) for transmit in (1, 0, -1, 2)])
    see("flags", [int_ioctl(unit, "GFLAGS"), set_ioctl(unit, "SFLAGS", 0x40), int_ioctl(unit, "GFLAGS")])
    see("an acknowledgement written", [write(unit, bytes.fromhex("80fd0201000a") + mppe), int_ioctl(unit, "GFLAGS")])
    see("up", [set_ioctl(unit, "SFLAGS", 0xc0), int_ioctl(unit, "GFLAGS")])
    see("set anew", [compress(unit, mppe + key), int_ioctl(unit, "GFLAGS")])
    see("a refused one changes nothing", [write(unit, bytes.fromhex("80fd0201000a") + mppe), compress(unit, mppe),
                                          int_ioctl(unit, "GFLAGS")])
    see("not open", [set_ioctl(unit, "SFLAGS", 0x80), int_ioctl(unit, "GFLAGS")])


def program(*instructions):
    return b"".join(struct.pack("=HBBI", *i) for i in instructions)


ALL, NONE = (6, 0, 0, 0xffffffff), (6, 0, 0, 0)


def filters(hosts, see):
    """Which programs are taken, and what passes.

    Requirements: PPP-58, PPP-55
    """
    world = World(hosts)
    call = world.call()
    channel, (unit, number) = call.channel_file(), world.unit()
    set_ioctl(channel, "CONNECT", number)

    def install(ioctl, octets, length=None, address=None):
        at, held = pointer_to(octets)
        done = octets_ioctl(unit, ioctl, struct.pack("=HxxxxxxQ", len(octets) // 8 if length is None else length,
                                                     at if address is None else address))
        del held
        return done
    for words, octets, more in (
            ("all", program(ALL), {}), ("none", program(NONE), {}), ("no return", program((0, 0, 0, 1)), {}),
            ("an unknown instruction", program((0xffff, 0, 0, 0), ALL), {}), ("a jump beyond the end", program((5, 0, 0, 9), ALL), {}),
            ("a jump back", program((5, 0, 0, 0xffffffff), ALL), {}), ("division by nothing", program((0x34, 0, 0, 0), ALL), {}),
            ("a store beyond the memory", program((2, 0, 0, 16), ALL), {}), ("no octets there", b"", {"length": 1, "address": BAD}),
            ("4096 instructions", program(*[(0, 0, 0, 1)] * 4095, ALL), {}),
            ("4097 instructions", program(*[(0, 0, 0, 1)] * 4096, ALL), {}),
            ("65535 that are not there", b"", {"length": 65535, "address": BAD}),
            ("length 0 and a bad pointer", b"", {"length": 0, "address": BAD})):
        see(words, [install("SPASS", octets, **more), install("SACTIVE", octets, **more)])
    see("without", [write(unit, IP), world.left()])
    outbound = program((0x30, 0, 0, 0), (0x15, 0, 1, 1), NONE, ALL)
    see("nothing outbound", [install("SPASS", outbound), write(unit, IP), write(unit, LCP), world.left()])
    see("a program that is refused changes nothing", [install("SPASS", program((0, 0, 0, 1))), write(unit, IP), world.left(0)])
    see("removed", [install("SPASS", b""), write(unit, IP), world.left()])


def statistics(hosts, see):
    """PPPIOCGL2TPSTATS of each kind of socket, by each kind of number.

    Requirements: PX-61, PX-60
    """
    world = World(hosts)
    tunnel, first, second = world.tunnel_socket(), world.call(), world.call()
    channel = second.channel_file()
    see("ethernet in a tunnel of version 3", [world.l2tp.tunnel(3, sport=5003), world.l2tp.session(70, 3, ETH)])
    see("no socket", world.l2tp.session(60, 1, PPP))
    see("sent", [write(first.socket.fileno(), LCP), write(first.socket.fileno(), IP), write(channel, LCP), sorted(world.left(3))])
    world.arrives(first, LCP)
    world.arrives(second, LCP)
    see("received", [frame(first.socket), frame(channel)])

    def of(descriptor, *head):
        return octets_ioctl(descriptor, "GL2TPSTATS", struct.pack("=HH", *head).ljust(72, b"\xee"))
    for words, head in (("zeros", (0, 0)), ("its ids", (1, first.session)), ("another session", (1, second.session)),
                        ("another tunnel", (9, second.session)), ("none", (1, 999)), ("one without a socket", (1, 60)),
                        ("another tunnel's", (1, 70))):
        see(words, [of(tunnel.fileno(), *head), of(first.socket.fileno(), *head), of(second.socket.fileno(), *head)])
    see("bad pointers", [raw_ioctl(s.fileno(), "GL2TPSTATS", BAD) for s in (pppox(), tunnel, first.socket)])
    see("on a file", of(channel, 0, 0))
    second.close()
    assert second.gone()
    see("a session that went", of(tunnel.fileno(), 1, second.session))


def other_sockets(hosts, see):
    """Protocols beside L2TP's, and what a PPPoL2TP socket can not do.

    Requirements: PX-1, PX-4
    """
    world = World(hosts)
    for protocol in (-1, 3, 4, 256, 2147483647):
        see(f"protocol {protocol}", [outcome(lambda k=kind: bool(socket.socket(AF_PPPOX, k, protocol))) for kind in (
            socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)])
    see("socketpair", outcome(socket.socketpair, AF_PPPOX, socket.SOCK_DGRAM, 1))
    call = world.call()
    for words, sock in (("new", pppox()), ("connected", call.socket)):
        see(f"{words}: calls that are not served", [
            outcome(sock.listen, 1), outcome(sock.shutdown, 2), outcome(sock._accept),  # pylint: disable=protected-access
            connect(sock, b""), connect(sock, bytes(16)), connect(sock, bytes(38))])
