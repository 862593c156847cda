# SPDX-License-Identifier: BSD-2-Clause
"""What an unmodified program does to a tunnel's socket after it gave it to the tunnel is seen at once."""
import errno
import itertools
import os
import signal
import socket
import subprocess
import sys

import pytest

from support import wire
from support.api import gone
from support.capture import Capture, WireCapture
from support.daemon import TOP, Daemon
from support.launcher import Launcher, supervisor_of
from support.wait import SLOW, eventually

_ports = itertools.count(23001)
SO_MARK, SO_PRIORITY, IP_MTU_DISCOVER, DO, DONT = 36, 12, 10, 2, 0
IPV6_UNICAST_HOPS, IPV6_TCLASS, IPV6_MTU_DISCOVER = 16, 67, 23
SO_BINDTODEVICE, SO_NO_CHECK = 25, 11

# Evaluates what it is told, line by line: a program with sockets, netlink and no idea of us.
PUPPET = """
import ctypes, os, socket, struct, sys
sys.path.insert(0, sys.argv[1])
from support import api, netlink
genl = netlink.connect_kernel()
libc = ctypes.CDLL(None, use_errno=True)

def ask(command, **values):
    genl.l2tp(command, api.encode(values)).check()

def disconnect(s):
    if libc.connect(s.fileno(), struct.pack("=H14x", 0), 16) < 0:
        raise OSError(ctypes.get_errno(), "connect")

for line in sys.stdin:
    try:
        try:
            print("ok", repr(eval(line)), flush=True)
        except SyntaxError:
            exec(line)
            print("ok None", flush=True)
    except OSError as e:
        print("error", e.errno, flush=True)
"""


class Puppet:
    def __init__(self, launcher, before=()):
        self.process = launcher.popen(*before, sys.executable, "-c", PUPPET, str(TOP / "tests"),
                                      stdin=subprocess.PIPE, stderr=None)

    def __call__(self, line):
        """What came of it; OSError with the program's errno."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        kind, _, value = self.process.stdout.readline().strip().partition(" ")
        if kind == "error":
            raise OSError(int(value), os.strerror(int(value)))
        assert kind == "ok", "the program has ended"
        return eval(value)  # pylint: disable=eval-used

    def error(self, line):
        try:
            self(line)
        except OSError as why:
            return why.errno
        return 0

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(60 * SLOW) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module", params=["ebpf", "raw"])
def shared_daemon(request, build):
    daemon = Daemon("--divert", request.param)
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture
def puppet(shared_daemon, cable):
    made = Puppet(Launcher(shared_daemon, cable.near))
    yield made
    made.close()


class Tunnel:
    """The program's tunnel, on an unconnected socket; frames go into its device and are seen at the far end."""

    def __init__(self, puppet, api, cable, family=4):
        self.puppet, self.api = puppet, api
        self.near, self.far = cable.addresses(family)
        self.port, self.peer_port = next(_ports), next(_ports)
        # Somebody listens, so that no ICMP error reaches the program (UDP-1).
        self.peers = [cable.far.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM)
                      for _ in range(2)]
        for number, peer in enumerate(self.peers):
            peer.bind((self.far, self.peer_port + 20000 * number))
        kind = "AF_INET6" if family == 6 else "AF_INET"
        puppet(f"s = socket.socket(socket.{kind}, socket.SOCK_DGRAM)")
        puppet(f"s.bind(('{self.near}', {self.port}))")
        self.id = self.port
        puppet(f"ask('TUNNEL_CREATE', CONN_ID={self.id}, PEER_CONN_ID={self.id}, PROTO_VERSION=3, ENCAP_TYPE=0, "
               "FD=s.fileno())")
        puppet(f"ask('SESSION_CREATE', CONN_ID={self.id}, SESSION_ID={self.id}, PEER_SESSION_ID={self.id}, PW_TYPE=5)")
        self.device = api.session_get(self.id, self.id)["IFNAME"]
        cable.near.ip(f"link set {self.device} up")
        self.entry = Capture(cable.near, self.device)
        self.exit = WireCapture(cable.far, udp_port=self.port)
        self.number = 0

    def connect(self, port=None):
        return f"s.connect(('{self.far}', {port or self.peer_port}))"

    def sent(self):
        """A frame is put in; the packet that leaves, as wire.Outer."""
        self.number += 1
        self.entry.send(wire.frame(bytes([self.number]) * 46))
        packet = self.exit.packet()
        assert packet.l2tp.endswith(bytes([self.number]) * 46)
        return packet

    def dropped(self):
        errors = self.stats().get("TX_ERRORS", 0)
        self.entry.send(wire.frame(bytes(46)))
        eventually(lambda: self.stats().get("TX_ERRORS", 0) == errors + 1, "it counts as an error")
        assert not self.exit.waiting()

    def stats(self):
        return {k: v for k, v in self.api.session_get(self.id, self.id)["STATS"].items() if v}

    def close(self):
        self.entry.close()
        self.exit.close()
        self.puppet("s.close()")
        for peer in self.peers:
            peer.close()
        eventually(lambda: gone(self.api.tunnel_get, self.id), "the tunnel goes with its socket")


@pytest.fixture
def tunnel(puppet, api, cable):
    made = []

    def make(family=4):
        made.append(Tunnel(puppet, api, cable, family))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.quick
def test_each_state_of_the_socket_decides_at_once(tunnel, puppet):
    """Requirements: TUN-23, TX-1, TX-2, TX-3"""
    t = tunnel()
    t.dropped()
    puppet(t.connect())
    p = t.sent()
    assert (p.source, p.destination, p.sport, p.dport) == (t.near, t.far, t.port, t.peer_port)
    assert (p.ttl, p.tos, p.df) == (64, 0, False)
    puppet(t.connect(t.peer_port + 20000))
    assert t.sent().dport == t.peer_port + 20000
    puppet("disconnect(s)")
    t.dropped()
    assert t.stats()["TX_PACKETS"] == 2
    puppet(t.connect())
    puppet("s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x48)")
    assert t.sent().tos == 0x48
    puppet("s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 9)")
    p = t.sent()
    assert (p.tos, p.ttl) == (0x48, 9)
    for value in (DO, DONT):
        puppet(f"s.setsockopt(socket.IPPROTO_IP, {IP_MTU_DISCOVER}, {value})")
        assert not t.sent().df
    puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_PRIORITY}, 6)")
    puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_MARK}, 77)")
    t.sent()
    puppet("s.shutdown(socket.SHUT_RDWR)")
    t.sent()
    assert t.api.tunnel_get(t.id)
    assert puppet.error("s.send(b'\\xc8\\x02\\0\\x0c\\0\\1\\0\\0\\0\\0\\0\\0')") == errno.EPIPE
    assert t.stats()["TX_ERRORS"] == 2


def test_over_ipv6(tunnel, puppet):
    """Requirements: TX-3"""
    t = tunnel(6)
    t.dropped()
    puppet(t.connect())
    p = t.sent()
    assert (p.source, p.destination, p.tos, p.ttl) == (t.near, t.far, 0, 64)
    puppet(f"s.setsockopt(socket.IPPROTO_IPV6, {IPV6_TCLASS}, 0x28)")
    puppet(f"s.setsockopt(socket.IPPROTO_IPV6, {IPV6_UNICAST_HOPS}, 7)")
    p = t.sent()
    assert (p.tos, p.ttl) == (0x28, 7)


def test_the_mark_decides_the_route(tunnel, puppet, cable):
    """Requirements: TX-1"""
    t = tunnel()
    puppet(t.connect())
    t.sent()
    cable.near.ip("rule add fwmark 77 table 177 priority 77", f"route add prohibit {t.far} table 177")
    try:
        puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_MARK}, 77)")
        t.dropped()
        puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_MARK}, 0)")
        t.sent()
    finally:
        cable.near.ip("rule del fwmark 77 table 177 priority 77", "route flush table 177")


def test_the_device_it_is_bound_to(tunnel, puppet):
    t = tunnel()
    puppet(t.connect())
    puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_BINDTODEVICE}, b'lo\\0')")
    t.entry.send(wire.frame(b"elsewhere".ljust(46)))
    eventually(lambda: t.stats().get("TX_PACKETS") == 1, "it leaves by another device")
    puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_BINDTODEVICE}, b'')")
    t.sent()


def test_whether_it_sends_checksums(tunnel, puppet):
    """Requirements: TX-6"""
    t = tunnel()
    puppet(t.connect())
    assert t.sent().udp_checksum
    puppet(f"s.setsockopt(socket.SOL_SOCKET, {SO_NO_CHECK}, 1)")
    assert not t.sent().udp_checksum


def test_the_results_are_the_kernels(tunnel, puppet):
    t = tunnel()
    assert puppet.error("s.connect(('203.0.113.77', 9))") == errno.ENETUNREACH
    assert puppet.error("s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 256)") == errno.EINVAL
    assert puppet.error("s.setsockopt(socket.SOL_SOCKET, 25, b'nosuchdevice')") == errno.ENODEV
    puppet(t.connect())
    assert puppet("s.getpeername()") == (t.far, t.peer_port)
    puppet("s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 33)")
    assert puppet("s.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)") == 33


def test_other_sockets_are_the_kernels_business(tunnel, puppet):
    tunnel()
    puppet("o = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)")
    puppet("o.connect(('127.0.0.1', 9))")
    assert puppet("o.getpeername()") == ("127.0.0.1", 9)
    puppet("o.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 5)")
    assert puppet("o.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)") == 5
    puppet("o.close()")


def test_a_duplicate_in_a_child_is_the_same_socket(tunnel, puppet):
    """Requirements: TUN-25"""
    t = tunnel()
    child = f"os.fork() or (os.dup2(s.fileno(), 50), socket.socket(fileno=50).connect(('{t.far}', {t.peer_port})), os._exit(0))"
    puppet(f"os.waitpid({child}, 0)")
    assert t.sent().dport == t.peer_port


def test_a_supervisor_that_is_killed_forgets_no_socket(tunnel, puppet):
    t = tunnel()
    first = supervisor_of(puppet.process.pid)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervisor_of(puppet.process.pid) != first, "another supervisor is there")
    puppet(t.connect())
    assert t.sent().dport == t.peer_port


def test_after_the_tunnel_it_is_an_ordinary_socket(tunnel, puppet):
    """Requirements: TUN-44"""
    t = tunnel()
    puppet(t.connect())
    puppet(f"ask('TUNNEL_DELETE', CONN_ID={t.id})")
    puppet(t.connect(t.peer_port + 1))
    assert puppet("s.getpeername()") == (t.far, t.peer_port + 1)


def test_who_has_no_right_gets_none(shared_daemon, cable, api):
    """The supervisor has rights that the program has not."""
    launcher = Launcher(shared_daemon, cable.near)
    puppet = Puppet(launcher)
    t = Tunnel(puppet, api, cable)
    drop = "libc.syscall(126, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())"
    assert puppet(drop) == 0
    assert puppet.error(f"s.setsockopt(socket.SOL_SOCKET, {SO_MARK}, 5)") == errno.EPERM
    puppet("s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 5)")
    puppet(t.connect())
    assert t.sent().ttl == 5
    t.close()
    puppet.close()
