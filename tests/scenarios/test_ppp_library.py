# SPDX-License-Identifier: BSD-2-Clause
"""PPP by libul2tp, without the launcher: its calls against ul2tpd, its example, and what a thousand sessions leave"""
import contextlib
import ctypes
import errno
import os
import pathlib
import socket
import struct
import subprocess

import pytest

from support.api import PPP, Api
from support.daemon import BUILD, Daemon, descriptors, no_more_than
from support.netns import entered
from support.ppp_file import LCP, PppClient, name
from support.wait import eventually

ECHO_REQUEST, ECHO_REPLY = bytes.fromhex("c021090700081122334400"), bytes.fromhex("c0210a070008")
FLAGS, MRU, MRRU, VJ_SLOTS = range(4)
PASS, ACTIVE = range(2)
SC_CCP_OPEN = 0x40
DAEMON = 1
MPPE = bytes([18, 6, 1, 0, 0, 0x40]) + bytes(range(16))
ACCEPT_ALL = struct.pack("=HBBI", 6, 0, 0, 0xffff)  # ret #65535


class File(ctypes.Structure):
    _fields_ = [("handle", ctypes.c_uint64), ("fd", ctypes.c_int)]


class Params(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("tunnel_id", ctypes.c_uint32), ("session_id", ctypes.c_uint32),
                ("peer_tunnel_id", ctypes.c_uint32), ("peer_session_id", ctypes.c_uint32), ("version", ctypes.c_uint8),
                ("has_fd", ctypes.c_bool), ("fd", ctypes.c_int)]


class Stats(ctypes.Structure):
    _fields_ = [(f"{way}_{what}", ctypes.c_uint32) for way in ("rx", "tx") for what in ("packets", "octets", "errors")]


class Rate(ctypes.Structure):
    _fields_ = [("bits_per_second", ctypes.c_uint64), ("burst_octets", ctypes.c_uint32)]


class Account(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("unit", ctypes.c_uint32), ("ifname", ctypes.c_char * 16), ("shared", ctypes.c_bool),
                *((f"{way}_{what}", ctypes.c_uint64) for way in ("rx", "tx") for what in (
                    "packets", "octets", "control_packets", "control_octets", "errors", "dropped")),
                ("rx_policed", ctypes.c_uint64), ("rx_spoofed", ctypes.c_uint64), ("tx_policed", ctypes.c_uint64),
                ("strays", ctypes.c_uint64)]


class Library:
    """A connection of libul2tp. Calls of the family ppp raise OSError; struct ul2tp_ppp are closed at the end."""

    def __init__(self, daemon, namespace):
        if os.environ.get("UL2TP_SANITIZED"):
            pytest.skip("a library with sanitizers can not be loaded into Python")
        self.library = ctypes.CDLL(str(BUILD / "src/client/libul2tp.so.0"))
        self.library.ul2tp_ppp_close.restype = None
        self.u = ctypes.c_void_p()
        with entered(namespace.path):
            assert self.library.ul2tp_connect(DAEMON, daemon.socket.encode(), ctypes.byref(self.u), None) == 0
        self.files = []

    def call(self, function, *arguments):
        result = getattr(self.library, "ul2tp_ppp_" + function)(
            self.u, *(ctypes.byref(a) if isinstance(a, (ctypes.Structure, ctypes.c_uint32, ctypes.c_uint64)) else a
                      for a in arguments))
        if result < 0:
            raise OSError(-result, function)

    def opened(self, function, *arguments):
        file = File()
        self.call(function, *[file if a is File else a for a in arguments])
        self.files.append(file)
        return file

    def socket(self):
        return self.opened("socket", File)

    def connected(self, **params):
        made = self.socket()
        self.call("connect", made, Params(size=ctypes.sizeof(Params), **params))
        return made

    def channel(self, sock):
        """(number, file)"""
        number = ctypes.c_uint32()
        self.call("channel", sock, number)
        return number.value, self.opened("channel_open", number.value, File)

    def unit(self):
        """(number, interface, file)"""
        number, ifname = ctypes.c_uint32(), ctypes.create_string_buffer(16)
        file = self.opened("unit_add", -1, File, number, ifname)
        return number.value, ifname.value.decode(), file

    def close(self, file):
        self.files.remove(file)
        self.library.ul2tp_ppp_close(self.u, ctypes.byref(file))

    def end(self):
        for file in self.files:
            self.library.ul2tp_ppp_close(None, ctypes.byref(file))
        self.library.ul2tp_disconnect(self.u)


@pytest.fixture
def library(shared_daemon, cable):
    made = Library(shared_daemon, cable.near)
    yield made
    made.end()
    eventually(lambda: cable.near.devices() == {"wire"}, "no interface is left")


@pytest.fixture
def tunnel(shared_daemon, cable):
    """1 at the near end, 2 at the far end; the far end's session 9 of it, which is 5 here."""
    with contextlib.ExitStack() as cleanup:
        apis = [cleanup.enter_context(Api(shared_daemon, ns)) for ns in (cable.near, cable.far)]
        far = cleanup.enter_context(PppClient(shared_daemon, cable.far))
        for api, ids, addresses in zip(apis, ((1, 2), (2, 1)), (("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1"))):
            api.tunnel_create(CONN_ID=ids[0], PEER_CONN_ID=ids[1], PROTO_VERSION=2, UDP_SPORT=1701, UDP_DPORT=1701,
                              IP_SADDR=addresses[0], IP_DADDR=addresses[1])
            cleanup.callback(api.tunnel_delete, ids[0])
        far_socket = far.socket()
        far_socket.connect(name(2, 9, 1, 5))
        yield apis[0], far_socket


def refused(code, function, *arguments):
    with pytest.raises(OSError) as caught:
        function(*arguments)
    assert caught.value.errno == code, errno.errorcode.get(caught.value.errno)


def test_a_session_from_socket_to_interface(library, tunnel, cable):
    """
    Requirements: PX-20, PX-40, PX-45, PPP-2, PPP-44
    """
    api, far = tunnel
    sock = library.connected(tunnel_id=1, session_id=5, peer_session_id=9)
    assert [(s["SESSION_ID"], s["PEER_SESSION_ID"], s["PW_TYPE"]) for s in api.sessions()] == [(5, 9, PPP)]
    far.send(LCP)
    assert os.read(sock.fd, 100) == LCP
    far.send(LCP + b"waits")
    _, channel = library.channel(sock)
    assert os.read(channel.fd, 100) == LCP + b"waits"
    os.write(channel.fd, LCP)
    assert far.receive() == LCP

    number, device, unit = library.unit()
    library.call("unit_connect", channel, number)
    assert device in cable.near.devices()
    far.send(bytes.fromhex("80210101000a0306c0000201"))
    assert os.read(unit.fd, 100)[:2] == b"\x80\x21"
    other = library.opened("unit_open", number, File)
    library.close(unit)
    eventually(lambda: device not in cable.near.devices(), "the interface goes with the unit's owner")
    assert os.read(other.fd, 100) == b""
    library.close(sock)
    assert api.sessions() == []
    assert os.read(channel.fd, 100) == b""


def test_a_units_settings(library, cable):
    """
    Requirements: PPP-50, PPP-52
    """
    number, _, unit = library.unit()
    value, stats = ctypes.c_uint32(), Stats(rx_packets=9)
    library.call("set", unit, FLAGS, ctypes.c_int(SC_CCP_OPEN))
    library.call("get", unit, FLAGS, value)
    assert value.value == SC_CCP_OPEN
    library.call("set", unit, MRU, 1400)
    library.call("np_mode_set", unit, 0x57, 1)
    refused(errno.EINVAL, library.call, "np_mode_set", unit, 0x58, 1)
    library.call("stats_get", unit, stats)
    assert (stats.rx_packets, stats.tx_packets) == (0, 0)
    refused(errno.EEXIST, library.opened, "unit_add", number, File, None, None)
    refused(errno.ENXIO, library.opened, "unit_open", number + 1, File)


def test_refusals_are_those_of_the_kernels_calls(library, tunnel):
    """
    Requirements: PX-12, PX-15, PX-16, PX-19, PPP-30, PPP-31
    """
    refused(errno.ENOENT, lambda: library.connected(tunnel_id=77, session_id=1))
    sock = library.connected(tunnel_id=1, session_id=6)
    refused(errno.EEXIST, lambda: library.connected(tunnel_id=1, session_id=6))
    one, file = library.channel(sock)
    other, far_file = library.channel(library.connected(tunnel_id=1, session_id=7))
    refused(errno.EINVAL, library.call, "unit_disconnect", file)
    refused(errno.EINVAL, library.call, "unbridge", file)
    refused(errno.ENXIO, library.call, "unit_connect", file, 77)
    refused(errno.EALREADY, library.call, "bridge", file, one)
    library.call("bridge", file, other)
    refused(errno.EALREADY, library.call, "bridge", far_file, one)
    library.call("unbridge", far_file)
    number, _, _ = library.unit()
    library.call("unit_connect", file, number)
    library.call("unit_disconnect", file)


def test_a_tunnel_on_the_programs_socket(library, cable, shared_daemon):
    """
    Requirements: PX-13, PX-14
    """
    with cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, Api(shared_daemon, cable.near) as api:
        udp.bind(("192.0.2.1", 1701))
        udp.connect(("192.0.2.2", 1701))
        library.connected(tunnel_id=30, peer_tunnel_id=31, has_fd=True, fd=udp.fileno())
        library.connected(tunnel_id=30, session_id=1, peer_session_id=2)
        shown = api.tunnel_get(30)
        assert (shown["PEER_CONN_ID"], shown["PROTO_VERSION"]) == (31, 2)
        udp.close()
        eventually(lambda: 30 not in api.tunnels(), "the tunnel goes with its socket")


def test_units_that_share_an_interface(new_namespace):
    namespace = new_namespace("shared")
    with Daemon("--ppp-device", "shared") as daemon, Api(daemon, namespace) as api:
        api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, PROTO_VERSION=2, UDP_SPORT=1701, UDP_DPORT=1702,
                          IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1")
        library = Library(daemon, namespace)
        _, channel = library.channel(library.connected(tunnel_id=1, session_id=5, peer_session_id=9))
        number, device, unit = library.unit()
        library.call("unit_connect", channel, number)
        assert device in namespace.devices() and device.startswith("ppp-shared")
        address = socket.inet_aton("10.64.0.1")
        library.call("address_add", unit, socket.AF_INET, address, 32)
        assert "10.64.0.1" in namespace.run("ip", "route", "show", "proto", "115").stdout
        refused(errno.EEXIST, library.call, "address_add", unit, socket.AF_INET, address, 32)
        refused(errno.EINVAL, library.call, "address_add", unit, socket.AF_INET, address, 33)
        refused(errno.EAFNOSUPPORT, library.call, "address_add", unit, socket.AF_UNIX, address, 32)
        refused(errno.ENOTTY, library.call, "address_add", channel, socket.AF_INET, address, 32)
        library.call("police", unit, Rate(bits_per_second=8000, burst_octets=1500), None)
        refused(errno.ERANGE, library.call, "police", unit, None, Rate(bits_per_second=1))
        account = Account(size=ctypes.sizeof(Account))
        os.write(unit.fd, bytes.fromhex("8021010100040000"))
        eventually(lambda: not library.call("account_get", unit, account) and account.tx_packets, "it is counted")
        assert (account.unit, account.ifname.decode(), account.shared) == (number, device, True)
        assert (account.tx_octets, account.tx_control_packets, account.tx_control_octets) == (6, 1, 6)
        assert (account.rx_packets, account.rx_policed, account.tx_dropped) == (0, 0, 0)
        library.call("address_remove", unit, socket.AF_INET, address, 32)
        refused(errno.EADDRNOTAVAIL, library.call, "address_remove", unit, socket.AF_INET, address, 32)
        library.end()
        eventually(lambda: namespace.devices() == set(), "no interface is left")


def test_the_example_answers_echoes(tunnel, cable, shared_daemon):
    _, far = tunnel
    process = cable.near.popen(BUILD / "examples/ppp-echo", 1, 5, 9, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True, env=dict(os.environ, UL2TP_SOCKET=shared_daemon.socket))
    device = process.stdout.readline().split()[1]
    assert device in cable.near.devices()
    for _ in range(2):
        far.send(ECHO_REQUEST)
        assert far.receive()[:6] == ECHO_REPLY
    process.communicate(timeout=20)
    assert process.returncode == 0
    eventually(lambda: device not in cable.near.devices(), "the interface goes with the program")


def memory_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1])
    raise AssertionError("no Private_Dirty")


def test_a_thousand_sessions_leave_nothing(new_namespace):
    """Neither descriptors nor memory grow after the first have come and gone. bench does it 20,000 times."""
    namespace = new_namespace("many")
    with Daemon() as daemon, Api(daemon, namespace) as api:
        api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, PROTO_VERSION=2, UDP_SPORT=1701, UDP_DPORT=1702,
                          IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1")
        before = {}
        for times in (300, 1000):
            done = namespace.run(BUILD / "tests/benchmarks/ppp_sessions", 1, 1, 0, times, timeout=300,
                                 env=dict(os.environ, UL2TP_SOCKET=daemon.socket), stdin=subprocess.DEVNULL)
            assert "churned" in done.stdout
            eventually(lambda: namespace.devices() == set(), "no interface is left")
            assert api.sessions() == []
            for pid in (daemon.keeper_pid, daemon.engine_pid):
                held, memory = before.setdefault(pid, (descriptors(pid), memory_kib(pid)))
                no_more_than(held, pid)
                if not os.environ.get("UL2TP_SANITIZED"):  # there what was freed is kept for a while
                    # What was freed goes back to the system some time later: it may have before, and not yet now.
                    eventually(lambda pid=pid, memory=memory: memory_kib(pid) - memory < 300, "less than 0.3 KiB a session")


@pytest.mark.skipif(bool(os.environ.get("UL2TP_SANITIZED")), reason="there what was freed is kept for a while")
def test_memory_is_given_back(new_namespace):
    """That of many sessions, when most of them have gone; one that stays is as it was."""
    namespace = new_namespace("back")
    environment = dict(os.environ, UL2TP_SOCKET="")

    def sessions(first, count):
        process = namespace.popen(BUILD / "tests/benchmarks/ppp_sessions", 1, first, count, 0, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout.readline().startswith("made")
        return process

    def resident_kib(pid):
        return sum(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                   if line.startswith(("RssAnon:", "RssShmem:")))

    with Daemon() as daemon, Api(daemon, namespace) as api:
        environment["UL2TP_SOCKET"] = daemon.socket
        api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, PROTO_VERSION=2, UDP_SPORT=1701, UDP_DPORT=1702,
                          IP_SADDR="127.0.0.1", IP_DADDR="127.0.0.1")
        before = resident_kib(daemon.engine_pid)
        many = sessions(1, 400)
        stays = sessions(1001, 1)
        there = [session for session in api.sessions() if session["SESSION_ID"] == 1001]
        full = resident_kib(daemon.engine_pid)
        many.communicate()
        eventually(lambda: resident_kib(daemon.engine_pid) < before + (full - before) / 3, "memory is given back")
        assert api.sessions() == there and there
        stays.communicate()
        eventually(lambda: namespace.devices() == set(), "no interface is left")
