# SPDX-License-Identifier: BSD-2-Clause
"""PPP over the death of the engine: sockets, channels, units and bridges are there afterwards, nothing else is"""
import errno
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from support import wire
from support.api import PPP, Api, gone
from support.daemon import Cli, Daemon, descriptors, no_more_than
from support.launcher import Launcher
from support.netlink import Refused
from support.netns import Cable
from support.ppp_file import (BOUND, CONNECTED, DEAD, LCP, NEW, ON_CHANNEL, ON_IDLE_UNIT, ON_UNIT, PPPIOCATTACH,
                              PPPIOCBRIDGECHAN, PPPIOCCONNECT, PPPIOCGFLAGS, PPPIOCNEWUNIT,
                              PPPIOCSFLAGS, PPPIOCUNBRIDGECHAN, SENDSEQ, SESSION_GONE, PppClient, name)
from support.ppp_link import statistics
from support.rig import Rig
from support.wait import AT_MOST, SLOW, eventually
from support.xl2tpd import Lac, Lns

FF03 = b"\xff\x03"
IPCP = bytes.fromhex("8021616263646566")
PPPIOCSNPMODE, PPPIOCGNPMODE, PPPIOCSCOMPRESS = 0x4008744b, 0xc008744c, 0x4010744d
DROP = 1
PPPIOCSMRRU = 0x4004743b
SC_NO_TCP_CCID, SC_MULTILINK = 0x8, 0x400


class World:
    """A daemon of this test's own, and a client whose handles outlive its connection."""

    def __init__(self, cable, *options):
        self.cable = cable
        self.daemon = Daemon("--workers", "2", *options)
        self.rig = Rig(self.daemon, cable)
        self.ppp = PppClient(self.daemon, cable.near)

    @property
    def api(self):
        return self.rig.api

    def kill(self):
        """The engine; the next one is there when this returns."""
        engine = self.daemon.engine_pid
        os.kill(engine, signal.SIGKILL)
        self.next(engine)

    def next(self, engine):
        self.rig.api.close()
        self.ppp.netlink.close()
        self.daemon.next_engine(engine)
        self.rig.api = Api(self.daemon, self.rig.near)
        self.ppp.netlink = PppClient(self.daemon, self.rig.near).netlink
        for tunnel in self.rig.tunnels:
            tunnel.api = self.rig.api

    def close(self):
        self.ppp.close()
        for closable in self.rig.closing:
            closable.close()
        self.rig.api.close()
        assert self.daemon.stop() == 0


@pytest.fixture
def world(build):
    cable = Cable()
    made = World(cable)
    yield made
    made.close()
    cable.close()


def refused(code, function, *arguments):
    with pytest.raises(Refused) as caught:
        function(*arguments)
    assert caught.value.errno == getattr(errno, code), caught.value


class Call:
    """A session with a socket; the peer is the test."""

    def __init__(self, world, version=2):
        self.world = world
        self.tunnel = world.rig.tunnel("udp", 4, PROTO_VERSION=version)
        self.session = self.tunnel.session(PW_TYPE=PPP)
        self.socket = world.ppp.socket()
        self.socket.connect(name(self.tunnel.id, self.session.id, 0, 0, version=3))

    def arrives(self, frame):
        self.session.receive(FF03 + frame)

    def leaves(self, frame):
        packet = self.tunnel.received()
        header = wire.data2(self.tunnel.peer_id, self.session.peer_id, b"", None)
        assert packet == header + FF03 + frame, packet and packet.hex()

    def works(self, reader, writer=None):
        """A frame to @reader, and one of it (or @writer) back."""
        self.arrives(LCP)
        assert reader.receive() == LCP
        (writer or reader).send(LCP)
        self.leaves(LCP)


def state(file):
    return file.state()["PPP_STATE"]


# --- what is there goes on ------------------------------------------------------------------------------

def test_sockets_that_have_frames(world):
    """Also one that was made by connect() alone, one not connected yet, and one whose session has gone.

    Requirements: PX-22, PX-44
    """
    call = Call(world)
    call.socket.set_option(SENDSEQ, 0)
    call.arrives(IPCP)
    made = world.ppp.socket()
    made.connect(name(call.tunnel.id, 77, 0, 78), pid=1234)
    fresh, orphan = world.ppp.socket(), world.ppp.socket()
    orphan.connect(name(call.tunnel.id, 79, 0, 80))
    world.api.session_delete(call.tunnel.id, 79)
    before = [s.name() for s in (call.socket, made)]
    eventually(lambda: call.session.counts().get("RX_PACKETS") == 1)
    world.kill()
    assert call.socket.receive() == IPCP
    call.works(call.socket)
    assert [s.name() for s in (call.socket, made)] == before
    assert [state(s) for s in (call.socket, made, fresh, orphan)] == [CONNECTED, CONNECTED, NEW, SESSION_GONE]
    refused("EEXIST", fresh.connect, name(call.tunnel.id, 77, 0, 78))
    refused("EBUSY", orphan.connect, name(call.tunnel.id, 81, 0, 82))
    fresh.connect(name(call.tunnel.id, 81, 0, 82))
    made.close()
    eventually(lambda: gone(world.api.session_get, call.tunnel.id, 77), "its session goes with it")
    assert call.socket.channel() < fresh.channel()


def test_a_bound_channel_with_two_files(world):
    """What the program writes while there is no engine is sent by the next. One file is another namespace's; when both are
    dead its units are still those of the channel's.

    Requirements: PX-40, PPP-2, PPP-3, PPP-20, PPP-25
    """
    call = Call(world)
    number = call.socket.channel()
    with PppClient(world.daemon, world.cable.far) as there:
        second = there.file()
        there.files.remove(second)
    second.client = world.ppp
    first, unit = world.ppp.channel_file(number), world.ppp.file()
    second.attach_channel(number)
    call.works(first, second)
    engine = world.daemon.engine_pid
    os.kill(engine, signal.SIGKILL)
    first.send(IPCP)
    world.next(engine)
    call.leaves(IPCP)
    call.works(first, second)
    assert (state(call.socket), state(first), state(second)) == (BOUND, ON_CHANNEL, ON_CHANNEL)
    assert call.socket.channel() == number
    first.close()
    refused("EBADF", first.state)
    call.works(second)
    call.socket.close()
    eventually(second.hung_up, "the channel is dead")
    assert state(second) == DEAD
    other = Call(world)
    assert other.socket.channel() > number
    world.kill()
    assert state(second) == DEAD
    with PppClient(world.daemon, world.cable.far) as second.client:
        refused("ENXIO", second.ioctl_int, PPPIOCCONNECT, 3)
        unit.ioctl_int(PPPIOCNEWUNIT, 3)
        refused("ENOTCONN", second.ioctl_int, PPPIOCCONNECT, 3)
        second.ask("CLOSE")
        refused("EBADF", second.state)
        second.close()


def test_bridged_channels(world):
    """
    Requirements: PPP-30, PPP-31
    """
    calls = [Call(world) for _ in range(3)]
    numbers = [c.socket.channel() for c in calls]
    files = [world.ppp.channel_file(n) for n in numbers]
    files[0].ioctl_int(PPPIOCBRIDGECHAN, numbers[1])

    def bridged():
        for one, other in ((0, 1), (1, 0)):
            calls[one].arrives(LCP)
            calls[other].leaves(LCP)
    bridged()
    files[1].close()
    world.kill()
    bridged()
    refused("EALREADY", files[2].ioctl_int, PPPIOCBRIDGECHAN, numbers[1])
    calls[2].works(files[2])
    files[0].ioctl(PPPIOCUNBRIDGECHAN)
    calls[0].works(files[0])
    world.kill()
    calls[0].works(files[0])
    refused("EINVAL", files[0].ioctl, PPPIOCUNBRIDGECHAN)


def test_files_on_nothing(world):
    """They are never ready, and can be attached afterwards."""
    file, late = world.ppp.file(), world.ppp.file()
    file.send(b"\0" * 100)
    world.kill()
    assert (state(file), state(late)) == (NEW, NEW) and not file.hung_up()
    call = Call(world)
    file.attach_channel(call.socket.channel())
    call.works(file)
    late.ioctl_int(PPPIOCNEWUNIT, -1)
    assert state(late) == ON_IDLE_UNIT


def test_programs_that_went_meanwhile(world):
    """Their sessions and interfaces go at once with the next engine.

    Requirements: PX-45, PPP-44
    """
    calls = [Call(world) for _ in range(3)]
    unit = world.ppp.file()
    device = f"ppp{unit.ioctl_int(PPPIOCNEWUNIT, -1)}"
    file = world.ppp.channel_file(calls[1].socket.channel())
    engine = world.daemon.engine_pid
    os.kill(engine, signal.SIGKILL)
    for f in (calls[0].socket, calls[1].socket, unit):
        f.close()
    world.next(engine)
    for call in calls[:2]:
        eventually(lambda c=call: gone(world.api.session_get, c.tunnel.id, c.session.id), "the session has gone")
    eventually(file.hung_up, "so has the channel")
    eventually(lambda: device not in world.rig.near.devices(), "and the interface")
    calls[2].works(calls[2].socket)


# --- units ----------------------------------------------------------------------------------------------

class End:
    """One end of a link with a unit."""

    def __init__(self, world, namespace, ids, addresses):
        self.namespace, self.ids = namespace, ids
        self.ppp = PppClient(world.daemon, namespace)
        with Api(world.daemon, namespace) as api:
            api.tunnel_create(CONN_ID=ids[0], PEER_CONN_ID=ids[1], PROTO_VERSION=2, ENCAP_TYPE=0, IP_SADDR=addresses[0],
                              IP_DADDR=addresses[1], UDP_SPORT=1701, UDP_DPORT=1701)
            api.session_create(ids[0], 5, PEER_SESSION_ID=5, PW_TYPE=PPP)
        self.socket = self.ppp.socket()
        self.socket.connect(name(ids[0], 5, 0, 0, version=3))
        self.channel = self.ppp.channel_file(self.socket.channel())
        self.unit, self.beside = self.ppp.file(), self.ppp.file()
        self.number = self.unit.ioctl_int(PPPIOCNEWUNIT, -1)
        self.beside.ioctl_int(PPPIOCATTACH, self.number)
        self.device = f"ppp{self.number}"
        self.channel.ioctl_int(PPPIOCCONNECT, self.number)

    def up(self, host):
        self.namespace.ip(f"link set {self.device} mtu 1400 up",
                          f"addr add 10.8.0.{host}/32 peer 10.8.0.{3 - host} dev {self.device}")


@pytest.fixture
def link(world):
    made = [End(world, ns, ids, addresses) for ns, ids, addresses in (
        (world.cable.near, (1, 2), ("192.0.2.1", "192.0.2.2")), (world.cable.far, (2, 1), ("192.0.2.2", "192.0.2.1")))]
    for host, end in enumerate(made, 1):
        end.up(host)
    yield made
    for end in made:
        end.ppp.close()


def reconnect(world, link):
    for end in link:
        end.ppp.netlink.close()
        end.ppp.netlink = PppClient(world.daemon, end.namespace).netlink


def kill_under_ping(world, link, count=300):
    """Twice, under a ping each 10 ms; how many were answered."""
    near = link[0]
    ping = near.namespace.popen("ping", "-q", "-i", "0.01", "-c", count, "10.8.0.2", stdout=subprocess.PIPE)
    before = near.namespace.link_statistics(near.device)["rx_packets"]
    for answers in (20, 60):
        eventually(lambda n=answers: near.namespace.link_statistics(near.device)["rx_packets"] > before + n, "traffic")
        world.kill()
    out, _ = ping.communicate(timeout=60 * SLOW)
    reconnect(world, link)
    return int(out.split(b" received")[0].split()[-1])


def test_a_link_with_traffic_both_ways(world, link):
    """Few are lost, interfaces stay as they are, settings too.

    Requirements: PPP-44, PPP-50, PPP-52, PPP-55, PPP-58
    """
    near, far = link
    near.unit.ioctl_int(PPPIOCSFLAGS, SC_NO_TCP_CCID)
    near.unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x57, DROP))
    indexes = [e.namespace.link(e.device)["ifindex"] for e in link]
    received = kill_under_ping(world, link)
    assert received > 270
    assert received <= statistics(near)["ipackets"] <= 310 and statistics(near)["ierrors"] == 0
    for end in link:
        assert (state(end.socket), state(end.unit), state(end.beside)) == (BOUND, ON_UNIT, ON_UNIT)
    assert [e.namespace.link(e.device)["ifindex"] for e in link] == indexes
    assert near.unit.ioctl_int(PPPIOCGFLAGS) == SC_NO_TCP_CCID
    assert struct.unpack("=ii", near.unit.ioctl(PPPIOCGNPMODE, struct.pack("=ii", 0x57, 0)))[1] == DROP
    near.unit.send(IPCP)
    assert far.unit.receive() == IPCP
    near.channel.send(LCP)
    assert far.channel.receive() == LCP
    near.unit.close()
    eventually(lambda: near.device not in near.namespace.devices(), "the unit goes with its owner")
    eventually(near.beside.hung_up)


def drops(world, end, direction):
    unit, = Cli(world.daemon, end.namespace).json("-s", "show", "unit")
    return {row["reason"]: row["packets"] for row in unit[f"{direction}_drops"]}


def drop(end, count):
    """Packets that its unit does not let out"""
    end.unit.ioctl(PPPIOCSNPMODE, struct.pack("=ii", 0x21, DROP))
    with end.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(count):
            sock.sendto(b"a packet", ("10.8.0.2", 9))


def test_why_units_dropped_is_known_afterwards(world, link):
    """Of both directions, over two engines; the third goes on counting."""
    near, far = link
    drop(near, 7)
    for _ in range(3):
        near.unit.send(b"\x00\x2dcompressed")  # as was not agreed on
    eventually(lambda: drops(world, near, "tx") == {"np-mode": 7} and drops(world, far, "rx") == {"not-set-up": 3},
               "all are counted")
    for engines in (1, 2):
        world.kill()
        reconnect(world, link)
        assert drops(world, near, "tx") == {"np-mode": 7 * engines}, "they are still known"
        assert drops(world, far, "rx") == {"not-set-up": 3 * engines}
        drop(near, 7)
        for _ in range(3):
            near.unit.send(b"\x00\x2dcompressed")
        eventually(lambda n=engines + 1: drops(world, near, "tx") == {"np-mode": 7 * n} and
                   drops(world, far, "rx") == {"not-set-up": 3 * n}, "and more are counted")


STATELESS, STATEFUL = bytes.fromhex("120601000040"), bytes.fromhex("120600000020")
CCP_OPEN, CCP_UP, RUN, COMP_TCP = 0x40, 0x80, 0x3000, 0x4


def ccp(code, option=b""):
    return bytes.fromhex("80fd") + struct.pack("!BBH", code, 1, 4 + len(option)) + option


def encrypted(link, option):
    """Both ends agree on it."""
    for end, keys in zip(link, ((b"a" * 16, b"b" * 16), (b"b" * 16, b"a" * 16))):
        for transmit, key in zip((1, 0), keys):
            end.unit.ioctl(PPPIOCSCOMPRESS, struct.pack("=I", transmit) + option + key)
        end.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN)
    for end, other in (link, link[::-1]):
        end.unit.send(ccp(2, option))
        assert other.unit.receive() == ccp(2, option)
    for end in link:
        end.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN | CCP_UP)
        assert end.unit.ioctl_int(PPPIOCGFLAGS) == CCP_OPEN | CCP_UP | RUN


def test_encryption_without_state_goes_on(world, link):
    """
    Requirements: PPP-63
    """
    encrypted(link, STATELESS)
    assert kill_under_ping(world, link) > 270
    assert [e.unit.ioctl_int(PPPIOCGFLAGS) for e in link] == [CCP_OPEN | CCP_UP | RUN] * 2


def test_encryption_with_state_begins_with_a_new_key(world, link):
    """What is sent begins with it, so the other end can read on.

    Requirements: PPP-61, PPP-63
    """
    encrypted(link, STATEFUL)
    near, far = link

    def ping():
        return near.namespace.run("ping", "-c", "1", "-W", "1", "10.8.0.2", check=False).returncode == 0
    assert ping()
    world.kill()
    reconnect(world, link)
    # Both ends were ul2tpd's. What they send begins with a new key.
    assert ping()
    assert [e.unit.ioctl_int(PPPIOCGFLAGS) for e in link] == [CCP_OPEN | CCP_UP | RUN] * 2
    far.unit.ioctl_int(PPPIOCSFLAGS, 0)
    near.unit.ioctl_int(PPPIOCSFLAGS, 0)
    world.kill()
    reconnect(world, link)
    for end in link:
        assert end.unit.ioctl_int(PPPIOCGFLAGS) == 0
    assert ping()


# No ICMP: protocol IP, and octet 9 of its header is 1.
NO_ICMP = b"".join(struct.pack("=HBBI", *i) for i in (
    (0x28, 0, 0, 2), (0x15, 0, 3, 0x21), (0x30, 0, 0, 13), (0x15, 0, 1, 1), (0x06, 0, 0, 0), (0x06, 0, 0, 1)))
PPPIOCSPASS, PPPIOCSMAXCID = 0x40107447, 0x40047451


def test_filters_and_short_headers(world, link):
    """A filter holds on; TCP with short headers finds its way again by itself.

    Requirements: PPP-55, PPP-58
    """
    near, far = link
    for end in link:
        end.unit.ioctl_int(PPPIOCSMAXCID, 15 << 16 | 15)
        end.unit.ioctl_int(PPPIOCSFLAGS, COMP_TCP)
    listener = far.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("10.8.0.2", 7000))
    listener.listen()
    with near.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as sender, listener:
        sender.connect(("10.8.0.2", 7000))
        receiver, _ = listener.accept()
        receiver.settimeout(20 * SLOW)
        with receiver:
            for octets in (b"before", b"after"):
                sender.sendall(octets)
                assert receiver.recv(100) == octets
                near.unit.ioctl(PPPIOCSPASS, NO_ICMP)
                world.kill()
                reconnect(world, link)
                assert near.namespace.run("ping", "-c", "1", "-W", "1", "10.8.0.2", check=False).returncode
    near.unit.ioctl(PPPIOCSPASS)
    world.kill()
    near.namespace.run("ping", "-c", "1", "10.8.0.2")


def test_multilink_goes_on_with_its_numbers(world):
    """The peer would take lower ones for late, as we do.

    Requirements: PPP-70, PPP-71
    """
    call = Call(world)
    unit, channel = world.ppp.file(), world.ppp.channel_file(call.socket.channel())
    channel.ioctl_int(PPPIOCCONNECT, unit.ioctl_int(PPPIOCNEWUNIT, -1))
    unit.ioctl_int(PPPIOCSMRRU, 1500)
    unit.ioctl_int(PPPIOCSFLAGS, SC_MULTILINK)

    def whole(number):
        return bytes.fromhex("003dc0") + number.to_bytes(3, "big") + IPCP

    def both_ways(number):
        unit.send(IPCP)
        call.leaves(whole(number))
        call.arrives(whole(number))
        assert unit.receive() == IPCP
    both_ways(0)
    both_ways(1)
    world.kill()
    both_ways(2)
    call.arrives(whole(0))
    both_ways(3)
    assert not unit.waiting()


def test_xl2tpd_and_pppd(world):
    """Unmodified programs notice nothing, and can end the call afterwards.

    Requirements: PPP-90, PPP-91
    """
    near, far = world.cable.near, world.cable.far
    with Lns(near, Launcher(world.daemon, near)) as lns, Lac(far, Launcher(world.daemon, far), "192.0.2.1") as lac:
        for _ in range(2):
            lac.call()
            lac.up()
            lns.up()
            ping = far.popen("ping", "-q", "-i", "0.01", "-c", "200", "10.9.0.1", stdout=subprocess.PIPE)
            world.kill()
            out, _ = ping.communicate(timeout=60 * SLOW)
            assert int(out.split(b" received")[0].split()[-1]) > 170, out
            lac.hang_up()
            lac.nothing_left()
            lns.nothing_left()
            for host in (near, far):
                with Api(world.daemon, host) as api:
                    eventually(lambda a=api: not a.tunnels() and not a.sessions(), "nothing is left", timeout=40)


# --- and nothing else -----------------------------------------------------------------------------------

KILLS = int(os.environ.get("UL2TP_KILLS", "4"))
KILLS_IN_A_ROW, PAUSE_S = 4, 11  # more in less time, and ul2tpd takes itself for broken


def left(world):
    """Dead files aside, which are kept for programs that might still ask about them."""
    return world.api.sessions() or [f for f in world.ppp.dump() if f["PPP_STATE"] != DEAD]


def close_all(world):
    for file in world.ppp.files:
        file.close()
    world.ppp.files.clear()
    eventually(lambda: not left(world), "nothing is left")
    eventually(lambda: world.rig.near.devices() == {"wire"}, "no interface is")


def set_up(ppp, tunnel, session_id):
    """All that a program makes for one session, one request after the other."""
    call = ppp.socket()
    call.connect(name(tunnel, session_id, 0, session_id, version=3))
    channel = ppp.channel_file(call.channel())
    unit = ppp.file()
    channel.ioctl_int(PPPIOCCONNECT, unit.ioctl_int(PPPIOCNEWUNIT, -1))
    return call


def test_an_engine_that_dies_amid_setting_up(world):
    """At any moment: what was complete works, what was not leaves nothing."""
    tunnel = world.rig.tunnel("udp", 4, PROTO_VERSION=2)
    pids = world.daemon.pid, world.daemon.engine_pid
    idle = {"keeper": descriptors(pids[0]), "engine": descriptors(pids[1])}
    began = time.monotonic()
    set_up(world.ppp, tunnel.id, 1)
    one_s = time.monotonic() - began
    close_all(world)
    session_id = 1
    for kills in range(KILLS):
        if kills and kills % KILLS_IN_A_ROW == 0:
            time.sleep(PAUSE_S)
        engine = world.daemon.engine_pid
        complete = []
        timer = threading.Timer(random.uniform(0.5, 10) * one_s, os.kill, (engine, signal.SIGKILL))
        timer.start()
        try:
            while True:
                session_id += 1
                complete.append((session_id, set_up(world.ppp, tunnel.id, session_id)))
        except OSError:
            pass
        timer.join(AT_MOST)
        world.next(engine)
        listed = {s["SESSION_ID"] for s in world.api.sessions()}
        assert {number for number, _ in complete} <= listed <= set(range(1, session_id + 1))
        assert all(state(call) == BOUND for _, call in complete)
        close_all(world)
    assert session_id > KILLS + 1
    for pid, had in zip((world.daemon.pid, world.daemon.engine_pid), idle.values()):
        no_more_than(had, pid)


def pss_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


SET_UPS = int(os.environ.get("UL2TP_SET_UPS", "2000"))


def test_set_ups_and_tear_downs_cost_nothing(world):
    """Descriptors and memory are those of before.

    Requirements: PX-45, PPP-44
    """
    tunnel = world.rig.tunnel("udp", 4, PROTO_VERSION=2)
    pids = world.daemon.pid, world.daemon.engine_pid

    def round_of(count):
        for number in range(1, count + 1):
            set_up(world.ppp, tunnel.id, number)
            if number % 20 == 0:
                # A file whose socket goes before it may be kept as a dead one, as many as there may be files.
                world.ppp.files.reverse()
                close_all(world)
        close_all(world)
        assert len(world.ppp.dump()) < 1000
    round_of(SET_UPS // 10)
    before = {pid: (descriptors(pid), pss_kib(pid)) for pid in pids}
    round_of(SET_UPS)
    for pid, (had, kib) in before.items():
        no_more_than(had, pid)
        if not os.environ.get("UL2TP_SANITIZED"):  # memory that was freed is kept for a while
            assert pss_kib(pid) < kib + 1024, f"{pid} had {kib} KiB"
