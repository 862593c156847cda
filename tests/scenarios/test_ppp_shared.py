# SPDX-License-Identifier: BSD-2-Clause
"""PPP units that share a device (ul2tpd --ppp-device shared): packets find their session by address, and only their own
addresses let them in; what each may send and has sent; what is left of all that when the engine dies, and afterwards"""
import errno
import os
import pathlib
import signal
import socket
import struct
import subprocess

import pytest

from support.api import UL2TP_NUMBERS, Api, encode, refused
from support.daemon import BUILD, Cli, Daemon, descriptors
from support.netns import Cable, run
from support.ppp_file import LCP, PPPIOCSFLAGS
from support.ppp_link import SIOCGPPPSTATS, End
from support.shared_unit import IPV4, LOCAL, LOCAL6, Sharing, prefix_octets
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2", "--ppp-device", "shared")
IPCP = bytes.fromhex("8021010100040000")
SC_MULTILINK = 0x400
BATCH = 64  # packets of a device that a worker reads before it looks for control frames


def shared_devices(namespace):
    return {d for d in namespace.devices() if d.startswith("ppp-shared")}


def there_and_back(near, unit, address, words):
    near.send(address, words)
    session, frame = near.arrived()
    local = LOCAL6 if ":" in address else LOCAL
    addresses = b"".join(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, a) for a in (local, address))
    assert session == unit.session and addresses in frame and frame.endswith(words)
    unit.reply(words[::-1], address)
    assert near.received() == (address, words[::-1])


def test_packets_find_their_session(near, cable):
    a, b = near.unit("10.64.0.1/32", "fd64:1::/64"), near.unit("10.64.0.2/32", "10.65.2.0/24")
    assert not {d for d in cable.near.devices() if d.startswith("ppp")} - shared_devices(cable.near), "no pppN"
    assert {a.device, b.device} <= shared_devices(cable.near)
    assert near.routes() == {"10.64.0.1/32", "10.64.0.2/32", "10.65.2.0/24"} and near.routes(6) == {"fd64:1::/64"}
    for unit, address in ((a, "10.64.0.1"), (b, "10.64.0.2"), (b, "10.65.2.77"), (a, "fd64:1::17")):
        there_and_back(near, unit, address, f"to {address}".encode())
    # The longest prefix has it.
    a.add("10.65.2.78/32")
    there_and_back(near, a, "10.65.2.78", b"a host in another's prefix")
    a.remove("10.65.2.78/32")
    there_and_back(near, b, "10.65.2.78", b"is the other's again")
    shown = {unit["PPP_UNIT"]: unit for unit in near.dump()}
    assert sorted(shown) == sorted((a.number, b.number)) and shown[a.number]["DEVICE"] == a.device
    assert shown[b.number]["UNIT_PREFIX"].startswith("0420" "0a400002")


def test_counters_are_exact(near):
    unit = near.unit("10.64.0.1/32")
    other = near.unit("10.64.0.2/32")
    unit.file.send(IPCP)
    assert near.arrived() == (unit.session, IPCP)
    unit.arrive(IPCP + b"answer")
    assert unit.file.receive() == IPCP + b"answer"
    for n in range(30):
        near.send("10.64.0.1", bytes(100 + n))
        assert near.arrived()[0] == unit.session
    for n in range(20):
        unit.reply(bytes(500 + n))
        assert near.received()[0] == "10.64.0.1"
    sent, received = sum(128 + n for n in range(30)), sum(528 + n for n in range(20))
    assert unit.counters() == {
        "TX_PACKETS": 31, "TX_OCTETS": sent + 6, "TX_CONTROL_PACKETS": 1, "TX_CONTROL_OCTETS": 6,
        "RX_PACKETS": 21, "RX_OCTETS": received + 12, "RX_CONTROL_PACKETS": 1, "RX_CONTROL_OCTETS": 12}
    assert other.counters() == {}
    # As the kernel tells it (PPP-64): octets, packets, errors, each way; the others are never used.
    assert struct.unpack_from("=10I", unit.file.ioctl(SIOCGPPPSTATS)) == (
        0, received + 12, 0, 21, 0, 0, sent + 6, 0, 31, 0)


def test_a_session_sends_from_its_own_addresses_only(near):
    unit = near.unit("10.64.0.1/32", "fd64:1::/64", "10.65.0.0/24")
    near.unit("10.64.0.2/32", "10.65.0.9/32")
    for source in ("10.64.0.2", "192.0.2.2", "0.0.0.0", "10.65.0.9", "fd64:2::1", "fe80::1"):
        unit.reply(b"spoofed", source)
    unit.arrive(IPV4 + b"\x45\0\0\x10" + bytes(8))  # ends before its source
    unit.arrive(bytes.fromhex("0281") + bytes(40))  # MPLS has no source
    unit.reply(b"its own")
    assert near.received() == ("10.64.0.1", b"its own")
    assert unit.drops("RX") == {"source": 8}
    assert unit.counters() == {"RX_PACKETS": 1, "RX_OCTETS": 35, "RX_DROPPED": 8}
    unit.remove("10.64.0.1/32")
    unit.reply(b"no longer", "10.64.0.1")
    unit.reply(b"others still", "10.65.0.1")
    assert near.received() == ("10.65.0.1", b"others still")


def test_what_is_for_nobody_is_counted(near):
    unit = near.unit("10.64.0.1/32")
    strays = unit.get()["UNIT_STRAYS"]
    near.near.ip(f"route add 10.70.0.0/24 dev {unit.device}")
    for n in range(5):
        near.send("10.70.0.1", b"to nobody")
    near.send("10.64.0.1", b"to somebody")
    assert near.arrived()[0] == unit.session
    assert unit.get()["UNIT_STRAYS"] >= strays + 5
    assert eventually(lambda: unit.counters()["TX_PACKETS"], "it is counted") == 1


def test_a_policer_lets_a_burst_pass_and_no_more(near):
    """By packets that passed: 1000 octets each at 8000 bits a second, so one each second after the burst of ten."""
    unit, free = near.unit("10.64.0.1/32"), near.unit("10.64.0.2/32")
    unit.ask("POLICE", UNIT_TX_RATE=8000, UNIT_TX_BURST=10000, UNIT_RX_RATE=8000, UNIT_RX_BURST=5000)
    for _ in range(100):
        near.send("10.64.0.1", bytes(972))
        near.send("10.64.0.2", bytes(972))
    counted = eventually(lambda: unit.counters() if sum(unit.counters().get(n, 0) for n in (
        "TX_PACKETS", "TX_DROPPED")) == 100 and free.counters().get("TX_PACKETS") == 100 else None, "all were weighed")
    passed = counted["TX_PACKETS"]
    assert 10 <= passed <= 40 and counted["TX_OCTETS"] == passed * 1000
    assert unit.drops("TX") == {"policed": 100 - passed}
    assert [near.arrived()[0] for _ in range(100 + passed)].count(unit.session) == passed
    # Control frames are never held to it.
    unit.file.send(IPCP)
    assert near.arrived() == (unit.session, IPCP)
    for _ in range(50):
        unit.reply(bytes(972))
    near.tunnel.fence()
    counted = unit.counters()
    assert 5 <= counted["RX_PACKETS"] <= 35 and counted["RX_PACKETS"] + counted["RX_DROPPED"] == 50
    assert unit.drops("RX") == {"policed": counted["RX_DROPPED"]}
    # Changed and taken away again.
    unit.ask("POLICE", UNIT_RX_RATE=0, UNIT_TX_RATE=0)
    for _ in range(50):
        near.send("10.64.0.1", bytes(972))
        assert near.arrived()[0] == unit.session
    assert "UNIT_TX_RATE" not in unit.get()


def test_refusals(near):
    a, b, own = near.unit("10.64.0.1/32"), near.unit(), near.unit(own=True)
    with refused(errno.EEXIST) as words:
        b.add("10.64.0.1/32")
    assert words == [f"unit {a.number} has 10.64.0.1/32"]
    with refused(errno.EEXIST) as words:
        a.add("10.64.0.1/32")
    assert words == ["the unit has 10.64.0.1/32 already"]
    near.near.ip("route add 10.71.0.0/24 dev wire")
    with refused(errno.EEXIST) as words:
        b.add("10.71.0.0/24")
    assert words == ["there is a route to 10.71.0.0/24 already"]
    near.near.ip("route del 10.71.0.0/24 dev wire")
    for nobodys in ("0.0.0.0/0", "127.0.0.1/32", "224.0.0.1/32", "::/0", "::1/128", "ff02::1/128"):
        with refused(errno.EINVAL):
            b.add(nobodys)
    with refused(errno.EADDRNOTAVAIL):
        b.remove("10.64.0.1/32")
    with refused(errno.EOPNOTSUPP) as words:
        own.add("10.64.0.3/32")
    assert words == [f"unit {own.number} has an interface of its own to give addresses to"]
    for n in range(8):
        b.add(f"10.72.0.{n + 1}/32")
    with refused(errno.ENOSPC):
        b.add("10.72.0.9/32")
    for rate, burst in ((999, 0), (10 ** 13, 0), (8000, 1499)):
        with refused(errno.ERANGE):
            b.ask("POLICE", UNIT_TX_RATE=rate, UNIT_TX_BURST=burst)
    with refused(errno.ENXIO):
        near.ask("GET", PPP_UNIT=4711)
    with refused(errno.ENOTTY):
        near.ask("GET", PPP_HANDLE=a.channel.handle)
    assert near.routes() == {"10.64.0.1/32"} | {f"10.72.0.{n + 1}/32" for n in range(8)}


def test_a_unit_that_does_more_moves_to_the_receiving_worker(near):
    """Filters, multilink and the like need both directions on one worker: all its routes lead to that one's device."""
    units = [near.unit(f"10.64.0.{n}/32") for n in (1, 2)]
    for unit in units:
        unit.file.ioctl_int(PPPIOCSFLAGS, SC_MULTILINK)
    assert len({unit.get()["DEVICE"] for unit in units}) == 1
    for n, unit in enumerate(units, 1):
        near.send(f"10.64.0.{n}", b"still there")
        session, frame = near.arrived()
        assert session == unit.session and frame.endswith(b"still there")
        unit.reply(b"and back")
        assert near.received() == (f"10.64.0.{n}", b"and back")


def is_stopped(task):
    return (task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def test_a_flood_does_not_delay_control_frames(near, shared_daemon):
    """However many packets wait in the device: at most a batch of them is sent before a frame that a program writes."""
    unit = near.unit("10.64.0.1/32")
    engine = shared_daemon.engine_pid
    os.kill(engine, signal.SIGSTOP)
    try:
        eventually(lambda: all(is_stopped(task) for task in pathlib.Path(f"/proc/{engine}/task").iterdir()), "it stands")
        for _ in range(800):
            near.send("10.64.0.1", bytes(100))
        unit.channel.send(LCP)
    finally:
        os.kill(engine, signal.SIGCONT)
    frames = [near.arrived()[1] for _ in range(801)]
    assert frames.index(LCP) <= BATCH


def test_the_far_end_has_an_interface_of_its_own(shared_daemon, cable):
    """Two ends of one ul2tpd: one shares, the other has asked for its own, as what knows a unit by pppN does."""
    near, far = [End(shared_daemon, ns, ids, addresses, 2, "udp", own=own) for ns, ids, addresses, own in (
        (cable.near, (1, 2), ("192.0.2.1", "192.0.2.2"), False), (cable.far, (2, 1), ("192.0.2.2", "192.0.2.1"), True))]
    near.connect()
    far.connect()
    assert far.device in cable.far.devices() and near.device not in cable.near.devices()
    far.up(2)
    near.namespace.ip("link set lo up", "addr add 10.8.0.1/32 dev lo")
    for prefix in ("10.8.0.2/32", "fd08::2/128"):
        near.ppp.netlink.ul2tp("UNIT_ADDRESS_ADD", encode({
            "PPP_UNIT": near.number, "UNIT_PREFIX": prefix_octets(prefix)}, UL2TP_NUMBERS)).check()
    cable.near.run("ping", "-c", "3", "-i", "0.05", "-I", "10.8.0.1", "10.8.0.2")
    cable.near.run("ping", "-c", "1", "-s", "4000", "-I", "10.8.0.1", "10.8.0.2")
    cable.far.run("ping", "-c", "1", "-I", "10.8.0.2", "10.8.0.1")
    near.namespace.ip("addr del 10.8.0.1/32 dev lo")
    near.close()
    far.close()
    eventually(lambda: cable.near.devices() == cable.far.devices() == {"wire"}, "all have gone")


def test_a_thousand_sessions(near, shared_daemon, cable):
    """One device a worker, three descriptors a session in each process, and afterwards nothing."""
    held = {pid: descriptors(pid) for pid in (shared_daemon.keeper_pid, shared_daemon.engine_pid)}
    addresses = [f"10.{80 + n // 250}.{n % 250}.1" for n in range(1000)]
    units = [near.unit(f"{address}/32") for address in addresses]
    assert len(shared_devices(cable.near)) == 2 and len(near.routes()) == 1000
    for pid, before in held.items():
        assert len(descriptors(pid)) - len(before) <= 3 * 1000 + 8
    for n in range(0, 1000, 53):
        there_and_back(near, units[n], addresses[n], b"to one of many")
    assert len(near.dump()) == 1000
    for unit in units:
        unit.close()
    eventually(lambda: cable.near.devices() == {"wire"}, "the devices go with the last unit")
    assert near.routes() == set()


def test_a_deleted_device_takes_its_units_along(near):
    """
    Requirements: PPP-44
    """
    a, b, own = near.unit("10.64.0.1/32"), near.unit("10.64.0.2/32"), near.unit(own=True)
    near.near.ip(f"link del {a.device}")
    for unit in (a, b):
        assert unit.file.receive() == b""
    assert [unit["PPP_UNIT"] for unit in near.dump()] == [own.number]
    eventually(lambda: not shared_devices(near.near), "the others go with them")
    again = near.unit("10.64.0.1/32")
    there_and_back(near, again, "10.64.0.1", b"made anew")


@pytest.fixture
def world(build):
    """A daemon of the test's own, whose engine may be killed"""
    cable = Cable()
    daemon = Daemon("--workers", "2", "--ppp-device", "shared")
    made = Sharing(daemon, cable)
    yield made, daemon
    made.close()
    assert daemon.stop() == 0
    cable.close()


def kill_engine(near, daemon, meanwhile=lambda: None):
    engine = daemon.engine_pid
    os.kill(daemon.keeper_pid, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)
    meanwhile()
    os.kill(daemon.keeper_pid, signal.SIGCONT)
    daemon.next_engine(engine)
    near.rig.api.close()
    near.rig.api = Api(daemon, near.near)
    near.tunnel.api = near.rig.api
    near.again(daemon)


def test_units_outlive_the_engine(world):
    near, daemon = world
    kept, closed, moved = near.unit("10.64.0.1/32", "fd64:1::/64"), near.unit("10.64.0.2/32"), near.unit("10.64.0.3/32")
    moved.file.ioctl_int(PPPIOCSFLAGS, SC_MULTILINK)
    kept.ask("POLICE", UNIT_RX_RATE=10 ** 9, UNIT_RX_BURST=100000)
    there_and_back(near, kept, "10.64.0.1", b"before")
    kept.reply(b"spoofed", "10.64.0.2")
    near.tunnel.fence()
    before = kept.counters()
    kill_engine(near, daemon, closed.close)
    eventually(lambda: near.routes() == {"10.64.0.1/32", "10.64.0.3/32"}, "the route of what was closed has gone")
    assert near.routes(6) == {"fd64:1::/64"}
    assert kept.counters() == before and kept.get()["UNIT_RX_RATE"] == 10 ** 9
    there_and_back(near, kept, "10.64.0.1", b"after")
    there_and_back(near, kept, "fd64:1::5", b"after")
    near.send("10.64.0.3", b"moved")
    assert near.arrived()[1].endswith(b"moved")
    kept.reply(b"spoofed", "10.64.0.3")
    near.tunnel.fence()
    assert kept.drops("RX") == {"source": 2}
    again = near.unit("10.64.0.2/32")
    there_and_back(near, again, "10.64.0.2", b"the address is free again")


def test_nothing_is_left_of_units_that_were_closed_without_an_engine(world):
    near, daemon = world
    units = [near.unit(f"10.64.0.{n}/32") for n in range(1, 6)]
    kill_engine(near, daemon, lambda: [unit.close() for unit in units])
    eventually(lambda: not shared_devices(near.near), "the devices have gone")
    assert near.dump() == [] and near.routes() == set()


def test_in_a_container_with_two_capabilities(build):
    """`unshare -Urn`: ul2tpd serves its own network namespace alone, and needs no more there for shared devices."""
    two = ["setpriv", "--bounding-set", "-all,+net_admin,+net_raw", "--inh-caps", "-all,+net_admin,+net_raw"]
    with Daemon("--ppp-device", "shared", prefix=["unshare", "-Urn", *two]) as daemon:
        inside = ["nsenter", "--user", "--net", "--preserve-credentials", "--target", str(daemon.keeper_pid), *two]
        cli = Cli(daemon)
        cli.prefix = inside
        run(*inside, "ip", "link", "set", "lo", "up")
        cli("add tunnel tunnel_id 1 peer_tunnel_id 1 version 2 encap udp local 127.0.0.1 remote 127.0.0.1 "
            "udp_sport 5001 udp_dport 5002")
        with subprocess.Popen([*inside, BUILD / "tests/benchmarks/ppp_sessions", "1", "1", "20", "0"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=dict(os.environ, UL2TP_SOCKET=daemon.socket)) as sessions:
            assert sessions.stdout.readline().split()[2].startswith("ppp-shared")
            assert len(run(*inside, "ip", "route", "show", "proto", "115").stdout.splitlines()) == 20
            sessions.communicate(timeout=60)
        assert sessions.returncode == 0
        eventually(lambda: "ppp-shared" not in run(*inside, "ip", "-o", "link").stdout, "the devices have gone")
