# SPDX-License-Identifier: BSD-2-Clause
"""What two pppds never ask of their units, between ul2tpd and a kernel's own PPP: Debian's 6.12, in QEMU

One program is at both ends, near under `ul2tp run` (support/link_program.py).
"""
import concurrent.futures
import contextlib
import threading
from typing import NamedTuple

import pytest

from support.daemon import BUILD
from support.end import PATIENCE, RemoteEnd
from support.link_ends import LinkEnd
from support.loss import KEEPS_KEYS, data_lost
from support.ppp_machine import HOSTS, NEAR, TAP
from support.wait import eventually

HERE, THERE = "10.5.0.1", "10.5.0.2"
OCTETS = 300_000
COMP_TCP, NO_TCP_CCID, MULTILINK, MP_SHORTSEQ, MP_XSHORTSEQ = 0x4, 0x8, 0x400, 0x800, 0x4000
CCP_OPEN, CCP_UP, COMP_RUN, DECOMP_RUN = 0x40, 0x80, 0x1000, 0x2000
CONNECTIONS = 15 << 16 | 15
MPPE_40, MPPE_128 = "120600000020", "120600000040"  # stateful
KEYS = bytes(range(16)).hex(), bytes(range(100, 116)).hex()


class Kind(NamedTuple):
    """Sessions in the tunnel, flags of the unit, option of CCP."""
    sessions: int = 1
    flags: int = 0
    option: str = None


KINDS = {
    "vj": Kind(flags=COMP_TCP), "vj-all-numbers": Kind(flags=COMP_TCP | NO_TCP_CCID),
    "mppe-128": Kind(option=MPPE_128), "mppe-40": Kind(option=MPPE_40),
    "multilink": Kind(2, MULTILINK), "multilink-12-bit": Kind(2, MULTILINK | MP_SHORTSEQ | MP_XSHORTSEQ),
    "all": Kind(2, MULTILINK | COMP_TCP, MPPE_128)}


ENCRYPTED = [name for name, kind in KINDS.items() if kind.option]


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def ends(kind, ppp_machine, shared_daemon):
    near = LinkEnd(ppp_machine.namespace, shared_daemon.socket, [str(BUILD / "ul2tp"), "run", "--"])
    far = RemoteEnd(ppp_machine.machine, "left link")
    try:
        far.start()
        near.start()
        for end, ids, addresses in ((near, (61, 62), (NEAR, HOSTS["left"])), (far, (62, 61), (HOSTS["left"], NEAR))):
            end.link({"CONN_ID": ids[0], "PEER_CONN_ID": ids[1], "PROTO_VERSION": 2, "ENCAP_TYPE": 0, "IP_SADDR": addresses[0],
                      "IP_DADDR": addresses[1], "UDP_SPORT": 1701, "UDP_DPORT": 1701},
                     [[ids[0] + n, ids[1] + n] for n in range(10, 10 * kind.sessions + 1, 10)])
        yield near, far
    finally:
        far.stop()
        near.stop()
        near.close()


def set_up(ends, kind):
    for end, keys in zip(ends, (KEYS, KEYS[::-1])):
        end.do("set_flags", kind.flags, CONNECTIONS if kind.flags & COMP_TCP else None,
               1500 if kind.flags & MULTILINK else None)
        if kind.option:
            end.do("compression", kind.option, *keys)
    if kind.option:
        for end in ends:
            end.do("negotiate")
        assert all(end.do("negotiated") for end in ends)
    near, far = ends
    near.up("ppp0", HERE, THERE)
    far.up("ppp0", THERE, HERE)


def used(ends, kind):
    """What makes the kind one was done by both ends."""
    for end in ends:
        if kind.flags & COMP_TCP:
            counted = end.do("vj")
            assert counted["compressed"] > 100 and counted["compressedin"] > 50, counted
        if kind.option:
            assert end.do("get_flags") & (COMP_RUN | DECOMP_RUN) == COMP_RUN | DECOMP_RUN


@contextlib.contextmanager
def under_way(end, address):
    """One connection after the other, with octets both ways."""
    over = threading.Event()

    def exchange():
        while not over.is_set():
            end.exchange(address, OCTETS // 10)
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        done = executor.submit(exchange)
        try:
            yield
        finally:
            over.set()
        done.result()


def test_a_link(ends, kind, ppp_machine):
    """
    Requirements: PPP-60, PPP-61, PPP-62, PPP-63, PPP-64, PPP-65, PPP-70, PPP-71, PPP-55, PPP-58
    """
    set_up(ends, kind)
    near, far = ends
    assert near.ping(THERE) == 3
    assert far.ping(HERE) == 3
    near.exchange(THERE, OCTETS)
    used(ends, kind)
    with data_lost(ppp_machine.namespace, TAP, KEEPS_KEYS if kind.option else ()) as lost:
        def both_lose():
            near.exchange(THERE, OCTETS)
            return min(lost()) > 0 and (not kind.option or min(sum((end.do("resets") for end in ends), [])) > 0)
        eventually(both_lose, "frames from either end were lost, and both have asked for a new key", PATIENCE)
    assert near.ping(THERE) == 3
    near.exchange(THERE, OCTETS)


@pytest.mark.parametrize("kind", ENCRYPTED, indirect=True)
def test_ccp_is_negotiated_again(ends, kind):
    """By one end, the other, and both at once, while packets are on their way; what is sent meanwhile may be lost.

    Requirements: PPP-60, PPP-61, PPP-62, PPP-63
    """
    set_up(ends, kind)
    near, far = ends
    running = CCP_OPEN | CCP_UP | COMP_RUN | DECOMP_RUN
    with under_way(near, THERE):
        for who in ((near,), (far,), ends):
            before = [end.do("ups") for end in ends]
            for end in who:
                end.do("negotiate")
            assert all(end.do("negotiated", ups + 1) for end, ups in zip(ends, before))
            assert near.ping(THERE) == 3
            assert far.ping(HERE) == 3
            eventually(lambda: all(end.do("get_flags") & running == running for end in ends), "both ends are up", PATIENCE)
    near.exchange(THERE, OCTETS)
