# SPDX-License-Identifier: BSD-2-Clause
"""Programs with L2TP/IP sockets under `ul2tp run`: what libc's calls answer, messages between two of them"""
import errno
import itertools
import os
import socket
import struct

import pytest

from support.api import Api
from support.capture import WireCapture
from support.ip_program import IpProgram
from support.ip_socket import UNSPEC, name, name4, name6
from support.launcher import Launcher, supervisor_of
from support.wait import eventually

ids = itertools.count(7000)
SO_PROTOCOL, SO_COOKIE = 38, 57


def control(conn_id, text=b""):
    return struct.pack("!HHIHH", 0xc803, 12 + len(text), conn_id, 0, 0) + text


def integer(value):
    return struct.pack("=i", value)


@pytest.fixture
def start(shared_daemon, cable):
    """Starts programs in a namespace: start("near")"""
    made = []

    def make(where="near"):
        launcher = Launcher(shared_daemon, getattr(cable, where))
        made.append(IpProgram(launcher.command, environment=launcher.environment))
        return made[-1]
    yield make
    for program in made:
        program.close()


@pytest.fixture
def program(start):
    return start()


def fails(code, function, *arguments, **values):
    with pytest.raises(OSError) as caught:
        function(*arguments, **values)
    assert errno.errorcode[caught.value.errno] in (code, {"EOPNOTSUPP": "ENOTSUP"}.get(code)), caught.value


def test_types_of_socket(program):
    """Requirements: IPS-1"""
    program.socket()
    program.socket(socket.AF_INET6)
    fails("EPROTONOSUPPORT", program.socket, socket.AF_INET, socket.SOCK_STREAM)
    fails("ESOCKTNOSUPPORT", program.socket, socket.AF_INET, socket.SOCK_SEQPACKET)
    raw = program.socket(socket.AF_INET, socket.SOCK_RAW)
    assert program.getsockopt(raw, socket.SOL_SOCKET, socket.SO_TYPE) == integer(socket.SOCK_RAW)


@pytest.mark.quick
@pytest.mark.parametrize("family", [4, 6])
def test_control_messages_between_two_programs(start, cable, family):
    """Requirements: IPS-40, IPS-41, IPS-50, RX-26, RX-27"""
    near, far = cable.addresses(family)
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    a, b = start("near"), start("far")
    a_fd, b_fd, a_id, b_id = a.socket(kind), b.socket(kind), next(ids), next(ids)
    a.bind(a_fd, name(near, a_id))
    b.bind(b_fd, name(far, b_id))
    assert a.getsockname(a_fd) == name(near, a_id)
    assert a.sendto(a_fd, control(b_id, b"first"), name(far, 0)) == 17
    data, sender, _ = b.recvfrom(b_fd)
    assert bytes.fromhex(data) == control(b_id, b"first")
    assert bytes.fromhex(sender)[:28] == name(near, 0)[:28]
    b.connect(b_fd, name(near, a_id))
    assert b.write(b_fd, control(a_id, b"second")) == 18
    assert bytes.fromhex(a.recvfrom(a_fd)[0]) == control(a_id, b"second")
    assert b.sendmsg(b_fd, control(a_id, b"third")[:5], control(a_id, b"third")[5:]) == 17
    assert bytes.fromhex(a.recvfrom(a_fd)[0]) == control(a_id, b"third")


def test_names_and_errors(program):
    """Requirements: IPS-2, IPS-10, IPS-20, IPS-22, IPS-30, Q-14"""
    fd, conn_id = program.socket(), next(ids)
    assert program.getsockname(fd) == name4("0.0.0.0", 0)
    fails("EINVAL", program.connect, fd, name4("192.0.2.2", 1))
    fails("EADDRNOTAVAIL", program.bind, fd, name4("198.51.100.9", 1))
    fails("EINVAL", program.bind, fd, name4("192.0.2.1", 1)[:15])
    fails("EDESTADDRREQ", program.sendto, fd, b"x")
    fails("EHOSTUNREACH", program.sendto, fd, b"x", name4("198.51.100.9", 1))
    program.bind(fd, name4("0.0.0.0", conn_id))
    fails("EADDRINUSE", program.bind, program.socket(), name4("192.0.2.1", conn_id))
    fails("ENOTCONN", program.getpeername, fd)
    fails("ENETUNREACH", program.connect, fd, name4("198.51.100.9", 1))
    program.connect(fd, name4("192.0.2.2", 5, unused=1))
    assert program.getsockname(fd) == name4("192.0.2.1", conn_id)
    assert program.getpeername(fd) == name4("192.0.2.2", 5)
    assert program.getsockname(fd, 6) == name4("192.0.2.1", conn_id)[:6].ljust(16, b"\0")
    program.connect(fd, UNSPEC)
    fails("ENOTCONN", program.getpeername, fd)


def test_ipv6_names(program):
    """Requirements: IPS-11, IPS-21, IPS-30, IPS-43"""
    fd, conn_id = program.socket(socket.AF_INET6), next(ids)
    fails("EINVAL", program.bind, fd, name6("2001:db8::1", 1)[:31])
    program.bind(fd, name6("::", conn_id))
    fails("EOPNOTSUPP", program.sendto, fd, b"x", name6("2001:db8::2", 1), socket.MSG_OOB)
    program.connect(fd, name6("2001:db8::2", 3))
    assert program.getsockname(fd) == name6("2001:db8::1", conn_id)
    assert program.getpeername(fd) == name6("2001:db8::2", 3)


def test_calls_that_make_no_sense(program):
    """Requirements: IPS-24, IPS-50"""
    fd = program.socket()
    program.bind(fd, name4("192.0.2.1", next(ids)))
    fails("EOPNOTSUPP", program.listen, fd)
    fails("EOPNOTSUPP", program.accept, fd)
    fails("ENOTCONN", program.shutdown, fd, socket.SHUT_RDWR)
    fails("EINVAL", program.shutdown, fd, 7)
    other = program.socket()
    program.bind(other, name4("192.0.2.1", next(ids)))
    program.connect(other, name4("192.0.2.2", 1))
    program.shutdown(other, socket.SHUT_RD)
    assert program.recvfrom(other)[0] == ""


def test_receiving_is_the_kernels_own(start, cable):
    """Requirements: IPS-50, IPS-51, IPS-52"""
    a, b = start("near"), start("far")
    fd, to, conn_id = a.socket(), b.socket(), next(ids)
    b.bind(to, name4("0.0.0.0", conn_id))
    assert not b.waits(to)
    assert b.ioctl(to, 0x541b, bytes(4)) == integer(0)
    for text in b"one", b"two", b"three":
        a.sendto(fd, control(conn_id, text), name4(cable.FAR4, 0))
    eventually(lambda: b.waits(to), "a message has come")
    assert b.ioctl(to, 0x541b, bytes(4)) == integer(15)
    assert bytes.fromhex(b.recvfrom(to, 10, 65536, socket.MSG_PEEK)[0]) == control(conn_id, b"one")
    assert b.recvfrom(to, 10, 4, socket.MSG_TRUNC) == [control(conn_id)[:4].hex()[:4] + control(conn_id, b"one").hex()[4:8],
                                                       name4(cable.NEAR4, 0).hex(), 15]
    assert b.pktinfo(to) == cable.FAR4
    copy = b.dup(to)
    assert bytes.fromhex(b.recvfrom(copy)[0]) == control(conn_id, b"three")


def test_options(start, cable):
    """Requirements: IPS-42, IPS-53, Q-32"""
    a, b = start("near"), start("far")
    fd, to, conn_id = a.socket(), b.socket(), next(ids)
    b.bind(to, name4("0.0.0.0", conn_id))
    b.setsockopt(to, socket.IPPROTO_IP, socket.IP_RECVTOS, integer(1))
    assert a.getsockopt(fd, socket.SOL_SOCKET, SO_PROTOCOL) == integer(115)
    assert a.getsockopt(fd, socket.SOL_SOCKET, socket.SO_TYPE) == integer(socket.SOCK_DGRAM)
    fails("ENOPROTOOPT", a.setsockopt, fd, 115, 1, integer(1))
    fails("EOPNOTSUPP", a.getsockopt, fd, 17, 1)
    a.setsockopt(fd, socket.IPPROTO_IP, socket.IP_TTL, integer(33))
    assert a.getsockopt(fd, socket.IPPROTO_IP, socket.IP_TTL) == integer(33)
    fails("EMSGSIZE", a.sendto, fd, bytes(1500), name4(cable.FAR4, 0))
    a.setsockopt(fd, socket.IPPROTO_IP, 10, integer(0))  # IP_PMTUDISC_DONT
    a.sendto(fd, control(conn_id, bytes(2000)), name4(cable.FAR4, 0))
    assert bytes.fromhex(b.recvfrom(to)[0]) == control(conn_id, bytes(2000))
    fails("ENODEV", a.setsockopt, fd, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"none\0")
    a.setsockopt(fd, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    assert a.getsockopt(fd, socket.SOL_SOCKET, socket.SO_BINDTODEVICE) == b"lo\0"
    a.sendto(fd, control(conn_id, b"nowhere"), name4(cable.FAR4, 0))
    a.setsockopt(fd, socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire\0")
    a.sendto(fd, control(conn_id, b"by wire"), name4(cable.FAR4, 0))
    assert bytes.fromhex(b.recvfrom(to)[0]) == control(conn_id, b"by wire")


def test_interfaces_are_those_of_the_programs_namespace(program, cable):
    """Requirements: IPS-52"""
    assert program.ifindex(program.socket(), "wire") == cable.near.link("wire")["ifindex"]
    fails("ENOTTY", program.ioctl, program.socket(), 0x4321, bytes(16))


def test_a_listener_on_connection_id_0(start, cable):
    """Requirements: IPS-12, RX-26"""
    a, b = start("near"), start("far")
    fd = b.socket()
    b.bind(fd, name4("0.0.0.0", 0))
    a.sendto(a.socket(), control(0, b"SCCRQ"), name4(cable.FAR4, 0))
    assert bytes.fromhex(b.recvfrom(fd)[0]) == control(0, b"SCCRQ")


@pytest.mark.parametrize("how", ["close", "SIGKILL"])
def test_the_last_close_frees_the_connection_id(start, how):
    """Requirements: IPS-54"""
    a, b, conn_id = start(), start(), next(ids)
    fd = a.socket()
    copy = a.dup(fd)
    a.bind(fd, name4("0.0.0.0", conn_id))
    a.close_one(fd)
    fails("EADDRINUSE", b.bind, b.socket(), name4("0.0.0.0", conn_id))
    if how == "close":
        a.close_one(copy)
    else:
        a.process.kill()
    other = b.socket()

    def bound():
        try:
            b.bind(other, name4("0.0.0.0", conn_id))
        except OSError as why:
            assert why.errno == errno.EADDRINUSE
            return False
        return True
    eventually(bound, "the connection id is free")


def test_one_process_can_bind_again_at_once(program):
    """Requirements: IPS-54"""
    conn_id = next(ids)
    for _ in range(20):
        fd = program.socket()
        program.bind(fd, name4("192.0.2.1", conn_id))
        program.close_one(fd)


def test_nobody_gets_a_socket_that_does_nothing(program):
    """Requirements: IPS-1, Q-19"""
    program.setuid(65534)
    fd = program.socket()
    assert program.getsockname(fd) == name4("0.0.0.0", 0)
    fails("EPERM", program.bind, fd, name4("0.0.0.0", next(ids)))
    fails("EPERM", program.sendto, fd, b"x", name4("192.0.2.2", 1))


def test_a_launcher_without_rights_says_which_it_needs(shared_daemon, cable):
    """A namespace can be made for the launcher, but it can not do everything in there."""
    launcher = Launcher(shared_daemon, cable.near)
    launcher.prefix += ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"]
    done = launcher.run("/usr/bin/python3", "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115)")
    assert "Errno 93" in done.stderr and "CAP_NET_RAW" in done.stderr, done.stderr


def test_a_supervisor_that_is_killed_is_replaced(start, cable):
    a, b = start("near"), start("far")
    fd, to, conn_id = a.socket(), b.socket(), next(ids)
    b.bind(to, name4("0.0.0.0", conn_id))
    before = supervisor_of(b.process.pid)
    os.kill(before, 9)
    a.sendto(fd, control(conn_id, b"meanwhile"), name4(cable.FAR4, 0))
    assert bytes.fromhex(b.recvfrom(to)[0]) == control(conn_id, b"meanwhile")
    assert b.getsockname(to) == name4("0.0.0.0", conn_id)
    b.connect(to, name4(cable.NEAR4, 4))
    assert supervisor_of(b.process.pid) != before


def test_a_daemon_that_comes_back_has_the_socket_again(daemon, cable):
    launcher = Launcher(daemon, cable.far)
    with IpProgram(launcher.command, environment=launcher.environment) as b, \
            IpProgram(Launcher(daemon, cable.near).command, environment=launcher.environment) as a:
        fd, to, conn_id = a.socket(), b.socket(), next(ids)
        b.bind(to, name4("0.0.0.0", conn_id))
        os.kill(daemon.engine_pid, 9)

        def passes():
            try:
                a.sendto(fd, control(conn_id, b"again"), name4(cable.FAR4, 0))
                return b.recvfrom(to, 0.2)
            except OSError:
                return None
        assert bytes.fromhex(eventually(passes, "messages pass again")[0]) == control(conn_id, b"again")


# --- tunnels on them -----------------------------------------------------------------------------------------

UDP, IP = 0, 1


def tunnel(program, fd, conn_id, **values):
    program.l2tp("TUNNEL_CREATE", dict({"CONN_ID": conn_id, "PEER_CONN_ID": conn_id, "PROTO_VERSION": 3,
                                        "ENCAP_TYPE": IP, "FD": fd}, **values))


def session(program, conn_id, device):
    program.l2tp("SESSION_CREATE", {"CONN_ID": conn_id, "SESSION_ID": conn_id, "PEER_SESSION_ID": conn_id,
                                    "PW_TYPE": 5, "IFNAME": device})


class Pair:
    """Two programs with a socket each, connected to each other."""

    def __init__(self, start, cable, family):
        self.cable, self.near, self.far = cable, start("near"), start("far")
        self.conn_id, kind = next(ids), socket.AF_INET6 if family == 6 else socket.AF_INET
        self.addresses = cable.addresses(family)
        self.fds = [program.socket(kind) for program in (self.near, self.far)]
        for program, fd, own in zip((self.near, self.far), self.fds, self.addresses):
            program.bind(fd, name(own, self.conn_id))
        self.device = f"l2ip{self.conn_id}"

    def connect(self):
        for program, fd, peer in zip((self.near, self.far), self.fds, reversed(self.addresses)):
            program.connect(fd, name(peer, self.conn_id))

    def carry(self):
        """A tunnel and a session on the sockets, and addresses at both ends."""
        net = self.conn_id % 250
        for program, fd, host, number in ((self.near, self.fds[0], self.cable.near, 1),
                                          (self.far, self.fds[1], self.cable.far, 2)):
            tunnel(program, fd, self.conn_id)
            session(program, self.conn_id, self.device)
            host.ip(f"address add 10.77.{net}.{number}/24 dev {self.device}", f"link set {self.device} up")
        self.target = f"10.77.{net}.2"

    def ping(self, size=56, wait=10):
        return self.cable.near.run("ping", "-c1", f"-W{wait}", "-s", size, self.target, check=False).returncode == 0

    def gone(self):
        return self.device not in self.cable.near.devices()


@pytest.mark.quick
@pytest.mark.parametrize("family", [4, 6])
def test_data_flows_in_a_tunnel_on_the_socket_while_control_does(start, cable, family):
    """Requirements: TUN-20, TUN-21, TUN-22, IPS-55, RX-30, TX-2, Q-32"""
    pair = Pair(start, cable, family)
    pair.connect()
    pair.carry()
    for number in range(5):
        text = control(pair.conn_id, b"%d" % number)
        pair.near.write(pair.fds[0], text)
        assert pair.ping()
        assert bytes.fromhex(pair.far.recvfrom(pair.fds[1])[0]) == text
    assert pair.ping(1472)  # the outer packet is fragmented
    assert not pair.far.waits(pair.fds[1])


def test_a_tunnel_sends_where_its_socket_is_connected_to(start, cable, shared_daemon):
    """Requirements: TUN-23"""
    pair = Pair(start, cable, 4)
    pair.carry()
    with Api(shared_daemon, cable.near) as api:
        def dropped():
            return api.session_more(pair.conn_id, pair.conn_id).tx_drops.get("no-peer", 0)
        assert not pair.ping(wait=1) and dropped() > 0
        pair.connect()
        assert pair.ping()
        pair.near.connect(pair.fds[0], UNSPEC)
        before = dropped()
        assert not pair.ping(wait=1) and dropped() > before
        pair.near.connect(pair.fds[0], name(cable.FAR4, pair.conn_id))
        assert pair.ping()


def test_options_of_the_socket_are_those_of_data(start, cable):
    """Requirements: TX-3"""
    pair = Pair(start, cable, 4)
    pair.connect()
    pair.carry()
    pair.near.setsockopt(pair.fds[0], socket.IPPROTO_IP, socket.IP_TTL, integer(33))
    pair.near.setsockopt(pair.fds[0], socket.IPPROTO_IP, socket.IP_TOS, integer(0x28))
    with WireCapture(cable.far) as wire:
        assert pair.ping()
        packet = wire.packet()
    assert (packet.protocol, packet.ttl, packet.tos, packet.source) == (115, 33, 0x28, cable.NEAR4)


def test_sockets_that_can_have_no_tunnel(program):
    """Requirements: TUN-4, TUN-20, TUN-21"""
    fd, conn_id = program.socket(), next(ids)
    fails("EPROTONOSUPPORT", tunnel, program, fd, conn_id, ENCAP_TYPE=UDP)
    udp = program.socket(socket.AF_INET, socket.SOCK_DGRAM, 17)
    fails("EPROTONOSUPPORT", tunnel, program, udp, conn_id)
    raw = program.socket(socket.AF_INET, socket.SOCK_RAW)
    fails("EPROTONOSUPPORT", tunnel, program, raw, conn_id)
    tunnel(program, fd, conn_id)  # neither bound nor connected
    fails("EBUSY", tunnel, program, fd, next(ids))
    fails("EEXIST", tunnel, program, 900, conn_id)
    fails("EBADF", tunnel, program, 900, next(ids))
    program.l2tp("TUNNEL_DELETE", {"CONN_ID": conn_id})
    tunnel(program, fd, next(ids))  # TUN-44


def test_a_deleted_tunnel_leaves_the_socket(start, cable):
    """Requirements: TUN-44"""
    pair = Pair(start, cable, 4)
    pair.connect()
    pair.carry()
    pair.near.l2tp("TUNNEL_DELETE", {"CONN_ID": pair.conn_id})
    eventually(pair.gone, "the interface has gone")
    pair.far.write(pair.fds[1], control(pair.conn_id, b"still"))
    assert bytes.fromhex(pair.near.recvfrom(pair.fds[0])[0]) == control(pair.conn_id, b"still")
    tunnel(pair.near, pair.fds[0], pair.conn_id)


@pytest.mark.parametrize("how", ["close", "SIGKILL"])
def test_the_last_close_removes_tunnel_session_and_interface(start, cable, how):
    """Requirements: TUN-45, IPS-54"""
    pair = Pair(start, cable, 4)
    pair.connect()
    pair.carry()
    copy = pair.near.dup(pair.fds[0])
    pair.near.close_one(pair.fds[0])
    assert pair.ping()
    if how == "close":
        pair.near.close_one(copy)
    else:
        pair.near.process.kill()
    eventually(pair.gone, "the interface has gone")
    other = start("near")
    tunnel(other, other.socket(), pair.conn_id)


def test_a_tunnel_and_its_socket_share_a_namespace(start, cable):
    """Requirements: TUN-20"""
    near, far = start("near"), start("far")
    fd = near.socket()
    stolen = far.take(near.process.pid, fd)
    fails("EINVAL", tunnel, far, stolen, next(ids))
