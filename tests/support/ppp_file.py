# SPDX-License-Identifier: BSD-2-Clause
"""ppp_file.py - PPPoL2TP sockets and files of /dev/ppp, by the family ul2tp: what `ul2tp run` does for a program

    client = PppClient(daemon, cable.near)
    tunnel = client.socket(); tunnel.connect(name(1, 0, 2, 0, fd=udp.fileno()))
    call = client.socket(); call.connect(name(1, 5, 2, 6))
    call.send(LCP); call.receive()
    channel = client.file(); channel.attach_channel(call.channel())

What a program would hold is PppFile.held: one end of a pair whose other end ul2tpd has.
"""
import select
import socket
import struct

from support import netlink
from support.api import UL2TP_NUMBERS, encode
from support.netns import entered
from support.wait import SLOW

SOCKET, FILE = 0, 1
NEW, CONNECTED, BOUND, SESSION_GONE, ON_CHANNEL, ON_UNIT, ON_IDLE_UNIT, DEAD = range(8)
DEBUG, RECVSEQ, SENDSEQ, LNSMODE, REORDERTO = range(1, 6)

PPPIOCGCHAN, PPPIOCGMRU, PPPIOCGFLAGS, PPPIOCSMRU, PPPIOCSFLAGS, PPPIOCGL2TPSTATS = (
    0x80047437, 0x80047453, 0x8004745a, 0x40047452, 0x40047459, 0x80487436)
PPPIOCNEWUNIT, PPPIOCATTACH, PPPIOCATTCHAN, PPPIOCGUNIT = 0xc004743e, 0x4004743d, 0x40047438, 0x80047456
PPPIOCCONNECT, PPPIOCDISCONN, PPPIOCDETACH = 0x4004743a, 0x7439, 0x4004743c
PPPIOCBRIDGECHAN, PPPIOCUNBRIDGECHAN = 0x40047435, 0x7434
LCP = bytes.fromhex("c0210101000861626364")


def name(conn_id, session_id, peer_conn_id, peer_session_id, fd=-1, version=2, family=4, protocol=1, address_family=24,
         peer=b"", pid=0):  # pylint: disable=too-many-arguments
    """struct sockaddr_pppol2tp and its like"""
    start = struct.pack("=HIii", address_family, protocol, pid, fd)
    ids = struct.pack("=HHHH" if version == 2 else "=IIII", conn_id, session_id, peer_conn_id, peer_session_id)
    address = peer.ljust(28 if family == 6 else 16, b"\0")
    return start + (ids + address if family == 6 else address + ids)


def name_fields(octets):
    """What getsockname() gave, as {"len", "pid", "fd", "ids", "peer": (address, port)}"""
    family, protocol, pid, fd = struct.unpack_from("=HIii", octets)
    wide, six = len(octets) in (46, 58), len(octets) in (50, 58)
    ids_at = 14 if six else 30
    address_at = (30 if wide else 22) if six else 14
    port, = struct.unpack_from("!H", octets, address_at + 2)
    address = octets[address_at + 8:address_at + 24] if six else octets[address_at + 4:address_at + 8]
    return {"len": len(octets), "family": family, "protocol": protocol, "pid": pid, "fd": fd,
            "ids": struct.unpack_from("=IIII" if wide else "=HHHH", octets, ids_at),
            "peer": (socket.inet_ntop(socket.AF_INET6 if six else socket.AF_INET, address), port)}


def stats_fields(octets):
    names = ("tx_packets", "tx_bytes", "tx_errors", "rx_packets", "rx_bytes", "rx_seq_discards", "rx_oos_packets",
             "rx_errors")
    conn_id, session_id, flags, *counters = struct.unpack("=HHI8Q", octets)
    return {"ids": (conn_id, session_id), "flags": flags, **{n: c for n, c in zip(names, counters) if c}}


class PppClient:
    """A connection that opens them; they outlive it."""

    def __init__(self, daemon, namespace, words=True):
        with entered(namespace.path):
            self.netlink = netlink.connect_ul2tpd(daemon.socket)
        if words:
            self.netlink.set_options(ext_ack=True)
        self.files = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for file in self.files:
            file.close()
        self.netlink.close()

    def ask(self, command, descriptors=(), **values):
        return self.netlink.ul2tp("PPP_" + command, encode(values, UL2TP_NUMBERS),
                                  descriptors=list(descriptors)).check().messages

    def open(self, kind, **values):
        held, given = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with given:
            try:
                handle = self.ask("OPEN", [given.fileno()], PPP_KIND=kind, **values)[0].decoded["PPP_HANDLE"]
            except BaseException:
                held.close()
                raise
        self.files.append(PppFile(self, held, handle))
        return self.files[-1]

    def socket(self):
        return self.open(SOCKET)

    def file(self, **values):
        return self.open(FILE, **values)

    def channel_file(self, number):
        made = self.file()
        made.attach_channel(number)
        return made

    def drop_rights(self):
        """From now on it is as unprivileged as can be."""
        self.netlink.ul2tp("SOCKET_SET", encode({"DROP_RIGHTS": 1}, UL2TP_NUMBERS)).check()

    def dump(self):
        return [m.decoded for m in self.netlink.ul2tp("PPP_GET", dump=True).check().messages]


class PppFile:
    def __init__(self, client, held, handle):
        self.client, self.held, self.handle = client, held, handle

    def close(self):
        """The program's last close()."""
        self.held.close()

    def ask(self, command, descriptors=(), **values):
        return self.client.ask(command, descriptors, PPP_HANDLE=self.handle, **values)

    def connect(self, octets, fd=None, pid=4711):
        self.ask("CONNECT", [] if fd is None else [fd], NAME=octets.hex(), PPP_PID=pid)

    def ioctl(self, number, data=b"", descriptors=()):
        values = {"DATA": data.hex()} if data else {}
        answer = self.ask("IOCTL", descriptors, PPP_IOCTL=number, **values)[0].decoded
        return bytes.fromhex(answer.get("DATA", ""))

    def ioctl_int(self, number, value=None, descriptors=()):
        """value: the argument; comes back with what is there afterwards, or None"""
        octets = self.ioctl(number, b"" if value is None else struct.pack("=i", value), descriptors)
        return struct.unpack("=i", octets)[0] if octets else None

    def channel(self, hand_over=True):
        """PPPIOCGCHAN"""
        return self.ioctl_int(PPPIOCGCHAN, descriptors=[self.held.fileno()] if hand_over else [])

    def attach_channel(self, number):
        self.ioctl_int(PPPIOCATTCHAN, number)

    def option(self, option):
        return struct.unpack("=i", bytes.fromhex(self.ask("OPTION_GET", OPTION=option)[0].decoded["OPTION_VALUE"]))[0]

    def set_option(self, option, value):
        octets = value if isinstance(value, bytes) else struct.pack("=i", value)
        self.ask("OPTION_SET", OPTION=option, OPTION_VALUE=octets.hex())

    def state(self):
        return self.ask("GET")[0].decoded

    def name(self):
        return name_fields(bytes.fromhex(self.state()["NAME"]))

    def stats(self, session_id=0):
        return stats_fields(self.ioctl(PPPIOCGL2TPSTATS, struct.pack("=HH", 0, session_id).ljust(72, b"\0")))

    def send(self, frame):
        assert self.held.send(frame) == len(frame)

    def receive(self, timeout=20):
        """The next frame; b"" at the end of file too"""
        if not select.select([self.held], [], [], timeout * SLOW)[0]:
            raise TimeoutError("no frame came")
        return self.held.recv(1 << 17)

    def waiting(self):
        """All frames that wait now"""
        frames = []
        while True:
            try:
                frames.append(self.held.recv(1 << 17, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return frames
            if not frames[-1] and self.hung_up():
                return frames[:-1]

    def hung_up(self):
        p = select.poll()
        p.register(self.held, 0)
        return bool([e for _, e in p.poll(0) if e & select.POLLHUP])
