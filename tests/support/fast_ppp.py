# SPDX-License-Identifier: BSD-2-Clause
"""fast_ppp.py - two hosts joined by a PPP session, each with a ul2tpd of its own, for tests of the fast path"""
from support.api import PPP, UL2TP_NUMBERS, Api, encode
from support.daemon import Daemon
from support.fast_pair import FastPair
from support.ppp_file import PPPIOCCONNECT, PPPIOCNEWUNIT, PppClient, name


class PppFastPair(FastPair):
    """The interface of each unit is called pw, too."""

    def __init__(self, cable, modes=("require", "require"), version=2, **options):
        self.version, self.ppp, self.sockets, self.channels, self.units, self.numbers = version, *([None, None] for _ in range(5))
        options["tunnel"] = {"PROTO_VERSION": version} | options.get("tunnel", {})
        super().__init__(cable, modes, **options)

    def start(self, end):
        self.daemons[end] = Daemon("--fast-path", *self.modes[end].split())
        self.apis[end] = Api(self.daemons[end], self.hosts[end])
        self.make_tunnel(end)
        self.apis[end].session_create(1, 1, PW_TYPE=PPP, **self.session)
        self.make_link(end)

    def make_link(self, end):
        """Socket, channel and unit."""
        client = self.ppp[end] = PppClient(self.daemons[end], self.hosts[end])
        self.units[end] = client.file()
        self.numbers[end] = self.units[end].ioctl_int(PPPIOCNEWUNIT, -1)
        self.hosts[end].ip(f"link set ppp{self.numbers[end]} name pw mtu 1400")
        self.make_channel(end)

    def make_channel(self, end):
        self.sockets[end] = self.ppp[end].socket()
        self.sockets[end].connect(name(1, 1, 0, 0, version=3))
        self.channels[end] = self.ppp[end].channel_file(self.sockets[end].channel())
        self.channels[end].ioctl_int(PPPIOCCONNECT, self.numbers[end])

    def another(self, end, session):
        """The file of the channel of one more session, connected to the same unit"""
        link = self.ppp[end].socket()
        link.connect(name(1, session, 0, 0, version=3))
        channel = self.ppp[end].channel_file(link.channel())
        channel.ioctl_int(PPPIOCCONNECT, self.numbers[end])
        return channel

    def police(self, end, rate):
        """bits a second, 0: none; of what the unit sends"""
        values = {"PPP_UNIT": self.numbers[end], "UNIT_TX_RATE": rate, "UNIT_TX_BURST": 1_000_000}
        self.ppp[end].netlink.ul2tp("UNIT_POLICE", encode(values, UL2TP_NUMBERS)).check()

    def again(self, end):
        super().again(end)
        self.ppp[end].netlink.close()
        self.ppp[end].netlink = PppClient(self.daemons[end], self.hosts[end]).netlink

    def close(self):
        for client in self.ppp:
            client.close()
        super().close()

    def kill(self):
        for client in filter(None, self.ppp):
            client.close()
        super().kill()
