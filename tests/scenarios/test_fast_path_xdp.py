# SPDX-License-Identifier: BSD-2-Clause
"""--fast-path-xdp: what XDP takes the headers off arrives and is counted as else; it is there only where it may be, and
nothing of it stays."""
import contextlib
import hashlib
import os
import signal

import pytest

from support.capture import Capture
from support.daemon import Cli, Daemon
from support.fast_pair import INNER, PORT, FastPair, lay_cable
from support.numbered_flow import Datagrams, Stream
from support.soon import within
from support.transfer import transfer
from support.wait import AT_MOST, SLOW, eventually

OCTETS = os.urandom(8 << 20)
DIGEST = hashlib.sha256(OCTETS).hexdigest()
NATIVE = 1  # XDP_ATTACHED_DRV
NOBODY = bytes(12)  # both addresses of a frame between fast_xdp and fast_ingress


pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module", params=[("seg", 4), ("seg", 6), ("gso", 4)], ids=lambda p: f"{p[0]}-udp{p[1]}")
def wire(request):
    cable = lay_cable(*request.param)
    yield cable
    cable.close()


@pytest.fixture(scope="module")
def one_wire():
    cable = lay_cable("seg")
    yield cable
    cable.close()


def pair_on(cable, **more):
    return FastPair(cable, ("require --fast-path-xdp",) * 2, **more)


def xdp(host):
    """(how, which) XDP program is on the cable; None: none."""
    link = host.link("wire").get("xdp")
    return link and (link["mode"], link["prog"]["id"])


def is_native(host):
    return (xdp(host) or (0, 0))[0] == NATIVE


def test_tcp_arrives_and_is_put_together(wire):
    """The inner frames, each as many as came, are seen behind XDP without addresses; what arrived is what was sent."""
    with pair_on(wire, session={"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"}) as pair:
        near, far = pair.hosts
        assert is_native(near) and is_native(far)
        before = pair.slow_packets(0), pair.slow_packets(1)
        with Capture(far, "wire", lambda frame: frame[:12] == NOBODY) as capture:
            assert transfer(near, far, INNER[4][1], OCTETS) == DIGEST
            longest = max(map(len, capture.waiting()))
        # A veth has GRO when it is told to.
        assert longest > 4000 or wire.underlay != "seg", "GRO had the inner flow"
        assert transfer(far, near, INNER[6][0], OCTETS) == DIGEST
        for old, new in zip(before, (pair.slow_packets(0), pair.slow_packets(1))):
            assert new[0] <= old[0] + 10, "the engine has sent packets of the transfer"


def test_all_is_counted(wire):
    """As many packets and octets as were sent, at both ends.

    Requirements: STAT-1
    """
    with pair_on(wire) as pair:
        before = pair.counts()
        pair.hosts[0].run("ping", "-c", 500, "-i", "0.002", "-s", 1000, INNER[4][1])
        pair.hosts[0].run("ping", "-c", 500, "-i", "0.002", "-s", 100, INNER[6][1])
        eventually(pair.agree, "the counters of both ends agree")
        for old, new in zip(before, pair.counts()):
            assert 1000 <= new["RX_PACKETS"] - old["RX_PACKETS"] <= 1010  # neighbours are asked for


def nft(host, *lines):
    host.run("nft", "-f", "-", input="\n".join(lines) + "\n")


def test_nothing_is_overtaken_where_the_path_changes(wire):
    """By a rule that comes and goes at one end, which sends and receives."""
    with pair_on(wire) as pair:
        near, far = pair.hosts
        flows = [flow(*ends) for ends in ((near, far, INNER[4][1]), (far, near, INNER[6][0])) for flow in (Datagrams, Stream)]
        slow = pair.slow_packets(0)[1]
        try:
            for _ in range(30 // SLOW):
                nft(near, "add table inet t", "add chain inet t in { type filter hook input priority 0; }",
                    "add rule inet t in udp dport 7000 counter")
                eventually(lambda: pair.reason(0) == "netfilter")
                nft(near, "delete table inet t")
                eventually(lambda: pair.reason(0) == "used")
        finally:
            wrong = [what for flow in flows for what in flow.stop()]
        assert not wrong, f"{len(wrong)}, of them: {wrong[:10]}"
        assert pair.slow_packets(0)[1] > slow + 100, "both paths were taken"


@contextlib.contextmanager
def answered(host):
    """Packets to the other host, 200 a second."""
    ping = host.popen("ping", "-i", "0.005", "-q", INNER[4][1], stdout=-3)
    try:
        yield
    finally:
        ping.send_signal(signal.SIGINT)
        ping.wait(AT_MOST)


def test_a_rule_holds_within_a_second(one_wire):
    with pair_on(one_wire) as pair, answered(pair.hosts[0]):
        near = pair.hosts[0]

        def answers():
            return near.run("ping", "-c", 1, "-W", "0.2", INNER[4][1], check=False).returncode == 0
        assert answers()
        nft(near, "add table inet t", "add chain inet t in { type filter hook input priority 0; }",
            f"add rule inet t in udp dport {PORT} drop")
        try:
            within(1, lambda: not answers(), pair.daemons, "packets are dropped")
            assert is_native(near), "it stays, and lets all pass"
        finally:
            nft(near, "delete table inet t")
        eventually(answers)


def test_what_is_for_another_is_left_alone(one_wire):
    """A frame with another's address, which an interface that listens to all receives."""
    with pair_on(one_wire) as pair:
        near, far = pair.hosts
        near.ip("link set wire promisc on")
        try:
            own = bytes.fromhex(near.link("wire")["address"].replace(":", ""))
            with Capture(near, "wire", lambda frame: frame[36:38] == PORT.to_bytes(2, "big")) as seen, \
                    Capture(far, "wire") as out, Capture(near, "wire", lambda frame: frame[:12] == NOBODY) as taken:
                frame = tunnel_frame(pair)
                received = pair.counts()[0]["RX_PACKETS"]
                out.send(b"\x02\0\0\0\0\x77" + frame[6:])
                assert seen.next()[:6] == b"\x02\0\0\0\0\x77", "it came, and as it was"
                assert pair.counts()[0]["RX_PACKETS"] == received
                out.send(own + frame[6:])
                assert taken.next(), "that to itself is taken"
                eventually(lambda: pair.counts()[0]["RX_PACKETS"] == received + 1)
        finally:
            near.ip("link set wire promisc off")


def test_what_is_of_a_vlan_is_not_of_the_tunnel(one_wire):
    """Its tag is beside the packet where XDP can not see it."""
    with pair_on(one_wire) as pair:
        near, far = pair.hosts
        frame = tunnel_frame(pair)
        if far.ip("link add link wire name v5 type vlan id 5", "link set v5 up", check=False).returncode:
            pytest.skip("this kernel has no VLAN interfaces")
        try:
            with Capture(near, "pw", lambda frame: frame[12:14] == b"\x08\0" and not any(frame[14:60])) as came, \
                    Capture(far, "v5") as tagged, Capture(far, "wire") as plain:
                tagged.send(frame)
                plain.send(frame)
                assert came.next(), "the one without a tag"
                assert not came.waiting(), "nor was one before it"
        finally:
            far.ip("link del v5")


def test_a_tunnel_in_a_tunnel():
    """The inner one's packets come by the outer one's interface, with what XDP has said of them there."""
    cable = lay_cable("seg")
    try:
        with pair_on(cable) as outer:
            near, far = outer.hosts
            for api, own, peer in zip(outer.apis, INNER[4], reversed(INNER[4])):
                api.tunnel_create(CONN_ID=2, PEER_CONN_ID=2, ENCAP_TYPE=0, IP_SADDR=own, IP_DADDR=peer, UDP_SPORT=PORT + 1,
                                  UDP_DPORT=PORT + 1)
                api.session_create(2, 2, IFNAME="in", L2SPEC_TYPE=0)
            for host, number in ((near, 1), (far, 2)):
                host.ip("link set in up mtu 1200", f"address add 10.77.0.{number}/24 dev in")
            cli = Cli(outer.daemons[0], near)

            def inner_reason():
                near.run("ping", "-c", 50, "-i", "0.002", "-q", "10.77.0.2", check=False)
                return cli.json("-s show session tunnel_id 2 session_id 2")[0]["fast_path"]["reason"]
            eventually(lambda: inner_reason() == "used")
            assert outer.reason(0) == "used" and is_native(near)
            assert transfer(near, far, "10.77.0.2", OCTETS) == DIGEST
            assert transfer(far, near, "10.77.0.1", OCTETS) == DIGEST
    finally:
        cable.close()


def tunnel_frame(pair):
    """One of far's to near, whole: as it leaves, before near's XDP."""
    own = [bytes.fromhex(host.link("wire")["address"].replace(":", "")) for host in pair.hosts]
    inner = [bytes.fromhex(host.link("pw")["address"].replace(":", "")) for host in pair.hosts]
    payload = bytes.fromhex("0003000000000001") + bytes(4) + inner[0] + inner[1] + b"\x08\0" + bytes(46)
    total = 20 + 8 + len(payload)
    ip = bytearray(bytes.fromhex("4500") + total.to_bytes(2, "big") + bytes(4) + b"\x40\x11\0\0")
    for end in (1, 0):
        ip += bytes(map(int, pair.addresses[end].split(".")))
    s = sum(int.from_bytes(ip[i:i + 2], "big") for i in range(0, 20, 2))
    ip[10:12] = (~((s & 0xffff) + (s >> 16)) & 0xffff).to_bytes(2, "big")
    ports = PORT.to_bytes(2, "big") * 2
    return own[0] + own[1] + b"\x08\0" + bytes(ip) + ports + (8 + len(payload)).to_bytes(2, "big") + bytes(2) + payload


def test_it_goes_with_what_needs_it(one_wire):
    """The last session, or a keeper that is killed."""
    near, far = one_wire.near, one_wire.far
    with pair_on(one_wire) as pair:
        assert is_native(near) and is_native(far)
        pair.apis[0].session_delete(1, 1)
        eventually(lambda: xdp(near) is None, "it goes with the last session")
        os.kill(pair.daemons[1].keeper_pid, signal.SIGKILL)
        eventually(lambda: xdp(far) is None, "it goes with a killed keeper")
        pair.daemons[1].process.wait(AT_MOST)
        pair.daemons[1].kill()
        pair.daemons[1] = Daemon("--fast-path", "require")


def test_without_the_option_there_is_none(one_wire):
    with FastPair(one_wire) as pair:
        assert [pair.reason(end) for end in (0, 1)] == ["used", "used"]
        assert xdp(one_wire.near) is None


def test_where_the_driver_refuses_all_goes_on_without_it():
    """Packets could be too large for its pages; the log says so, once."""
    cable = lay_cable("plain")
    try:
        for host in (cable.near, cable.far):
            host.ip("link set wire mtu 9000")
        with pair_on(cable) as pair:
            assert [pair.reason(end) for end in (0, 1)] == ["used", "used"]
            assert xdp(cable.near) is None
            assert "interface=wire refused=" in pair.daemons[0].log
            assert transfer(*pair.hosts, INNER[4][1], OCTETS) == DIGEST
            assert pair.daemons[0].log.count("fast-path-xdp") == 1
    finally:
        cable.close()
