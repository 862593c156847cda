# SPDX-License-Identifier: BSD-2-Clause
"""PPP units: MPPE, and what frames of CCP do to it."""
import ctypes, fcntl, hashlib, os, socket, struct, sys
from lib import *
from scenarios import registry
from scenarios.s10_ppp_data import inj, mk
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from support.mppe import Sender
SCENARIOS, scenario = registry()
KIND = (2, False, 0, True)
KEY = bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb")
STATELESS, STATEFUL = bytes.fromhex("120601000040"), bytes.fromhex("120600000020")
OPEN, UP, MUST = 0x40, 0xc0, 0x400000
CONF_REQ, TERM_REQ, TERM_ACK, RESET_REQ, RESET_ACK = (b"\x80\xfd" + bytes((c, 1, 0, 4)) for c in (1, 5, 6, 14, 15))


def ack(options, length=None):
    return b"\x80\xfd\2\1" + struct.pack("!H", 4 + len(options) if length is None else length) + options


class Unit:
    def __init__(self, n, o):
        self.n = n
        self.kept = mk(n, o, KIND)
        self.chan, self.fd = ppp_open(), ppp_open()
        ioc(self.chan, "PPPIOCATTCHAN", ioc(self.kept[2], "PPPIOCGCHAN"))
        ioc(self.fd, "PPPIOCNEWUNIT", -1)
        ioc(self.chan, "PPPIOCCONNECT", 0)
        n.cap.read(0)

    def flags(self, value=None):
        if value is not None:
            ioc(self.fd, "PPPIOCSFLAGS", value)
        return "0x%x" % ioc(self.fd, "PPPIOCGFLAGS")

    def compress(self, octets, transmit, length=None):
        room = ctypes.create_string_buffer(octets, len(octets) or 1)
        return err(fcntl.ioctl, self.fd, IOC["PPPIOCSCOMPRESS"], struct.pack("=QIi", ctypes.addressof(room), len(octets) if length is None else length, transmit))

    def begin(self, option):
        """Both directions run."""
        for transmit in (0, 1):
            self.compress(option + KEY, transmit)
        self.flags(OPEN)
        os.write(self.fd, ack(option))
        self.comes(ack(option))
        self.flags(UP)
        self.n.cap.read(0)

    def goes(self, frame):
        """What is sent of a frame written, without headers, and the flags."""
        os.write(self.fd, frame)
        return [x["data"][16:] for x in self.n.captured()] + [self.flags()]

    def comes(self, frame):
        """What is read when a frame came, and the flags."""
        inj(self.n, KIND, b"\xff\3" + frame)
        return [drain_fd(self.fd), self.flags()]

    def asked(self, number, size):
        """An ioctl by name: struct ppp_stats or ppp_comp_stats, its 32-bit numbers."""
        room = ctypes.create_string_buffer(256)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s.fileno(), number, bytearray(b"ppp0".ljust(16, b"\0") + struct.pack("=Q", ctypes.addressof(room)) + bytes(16)))
        return list(struct.unpack_from("=%dI" % size, room.raw))

    def stats(self):
        return [self.asked(0x89f0, 19)[i] for i in (3, 4, 8, 9)]  # ipackets, ierrors, opackets, oerrors


@scenario()
def options(n, o):
    """What PPPIOCSCOMPRESS takes, and which acknowledgements start a compressor."""
    u = Unit(n, o)
    for octets in (b"", b"\x12", b"\x12\x01", b"\x12\x07\1\0\0\x40", STATELESS, STATELESS + KEY[1:], STATELESS + KEY + b"x", b"\x12\x07" + STATELESS[2:] + KEY, b"\x15\x03\x2f", b"\x1a\x04\x78\0", b"\x63\x02"):
        o("SCOMPRESS " + octets.hex(), u.compress(octets, 1))
    o("SCOMPRESS 33 octets", u.compress(bytes(33), 1))
    for bits in ("01000080", "010000e0", "01000000", "01000001", "01ffff40", "00000020"):
        option = b"\x12\6" + bytes.fromhex(bits)
        o(bits + " SCOMPRESS", [u.compress(option + KEY, t) for t in (0, 1)])
        u.flags(OPEN)
        o(bits + " ack goes", u.goes(ack(option)))
        o(bits + " ack comes", u.comes(ack(option)))
        u.flags(UP)
        o(bits + " frame", u.goes(b"\0\x21hello"))
        o(bits + " closed", u.flags(0x80))
    u.compress(STATELESS + KEY, 1)
    o("not open", u.goes(ack(STATELESS)))
    u.flags(UP)
    o("up already", u.goes(ack(STATELESS)))
    u.flags(OPEN)
    for name, frame in (("two options", ack(STATELESS + b"\x15\x03\x2f")), ("length 3", ack(STATELESS, 3)), ("length 9", ack(STATELESS, 9)), ("cut", ack(STATELESS[:4], 10)), ("padded", ack(STATELESS + b"pad", 10))):
        o(name, u.goes(frame))


@scenario()
def states(n, o):
    """PPP-65, and each code of CCP in each direction."""
    u = Unit(n, o)
    o("set", [u.compress(STATELESS + KEY, 1), u.compress(STATELESS + KEY, 0), u.flags()])
    o("open", u.flags(OPEN))
    o("ack goes", u.goes(ack(STATELESS)))
    o("frame before up", u.goes(b"\0\x21lost"))
    o("ack comes", u.comes(ack(STATELESS)))
    o("up", u.flags(UP))
    o("frame", u.goes(b"\0\x21hello"))
    o("unreadable", u.comes(b"\0\xfd\x80\1abcdef"))
    o("stats", u.stats())
    o("closed", u.flags(0x80))
    for name, frame in (("ConfReq", CONF_REQ), ("TermReq", TERM_REQ), ("TermAck", TERM_ACK), ("ResetReq", RESET_REQ), ("ResetAck", RESET_ACK)):
        for way in ("goes", "comes"):
            u.flags(0)
            u.begin(STATEFUL)
            u.comes(b"\0\xfd\x80\1abcdef")
            o("%s %s" % (name, way), getattr(u, way)(frame))
            o("%s %s: frame" % (name, way), u.goes(b"\0\x21hello"))
    for flags in (UP | MUST, OPEN | MUST):
        u.flags(0)
        u.begin(STATELESS)
        u.flags(flags)
        for name, frame in (("ip", b"\0\x21hello"), ("ipcp", b"\x80\x21hello"), ("lcp", b"\xc0\x21hello"), ("00fa", b"\0\xfahello"), ("00fb", b"\0\xfbhello"), ("0020", b"\0\x20hello")):
            o("0x%x %s" % (flags, name), [u.goes(frame), u.stats()])


@scenario()
def receive(n, o):
    """Losses, late frames, frames in the clear, resets."""
    for name, option in (("stateless ", STATELESS), ("stateful ", STATEFUL)):
        if name == "stateless ":
            u = Unit(n, o)
        u.flags(0)
        u.begin(option)
        s = Sender(option, KEY)

        def frame(info):
            return b"\0\xfd" + s.send(0x23, info)
        o(name + "first", u.comes(frame(b"the first frame")))
        for i in range(299):
            f = frame(b"lost")
        o(name + "after a loss", u.comes(frame(b"after a loss")))
        o(name + "ack", u.comes(RESET_ACK))
        o(name + "without a new key", u.comes(frame(b"without a new key")))
        o(name + "ack again", u.comes(RESET_ACK))
        s.reset()
        o(name + "with a new key", u.comes(frame(b"with a new key")))
        late = frame(b"late")
        o(name + "its successor", u.comes(frame(b"its successor")))
        o(name + "ack for the successor", u.comes(RESET_ACK))
        o(name + "late", u.comes(late))
        o(name + "while in error", u.comes(frame(b"while in error")))
        o(name + "other while in error", u.comes(b"\x80\x21other"))
        for i in range(15):
            inj(n, KIND, b"\xff\3" + RESET_ACK)
            inj(n, KIND, b"\xff\3\0\xfd\x80\1abcdef")
        o(name + "fifteen in the clear", [drain_fd(u.fd), u.flags(), u.comes(RESET_ACK)])
        o(name + "fatal", u.comes(b"\0\xfd\x80\1abcdef"))
        o(name + "ack for the fatal", u.comes(RESET_ACK))
        u.flags(UP | MUST)
        o(name + "must, and fatal", u.comes(b"\x80\x21other"))
        o(name + "stats", u.stats())
        u.flags(OPEN)
        u.comes(ack(option))
        u.flags(UP)
        o(name + "the next after a new start", u.comes(b"\0\xfd\x80\1abcdef"))


@scenario()
def transmit(n, o):
    """500 frames of each kind with two resets: equal to another implementation's, and counted."""
    u = Unit(n, o)
    for name, option in (("stateless 128", STATELESS), ("stateful 40", STATEFUL), ("stateful 128", STATEFUL[:5] + b"\x40"), ("stateless 40", STATELESS[:5] + b"\x20")):
        u.flags(0)
        u.begin(option)
        s, mine, sent = Sender(option, KEY), [], []
        for i in range(500):
            if i in (150, 350):
                os.write(u.fd, RESET_ACK)
                s.reset()
            os.write(u.fd, b"\0\x23number %d" % i)
            mine.append("00fd" + s.send(0x23, b"number %d" % i).hex())
            if i % 50 == 49:
                sent += [x["data"][16:] for x in n.captured()]
        sent = [x for x in sent if x[:4] == "00fd"]
        o(name, [len(sent), sent == mine, hashlib.sha256("".join(sent).encode()).hexdigest()])


@scenario()
def counters(n, o):
    """SIOCGPPPCSTATS"""
    u = Unit(n, o)
    u.begin(STATELESS)
    s = Sender(STATELESS, KEY)
    for name, what in (("start", lambda: None), ("70 octets out", lambda: u.goes(b"\0\x23" + bytes(70))), ("IPCP out", lambda: u.goes(b"\x80\x21" + bytes(50))), ("70 octets in", lambda: u.comes(b"\0\xfd" + s.send(0x23, bytes(70)))),
                       ("IPCP in", lambda: u.comes(b"\x80\x21" + bytes(30))), ("LCP in", lambda: u.comes(b"\xc0\x21" + bytes(30))), ("unreadable", lambda: u.comes(b"\0\xfd\x80\1abcdef")), ("IPCP in while in error", lambda: u.comes(b"\x80\x21" + bytes(30))),
                       ("set again", lambda: u.compress(STATELESS + KEY, 1)), ("closed", lambda: u.flags(0))):
        what()
        o(name, u.asked(0x89f2, 18))


@scenario()
def again(n, o):
    """CCP is negotiated anew on a link that is in use: with new compressors, and with those that were there."""
    u = Unit(n, o)
    for name, option in (("stateless ", STATELESS), ("stateful ", STATEFUL)):
        u.flags(0)
        u.begin(option)
        s = Sender(option, KEY)

        def frame(info):
            return b"\0\xfd" + s.send(0x23, info)
        o(name + "before", [u.comes(frame(b"before")), u.goes(b"\0\x21before")])
        o(name + "ack while up", [u.goes(ack(option)), u.comes(ack(option)), u.goes(b"\0\x21not begun again")])
        o(name + "down", [u.flags(OPEN), u.goes(b"\0\x21down"), u.comes(frame(b"while down"))])
        o(name + "SCOMPRESS 0", [u.compress(option + KEY, 0), u.comes(frame(b"on its way")), u.flags()])
        o(name + "ConfReq", [u.goes(CONF_REQ), u.comes(frame(b"on its way, too")), u.comes(CONF_REQ), u.goes(b"\0\x21plain")])
        o(name + "SCOMPRESS 1", [u.compress(option + KEY, 1), u.flags(), u.goes(b"\0\x21plain")])
        o(name + "ack goes", [u.goes(ack(option)), u.goes(b"\0\x21lost")])
        o(name + "ack comes", u.comes(ack(option)))
        s = Sender(option, KEY)
        o(name + "frame before up", u.comes(frame(b"before up")))
        frame(b"lost")
        o(name + "lost before up", u.comes(frame(b"its successor")))
        o(name + "reset before up", [u.goes(RESET_ACK), u.comes(RESET_ACK)])
        o(name + "up", [u.flags(UP), u.goes(b"\0\x21up"), u.comes(frame(b"up"))])
        s.reset()
        o(name + "reset", [u.goes(RESET_ACK), u.goes(b"\0\x21new key"), u.comes(RESET_ACK), u.comes(frame(b"new key"))])
        for kind in ("same: ", "waiting: "):
            if kind == "waiting: ":
                frame(b"lost")
                o(name + kind + "in error", u.comes(frame(b"unreadable")))
            o(name + kind + "down", [u.flags(OPEN), u.goes(CONF_REQ), u.comes(CONF_REQ)])
            o(name + kind + "acks", [u.goes(ack(option)), u.comes(ack(option)), u.flags(UP)])
            s.again()
            o(name + kind + "goes", u.goes(b"\0\x21hello"))
            o(name + kind + "comes", [u.comes(frame(b"first")), u.comes(frame(b"second"))])
            s.reset()
            o(name + kind + "reset", [u.comes(RESET_ACK), u.comes(frame(b"third")), u.comes(frame(b"fourth"))])
        for i in range(16):
            u.comes(RESET_ACK)
            u.comes(b"\0\xfd\x80\1abcdef")
        o(name + "fatal", u.comes(RESET_ACK))
        o(name + "fatal: SCOMPRESS 0", [u.flags(OPEN), u.compress(option + KEY, 0), u.flags()])
        o(name + "fatal: ack", [u.goes(CONF_REQ), u.comes(ack(option)), u.flags(UP)])
        s = Sender(option, KEY)
        o(name + "fatal: frames", [u.comes(frame(b"first")), u.comes(b"\0\xfd\x80\1abcdef"), u.comes(RESET_ACK)])
