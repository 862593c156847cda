# SPDX-License-Identifier: BSD-2-Clause
"""ppp.py - sessions and units for the cases of calls_ppp*.py

    w = World(hosts)                    # a tunnel of version 2 on a socket of ours, and the far end of it
    call = w.call()                     # a session's socket, and
    channel = call.channel_file()       # a file of /dev/ppp on its channel
    unit, number = w.unit()             # a file on a new unit
    w.arrives(call, LCP); frame(channel)

Where the far end of a socket is told that something was closed a moment later, a case waits for the first sign of it
and then looks at all the rest.
"""
import socket
import struct

from support.ppp_calls import LCP, PATIENCE, QUIET, connect, frame, int_ioctl, name, open_ppp, pppox, ready, set_ioctl

from hosts import L2tp, becomes, data2, data3, has_device

SO_NO_CHECK = 11


class Call:
    """A session, its socket and its channel's files"""

    def __init__(self, world, session, version=2, conn_id=1):
        self.world, self.session, self.version, self.conn_id = world, session, version, conn_id
        self.socket = pppox()
        self.connected = connect(self.socket, name(conn_id, session, conn_id + 100, session + 100, version=version))
        self.number = None

    def channel(self):
        """PPPIOCGCHAN"""
        self.number = int_ioctl(self.socket.fileno(), "GCHAN")
        return self.number

    def channel_file(self):
        made = open_ppp()
        done = set_ioctl(made, "ATTCHAN", self.channel())
        assert done == "OK", done
        return made

    def close(self):
        self.socket.close()

    def gone(self):
        """Whether its session has gone in time"""
        return becomes(lambda: self.world.l2tp.ask("SESSION_GET", CONN_ID=self.conn_id, SESSION_ID=self.session) == "ENODEV")


class World:
    """Tunnel 1 on a socket of ours; the peer of all tunnels is at the far end's port."""

    def __init__(self, hosts):
        self.hosts, self.l2tp = hosts, L2tp()
        self.own = hosts.near_udp()
        self.peer = hosts.far_peer()
        # A kernel that gets a checksum which a veth has not filled in, and bridges its frame to a session with another
        # length of header, sends a wrong one.
        self.peer.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        self.sessions = 10
        self.keep, self.marker = [], None
        done = self.l2tp.tunnel(1, fd=self.own.fileno(), version=2)
        assert done == "OK", done

    @classmethod
    def of_parent(cls, world):
        """For a child: the same, and what it asks with is its own"""
        made = cls.__new__(cls)
        made.__dict__ |= world.__dict__ | {"l2tp": L2tp(), "keep": []}
        return made

    def call(self, version=2, conn_id=1):
        self.sessions += 1
        made = Call(self, self.sessions, version, conn_id)
        assert made.connected == "OK", made.connected
        self.keep.append(made)
        return made

    def tunnel_socket(self):
        """One that stands for the tunnel"""
        made = pppox()
        assert connect(made, name(1, 0, 101, 0)) == "OK"
        self.keep.append(made)
        return made

    def unit(self, number=-1):
        """(a file, its unit's number or the errno)"""
        made = open_ppp()
        return made, int_ioctl(made, "NEWUNIT", number)

    def arrives(self, call, octets, port=5001):
        """A frame, sent by the peer"""
        octets = b"\xff\x03" + octets
        data = data3(call.session, octets) if call.version == 3 else data2(call.conn_id, call.session, octets)
        self.peer.sendto(data, ("192.0.2.1", port))

    def passed(self):
        """Everything that was sent before has been received, whatever became of it: a frame of another session came behind."""
        if not self.marker:
            self.marker = self.call()
        self.arrives(self.marker, LCP)
        assert frame(self.marker.socket) == LCP.hex()

    def left(self, wanted=1):
        """Frames that came to the peer, with the octets of their headers that tell sessions apart"""
        found = []
        while ready(self.peer, PATIENCE if len(found) < wanted else QUIET):
            octets = self.peer.recv(70000)
            found.append(octets.hex() if len(octets) < 100 else [octets[:16].hex(), len(octets)])
        return found


def device(number):
    return has_device(f"ppp{number}")


def device_goes(number):
    return becomes(lambda: not device(number))
