# SPDX-License-Identifier: BSD-2-Clause
"""ip_socket.py - L2TP/IP sockets of ul2tpd, by the family ul2tp: what `ul2tp run` does for a program

    with PrivateNamespace() as private:
        a = IpSocket(daemon, cable.near, private)
        a.bind(name4("192.0.2.1", 10))
        a.send(b"...", name4("192.0.2.2", 20))
        message, sender = b.receive()

What a program would hold is IpSocket.held: a UDP socket of a namespace where every address is local, into
which ul2tpd writes by a raw socket.
"""
import select
import socket
import struct

from support import netlink
from support.api import encode, UL2TP_NUMBERS
from support.netns import Namespace, entered

SO_COOKIE, UDP_NO_CHECK6_RX, IPPROTO_RAW = 57, 102, 255


def name4(address, conn_id, unused=0, family=socket.AF_INET, length=16):
    """struct sockaddr_l2tpip"""
    octets = struct.pack("=H2s4sI4x", family, struct.pack("!H", unused), socket.inet_aton(address), conn_id)
    return octets[:length]


def name6(address, conn_id, scope=0, family=socket.AF_INET6, length=32):
    """struct sockaddr_l2tpip6"""
    octets = struct.pack("=HHI16sII", family, 0, 0, socket.inet_pton(socket.AF_INET6, address), scope, conn_id)
    return octets[:length]


def name(address, conn_id):
    return name6(address, conn_id) if ":" in address else name4(address, conn_id)


UNSPEC = struct.pack("=H14x", socket.AF_UNSPEC)


class PrivateNamespace(Namespace):
    """All addresses are local in it."""

    def __init__(self):
        super().__init__("private")
        self.ip("route add local default dev lo", "route add local ::/0 dev lo")
        self.raw = {family: self.socket(family, socket.SOCK_RAW, IPPROTO_RAW)
                    for family in (socket.AF_INET, socket.AF_INET6)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for raw in self.raw.values():
            raw.close()
        super().close()


class IpSocket:
    def __init__(self, daemon, namespace, private, family=4, words=True):
        self.family = socket.AF_INET6 if family == 6 else socket.AF_INET
        self.held = private.socket(self.family, socket.SOCK_DGRAM)
        if family == 6:
            self.held.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
        self.held.bind(("", 0))
        with entered(namespace.path):
            self.netlink = netlink.connect_ul2tpd(daemon.socket)
        if words:
            self.netlink.set_options(ext_ack=True)
        cookie = struct.unpack("=Q", self.held.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]
        self.ask("OPEN", descriptor=private.raw[self.family].fileno(), FAMILY=self.family,
                 PORT=self.held.getsockname()[1], SOCKET_COOKIE=cookie)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.netlink.close()
        self.held.close()

    def ask(self, command, descriptor=None, **values):
        """One request; a descriptor goes along."""
        return self.netlink.ul2tp("IPSOCKET_" + command, encode(values, UL2TP_NUMBERS),
                                  descriptors=[] if descriptor is None else [descriptor]).check().messages

    def bind(self, octets):
        self.ask("BIND", NAME=octets.hex())

    def connect(self, octets):
        self.ask("CONNECT", NAME=octets.hex())

    def send(self, data, to=None, **values):
        self.ask("SEND", DATA=data.hex(), NAME=to.hex() if to is not None else None, **values)

    def option(self, level, option, value):
        octets = value if isinstance(value, bytes) else struct.pack("=i", value)
        self.ask("OPTION_SET", OPTION_LEVEL=level, OPTION=option, OPTION_VALUE=octets.hex())

    def state(self):
        return self.ask("GET")[0].decoded

    def own_name(self):
        return bytes.fromhex(self.state()["NAME"])

    def peer_name(self):
        """None: ENOTCONN"""
        value = self.state().get("PEER_NAME")
        return bytes.fromhex(value) if value else None

    def receive(self, timeout=5):
        """(message, address of the sender)"""
        if not select.select([self.held], [], [], timeout)[0]:
            raise TimeoutError("no message came")
        data, sender = self.held.recvfrom(65536)
        return data, sender

    def is_empty(self):
        """Only after something that came later elsewhere: nothing waits."""
        return not select.select([self.held], [], [], 0)[0]
