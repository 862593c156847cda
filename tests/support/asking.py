# SPDX-License-Identifier: BSD-2-Clause
"""asking.py - for programs under a launcher: a generic netlink socket that asks for the family l2tp

Imported by the programs that tests write, which run with tests/ in PYTHONPATH. Uses nothing but Python's own modules.
"""
import os
import socket
import struct


def opened(flags=0):
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | flags, 16)


def question(sequence=1, name=b"l2tp\0"):
    """CTRL_CMD_GETFAMILY."""
    attribute = struct.pack("=HH", 4 + len(name), 2) + name.ljust((len(name) + 3) & ~3, b"\0")
    return struct.pack("=IHHIIBBH", 20 + len(attribute), 16, 1, sequence, 0, 3, 1, 0) + attribute


def read(octets, sender):
    """(sequence, "l2tp") or (sequence, the errno)."""
    assert sender[0] == 0, sender  # the kernel
    _, kind, _, sequence, _ = struct.unpack_from("=IHHII", octets)
    if kind == 2:
        return sequence, -struct.unpack_from("=i", octets, 16)[0]
    return sequence, "l2tp" if b"l2tp\0" in octets[20:] else octets


def answer(asked):
    return read(*asked.recvfrom(65536))


def ask(asked, sequence=1):
    asked.send(question(sequence))
    return answer(asked)


def attributes(octets):
    """{number: value}"""
    found = {}
    while len(octets) >= 4:
        length, kind = struct.unpack_from("=HH", octets)
        found[kind & 0x3fff] = octets[4:length]
        octets = octets[(length + 3) & ~3:]
    return found


def join(asked):
    """The multicast group of l2tp."""
    asked.send(question())
    family = attributes(asked.recv(65536)[20:])
    group = attributes(attributes(family[7])[1])	# CTRL_ATTR_MCAST_GROUPS
    assert group[1] == b"l2tp\0"
    asked.setsockopt(270, 1, struct.unpack("=I", group[2])[0])	# SOL_NETLINK, NETLINK_ADD_MEMBERSHIP


def notice(asked):
    """The command of the next message."""
    return asked.recv(65536)[16]


def adopted(number):
    """The socket with this descriptor."""
    return socket.socket(fileno=number)


def inode(asked):
    return os.fstat(asked.fileno()).st_ino
