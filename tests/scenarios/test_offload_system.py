# SPDX-License-Identifier: BSD-2-Clause
"""The system as an oracle: frames of every kind are cut by ul2tpd as the system cuts them for an interface that can not, and
what ul2tpd puts together the system takes and cuts again into what came"""
import collections
import contextlib
import dataclasses
import errno
import json
import random
import socket
import struct

import pytest
import seccomp

from support import wire
from support.api import Api
from support.capture import Capture
from support.daemon import Daemon
from support.netns import Cable, run
from support.offload_frames import ACK, MACS, TCP, Flow, flags_by_chance
from support.wait import eventually

SOL_PACKET, PACKET_VNET_HDR, SO_RCVBUFFORCE, SOL_UDP, UDP_SEGMENT = 263, 15, 33, 17, 103
TRAIN, TRAIN_OCTETS = 40, 60000
FRAMES, ROUNDS = 250, 40
IP_LENGTH_MAX = 65535


@pytest.fixture
def wide():
    made = Cable(mtu=9000, offloads=True)
    yield made
    made.close()


class End:
    """A session of `daemon` near, whose interface has the name of the daemon's way; the test is the peer far."""

    def __init__(self, daemon, cable, number):
        self.daemon, self.number, self.device = daemon, number, f"way{number}"
        self.api, self.near = Api(daemon, cable.near), cable.near
        self.peer = cable.far.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.peer.bind((cable.FAR4, 6000 + number))
        self.peer.connect((cable.NEAR4, 5000 + number))
        self.peer.settimeout(20)
        self.api.tunnel_create(CONN_ID=number, PEER_CONN_ID=1, IP_SADDR=cable.NEAR4, IP_DADDR=cable.FAR4,
                               UDP_SPORT=5000 + number, UDP_DPORT=6000 + number)
        self.api.session_create(number, number, PEER_SESSION_ID=1, IFNAME=self.device, L2SPEC_TYPE=wire.NONE)
        cable.near.ip(f"link set {self.device} up mtu 8900")
        self.out = cable.near.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.out.bind((self.device, 0))
        self.out.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def offer(self, octets):
        """A frame with its virtio-net header leaves by the interface. Why not, if the system knows no such."""
        try:
            self.out.send(octets)
        except OSError as why:
            return why.errno
        return 0

    def frames(self, count):
        return [self.peer.recv(1 << 16)[8:] for _ in range(count)]

    def send(self, frames):
        """Data packets from the peer; those of one length leave, and so arrive, at once."""
        packets = [wire.data(self.number, frame) for frame in frames]
        while packets:
            length, count = len(packets[0]), 1
            while count < min(len(packets), TRAIN, TRAIN_OCTETS // length) and len(packets[count]) == length:
                count += 1
            self.peer.sendmsg([b"".join(packets[:count])], [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", length))])
            del packets[:count]

    def drops(self):
        more = self.api.session_more(self.number, self.number)
        return {name: count for name, count in (more.rx_drops | more.tx_drops).items() if count}

    def close(self):
        for closable in (self.api, self.peer, self.out):
            closable.close()


def without_aio():
    """What io_setup() says where the kernel has none, to whoever is executed next."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "io_setup")
    rules.load()


@contextlib.contextmanager
def ends(cable, *ways, preexec=None):
    """One session for each way, of a daemon of its own."""
    with contextlib.ExitStack() as stack:
        made = []
        for number, options in enumerate(ways, 1):
            daemon = stack.enter_context(Daemon(*options, preexec=preexec))
            made.append(End(daemon, cable, number))
            stack.callback(made[-1].close)
        yield made


def one_spelling(flow, frame):
    """A TCP checksum may be written in two ways, if it is zero; the system writes one or the other."""
    at = flow.headers()[0] + 16
    if flow.protocol == TCP and frame[at:at + 2] == b"\xff\xff":
        return frame[:at] + bytes(2) + frame[at + 2:]
    return frame


@pytest.mark.parametrize("seed", (1, 2))
def test_frames_are_cut_as_the_system_cuts_them(build, wide, seed):
    """The same frame to a daemon that takes 64 KiB at once and to one whose interface has no offloads: octet for octet
    the same leaves.

    Requirements: TX-1
    """
    chance, compared = random.Random(seed), 0
    with ends(wide, ["--fast-path", "off"], ["--naive"]) as both:
        for number in range(FRAMES):
            flow = Flow.by_chance(chance, number, (1, 8, 100, 536, 1200, 1400, 2000, 8800))
            room = IP_LENGTH_MAX - (flow.headers()[1] - len(flow.ethernet()))
            size = min(flow.size * chance.choice((1, 2, 3, 17, 44, 62)), room) - chance.randrange(flow.size)
            flags = flags_by_chance(chance)
            octets = flow.offloaded(chance.randbytes(size), flags, chance.choice((0, 0, 500)))
            refusals = [end.offer(octets) for end in both]
            assert refusals[0] == refusals[1], flow
            if refusals[0]:
                continue  # an older system, of UDP
            ours, theirs = ([one_spelling(flow, f) for f in end.frames(max(1, -(-size // flow.size)))] for end in both)
            assert ours == theirs, f"{flow} {flags:#x} {size}"
            compared += 1
        assert compared > FRAMES / 2
        assert [end.drops() for end in both] == [{}, {}]


@pytest.mark.parametrize("size", (1389, 536))
def test_what_the_system_put_together_is_taken_whole(build, wide, size):
    """A router's system puts together up to 64 KiB of what it forwards. An interface that took less would be given each packet by
    itself, and ul2tpd two system calls for each.

    Requirements: TX-1
    """
    chance = random.Random(5)
    with ends(wide, ["--fast-path", "off"]) as (end,):
        flow = dataclasses.replace(Flow.by_chance(chance, 1, (size,)), version=4, protocol=TCP, tags=[], ip_options=b"",
                                   tcp_options=b"\1\1\x08\x0a" + bytes(8))
        count = (IP_LENGTH_MAX - 52) // size
        about, = json.loads(wide.near.run("ip", "-d", "-j", "link", "show", end.device).stdout)
        assert about["gso_max_segs"] >= count  # the system counts those of what it puts together, not of what is offered here
        before = wide.near.link_statistics(end.device)["tx_packets"]
        assert end.offer(flow.offloaded(chance.randbytes(count * size))) == 0
        assert len(end.frames(count)) == count
        assert wide.near.link_statistics(end.device)["tx_packets"] - before == 1


@pytest.fixture
def bridged(wide):
    """The other end, far, of a cable in a bridge near, which neither end's driver cuts anything for."""
    run("ip", "link", "add", "side", "mtu", 9000, "netns", wide.near.name, "type", "veth", "peer", "name", "side", "mtu",
        9000, "netns", wide.far.name)
    for host in (wide.near, wide.far):
        host.run("ethtool", "-K", "side", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        host.ip("link set side up")
    wide.near.ip("link add bridge0 mtu 9000 type bridge", "link set side master bridge0", "link set bridge0 up")
    with Capture(wide.far, "side", lambda frame: frame[6:12] == MACS[6:12]) as made:
        yield made


def trains(chance):
    """[(flow, frame)]: of a few senders, one after the other or mixed; now and then something changes, or is damaged."""
    flows = [Flow.by_chance(chance, number, (1, 2, 8, 100, 536, 1200, 1400, 4000, 8800)) for number in range(chance.randrange(1, 5))]
    made, flow, length = [], flows[0], chance.choice((1, 5, 20, 80))
    for _ in range(chance.randrange(10, 150)):
        if chance.randrange(length) == 0:
            flow = chance.choice(flows)
        size = flow.size if chance.randrange(12) else chance.randrange(flow.size + 1)
        if chance.randrange(25) == 0:
            flow.traffic_class ^= 1 << chance.randrange(2)
        flow.window += chance.randrange(25) == 0
        frame = flow.frame(chance.randbytes(size), ACK if chance.randrange(12) else flags_by_chance(chance))
        if chance.randrange(40) == 0:
            at = chance.randrange(flow.headers()[1] - 4, len(frame))
            frame = frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1:]
        flow.sent(size)
        made.append((flow.number, frame))
    return made


def of_each_flow(frames, flow_of):
    sorted_out = collections.defaultdict(list)
    for frame in frames:
        sorted_out[flow_of[frame]].append(frame)
    return sorted_out


@pytest.mark.parametrize(("seed", "preexec"), ((3, None), (4, without_aio)))
def test_what_is_put_together_is_cut_into_what_came(build, wide, bridged, seed, preexec):
    """The interface is in a bridge, and what it receives leaves by a link that takes packets one by one. Where the kernel has no
    AIO frames are written one by one, and the log says so.

    Requirements: RX-60, RX-62
    """
    chance, count = random.Random(seed), 0
    with ends(wide, ["--fast-path", "off"], preexec=preexec) as (end,):
        assert ("event=written-one-by-one" in end.daemon.log) == (preexec is not None)
        wide.near.ip(f"link set {end.device} master bridge0")
        eventually(lambda: all(wide.near.run("cat", f"/sys/class/net/{port}/brport/state").stdout.strip() == "3"
                               for port in ("side", end.device)), "both ports forward")
        before = wide.near.link_statistics(end.device)["rx_packets"]
        for _ in range(ROUNDS):
            sent = trains(chance)
            end.send([frame for _, frame in sent])
            came = bridged.take(len(sent))
            flow_of = {}
            for flow, frame in sent:
                flow_of.setdefault(frame, flow)
            assert set(came) <= set(flow_of)
            assert of_each_flow(came, flow_of) == of_each_flow([frame for _, frame in sent], flow_of)
            count += len(sent)
        assert end.drops() == {}
        assert wide.near.link_statistics(end.device)["rx_packets"] - before < 0.8 * count  # or nothing was put together


@pytest.mark.parametrize("preexec", (None, without_aio))
def test_what_an_interface_refuses_is_counted(build, wide, preexec):
    """All frames of a batch, each as often as it came: an interface that is down takes none.

    Requirements: RX-61
    """
    chance = random.Random(6)
    with ends(wide, ["--fast-path", "off"], preexec=preexec) as (end,):
        flows = [dataclasses.replace(Flow.by_chance(chance, number, (100,)), tags=[]) for number in range(12)]
        wide.near.ip(f"link set {end.device} down")
        sent = []
        for flow in flows * 3:
            for _ in range(chance.randrange(1, 4)):
                sent.append(flow.frame(chance.randbytes(flow.size), ACK))
                flow.sent(flow.size)
        end.send(sent)
        eventually(lambda: sum(end.drops().values()) == len(sent), "all have come")
        assert end.drops() == {"device-down": len(sent)}
        wide.near.ip(f"link set {end.device} up")
        with Capture(wide.near, end.device, lambda frame: frame[6:12] == MACS[6:12]) as capture:
            end.send(sent[:1])
            assert capture.take(1) == sent[:1]
        assert end.drops() == {"device-down": len(sent)}
