# SPDX-License-Identifier: BSD-2-Clause
"""links.py - interfaces that go, seen as the kernel tells it (rtnetlink)"""
import select
import socket
import struct
import time

from support.netlink import attributes_split
from support.wait import SLOW

NETLINK_ROUTE, RTMGRP_LINK, RTM_DELLINK, IFLA_IFNAME = 0, 1, 17, 3


class Departures:
    """Names of the interfaces that have left the namespace since this was made."""

    def __init__(self, namespace):
        self.socket = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_ROUTE)
        self.socket.bind((0, RTMGRP_LINK))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _names(self):
        datagram = self.socket.recv(1 << 16)
        while len(datagram) >= 16:
            length, kind = struct.unpack_from("=IH", datagram)
            if kind == RTM_DELLINK:
                for number, value, _ in attributes_split(datagram[32:length]):
                    if number == IFLA_IFNAME:
                        yield value.rstrip(b"\0").decode()
            datagram = datagram[(length + 3) & ~3:]

    def wait(self, *names, timeout=20):
        """Comes back when all of these have gone."""
        missing, deadline = set(names), time.monotonic() + timeout * SLOW
        while missing:
            ready = select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f"still there after {timeout * SLOW} s: {missing}"
            missing -= set(self._names())
