# SPDX-License-Identifier: BSD-2-Clause
"""kernel_ppp.py - one session of PPP by the kernel's own L2TP, with its interface, without pppd

A tunnel is what connecting a PPPoL2TP socket with session 0 makes of a UDP socket; both ends are told their ids, as two
L2TP daemons would have agreed on them. Units are made and connected by /dev/ppp. The interface carries IP at once, since
nothing is negotiated.
"""
import ctypes
import fcntl
import os
import socket
import struct

AF_PPPOX, PX_PROTO_OL2TP = 24, 1
PPPIOCGCHAN, PPPIOCATTCHAN, PPPIOCNEWUNIT, PPPIOCCONNECT = 0x80047437, 0x40047438, 0xc004743e, 0x4004743a

_libc = ctypes.CDLL(None, use_errno=True)


def sockaddr_pppol2tp(descriptor, peer, tunnel, session, peer_tunnel, peer_session):
    inet = struct.pack("=H", socket.AF_INET) + struct.pack("!H", peer[1]) + socket.inet_aton(peer[0]) + bytes(8)
    return (struct.pack("=HIii", AF_PPPOX, PX_PROTO_OL2TP, 0, descriptor) + inet
            + struct.pack("=4H", tunnel, session, peer_tunnel, peer_session))


def connected(namespace, name):
    """A PPPoL2TP socket of the namespace; Python has no such address."""
    made = namespace.socket(AF_PPPOX, socket.SOCK_DGRAM, PX_PROTO_OL2TP)
    if _libc.connect(made.fileno(), name, len(name)) < 0:
        number = ctypes.get_errno()
        made.close()
        raise OSError(number, f"connect to PPPoL2TP: {os.strerror(number)}")
    return made


def ioctl_int(descriptor, request, value=0):
    return struct.unpack("=i", fcntl.ioctl(descriptor, request, struct.pack("=i", value)))[0]


class Session:
    """local, peer: (address, port); the ports are also the ids of tunnel and session at each end."""

    def __init__(self, namespace, local, peer):
        self.open = []
        udp = self._keep(namespace.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(local)
        udp.connect(peer)
        self._keep(connected(namespace, sockaddr_pppol2tp(udp.fileno(), peer, local[1], 0, peer[1], 0)))
        link = self._keep(connected(namespace, sockaddr_pppol2tp(udp.fileno(), peer, local[1], local[1], peer[1],
                                                                 peer[1])))
        with namespace.entered():
            channel, unit = (self._keep(open("/dev/ppp", "r+b", buffering=0)) for _ in range(2))
            ioctl_int(channel, PPPIOCATTCHAN, ioctl_int(link, PPPIOCGCHAN))
            number = ioctl_int(unit, PPPIOCNEWUNIT, -1)
        ioctl_int(channel, PPPIOCCONNECT, number)
        self.ifname = f"ppp{number}"

    def _keep(self, what):
        self.open.append(what)
        return what

    def close(self):
        while self.open:
            self.open.pop().close()
