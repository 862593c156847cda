# SPDX-License-Identifier: BSD-2-Clause
"""The eBPF fast path: what it moves arrives as by way of the engine, and is counted as there."""
import hashlib
import json
import os
import signal
import subprocess
import time

import pytest

from support.daemon import BUILD, Cli, Daemon
from support.fast_pair import CHECKSUMS, INNER, FastPair, make_busy
from support.launcher import Launcher
from support.numbered_flow import flows_both_ways
from support.tcx import programs
from support.transfer import transfer
from support.wait import AT_MOST, SLOW, eventually

quick = pytest.mark.quick
OCTETS = os.urandom(8 << 20)
DIGEST = hashlib.sha256(OCTETS).hexdigest()


pytestmark = pytest.mark.usefixtures("fast_path")


def test_tcp_takes_it_both_ways(wire):
    """The interface's own counters do not see what leaves by it."""
    with FastPair(wire, session={"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"}) as pair:
        near, far = pair.hosts
        before = pair.slow_packets(0)[0]
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        assert pair.slow_packets(0)[0] <= before + 10, "the engine has sent packets of the transfer"


def test_all_is_counted(wire):
    """As many packets and octets as were sent, at both ends, in session and tunnel, and for programs under `ul2tp run --files` in
    the interface.

    Requirements: STAT-1, ETH-20
    """
    with FastPair(wire) as pair:
        before = pair.counts()
        pair.hosts[0].run("ping", "-c", 500, "-i", "0.002", "-s", 1000, INNER[4][1])
        eventually(pair.agree, "the counters of both ends agree")
        octets = 12 + 14 + 20 + 8 + 1000
        for old, new in zip(before, pair.counts()):
            for way in ("TX", "RX"):
                assert 500 <= new[f"{way}_PACKETS"] - old[f"{way}_PACKETS"] <= 504  # neighbours are asked for
                assert 0 <= new[f"{way}_BYTES"] - old[f"{way}_BYTES"] - 500 * octets <= 4 * 100

        def tunnel_agrees():  # between two looks a neighbour may be asked for
            tunnel, session = pair.apis[0].tunnel_get(1)["STATS"], pair.counts()[0]
            return all(tunnel[name] == session[name] for name in ("TX_PACKETS", "RX_PACKETS"))
        eventually(tunnel_agrees, "the tunnel counts what its session does")

        def interface_agrees():
            run = Launcher(pair.daemons[0], pair.hosts[0], options=["--files"])
            link = json.loads(run("ip", "-s", "-j", "link", "show", "pw"))[0]["stats64"]
            session, header = pair.counts()[0], 12
            return [link[way][what] for way in ("tx", "rx") for what in ("packets", "bytes")] == [
                session["TX_PACKETS"], session["TX_BYTES"] - header * session["TX_PACKETS"],
                session["RX_PACKETS"], session["RX_BYTES"]]
        eventually(interface_agrees, "the interface counts what its session does")


def nft(host, *lines):
    host.run("nft", "-f", "-", input="\n".join(lines) + "\n")


# On packets of the tunnel: as long as a host has it, all that leaves goes by way of the engine.
RULE = ("add table inet t", "add chain inet t out { type filter hook output priority 0; }", "add rule inet t out udp dport 7000 counter")


def test_what_goes_by_it_is_told(plain_wire):
    """Of what is counted in each direction; the rest is what went by way of the engine.

    Requirements: STAT-1
    """
    ways = [f"{way}_{what}" for way in ("tx", "rx") for what in ("packets", "octets")]
    with FastPair(plain_wire) as pair:
        def counted(end):
            """All, that by the fast path, and by the engine."""
            session = Cli(pair.daemons[end], pair.hosts[end]).json("-s show session tunnel_id 1 session_id 1")[0]
            slow = dict(zip(("tx_packets", "rx_packets"), pair.slow_packets(end)))
            return [{way: kind.get(way, 0) for way in ways} for kind in (session["counters"], session["fast_path"], slow)]

        def since(before, end):
            return [{way: new[way] - old[way] for way in ways} for new, old in zip(counted(end), before[end])]

        def one_way_by_it_alone():  # what a host says unasked may come between
            before = [counted(0), counted(1)]
            make_busy(pair.hosts[0], ["pw"])
            for end, nothing in ((0, ("rx_packets", "rx_octets")), (1, ("tx_packets", "tx_octets"))):
                everything, fast, _ = since(before, end)
                if everything != fast or sorted(fast.values())[2] < 40 or any(fast[way] for way in nothing):
                    return False
            return True

        def rest_is_the_engines():
            return all(everything[way] - fast[way] == slow[way]
                       for everything, fast, slow in (since(first, end) for end in (0, 1)) for way in ("tx_packets", "rx_packets"))
        first = [counted(0), counted(1)]
        nft(pair.hosts[0], *RULE)
        eventually(lambda: pair.reason(0) == "netfilter")
        make_busy(pair.hosts[0], ["pw"])
        nft(pair.hosts[0], "delete table inet t")
        eventually(lambda: pair.reason(0) == "used")
        eventually(one_way_by_it_alone, "frames that nobody answers count at one end as sent, at the other as received")
        eventually(rest_is_the_engines, "the engine's and the fast path's are all")
        assert since(first, 0)[2]["tx_packets"] >= 40


def test_the_last_packet_has_its_time(wire):
    """Which is read once a tick of the system's clock, of 10 ms at most; a session's own is that of its last packet."""
    with FastPair(wire) as pair:
        for _ in range(3):
            began = time.time() * 1000
            pair.hosts[0].run("ping", "-c", 2, "-i", "0.2", INNER[4][1])
            for end in (0, 1):
                shown = Cli(pair.daemons[end], pair.hosts[end]).json("-s show session tunnel_id 1 session_id 1")[0]["counters"]
                for way in ("tx_last_ms", "rx_last_ms"):
                    assert began + 150 < shown[way] < time.time() * 1000 + 50, way


@pytest.mark.parametrize("session", [{}, {"L2SPEC_TYPE": 0}, {"COOKIE": "c00c1e55", "PEER_COOKIE": "c00c1e55"}],
                         ids=["plain", "none", "short-cookie"])
def test_each_header(plain_wire, session):
    with FastPair(plain_wire, session=session) as pair:
        before = [*pair.slow_packets(0), *pair.slow_packets(1)]
        pair.hosts[0].run("ping", "-c", 50, "-i", "0.002", "-s", 1000, INNER[4][1])
        slow = [now - was for now, was in zip([*pair.slow_packets(0), *pair.slow_packets(1)], before)]
        assert max(slow) <= 5, "the engine has sent or received the pings"  # rather than what hosts say on their own
        eventually(pair.agree, "the counters of both ends agree")


@pytest.mark.parametrize("modes", [("require", "off"), ("off", "require")], ids=["near", "far"])
def test_one_end_alone(wire, modes):
    """The engine of the other end understands what leaves by the fast path: on some wires checksums are left to it,
    and a packet may be as long as many. What such are counted as, one end can not know of the other."""
    with FastPair(wire, modes) as pair:
        near, far = pair.hosts
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        if wire.underlay == "plain":
            eventually(pair.agree, "the counters of both ends agree")


def test_nothing_is_overtaken_where_the_path_changes(wire_once):
    """Two hundred times, by a rule that comes and goes, under datagrams and streams both ways; fewer where all is slow. Over IPv6
    with checksums of UDP: then it is the engine, too, that sends what TCP hands over to be cut."""
    with FastPair(wire_once, tunnel=CHECKSUMS if wire_once.family == 6 else None) as pair:
        near, far = pair.hosts
        eventually(lambda: pair.reason(0) == "used")
        slow = pair.slow_packets(0)
        sent = pair.counts()[0]["TX_PACKETS"]
        with flows_both_ways(near, far, INNER[4][1], INNER[6][0]):
            for _ in range(100 // SLOW):
                nft(near, *RULE)
                eventually(lambda: pair.reason(0) == "netfilter")
                nft(near, "delete table inet t")
                eventually(lambda: pair.reason(0) == "used")
        slow = pair.slow_packets(0)[0] - slow[0]
        sent = pair.counts()[0]["TX_PACKETS"] - sent
        assert slow > 1000 and sent - slow > 1000, "both paths were taken"


def test_a_program_is_there_while_it_is_needed(plain_wire):
    """Stopped or killed, ul2tpd leaves nothing on the underlay."""
    near = plain_wire.near
    with FastPair(plain_wire) as pair:
        assert "fast-path" in Cli(pair.daemons[0], near).json("status")["features"]
        assert programs(near, "wire") == (1, 0)
        assert programs(near, "pw") == (1, 1)
        pair.apis[0].session_delete(1, 1)
        eventually(lambda: programs(near, "wire") == (0, 0), "it goes with the last session")
        assert programs(plain_wire.far, "wire") == (1, 0)
        os.kill(pair.daemons[1].keeper_pid, signal.SIGKILL)
        eventually(lambda: programs(plain_wire.far, "wire") == (0, 0), "it goes with a killed keeper")
        pair.daemons[1].process.wait(AT_MOST)
        pair.daemons[1].kill()
        pair.daemons[1] = Daemon("--fast-path", "require")


def test_an_engine_that_dies(plain_wire):
    """Data goes on without it, and counters are kept."""
    with FastPair(plain_wire) as pair:
        sent = pair.counts()[0]["TX_PACKETS"]
        pair.ping_while_the_engine_dies()
        assert pair.counts()[0]["TX_PACKETS"] >= sent + 200
        eventually(pair.agree)


@pytest.mark.skipif(not os.path.exists("/proc/self/ns/time"), reason="this kernel has no time namespaces")
def test_in_a_time_namespace_it_is_refused(tmp_path):
    """The kernel's programs would take a keeper that looks for one that hangs, or the other way round."""
    done = subprocess.run(["unshare", "--time", "--fork", "--kill-child", "--monotonic", "1000", BUILD / "ul2tpd",
                           "--socket", tmp_path / "socket", "--fast-path", "require"], capture_output=True, text=True, timeout=AT_MOST, check=False)
    assert done.returncode == 1 and "time namespace" in done.stderr


def test_with_bpf_alone_it_is_refused(tmp_path):
    """CAP_BPF loads the programs, but does not see those of others on netfilter."""
    done = subprocess.run(["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", BUILD / "ul2tpd",
                           "--socket", tmp_path / "socket", "--fast-path", "require"], capture_output=True, text=True, timeout=AT_MOST, check=False)
    assert done.returncode == 1 and "the fast path needs CAP_SYS_ADMIN" in done.stderr
