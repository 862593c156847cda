# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels on programs' sockets when engines and daemons die, rings are full, namespaces go, and there are many."""
import contextlib
import os
import select
import signal
import socket
import statistics
import threading
import time

import pytest

from support import proc, wire
from support.api import Api, gone
from support.daemon import Cli, Daemon, descriptors, no_more_than
from support.netns import Cable, Namespace
from support.program_socket import CONTROL, ProgramSocket, beside, next_port
from support.rig import rig_of
from support.wait import AT_MOST, SLOW, eventually

quick = pytest.mark.quick
FRAME = wire.frame(b"data", 60)


def next_engine(rig, programs):
    """Kill the engine, and ask the next."""
    daemon = rig.daemon
    engine = daemon.engine_pid
    os.kill(engine, signal.SIGKILL)
    rig.api.close()
    daemon.next_engine(engine)
    rig.api = Api(daemon, rig.near)
    for p in programs:
        p.api = rig.api


@pytest.fixture(params=["ebpf", "raw"])
def way(request):
    """How data leaves programs' sockets."""
    return request.param


def without_stats(tunnels):
    return {i: {k: v for k, v in t.items() if k != "STATS"} for i, t in tunnels.items()}


def waits(sock):
    return bool(select.select([sock], [], [], 0)[0])


@quick
def test_the_engine_is_killed_under_traffic(own_cable, build, way):
    """What is on its way waits for the next engine, which knows the sockets, sessions and counters."""
    with Daemon("--workers", 2, "--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        programs = [ProgramSocket(rig, family).tunnel().session().up() for family in (4, 6)]
        loose = ProgramSocket(rig, connected=False).tunnel().session()
        before = rig.api.tunnels()
        sent, stop = [0, 0], threading.Event()

        def send():
            while not stop.is_set():
                for index, p in enumerate(programs):
                    p.send(p.data())
                    sent[index] += 1
                time.sleep(0.001)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        try:
            eventually(lambda: all(p.stats()["RX_PACKETS"] > 20 for p in programs))
            next_engine(rig, [*programs, loose])
            reached = list(sent)
            eventually(lambda: all(sent[i] > reached[i] + 20 for i in (0, 1)))
        finally:
            stop.set()
            sender.join(AT_MOST)
        for index, p in enumerate(programs):
            # A batch that was read from a socket, and not from a ring, dies with its reader.
            batch = 0 if way == "ebpf" else 32
            eventually(lambda i=index, q=p, b=batch: q.stats()["RX_PACKETS"] >= sent[i] - b, "none is lost")
            assert not waits(p.socket)
            p.nothing_for_the_program()
            assert p.transmit()[0].endswith(wire.frame(b"to the peer", 60))
            p.capture.take(20)
        assert without_stats(rig.api.tunnels()) == without_stats(before)
        loose.send(loose.data())
        loose.delivered(1)
        loose.connect()
        rig.api.socket_changed(loose.socket)
        for p in [*programs, loose]:
            p.socket.close()
        eventually(lambda: not rig.api.tunnels(), "all tunnels are gone")


@quick
def test_sockets_for_one_peer_and_the_next_engine(own_cable, build, way):
    """What the system gives to the newest of them is still for all.

    Requirements: RX-10
    """
    with Daemon("--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        port = next_port()
        first = beside(rig, port)
        programs = [first, beside(rig, port, first)]
        next_engine(rig, programs)
        for count in (1, 2):
            for p in programs:
                first.send(p.data())
                p.delivered(count)
            beside(rig, port, first)


@quick
def test_a_socket_that_is_closed_while_there_is_no_engine(own_cable, build, way):
    """
    Requirements: TUN-45
    """
    with Daemon("--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        p = ProgramSocket(rig).tunnel().session()
        kept = ProgramSocket(rig).tunnel().session()
        engine = daemon.engine_pid
        os.kill(daemon.keeper_pid, signal.SIGSTOP)
        try:
            os.kill(engine, signal.SIGKILL)
            p.socket.close()
        finally:
            os.kill(daemon.keeper_pid, signal.SIGCONT)
        rig.api.close()
        daemon.next_engine(engine)
        kept.api = rig.api = Api(daemon, rig.near)
        eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel is gone")
        kept.send(kept.data())
        kept.delivered(1)


@quick
def test_a_dead_daemon_leaves_no_deaf_socket(own_cable, build):
    """Two seconds after it died data reaches the program again; and a new daemon can have the socket."""
    daemon = Daemon("--divert", "ebpf")
    try:
        with rig_of(daemon, own_cable) as rig:
            p = ProgramSocket(rig).tunnel().session().up()
            p.send(p.data())
            p.delivered(1)
            daemon.kill()
            died = time.monotonic()

            def heard():
                p.send(p.data())
                return waits(p.socket)
            eventually(heard, "data reaches the program", timeout=10, interval=0.05)
            assert time.monotonic() - died < 3 * SLOW
            assert p.received() == p.data()
            eventually(lambda: p.device not in rig.near.devices(), "the interface is gone")
            with Daemon("--divert", "ebpf") as other:
                rig.api.close()
                p.api = rig.api = Api(other, rig.near)
                while waits(p.socket):
                    p.socket.recv(1 << 16)
                p.tunnel().session(SESSION_ID=p.session_id)
                p.send(p.data())
                p.delivered(1)
                p.nothing_for_the_program()
                rig.api.tunnel_delete(p.id)
                p.send(p.data())
                assert p.received() == p.data()
    finally:
        daemon.kill()


@quick
def test_a_full_ring_drops_and_counts(own_cable, build):
    """While the engine does not look; later each packet is either delivered or counted, and none the program's."""
    with Daemon("--divert", "ebpf") as daemon, rig_of(daemon, own_cable) as rig:
        p = ProgramSocket(rig, connected=False, bound="any").tunnel().session()
        sender = rig.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rig.closing.append(sender)
        packet = p.data(bytes(60000))
        engine = daemon.engine_pid
        os.kill(engine, signal.SIGSTOP)
        try:
            eventually(lambda: proc.stands_still(engine), "each of its threads has stopped", interval=0.001)
            for _ in range(200):
                sender.sendto(packet, ("127.0.0.1", p.port))
        finally:
            os.kill(engine, signal.SIGCONT)
        eventually(lambda: p.stats()["RX_PACKETS"] > 50, "some are delivered")
        sender.sendto(packet, ("127.0.0.1", p.port))
        eventually(lambda: p.stats()["RX_PACKETS"] + p.api.session_more(
            p.id, p.session_id).rx_drops.get("ring-full", 0) == 201, "the rest is counted")
        assert p.stats()["RX_ERRORS"] == p.api.session_more(p.id, p.session_id).rx_drops["ring-full"] > 0
        assert not waits(p.socket)


@quick
def test_with_the_kernels_quirks_any_socket_of_the_namespace_delivers(own_cable, build, way):
    """
    Requirements: Q-8, RX-10
    """
    with Daemon("--kernel-quirks", "--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        a, b = ProgramSocket(rig).tunnel().session(), ProgramSocket(rig).tunnel().session()
        plain = ProgramSocket(rig)
        own = rig.tunnel()
        of_its_own = own.session(L2SPEC_TYPE=wire.NONE)
        a.send(b.data())
        b.delivered(1)
        a.send(of_its_own.packet(FRAME))
        eventually(lambda: of_its_own.stats()["RX_PACKETS"] == 1, "a session of a tunnel of ul2tpd's own, too")
        own.send(a.data())
        a.delivered(1)
        a.nothing_for_the_program()
        plain.send(b.data())
        assert plain.received() == b.data()
        # Of sessions that share an id the socket decides (SES-5).
        twin = ProgramSocket(rig).tunnel().session(SESSION_ID=b.session_id)
        b.send(b.data())
        b.delivered(2)
        twin.send(b.data())
        twin.delivered(1)
        a.for_the_program(b.data())
        next_engine(rig, [a, b, twin])
        b.send(a.data())
        a.delivered(2)
        rig.api.more("TUNNEL_SET", {"CONN_ID": a.id}, PEER_CHECK=0)
        b.for_the_program(a.data())
        rig.api.more("TUNNEL_SET", {"CONN_ID": a.id}, PEER_CHECK=1)
        b.send(a.data())
        a.delivered(3)


@quick
def test_without_them_the_socket_decides(own_cable, build, way):
    with Daemon("--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        a, b = ProgramSocket(rig).tunnel().session(), ProgramSocket(rig).tunnel().session()
        a.for_the_program(b.data())
        rig.api.more("TUNNEL_SET", {"CONN_ID": b.id}, PEER_CHECK=1)
        a.send(b.data())
        b.delivered(1)


@quick
def test_what_came_before_is_judged_as_things_were(own_cable, build, way):
    """A packet that the program got is not the session's too, because that may have it a moment later."""
    with Daemon("--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        a, b = ProgramSocket(rig).tunnel().session(), ProgramSocket(rig).tunnel().session()
        engine = daemon.engine_pid
        for thread in proc.threads(engine):  # who asks comes before who receives, if nothing else makes them wait
            os.sched_setaffinity(thread, {min(os.sched_getaffinity(0))})
            if thread != engine:
                os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        for count in range(1, 11):
            rig.api.more("TUNNEL_SET", {"CONN_ID": b.id}, PEER_CHECK=0)
            os.kill(engine, signal.SIGSTOP)
            going_on = threading.Timer(0.05, os.kill, (engine, signal.SIGCONT))
            try:
                eventually(lambda: proc.stands_still(engine), "each of its threads has stopped", interval=0.001)
                a.send(b.data())
                assert a.received() == b.data()
            finally:
                going_on.start()
            rig.api.more("TUNNEL_SET", {"CONN_ID": b.id}, PEER_CHECK=1)  # the engine finds both when it goes on
            a.send(b.data())
            b.delivered(count)


@quick
def test_a_program_keeps_its_namespace_and_we_do_not(build, way):
    """A socket alone keeps it, and the tunnel on it; when that goes the namespace goes.

    Requirements: TUN-47
    """
    with Daemon("--divert", way) as daemon:
        cable = Cable()
        try:
            with rig_of(daemon, cable) as rig:
                p = ProgramSocket(rig).tunnel().session()
                outside = Namespace("outside")
                try:
                    outside.ip("link add witness type veth peer name inside")
                    handle = os.open(cable.near.path, os.O_RDONLY)
                    outside.ip(f"link set inside netns {cable.near.name}")
                    os.close(handle)
                    rig.api.close()
                    for closable in rig.closing:
                        if closable is not p.socket:
                            closable.close()
                    cable.near.close()
                    time.sleep(1.5 * SLOW)
                    assert "witness" in outside.devices(), "the tunnel's socket keeps the namespace"
                    assert "event=tunnel-removed" not in daemon.log
                    p.socket.close()
                    eventually(lambda: "witness" not in outside.devices(), "the namespace is destroyed")
                    daemon.wait_for_log("event=tunnel-removed")
                finally:
                    outside.close()
                rig.api = Api(daemon)
        finally:
            cable.close()


@pytest.mark.plain
@quick
def test_a_hundred_tries_leave_nothing(own_cable, build, way):
    """
    Requirements: TUN-45
    """
    with Daemon("--divert", way) as daemon, rig_of(daemon, own_cable) as rig:
        first = ProgramSocket(rig).tunnel().session()
        first.socket.close()
        eventually(lambda: not rig.api.tunnels(), "the first is gone")
        before = {pid: descriptors(pid) for pid in (daemon.pid, daemon.engine_pid)}
        took, asked = [], []
        for number in range(100):
            p = ProgramSocket(rig, (4, 6)[number % 2], connected=number % 3 > 0).tunnel().session().up()
            p.capture.close()
            p.peer.close()
            began = time.monotonic()
            p.socket.close()
            eventually(lambda q=p: gone(rig.api.tunnel_get, q.id), "the tunnel is gone", interval=0.0005)
            took.append(time.monotonic() - began)
            began = time.monotonic()
            rig.api.tunnels()
            asked.append(time.monotonic() - began)
        eventually(lambda: not [d for d in rig.near.devices() if d.startswith("l2tpeth")], "no interface is left")
        assert not rig.api.sessions()
        assert dict(rig.api.status()["NESTED|USAGE"])["TUNNELS"] == 0
        for pid, had in before.items():
            no_more_than(had, pid)
        # Nothing waits for a clock. How fast the machine is now is told by how long a mere question takes.
        assert statistics.median(took) < 0.01 * SLOW + 10 * statistics.median(asked)
        assert "ul2tp" not in rig.near.run("ss", "-uanp").stdout


@pytest.mark.parametrize("workers", (1, 3))
def test_forty_namespaces(build, workers, way):
    """Each with a program of its own, served by the workers in turn."""
    with Daemon("--workers", workers, "--divert", way) as daemon, contextlib.ExitStack() as stack:
        sockets = []
        for _ in range(40):
            namespace = Namespace("many")
            stack.callback(namespace.close)
            api = stack.enter_context(Api(daemon, namespace))
            mine, peer = (namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in (1, 2))
            stack.callback(mine.close)
            stack.callback(peer.close)
            mine.bind(("127.0.0.1", 1701))
            peer.bind(("127.0.0.1", 1702))
            mine.connect(("127.0.0.1", 1702))
            api.tunnel_on(mine, CONN_ID=1, PEER_CONN_ID=2)
            api.session_create(1, 10, L2SPEC_TYPE=wire.NONE)
            sockets.append((api, mine, peer))
        for _ in range(5):
            for _, _, peer in sockets:
                peer.sendto(wire.data(10, FRAME), ("127.0.0.1", 1701))
        for api, mine, _ in sockets:
            eventually(lambda a=api: a.session_get(1, 10)["STATS"]["RX_PACKETS"] == 5, "each gets its own")
            assert not waits(mine)
        for _, mine, _ in sockets[::2]:
            mine.close()
        for number, (api, mine, peer) in enumerate(sockets):
            if number % 2:
                peer.sendto(CONTROL, ("127.0.0.1", 1701))
                assert mine.recv(100) == CONTROL
            else:
                eventually(lambda a=api: gone(a.tunnel_get, 1), "the tunnel is gone")


@quick
def test_the_way_is_logged_and_shown(build):
    """Asked for by name it is that way or none."""
    with Daemon("--divert", "ebpf", "--log-level", "info") as daemon:
        daemon.wait_for_log("event=divert divert=ebpf")
        assert "managed-ebpf" in Cli(daemon)("status")
