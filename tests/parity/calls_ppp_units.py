# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_units.py - what units make of frames that nobody sends on purpose: fragments, short headers of TCP, filters

Cases of calls.py.
"""
import ctypes
import os
import socket
import struct

from support.ppp_calls import (IPCP, LCP, events, frames, libc, octets_ioctl, open_ppp, read, set_ioctl,
                               write)

from hosts import checked, ip, outcome, sysctl

from ppp import World

SIOCGPPPSTATS = 0x89f0
SHORTSEQ = 0x800
MULTILINK, XSHORTSEQ = 0x400, 0x4000


def statistics_by(any_socket, device):
    """struct ppp_stats, as 19 numbers"""
    room = ctypes.create_string_buffer(76)
    request = ctypes.create_string_buffer(struct.pack("=16sQ", device.encode(), ctypes.addressof(room)) + bytes(16))
    checked(libc.ioctl(any_socket.fileno(), ctypes.c_ulong(SIOCGPPPSTATS), request))
    return list(struct.unpack("=19I", room.raw))


def statistics(number):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return statistics_by(any_socket, f"ppp{number}")


class Bundle:
    """A unit whose interface is up, on so many channels"""

    def __init__(self, hosts, links=1):
        self.world = World(hosts)
        self.unit, self.number = self.world.unit()
        sysctl("net/ipv6/conf/default/disable_ipv6", 1)
        ip([f"link set ppp{self.number} up"])
        self.calls = [self.world.call() for _ in range(links)]
        self.files = [call.channel_file() for call in self.calls]
        for link in range(links):
            assert self.join(link) == "OK"

    def join(self, link):
        return set_ioctl(self.files[link], "CONNECT", self.number)

    def give(self, arriving):
        """What can be read when (link, frame)... have come, and the unit's errors since it was made"""
        for link, octets in arriving:
            self.world.arrives(self.calls[link], octets)
        self.world.passed()
        found = frames(self.unit, 0)
        return [[one if len(one) < 100 else [one[:8], len(one) // 2] for one in found],
                [read(made) for made in self.files], statistics(self.number)[4]]


MESSAGE = bytes.fromhex("8021") + b"twelve octets"
LONGEST = bytes.fromhex("8021") + b"x" * 1500


def fragment(seq, octets, begin=True, end=True, short=False):
    bits = begin << 7 | end << 6
    return struct.pack("!HH", 0x3d, bits << 8 | seq & 0xfff) + octets if short else \
        struct.pack("!HI", 0x3d, bits << 24 | seq & 0xffffff) + octets


def fragments_received(hosts, see):
    """Two links, a limit of 1500: in order and not, lost, twice, too long, of other protocols, and numbers that jump.

    Requirements: PPP-71
    """
    bundle = Bundle(hosts, 2)
    see("no limit", bundle.give([(0, fragment(0, MESSAGE))]))
    see("a limit", set_ioctl(bundle.unit, "SMRRU", 1500))
    number = 0

    def both(words, *pieces, apart=0):
        """pieces: octets, begins, ends, and which link; then a whole message by each link, which tell what was lost."""
        nonlocal number
        arriving = []
        for octets, begin, end, link in pieces:
            arriving.append((link, fragment(number, octets, begin, end)))
            number += 1 + apart
        arriving += [(link, fragment(number + link, MESSAGE)) for link in (0, 1)]
        number += 2
        see(words, bundle.give(arriving))

    both("in two", (MESSAGE[:5], True, False, 0), (MESSAGE[5:], False, True, 1))
    both("in three by one link", (MESSAGE[:1], True, False, 0), (MESSAGE[1:3], False, False, 0), (MESSAGE[3:], False, True, 0))
    both("one between was lost", (MESSAGE[:5], True, False, 0), (MESSAGE[5:], False, True, 1), apart=1)
    both("the first was lost", (MESSAGE, False, True, 0))
    both("the last was lost", (MESSAGE, True, False, 0))
    both("two begin", (MESSAGE[:7], True, False, 0), (MESSAGE[:5], True, False, 1), (MESSAGE[5:], False, True, 0))
    both("two end", (MESSAGE, True, True, 0), (MESSAGE, False, True, 1))
    both("pieces without octets", (b"", True, False, 0), (MESSAGE, False, False, 1), (b"", False, True, 0))
    both("nothing at all", (b"", True, True, 0))
    both("one octet", (b"\x80", True, True, 0))
    both("one octet that is a number", (b"\x51", True, True, 0))
    for words, octets in (("a short number", b"\xc1xyz"), ("LCP", LCP), ("the link's CCP", bytes.fromhex("80fb01010004")),
                          ("a fragment", fragment(7, MESSAGE)), ("as long as may be", LONGEST), ("one octet more", LONGEST + b"x")):
        both(f"in one: {words}", (octets, True, True, 0))
        both(f"in two: {words}", (octets[:len(octets) // 2], True, False, 1), (octets[len(octets) // 2:], False, True, 0))
    for size in (2, 3):
        see(f"{size} octets of a header", bundle.give([(0, fragment(0, b"")[:2 + size])]))
    both("numbers jump", (MESSAGE, True, True, 0), apart=5000)
    number = 0xfffffe
    both("to the last", (MESSAGE, True, True, 0))
    see("the other link leaves", set_ioctl(bundle.files[1], "DISCONN"))
    both("a fragment of another link")
    see("and comes back", bundle.join(1))
    both("both are there")
    see("another limit", set_ioctl(bundle.unit, "SMRRU", 100))
    both("what was short enough", (LONGEST[:500], True, True, 0))
    see("no limit again", set_ioctl(bundle.unit, "SMRRU", 0))
    both("none", (MESSAGE, True, True, 0))


def fragments_with_short_numbers(hosts, see):
    """
    Requirements: PPP-70, PPP-71
    """
    bundle = Bundle(hosts, 2)
    see("set", [set_ioctl(bundle.unit, "SMRRU", 1500), set_ioctl(bundle.unit, "SFLAGS", SHORTSEQ | XSHORTSEQ | MULTILINK)])
    see("a few", bundle.give([(at & 1, fragment(at, MESSAGE, short=True)) for at in range(4)]))
    see("swapped", bundle.give([(1, fragment(5, MESSAGE[4:], begin=False, short=True)),
                                (0, fragment(4, MESSAGE[:4], end=False, short=True))]))
    see("beyond the last", bundle.give([(at & 1, fragment(at, MESSAGE, short=True)) for at in (4094, 4095, 4096, 4097)]))
    see("with a protocol of one octet", bundle.give([(0, b"\x3d" + fragment(4098, MESSAGE, short=True)[2:]),
                                                     (1, fragment(4099, MESSAGE, short=True))]))
    see("without", [set_ioctl(bundle.unit, "SFLAGS", 0),
                    bundle.give([(at & 1, fragment(4100 + at, MESSAGE)) for at in range(2)])])


def fragments_of_another_peer(hosts, see):
    """A unit that outlives its channels, as for dialling on demand, gets numbers that begin with 0 again when the next peer
    has agreed on multilink.

    Requirements: PPP-50, PPP-71
    """
    bundle = Bundle(hosts, 2)
    see("set", [set_ioctl(bundle.unit, "SMRRU", 1500), set_ioctl(bundle.unit, "SFLAGS", MULTILINK)])
    see("a few", bundle.give([(at & 1, fragment(at, MESSAGE)) for at in range(6)]))
    see("flags as they were", set_ioctl(bundle.unit, "SFLAGS", MULTILINK))
    see("anew", bundle.give([(at & 1, fragment(at, MESSAGE)) for at in range(2)]))
    see("no multilink", set_ioctl(bundle.unit, "SFLAGS", 0))
    see("still anew", bundle.give([(at & 1, fragment(at, MESSAGE)) for at in range(2)]))
    see("multilink again", set_ioctl(bundle.unit, "SFLAGS", MULTILINK))
    see("from 0", bundle.give([(at & 1, fragment(at, MESSAGE)) for at in range(3)]))
    see("in two", bundle.give([(1, fragment(3, MESSAGE[:5], end=False)), (0, fragment(4, MESSAGE[5:], begin=False))]))
    see("one is lost", bundle.give([(at & 1, fragment(at, MESSAGE)) for at in (6, 7, 8)]))


TCP = bytes.fromhex("00140015" "00000001" "00000001" "5010ffff" "0000" "0000")


def tcp_packet(total=44, first=0x45, options=b""):
    """IPv4 with the right checksum, and TCP"""
    head = bytearray(struct.pack("!BBHHHBBHII", first, 0, total, 1, 0, 64, 6, 0, 0x0a000001, 0x0a000002) + options)
    octets = sum(struct.unpack(f"!{len(head) // 2}H", head))
    struct.pack_into("!H", head, 10, 0xffff - (octets % 0xffff))
    return bytes(head) + TCP + b"data"


def learnt(slot, packet=None):
    packet = bytearray(packet or tcp_packet())
    packet[9:10] = bytes([slot])
    return bytes.fromhex("002f") + bytes(packet)


def short_headers_of_tcp(hosts, see):
    """What can not be made whole is an error; numbers of connections, and what is known of them

    Requirements: PPP-58, PPP-64
    """
    bundle = Bundle(hosts)

    def give(words, *arriving):
        see(words, [bundle.give([(0, octets) for octets in arriving]), statistics(bundle.number)[3:5] + statistics(bundle.number)[11:]])

    def short(changes, *octets):
        return bytes([0, 0x2d, changes, *octets]) + b"some data"

    give("not asked for", learnt(0), short(0, 1, 2))
    see("two connections", set_ioctl(bundle.unit, "SMAXCID", 1 << 16 | 1))
    give("before the first", short(0, 1, 2), short(0x40, 1, 1, 2))
    give("the highest", learnt(1))
    give("it goes on", short(0, 1, 2), short(0x40, 1, 1, 2))
    give("another that is not known", short(0x40, 0, 1, 2))
    give("a number too high", short(0x40, 2, 1, 2))
    give("no number after an error", short(0, 1, 2))
    give("a number after it", short(0x40, 1, 1, 2), short(0, 1, 2))
    give("changes that are not there", bytes.fromhex("002d4f01000000"))
    give("learnt: a number too high", learnt(2))
    give("learnt again", learnt(1), short(0, 1, 2))
    give("learnt: not all of TCP", learnt(0, tcp_packet()[:30]))
    give("learnt: no TCP", learnt(0, tcp_packet()[:20]))
    give("learnt: not all of IP", learnt(0, tcp_packet()[:19]))
    give("learnt: nothing", bytes.fromhex("002f"))
    give("learnt: a wrong checksum", learnt(0, tcp_packet()[:8] + b"\xff" + tcp_packet()[9:]))
    give("learnt: a header of four words", learnt(0, tcp_packet(first=0x44)))
    give("learnt: options of IP", learnt(0, tcp_packet(48, 0x46, b"\1\1\1\0")))
    give("learnt: another length", learnt(0, tcp_packet(total=1000)))
    give("learnt: a header of TCP that is too long", learnt(0, tcp_packet()[:32] + b"\xf0" + tcp_packet()[33:]))
    give("and of too few words", learnt(0, tcp_packet()[:32] + b"\x40" + tcp_packet()[33:]))
    give("after all", learnt(0), short(0x40, 0, 1, 2))
    see("refused", set_ioctl(bundle.unit, "SFLAGS", 0x20))
    give("while refused", learnt(0), short(0x40, 0, 1, 2))
    see("a table anew", [set_ioctl(bundle.unit, "SFLAGS", 0), set_ioctl(bundle.unit, "SMAXCID", 5 << 16 | 5)])
    give("is empty", short(0x40, 0, 1, 2))


def program(*instructions):
    return b"".join(struct.pack("=HBBI", *i) for i in instructions)


LD_IMM, LD_LEN, LDX_IMM, ST, LD_MEM, RET, RET_A = 0x00, 0x80, 0x01, 0x02, 0x60, 0x06, 0x16
LD_WORD, LD_HALF, LD_OCTET, LD_AT_X, LDX_MSH = 0x20, 0x28, 0x30, 0x50, 0xb1
DIV_X, MOD_X, DIV, LSH, LSH_X, RSH_X, NEGATE, TAX, TXA = 0x3c, 0x9c, 0x34, 0x64, 0x6c, 0x7c, 0x84, 0x07, 0x87
JUMP, EQUAL, ABOVE, ANY_BIT = 0x05, 0x15, 0x25, 0x45
YES, NO = (RET, 0, 0, 1), (RET, 0, 0, 0)
PROGRAMS = {
    "A": [(RET_A, 0, 0, 0)], "X": [(0x0e, 0, 0, 1)], "the length": [(LD_LEN, 0, 0, 0), (EQUAL, 0, 1, 34), YES, NO],
    "beyond": [(LD_WORD, 0, 0, 1000), YES], "half beyond": [(LD_HALF, 0, 0, 33), YES], "the last": [(LD_OCTET, 0, 0, 33), YES],
    "the direction": [(LD_OCTET, 0, 0, 0), (RET_A, 0, 0, 0)], "the protocol": [(LD_HALF, 0, 0, 2), (EQUAL, 0, 1, 0x21), YES, NO],
    "divided by X of 0": [(LD_IMM, 0, 0, 7), (DIV_X, 0, 0, 0), YES], "the rest of it": [(LD_IMM, 0, 0, 7), (MOD_X, 0, 0, 0), YES],
    "divided by 0": [(LD_IMM, 0, 0, 7), (DIV, 0, 0, 0), YES], "shifted by 40": [(LD_IMM, 0, 0, 1), (LSH, 0, 0, 40), (RET_A, 0, 0, 0)],
    "shifted by X of 33": [(LD_IMM, 0, 0, 1), (LDX_IMM, 0, 0, 33), (LSH_X, 0, 0, 0), (RET_A, 0, 0, 0)],
    "right by X of 33": [(LD_IMM, 0, 0, 2), (LDX_IMM, 0, 0, 33), (RSH_X, 0, 0, 0), (RET_A, 0, 0, 0)],
    "memory that was not set": [(LD_MEM, 0, 0, 3), (RET_A, 0, 0, 0)], "memory that is none": [(LD_MEM, 0, 0, 16), YES],
    "memory": [(LD_IMM, 0, 0, 5), (ST, 0, 0, 15), (LD_MEM, 0, 0, 15), (RET_A, 0, 0, 0)],
    "negated": [(LD_IMM, 0, 0, 1), (NEGATE, 0, 0, 0), (RET_A, 0, 0, 0)], "X as it was": [(TXA, 0, 0, 0), (RET_A, 0, 0, 0)],
    "four times a nibble": [(LDX_MSH, 0, 0, 4), (TXA, 0, 0, 0), (RET_A, 0, 0, 0)],
    "at -1 and 1": [(LDX_IMM, 0, 0, 0xffffffff), (LD_AT_X, 0, 0, 1), YES], "at -1 and 5": [(LDX_IMM, 0, 0, 0xffffffff), (LD_AT_X, 0, 0, 5), YES],
    "no end": [(LD_IMM, 0, 0, 1)], "a jump": [(JUMP, 0, 0, 0), YES], "beyond the end": [(JUMP, 0, 0, 1), YES],
    "a jump back": [(JUMP, 0, 0, 0xffffffff), YES], "at -16": [(LD_WORD, 0, 0, 0xfffffff0), YES], "far beyond": [(LD_WORD, 0, 0, 0x7fffffff), YES],
    "4096 of them": [(LD_IMM, 0, 0, 1)] * 4095 + [YES], "4097 of them": [(LD_IMM, 0, 0, 1)] * 4096 + [YES],
    "a bit": [(LD_OCTET, 0, 0, 4), (ANY_BIT, 0, 1, 0xff), NO, YES], "above": [(LD_IMM, 0, 0, 0xffffffff), (ABOVE, 0, 1, 0x7fffffff), YES, NO],
    "no such instruction": [(0x47, 0, 0, 0), YES],
}


def odd_filters(hosts, see):
    """Whether such a program is taken as pass filter, and whether a packet of 32 octets passes then.

    Requirements: PPP-55
    """
    bundle = Bundle(hosts)

    def install(octets):
        held = ctypes.create_string_buffer(octets, max(len(octets), 1))
        done = octets_ioctl(bundle.unit, "SPASS", struct.pack("=HxxxxxxQ", len(octets) // 8, ctypes.addressof(held)))
        del held
        return done

    for words, instructions in PROGRAMS.items():
        install(b"")
        done = install(program(*instructions))
        write(bundle.unit, bytes.fromhex("0021") + bytes(range(30)))
        write(bundle.unit, IPCP)  # no filter looks at it
        see(words, [done, len(bundle.world.left()) - 1])


def which_units_have_ended(hosts, see):
    """What poll() and read() say of files on three units, one of them copied and attached a second time, as channels
    come and go.

    Requirements: PPP-41, PPP-43
    """
    world = World(hosts)
    units = [world.unit() for _ in range(3)]
    files = {f"unit {number}": made for made, number in units}
    files["unit 1, a copy"] = os.dup(units[1][0])
    files["unit 1, attached"] = open_ppp()
    see("attached", set_ioctl(files["unit 1, attached"], "ATTACH", 1))

    def look(words):
        see(words, {name: [events(made), read(made), read(made), events(made)] for name, made in files.items()})

    look("no channels")
    channels = [world.call().channel_file() for _ in range(3)]
    for at in (0, 1):
        see(f"a channel for unit {at}", set_ioctl(channels[at], "CONNECT", at))
        look(f"of which {2 - at} has none")
    see("another for unit 1", set_ioctl(channels[2], "CONNECT", 1))
    see("the first leaves", set_ioctl(channels[1], "DISCONN"))
    look("one is left")
    see("both have left", [set_ioctl(channels[2], "DISCONN"), set_ioctl(channels[0], "DISCONN")])
    see("and one comes to unit 0, before anybody looks", set_ioctl(channels[2], "CONNECT", 0))
    look("of units 1 and 2 is told")
    see("unit 2 loops its traffic", set_ioctl(units[2][0], "SFLAGS", 0x200))
    look("and has not ended")
    see("and does not", set_ioctl(units[2][0], "SFLAGS", 0))
    look("and has")


def statistics_by_sockets_of_two_namespaces(hosts, see):
    """The interface is one of the socket's network namespace, wherever the caller is.

    Requirements: PPP-64
    """
    bundle = Bundle(hosts)
    home, far = (os.open(f"/proc/{process}/ns/net", os.O_RDONLY) for process in ("self", hosts.child))
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), hosts.far_socket(socket.SOCK_DGRAM)]
    checked(libc.setns(far, 0))
    unit, number = bundle.world.unit()
    other, other_number = bundle.world.unit()
    checked(libc.setns(home, 0))
    for _ in range(3):
        write(bundle.unit, IPCP)

    def sent():
        return [[outcome(lambda s=s, n=n: statistics_by(s, f"ppp{n}")[8]) for n in (number, other_number)] for s in sockets]
    see("units", [bundle.number, number, other_number])
    see("from here", sent())
    checked(libc.setns(far, 0))
    see("from there", sent())
    os.close(unit)
    os.close(other)
