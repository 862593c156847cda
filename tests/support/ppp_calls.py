# SPDX-License-Identifier: BSD-2-Clause
"""ppp_calls.py - what a program calls on PPPoL2TP sockets and on files of /dev/ppp, as the kernel's interface has it

For programs that know nothing of ul2tp: the cases of tests/parity and what is run in tests/scenarios. What a call
gives is its value or the name of its errno.
"""
import ctypes
import errno
import os
import select
import socket
import struct

from support.ppp_file import name

libc = ctypes.CDLL(None, use_errno=True)

AF_PPPOX, SOL_PPPOL2TP = 24, 273
LCP = bytes.fromhex("c0210101000861626364")
IPCP = bytes.fromhex("80210101000861626364")
IP = bytes.fromhex("0021") + b"E" * 30
QUIET = 0.05  # seconds: on a kernel all has happened when the call returns
PATIENCE = 30
BAD = 8       # a pointer to nothing

# What follows 't' in the number of an ioctl, and how many octets its argument has
IOCTLS = {
    "GCHAN": (0x80047437, 4), "GL2TPSTATS": (0x80487436, 72), "GMRU": (0x80047453, 4), "SMRU": (0x40047452, 4),
    "GFLAGS": (0x8004745a, 4), "SFLAGS": (0x40047459, 4), "NEWUNIT": (0xc004743e, 4), "ATTACH": (0x4004743d, 4),
    "ATTCHAN": (0x40047438, 4), "DETACH": (0x4004743c, 4), "GUNIT": (0x80047456, 4), "CONNECT": (0x4004743a, 4),
    "DISCONN": (0x7439, 0), "BRIDGECHAN": (0x40047435, 4), "UNBRIDGECHAN": (0x7434, 0), "SDEBUG": (0x40047440, 4),
    "GDEBUG": (0x80047441, 4), "GIDLE32": (0x8008743f, 8), "GIDLE64": (0x8010743f, 16), "SMAXCID": (0x40047451, 4),
    "GNPMODE": (0xc008744c, 8), "SNPMODE": (0x4008744b, 8), "SCOMPRESS": (0x4010744d, 16), "SPASS": (0x40107447, 16),
    "SACTIVE": (0x40107446, 16), "SMRRU": (0x4004743b, 4), "GASYNCMAP": (0x80047458, 4), "SASYNCMAP": (0x40047457, 4),
    "GRASYNCMAP": (0x80047455, 4), "SRASYNCMAP": (0x40047454, 4), "GXASYNCMAP": (0x80207450, 32),
    "SXASYNCMAP": (0x4020744f, 32), "XFERUNIT": (0x744e, 0), "GCOMPRESSORS": (0x80047442, 4), "unknown": (0x7401, 0),
    "FIONREAD": (0x541b, 4), "TCGETS": (0x5401, 64)}


def outcome(function, *arguments):
    """What a call gives: its value, "OK" for None, or the name of its errno."""
    try:
        value = function(*arguments)
    except TimeoutError:
        return "timeout"
    except OSError as why:
        return errno.errorcode.get(why.errno, str(why))
    return "OK" if value is None else value


def raw_ioctl(descriptor, ioctl, argument):
    """argument: an address"""
    if libc.ioctl(descriptor, ctypes.c_ulong(IOCTLS.get(ioctl, (ioctl,))[0]), ctypes.c_void_p(argument)) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return "OK"


def octets_ioctl(descriptor, ioctl, octets=b""):
    """"OK", what stands in the argument afterwards if that has changed, or the errno"""
    room = IOCTLS[ioctl][1]
    argument = ctypes.create_string_buffer(octets.ljust(room, b"\0"), max(room, len(octets), 1))
    before = argument.raw
    done = raw_ioctl(descriptor, ioctl, ctypes.addressof(argument))
    return argument.raw.hex() if done == "OK" and argument.raw != before else done


def int_ioctl(descriptor, ioctl, value=0):
    """The int that the argument is afterwards, or the errno"""
    argument = ctypes.c_int(value)
    done = raw_ioctl(descriptor, ioctl, ctypes.addressof(argument))
    return argument.value if done == "OK" else done


def set_ioctl(descriptor, ioctl, value=0):
    """"OK" or the errno"""
    argument = ctypes.c_int(value)
    return raw_ioctl(descriptor, ioctl, ctypes.addressof(argument))


def events(descriptor):
    """What poll() says, in words"""
    p = select.poll()
    p.register(descriptor, select.POLLIN | select.POLLOUT | select.POLLPRI)
    found = dict(p.poll(0)).get(descriptor if isinstance(descriptor, int) else descriptor.fileno(), 0)
    return " ".join(word for word in ("IN", "PRI", "OUT", "ERR", "HUP", "NVAL") if found & getattr(select, "POLL" + word))


def hung_up(descriptor):
    return "HUP" in events(descriptor)


def state(descriptor):
    """The same, but of what is dead only that: the rest is a case of its own."""
    found = events(descriptor)
    return "HUP" if "HUP" in found else found


def ready(descriptor, patience=PATIENCE):
    p = select.poll()  # select() does not take great numbers
    p.register(descriptor, select.POLLIN)
    return bool(p.poll(patience * 1000))


def read(descriptor, size=2000):
    """What read() gives, in hex"""
    got = outcome(os.read, descriptor if isinstance(descriptor, int) else descriptor.fileno(), size)
    return got.hex() if isinstance(got, bytes) else got


def frame(descriptor, size=2000, patience=PATIENCE):
    """The same, as soon as there is something"""
    ready(descriptor, patience)
    return read(descriptor, size)


def frames(descriptor, wanted=1):
    """All that come: so many with patience, and no more"""
    found = []
    while ready(descriptor, PATIENCE if len(found) < wanted else QUIET):
        found.append(read(descriptor))
        if found[-1] in ("", "EIO"):  # it does not end
            break
    return found


def write(descriptor, octets):
    return outcome(os.write, descriptor, octets)


def open_ppp(flags=0):
    return os.open("/dev/ppp", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | flags)


def pppox():
    made = socket.socket(AF_PPPOX, socket.SOCK_DGRAM, 1)
    made.setblocking(False)
    return made


def connect(sock, octets):
    """Python does not know this family's addresses."""
    if libc.connect(sock.fileno(), octets, len(octets)) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return "OK"


def peer_name(sock):
    """The ids of getsockname(), or the errno"""
    room, length = ctypes.create_string_buffer(128), ctypes.c_uint32(128)
    if libc.getsockname(sock.fileno(), room, ctypes.byref(length)) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return list(struct.unpack_from("=HHHH" if length.value == 38 else "=IIII", room.raw, 30))


class Loop:
    """A tunnel of a program's own, by PPPoL2TP alone, and its peer: two UDP sockets of one namespace"""

    def __init__(self, conn_id=1, port=5001):
        self.conn_id, self.port = conn_id, port
        self.own, self.peer = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for sock, number in ((self.own, port), (self.peer, port + 1000)):
            sock.bind(("127.0.0.1", number))
        self.own.connect(("127.0.0.1", port + 1000))
        self.tunnel = pppox()
        self.made = connect(self.tunnel, name(conn_id, 0, conn_id + 100, 0, fd=self.own.fileno()))

    def call(self, session):
        """A session's socket, or the errno"""
        made = pppox()
        done = connect(made, name(self.conn_id, session, self.conn_id + 100, session + 100))
        return made if done == "OK" else done

    def arrives(self, session, octets):
        self.peer.sendto(struct.pack("!HHH", 2, self.conn_id, session) + b"\xff\x03" + octets, ("127.0.0.1", self.port))

    def left(self):
        """The next frame that was sent, with the number of its session before it"""
        return self.peer.recv(70000)[4:].hex() if ready(self.peer) else "nothing"


def on_channel(sock):
    """A file of /dev/ppp on the channel of a socket"""
    made = open_ppp()
    done = set_ioctl(made, "ATTCHAN", int_ioctl(sock.fileno(), "GCHAN"))
    assert done == "OK", done
    return made
