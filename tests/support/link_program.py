# SPDX-License-Identifier: BSD-2-Clause
"""link_program.py - a program that is an end of PPP links by itself: tunnels, sessions, channels, a unit, and CCP

    python3 -m support.link_program         a request a line comes in, its answer a line goes out, both JSON

    {"do": "session", "arguments": [1, 21, 22]}     {"value": 0}    or    {"error": "Traceback ..."}

It asks for what pppd never does of a unit with others of its kind: encryption that keeps a state, compressed headers
over L2TP. As pppd it answers requests of CCP, and asks for a new key when frames can not be read. It runs on a kernel
that has L2TP and PPP, and under `ul2tp run`; of ul2tp it knows nothing.
"""
import ctypes
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time
import traceback

from support import netlink
from support.api import PPP, encode
from support.ppp_file import (PPPIOCATTCHAN, PPPIOCBRIDGECHAN, PPPIOCCONNECT, PPPIOCGCHAN, PPPIOCGFLAGS, PPPIOCNEWUNIT,
                              PPPIOCSFLAGS, PPPIOCUNBRIDGECHAN)
from support.pppd_call import pppox_socket

PPPIOCSMRRU, PPPIOCSMAXCID, PPPIOCSCOMPRESS, SIOCGPPPSTATS = 0x4004743b, 0x40047451, 0x4010744d, 0x89f0
CCP_OPEN, CCP_UP = 0x40, 0x80
CCP, COMPRESSED = 0x80fd, 0x00fd
CONF_REQ, CONF_ACK, RESET_REQ, RESET_ACK = 1, 2, 14, 15
REPEAT_S = 0.1  # between two requests for a new key: the first may be lost
VJ_COUNTERS = "packets", "compressed", "searches", "misses", "uncompressedin", "compressedin", "errorin", "tossed"


def ioctl_int(file, number, value=0):
    return struct.unpack("=i", fcntl.ioctl(file, number, struct.pack("=i", value)))[0]


def ppp():
    return os.open("/dev/ppp", os.O_RDWR)


class Ccp:
    """The Compression Control Protocol of a unit, for as long as the process lives.

    As pppd's, it negotiates anew when it is told to, or when the peer does, with the keys there are; not when the
    ends have lost each other's key for good. Its frames must not be lost: it sends none again. See loss.KEEPS_KEYS.
    """

    def __init__(self, unit, flags, option, to_send, to_receive):
        self.unit, self.flags, self.option = unit, flags, option
        self.keys = {1: to_send, 0: to_receive}
        self.acknowledged = self.asking = self.agreed = self.up = False
        self.identifier, self.ups, self.came_up = 0, 0, threading.Condition()
        self.asked, self.answered, self.asked_at = 0, 0, 0
        self.set_flags(CCP_OPEN)
        threading.Thread(target=self.run, daemon=True).start()

    def send(self, code, identifier, information=b""):
        os.write(self.unit, struct.pack("!HBBH", CCP, code, identifier, 4 + len(information)) + information)

    def set_flags(self, flags):
        ioctl_int(self.unit, PPPIOCSFLAGS, self.flags | flags)

    def set_key(self, transmit):
        octets = self.option + self.keys[transmit]
        held = ctypes.create_string_buffer(octets, len(octets))
        fcntl.ioctl(self.unit, PPPIOCSCOMPRESS, struct.pack("=QIi", ctypes.addressof(held), len(octets), transmit))

    def negotiate(self):
        """The peer is asked to begin anew with what it sends, and asks the same. Once at a time: Linux takes the answer
        to an earlier request for that to the last."""
        with self.came_up:
            if self.asking:
                return
            if self.up:
                self.up = self.acknowledged = False
                self.set_flags(CCP_OPEN)
            self.asking, self.agreed = True, False
            self.set_key(0)
            self.identifier = (self.identifier + 1) & 255
            self.send(CONF_REQ, self.identifier, self.option)

    def run(self):
        while frame := os.read(self.unit, 4096):
            protocol, = struct.unpack_from("!H", frame)
            with self.came_up:
                if protocol == CCP:
                    self.take(*struct.unpack_from("!BB", frame, 2), frame[6:])
                elif protocol == COMPRESSED:
                    self.unreadable()

    def take(self, code, identifier, information):
        if code == CONF_REQ:
            assert information == self.option, information.hex()
            if self.up:
                self.negotiate()
            self.set_key(1)
            self.send(CONF_ACK, identifier, information)
            self.acknowledged = True
        elif code == CONF_ACK:
            self.agreed = self.agreed or identifier == self.identifier
            self.asking = not self.agreed
        elif code == RESET_REQ:
            self.send(RESET_ACK, identifier)
            self.answered += 1
        if self.acknowledged and self.agreed and not self.up:
            self.set_flags(CCP_OPEN | CCP_UP)
            self.up = True
            self.ups += 1
            self.came_up.notify_all()

    def unreadable(self):
        """The frame could not be decrypted; what follows can not either, until the peer begins with a new key. While
        CCP is not up that is no wonder."""
        now = time.monotonic()
        if self.up and now - self.asked_at > REPEAT_S:
            self.asked, self.asked_at = self.asked + 1, now
            self.send(RESET_REQ, self.asked & 255)


class Link:
    """What the requests do. Channels are known by their place in the order of the calls."""

    def __init__(self):
        self.netlink = netlink.connect_kernel()
        self.peers, self.sockets, self.numbers, self.channels = {}, [], [], []
        self.unit, self.number, self.flags, self.ccp = None, None, 0, None

    def tunnel(self, values):
        self.netlink.l2tp("TUNNEL_CREATE", encode(values)).check()
        self.peers[values["CONN_ID"]] = values["PEER_CONN_ID"]

    def session(self, tunnel, session, peer):
        """Its channel."""
        self.netlink.l2tp("SESSION_CREATE", encode({"CONN_ID": tunnel, "SESSION_ID": session, "PEER_SESSION_ID": peer,
                                                    "PW_TYPE": PPP})).check()
        made = pppox_socket({"CONN_ID": tunnel, "PEER_CONN_ID": self.peers[tunnel]}, session, peer)
        self.sockets.append(made)
        self.numbers.append(ioctl_int(made, PPPIOCGCHAN))
        self.channels.append(ppp())
        ioctl_int(self.channels[-1], PPPIOCATTCHAN, self.numbers[-1])
        return len(self.channels) - 1

    def interface(self):
        """A unit on all channels there are; the name of its interface."""
        self.unit = ppp()
        self.number = ioctl_int(self.unit, PPPIOCNEWUNIT, -1)
        for channel in self.channels:
            ioctl_int(channel, PPPIOCCONNECT, self.number)
        return self.device()

    def device(self):
        return f"ppp{self.number}"

    def bridge(self, one, other):
        ioctl_int(self.channels[one], PPPIOCBRIDGECHAN, self.numbers[other])

    def unbridge(self, one):
        fcntl.ioctl(self.channels[one], PPPIOCUNBRIDGECHAN)

    def set_flags(self, flags, most_connections=None, most_octets=None):
        """Of PPPIOCSFLAGS, and before them what some of these need: PPPIOCSMAXCID, PPPIOCSMRRU."""
        if most_connections is not None:
            ioctl_int(self.unit, PPPIOCSMAXCID, most_connections)
        if most_octets is not None:
            ioctl_int(self.unit, PPPIOCSMRRU, most_octets)
        ioctl_int(self.unit, PPPIOCSFLAGS, flags)
        self.flags = flags

    def get_flags(self):
        return ioctl_int(self.unit, PPPIOCGFLAGS)

    def compression(self, option, to_send, to_receive):
        """The program answers requests from now on."""
        self.ccp = Ccp(self.unit, self.flags, *map(bytes.fromhex, (option, to_send, to_receive)))

    def negotiate(self):
        self.ccp.negotiate()

    def negotiated(self, times=1, timeout=120):
        """CCP came up as often as that."""
        with self.ccp.came_up:
            return self.ccp.came_up.wait_for(lambda: self.ccp.ups >= times, timeout)

    def ups(self):
        return self.ccp.ups

    def resets(self):
        """How often a new key was asked for, and how often the peer was given one."""
        return self.ccp.asked, self.ccp.answered

    def vj(self):
        """SIOCGPPPSTATS, the part about compressed headers."""
        held = ctypes.create_string_buffer(76)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCGPPPSTATS, struct.pack("16sQ16x", self.device().encode(),
                                                               ctypes.addressof(held)))
        return dict(zip(VJ_COUNTERS, struct.unpack_from("=8I", held.raw, 44)))

    def delete(self, tunnel):
        self.netlink.l2tp("TUNNEL_DELETE", encode({"CONN_ID": tunnel})).check()


def main():
    link = Link()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": getattr(link, request["do"])(*request["arguments"])}
        except BaseException:  # pylint: disable=broad-except
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
