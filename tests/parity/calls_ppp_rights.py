# SPDX-License-Identifier: BSD-2-Clause
"""calls_ppp_rights.py - who may use /dev/ppp and PPPoL2TP sockets: users, capabilities, user namespaces

Cases of calls.py. In each a child gives something up and tells what it may still do.
"""
import ctypes
import json
import os
import socket

from support.ppp_calls import LCP, connect, int_ioctl, name, open_ppp, pppox, read, set_ioctl, write

from hosts import checked, libc, outcome, unshare_network

from ppp import World

NET_ADMIN, DAC_OVERRIDE = 12, 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534
PR_SET_DUMPABLE = 4


def capabilities_without(*dropped):
    """Of what it has in effect it gives some up."""
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    checked(libc.capget(header, sets))
    for capability in dropped:
        sets[capability // 32 * 3] &= ~(1 << capability % 32)
    checked(libc.capset(header, sets))


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    checked(libc.prctl(PR_SET_DUMPABLE, 1))


def own_users():
    """A user namespace in which it is root"""
    user, group = os.geteuid(), os.getegid()
    checked(libc.unshare(CLONE_NEWUSER))
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as f:
            f.write(text)


def in_child(function):
    """What it returns, from a process of its own"""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            theirs.send(json.dumps(function()).encode())
        finally:
            os._exit(0)
    theirs.close()
    told = ours.recv(1 << 16)
    os.waitpid(child, 0)
    return json.loads(told) if told else "it died"


def uses(descriptor):
    """Every way to make something of an unattached file"""
    return [set_ioctl(descriptor, "ATTACH", 0), set_ioctl(descriptor, "ATTCHAN", 99), int_ioctl(descriptor, "GUNIT"),
            int_ioctl(descriptor, "NEWUNIT", -1)]


KINDS = {
    "root": lambda: None,
    "root without CAP_NET_ADMIN": lambda: capabilities_without(NET_ADMIN),
    "root without CAP_DAC_OVERRIDE": lambda: capabilities_without(DAC_OVERRIDE),
    "nobody": become_nobody,
    "root of other users": own_users,
    "root of other users and another network": lambda: (own_users(), unshare_network()),
    "nobody as root of other users": lambda: (become_nobody(), own_users()),
    "nobody as root of other users and another network": lambda: (become_nobody(), own_users(), unshare_network()),
}


def who_may_open(hosts, see):
    """
    Requirements: PPP-1
    """
    World(hosts)
    for words, become in KINDS.items():
        def told(become=become):
            become()
            opened = outcome(open_ppp)
            return opened if isinstance(opened, str) else uses(opened)
        see(words, in_child(told))


def what_was_opened_before(hosts, see):
    """Files and sockets of one who was mighty: rights are those of who calls.

    Requirements: PPP-1, PX-1
    """
    world = World(hosts)
    channel, (unit, _) = world.call().channel_file(), world.unit()
    for words, become in KINDS.items():
        def told(become=become):
            unattached, sock = open_ppp(), pppox()
            become()
            return [uses(unattached), write(unit, LCP), read(channel), int_ioctl(unit, "GFLAGS"), set_ioctl(unit, "SMRU", 1),
                    set_ioctl(channel, "DISCONN"), set_ioctl(channel, "CONNECT", 99), connect(sock, name(1, 50, 101, 60))]
        see(words, in_child(told))


def sockets_of_anybody(hosts, see):
    """
    Requirements: PX-1
    """
    world = World(hosts)
    for at, (words, become) in enumerate(KINDS.items()):
        def told(become=become, at=at):
            own = hosts.near_udp(port=5100 + at)
            become()
            sock, tunnel = pppox(), pppox()
            return [connect(sock, name(1, 200 + at, 101, 60)), isinstance(int_ioctl(sock.fileno(), "GCHAN"), int),
                    outcome(sock.send, LCP), connect(tunnel, name(20 + at, 0, 30, 0, fd=own.fileno()))]
        see(words, in_child(told))
        world.left(0)
