# SPDX-License-Identifier: BSD-2-Clause
"""ppp_link.py - both ends of a PPP link between two namespaces: sessions, sockets, channels and units, by direct requests"""
import contextlib
import os
import socket
import struct
import threading

from support.api import PPP, Api
from support.ppp_file import PPPIOCCONNECT, PPPIOCGFLAGS, PPPIOCNEWUNIT, PPPIOCSFLAGS, PppClient, name
from support.wait import AT_MOST, eventually

PPPIOCSMAXCID, PPPIOCSCOMPRESS, SIOCGPPPSTATS = 0x40047451, 0x4010744d, 0x89f0
COMP_TCP, CCP_OPEN, CCP_UP = 0x4, 0x40, 0x80
STATELESS = bytes.fromhex("120601000040")
KEYS = bytes(range(16)), bytes(range(100, 116))


class End:
    """One end of a link: session, socket, channel, unit."""

    def __init__(self, daemon, namespace, ids, addresses, version, over, own=False):  # pylint: disable=too-many-arguments
        self.namespace, self.ids = namespace, ids
        self.api, self.ppp = Api(daemon, namespace), PppClient(daemon, namespace)
        tunnel = {"CONN_ID": ids[0], "PEER_CONN_ID": ids[1], "PROTO_VERSION": version,
                  "ENCAP_TYPE": int(over == "ip"), "IP_SADDR": addresses[0], "IP_DADDR": addresses[1]}
        if over == "udp":
            tunnel |= {"UDP_SPORT": 1701, "UDP_DPORT": 1701}
        self.api.tunnel_create(**tunnel)
        self.api.session_create(ids[0], ids[0] + 100, PEER_SESSION_ID=ids[1] + 100, PW_TYPE=PPP)
        self.socket = self.ppp.socket()
        self.socket.connect(name(ids[0], ids[0] + 100, 0, 0, version=3))
        self.channel = self.ppp.channel_file(self.socket.channel())
        self.unit = self.ppp.file(**({"PPP_OWN_DEVICE": 1} if own else {}))
        self.number = self.unit.ioctl_int(PPPIOCNEWUNIT, -1)
        self.device = f"ppp{self.number}"

    def connect(self):
        self.channel.ioctl_int(PPPIOCCONNECT, self.number)

    def another(self, session):
        """One more session of the tunnel; the file of its channel, connected to the unit"""
        ids = [i + 100 + session for i in self.ids]
        self.api.session_create(self.ids[0], ids[0], PEER_SESSION_ID=ids[1], PW_TYPE=PPP)
        link = self.ppp.socket()
        link.connect(name(self.ids[0], ids[0], 0, 0, version=3))
        channel = self.ppp.channel_file(link.channel())
        channel.ioctl_int(PPPIOCCONNECT, self.number)
        return channel

    def up(self, host, mtu=1400):
        self.namespace.sysctl(f"net/ipv6/conf/{self.device}/disable_ipv6", 0)
        self.namespace.ip(f"link set {self.device} mtu {mtu} up", f"addr add 10.8.0.{host}/32 peer 10.8.0.{3 - host} dev "
                          f"{self.device}", f"addr add fd08::{host}/64 dev {self.device} nodad")

    def stats(self):
        return self.api.session_get(self.ids[0], self.ids[0] + 100)

    def close(self):
        self.api.tunnel_delete(self.ids[0])
        self.ppp.close()
        self.api.close()


def brought_up(link):
    for host, end in enumerate(link, 1):
        end.connect()
        end.up(host)


def transfer(link, family, size):
    """size octets by TCP from the first to the second; what arrived"""
    there = "10.8.0.2" if family == socket.AF_INET else "fd08::2"
    listener = link[1].namespace.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((there, 7000))
    listener.listen()
    listener.settimeout(AT_MOST)
    received = bytearray()

    def take():
        taken, _ = listener.accept()
        taken.settimeout(AT_MOST)
        while octets := taken.recv(1 << 16):
            received.extend(octets)
        taken.close()
    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    sender = link[0].namespace.socket(family, socket.SOCK_STREAM)
    sender.settimeout(AT_MOST)
    sender.connect((there, 7000))
    piece = os.urandom(1 << 16)
    sent = piece * (size >> 16)
    for _ in range(size >> 16):
        sender.sendall(piece)  # each has the whole time
    sender.close()
    thread.join(AT_MOST)
    listener.close()
    return sent == bytes(received)


@contextlib.contextmanager
def udp_link(daemon, cable):
    """Two ends over L2TPv2; afterwards they have gone"""
    ends = [End(daemon, ns, ids, addresses, 2, "udp") for ns, ids, addresses in (
        (cable.near, (1, 2), ("192.0.2.1", "192.0.2.2")), (cable.far, (2, 1), ("192.0.2.2", "192.0.2.1")))]
    yield ends
    for end in ends:
        end.close()
    for end in ends:
        eventually(lambda e=end: e.device not in e.namespace.devices(), f"{end.device} gone")


@contextlib.contextmanager
def lossy(cable):
    """Every 40th datagram that comes to either end is lost."""
    for end in (cable.near, cable.far):
        end.run("nft", "table inet loss { chain c { type filter hook input priority 0; "
                "udp dport 1701 numgen inc mod 40 == 7 drop; }; }")
    try:
        yield
    finally:
        for end in (cable.near, cable.far):
            end.run("nft", "delete table inet loss")


def statistics(end):
    """struct ppp_stats by names"""
    names = ("discards", "ibytes", "ioctects", "ipackets", "ierrors", "ilqrs", "obytes", "ooctects", "opackets", "oerrors",
             "olqrs", "packets", "compressed", "searches", "misses", "uncompressedin", "compressedin", "errorin", "tossed")
    return dict(zip(names, struct.unpack("=19I", end.unit.ioctl(SIOCGPPPSTATS))))


def flags(end):
    return end.unit.ioctl_int(PPPIOCGFLAGS)


def pings(end):
    return end.namespace.run("ping", "-c", "1", "-W", AT_MOST, "10.8.0.2", check=False).returncode == 0


def unanswered(end):
    return end.namespace.run("ping", "-c", "1", "-W", "0.3", "10.8.0.2", check=False).returncode != 0


def set_compression(end, transmit, option, key):
    end.unit.ioctl(PPPIOCSCOMPRESS, struct.pack("=I", transmit) + option + key)


def ccp(code, identifier, option=b""):
    return bytes.fromhex("80fd") + struct.pack("!BBH", code, identifier, 4 + len(option)) + option


def agree(link, option, up=True):
    """What two pppd do: both directions are set, each end acknowledges what the other asks for."""
    near, far = link
    for end, keys in ((near, KEYS), (far, KEYS[::-1])):
        set_compression(end, 1, option, keys[0])
        set_compression(end, 0, option, keys[1])
        end.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN)
    for end, other in ((near, far), (far, near)):
        end.unit.send(ccp(2, 1, option))
        assert other.unit.receive() == ccp(2, 1, option)
    if up:
        for end in link:
            end.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN | CCP_UP)
