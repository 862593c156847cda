# SPDX-License-Identifier: BSD-2-Clause
"""netlink.py - generic netlink in plain Python: messages, attributes, acknowledgements with words

The same requests go to either server of the family l2tp, and what comes back has one form:

    with connect_kernel() as nl:                # AF_NETLINK, or
    with connect_ul2tpd("/run/x.sock") as nl:   # ul2tpd's SOCK_SEQPACKET socket
        nl.set_options(ext_ack=True)
        nl.l2tp("TUNNEL_CREATE", [u32(CONN_ID, 1), ...]).check()
        for message in nl.l2tp("TUNNEL_GET", dump=True).check().messages:
            print(message.decoded["CONN_ID"])

A connection belongs to the network namespace of the thread that made it. Nothing here is stricter than it
must be: what is sent may be malformed on purpose, and what is received is kept as octets beside its meaning.
Only the standard library is used.
"""
import array
import dataclasses
import errno
import os
import random
import select
import socket
import struct
import time

TIMEOUT = 60.0  # seconds for an answer

# --- numbers of linux/netlink.h, linux/genetlink.h ------------------------------------------------------

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO = 0x1, 0x2, 0x4, 0x8
NLM_F_ROOT, NLM_F_MATCH, NLM_F_DUMP = 0x100, 0x200, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_MIN_TYPE = 1, 2, 3, 16
NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_TYPE_MASK = 0x8000, 0x4000, 0x3fff
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_COOKIE, NLMSGERR_ATTR_POLICY = 1, 2, 3, 4
SOL_NETLINK, NETLINK_GENERIC = 270, 16
NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 2, 10, 11

GENL_ID_CTRL = 16
CONTROL_COMMANDS = {"NEWFAMILY": 1, "DELFAMILY": 2, "GETFAMILY": 3, "GETPOLICY": 10}
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_VERSION, CTRL_ATTR_HDRSIZE = 1, 2, 3, 4
CTRL_ATTR_MAXATTR, CTRL_ATTR_OPS, CTRL_ATTR_MCAST_GROUPS = 5, 6, 7

# --- the family l2tp: linux/l2tp.h ----------------------------------------------------------------------

L2TP_COMMANDS = {name: number for number, name in enumerate((
    "NOOP", "TUNNEL_CREATE", "TUNNEL_DELETE", "TUNNEL_MODIFY", "TUNNEL_GET",
    "SESSION_CREATE", "SESSION_DELETE", "SESSION_MODIFY", "SESSION_GET"))}

# Name and kind by number. A kind is u8, u16, u32, u64, string, octets, ip4, ip6, flag or nest.
L2TP_ATTRIBUTES = {number: row for number, row in enumerate((
    None, ("PW_TYPE", "u16"), ("ENCAP_TYPE", "u16"), ("OFFSET", "u16"), ("DATA_SEQ", "u8"),
    ("L2SPEC_TYPE", "u8"), ("L2SPEC_LEN", "u8"), ("PROTO_VERSION", "u8"), ("IFNAME", "string"),
    ("CONN_ID", "u32"), ("PEER_CONN_ID", "u32"), ("SESSION_ID", "u32"), ("PEER_SESSION_ID", "u32"),
    ("UDP_CSUM", "u8"), ("VLAN_ID", "u16"), ("COOKIE", "octets"), ("PEER_COOKIE", "octets"),
    ("DEBUG", "u32"), ("RECV_SEQ", "u8"), ("SEND_SEQ", "u8"), ("LNS_MODE", "u8"), ("USING_IPSEC", "u8"),
    ("RECV_TIMEOUT", "u64"), ("FD", "u32"), ("IP_SADDR", "ip4"), ("IP_DADDR", "ip4"),
    ("UDP_SPORT", "u16"), ("UDP_DPORT", "u16"), ("MTU", "u16"), ("MRU", "u16"), ("STATS", "nest"),
    ("IP6_SADDR", "ip6"), ("IP6_DADDR", "ip6"), ("UDP_ZERO_CSUM6_TX", "flag"),
    ("UDP_ZERO_CSUM6_RX", "flag"), ("PAD", "octets"))) if row}

L2TP_STATS = {number: (name, "u64") for number, name in enumerate((
    None, "TX_PACKETS", "TX_BYTES", "TX_ERRORS", "RX_PACKETS", "RX_BYTES", "RX_SEQ_DISCARDS",
    "RX_OOS_PACKETS", "RX_ERRORS", "STATS_PAD", "RX_COOKIE_DISCARDS", "RX_INVALID")) if name}

# --- the family ul2tp: include/ul2tp_netlink.h ----------------------------------------------------------

UL2TP_COMMANDS = {name: number for number, name in enumerate((
    "STATUS_GET", "SOCKET_SET", "SUBSCRIBE", "UNSUBSCRIBE", "TUNNEL_CREATE", "TUNNEL_SET", "TUNNEL_GET",
    "SESSION_CREATE", "SESSION_SET", "SESSION_GET", "LIMITS_SET",
    "V2_TUNNEL_GET", "V2_SESSION_GET", "IPSOCKET_OPEN", "IPSOCKET_BIND", "IPSOCKET_CONNECT",
    "IPSOCKET_SEND", "IPSOCKET_OPTION_SET", "IPSOCKET_GET", "TRACE", "SOCKET_CHANGED",
    "PPP_OPEN", "PPP_CLOSE", "PPP_CONNECT", "PPP_IOCTL", "PPP_OPTION_SET", "PPP_OPTION_GET", "PPP_GET",
    "UNIT_ADDRESS_ADD", "UNIT_ADDRESS_REMOVE", "UNIT_POLICE", "UNIT_GET",
    "PPP_CHANNEL_GET", "DEVICE_GET", "UPGRADE"), start=1)}

UL2TP_ATTRIBUTES = dict(enumerate((
    ("VERSION", "string"), ("FEATURES", "nest"), ("GROUP", "u32"), ("CAP_ACK", "u8"), ("EXT_ACK", "u8"),
    ("L2TP", "nest"), ("LABEL", "string"), ("DEVICE", "string"), ("MARK", "u32"), ("TOS", "u8"),
    ("TTL", "u8"), ("PEER_CHECK", "u8"), ("COUNTERS", "nest"), ("RX_DROPS", "nest"), ("TX_DROPS", "nest"),
    ("CREATED", "u64"), ("MTU", "u32"), ("LIMITS", "nest"), ("USAGE", "nest"),
    ("L2SPEC_TYPE", "u8"), ("DROP_RIGHTS", "u8"), ("DEBUG", "nest"), ("FAMILY", "u16"), ("PORT", "u16"),
    ("SOCKET_COOKIE", "u64"), ("NAME", "octets"), ("PEER_NAME", "octets"), ("CONNECTED", "u8"),
    ("DATA", "octets"), ("CONTROL", "octets"), ("MSG_FLAGS", "u32"), ("OPTION_LEVEL", "u32"),
    ("OPTION", "u32"), ("OPTION_VALUE", "octets"), ("TRACE_EVENTS", "u64"),
    ("TRACE", "nest"), ("TRACE_LOST", "u64"), ("PPP_HANDLE", "u64"), ("PPP_KIND", "u8"), ("PPP_EMPTY_READS", "u8"),
    ("PPP_PID", "u32"), ("PPP_IOCTL", "u32"), ("PPP_STATE", "u8"), ("PPP_CHANNEL", "u32"),
    ("PPP_UNIT", "u32"), ("KEEP_RIGHTS", "u8"), ("PPP_OWN_DEVICE", "u8"), ("UNIT_SHARED", "u8"), ("UNIT_STRAYS", "u64"),
    ("UNIT_COUNTERS", "nest"), ("UNIT_PREFIX", "octets"), ("UNIT_RX_RATE", "u64"), ("UNIT_RX_BURST", "u32"),
    ("UNIT_TX_RATE", "u64"), ("UNIT_TX_BURST", "u32"), ("FAST_PATH", "string"), ("FAST_PATH_WORDS", "string"),
    ("PPP_BRIDGE", "u32"), ("PPP_FILES", "u32"), ("STOP_AT_REFUSAL", "u8"), ("TOKEN", "u64"), ("DEVICE_INDEX", "octets")), start=1))

UL2TP_FEATURE = {1: ("FEATURE", "string")}
UL2TP_COUNTERS = dict(enumerate(((name, "u64") for name in (
    "RX_PACKETS", "RX_OCTETS", "RX_LAST", "TX_PACKETS", "TX_OCTETS", "TX_LAST", "RX_HELD",
    "RX_REORDERED", "RX_FAST_PACKETS", "RX_FAST_OCTETS", "TX_FAST_PACKETS", "TX_FAST_OCTETS")), start=1))
UL2TP_UNIT_COUNTERS = dict(enumerate(((f"{way}_{what}", "u64") for way in ("RX", "TX") for what in (
    "PACKETS", "OCTETS", "CONTROL_PACKETS", "CONTROL_OCTETS", "ERRORS", "DROPPED")), start=1))
UL2TP_DROP = {1: ("DROP", "nest"), 2: ("NAME", "string"), 3: ("WORDS", "string"), 4: ("PACKETS", "u64")}
UL2TP_DEBUG = dict(enumerate((
    ("REFERENCES", "u32"), ("SOCKET_REFERENCES", "u32"), ("SESSIONS", "u32"), ("NS", "u32"), ("NR", "u32"),
    ("SOCKET_STATE", "u8"), ("DEVICE", "string")), start=1))
UL2TP_TRACE = dict(enumerate((
    ("EVENT", "u8"), ("TIME", "u64"), ("PID", "u32"), ("CPU", "u32"), ("PROCESS", "string"), ("TUNNEL", "u32"),
    ("PEER_TUNNEL", "u32"), ("VERSION", "u8"), ("ENCAP", "u16"), ("FD", "u32"), ("SESSION", "u32"),
    ("PEER_SESSION", "u32"), ("PW_TYPE", "u16"), ("NS", "u32"), ("NR", "u32"), ("QUEUE_LEN", "u32")), start=1))
UL2TP_LIMITS = dict(enumerate(((name, "u32") for name in (
    "TUNNELS", "SESSIONS", "MEMORY_KIB", "REQUESTS", "SUBSCRIBERS")), start=1))

CONTROL_ATTRIBUTES = {1: ("FAMILY_ID", "u16"), 2: ("FAMILY_NAME", "string"), 3: ("VERSION", "u32"),
                      4: ("HDRSIZE", "u32"), 5: ("MAXATTR", "u32"), 6: ("OPS", "nest"), 7: ("MCAST_GROUPS", "nest")}
CONTROL_LIST = {n: (str(n), "nest") for n in range(1, 33)}
CONTROL_OP = {1: ("OP_ID", "u32"), 2: ("OP_FLAGS", "u32")}
CONTROL_GROUP = {1: ("GRP_NAME", "string"), 2: ("GRP_ID", "u32")}

# What is in a nest.
CONTROL_NESTS = {"OPS": (CONTROL_LIST, {str(n): (CONTROL_OP, {}) for n in CONTROL_LIST}),
                 "MCAST_GROUPS": (CONTROL_LIST, {str(n): (CONTROL_GROUP, {}) for n in CONTROL_LIST})}
L2TP_NESTS = {"STATS": (L2TP_STATS, {})}
UL2TP_NESTS = {
    "L2TP": (L2TP_ATTRIBUTES, L2TP_NESTS), "FEATURES": (UL2TP_FEATURE, {}), "COUNTERS": (UL2TP_COUNTERS, {}),
    "UNIT_COUNTERS": (UL2TP_UNIT_COUNTERS, {}),
    "RX_DROPS": (UL2TP_DROP, {"DROP": (UL2TP_DROP, {})}), "TX_DROPS": (UL2TP_DROP, {"DROP": (UL2TP_DROP, {})}),
    "LIMITS": (UL2TP_LIMITS, {}), "USAGE": (UL2TP_LIMITS, {}), "DEBUG": (UL2TP_DEBUG, {}),
    "TRACE": (UL2TP_TRACE, {})}

# Attribute numbers of the family l2tp as names of this module: CONN_ID, IFNAME, ...; of the family ul2tp
# with its prefix: UL2TP_ATTR_LABEL, ...
globals().update({name: number for number, (name, _) in L2TP_ATTRIBUTES.items()})
globals().update({f"UL2TP_ATTR_{name}": number for number, (name, _) in UL2TP_ATTRIBUTES.items()})


# --- attributes -----------------------------------------------------------------------------------------

def attribute(kind, value=b"", length=None):
    """One attribute with its padding. length: what its header says instead of the truth."""
    real = 4 + len(value)
    return struct.pack("=HH", real if length is None else length, kind) + value + bytes(-real % 4)


def u8(kind, value):
    return attribute(kind, struct.pack("=B", value))


def u16(kind, value):
    return attribute(kind, struct.pack("=H", value))


def u32(kind, value):
    return attribute(kind, struct.pack("=I", value & 0xffffffff))


def u64(kind, value):
    return attribute(kind, struct.pack("=Q", value))


def string(kind, value):
    return attribute(kind, value.encode() + b"\0")


def flag(kind):
    return attribute(kind)


def nest(kind, attributes, nested=True):
    return attribute(kind | (NLA_F_NESTED if nested else 0), b"".join(attributes))


def ip(kind, value):
    family = socket.AF_INET6 if ":" in value else socket.AF_INET
    return attribute(kind, socket.inet_pton(family, value))


INTEGERS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q"}


def value_encode(kind, value):
    """Octets of a value as a row of the tables above describes it."""
    if kind in INTEGERS:
        return struct.pack(INTEGERS[kind], value)
    if kind == "string":
        return value.encode("latin-1") + b"\0"
    if kind in ("ip4", "ip6"):
        return socket.inet_pton(socket.AF_INET if kind == "ip4" else socket.AF_INET6, value)
    if kind == "flag":
        return b""
    return bytes.fromhex(value)


def value_decode(kind, octets):
    """The reverse; octets that are not of the kind come back as "malformed:HEX"."""
    if kind in INTEGERS and len(octets) == struct.calcsize(INTEGERS[kind]):
        return struct.unpack(INTEGERS[kind], octets)[0]
    if kind == "string" and octets.endswith(b"\0"):
        return octets[:-1].decode("latin-1")
    if kind == "ip4" and len(octets) == 4:
        return socket.inet_ntop(socket.AF_INET, octets)
    if kind == "ip6" and len(octets) == 16:
        return socket.inet_ntop(socket.AF_INET6, octets)
    if kind == "flag" and not octets:
        return True
    if kind == "octets":
        return octets.hex()
    return "malformed:" + octets.hex()


def attributes_split(octets):
    """[(type with its flag bits, value, offset)]; ends at octets that are no attribute."""
    found, at = [], 0
    while at + 4 <= len(octets):
        length, kind = struct.unpack_from("=HH", octets, at)
        if length < 4 or at + length > len(octets):
            break
        found.append((kind, octets[at + 4:at + length], at))
        at += (length + 3) & ~3
    return found


def attributes_decode(octets, rows, nests):
    """[(name, value)] in the order of the message. A nest's value is such a list; the flag bits of a type
    are part of its name: "NESTED|STATS"."""
    found = []
    for kind, value, _ in attributes_split(octets):
        number = kind & NLA_TYPE_MASK
        name, what = rows.get(number, (str(number), "octets"))
        decoded = attributes_decode(value, *nests[name]) if name in nests else value_decode(what, value)
        found.append((type_name(kind, name), decoded))
    return found


def type_name(kind, name):
    bits = [("NESTED|", NLA_F_NESTED), ("NET_BYTEORDER|", NLA_F_NET_BYTEORDER)]
    return "".join(text for text, bit in bits if kind & bit) + name


# --- messages -------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Family:
    name: str
    id: int
    version: int = 1
    groups: dict = dataclasses.field(default_factory=dict)    # name: id

    @property
    def tables(self):
        """commands, attributes, nests"""
        return {"l2tp": (L2TP_COMMANDS, L2TP_ATTRIBUTES, L2TP_NESTS),
                "ul2tp": (UL2TP_COMMANDS, UL2TP_ATTRIBUTES, UL2TP_NESTS),
                "nlctrl": (CONTROL_COMMANDS, CONTROL_ATTRIBUTES, CONTROL_NESTS)}.get(self.name, ({}, {}, {}))


def message_encode(kind, flags, sequence, payload, port=0, length=None):
    """One netlink message with its padding. length: what its header says instead of the truth."""
    real = 16 + len(payload)
    header = struct.pack("=IHHII", real if length is None else length, kind, flags, sequence, port)
    return header + payload + bytes(-real % 4)


def genl_payload(command, attributes=(), version=1):
    """attributes: octets, or a list of octets."""
    body = attributes if isinstance(attributes, bytes) else b"".join(attributes)
    return struct.pack("=BBH", command, version, 0) + body


@dataclasses.dataclass
class Message:
    """A message that was received. What only generic netlink has is read from the payload."""
    type: int
    flags: int
    sequence: int
    port: int
    payload: bytes
    family: Family = None    # of its type; None if that is not known

    @property
    def command(self):
        return self.payload[0]

    @property
    def command_name(self):
        commands = self.family.tables[0] if self.family else {}
        return next((name for name, number in commands.items() if number == self.command), str(self.command))

    @property
    def version(self):
        return self.payload[1]

    @property
    def attributes(self):
        """[(name, value)] in the order of the message."""
        _, rows, nests = self.family.tables if self.family else (None, {}, {})
        return attributes_decode(self.payload[4:], rows, nests)

    @property
    def decoded(self):
        """{name: value}, nests that have no repeated names included."""
        return _to_dict(self.attributes)


def _to_dict(pairs):
    if not isinstance(pairs, list):
        return pairs
    if len({name for name, _ in pairs}) != len(pairs):
        return [(name, _to_dict(value)) for name, value in pairs]
    return {name.split("|")[-1]: _to_dict(value) for name, value in pairs}


POLICY_ATTRIBUTES = {1: ("type", "u32"), 2: ("min_s", "u64"), 3: ("max_s", "u64"), 4: ("min", "u64"),
                     5: ("max", "u64"), 6: ("min_length", "u32"), 7: ("max_length", "u32")}


@dataclasses.dataclass
class Error:
    """An NLMSG_ERROR: an acknowledgement (code 0) or a refusal."""
    code: int               # positive errno
    flags: int
    quoted: bytes           # the request, or its header
    text: str = ""
    offset: int = None      # of the attribute to blame, from the start of the request
    policy: list = None     # [(name, value)] in the order of the message
    extra: list = dataclasses.field(default_factory=list)    # attributes that are none of these

    @property
    def name(self):
        return errno_name(self.code)


def errno_name(code):
    """EOPNOTSUPP and EAGAIN have two names in the errno module's table."""
    return {0: "OK", errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN"}.get(
        code, errno.errorcode.get(code, str(code)))


def error_decode(message):
    code, length = struct.unpack_from("=iI", message.payload)
    quoted = 16 if message.flags & NLM_F_CAPPED else length
    error = Error(-code, message.flags, message.payload[4:4 + quoted])
    if message.flags & NLM_F_ACK_TLVS:
        for kind, value, _ in attributes_split(message.payload[4 + ((quoted + 3) & ~3):]):
            if kind == NLMSGERR_ATTR_MSG:
                error.text = value.rstrip(b"\0").decode(errors="backslashreplace")
            elif kind == NLMSGERR_ATTR_OFFS:
                error.offset = struct.unpack("=I", value)[0]
            elif kind == NLMSGERR_ATTR_POLICY | NLA_F_NESTED:
                error.policy = attributes_decode(value, POLICY_ATTRIBUTES, {})
            else:
                error.extra.append((kind, value))
    return error


class Refused(OSError):
    """A request was refused; the words are the server's."""

    def __init__(self, error):
        super().__init__(error.code, error.text or os.strerror(error.code))
        self.error = error


@dataclasses.dataclass
class Answer:
    """All that came back for a request, in order."""
    request: bytes
    everything: list                                              # Message
    messages: list = dataclasses.field(default_factory=list)      # those of a family
    errors: list = dataclasses.field(default_factory=list)        # Error: acknowledgements and refusals
    done: int = None                                              # status of an NLMSG_DONE
    datagrams: list = dataclasses.field(default_factory=list)     # length of each

    @property
    def code(self):
        """Positive errno; 0 if nothing was refused."""
        return next((e.code for e in self.errors if e.code), 0)

    @property
    def error(self):
        """The refusal, or the acknowledgement, or None."""
        return next((e for e in self.errors if e.code), self.errors[-1] if self.errors else None)

    def check(self):
        if self.code:
            raise Refused(self.error)
        return self


class Connection:
    """A connection to a server of generic netlink. Its subclasses say how."""

    def __init__(self, sock):
        self.socket = sock
        self.sequence = random.randrange(1, 1 << 31)
        self.families = {GENL_ID_CTRL: Family("nlctrl", GENL_ID_CTRL, 2)}
        self.pending = []    # messages received while waiting for others: notifications
        self.datagrams = []  # lengths

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    # --- octets

    def send(self, datagram, descriptors=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        self.socket.sendmsg([datagram], rights)

    def receive(self, timeout=TIMEOUT):
        """The messages of the next datagram; TimeoutError; ConnectionError when the server has gone."""
        if not select.select([self.socket], [], [], max(0, timeout))[0]:
            raise TimeoutError("no answer")
        datagram = self.socket.recv(1 << 20)
        if not datagram:
            raise ConnectionResetError("the server closed the connection")
        self.datagrams.append(len(datagram))
        return list(self.split(datagram))

    def split(self, datagram):
        at = 0
        while at + 16 <= len(datagram):
            length, kind, flags, sequence, port = struct.unpack_from("=IHHII", datagram, at)
            if length < 16 or at + length > len(datagram):
                raise ValueError(f"malformed datagram: {datagram.hex()}")
            yield Message(kind, flags, sequence, port, datagram[at + 16:at + length], self.families.get(kind))
            at += (length + 3) & ~3

    # --- requests

    def next_sequence(self):
        self.sequence = (self.sequence + 1) & 0xffffffff
        return self.sequence

    def exchange(self, message, timeout=TIMEOUT, descriptors=()):
        """Send the octets of one or more messages and collect all that is said about them.

        Behind them goes a message that netlink itself acknowledges without doing anything: when that
        comes back, everything before it has been answered, however much or little that was. A dump is
        awaited to its end first, since a server may go on with it while it answers other requests.
        """
        sent = list(self.split_lenient(message))
        sequences = {m.sequence for m in sent}
        dumps = {m.sequence for m in sent if m.flags & NLM_F_DUMP == NLM_F_DUMP and m.flags & NLM_F_REQUEST
                 and m.type >= NLMSG_MIN_TYPE}
        self.datagrams = []
        answer = Answer(message, [])
        deadline = time.monotonic() + timeout
        self.send(message, descriptors)
        while dumps:
            for m in self._take(sequences, answer, deadline):
                if m.type in (NLMSG_DONE, NLMSG_ERROR):
                    dumps.discard(m.sequence)
        fence = self.next_sequence()
        self.send(message_encode(NLMSG_NOOP, NLM_F_ACK, fence, b""))
        while not any(m.sequence == fence for m in self._take(sequences | {fence}, answer, deadline)):
            pass
        answer.everything = [m for m in answer.everything if m.sequence != fence]
        answer.datagrams = self.datagrams[:-1] if answer.everything else []
        for m in answer.everything:
            if m.type == NLMSG_ERROR:
                answer.errors.append(error_decode(m))
            elif m.type == NLMSG_DONE:
                answer.done = struct.unpack_from("=i", m.payload)[0]
            else:
                answer.messages.append(m)
        return answer

    @staticmethod
    def split_lenient(datagram):
        """The headers of what is sent, which need not be right."""
        at = 0
        while at + 16 <= len(datagram):
            length, kind, flags, sequence, port = struct.unpack_from("=IHHII", datagram, at)
            yield Message(kind, flags, sequence, port, b"")
            at += max(16, (length + 3) & ~3)

    def _take(self, sequences, answer, deadline):
        """Receive a datagram; the messages in it that are ours. Others are kept for notifications()."""
        ours = []
        for m in self.receive(deadline - time.monotonic()):
            (ours if m.sequence in sequences else self.pending).append(m)
        answer.everything += ours
        return ours

    def request(self, family, command, attributes=(), flags=NLM_F_ACK, dump=False, timeout=TIMEOUT, descriptors=()):
        """One request of a family. family: its name; command: its name or number; descriptors: sent along."""
        family = self.family(family)
        number = family.tables[0][command] if isinstance(command, str) else command
        flags = NLM_F_DUMP if dump else flags
        return self.exchange(message_encode(family.id, NLM_F_REQUEST | flags, self.next_sequence(),
                                            genl_payload(number, attributes, family.version)), timeout, descriptors)

    def l2tp(self, command, attributes=(), **options):
        return self.request("l2tp", command, attributes, **options)

    def ul2tp(self, command, attributes=(), **options):
        return self.request("ul2tp", command, attributes, **options)

    def family(self, name):
        """Its Family, resolved by nlctrl when asked for the first time; Refused if there is none."""
        for family in self.families.values():
            if family.name == name:
                return family
        answer = self.request("nlctrl", "GETFAMILY", [string(CTRL_ATTR_FAMILY_NAME, name)], flags=0).check()
        values = {kind & NLA_TYPE_MASK: value
                  for kind, value, _ in attributes_split(answer.messages[0].payload[4:])}
        family = Family(name, struct.unpack("=H", values[CTRL_ATTR_FAMILY_ID])[0],
                        struct.unpack("=I", values[CTRL_ATTR_VERSION])[0])
        for _, group, _ in attributes_split(values.get(CTRL_ATTR_MCAST_GROUPS, b"")):
            parts = {kind: value for kind, value, _ in attributes_split(group)}
            family.groups[parts[1].rstrip(b"\0").decode()] = struct.unpack("=I", parts[2])[0]
        self.families[family.id] = family
        return family

    # --- notifications

    def subscribe(self, name="l2tp"):
        self.subscribe_id(self.family(name).groups[name])

    def unsubscribe(self, name="l2tp"):
        self.unsubscribe_id(self.family(name).groups[name])

    def notifications(self, count=None, timeout=TIMEOUT):
        """Messages that were not answers: the next count, TimeoutError if they do not come; or, without
        count, those that are there already."""
        deadline = time.monotonic() + (timeout if count is not None else 0)
        while count is None or len(self.pending) < count:
            try:
                self.pending += self.receive(deadline - time.monotonic())
            except TimeoutError:
                if count is None:
                    break
                raise TimeoutError(f"{len(self.pending)} notifications of {count}") from None
        taken = self.pending[:count]
        self.pending = self.pending[len(taken):]
        return taken


class KernelConnection(Connection):
    """AF_NETLINK: the kernel of this machine."""

    def set_options(self, ext_ack=None, cap_ack=None):
        for option, value in ((NETLINK_EXT_ACK, ext_ack), (NETLINK_CAP_ACK, cap_ack)):
            if value is not None:
                self.socket.setsockopt(SOL_NETLINK, option, int(value))

    def subscribe_id(self, group):
        self.socket.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)

    def unsubscribe_id(self, group):
        self.socket.setsockopt(SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, group)


class DaemonConnection(Connection):
    """ul2tpd's socket. What is a socket option in the kernel is a command of the family ul2tp."""

    def set_options(self, ext_ack=None, cap_ack=None):
        values = ((UL2TP_ATTR_EXT_ACK, ext_ack), (UL2TP_ATTR_CAP_ACK, cap_ack))
        self.ul2tp("SOCKET_SET", [u8(number, int(v)) for number, v in values if v is not None]).check()

    def subscribe_id(self, group):
        self.ul2tp("SUBSCRIBE", [u32(UL2TP_ATTR_GROUP, group)]).check()

    def unsubscribe_id(self, group):
        self.ul2tp("UNSUBSCRIBE", [u32(UL2TP_ATTR_GROUP, group)]).check()


def connect_kernel():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC)
    sock.bind((0, 0))
    return KernelConnection(sock)


def connect_ul2tpd(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
    try:
        sock.connect(str(path))
    except OSError:
        sock.close()
        raise
    return DaemonConnection(sock)
