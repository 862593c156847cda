# SPDX-License-Identifier: BSD-2-Clause
"""The eBPF fast path of tunnels on programs' own sockets: it takes their data and nothing else, and follows the socket."""
import hashlib
import os
import signal
import socket

import pytest

from support import wire
from support.capture import Capture, WireCapture
from support.daemon import BUILD, Cli, Daemon
from support.fast_managed import NO_CHECK, NO_CHECK6_RX, ManagedPair
from support.fast_pair import INNER, PORT, make_busy
from support.managed import managed
from support.numbered_flow import flows_both_ways
from support.program import Program
from support.tcx import programs
from support.transfer import transfer
from support.wait import SLOW, eventually

OCTETS = os.urandom(8 << 20)
DIGEST = hashlib.sha256(OCTETS).hexdigest()

pytestmark = pytest.mark.usefixtures("fast_path")


def test_it_takes_data_and_leaves_the_rest(wire):
    """
    Requirements: TUN-22, RX-9, STAT-1
    """
    with ManagedPair(wire, session={"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"}) as pair:
        near, far = pair.hosts
        assert (pair.reason(0), pair.reason(1)) == ("used", "used")
        before = pair.slow_packets(0)[0]
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        pair.control_is_the_programs()
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        assert pair.slow_packets(0)[0] <= before + 10, "the engine has sent packets of the transfer"
        pair.control_is_the_programs()
        eventually(pair.agree, "the counters of both ends agree")


@pytest.mark.parametrize("modes", [("require", "off"), ("off", "require")], ids=["near", "far"])
def test_one_end_alone(wire, modes):
    """What one end sends by the fast path the other takes out of the program's socket."""
    with ManagedPair(wire, modes) as pair:
        near, far = pair.hosts
        assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        pair.control_is_the_programs()


def test_checksums_as_the_socket_has_them(plain_wire):
    """Those that nobody turned off are sent, by the engine and by the fast path.

    Requirements: TX-3, TX-6
    """
    with ManagedPair(plain_wire) as pair, WireCapture(plain_wire.far, udp_port=PORT) as packets:
        for wanted in (False, True):
            pair.send_checksums(pair.sockets[0], wanted)
            pair.change(0)
            eventually(lambda: takes_it(pair))
            packets.waiting()
            make_busy(plain_wire.near, ["pw"])
            sent = [wire.outer(frame) for frame in packets.waiting()]
            assert len(sent) >= 40 and {packet.udp_checksum != 0 for packet in sent} == {wanted}


def test_where_data_is_diverted_without_ebpf(plain_wire):
    """What is handed up then comes by sockets that are read for all: the engine keeps to itself."""
    with ManagedPair(plain_wire, ("require --divert raw", "require")) as pair:
        assert (pair.reason(0), pair.reason(1)) == ("managed", "used")
        pair.hosts[0].run("ping", "-c", 100, "-i", "0.002", INNER[4][1])
        pair.control_is_the_programs()


TOS, TTL = {4: (socket.IPPROTO_IP, 1), 6: (socket.IPPROTO_IPV6, 67)}, {4: (socket.IPPROTO_IP, 2), 6: (socket.IPPROTO_IPV6, 16)}


def test_data_leaves_with_the_options_of_the_socket(plain_wire):
    """
    Requirements: TX-3
    """
    family, far = plain_wire.family, plain_wire.far
    tos_ttl = {4: lambda f: (f[15], f[22]), 6: lambda f: ((f[14] << 8 | f[15]) >> 4 & 0xff, f[21])}[family]
    with ManagedPair(plain_wire) as pair:
        pair.sockets[0].setsockopt(*TOS[family], 0x48)
        pair.sockets[0].setsockopt(*TTL[family], 33)
        pair.change(0)
        eventually(lambda: takes_it(pair), "it is taken up again")
        with Capture(far, "wire", lambda f: tos_ttl(f) == (0x48, 33)) as capture:
            slow = pair.slow_packets(0)[0]
            pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", INNER[4][1])
            assert pair.slow_packets(0)[0] <= slow + 2
            assert len(capture.waiting()) >= 20


def takes_it(pair):
    """Whether what leaves goes by the fast path now."""
    slow = pair.slow_packets(0)[0]
    pair.hosts[0].run("ping", "-c", 4, "-i", "0.05", INNER[4][1])
    return pair.slow_packets(0)[0] == slow


def test_an_engine_that_dies(plain_wire):
    """Data goes on without it, counters are kept, and the next engine knows the socket."""
    with ManagedPair(plain_wire) as pair:
        sent = pair.counts()[0]["TX_PACKETS"]
        pair.ping_while_the_engine_dies()
        assert pair.counts()[0]["TX_PACKETS"] >= sent + 200
        eventually(lambda: takes_it(pair))
        pair.connect_to_nobody(0)
        pair.change(0)
        pair.reason_is(0, "peer-check")
        pair.connect(0)
        pair.change(0)
        pair.reason_is(0, "used")
        pair.control_is_the_programs()
        eventually(pair.agree)


def test_it_follows_the_socket(wire_once):
    """Checksums are turned on and off, and the path changes, under datagrams and streams both ways: nothing is overtaken, all of
    it arrives. The far end sends them all the time."""
    with ManagedPair(wire_once) as pair:
        pair.send_checksums(pair.sockets[1], True)
        pair.change(1)
        near, far = pair.hosts
        slow, sent = pair.slow_packets(0)[0], pair.counts()[0]["TX_PACKETS"]
        with flows_both_ways(near, far, INNER[4][1], INNER[6][0]):
            for _ in range(50 // SLOW):
                for checksums in (True, False):
                    near.run("nft", "add table inet t; add chain inet t out { type filter hook output priority 0; }; "
                             f"add rule inet t out udp dport {PORT} counter")
                    pair.reason_is(0, "netfilter")
                    pair.send_checksums(pair.sockets[0], checksums)
                    pair.change(0)
                    near.run("nft", "delete table inet t")
                    pair.reason_is(0, "used")
        slow, sent = pair.slow_packets(0)[0] - slow, pair.counts()[0]["TX_PACKETS"] - sent
        assert slow > 100 and sent - slow > 100, "both paths were taken"


def test_a_socket_that_is_not_connected(plain_wire):
    """It has no peer, sends nothing and receives from whom it may; connected again, all is as before.

    Requirements: TUN-23
    """
    with ManagedPair(plain_wire) as pair:
        near, far = pair.hosts
        pair.connect_to_nobody(0)
        pair.change(0)
        pair.reason_is(0, "peer-check")
        sent = pair.counts()[0]["TX_PACKETS"]
        near.popen("ping", "-c", 3, "-i", "0.002", "-W", 1, INNER[4][1], stdout=-1).communicate()
        assert pair.counts()[0]["TX_PACKETS"] == sent
        pair.connect(0)
        pair.change(0)
        pair.reason_is(0, "used")
        slow = pair.slow_packets(0)[0]
        near.run("ping", "-c", 100, "-i", "0.002", INNER[4][1])
        assert pair.slow_packets(0)[0] <= slow + 60, "what was handed up is through"


def test_several_sockets_for_one_peer(plain_wire):
    """Which of them a packet is for the system decides, where session ids alone do not tell (SES-5).

    Requirements: RX-10
    """
    with ManagedPair(plain_wire) as pair:
        assert pair.reason(0) == "used"
        second = pair.make_socket(0)
        pair.apis[0].tunnel_on(second, CONN_ID=2, PEER_CONN_ID=2)
        pair.reason_is(0, "managed")
        pair.hosts[0].run("ping", "-c", 20, "-i", "0.002", INNER[4][1])
        pair.apis[0].tunnel_delete(2)
        second.close()


def test_an_unmodified_program(plain_wire):
    """Under `ul2tp run` what it sets is seen when it sets it; what it sends and gets by its socket stays its own.

    Requirements: TUN-22, TX-3
    """
    near, family = plain_wire.near, plain_wire.family
    with Daemon("--fast-path", "require") as daemon, \
            Program("scripted", near, [BUILD / "ul2tp", "run", "--"], {"UL2TP_SOCKET": daemon.socket}) as program, \
            managed(program, plain_wire, family=family) as tunnel:
        tunnel.open_session("pw")
        tunnel.data_both_ways(1)

        def shown():
            return Cli(daemon, near).json("-s show session")[0]

        def becomes(checksums):
            def is_it():
                make_busy(near, ["pw"])
                said = Cli(daemon, near).json("show tunnel")[0]["checksum" if family == 4 else "checksum_tx"]
                return said == checksums and shown()["fast_path"]["reason"] == "used"
            eventually(is_it, f"it is taken, with checksums: {checksums}")
        becomes(True)
        if family == 6:
            program.do("option", tunnel.id, *NO_CHECK6_RX, 1)
        program.do("option", tunnel.id, *NO_CHECK[family], 1)
        becomes(False)

        def by_the_fast_path():
            slow = near.link_statistics("pw")["tx_packets"]
            make_busy(near, ["pw"])
            return near.link_statistics("pw")["tx_packets"] == slow
        eventually(by_the_fast_path, "it is taken up when what was handed up is through")
        for number in range(20):
            tunnel.peer.send(tunnel.message(number), tunnel.port)
            assert program.control(tunnel.id) == tunnel.message(number)
        program.do("option", tunnel.id, *NO_CHECK[family], 0)
        becomes(True)
        program.do("close", tunnel.id)
        eventually(lambda: programs(near, "wire") == (0, 0) and "pw" not in near.devices())


@pytest.mark.parametrize("killed", (False, True), ids=("lives", "engine-killed"))
def test_the_last_close_ends_it(plain_wire, killed):
    """Under traffic, and whether there is an engine or not: nothing is taken any more, and nothing stays on the underlay.

    Requirements: TUN-40
    """
    near, far = plain_wire.near, plain_wire.far
    with ManagedPair(plain_wire) as pair:
        flow = near.popen("ping", "-c", 2000, "-i", "0.002", "-q", INNER[4][1], stdout=-1)
        received = pair.counts()[1]["RX_PACKETS"]
        eventually(lambda: pair.counts()[1]["RX_PACKETS"] > received + 100)
        if killed:
            os.kill(pair.daemons[1].engine_pid, signal.SIGKILL)
        pair.sockets[1].close()
        eventually(lambda: programs(far, "wire") == (0, 0), "the fast path goes with the socket")
        eventually(lambda: "pw" not in far.devices(), "and so does the interface")
        flow.kill()
        flow.communicate()
        assert pair.reason(0) == "used"
