# SPDX-License-Identifier: BSD-2-Clause
"""Sessions of pseudowire PPP that no program has attached a socket to: made, shown, changed, and what they receive is
counted and goes nowhere. Version 2 has no others; version 3 has them too."""
import errno
import os
import shlex
import signal

import pytest

from support import wire
from support.api import PPP, Api, gone, refused
from support.daemon import Cli, Daemon
from support.rig import Rig
from support.wait import eventually

pytestmark = pytest.mark.quick
LCP = bytes.fromhex("ff03c021" "09010008" "00000000")
WAYS = [(2, "udp", 4), (2, "udp", 6), (3, "udp", 4), (3, "ip", 4), (3, "ip", 6)]


@pytest.fixture(params=WAYS, ids=lambda way: f"v{way[0]}-{way[1]}{way[2]}")
def way(request):
    return request.param


def ppp(rig, version=2, over="udp", family=4, **values):
    return rig.tunnel(over, family, PROTO_VERSION=version).session(PW_TYPE=PPP, **values)


def discards(count):
    return {"RX_SEQ_DISCARDS": count, "RX_ERRORS": count}


# --- made by netlink ------------------------------------------------------------------------------------

def test_it_has_no_interface(rig, way):
    """
    Requirements: SES-10, SES-30, SES-1, NL-71
    """
    devices = rig.near.devices()
    session = ppp(rig, *way, IFNAME="vpn0")
    assert rig.near.devices() == devices
    shown = session.get()
    assert shown["PW_TYPE"] == PPP and "IFNAME" not in shown
    with refused(errno.ENODEV):
        rig.api.do("SESSION_GET", IFNAME="vpn0")
    assert rig.api.do("SESSION_GET", IFNAME="")[0].decoded["SESSION_ID"] == session.id
    session.delete()
    assert gone(session.get)
    assert rig.near.devices() == devices


def test_it_goes_with_its_tunnel_without_a_word(rig):
    """
    Requirements: NL-83, NL-80
    """
    watcher = Api(rig.daemon, rig.near)
    rig.closing.append(watcher)
    session = ppp(rig)
    watcher.subscribe()
    session.modify(LNS_MODE=1)
    session.tunnel.close()
    assert [m.command_name for m in watcher.events(2)] == ["SESSION_MODIFY", "TUNNEL_DELETE"]
    assert gone(session.get)
    assert watcher.events() == []


@pytest.mark.parametrize("version", [2, 3])
def test_in_words(shared_daemon, cable, version):
    ul2tp = Cli(shared_daemon, cable.near)
    made = "tunnel_id 7 session_id 8 peer_session_id 9"
    ul2tp(f"add tunnel tunnel_id 7 peer_tunnel_id 6 encap udp local 192.0.2.1 remote 192.0.2.2 udp_sport 7 udp_dport 6 "
          f"version {version}")
    try:
        ul2tp(f"add session {made} pw_type ppp seq both label L")
        saved = ul2tp("save").splitlines()[-1]
        session, = ul2tp.json("-s show session tunnel_id 7 session_id 8")
        assert session["pw_type"] == "ppp" and not {"interface", "mtu"} & set(session)
        ul2tp("del session tunnel_id 7 session_id 8")
        assert ul2tp.json("show session") == []
        ul2tp(*shlex.split(saved))
        again, = ul2tp.json("-s show session tunnel_id 7 session_id 8")
        assert {**again, "created_s": 0} == {**session, "created_s": 0}
    finally:
        ul2tp("del tunnel tunnel_id 7")


# --- received -------------------------------------------------------------------------------------------

def test_what_it_receives_is_counted_and_dropped(rig, way):
    """
    Requirements: RX-3, RX-8, RX-60, SES-30, SEQ-21, STAT-1
    """
    session = ppp(rig, *way)
    packet = session.packet(LCP)
    session.receive(LCP)
    session.settled(RX_PACKETS=1, RX_BYTES=len(packet))
    assert session.drops() == {"no-socket": 1}
    packets, octets = session.tunnel.fenced
    assert session.tunnel.counts() == {"RX_PACKETS": packets + 1, "RX_BYTES": octets + len(packet)}
    assert session.tunnel.drops() == {}


def test_a_cookie_before_ppp(rig):
    """
    Requirements: RX-40, NL-60
    """
    session = ppp(rig, 3, PEER_COOKIE="0123456789abcdef")
    session.receive(LCP)
    session.receive(LCP, cookie=bytes(8))
    session.settled(RX_PACKETS=1, RX_BYTES=20 + len(LCP), RX_COOKIE_DISCARDS=1, RX_ERRORS=1)
    assert session.drops() == {"no-socket": 1, "cookie": 1}


@pytest.mark.parametrize("options", [
    {"length": 18}, {"length": 1}, {"length": 0xffff}, {"flags": 0x0102}, {"flags": 0x31f2}, {"offset": b""},
    {"offset": b"12345"}, {"number": 0}, {"number": 0, "nr": 0x1234},
    {"flags": 0x0102, "length": 9, "number": 0, "offset": b"abc"}], ids=str)
def test_each_header_form_of_version_2(rig, options):
    """
    Requirements: RX-3, RX-11, RX-41, RX-44, HDR-3
    """
    session = ppp(rig)
    session.receive(LCP, **options)
    session.settled(RX_PACKETS=1, RX_BYTES=len(session.packet(LCP, **options)))
    assert session.drops() == {"no-socket": 1}


def test_an_offset_beyond_the_end(rig):
    """
    Requirements: RX-44, RX-45
    """
    session = ppp(rig)
    octets = session.packet(b"", flags=0x0202) + bytes.fromhex("0007") + LCP[:6]
    session.tunnel.send(octets)
    session.settled(RX_ERRORS=1)
    assert session.drops() == {"cut-off": 1}
    session.tunnel.send(octets + LCP[:1])
    session.settled(RX_ERRORS=1, RX_PACKETS=1, RX_BYTES=15)


def test_fewer_than_14_octets_are_no_data(rig):
    """
    Requirements: RX-1
    """
    session = ppp(rig)
    session.receive(LCP[:7])
    session.settled()
    assert session.tunnel.drops() == {"short": 1}
    session.receive(LCP[:8])
    session.settled(RX_PACKETS=1, RX_BYTES=14)


def test_both_ids_of_a_packet_of_version_2_count(rig):
    """Two tunnels with one session id each find theirs; ids nobody has find nothing.

    Requirements: RX-3, RX-5, SES-2
    """
    one, other = ppp(rig, SESSION_ID=77), ppp(rig, SESSION_ID=77)
    for session in (one, other, one):
        session.receive(LCP)
    one.tunnel.send(wire.data2(one.tunnel.id, 78, LCP))
    one.tunnel.send(wire.data2(one.tunnel.id ^ 0x4000, 77, LCP))
    one.settled(RX_PACKETS=2, RX_BYTES=36)
    other.settled(RX_PACKETS=1, RX_BYTES=18)
    assert one.tunnel.drops() == {"unknown-session": 2}


def test_ids_of_version_2_are_16_bits(rig):
    """
    Requirements: RX-3, SES-2, NL-74, Q-2
    """
    tunnel = rig.tunnel(CONN_ID=0x20000 + 4321, PROTO_VERSION=2)
    session = tunnel.session(PW_TYPE=PPP, SESSION_ID=0x10000 + 1234)
    with refused(errno.EEXIST):
        tunnel.session(PW_TYPE=PPP, SESSION_ID=1234)
    tunnel.send(wire.data2(4321, 1234, LCP))
    session.settled(RX_PACKETS=1, RX_BYTES=18)
    assert rig.api.session_get(tunnel.id, 1234)["SESSION_ID"] == session.id


def test_session_0_of_version_2_receives_and_is_not_listed(rig):
    """
    Requirements: SES-8, RX-3, NL-78
    """
    session = ppp(rig, SESSION_ID=0)
    session.receive(LCP)
    session.settled(RX_PACKETS=1, RX_BYTES=18)
    assert 0 not in [s["SESSION_ID"] for s in rig.api.sessions()]


def test_versions_do_not_find_each_others_sessions(rig):
    """The same four octets are a session id of version 3, and tunnel and session of version 2.

    Requirements: RX-3, RX-4
    """
    two = rig.tunnel(CONN_ID=0x1234, PROTO_VERSION=2).session(PW_TYPE=PPP, SESSION_ID=0x5678)
    three = rig.tunnel().session(PW_TYPE=PPP, SESSION_ID=0x12345678, L2SPEC_TYPE=wire.NONE)
    two.tunnel.send(wire.data(three.id, LCP))
    two.tunnel.send(wire.data(three.id, LCP, flags=0x0004))
    three.tunnel.send(wire.data2(two.tunnel.id, two.id, LCP))
    two.settled()
    three.settled()
    assert two.tunnel.drops() == {"wrong-peer": 1}
    assert three.tunnel.drops() == {"wrong-peer": 2}


def test_a_packet_of_version_2_for_a_tunnel_of_another(rig):
    """Tunnels of unknown version have their sessions where those of version 2 are.

    Requirements: RX-6, SES-7
    """
    session = rig.tunnel(PROTO_VERSION=4)
    rig.api.session_create(session.id, 1234, PW_TYPE=PPP)
    session.send(wire.data2(session.id, 1234, LCP))
    session.send(wire.data(1234, LCP, flags=0x0004))
    eventually(lambda: session.counts() == {"RX_INVALID": 1})
    eventually(lambda: session.drops() == {"version": 1, "unknown-session": 1})


@pytest.mark.parametrize("check", ["socket", "ids"])
def test_who_may_send_to_version_2(rig, check):
    """
    Requirements: Q-8, RX-10
    """
    session = ppp(rig)
    if check == "ids":
        rig.api.more("TUNNEL_SET", {"CONN_ID": session.tunnel.id}, PEER_CHECK=1)
    session.tunnel.send(session.packet(LCP), session.tunnel.far_socket())
    if check == "ids":
        session.settled(RX_PACKETS=1, RX_BYTES=18)
    else:
        session.settled()
        assert session.tunnel.drops() == {"wrong-peer": 1}


# --- numbers of 16 bits ---------------------------------------------------------------------------------

NUMBERS = {
    "SEQ-21 in order": ([0, 1, 2], 3, {}),
    "SEQ-3 the greatest first number": ([32766, 32767, 32768], 3, {}),
    "SEQ-3 SEQ-2 a first number outside the window": ([32767, 65535, 40000], 0, {"RX_ERRORS": 3}),
    "SEQ-2 old ones": ([5, 6, 5, 6], 2, {"RX_ERRORS": 2}),
    "SEQ-2 SEQ-21 the number wraps": ([32766, *range(65527, 65536), 0, 1], 7, discards(5)),
    "SEQ-4 five behind a gap": ([0, 9, 10, 11, 12, 13], 1, discards(5)),
    "SEQ-4 SEQ-20 the sixth behind a gap": ([0, 9, 10, 11, 12, 13, 14, 15], 3, discards(5)),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_version_2(rig, name):
    """
    Requirements: SEQ-2, SEQ-3, SEQ-4
    """
    numbers, delivered, others = NUMBERS[name]
    session = ppp(rig)
    for number in numbers:
        session.receive(LCP, number=number)
    session.settled(RX_PACKETS=delivered, RX_BYTES=22 * delivered, **others)
    assert session.drops().get("no-socket", 0) == delivered


def test_version_2_is_put_in_order(rig):
    """
    Requirements: SEQ-6, SEQ-20
    """
    session = ppp(rig, RECV_TIMEOUT=60_000)
    for number in (0, 2, 3, 1):
        session.receive(LCP, number=number)
    session.settled(RX_PACKETS=4, RX_BYTES=88, RX_OOS_PACKETS=1)


def test_the_peer_switches_numbers_on_and_off(rig):
    """
    Requirements: RX-42, RX-43
    """
    session = ppp(rig)
    session.receive(LCP, number=0)
    session.tunnel.fence()
    assert session.get()["SEND_SEQ"] == 1
    session.receive(LCP)
    session.tunnel.fence()
    assert session.get()["SEND_SEQ"] == 0
    session.modify(RECV_SEQ=1)
    session.receive(LCP)
    session.settled(RX_PACKETS=2, RX_BYTES=40, **discards(1))
    assert session.drops() == {"no-socket": 2, "no-sequence": 1}


# --- the engine dies ------------------------------------------------------------------------------------

def test_they_outlive_the_engine(cable, build):
    """With their counters and their place in the numbers."""
    with Daemon() as daemon:
        rig = Rig(daemon, cable)
        sessions = [ppp(rig), ppp(rig, 3)]
        for session in sessions:
            session.receive(LCP, number=0)
            session.receive(LCP, number=1)
            session.tunnel.fence()
        before = rig.api.sessions()
        engine = daemon.engine_pid
        os.kill(engine, signal.SIGKILL)
        rig.api.close()
        daemon.next_engine(engine)
        rig.api = Api(daemon, cable.near)
        assert rig.api.sessions() == before
        for session in sessions:
            session.api = session.tunnel.api = rig.api
            for number in (1, 2):
                session.receive(LCP, number=number)
            session.settled(RX_PACKETS=3, RX_BYTES=3 * len(session.packet(LCP, 0)), RX_ERRORS=1)
            session.delete()
        rig.close()
