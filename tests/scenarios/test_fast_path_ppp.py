# SPDX-License-Identifier: BSD-2-Clause
"""PPP sessions on the eBPF fast path: packets arrive as by way of the engine, are counted as there, and go there as soon as
the unit is to do more with them than to carry them."""
import contextlib
import hashlib
import json
import os
import re
import signal
import struct

import pytest

from support.fast_pair import INNER
from support.fast_ppp import PppFastPair
from support.launcher import Launcher
from support.numbered_flow import flows_both_ways
from support.ppp_file import LCP, PPPIOCCONNECT, PPPIOCDISCONN, PPPIOCSFLAGS
from support.ppp_link import CCP_OPEN, PPPIOCSCOMPRESS, STATELESS
from support.tcx import programs
from support.transfer import transfer
from support.wait import AT_MOST, SLOW, eventually

OCTETS = os.urandom(8 << 20)
DIGEST = hashlib.sha256(OCTETS).hexdigest()
PPPIOCSNPMODE, PPPIOCSPASS, PPPIOCGIDLE32, SIOCGPPPSTATS = 0x4008744b, 0x40107447, 0x8008743f, 0x89f0
IP, PASS, DROP, LOOP = {4: 0x21, 6: 0x57}, 0, 1, 0x200  # NPMODE_*, SC_LOOP_TRAFFIC
HEADER = 6 + 2 + 2  # of L2TPv2 and PPP

pytestmark = pytest.mark.usefixtures("fast_path")


def np_mode(unit, mode, family=4):
    unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", IP[family], mode))


def unit_counts(pair, end):
    """{way: (packets, octets)}, as programs ask for them"""
    stats = struct.unpack("=19I", pair.units[end].ioctl(SIOCGPPPSTATS))
    return {"RX": (stats[3], stats[1]), "TX": (stats[8], stats[6])}


def link_counts(pair, end):
    """The same as `ip -s link` shows them."""
    run = Launcher(pair.daemons[end], pair.hosts[end], options=["--files"])
    stats = json.loads(run("ip", "-s", "-j", "link", "show", "dev", "pw"))[0]["stats64"]
    return {way: (stats[way.lower()]["packets"], stats[way.lower()]["bytes"]) for way in ("RX", "TX")}


def test_tcp_takes_it_both_ways(wire_once):
    with PppFastPair(wire_once) as pair:
        near, far = pair.hosts
        before = pair.slow_packets(0), pair.slow_packets(1)
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        for end in (0, 1):
            for old, new in zip(before[end], pair.slow_packets(end)):
                assert new <= old + 10, "the engine has moved packets of the transfer"
        eventually(pair.agree, "the counters of both ends agree")


def test_all_is_counted(wire_once):
    """In session, unit and what programs ask for, of the unit, or under `ul2tp run --files` of rtnetlink: as many packets and
    octets as were sent, at both ends.

    Requirements: STAT-1, PPP-64, PPP-53
    """
    with PppFastPair(wire_once) as pair:
        eventually(pair.agree, "what made them busy has arrived")
        sessions, units = pair.counts(), [unit_counts(pair, end) for end in (0, 1)]
        pair.hosts[0].run("ping", "-c", 500, "-i", "0.002", "-s", 1000, INNER[4][1])
        for end in (0, 1):
            for way in ("TX", "RX"):
                new = pair.counts()[end]
                assert new[f"{way}_PACKETS"] - sessions[end][f"{way}_PACKETS"] == 500
                assert new[f"{way}_BYTES"] - sessions[end][f"{way}_BYTES"] == 500 * (HEADER + 1028)
                packets, octets = (a - b for a, b in zip(unit_counts(pair, end)[way], units[end][way]))
                assert (packets, octets) == (500, 500 * 1028)
            counted = unit_counts(pair, end)
            assert link_counts(pair, end) == counted, "nothing has moved meanwhile"
            stats = pair.sockets[end].stats()
            assert (stats["tx_packets"], stats["rx_packets"]) == (pair.counts()[end]["TX_PACKETS"], pair.counts()[end]["RX_PACKETS"])
        assert pair.agree()


def test_the_time_without_traffic(plain_wire):
    """
    Requirements: PPP-53
    """
    def idle():
        return struct.unpack("=II", pair.units[0].ioctl(PPPIOCGIDLE32))
    with PppFastPair(plain_wire) as pair:
        eventually(lambda: min(idle()) >= 2)
        before = pair.slow_packets(0)
        pair.hosts[0].run("ping", "-c", 2, "-i", "0.002", INNER[4][1])
        assert pair.slow_packets(0) == before
        assert max(idle()) < 2


@pytest.mark.parametrize("session", [{}, {"L2SPEC_TYPE": 0}, {"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"}],
                         ids=["plain", "none", "cookie"])
def test_version_3(plain_wire, session):
    with PppFastPair(plain_wire, version=3, session=session) as pair:
        before = pair.slow_packets(0), pair.slow_packets(1)
        for family in ("-4", "-6"):
            pair.hosts[0].run("ping", family, "-c", 50, "-i", "0.002", "-s", 1000, INNER[int(family[1])][1])
        assert (pair.slow_packets(0), pair.slow_packets(1)) == before
        assert pair.agree()


@pytest.mark.parametrize("modes", [("require", "off"), ("off", "require")], ids=["near", "far"])
def test_one_end_alone(wire_once, modes):
    """Checksums and segmentation that one end has left to whoever needs them, the engine of the other leaves to the system."""
    with PppFastPair(wire_once, modes) as pair:
        near, far = pair.hosts
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        if wire_once.underlay == "plain":
            eventually(pair.agree, "the counters of both ends agree")


def test_nothing_is_overtaken_where_the_path_changes(wire_once):
    """By a rate that no flow comes near to, which the engine alone can hold."""
    with PppFastPair(wire_once) as pair:
        near, far = pair.hosts
        slow, sent = pair.slow_packets(0)[0], pair.counts()[0]["TX_PACKETS"]

        def enough():
            """Both paths were taken."""
            by_engine = pair.slow_packets(0)[0] - slow
            return min(by_engine, pair.counts()[0]["TX_PACKETS"] - sent - by_engine) > 500
        with flows_both_ways(near, far, INNER[4][1], INNER[6][0]):
            changes = 0
            while changes < 60 // SLOW or not enough():
                pair.police(0, 10_000_000_000)
                assert pair.reason(0) == "ppp-policed"
                pair.police(0, 0)
                eventually(lambda: pair.reason(0) == "used")
                changes += 1


def no_answer(host, family=4):
    return host.run("ping", f"-{family}", "-c", 3, "-i", "0.01", "-W", "0.2", INNER[family][1], check=False).returncode != 0


def all_is_fast(pair, family):
    before = pair.slow_packets(0)
    pair.hosts[0].run("ping", f"-{family}", "-c", 20, "-i", "0.002", INNER[family][1])
    return pair.slow_packets(0) == before


def test_what_is_asked_of_a_unit_holds_when_it_is_answered(plain_wire):
    """Of a protocol that is closed nothing goes through; the other goes on by the fast path.

    Requirements: PPP-52, PPP-50
    """
    with PppFastPair(plain_wire) as pair:
        near, unit = pair.hosts[0], pair.units[0]
        for closed, other in ((4, 6), (6, 4)):
            np_mode(unit, DROP, closed)
            assert no_answer(near, closed)
            eventually(lambda: all_is_fast(pair, other))
            np_mode(unit, PASS, closed)
            eventually(lambda: not no_answer(near, closed))
            eventually(lambda: all_is_fast(pair, closed))
        for family in (4, 6):
            np_mode(unit, DROP, family)
        assert pair.reason(0) == "ppp-mode"
        for family in (4, 6):
            np_mode(unit, PASS, family)
        eventually(lambda: pair.reason(0) == "used")
        unit.ioctl_int(PPPIOCSFLAGS, LOOP)
        assert pair.reason(0) == "ppp-mode"
        assert no_answer(near)
        unit.ioctl_int(PPPIOCSFLAGS, 0)
        eventually(lambda: pair.reason(0) == "used")
        eventually(lambda: not no_answer(near))


def test_a_filter_ends_it(plain_wire):
    """What it looks at only the engine sees: all is refused here.

    Requirements: PPP-61
    """
    nothing_passes = struct.pack("=HBBI", 6, 0, 0, 0)
    with PppFastPair(plain_wire) as pair:
        pair.units[0].ioctl(PPPIOCSPASS, nothing_passes)
        assert pair.reason(0) == "ppp-features"
        assert no_answer(pair.hosts[0])
        assert pair.reason(1) == "used"


def test_a_unit_that_may_encrypt_is_the_engines(plain_wire):
    """Whatever the order in which a program sets compressors and says that CCP is open; when it is closed they are gone.

    Requirements: PPP-50, PPP-60
    """
    with PppFastPair(plain_wire) as pair:
        unit = pair.units[0]
        unit.ioctl(PPPIOCSCOMPRESS, struct.pack("=I", 1) + STATELESS + bytes(16))
        assert pair.reason(0) == "ppp-features"
        for flags in (0, CCP_OPEN):
            unit.ioctl_int(PPPIOCSFLAGS, flags)
            assert pair.reason(0) == "ppp-features"
        unit.ioctl_int(PPPIOCSFLAGS, 0)
        assert pair.reason(0) == "used"


@contextlib.contextmanager
def pinging(pair):
    """Before, during and after."""
    def twenty_more():
        reached = pair.counts()[1]["TX_PACKETS"] + 20
        eventually(lambda: pair.counts()[1]["TX_PACKETS"] > reached, "pings are answered")
    ping = pair.hosts[0].popen("ping", "-i", "0.005", "-q", INNER[4][1], stdout=-1, text=True)
    twenty_more()
    yield
    twenty_more()
    ping.send_signal(signal.SIGINT)
    out = ping.communicate(timeout=AT_MOST)[0]
    sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", out).groups()
    assert int(received) >= int(sent) - 1 > 20, out


def test_control_frames_come_to_the_files(plain_wire):
    """What is not IP never takes it, while data does."""
    with PppFastPair(plain_wire) as pair, pinging(pair):
        for _ in range(50):
            pair.channels[0].send(LCP)
            assert pair.channels[1].receive() == LCP
            pair.units[1].send(b"\x80\x21" + LCP[2:])
            assert pair.units[0].receive() == b"\x80\x21" + LCP[2:]


def test_another_session_of_the_unit(plain_wire):
    """Both together do not take it; the first does again when the second has gone.

    Requirements: PPP-3
    """
    with PppFastPair(plain_wire) as pair:
        pair.apis[0].session_create(1, 2, PW_TYPE=7, PEER_SESSION_ID=2)
        link = pair.another(0, 2)
        assert pair.reason(0) == "ppp-channels"
        link.ioctl(PPPIOCDISCONN)
        eventually(lambda: pair.reason(0) == "used")
        pair.warm_up()
        before = unit_counts(pair, 0)["TX"][0], pair.slow_packets(0)
        pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", INNER[4][1])
        assert unit_counts(pair, 0)["TX"][0] == before[0] + 20
        assert pair.slow_packets(0) == before[1]


def test_disconnected_and_connected_again(plain_wire):
    """What is counted goes on from where it was, and nothing of ours stays on the interface meanwhile."""
    with PppFastPair(plain_wire) as pair:
        sessions, unit = pair.counts()[0], unit_counts(pair, 0)
        for _ in range(3):
            pair.channels[0].ioctl(PPPIOCDISCONN)
            assert pair.reason(0) == "ppp-unit"
            assert programs(pair.hosts[0], "pw") == (0, 0)
            assert pair.counts()[0]["TX_PACKETS"] >= sessions["TX_PACKETS"]
            assert unit_counts(pair, 0) == unit
            pair.channels[0].ioctl_int(PPPIOCCONNECT, pair.numbers[0])
            pair.warm_up()
            assert pair.reason(0) == "used"
            eventually(pair.agree)
            sessions, unit = pair.counts()[0], unit_counts(pair, 0)
        assert sum(sessions[k] for k in ("TX_PACKETS", "RX_PACKETS")) == unit["TX"][0] + unit["RX"][0]


def test_a_session_that_goes_and_another_in_its_place(plain_wire):
    """The unit stays, and so does what it has counted; the new session begins at nothing."""
    with PppFastPair(plain_wire) as pair:
        unit = unit_counts(pair, 0)
        pair.apis[0].session_delete(1, 1)
        assert unit_counts(pair, 0) == unit
        assert programs(pair.hosts[0], "pw") == (0, 0)
        pair.sockets[0].close()
        pair.channels[0].close()
        pair.apis[0].session_create(1, 1, PW_TYPE=7, PEER_SESSION_ID=1)
        assert pair.counts()[0]["TX_PACKETS"] == 0
        pair.make_channel(0)
        pair.warm_up()
        assert pair.reason(0) == "used"
        assert unit_counts(pair, 0)["TX"][0] - unit["TX"][0] == pair.counts()[0]["TX_PACKETS"]


def test_an_engine_that_dies(plain_wire):
    """Data goes on without it, and counters are kept, over an upgrade of ul2tpd, too. A unit whose program ends meanwhile goes,
    with what led to it."""
    with PppFastPair(plain_wire) as pair:
        unit, sent = unit_counts(pair, 0), pair.counts()[0]["TX_PACKETS"]
        pair.ping_while_the_engine_dies()
        assert pair.counts()[0]["TX_PACKETS"] == sent + 200
        assert unit_counts(pair, 0)["TX"][0] == unit["TX"][0] + 200
        pair.warm_up()
        assert pair.reason(0) == "used"
        unit, sent = unit_counts(pair, 0), pair.counts()[0]["TX_PACKETS"]
        pair.ping_while(pair.daemons[0].upgrade)
        assert pair.counts()[0]["TX_PACKETS"] == sent + 200
        assert unit_counts(pair, 0)["TX"][0] == unit["TX"][0] + 200
        pair.warm_up()
        assert pair.reason(0) == "used"
        np_mode(pair.units[0], DROP)
        assert no_answer(pair.hosts[0])


def test_a_unit_whose_program_ends_while_no_engine_runs(plain_wire):
    """What comes for its session goes to the engine again, and is counted there: nothing is sent to an interface that is gone."""
    with PppFastPair(plain_wire) as pair:
        engine = pair.daemons[0].engine_pid
        os.kill(engine, signal.SIGKILL)
        pair.units[0].close()
        pair.daemons[0].next_engine(engine)
        eventually(lambda: "pw" not in pair.hosts[0].devices())
        pair.again(0)
        eventually(lambda: pair.reason(0) == "ppp-unit")
        pair.hosts[1].run("ping", "-c", 3, "-i", "0.01", "-W", "0.2", INNER[4][0], check=False)
        pair.channels[1].send(LCP)
        eventually(lambda: LCP in pair.channels[0].waiting(), "the session is not deaf")


CONFIGURED = {
    "netfilter": (["nft", "add table inet t; add chain inet t c { type filter hook output priority 0; }; "
                   "add rule inet t c udp dport 7000 drop"], ["nft", "delete table inet t"]),
    "device-qdisc": (["tc", "qdisc", "add", "dev", "pw", "root", "tbf", "rate", "8kbit", "burst", "1k", "limit", "1k"],
                     ["tc", "qdisc", "del", "dev", "pw", "root"]),
    "device-filter": (["sh", "-c", "tc qdisc add dev pw clsact; tc filter add dev pw egress bpf da bytecode '1,6 0 0 2,'"],
                      ["tc", "qdisc", "del", "dev", "pw", "clsact"]),
}


@pytest.mark.parametrize("reason", CONFIGURED)
def test_what_is_configured_on_the_host_holds(plain_wire, reason):
    command, undo = CONFIGURED[reason]
    with PppFastPair(plain_wire) as pair:
        near = pair.hosts[0]
        near.run(*command)
        eventually(lambda: pair.reason(0) == reason)
        assert near.run("ping", "-c", 20, "-i", "0.01", "-s", 1000, "-W", "0.2", INNER[4][1], check=False).returncode != 0
        near.run(*undo)
        eventually(lambda: pair.reason(0) == "used")
        eventually(lambda: not no_answer(near))


def test_an_ipsec_policy_holds(plain_wire):
    own, peer = plain_wire.addresses(plain_wire.family)
    with PppFastPair(plain_wire) as pair:
        near = pair.hosts[0]
        near.run("ip", "xfrm", "policy", "add", "dir", "out", "src", own, "dst", peer, "action", "block")
        eventually(lambda: pair.reason(0) == "xfrm")
        assert no_answer(near)
        near.run("ip", "xfrm", "policy", "flush")
        eventually(lambda: pair.reason(0) == "used")
        eventually(lambda: not no_answer(near))
