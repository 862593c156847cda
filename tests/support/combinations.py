# SPDX-License-Identifier: BSD-2-Clause
"""combinations.py - every kind of L2TPv3 Ethernet session between two ends, and what must be true of each

A Pair has one tunnel for each of UDP and IP over IPv4 and IPv6, and in it a session for each combination of
cookies, sublayer and sequence numbers, or for some of them. All of them exist before the first packet, so that each packet
one end sends meets its session at the other.
"""
import concurrent.futures
import dataclasses
import itertools
import time

from support.end import PATIENCE
from support.wait import eventually

COOKIES = {0: ("", ""), 4: ("cookie 01234567 peer_cookie 89abcdef", "cookie 89abcdef peer_cookie 01234567"),
           8: ("cookie 0123456789abcdef peer_cookie fedcba9876543210",
               "cookie fedcba9876543210 peer_cookie 0123456789abcdef")}
SUBLAYERS = [("none", False), ("default", False), ("default", True)]  # and whether there are sequence numbers
CARRIERS = list(itertools.product(("udp", "ip"), (4, 6)))
ADDRESSES = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
NEAR, FAR = 0, 1
TRANSFER = 1 << 19  # octets, each way
ERRORS = ("TX_ERRORS", "RX_SEQ_DISCARDS", "RX_OOS_PACKETS", "RX_ERRORS", "RX_COOKIE_DISCARDS", "RX_INVALID")


@dataclasses.dataclass(frozen=True)
class Combination:
    over: str       # "udp" or "ip"
    family: int     # 4 or 6
    cookie: int     # octets
    sublayer: str   # "none" or "default"
    numbers: bool   # sequence numbers sent and required, by both ends

    def __str__(self):
        return (f"{self.over}-ipv{self.family}-cookie{self.cookie}-{self.sublayer}"
                + ("-numbers" if self.numbers else ""))


PASSING = [Combination(over, family, cookie, sublayer, numbers) for (over, family), cookie, (sublayer, numbers)
           in itertools.product(CARRIERS, COOKIES, SUBLAYERS)]
# Numbers are required, and there is nowhere to carry them (SEQ-27).
BLOCKED = [Combination(over, family, 0, "none", True) for over, family in CARRIERS]
ALL = PASSING + BLOCKED

# Of PASSING: over each carrier every cookie and every sublayer once, and each two of these over some carrier. For where a
# kernel only carries the packets, and the octets before the frame are nothing to it.
SOME = [c for c in PASSING if (list(COOKIES).index(c.cookie) + CARRIERS.index((c.over, c.family))) % len(SUBLAYERS)
        == SUBLAYERS.index((c.sublayer, c.numbers))]


def tunnel_id(combination, end):
    return 100 * (end + 1) + CARRIERS.index((combination.over, combination.family))


def session_id(combination, end):
    return 1000 * (end + 1) + ALL.index(combination)


def inner(combination, end):
    return f"10.99.{ALL.index(combination)}.{end + 1}"


def device(combination):
    return f"pw{ALL.index(combination)}"


def tunnel_words(over, family, end):
    ids = [100 * (e + 1) + CARRIERS.index((over, family)) for e in (end, 1 - end)]
    addresses = ADDRESSES[family][end], ADDRESSES[family][1 - end]
    ports = [5000 + i for i in ids]
    return (f"add tunnel tunnel_id {ids[0]} peer_tunnel_id {ids[1]} encap {over} local {addresses[0]} "
            f"remote {addresses[1]}" + (f" udp_sport {ports[0]} udp_dport {ports[1]}" if over == "udp" else ""))


def session_words(c, end):
    return (f"add session name {device(c)} tunnel_id {tunnel_id(c, end)} session_id {session_id(c, end)} "
            f"peer_session_id {session_id(c, 1 - end)} {COOKIES[c.cookie][end]} l2spec_type {c.sublayer}"
            + (" seq both" if c.numbers else ""))


class Pair:
    """Two ends with a session between them for each of these combinations, and the blocked ones."""

    def __init__(self, near, far, passing=tuple(PASSING)):
        self.ends = (near, far)
        self.all = [*passing, *BLOCKED]
        self.carried, self.counted = set(), None

    def connect(self):
        for number, end in enumerate(self.ends):
            end.l2tp([tunnel_words(over, family, number) for over, family in CARRIERS]
                     + [session_words(c, number) for c in self.all])
        for number, end in enumerate(self.ends):
            end.ip([line for c in self.all for line in (f"address add {inner(c, number)}/24 dev {device(c)}",
                                                   f"link set {device(c)} up")])
            end.serve()

    def disconnect(self):
        for number, end in enumerate(self.ends):
            end.l2tp([f"del tunnel tunnel_id {tunnel_id(Combination(over, family, 0, 'none', False), number)}"
                      for over, family in CARRIERS])
            end.close()

    def carry(self, c):
        """ping by either end, and TCP both ways."""
        self.carried.add(c)
        self.counted = None
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            answered = list(threads.map(lambda number: self.ends[number].ping(inner(c, 1 - number)), (NEAR, FAR)))
        assert answered == [3, 3], f"of 3 pings from near and from far {answered} were answered"
        self.ends[NEAR].exchange(inner(c, FAR), TRANSFER)

    def knock(self):
        """Frames both ways, that nobody may receive, on every blocked session: together, since it takes time."""
        pings = [(end, inner(c, 1 - number)) for c in BLOCKED for number, end in enumerate(self.ends)]
        with concurrent.futures.ThreadPoolExecutor(len(pings)) as threads:
            answered = sum(threads.map(lambda ping: ping[0].ping(ping[1], 3, 1), pings))
        assert answered == 0, f"{answered} pings were answered where nothing may pass"
        self.carried.update(BLOCKED)
        self.counted = None

    def counters(self):
        """What both ends have counted, once neither has counted anything for a second."""
        deadline = time.monotonic() + PATIENCE
        while self.counted is None:
            before = [end.counters() for end in self.ends]
            time.sleep(1)
            after = [end.counters() for end in self.ends]
            if before == after:
                self.counted = after
            assert time.monotonic() < deadline, "it does not become quiet"
        return self.counted

    def of_session(self, c):
        """What (near, far) have counted for the session of this combination."""
        return [{(t, s): stats for t, s, stats in self.counters()[end][1]}[tunnel_id(c, end), session_id(c, end)]
                for end in (NEAR, FAR)]

    def of_tunnel(self, over, family):
        c = Combination(over, family, 0, "none", False)
        return [dict(self.counters()[end][0])[tunnel_id(c, end)] for end in (NEAR, FAR)]


# --- what must be true ----------------------------------------------------------------------------------

def agree(pair, c):
    """What one end sent the other received, packet for packet and octet for octet, and nothing went wrong."""
    if c not in pair.carried:
        pair.carry(c)
    def same():
        ends = pair.of_session(c)
        return ends if all((mine["TX_PACKETS"], mine["TX_BYTES"]) == (other["RX_PACKETS"], other["RX_BYTES"])
                           for mine, other in (ends, ends[::-1])) else None
    both = eventually(same, "what has been sent has been received")
    for mine in both:
        assert mine["TX_PACKETS"] > TRANSFER / 1500
        assert mine["TX_BYTES"] > TRANSFER
        assert not {name: mine[name] for name in ERRORS if mine[name]}


def nothing_passes(pair, c):
    """Each packet that one end sent the other has counted as without the number it requires."""
    if c not in pair.carried:
        pair.knock()
    both = pair.of_session(c)
    for mine, other in (both, both[::-1]):
        assert mine["TX_PACKETS"] > 0
        assert mine["TX_ERRORS"] == 0
        assert other["RX_PACKETS"] == other["RX_BYTES"] == 0
        assert other["RX_SEQ_DISCARDS"] == other["RX_ERRORS"] == mine["TX_PACKETS"]


def tunnels_agree(pair, over, family):
    """A tunnel has sent and received what its sessions have, but for what was never delivered."""
    own = [c for c in pair.all if (c.over, c.family) == (over, family)]
    for c in own:
        if c not in BLOCKED and c not in pair.carried:
            pair.carry(c)
    both = pair.of_tunnel(over, family)
    for end in (NEAR, FAR):
        for name in ("TX_PACKETS", "TX_BYTES", "RX_PACKETS", "RX_BYTES"):
            assert both[end][name] == sum(pair.of_session(c)[end][name] for c in own), name
        assert not {name: both[end][name] for name in ERRORS if both[end][name]}
