# SPDX-License-Identifier: BSD-2-Clause
"""random_ppp_world.py - what random_world.py does, and all that PPPoL2TP sockets and /dev/ppp have besides

For "random_sequences.py -p". d0 is a copy of another socket or file by dup(), h0 a child that holds a copy of
everything there was when it was made, v0 a UDP socket of the far namespace. What is done "elsewhere" is done by the
same thread in that namespace.

Known deviations of doc/deviations.md are in known() and Seen alone: the operation is not done, and gives the row's id.
"""
import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import struct
import time

from support.ppp_calls import LCP, connect, int_ioctl, octets_ioctl, raw_ioctl, read, state, write
from support.ppp_file import name

import random_world
from hosts import FAR, L2tp, NEAR, checked, libc, outcome
from random_world import FRAMES, RandomWorld, drained

SOL_PPPOL2TP = 273
SIOCSIFNAME, SIOCSIFFLAGS = 0x8923, 0x8914
IFF_UP, IFF_NOARP = 1, 0x80
CLONE_NEWNET = 0x40000000
OCTETS = FRAMES | {"nothing": b"", "one": b"\xc0", "two": LCP[:2], "odd": bytes.fromhex("00fd") + b"o" * 20,
                   "ipv6": bytes.fromhex("0057") + b"\x60" + b"s" * 50, "long": bytes.fromhex("8021") + b"l" * 1400}
TIMES = ("GIDLE32", "GIDLE64")  # what they give is up to the clock

# struct sock_filter: each program by what it does
FILTERS = {"all": [(6, 0, 0, 0xffff)], "none": [(6, 0, 0, 0)], "nothing": [],
           "ip alone": [(0x28, 0, 0, 2), (0x15, 0, 1, 0x21), (6, 0, 0, 1), (6, 0, 0, 0)],
           "no end": [(0, 0, 0, 1)], "too far": [(0x15, 9, 9, 1), (6, 0, 0, 0)]}


def known(world, words):
    """The id of the row that this operation would show, or None"""
    what, slot = words[0], words[1] if len(words) > 1 else None
    descriptor = world.made.get(slot)
    if descriptor is None:
        return None
    if what in ("file", "ioctl", "filter", "file_state") and world.hurry:
        time.sleep(world.pause)  # that it is dead can be seen a moment later (PX-45)
    dead = state(descriptor) == "HUP"
    if what == "file" and words[2] == "BRIDGECHAN" and dead:
        return "PPP-30"
    if what in ("file", "ioctl", "filter", "file_state") and world.attached.get(slot, " ")[0] == "unit" and dead:
        return "PPP-44"
    if what in ("read", "close") and world.shared(slot) and (what == "read" or world.copies()):
        return "PPP-21"
    return None


class RandomPppWorld(RandomWorld):
    def __init__(self, hosts, pause, hurry, swapped):
        super().__init__(hosts, pause, hurry, swapped)
        self.near_peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near_peer.bind((NEAR[4], 5002))
        self.near_peer.setblocking(False)
        self.here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.there = os.open(f"/proc/{hosts.child}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.far = self.elsewhere(L2tp)  # it also keeps what is known there: PPP-2

    # --- what is seen -----------------------------------------------------------------------------------

    def copies(self):
        return any(slot[0] in "dh" for slot in self.made)

    def look(self, words=("leave",)):
        held = {slot: self.made.pop(slot) for slot in list(self.made) if slot[0] in "dhv"}
        try:
            seen = super().look(words)
        finally:
            self.made |= held
        seen["far"] = sorted(seen["far"])  # PX-42
        seen["proc"] = pathlib.Path("/proc/net/pppol2tp").read_text().splitlines()
        seen["elsewhere"] = self.elsewhere(lambda: [sorted(d for _, d in socket.if_nameindex()), sorted(drained(self.near_peer))])
        return seen

    def do(self, words):
        return known(self, words) or super().do(words)

    def elsewhere(self, what):
        checked(libc.setns(self.there, CLONE_NEWNET))
        try:
            return what()
        finally:
            checked(libc.setns(self.here, CLONE_NEWNET))

    def do_elsewhere(self, *words):
        return self.elsewhere(lambda: self.do(words))

    # --- descriptors

    def _number(self, slot):
        thing = self.made[slot]
        return thing if isinstance(thing, int) else thing.fileno()

    def do_far_udp(self, slot):
        if slot in self.made:
            return "there"
        made = self.hosts.far_socket(socket.SOCK_DGRAM)
        made.bind((FAR[4], 5030))
        made.connect((NEAR[4], 5002))
        self.made[slot] = made
        return "OK"

    def do_dup(self, slot, of):
        if slot in self.made or of not in self.made:
            return "none"
        self.made[slot] = os.dup(self._number(of))
        return "OK"

    def do_fork(self, slot):
        if slot in self.made:
            return "there"
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        self.made[slot] = child
        return "OK"

    def do_close(self, slot):
        if slot[0] == "h" and slot in self.made:
            child = self.made.pop(slot)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "OK"
        return super().do_close(slot)

    # --- sockets

    def do_connect_odd(self, slot, form, on):
        if slot not in self.made:
            return "none"
        ids, fd = (1, 11, 101, 111), self.made[on].fileno() if on in self.made else -1
        octets = {
            "short": name(*ids)[:-1], "long": name(*ids) + b"\0", "empty": b"", "another family": name(*ids, address_family=2),
            "pppoe": name(*ids, protocol=0), "pptp": name(*ids, protocol=2), "protocol 3": name(*ids, protocol=3),
            "unspecified": name(*ids, address_family=0), "six": name(*ids, family=6, fd=fd),
            "six of three": name(*ids, family=6, version=3, fd=fd), "pid": name(*ids, pid=1, fd=fd),
            "a file": name(2, 0, 102, 0, fd=self.here), "no file": name(2, 0, 102, 0, fd=1000),
            "itself": name(2, 0, 102, 0, fd=self.made[slot].fileno()), "no ids": name(0, 0, 0, 0, fd=fd),
            "no tunnel": name(0, 11, 0, 111, fd=fd), "no peer's tunnel": name(3, 0, 0, 0, fd=fd),
            "no peer's session": name(1, 13, 101, 0, fd=fd), "three, no peer's session": name(1, 14, 101, 0, version=3, fd=fd),
            "great ids": name(1 << 20, 0, 1 << 20, 0, version=3, fd=fd),
            "an address": name(*ids, fd=fd, peer=struct.pack("=H2s4s", 2, b"\x13\x8a", socket.inet_aton(FAR[4])))}[form]
        return connect(self.made[slot], octets)

    def do_names(self, slot):
        """Of the socket and its peer; the process within is this one, and the descriptor whatever it had."""
        if slot not in self.made:
            return "none"
        found = []
        for call in ("getsockname", "getpeername"):
            room, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
            done = outcome(checked, getattr(libc, call)(self._number(slot), room, ctypes.byref(length)))
            octets = room.raw[:length.value]
            if done == 0:
                pid, fd = struct.unpack_from("=ii", octets, 6)
                done = [octets[:6].hex(), pid if pid != os.getpid() else "own", "fd" if fd > 0 else fd, octets[14:].hex()]
            found.append(done)
        return found

    def do_bind(self, slot):
        octets = name(1, 11, 101, 111)
        return outcome(checked, libc.bind(self._number(slot), octets, len(octets))) if slot in self.made else "none"

    def do_setopt(self, slot, option, value, length):
        octets = struct.pack("=ii", value, 0)[:length]
        return outcome(self.made[slot].setsockopt, SOL_PPPOL2TP, option, octets) if slot in self.made else "none"

    def do_getopt(self, slot, option, length):
        if slot not in self.made:
            return "none"
        got = outcome(self.made[slot].getsockopt, SOL_PPPOL2TP, option, length)
        return got.hex() if isinstance(got, bytes) else got

    def do_send(self, slot, frame):
        return outcome(self.made[slot].send, OCTETS[frame]) if slot in self.made else "none"

    # --- files of /dev/ppp, and what both have

    def do_file(self, slot, ioctl, of=None):
        """of: a slot whose channel or unit is meant, or a number"""
        if slot not in self.made:
            return "none"
        number = self.numbers.get(of, 99) if isinstance(of, str) else of or 0
        return self.file_ioctl(slot, ioctl, number)

    def do_ioctl(self, slot, ioctl, *values):
        """values: ints that make up the argument"""
        if slot not in self.made:
            return "none"
        time.sleep(self.pause)  # what was sent before has been counted
        done = octets_ioctl(self._number(slot), ioctl, struct.pack(f"={len(values)}i", *values))
        return "a time" if ioctl in TIMES and not done.startswith("E") else done

    def do_filter(self, slot, ioctl, which):
        if slot not in self.made:
            return "none"
        program = b"".join(struct.pack("=HBBI", *each) for each in FILTERS[which])
        there = ctypes.create_string_buffer(program, max(len(program), 1))
        argument = ctypes.create_string_buffer(struct.pack("@HP", len(FILTERS[which]), ctypes.addressof(there)))
        return raw_ioctl(self._number(slot), ioctl, ctypes.addressof(argument))

    def do_write(self, slot, frame):
        return write(self._number(slot), OCTETS[frame]) if slot in self.made else "none"

    def do_read(self, slot, size):
        if slot not in self.made:
            return "none"
        time.sleep(self.pause)
        return read(self.made[slot], size)

    def do_arrives(self, version, port, conn_id, session_id, frame):
        FRAMES[frame] = OCTETS[frame]
        told = super().do_arrives(version, port, conn_id, session_id, frame)
        time.sleep(self.pause)  # a kernel has received it when send() returns
        return told

    # --- interfaces: as "ip link", without a program for each

    def _interface(self, request, device, more):
        return outcome(lambda: fcntl.ioctl(self.near_peer, request, struct.pack("=16s24s", device.encode(), more)) and None)

    def do_up(self, device):
        return self._interface(SIOCSIFFLAGS, device, struct.pack("=h", IFF_UP | IFF_NOARP))

    def do_down(self, device):
        return self._interface(SIOCSIFFLAGS, device, struct.pack("=h", IFF_NOARP))

    def do_rename(self, device, to):
        return self._interface(SIOCSIFNAME, device, to.encode())

    def finish(self):
        for slot in [slot for slot in self.made if slot[0] == "h"]:
            self.do_close(slot)


def perform(hosts, see, *job):
    """A sequence, as a case of calls.py"""
    worlds = []

    def world(*arguments):
        worlds.append(RandomPppWorld(*arguments))
        return worlds[0]
    try:
        random_world.perform(hosts, see, *job, world=world)
    finally:
        worlds[0].finish()
