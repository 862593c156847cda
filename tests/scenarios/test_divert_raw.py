# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels on programs' own sockets without eBPF: filters on their sockets, raw sockets of ours, a guard."""
import contextlib
import itertools
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from support import proc, wire
from support.api import Api, gone
from support.capture import Capture
from support.daemon import BUILD, TOP, Daemon
from support.netns import Cable
from support.wait import AT_MOST, SLOW, eventually

DAEMON_OPTIONS = ("--divert", "raw")
FRAME = wire.frame(length=100)
CONTROL = bytes.fromhex("c803 0014 0000 0000 0000 0000 8008 0000 0000 0006")
SO_NO_CHECK, UDP_SEGMENT, UDP_NO_CHECK6_TX = 11, 103, 101

# PACKET_VNET_HDR knows UDP segments since Linux 6.2.
KERNEL_TELLS_SIZE = tuple(int(n) for n in os.uname().release.split(".")[:2]) >= (6, 2)

_ids = itertools.count(501)
_ports = itertools.count(21001)


def kind_of(family):
    return socket.AF_INET6 if family == 6 else socket.AF_INET


class Program:
    """What a program has: a socket, and a tunnel on it; the peer is the test, too."""

    def __init__(self, api, cable, family=4, port=None, connected=True, wildcard=False, peer=None, version=3):
        self.api, self.cable, self.family, self.version = api, cable, family, version
        self.near, self.far = cable.addresses(family)
        self.port = port or next(_ports)
        self.peer = peer or self.far_socket()
        self.socket = cable.near.socket(kind_of(family), socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("::" if family == 6 else "", self.port) if wildcard else (self.near, self.port))
        if connected:
            self.socket.connect((self.far, self.peer.getsockname()[1]))
        self.id = next(_ids)
        api.tunnel_on(self.socket, CONN_ID=self.id, PEER_CONN_ID=self.id, PROTO_VERSION=version)

    def far_socket(self):
        made = self.cable.far.socket(kind_of(self.family), socket.SOCK_DGRAM)
        made.bind((self.far, 0))
        return made

    def session(self, session_id=None, **values):
        session_id = session_id or next(_ids)
        self.api.session_create(self.id, session_id, **values)
        return session_id

    def send(self, octets, peer=None):
        (peer or self.peer).sendto(octets, (self.near, self.port))

    def send_data(self, session_id, **options):
        self.send(wire.data(session_id, FRAME, middle=wire.sublayer(), **options))

    def received(self, session_id):
        return self.api.session_get(self.id, session_id)["STATS"]["RX_PACKETS"]

    def wait_for(self, session_id, count):
        eventually(lambda: self.received(session_id) >= count, f"{count} packets of the session arrive")
        assert self.received(session_id) == count

    def read(self, timeout=20):
        """The next datagram that the program gets; None: none."""
        if not select.select([self.socket], [], [], timeout * SLOW)[0]:
            return None
        return self.socket.recv(1 << 16)

    def drops(self):
        return self.api.tunnel_more(self.id).rx_drops

    def close(self):
        self.socket.close()
        self.peer.close()
        eventually(lambda: gone(self.api.tunnel_get, self.id), "the tunnel goes with its socket")


@pytest.fixture
def program(api, cable):
    """Makes programs, which are gone after the test."""
    made = []

    def make(*arguments, **options):
        made.append(Program(api, cable, *arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.quick
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("connected, wildcard", [
    pytest.param(True, False, marks=pytest.mark.kernels), (True, True), (False, False), (False, True)])
def test_data_is_ours_and_all_else_the_programs(program, family, connected, wildcard):
    """Requirements: TUN-22, RX-1, RX-2, RX-5, RX-9"""
    p = program(family, connected=connected, wildcard=wildcard)
    session = p.session()
    for count in range(1, 4):
        p.send_data(session)
        p.wait_for(session, count)
        p.send(CONTROL)
        assert p.read() == CONTROL
    unknown = wire.data(session + 100000, FRAME, middle=wire.sublayer())
    p.send(unknown)
    assert p.read() == unknown
    short = wire.data(session, b"")[:13]
    p.send(short)
    assert p.read() == short
    assert p.drops() == {}


def test_a_shorter_packet_than_its_header_is_counted_and_the_programs(program):
    """Requirements: RX-7"""
    p = program()
    session = p.session(PEER_COOKIE="00" * 8)
    short = wire.data(session, b"1234567890")[:18]
    p.send(short)
    assert p.read() == short
    eventually(lambda: p.api.tunnel_get(p.id)["STATS"].get("RX_INVALID"), "it is counted")


@pytest.mark.kernels
@pytest.mark.parametrize("family", [4, 6])
def test_without_a_checksum(program, family):
    """Requirements: TUN-13"""
    p = program(family)
    session = p.session()
    if family == 4:
        p.peer.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    else:
        p.peer.setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_TX, 1)
    p.send_data(session)
    if family == 4:
        p.wait_for(session, 1)
    else:
        eventually(lambda: p.drops().get("checksum"), "it is dropped")
        assert p.received(session) == 0


@pytest.mark.kernels
def test_a_wrong_checksum_is_dropped(program, cable):
    p = program()
    session = p.session()
    with contextlib.closing(cable.far.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)) as raw:
        packet = wire.udp4(p.far, p.near, p.peer.getsockname()[1], p.port,
                           wire.data(session, FRAME, middle=wire.sublayer()), good_checksum=False)
        raw.sendto(packet, (p.near, 0))
    eventually(lambda: p.drops().get("checksum"), "it is dropped")
    p.send_data(session)
    p.wait_for(session, 1)


@pytest.mark.kernels
@pytest.mark.parametrize("family", [4, 6])
def test_what_a_local_sender_hands_over_as_one_is_cut(shared_daemon, family):
    """Requirements: RX-8"""
    with contextlib.closing(Cable(offloads=True)) as cable, Api(shared_daemon, cable.near) as api:
        p = Program(api, cable, family)
        session = p.session()
        device = api.session_get(p.id, session)["IFNAME"]
        cable.near.ip(f"link set {device} up")
        with Capture(cable.near, device, lambda f: f[12:14] == FRAME[12:14]) as capture:
            # Data of the session, a control message among it, and a shorter last one.
            parts = [wire.data(session, wire.frame(bytes([i]) * 80), middle=wire.sublayer()) for i in range(9)]
            parts[4] = CONTROL.ljust(len(parts[0]), b"\0")
            last = wire.data(session, wire.frame(b"last"), middle=wire.sublayer())
            p.peer.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(parts[0]))
            for _ in range(20):
                p.send(b"".join(parts) + last)
            if not KERNEL_TELLS_SIZE:
                eventually(lambda: p.drops() == {"uncut": 20}, "they are dropped, and nothing is guessed")
                p.peer.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
                p.send(last)
                assert capture.next()[14:18] == b"last"
                p.close()
                return
            for _ in range(20):
                for i in (0, 1, 2, 3, 5, 6, 7, 8):
                    assert capture.next()[14:] == bytes([i]) * 80
                assert capture.next()[14:18] == b"last"
                assert p.read()[:len(CONTROL)] == CONTROL
        p.wait_for(session, 20 * 9)
        assert p.drops() == {}
        p.close()


def test_sockets_on_one_port_get_each_their_own(program):
    """Requirements: TUN-4"""
    port = next(_ports)
    server = program(port=port, connected=False, wildcard=True)
    first, second = program(port=port, wildcard=True), program(port=port, wildcard=True)
    sessions = {p: p.session() for p in (server, first, second)}
    for count in range(1, 4):
        for p, session in sessions.items():
            p.send_data(session)
            p.wait_for(session, count)
            p.send(CONTROL)
            assert p.read() == CONTROL
    assert [p.drops() for p in sessions] == [{}, {}, {}]


def test_the_same_session_id_on_two_sockets(program):
    """Requirements: SES-5"""
    port = next(_ports)
    first, second = program(port=port, wildcard=True), program(port=port, wildcard=True)
    session = next(_ids)
    for p in (first, second):
        p.session(session)
    first.send_data(session)
    first.wait_for(session, 1)
    second.send_data(session)
    second.wait_for(session, 1)
    assert first.received(session) == 1


class Traffic(threading.Thread):
    """Data packets of all these sessions, again and again."""

    def __init__(self, program, sessions):
        super().__init__(daemon=True)
        self.program, self.sessions, self.ending = program, sessions, threading.Event()
        self.start()

    def run(self):
        while not self.ending.is_set():
            for session in self.sessions:
                self.program.send_data(session)
            time.sleep(0.001)

    def stop(self):
        self.ending.set()
        self.join(AT_MOST)


def drain(p):
    """Session ids of the data packets that have reached the program."""
    found = set()
    while select.select([p.socket], [], [], 0)[0]:
        octets = p.socket.recv(1 << 16)
        found.add(struct.unpack_from("!I", octets, 4)[0])
    return found


def test_sessions_come_and_go_under_traffic(program):
    """Requirements: RX-5"""
    p = program()
    sessions = [next(_ids) for _ in range(10)]
    traffic = Traffic(p, sessions)
    eventually(lambda: drain(p) == set(sessions), "unknown ones are the program's")
    for number, session in enumerate(sessions):
        p.session(session)
        drain(p)
        eventually(lambda n=number: drain(p) == set(sessions[n + 1:]), "it is no longer the program's")
        eventually(lambda s=session: p.received(s), "it is ours")
    for number, session in enumerate(sessions):
        p.api.session_delete(p.id, session)
        eventually(lambda n=number: drain(p) == set(sessions[:n + 1]), "it is the program's again")
    traffic.stop()


def test_a_deleted_tunnels_socket_is_an_ordinary_one(program):
    """Requirements: TUN-44"""
    p = program()
    session = p.session()
    p.send_data(session)
    p.wait_for(session, 1)
    p.api.tunnel_delete(p.id)

    def reaches():
        p.send_data(session)
        return p.read(timeout=0.1)

    eventually(reaches, "data reaches the program")
    p.api.tunnel_on(p.socket, CONN_ID=p.id, PEER_CONN_ID=p.id)
    p.session(session)
    p.send_data(session)
    p.wait_for(session, 1)


@pytest.mark.plain
@pytest.mark.parametrize("version", [2, 3])
def test_thousands_of_sessions_in_one_tunnel(daemon_raw, cable, version):
    """Those with ids in a row cost nothing; more single ones than a filter can name, and it drops all data."""
    count = 1000
    with Api(daemon_raw, cable.near) as api:
        p = Program(api, cable, version=version)
        ppp = {"PW_TYPE": 7}  # which needs no interface: thousands of them take a minute
        of_data = ppp if version == 2 else {}

        def sessions(ids):
            return [p.session(i, **(of_data if i in (ids[0], ids[-1]) else ppp)) for i in ids]
        rows = sessions(range(20000, 20000 + count))
        p.send(unknown(version, p, 19999))
        assert p.read()
        assert "event=divert-all" not in daemon_raw.log
        singles = sessions(range(22000, 22000 + 4000 * 7, 7))
        daemon_raw.wait_for_log("event=divert-all .*more sessions than a filter can name")
        p.send(unknown(version, p, 19999))
        p.send(CONTROL)
        assert p.read() == CONTROL
        for session in (rows[0], rows[-1], singles[0], singles[-1]):
            p.send(wire.data2(p.id, session, b"\xff\x03\x00\x21" + bytes(40)) if version == 2 else
                   wire.data(session, FRAME, middle=wire.sublayer()))
            p.wait_for(session, 1)
        for session in singles:
            api.session_delete(p.id, session)
        # With half of them gone it is tried again, and each unknown one is the program's.
        def again():
            p.send(unknown(version, p, 19999))
            return p.read(timeout=0.1)
        eventually(again, "unknown sessions are the program's again")
        assert daemon_raw.log.count("event=divert-all") == 1
        p.close()


def unknown(version, p, session):
    return wire.data2(p.id, session, bytes(40)) if version == 2 else wire.data(session, FRAME, middle=wire.sublayer())


@pytest.fixture
def daemon_raw(build):
    with Daemon("--divert", "raw") as made:
        yield made


def reaches_the_program(p, session, within):
    """Whether data packets come out of the program's own socket in that time."""
    deadline = time.monotonic() + within * SLOW
    while time.monotonic() < deadline:
        p.send_data(session)
        if p.read(timeout=0.02 / SLOW):
            return True
    return False


@pytest.mark.kernels
def test_a_killed_daemon_leaves_no_program_deaf(build, cable):
    daemon = Daemon("--divert", "raw")
    try:
        api = Api(daemon, cable.near)
        programs = [Program(api, cable, family) for family in (4, 6)]
        sessions = [p.session() for p in programs]
        for p, session in zip(programs, sessions):
            assert not reaches_the_program(p, session, 0.1)
        for pid in (daemon.engine_pid, daemon.keeper_pid):
            os.kill(pid, signal.SIGKILL)
        for p, session in zip(programs, sessions):
            assert reaches_the_program(p, session, 2)
        eventually(lambda: not daemon.processes(), "nothing of the daemon is left, the guard neither")
        assert "event=sockets-freed" in daemon.log
        for p in programs:
            p.socket.close()
            p.peer.close()
        api.close()
    finally:
        daemon.kill()


def test_a_stopped_daemon_leaves_no_program_deaf(build, cable):
    daemon = Daemon("--divert", "raw")
    try:
        api = Api(daemon, cable.near)
        p = Program(api, cable)
        session = p.session()
        assert not reaches_the_program(p, session, 0.1)
        assert daemon.guard_pid
        assert daemon.stop() == 0
        assert reaches_the_program(p, session, 2)
        api.close()
        p.socket.close()
        p.peer.close()
    finally:
        daemon.kill()


def test_a_new_engine_goes_on(daemon_raw, cable):
    with Api(daemon_raw, cable.near) as api:
        p = Program(api, cable)
        session = p.session()
        p.send_data(session)
        p.wait_for(session, 1)
    os.kill(daemon_raw.engine_pid, signal.SIGKILL)
    daemon_raw.wait_for_log("event=engine-died")
    eventually(daemon_raw.answers, "another engine answers")
    with Api(daemon_raw, cable.near) as api:
        p.api = api
        before = p.received(session)
        assert not reaches_the_program(p, session, 0.1)
        eventually(lambda: p.received(session) > before, "data is received")
        p.close()


def test_a_killed_guard_is_replaced(daemon_raw, cable):
    with Api(daemon_raw, cable.near) as api:
        p = Program(api, cable)
        first = daemon_raw.guard_pid
        os.kill(first, signal.SIGKILL)
        eventually(lambda: daemon_raw.guard_pid not in (None, first), "another guard is there")
        p.close()


def test_without_such_tunnels_there_is_no_guard(shared_daemon, build):
    with Daemon("--divert", "raw") as daemon:
        assert daemon.guard_pid is None


def test_a_port_that_comes_with_connect(api, cable):
    """Requirements: TUN-21, TUN-23"""
    near, far = cable.addresses(4)
    peer = cable.far.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((far, 0))
    mine = cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
    conn_id, session = next(_ids), next(_ids)
    api.tunnel_on(mine, CONN_ID=conn_id, PEER_CONN_ID=conn_id)
    api.session_create(conn_id, session)
    mine.connect((far, peer.getsockname()[1]))
    api.socket_changed(mine)
    peer.sendto(wire.data(session, FRAME, middle=wire.sublayer()), mine.getsockname())
    eventually(lambda: api.session_get(conn_id, session)["STATS"]["RX_PACKETS"] == 1, "data is received")
    mine.close()
    peer.close()
    eventually(lambda: gone(api.tunnel_get, conn_id), "the tunnel goes with its socket")


INSIDE = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from support import proc, wire
from support.api import Api
from support.daemon import Daemon
from support.wait import eventually
import subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
daemon = Daemon()
try:
    daemon.wait_for_log("event=divert divert=raw")
    assert "event=divert-refused divert=ebpf" in daemon.log, daemon.log
    api = Api(daemon)
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mine.bind(("127.0.0.1", 1701))
    peer.bind(("127.0.0.2", 1701))
    mine.connect(("127.0.0.2", 1701))
    mine.settimeout(20)
    api.tunnel_on(mine, CONN_ID=1, PEER_CONN_ID=1)
    api.session_create(1, 5)
    frame = wire.data(5, wire.frame(length=100), middle=wire.sublayer())
    peer.sendto(frame, ("127.0.0.1", 1701))
    eventually(lambda: api.session_get(1, 5)["STATS"]["RX_PACKETS"] == 1, "data is received")
    peer.sendto(frame.replace(bytes([0, 0, 0, 5]), bytes([0, 0, 0, 6]), 1), ("127.0.0.1", 1701))
    assert mine.recv(2000)[7] == 6
    peer.sendto(b"\\xc8\\x03" + bytes(18), ("127.0.0.1", 1701))
    assert mine.recv(2000)[:2] == b"\\xc8\\x03"
    mine.close()
    assert daemon.stop() == 0
finally:
    daemon.kill()
print("well")
"""

UNTOUCHABLE = """
import array, ctypes, fcntl, os, signal, socket, struct, subprocess, sys, termios, threading
sys.path.insert(0, sys.argv[1])
from support import proc, wire
from support.api import Api
from support.daemon import Daemon
from support.wait import eventually
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mine.bind(("127.0.0.1", 1701))
peer.bind(("127.0.0.2", 1701))
mine.connect(("127.0.0.2", 1701))
told, tell = os.pipe()
holder = os.fork()
if holder == 0:
    ctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE: nobody without CAP_SYS_PTRACE may look at it
    os.write(tell, b"r")
    while True:
        os.write(tell, mine.recv(2000)[1:2])
assert os.read(told, 1) == b"r"
daemon = Daemon()
try:
    api = Api(daemon)
    assert not api.tunnels()
    os.kill(daemon.engine_pid, signal.SIGSTOP)
    eventually(lambda: proc.stands_still(daemon.engine_pid), "it stands still")
    asking = threading.Thread(target=lambda: api.tunnel_on(mine, CONN_ID=1, PEER_CONN_ID=1),
                              daemon=True)
    asking.start()
    waiting = array.array("i", [0])
    def is_sent():
        fcntl.ioctl(api.netlink.socket, termios.TIOCOUTQ, waiting)
        return waiting[0] > 0
    eventually(is_sent, "the request is on its way")
    mine.close()
    os.kill(daemon.engine_pid, signal.SIGCONT)
    asking.join(60)
    assert not asking.is_alive()
    daemon.wait_for_log("event=divert-all .*may not be touched")
    api.session_create(1, 5)
    for session in (5, 6):
        peer.sendto(wire.data(session, wire.frame(length=100), middle=wire.sublayer()), ("127.0.0.1", 1701))
    eventually(lambda: api.session_get(1, 5)["STATS"]["RX_PACKETS"] == 1, "data is received")
    peer.sendto(b"\\xc8\\x02" + bytes(18), ("127.0.0.1", 1701))
    assert os.read(told, 1) == b"\\x02", "control alone reaches the program"
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    eventually(lambda: not api.tunnels(), "the tunnel goes with its socket")
    assert daemon.log.count("event=divert-all") == 1 and "filter-stays" not in daemon.log
    assert daemon.stop() == 0
finally:
    daemon.kill()
    if holder:
        subprocess.run(["kill", "-9", str(holder)], check=False, stderr=subprocess.DEVNULL)
print("well")
"""

REDUCED = ["setpriv", "--bounding-set=-all,+net_admin,+net_raw", "--inh-caps=-all,+net_admin,+net_raw"]


@pytest.mark.kernels
@pytest.mark.quick
@pytest.mark.parametrize("before", [["unshare", "-Urn"], ["unshare", "-n", *REDUCED]], ids=["userns", "capabilities"])
def test_it_is_chosen_where_ebpf_is_refused(build, before):
    done = subprocess.run([*before, sys.executable, "-c", INSIDE, str(TOP / "tests")], capture_output=True, text=True,
                          timeout=120, check=False, env=dict(os.environ, UL2TP_BUILD=str(BUILD)))
    assert (done.stdout, done.returncode) == ("well\n", 0), done.stderr


@pytest.mark.kernels
def test_where_the_program_may_not_be_touched_all_data_is_dropped(build):
    done = subprocess.run(["unshare", "-n", *REDUCED, sys.executable, "-c", UNTOUCHABLE, str(TOP / "tests")],
                          capture_output=True, text=True, timeout=120, check=False,
                          env=dict(os.environ, UL2TP_BUILD=str(BUILD)))
    assert (done.stdout, done.returncode) == ("well\n", 0), done.stderr


@contextlib.contextmanager
def many_descriptors(count):
    """This process has so many more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    held = [os.open("/", os.O_PATH)]
    try:
        held += [os.dup(held[0]) for _ in range(count)]
        yield
    finally:
        for one in held:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_descriptors_of_a_program_cost_a_tunnel_nothing(shared_daemon, api, cable):
    """Its socket is found where the program says that it has it, however many others it has."""
    def tunnels():
        before = proc.spent_ms(shared_daemon.keeper_pid)
        for _ in range(60):
            with cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.bind((cable.NEAR4, 0))
                conn_id = next(_ids)
                api.tunnel_on(own, CONN_ID=conn_id, PEER_CONN_ID=conn_id)
            eventually(lambda: gone(api.tunnel_get, conn_id), "the tunnel goes with its socket")
        return proc.spent_ms(shared_daemon.keeper_pid) - before
    few = tunnels()
    with many_descriptors(4000):
        assert tunnels() < 2 * few + 100
