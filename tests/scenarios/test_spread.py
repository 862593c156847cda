# SPDX-License-Identifier: BSD-2-Clause
"""Several workers receive from one endpoint: each peer's packets by one of them, in order, and counted as ever."""
import os
import signal
import socket
import threading

import pytest

from support import wire
from support.daemon import Daemon
from support.many_peers import BURST, PORT, ManyPeers, workers_ns
from support.netns import Cable
from support.wait import eventually

PEERS = 16
ROUNDS = 40
FRAME = wire.frame(b"a frame", length=60)


@pytest.fixture
def wide():
    """Packets that were put together pass whole."""
    made = Cable(offloads=True)
    yield made
    made.close()


def worked(daemon, many, rounds=ROUNDS):
    """The share of each worker in the time that receiving took."""
    before = workers_ns(daemon)
    many.send(rounds)
    eventually(lambda: many.read() >= many.sent(), "all have come", timeout=20)
    took = {name: ns - before[name] for name, ns in workers_ns(daemon).items()}
    return {name: ns / sum(took.values()) for name, ns in took.items()}


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("workers", (2, 4))
def test_peers_are_spread_and_keep_their_order(build, wide, workers, family):
    """All packets come out, once and in order, and every worker has received a good part of them.

    Requirements: RX-4, RX-8
    """
    with Daemon("--workers", workers, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, PEERS, family) as many:
        shares = worked(daemon, many)
        many.all_came()
        assert len(shares) == workers
        assert min(shares.values()) > 0.2 / workers, shares


def test_one_worker_has_one_socket(build, wide):
    """
    Requirements: RX-4
    """
    with Daemon("--workers", 1, "--fast-path", "off") as daemon:
        with ManyPeers(daemon, wide, 2) as many:
            many.send(2)
            many.all_came()
            own = wide.near.read("udp").count(f":{PORT:04X} ")
            assert own == 2  # the other only sends


def test_who_joins_the_port_gets_nothing(build, wide):
    """Root's socket with SO_REUSEPORT can be bound to it, others can not; all packets are ours as before.

    Requirements: RX-4
    """
    with Daemon("--workers", 2, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, PEERS) as many:
        with wide.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain, pytest.raises(OSError, match="in use"):
            plain.bind((many.address, PORT))
        with wide.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as joined:
            joined.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            joined.bind((many.address, PORT))
            many.send(4)
            many.all_came()
            with pytest.raises(BlockingIOError):
                joined.recv(100, socket.MSG_DONTWAIT)


def test_connected_endpoints_are_spread(build, wide):
    """As the kernel has them, each tunnel with a port of its own.

    Requirements: TUN-10, TUN-16
    """
    with Daemon("--workers", 4, "--kernel-quirks", "--fast-path", "off") as daemon, \
            ManyPeers(daemon, wide, PEERS, alone=True) as many:
        shares = worked(daemon, many)
        many.all_came()
        assert min(shares.values()) > 0.05, shares


@pytest.mark.parametrize("workers", (2, 4))
def test_a_new_engine_receives_as_the_old_one(build, wide, workers):
    """It is killed under traffic: nothing comes twice or is overtaken, and when the next is there nothing is lost.

    Requirements: RX-4
    """
    with Daemon("--workers", workers, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, PEERS) as many:
        many.send(5)
        for times in range(1, 4):
            os.kill(daemon.engine_pid, signal.SIGKILL)
            many.send(10)
            eventually(lambda wanted=times: daemon.log.count("adopted tunnels") >= wanted, "the next engine is there")
            many.send(5)
        many.ascending()
        settled = many.sent()
        eventually(lambda: workers_ns(daemon), "it has workers")
        shares = {}

        def all_later():
            """Of what is sent from now on."""
            many.read()
            return all(numbers and numbers[-1] == peer.sent - 1 for peer in many.peers
                       for numbers in (many.numbers[s] for s in peer.session_ids))

        eventually(all_later, "what waited has come")
        came = many.read()
        before = workers_ns(daemon)
        many.send(20)
        eventually(lambda: many.read() - came >= many.sent() - settled, "all that was sent later has come")
        many.ascending()
        after = workers_ns(daemon)
        shares = {name: after[name] - before[name] for name in after}
        assert len(shares) == workers and min(shares.values()) > 0.05 * sum(shares.values()), shares


def test_sessions_come_and_go_under_traffic(build, wide):
    """Sessions and tunnels beside those with traffic; of these nothing is lost.

    Requirements: RX-4
    """
    with Daemon("--workers", 4, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, PEERS) as many:
        stop, failed = threading.Event(), []

        def change():
            try:
                turn = 0
                while not stop.is_set():
                    peer = many.peers[turn % PEERS]
                    many.api.session_create(peer.conn_id, 70000 + turn, L2SPEC_TYPE=wire.NONE)
                    peer.send_one(wire.data(70000 + turn, FRAME))
                    many.api.tunnel_create(CONN_ID=90000, PEER_CONN_ID=1, IP_SADDR=many.address, IP_DADDR="192.0.2.99",
                                           UDP_SPORT=PORT, UDP_DPORT=4000 + turn)
                    many.api.session_create(90000, 90000, L2SPEC_TYPE=wire.NONE)
                    peer.send_one(wire.data(90000, FRAME))
                    many.api.session_delete(peer.conn_id, 70000 + turn)
                    many.api.tunnel_delete(90000)
                    turn += 1
            except Exception as why:  # pylint: disable=broad-exception-caught
                failed.append(why)

        changes = threading.Thread(target=change)
        changes.start()
        try:
            many.send(ROUNDS * 2)
        finally:
            stop.set()
            changes.join()
        assert not failed
        many.all_came()


@pytest.mark.parametrize("workers", (1, 4))
def test_what_is_odd_is_counted_as_ever(build, wide, workers):
    """By whichever worker it came: control messages, unknown sessions, other peers' packets, short ones; and a session
    of PPP gets its packets.

    Requirements: RX-1, RX-2, RX-4, RX-6, LIM-17
    """
    with Daemon("--workers", workers, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, 8) as many:
        for peer, other in zip(many.peers, many.peers[1:] + many.peers[:1]):
            many.ppp_session(peer, 500000 + peer.number)
            peer.send_one(wire.data(500000 + peer.number, b"\xff\x03\x00\x21packet"))
            peer.send_one(b"\xc8\x02" + b"\0" * 20)
            peer.send_one(wire.data(4000000, FRAME))
            peer.send_one(b"\0\3")
            peer.send_one(wire.data(other.session_ids[0], FRAME))
            peer.send_one(b"\0\2" + wire.data(peer.session_ids[0], FRAME)[2:])
        wanted = {"control": 1, "unknown-session": 2, "short": 1, "wrong-peer": 1}
        for peer in many.peers:
            eventually(lambda peer=peer: {k: v for k, v in many.api.tunnel_more(peer.conn_id).rx_drops.items()
                                          if k in wanted} == wanted, f"counted in tunnel {peer.conn_id}")
            eventually(lambda peer=peer: many.api.session_more(peer.conn_id, 500000 + peer.number).rx_drops.get(
                "no-socket") == 1, "the session of PPP had it")
        many.send(2)
        many.all_came()


@pytest.mark.parametrize("workers", (1, 4))
def test_by_ids_alone_they_come_from_anywhere(build, wide, workers):
    """In the order in which one sender sends them.

    Requirements: RX-10
    """
    with Daemon("--workers", workers, "--fast-path", "off") as daemon, ManyPeers(daemon, wide, 8) as many:
        for peer in many.peers:
            many.api.more("TUNNEL_SET", {"CONN_ID": peer.conn_id}, PEER_CHECK=1)
        ids = [peer.session_ids for peer in many.peers]
        for peer, others in zip(many.peers, ids[1:] + ids[:1]):
            peer.session_ids = others
        many.send(ROUNDS)
        many.all_came()
        assert many.sent() == ROUNDS * BURST * 3 * 8
