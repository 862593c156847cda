# SPDX-License-Identifier: BSD-2-Clause
"""ppp_link.py - both ends of a PPP link between two namespaces: sessions, sockets, channels and units, by direct requests"""
import os
import socket
import threading

from support.api import PPP, Api
from support.ppp_file import PPPIOCCONNECT, PPPIOCNEWUNIT, PppClient, name


class End:
    """One end of a link: session, socket, channel, unit."""

    def __init__(self, daemon, namespace, ids, addresses, version, over):
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
        self.unit = self.ppp.file()
        self.number = self.unit.ioctl_int(PPPIOCNEWUNIT, -1)
        self.device = f"ppp{self.number}"

    def connect(self):
        self.channel.ioctl_int(PPPIOCCONNECT, self.number)

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
    listener.bind((there, 7000))
    listener.listen()
    received = bytearray()

    def take():
        taken, _ = listener.accept()
        taken.settimeout(60)
        while octets := taken.recv(1 << 16):
            received.extend(octets)
        taken.close()
    thread = threading.Thread(target=take)
    thread.start()
    sender = link[0].namespace.socket(family, socket.SOCK_STREAM)
    sender.settimeout(60)
    sender.connect((there, 7000))
    sent = os.urandom(1 << 16) * (size >> 16)
    sender.sendall(sent)
    sender.close()
    thread.join()
    listener.close()
    return sent == bytes(received)
