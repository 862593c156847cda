# SPDX-License-Identifier: BSD-2-Clause
"""One daemon, many network namespaces, none of which it keeps alive."""
import contextlib
import errno
import itertools
import os
import signal
import socket
import time

import pytest

from support import netns, proc, wire
from support.api import Api, gone, refused
from support.capture import Capture
from support.daemon import Daemon, descriptors
from support.netns import Namespace, NamelessNamespace
from support.rig import Rig
from support.soon import within
from support.wait import eventually

quick = pytest.mark.quick
FRAME = wire.frame(b"a frame", length=60)
_names = itertools.count()


def populate(daemon, namespace, over_ip=True):
    """A tunnel of each kind, with a session each, on the loopback interface."""
    with Api(daemon, namespace) as api:
        api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1", UDP_SPORT=5001,
                          UDP_DPORT=5002)
        api.session_create(1, 10)
        if over_ip:
            api.tunnel_create(CONN_ID=3, PEER_CONN_ID=4, ENCAP_TYPE=1, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1")
            api.session_create(3, 11)


class Witness:
    """An interface outside whose other end is in the namespace: it goes when the namespace is destroyed."""

    def __init__(self, namespace, outside):
        self.outside, self.name = outside, f"witness{next(_names)}"
        handle = os.open(namespace.path, os.O_RDONLY)
        try:
            outside.ip(f"link add {self.name} type veth peer name inside")
            with outside.entered():
                netns.run("ip", "link", "set", "inside", "netns", f"/proc/{os.getpid()}/fd/{handle}", check=False)
                if "inside" in outside.devices():
                    raise AssertionError("the witness did not get in")
        finally:
            os.close(handle)

    def gone(self):
        return self.name not in self.outside.devices()


def search():
    """How long it takes here to look at all processes' descriptors, as the keeper does: on a busy machine a while."""
    began = time.monotonic()
    for pid in proc.pids():
        with contextlib.suppress(OSError):
            descriptors(pid)
    return time.monotonic() - began


def ends_within_a_second(witness, daemon, before):
    """From now on: everything of it is closed, a search through all processes' descriptors later, and then the system
    destroys it."""
    within(1 + 4 * search(),
           lambda: all(len(descriptors(pid)) <= count for pid, count in before.items()), [daemon], "its descriptors are closed")
    eventually(witness.gone, "the namespace is destroyed", timeout=10)


def counted(daemon):
    """How many descriptors either process has, once it has what it starts with."""
    with Api(daemon) as api:
        api.status()
    return {pid: len(descriptors(pid)) for pid in (daemon.pid, daemon.engine_pid)}


@quick
def test_ids_are_each_namespaces_own(shared_daemon, namespace):
    """
    Requirements: TUN-1, NL-4, SES-21
    """
    other = Namespace("other")
    try:
        populate(shared_daemon, namespace)
        with Api(shared_daemon, other) as api:
            assert api.tunnels() == {} and gone(api.tunnel_get, 1)
            with refused(errno.ENODEV):
                api.tunnel_delete(1)
        populate(shared_daemon, other)
        for here in (namespace, other):
            assert here.devices() == {"l2tpeth0", "l2tpeth1"}
        with Api(shared_daemon, other) as api:
            api.tunnel_delete(1)
            api.tunnel_delete(3)
        eventually(lambda: other.devices() == set())
        with Api(shared_daemon, namespace) as api:
            assert list(api.tunnels()) == [1, 3] and [s["SESSION_ID"] for s in api.sessions()] == [10, 11]
    finally:
        other.close()


@quick
def test_the_namespace_of_the_socket_counts(shared_daemon, namespace):
    """Not that of the thread that uses it.

    Requirements: NL-4
    """
    other = Namespace("other")
    try:
        with Api(shared_daemon, namespace) as api:
            with other.entered():
                api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1",
                                  UDP_SPORT=5001, UDP_DPORT=5002)
                api.session_create(1, 10, IFNAME="pw")
        assert namespace.devices() == {"pw"} and other.devices() == set()
    finally:
        other.close()


@quick
def test_two_ends_of_one_daemon(shared_daemon, cable):
    """Host and peer are served by the same process; a ping goes through.

    Requirements: TUN-12, RX-8, TX-1, RX-61
    """
    ends = ((cable.near, cable.NEAR4, cable.FAR4, 1), (cable.far, cable.FAR4, cable.NEAR4, 2))
    try:
        for here, own, peer, number in ends:
            with Api(shared_daemon, here) as api:
                api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, ENCAP_TYPE=1, IP_SADDR=own, IP_DADDR=peer)
                api.session_create(1, 1, COOKIE="c00c1e55", PEER_COOKIE="c00c1e55", IFNAME="pw")
            here.ip(f"address add 10.9.0.{number}/24 dev pw", "link set pw up")
        cable.near.run("ping", "-q", "-c", "5", "-i", "0.05", "-W", "10", "10.9.0.2")
        counts = []
        for here, *_ in ends:
            with Api(shared_daemon, here) as api:
                counts.append(api.session_get(1, 1)["STATS"])
        assert counts[0]["TX_PACKETS"] == counts[1]["RX_PACKETS"] >= 5
        assert counts[0]["TX_BYTES"] == counts[1]["RX_BYTES"]
        assert not any(c[e] for c in counts for e in ("RX_ERRORS", "TX_ERRORS"))
    finally:
        for here, *_ in ends:
            with Api(shared_daemon, here) as api:
                if not gone(api.tunnel_get, 1):
                    api.tunnel_delete(1)


@quick
def test_a_named_namespace_is_deleted(daemon, namespace, new_namespace):
    """`ip netns del`: within a second all of it has gone.

    Requirements: TUN-12, TUN-40, TUN-47
    """
    before = counted(daemon)
    doomed = new_namespace("doomed")
    witness = Witness(doomed, namespace)
    populate(daemon, doomed)
    doomed.close()
    ends_within_a_second(witness, daemon, before)
    # One of the same name starts empty.
    with Api(daemon, namespace) as api:
        assert api.tunnels() == {}


@quick
def test_the_last_process_of_an_unnamed_namespace_is_killed(daemon, namespace, new_namespace):
    """As when a container ends.

    Requirements: TUN-12, TUN-40, TUN-47
    """
    before = counted(daemon)
    doomed = new_namespace(kind=NamelessNamespace)
    witness = Witness(doomed, namespace)
    populate(daemon, doomed)
    time.sleep(0.5)
    assert not witness.gone()
    doomed.close()
    ends_within_a_second(witness, daemon, before)


@quick
def test_a_namespace_kept_by_a_descriptor_stays(daemon, namespace, new_namespace):
    """Somebody may still enter it; when the descriptor is closed it goes.

    Requirements: TUN-12, TUN-47
    """
    before = counted(daemon)
    kept = new_namespace(kind=NamelessNamespace)
    witness = Witness(kept, namespace)
    populate(daemon, kept)
    handle = os.open(kept.path, os.O_RDONLY)
    try:
        kept.close()
        time.sleep(2.5)
        assert not witness.gone()
        kept.path = f"/proc/self/fd/{handle}"
        with Api(daemon, kept) as api:
            assert list(api.tunnels()) == [1, 3]
            assert [s["SESSION_ID"] for s in api.sessions()] == [10, 11]
        assert kept.devices() == {"l2tpeth0", "l2tpeth1", "inside"}
    finally:
        os.close(handle)
    ends_within_a_second(witness, daemon, before)


@quick
def test_a_moved_device_goes_with_its_tunnels_namespace(daemon, namespace, new_namespace):
    """Wherever it is.

    Requirements: ETH-23, TUN-47, SES-42
    """
    doomed = new_namespace("doomed")
    populate(daemon, doomed)
    doomed.ip(f"link set l2tpeth0 netns {namespace.name}")
    assert "l2tpeth0" in namespace.devices()
    doomed.close()
    eventually(lambda: "l2tpeth0" not in namespace.devices(), timeout=10)


@quick
def test_traffic_when_another_namespace_ends(daemon, cable, new_namespace):
    """The end of one disturbs nobody else.

    Requirements: TUN-47
    """
    rig = Rig(daemon, cable)
    try:
        session = rig.session().up()
        for _ in range(3):
            doomed = new_namespace("doomed")
            populate(daemon, doomed)
            doomed.close()
            session.receive(FRAME)
            assert session.capture.take(1) == [FRAME]
            session.transmit(FRAME)
            assert session.tunnel.received().endswith(FRAME)
    finally:
        rig.close()


def test_forty_namespaces(daemon, namespace):
    """The same ids in each; all deleted at once.

    Requirements: TUN-1, TUN-12, TUN-47
    """
    before = counted(daemon)
    many = []
    try:
        witnesses = []
        for number in range(40):
            many.append(Namespace(f"n{number}"))
            witnesses.append(Witness(many[-1], namespace))
            populate(daemon, many[-1])
        for here in many:
            with Api(daemon, here) as api:
                assert list(api.tunnels()) == [1, 3] and len(api.sessions()) == 2
        # Data in one of them, between 39 others.
        here = many[17]
        here.ip("link set l2tpeth0 up")
        with Capture(here, "l2tpeth0") as capture:

            with here.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.bind(("127.0.0.1", 5002))
                peer.sendto(wire.data(10, FRAME, middle=wire.sublayer()), ("127.0.0.1", 5001))
                assert capture.take(1) == [FRAME]
    finally:
        for here in many:
            here.close()
    for witness in witnesses:
        eventually(witness.gone, timeout=20)
    for pid, count in before.items():
        eventually(lambda p=pid, c=count: len(descriptors(p)) <= c)


@quick
def test_notifications_stay_in_the_namespace(daemon, namespace):
    """A container does not learn what others do; --kernel-quirks gives the kernel's way.

    Requirements: Q-20, NL-82
    """
    other = Namespace("other")
    try:
        with Api(daemon, namespace) as here, Api(daemon, other) as there:
            here.subscribe()
            there.subscribe()
            populate(daemon, other, over_ip=False)
            assert [m.command_name for m in there.events(2)] == ["TUNNEL_CREATE", "SESSION_CREATE"]
            here.tunnels()
            assert here.events() == []
        with Daemon("--kernel-quirks") as quirky:
            with Api(quirky, namespace) as here:
                here.subscribe()
                with Api(quirky, other) as there:
                    there.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1",
                                        UDP_SPORT=6001, UDP_DPORT=5002)
                assert [m.command_name for m in here.events(1)] == ["TUNNEL_CREATE"]
    finally:
        other.close()


@quick
def test_with_kernel_quirks_the_ids_decide(cable, build):
    """
    Requirements: Q-8, RX-10
    """
    with Daemon("--kernel-quirks") as daemon:
        rig = Rig(daemon, cable)
        try:
            other, session = rig.tunnel(), rig.session().up()
            other.send(session.packet(FRAME))
            assert session.capture.take(1) == [FRAME]
        finally:
            rig.close()


@quick
@pytest.mark.parametrize("family", [4, 6])
def test_with_kernel_quirks_each_tunnel_has_its_own_port(cable, build, family):
    """Others find no socket there, and are told so; what the peer's host says by ICMP costs no packet. It holds for
    those that another engine takes up.

    Requirements: TUN-10, TUN-16, TUN-12, UDP-2, RX-10, NL-63
    """
    with Daemon("--kernel-quirks") as daemon:
        rig = Rig(daemon, cable)
        try:
            session = rig.session("udp", family, RECV_TIMEOUT=5).up()
            assert session.get()["RECV_TIMEOUT"] == 8
            session.modify(RECV_TIMEOUT=9)
            assert session.get()["RECV_TIMEOUT"] == 12
            with refused(errno.EADDRINUSE):
                rig.tunnel("udp", family, UDP_SPORT=session.tunnel.near_port)
            for engine in (1, 2):
                stranger = session.tunnel.far_socket()
                stranger.connect((session.tunnel.near_address, session.tunnel.near_port))
                stranger.settimeout(20)
                stranger.send(session.packet(FRAME))
                with pytest.raises(ConnectionRefusedError):
                    stranger.recv(100)
                session.receive(FRAME)
                assert session.capture.take(1) == [FRAME]
                assert session.counts()["RX_PACKETS"] == engine
                if engine == 1:
                    os.kill(daemon.engine_pid, signal.SIGKILL)
                    rig.api.close()
                    eventually(lambda: "adopted" in daemon.log, "the keeper starts another engine")
                    rig.api = Api(daemon, cable.near)
                    session.api = session.tunnel.api = rig.api
            session.tunnel.socket.close()
            for count in (1, 2, 3, 4):
                session.transmit(FRAME)
                eventually(lambda: session.counts().get("TX_PACKETS") == count)
            assert session.more().tx_drops == {}
        finally:
            rig.close()
