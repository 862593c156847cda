# SPDX-License-Identifier: BSD-2-Clause
"""shared_unit.py - PPP units that share a device, in a namespace whose far end is the test itself

    near = Sharing(daemon, cable)
    unit = near.unit("10.64.0.1/32")
    near.send(unit, b"hello"); near.arrived()      (unit's session, payload)
    unit.reply(b"hello"); near.received()          (unit's address, payload)
"""
import ipaddress
import select
import socket
import struct

from support import wire
from support.api import UL2TP_NUMBERS, Accounts, encode
from support.ppp_file import PPPIOCCONNECT, PPPIOCNEWUNIT, PppClient, name
from support.rig import Rig
from support.wait import SLOW

LOCAL, LOCAL6, PORT = "10.99.0.1", "fd99::1", 5555
IPV4, IPV6 = b"\x00\x21", b"\x00\x57"


def prefix_octets(prefix):
    net = ipaddress.ip_network(prefix)
    return (bytes([net.version, net.prefixlen]) + net.network_address.packed.ljust(16, b"\0")).hex()


def udp6(source, destination, sport, dport, payload):
    addresses = b"".join(socket.inet_pton(socket.AF_INET6, a) for a in (source, destination))
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    total = wire.checksum(addresses + struct.pack("!II", len(udp), 17) + udp) or 0xffff
    return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) + addresses + udp[:6] + struct.pack("!H", total) + udp[8:]


def packet(source, destination, payload):
    """PPP's protocol and an IP packet with UDP from and to PORT"""
    six = ":" in source
    made = (udp6 if six else wire.udp4)(source, destination, PORT, PORT, payload)
    return (IPV6 if six else IPV4) + made


class Sharing:
    """rig: of a tunnel of version 2 in the near namespace."""

    def __init__(self, daemon, cable):
        self.rig = Rig(daemon, cable)
        self.ppp = PppClient(daemon, cable.near)
        self.tunnel = self.rig.tunnel(PROTO_VERSION=2)
        self.near = cable.near
        self.near.sysctl("net/ipv6/conf/default/disable_ipv6", 0)
        self.near.ip("link set lo up", f"addr replace {LOCAL}/32 dev lo", f"addr replace {LOCAL6}/128 dev lo nodad")
        self.sockets = {}
        for family, address in ((socket.AF_INET, LOCAL), (socket.AF_INET6, LOCAL6)):
            self.sockets[family] = self.near.socket(family, socket.SOCK_DGRAM)
            self.sockets[family].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.sockets[family].bind((address, PORT))
        self.units, self.last_session = [], 0

    def ask(self, command, **values):
        return self.ppp.netlink.ul2tp("UNIT_" + command, encode(values, UL2TP_NUMBERS)).check().messages

    def dump(self):
        return [m.decoded for m in self.ppp.netlink.ul2tp("UNIT_GET", dump=True).check().messages]

    def unit(self, *prefixes, own=False):
        self.last_session += 1
        made = Unit(self, self.last_session, own)
        self.units.append(made)
        for prefix in prefixes:
            made.add(prefix)
        return made

    def send(self, address, payload):
        """A packet of the near end's to an address of a unit's."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sockets[family].sendto(payload, (address, PORT))

    def received(self, timeout=20):
        """(address, payload) of the next packet that came out of a device; None: none came"""
        ready = select.select(list(self.sockets.values()), [], [], timeout * SLOW)[0]
        if not ready:
            return None
        payload, source = ready[0].recvfrom(1 << 16)
        return source[0], payload

    def arrived(self, timeout=20):
        """(session, PPP frame without ff 03) of the next packet at the far end; None: none came"""
        octets = self.tunnel.received(timeout)
        if octets is None:
            return None
        session, = struct.unpack_from("!H", octets, 4)
        return session, octets[8:]

    def routes(self, family=4):
        """To whom, of those that ul2tpd has made"""
        lines = self.near.run("ip", f"-{family}", "route", "show", "proto", "115").stdout.splitlines()
        return {str(ipaddress.ip_network(line.split()[0])) for line in lines}

    def again(self, daemon):
        """New connections, to a new engine"""
        self.ppp.netlink.close()
        self.ppp.netlink = PppClient(daemon, self.near).netlink

    def close(self):
        self.ppp.close()
        for udp in self.sockets.values():
            udp.close()
        self.rig.close()


class Unit:
    """A session, its socket, channel and unit. ids are those of the session at both ends."""

    def __init__(self, sharing, session, own):
        self.sharing, self.session = sharing, session
        tunnel, ppp = sharing.tunnel, sharing.ppp
        self.socket = ppp.socket()
        self.socket.connect(name(tunnel.id, session, tunnel.peer_id, session))
        self.channel = ppp.channel_file(self.socket.channel())
        self.file = ppp.file(PPP_OWN_DEVICE=1) if own else ppp.file()
        answer = self.file.ask("IOCTL", PPP_IOCTL=PPPIOCNEWUNIT, DATA=struct.pack("=i", -1).hex())[0].decoded
        self.number, = struct.unpack("=i", bytes.fromhex(answer["DATA"]))
        self.device = answer.get("DEVICE", f"ppp{self.number}")
        self.channel.ioctl_int(PPPIOCCONNECT, self.number)
        self.addresses = []

    def ask(self, command, **values):
        return self.sharing.ask(command, PPP_HANDLE=self.file.handle, **values)

    def add(self, prefix):
        self.ask("ADDRESS_ADD", UNIT_PREFIX=prefix_octets(prefix))
        self.addresses.append(prefix.split("/")[0])

    def remove(self, prefix):
        self.ask("ADDRESS_REMOVE", UNIT_PREFIX=prefix_octets(prefix))

    def get(self):
        return self.ask("GET")[0].decoded

    def counters(self):
        """Those that are not zero"""
        return {name: value for name, value in self.get()["UNIT_COUNTERS"].items() if value}

    def drops(self, way):
        """way: RX or TX; packets by reason"""
        accounts = Accounts(self.ask("GET")[0])
        return accounts.rx_drops if way == "RX" else accounts.tx_drops

    def arrive(self, frame):
        """A PPP frame from the far end"""
        self.sharing.tunnel.send(wire.data2(self.sharing.tunnel.id, self.session, b"\xff\x03" + frame))

    def reply(self, payload, source=None):
        """A packet from the far end to the near end's address, from the unit's first or another"""
        source = source or self.addresses[0]
        self.arrive(packet(source, LOCAL6 if ":" in source else LOCAL, payload))

    def close(self):
        for file in (self.file, self.channel, self.socket):
            file.close()
        self.sharing.units.remove(self)
