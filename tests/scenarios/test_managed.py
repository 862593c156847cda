# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels on a program's own socket: control messages stay its own, the data of known sessions is ul2tpd's."""
import errno
import os
import signal
import socket
import struct
import subprocess

import pytest

from support import wire
from support.api import IP, Api, gone, refused
from support.daemon import BUILD, Cli, Daemon
from support.process import NOBODY
from support.program_socket import CONTROL, ProgramSocket, beside, next_port
from support.wait import AT_MOST, eventually

pytestmark = pytest.mark.quick

UDPLITE, L2TP = 136, 115
IP_RECVERR, SO_NO_CHECK = 11, 11


def on_kernels(value):
    """One of a test's parameters that stands for all where tests/kernels runs it."""
    return pytest.param(value, marks=pytest.mark.kernels)


@pytest.fixture(scope="module", params=["ebpf", "raw"])
def shared_daemon(request, build):
    daemon = Daemon("--divert", request.param)
    daemon.way = request.param
    yield daemon
    assert daemon.stop() == 0


@pytest.mark.parametrize("family", (4, 6, "mapped"))
@pytest.mark.parametrize("bound", (on_kernels("address"), "any", None))
def test_data_moves_and_control_is_the_programs(rig, family, bound):
    """
    Requirements: NL-45, TUN-21, TUN-22, TUN-26, TX-1, TX-5, RX-2, RX-8, RX-9
    """
    p = ProgramSocket(rig, family, bound=bound).tunnel(IP_SADDR="203.0.113.1", UDP_SPORT=1).session().up()
    for number in range(1, 4):
        p.send(p.data(wire.frame(b"from the peer %d" % number, 60)))
        p.send(CONTROL)
        assert p.received() == CONTROL
        p.delivered(number)
    assert p.capture.next()[14:].startswith(b"from the peer 1")
    octets, sender = p.transmit()
    assert octets == wire.data(9, wire.frame(b"to the peer", 60))
    assert sender[:2] == (p.near_address, p.port)
    p.socket.send(CONTROL)
    assert p.received(p.peer) == CONTROL


@pytest.mark.parametrize("family", (4, 6, "mapped"))
def test_what_is_reported_of_it(rig, family):
    """
    Requirements: NL-45, NL-58
    """
    p = ProgramSocket(rig, family).tunnel(IP_SADDR="203.0.113.1", IP_DADDR="203.0.113.2", UDP_SPORT=1, UDP_DPORT=2)
    got = p.get()
    kind = "IP" if family == 4 else "IP6"
    assert (got[kind + "_SADDR"], got[kind + "_DADDR"]) == (p.prefix + p.near_address, p.prefix + p.far_address)
    assert (got["UDP_SPORT"], got["UDP_DPORT"]) == (p.port, p.far_port)
    assert ("UDP_CSUM" in got) == (family == 4)
    bare = ProgramSocket(rig, family, connected=False, bound=None).tunnel()
    got = bare.get()
    assert (got["UDP_SPORT"], got["UDP_DPORT"]) == (0, 0)
    assert got[kind + "_SADDR"] == got[kind + "_DADDR"] == ("0.0.0.0" if family == 4 else "::")


# --- what is data and what is not

@pytest.mark.kernels
def test_what_goes_to_the_program(rig):
    """
    Requirements: RX-1, RX-2, RX-4, RX-5, RX-9
    """
    p = ProgramSocket(rig).tunnel().session()
    for octets in (p.data(b"")[:8] + bytes(5), b"", b"x", p.data(flags=0x8003), p.data(session_id=p.session_id + 1),
                   wire.data2(p.id, p.session_id, bytes(20)), CONTROL):
        p.for_the_program(octets)
    p.send(p.data(bytes(6)))
    p.delivered(1)
    assert not {k: v for k, v in p.get()["STATS"].items() if v and not k.startswith("RX_PACKETS") and k != "RX_BYTES"}


def test_what_is_malformed_is_counted_and_goes_to_the_program(rig):
    """
    Requirements: RX-6, RX-7
    """
    p = ProgramSocket(rig).tunnel().session(PEER_COOKIE="1122334455667788", L2SPEC_TYPE=wire.DEFAULT)
    p.for_the_program(p.data(bytes(20), flags=0x0004))
    p.for_the_program(p.data(bytes(20), flags=0x0000))
    whole = p.data(b"", cookie=bytes.fromhex("1122334455667788"), middle=wire.sublayer())
    p.for_the_program(whole[:-1])
    eventually(lambda: p.get()["STATS"]["RX_INVALID"] == 3, "three are counted")
    p.send(whole)
    p.delivered(1)
    assert p.stats()["RX_ERRORS"] == 0


def test_flags_that_mean_nothing(rig):
    """
    Requirements: RX-11, RX-12
    """
    p = ProgramSocket(rig).tunnel().session()
    p.send(p.data(flags=0x7ff3, reserved=0xffff))
    p.delivered(1)
    p.nothing_for_the_program()


def test_version_2(rig):
    """With and without length, numbers and offset; of another version it is malformed.

    Requirements: RX-3, RX-6, RX-11
    """
    p = ProgramSocket(rig, version=2).tunnel().session()
    for count, options in enumerate(({}, {"length": 3}, {"number": 0}, {"length": 40, "number": 1},
                                     {"offset": bytes(5)}, {"length": 9, "number": 2, "offset": b""}), start=1):
        p.send(p.data(bytes(30), **options))
        p.delivered(count)
    p.for_the_program(wire.data2(p.id + 1, p.session_id, bytes(30)))
    p.for_the_program(wire.data(p.id << 16 | p.session_id, bytes(30)))
    p.nothing_for_the_program()


def test_cookies_and_numbers(rig):
    """
    Requirements: RX-40, SEQ-6, SEQ-20
    """
    p = ProgramSocket(rig).tunnel().session(PEER_COOKIE="11223344", L2SPEC_TYPE=wire.DEFAULT, RECV_TIMEOUT=60000).up()
    good = bytes.fromhex("11223344")

    def numbered(number, cookie=good):
        return p.data(wire.frame(b"%d" % number, 60), cookie=cookie, middle=wire.sublayer(number))
    p.send(numbered(0))
    p.send(numbered(2))
    p.send(numbered(1, cookie=b"\0\0\0\0"))
    p.send(numbered(1))
    assert [f[14:15] for f in p.capture.take(3)] == [b"0", b"1", b"2"]
    stats = p.stats()
    assert (stats["RX_COOKIE_DISCARDS"], stats["RX_OOS_PACKETS"]) == (1, 1)
    p.nothing_for_the_program()


@pytest.mark.parametrize("size", (on_kernels(1), 240, 260, 1400, 2000, 4000, 9000, on_kernels(60000)))
def test_every_length_arrives_whole(rig, size):
    """
    Requirements: RX-8
    """
    p = ProgramSocket(rig).tunnel().session().up()
    p.rig.near.ip(f"link set {p.device} mtu 65000")
    frame = wire.frame(os.urandom(size))
    p.send(p.data(frame))
    p.delivered(1)
    assert p.stats()["RX_BYTES"] == 8 + len(frame)
    assert p.capture.next() == frame


@pytest.mark.kernels
def test_what_segments_of_a_local_sender_become(rig):
    """A batch of segments with a control message among them is told apart (UDP_SEGMENT over loopback)."""
    rig.near.ip("link set lo up")
    p = ProgramSocket(rig, connected=False, bound="any").tunnel().session()
    sender = rig.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rig.closing.append(sender)
    parts = [p.data(wire.frame(b"%d" % n, 92)) for n in range(9)]
    parts.insert(4, CONTROL.ljust(100, b"."))
    sender.setsockopt(socket.IPPROTO_UDP, 103, 100)
    sender.sendto(b"".join(parts), ("127.0.0.1", p.port))
    assert p.received() == parts[4]
    # Without eBPF the size is told by PACKET_VNET_HDR, which knows it since Linux 6.2.
    if rig.daemon.way == "raw" and tuple(int(n) for n in os.uname().release.split(".")[:2]) < (6, 2):
        eventually(lambda: p.api.tunnel_more(p.id).rx_drops == {"uncut": 1}, "nothing is guessed")
        return
    # On a busy machine the record that tells the size can come too late: then, too, nothing is guessed.
    for tries in range(1, 11):
        eventually(lambda n=tries: p.stats()["RX_PACKETS"] >= 9 or p.api.tunnel_more(p.id).rx_drops.get("uncut", 0) >= n,
                   "it is delivered or dropped")
        if p.stats()["RX_PACKETS"]:
            break
        sender.sendto(b"".join(parts), ("127.0.0.1", p.port))
        assert p.received() == parts[4]
    p.delivered(9)


# --- who sends and receives

@pytest.mark.kernels
def test_a_socket_that_is_not_connected(rig):
    """Receives from anyone and sends to nobody, until it is connected.

    Requirements: TUN-21, TUN-23, SEQ-1
    """
    p = ProgramSocket(rig, connected=False, bound="any").tunnel().session(L2SPEC_TYPE=wire.DEFAULT, SEND_SEQ=1).up()
    p.send(p.data(middle=wire.sublayer(0)))
    p.send(p.data(middle=wire.sublayer(1)), p.far_socket())
    p.delivered(2)
    p.capture.send(wire.frame(b"nowhere", 60))
    eventually(lambda: p.stats()["TX_ERRORS"] == 1, "it is counted")
    assert rig.api.session_more(p.id, p.session_id).tx_drops == {"no-peer": 1}
    p.connect()
    rig.api.socket_changed(p.socket)
    octets, sender = p.transmit()
    assert octets == wire.data(9, wire.frame(b"to the peer", 60), middle=wire.sublayer(1))
    assert sender == (p.near_address, p.port)
    assert p.get()["UDP_DPORT"] == p.far_port


@pytest.mark.parametrize("family", (4, 6, "mapped"))
def test_a_socket_that_is_connected_anew(rig, family):
    """
    Requirements: NL-58, TUN-23
    """
    p = ProgramSocket(rig, family).tunnel().session().up()
    p.transmit()
    other = p.far_socket(next_port())
    p.connect(other.getsockname()[1])
    rig.api.socket_changed(p.socket)
    assert p.get()["UDP_DPORT"] == other.getsockname()[1]
    p.capture.send(wire.frame(b"to the other", 60))
    assert p.received(other)[22:].startswith(b"to the other")
    p.send(p.data(), other)
    p.delivered(1)
    p.disconnect()
    rig.api.socket_changed(p.socket)
    assert p.get()["UDP_DPORT"] == 0
    p.capture.send(wire.frame(b"to nobody", 60))
    eventually(lambda: p.stats()["TX_ERRORS"] == 1, "it is counted")


def test_who_may_say_that_a_socket_changed(rig):
    """Whoever holds it; nobody of one without a tunnel."""
    p = ProgramSocket(rig).tunnel()
    with refused(errno.ENOENT):
        rig.api.socket_changed(p.peer)
    with refused(errno.EBADF):
        rig.api.more("SOCKET_CHANGED")
    rig.api.more("SOCKET_SET", DROP_RIGHTS=1)
    rig.api.socket_changed(p.socket)
    rig.api.close()
    rig.api = type(rig.api)(rig.daemon, rig.near)


@pytest.mark.kernels
def test_link_local_addresses(rig):
    """
    Requirements: TX-1
    """
    near, far = (next(line.split()[3].split("/")[0] for line in ns.run(
        "ip", "-6", "-o", "addr", "show", "dev", "wire", "scope", "link").stdout.splitlines()) for ns in (rig.near, rig.far))
    peer = rig.far.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    rig.closing.append(peer)
    with rig.far.entered():
        peer.bind((far, next_port(), 0, socket.if_nametoindex("wire")))
    p = ProgramSocket(rig, 6, connected=False, bound="any")
    with rig.near.entered():
        index = socket.if_nametoindex("wire")
    p.socket.connect((far, peer.getsockname()[1], 0, index))
    p.tunnel().session().up()
    p.capture.send(wire.frame(b"link local", 60))
    octets, sender = p.received_from(peer)
    assert octets[22:].startswith(b"link local") and sender[0].split("%")[0] == near and sender[1] == p.port


def sending_beside(namespace, port):
    """Sockets of ul2tpd's that send for programs' on this port: bound to 0.N.N.N"""
    local = [line.split()[1] for line in namespace.read("udp").splitlines()[1:]]
    return [one for one in local if one.endswith(f"00:{port:04X}") and not one.startswith("00000000")]


@pytest.mark.kernels
def test_several_tunnels_on_one_port(rig):
    """As programs that have a socket for each peer: each gets and sends its own. One socket beside them sends for all, so that
    who has thousands costs neither a descriptor each, nor a bind() that looks at all of them.

    Requirements: TUN-22
    """
    port = next_port()
    reuse = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)]
    server = ProgramSocket(rig, connected=False, bound="any", options=reuse, port=port).tunnel().session()
    programs = [ProgramSocket(rig, bound="any", options=reuse, port=port).tunnel().session().up() for _ in range(5)]
    for p in programs:
        p.send(p.data())
        octets, sender = p.transmit(b"mine")
        assert octets[22:].startswith(b"mine") and sender[1] == port
    assert len(sending_beside(rig.near, port)) == 1
    for p in programs:
        p.delivered(1)
        p.nothing_for_the_program()
    stranger = server.far_socket()
    server.send(CONTROL, stranger)
    assert server.received() == CONTROL
    later = ProgramSocket(rig, bound="any", options=reuse, port=port)
    later.send(CONTROL)
    assert later.received() == CONTROL
    programs[0].socket.close()
    eventually(lambda: gone(rig.api.tunnel_get, programs[0].id), "the tunnel is gone")
    assert programs[1].transmit()[1][1] == port


@pytest.mark.parametrize("version", (2, on_kernels(3)))
def test_several_sockets_for_one_peer(rig, version):
    """As xl2tpd has them when it calls one LNS twice: the system gives all packets to the socket that was made last.

    Requirements: RX-3, RX-10
    """
    port = next_port()

    def carried(count):
        for p in programs:
            first.send(p.data())
            p.delivered(count)
    first = beside(rig, port, version=version)
    programs = [first, *(beside(rig, port, first, version) for _ in range(2))]
    carried(1)
    first.send(CONTROL)
    assert programs[-1].received() == CONTROL, "and nothing before"
    stranger = beside(rig, port, version=version)
    stranger.send(first.data())
    stranger.send(stranger.data())
    stranger.delivered(1)
    carried(2)
    last = programs.pop()
    last.connect(last.far_port)
    rig.api.socket_changed(last.socket)
    last.send(first.data())
    last.send(last.data())
    last.delivered(3)
    carried(3)
    programs.pop().socket.close()
    carried(4)
    first.nothing_for_the_program()


@pytest.mark.parametrize("owner", (0, on_kernels(NOBODY)))
def test_ports_shared_by_their_owner(rig, owner):
    """SO_REUSEPORT lets sockets of one user share a port, and ours does not come between them."""
    port = next_port()
    reuse = [(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)]

    def mine():
        p = ProgramSocket(rig, connected=False, bound=None, options=reuse, port=port)
        os.fchown(p.socket.fileno(), owner, -1)
        p.socket.bind(("", port))
        p.connect()
        return p
    p = mine().tunnel().session().up()
    assert p.transmit()[1][1] == port
    mine().send(CONTROL)


def test_a_socket_keeps_its_options(rig):
    """What is set for the moment of a bind is put back.

    Requirements: TUN-22
    """
    for reuse in (0, 1):
        p = ProgramSocket(rig, bound="any", options=[(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)]).tunnel()
        assert p.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == reuse
        assert p.socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 0


@pytest.mark.parametrize("family", (4, 6, on_kernels("mapped")))
def test_data_leaves_with_the_options_of_the_socket(rig, family):
    """And never with DF.

    Requirements: TX-2, TX-3, TX-6
    """
    options = [(socket.SOL_SOCKET, socket.SO_PRIORITY, 5), (socket.IPPROTO_IP, 10, 2)]
    if family == 6:
        options += [(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x28), (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 33)]
    else:
        options += [(socket.IPPROTO_IP, socket.IP_TOS, 0x28), (socket.IPPROTO_IP, socket.IP_TTL, 33)]
    p = ProgramSocket(rig, family, options=options).tunnel().session().up()
    seen = p.wire()
    p.transmit()
    packet = seen.packet()
    assert (packet.tos, packet.ttl, packet.df) == (0x28, 33, False)
    assert packet.udp_checksum_good
    more = rig.api.tunnel_more(p.id).values
    assert family == "mapped" or (more["TOS"], more["TTL"]) == (0x28, 33)


@pytest.mark.kernels
def test_checksums_as_the_socket_has_them(rig):
    """
    Requirements: TX-6, NL-58
    """
    p = ProgramSocket(rig, options=[(socket.SOL_SOCKET, SO_NO_CHECK, 1)]).tunnel().session().up()
    seen = p.wire()
    p.transmit()
    assert seen.packet().udp_checksum == 0
    assert p.get()["UDP_CSUM"] == 0
    p = ProgramSocket(rig, 6, options=[(socket.IPPROTO_UDP, 101, 1), (socket.IPPROTO_UDP, 102, 1)]).tunnel()
    assert p.get()["UDP_ZERO_CSUM6_TX"] and p.get()["UDP_ZERO_CSUM6_RX"]


@pytest.mark.kernels
def test_icmp_errors_of_data_are_the_programs(rig):
    """
    Requirements: UDP-1, UDP-2
    """
    p = ProgramSocket(rig).tunnel().session().up()
    p.peer.close()
    p.capture.send(wire.frame(b"refused", 60))
    error = eventually(lambda: p.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "the error is the socket's")
    assert error == errno.ECONNREFUSED
    p.peer = p.far_socket(p.far_port)
    assert p.transmit()[0][22:].startswith(b"to the peer")
    # It is counted once it has left, which may be after it has come.
    eventually(lambda: (p.stats()["TX_PACKETS"], p.stats()["TX_ERRORS"]) == (2, 0), "both are counted as sent")


# --- refusals

def other(rig, *arguments):
    made = rig.near.socket(*arguments)
    rig.closing.append(made)
    return made


def test_what_is_refused(rig):
    """
    Requirements: NL-40, TUN-4, TUN-20
    """
    p = ProgramSocket(rig).tunnel()
    ids = {"CONN_ID": p.id + 100000, "PEER_CONN_ID": 1}
    reader, writer = os.pipe()
    nl = rig.api.netlink
    try:
        with refused(errno.EEXIST):
            rig.api.tunnel_create(CONN_ID=p.id, PEER_CONN_ID=1, FD=99)
        with refused(errno.EBADF):
            rig.api.tunnel_create(FD=99, **ids)
        with refused(errno.ENOTSOCK):
            rig.api.tunnel_on(type("Pipe", (), {"fileno": staticmethod(lambda: reader)}), **ids)
    finally:
        os.close(reader)
        os.close(writer)
    for sock, values, code in (
            (p.peer, {}, errno.EINVAL),
            (other(rig, socket.AF_INET, socket.SOCK_STREAM), {}, errno.EPROTONOSUPPORT),
            (other(rig, socket.AF_INET, socket.SOCK_RAW, L2TP), {"ENCAP_TYPE": IP}, errno.EPROTONOSUPPORT),
            (other(rig, socket.AF_UNIX, socket.SOCK_DGRAM), {}, errno.EPROTONOSUPPORT),
            (other(rig, socket.AF_INET, socket.SOCK_DGRAM, UDPLITE), {}, errno.EPROTONOSUPPORT),
            (other(rig, socket.AF_INET6, socket.SOCK_DGRAM), {"ENCAP_TYPE": IP}, errno.EPROTONOSUPPORT),
            (p.socket, {}, errno.EBUSY)):
        with refused(code):
            rig.api.tunnel_on(sock, **dict(ids, **values))
    assert gone(rig.api.tunnel_get, ids["CONN_ID"])
    assert nl.l2tp("NOOP").code == 0


# --- ends

@pytest.mark.kernels
def test_the_last_close_ends_the_tunnel(rig):
    """
    Requirements: TUN-25, TUN-40, TUN-45, NL-81
    """
    watcher = Api(rig.daemon, rig.near)
    rig.closing.append(watcher)
    watcher.subscribe()
    p = ProgramSocket(rig).tunnel().session()
    watcher.events(2)
    copy = p.socket.dup()
    p.socket.close()
    p.send(p.data())
    p.delivered(1)
    copy.close()
    eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel is gone")
    assert watcher.events() == []


@pytest.mark.parametrize("end", (signal.SIGKILL, "exec", "exit"))
def test_the_end_of_the_process_that_has_it(rig, end):
    """
    Requirements: TUN-40, TUN-45
    """
    p = ProgramSocket(rig).tunnel().session()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        if end == "exec":
            os.execv("/bin/sleep", ["sleep", "1000"])  # the socket is close-on-exec
        os._exit(0)
    try:
        os.close(reader)
        p.socket.close()
        p.send(p.data())
        p.delivered(1)
        if end == signal.SIGKILL:
            os.kill(child, end)
        else:
            os.write(writer, b"x")
        eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel is gone")
    finally:
        os.close(writer)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.kernels
def test_a_deleted_tunnel_gives_the_socket_back(rig):
    """
    Requirements: TUN-44, TUN-42
    """
    p = ProgramSocket(rig).tunnel().session()
    for number in range(3):
        p.send(p.data())
        p.delivered(1)
        rig.api.tunnel_delete(p.id)
        p.send(p.data())
        assert p.received() == p.data()
        p.socket.send(CONTROL)
        assert p.received(p.peer) == CONTROL
        p.tunnel().session(SESSION_ID=p.session_id)
    rig.api.session_delete(p.id, p.session_id)
    p.send(p.data())
    assert p.received() == p.data()
    rig.api.tunnel_delete(p.id)
    drop_everything = struct.pack("HBBI", 6, 0, 0, 0)
    import ctypes  # pylint: disable=import-outside-toplevel
    program = ctypes.create_string_buffer(drop_everything)
    p.socket.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxQ", 1, ctypes.addressof(program)))
    p.send(CONTROL)
    p.socket.setsockopt(socket.SOL_SOCKET, 27, 0)
    p.send(p.data())
    assert p.received() == p.data()


def test_a_socket_that_was_closed_leaves_its_port(rig):
    """
    Requirements: TUN-45
    """
    p = ProgramSocket(rig, bound="any").tunnel().session()
    p.socket.close()
    eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel is gone")
    ProgramSocket(rig, bound="any", port=p.port).tunnel()


def test_the_example(rig):
    """examples/own-socket.c, which reads what is no data, and with which everything ends."""
    near, far = rig.cable.addresses(4)
    peer = rig.far.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rig.closing.append(peer)
    peer.bind((far, 1701))
    program = rig.near.popen(BUILD / "examples/own-socket", near, far, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, env=dict(os.environ, UL2TP_SOCKET=rig.daemon.socket))
    try:
        assert program.stdout.readline() == "ready\n"
        peer.sendto(wire.data(1, wire.frame(b"data", 60), middle=wire.sublayer()), (near, 1701))
        peer.sendto(CONTROL, (near, 1701))
        assert program.stdout.readline() == f"{len(CONTROL)} octets that are no data\n"
        eventually(lambda: rig.api.session_get(10, 1)["STATS"]["RX_PACKETS"] == 1, "the data is the session's")
        program.stdin.close()
        assert program.wait(20) == 0
        eventually(lambda: gone(rig.api.tunnel_get, 10), "the tunnel is gone")
    finally:
        program.kill()
        program.wait(AT_MOST)
        program.stdout.close()


def test_ul2tp_shows_it(rig):
    p = ProgramSocket(rig).tunnel()
    shown = Cli(rig.daemon, rig.near).json(f"show tunnel tunnel_id {p.id}")[0]
    assert (shown["local_port"], shown["peer_port"]) == (p.port, p.far_port)
    assert "managed-" + rig.daemon.way in Cli(rig.daemon, rig.near)("status")
