# SPDX-License-Identifier: BSD-2-Clause
"""api.py - ask ul2tpd for tunnels and sessions, from Python, in a few words

    with Api(daemon, namespace) as api:
        api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, IP_SADDR="192.0.2.1", IP_DADDR="192.0.2.2")
        api.session_get(1, 10)["STATS"]["RX_PACKETS"]

Attributes are named as in linux/l2tp.h and given in the order of the call. A refusal raises
netlink.Refused, whose errno is the daemon's.
"""
import contextlib
import errno
import os

from support import netlink

L2TP_NUMBERS = {name: (number, kind) for number, (name, kind) in netlink.L2TP_ATTRIBUTES.items()}
UL2TP_NUMBERS = {name: (number, kind) for number, (name, kind) in netlink.UL2TP_ATTRIBUTES.items()}
LIMIT_NUMBERS = {name: (number, kind) for number, (name, kind) in netlink.UL2TP_LIMITS.items()}
UDP, IP = 0, 1
ETHERNET, PPP = 5, 7


def encode(values, numbers=None):
    """{name: value} as attributes; a value of None or, for flags, False is left out."""
    numbers = numbers or L2TP_NUMBERS
    octets = []
    for name, value in values.items():
        number, kind = numbers[name]
        if value is None or (kind == "flag" and not value):
            continue
        octets.append(netlink.attribute(number, netlink.value_encode(kind, value)))
    return octets


class Api:
    """A connection to the daemon of a client in the namespace (None: wherever the caller is)."""

    def __init__(self, daemon, namespace=None, words=True):
        with namespace.entered() if namespace else contextlib.nullcontext():
            self.netlink = netlink.connect_ul2tpd(daemon.socket)
        if words:
            self.netlink.set_options(ext_ack=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.netlink.close()

    # --- the family l2tp

    def do(self, command, **values):
        """The messages of the answer."""
        return self.netlink.l2tp(command, encode(values)).check().messages

    def tunnel_create(self, **values):
        self.do("TUNNEL_CREATE", **dict({"PROTO_VERSION": 3, "ENCAP_TYPE": UDP}, **values))

    def tunnel_on(self, sock, **values):
        """A managed tunnel: on this socket of the caller's, which is passed along."""
        attributes = dict({"PROTO_VERSION": 3, "ENCAP_TYPE": UDP, "FD": sock.fileno()}, **values)
        self.netlink.l2tp("TUNNEL_CREATE", encode(attributes), descriptors=[sock.fileno()]).check()

    def socket_changed(self, sock):
        """The program has connected it anew, or set options."""
        self.netlink.ul2tp("SOCKET_CHANGED", descriptors=[sock.fileno()]).check()

    def tunnel_delete(self, conn_id):
        self.do("TUNNEL_DELETE", CONN_ID=conn_id)

    def tunnel_get(self, conn_id):
        return self.do("TUNNEL_GET", CONN_ID=conn_id)[0].decoded

    def tunnels(self):
        answer = self.netlink.l2tp("TUNNEL_GET", dump=True, timeout=60).check()
        return {m.decoded["CONN_ID"]: m.decoded for m in answer.messages}

    def session_create(self, conn_id, session_id, **values):
        self.do("SESSION_CREATE", **dict(
            {"CONN_ID": conn_id, "SESSION_ID": session_id, "PEER_SESSION_ID": session_id,
             "PW_TYPE": ETHERNET}, **values))

    def session_modify(self, conn_id, session_id, **values):
        self.do("SESSION_MODIFY", CONN_ID=conn_id, SESSION_ID=session_id, **values)

    def session_delete(self, conn_id, session_id):
        self.do("SESSION_DELETE", CONN_ID=conn_id, SESSION_ID=session_id)

    def session_get(self, conn_id, session_id):
        return self.do("SESSION_GET", CONN_ID=conn_id, SESSION_ID=session_id)[0].decoded

    def sessions(self):
        """[decoded], in the order of the dump."""
        return [m.decoded for m in self.netlink.l2tp("SESSION_GET", dump=True, timeout=120).check().messages]

    def subscribe(self):
        self.netlink.subscribe()

    def events(self, count=None, timeout=20):
        return self.netlink.notifications(count, timeout)

    # --- the family ul2tp

    def more(self, command, l2tp=None, **values):
        """One command of the family ul2tp: values beside the nest of attributes of l2tp."""
        octets = encode(values, UL2TP_NUMBERS)
        if l2tp is not None:
            octets.insert(0, netlink.nest(netlink.UL2TP_ATTR_L2TP, encode(l2tp)))
        return self.netlink.ul2tp(command, octets).check().messages

    def status(self):
        return dict(self.more("STATUS_GET")[0].attributes)

    def set_limits(self, **limits):
        self.netlink.ul2tp("LIMITS_SET", [netlink.nest(netlink.UL2TP_ATTR_LIMITS, encode(limits, LIMIT_NUMBERS))]
                           ).check()

    def tunnel_more(self, conn_id):
        return Accounts(self.more("TUNNEL_GET", {"CONN_ID": conn_id})[0])

    def session_more(self, conn_id, session_id):
        return Accounts(self.more("SESSION_GET", {"CONN_ID": conn_id, "SESSION_ID": session_id})[0])

    def fast_path(self, conn_id, session_id):
        """Why the session does not take the fast path; "used" if it does. `ul2tp show session` says the same."""
        return self.session_more(conn_id, session_id).values["FAST_PATH"]


def _plain(name):
    return name.split("|")[-1]


class Accounts:
    """A TUNNEL or SESSION message of the family ul2tp."""

    def __init__(self, message):
        values = {_plain(name): value for name, value in message.attributes}
        self.values = values
        self.counters = {_plain(n): v for n, v in values.get("COUNTERS", [])}
        self.rx_drops = self._drops(values.get("RX_DROPS", []))
        self.tx_drops = self._drops(values.get("TX_DROPS", []))
        self.words = {}
        for drops in (values.get("RX_DROPS", []), values.get("TX_DROPS", [])):
            for _, drop in drops:
                row = {_plain(n): v for n, v in drop}
                self.words[row["NAME"]] = row["WORDS"]

    @staticmethod
    def _drops(rows):
        """{reason: packets}"""
        found = {}
        for _, drop in rows:
            row = {_plain(n): v for n, v in drop}
            found[row["NAME"]] = row["PACKETS"]
        return found


@contextlib.contextmanager
def refused(code):
    """The block is refused with this errno, by words that are not empty; yields a list that gets them."""
    words = []
    try:
        yield words
    except netlink.Refused as refusal:
        assert refusal.errno == code, f"{errno.errorcode[refusal.errno]} instead of {errno.errorcode[code]}: {refusal}"
        words.append(refusal.error.text)
    else:
        raise AssertionError(f"not refused; {errno.errorcode[code]} ({os.strerror(code)}) was due")


def gone(function, *arguments):
    """True if the thing asked for is not there (ENODEV)."""
    try:
        function(*arguments)
    except netlink.Refused as refusal:
        if refusal.errno == errno.ENODEV:
            return True
        raise
    return False


__all__ = ["Api", "Accounts", "UDP", "IP", "ETHERNET", "encode", "refused", "gone", "netlink", "netns"]


def errors(*ends):
    """Names of the counters of ends that count what went wrong, if they do."""
    plain = [f"{way}_{what}" for way in ("TX", "RX") for what in ("PACKETS", "BYTES")]
    return [name for end in ends for name in end if end[name] and name not in plain]


def agree(one, other):
    """Counters of two ends: what either sent is what the other received, and nothing was lost on the way."""
    return not errors(one, other) and all(x[f"TX_{what}"] == y[f"RX_{what}"] > 0
                                          for x, y in ((one, other), (other, one)) for what in ("PACKETS", "BYTES"))
