# SPDX-License-Identifier: BSD-2-Clause
"""PPPoL2TP sockets asked of ul2tpd by the family ul2tp: connect() in all its forms, names, options, ioctls, and what is
left when sessions, tunnels and programs go"""
import errno
import itertools
import os
import signal
import socket
import struct

import pytest

from support import wire
from support.api import PPP, Api, gone
from support.daemon import Daemon
from support.netlink import Refused
from support.ppp_file import (BOUND, CONNECTED, DEBUG, LCP, LNSMODE, NEW, PPPIOCATTCHAN, PPPIOCCONNECT, PPPIOCDISCONN,
                              PPPIOCGFLAGS, PPPIOCGL2TPSTATS,
                              PPPIOCGMRU, PPPIOCGUNIT, PPPIOCNEWUNIT, PPPIOCSFLAGS, PPPIOCSMRU, RECVSEQ, REORDERTO,
                              SENDSEQ, SESSION_GONE, PppClient, name)
from support.program_socket import ProgramSocket
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2")
SIOCGPPPSTATS = 0x89f0
ids = itertools.count(2000)


def refused(code, function, *arguments, **values):
    with pytest.raises(Refused) as caught:
        function(*arguments, **values)
    assert caught.value.errno == getattr(errno, code), caught.value
    return caught.value


class Program:
    """A program with a UDP socket and the PPPoL2TP socket by which its tunnel is made."""

    def __init__(self, rig, ppp, family=4, version=2, connected=True):
        self.udp = ProgramSocket(rig, family, version=version, connected=connected)
        self.ppp, self.version = ppp, version
        self.id, self.peer_id = next(ids), next(ids)
        self.control = ppp.socket()
        self.control.connect(self.name(fd=self.udp.socket.fileno()), self.udp.socket.fileno())

    def name(self, session_id=0, peer_session_id=0, **values):
        values.setdefault("version", self.version)
        return name(self.id, session_id, self.peer_id, peer_session_id, **values)

    def call(self, session_id=None, peer_session_id=None, **values):
        made = self.ppp.socket()
        made.session_id = session_id or next(ids)
        made.peer_session_id = next(ids) if peer_session_id is None else peer_session_id
        made.connect(self.name(made.session_id, made.peer_session_id, **values))
        return made


@pytest.fixture
def program(rig, ppp):
    return Program(rig, ppp)


# --- connect() ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("length", [0, 2, 16, 37, 39, 45, 47, 49, 51, 57, 59, 64])
def test_other_lengths_are_no_names(ppp, length):
    """
    Requirements: PX-10
    """
    refused("EINVAL", ppp.socket().connect, name(1, 0, 2, 0, version=3, family=6).ljust(64, b"\0")[:length])


def test_what_is_checked_before_the_tunnel(ppp):
    """
    Requirements: PX-11, PX-12, PX-13, PX-15, Q-5
    """
    s = ppp.socket()
    refused("EINVAL", s.connect, name(1, 2, 3, 4, protocol=2))
    refused("EINVAL", s.connect, name(0, 2, 3, 4))
    refused("ENOENT", s.connect, name(9, 2, 3, 4))
    refused("ENOENT", s.connect, name(9, 0, 3, 4))
    refused("EBADF", s.connect, name(9, 0, 3, 0))
    refused("EBADF", s.connect, name(9, 0, 3, 0, fd=99))
    assert s.state()["PPP_STATE"] == NEW


@pytest.mark.parametrize("kind, code", [("tcp", "EPROTONOSUPPORT"), ("pipe", "ENOTSOCK"), ("pppox", "EPROTONOSUPPORT")])
def test_descriptors_that_carry_no_tunnel(ppp, cable, kind, code):
    """
    Requirements: PX-13, PX-23, TUN-20
    """
    s = ppp.socket()
    r, w = os.pipe()
    with open(r, "rb") as pipe, open(w, "wb"), cable.near.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        fd = {"pipe": pipe, "tcp": tcp, "pppox": ppp.socket().held}[kind].fileno()
        refused(code, s.connect, name(50, 0, 3, 0, fd=fd), fd)


@pytest.mark.parametrize("family, version, length", [(4, 2, 38), (6, 2, 50), (4, 3, 46), (6, 3, 58)])
def test_a_tunnel_and_calls_by_connect(rig, ppp, api, family, version, length):
    """
    Requirements: PX-13, PX-16, PX-20, PX-22, PX-28, PX-44, PPP-90, Q-26
    """
    p = Program(rig, ppp, family, version)
    tunnel = api.tunnel_get(p.id)
    assert (tunnel["PROTO_VERSION"], tunnel["PEER_CONN_ID"]) == (version, p.peer_id)
    address = "192.0.2.2" if family == 4 else "2001:db8::2"
    same = {"len": length, "family": 24, "protocol": 1, "pid": 4711, "fd": p.udp.socket.fileno(),
            "peer": (address, p.udp.far_port)}
    assert p.control.name() == {**same, "ids": (p.id, 0, p.peer_id, 0)}
    call = p.call()
    assert call.name() == {**same, "ids": (p.id, call.session_id, p.peer_id, call.peer_session_id)}
    session = api.session_get(p.id, call.session_id)
    assert session["PW_TYPE"] == PPP and not session["SEND_SEQ"] and "COOKIE" not in session
    refused("EBUSY", call.connect, p.name(call.session_id, 1))
    refused("EEXIST", ppp.socket().connect, p.name())
    refused("EEXIST", ppp.socket().connect, p.name(call.session_id, 1))
    assert (p.control.state()["PPP_STATE"], call.state()["PPP_STATE"]) == (CONNECTED, CONNECTED)
    assert "PPP_CHANNEL" not in p.control.state()


def test_the_form_matters_only_for_new_tunnels(rig, program):
    """
    Requirements: PX-11, PX-14, PX-25, PX-26, PX-27
    """
    for values in ({"version": 3}, {"family": 6}, {"address_family": 2}, {"fd": 9999}, {"peer": b"x" * 16}):
        call = program.call(**values)
        assert call.name()["len"] == 38
        call.close()
    odd, tunnel = program.ppp.socket(), rig.tunnel(PROTO_VERSION=2)
    odd.connect(name(tunnel.id, 0, 1, 5))
    assert odd.name()["ids"] == (tunnel.id, 0, tunnel.peer_id, 5) and odd.state()["PPP_CHANNEL"]


def test_a_session_made_before(rig, ppp, api):
    """
    Requirements: PX-18, PX-19, PX-25, PX-44, SES-40
    """
    p = Program(rig, ppp)
    api.session_create(p.id, 11, PEER_SESSION_ID=22, PW_TYPE=PPP, SEND_SEQ=1, LNS_MODE=1, RECV_TIMEOUT=100)
    call = ppp.socket()
    call.connect(name(p.id, 11, 77, 88))
    assert (call.name()["ids"], call.name()["pid"]) == ((p.id, 11, p.peer_id, 22), 4711)
    assert [call.option(o) for o in (DEBUG, RECVSEQ, SENDSEQ, LNSMODE, REORDERTO)] == [0, 0, 1, 1, 100]
    refused("EEXIST", ppp.socket().connect, p.name(11, 22))
    call.close()
    eventually(lambda: gone(api.session_get, p.id, 11), "it goes with its socket")
    v3 = rig.session()
    refused("EPROTOTYPE", ppp.socket().connect, name(v3.tunnel.id, v3.id, 1, 1, version=3))


def test_data_comes_from_the_moment_it_is_connected(rig, ppp, api):
    """And of a session that was made before, nothing that came earlier.

    Requirements: PX-30, SES-30
    """
    p = Program(rig, ppp)
    for number in range(1, 21):
        api.session_create(p.id, number, PEER_SESSION_ID=number, PW_TYPE=PPP)
        early, late = (wire.data2(p.id, number, b"\xff\x03" + LCP + octet) for octet in (b"e", b"l"))
        p.udp.send(early)
        eventually(lambda n=number: api.session_get(p.id, n)["STATS"]["RX_PACKETS"] == 1, "what is early has come")
        call = ppp.socket()
        call.connect(p.name(number, number))
        p.udp.send(late)
        assert call.receive() == LCP + b"l" and not call.waiting()


@pytest.mark.parametrize("family, length", [(4, 46), (6, 58)])
def test_on_a_tunnel_over_ip(rig, ppp, family, length):
    """
    Requirements: PX-32, PX-44
    """
    session = rig.tunnel("ip", family).session(PW_TYPE=PPP)
    call = ppp.socket()
    call.connect(name(session.tunnel.id, session.id, 0, 0, version=3))
    fields = call.name()
    assert (fields["len"], fields["fd"]) == (length, -1)
    assert fields["peer"] == (session.tunnel.far_address, 0)
    assert fields["ids"] == (session.tunnel.id, session.id, session.tunnel.peer_id, session.peer_id)


def test_version_3_has_one_hidden_session(rig, ppp, api):
    """
    Requirements: PX-23, PX-28, PX-33, Q-22
    """
    first = Program(rig, ppp, version=3)
    udp = ProgramSocket(rig, version=3)
    s, conn_id = ppp.socket(), next(ids)
    refused("EEXIST", s.connect, name(conn_id, 0, 1, 0, version=3, fd=udp.socket.fileno()), udp.socket.fileno())
    assert gone(api.tunnel_get, conn_id)
    session = rig.tunnel().session(PW_TYPE=PPP)
    s.connect(first.name(session.id, 1))
    assert s.name()["ids"] == (session.tunnel.id, session.id, session.tunnel.peer_id, session.peer_id)


def test_a_tunnel_without_peer_id_gets_it(rig, ppp, api):
    """
    Requirements: PX-24, TUN-3, TUN-5
    """
    udp = ProgramSocket(rig, version=2)
    control, call, conn_id = ppp.socket(), ppp.socket(), next(ids)
    control.connect(name(conn_id, 0, 0, 0, fd=udp.socket.fileno()), udp.socket.fileno())
    assert api.tunnel_get(conn_id)["PEER_CONN_ID"] == 0
    call.connect(name(conn_id, 5, 75, 6))
    assert api.tunnel_get(conn_id)["PEER_CONN_ID"] == 75
    control.send(LCP)
    assert udp.peer.recv(100) == bytes.fromhex("0002004b0000ff03") + LCP


def test_nobody_is_notified(rig, ppp, api):
    """
    Requirements: PX-31
    """
    watcher = Api(rig.daemon, rig.near)
    rig.closing.append(watcher)
    watcher.subscribe()
    p = Program(rig, ppp)
    p.call().close()
    assert watcher.events() == []


def test_an_unprivileged_program_may_open_and_no_more(daemon, cable):
    """
    Requirements: PX-1, PPP-1, Q-19
    """
    with PppClient(daemon, cable.near) as client:
        s = client.socket()
        client.drop_rights()
        refused("EPERM", s.connect, name(1, 2, 3, 4))
        assert client.socket().state()["PPP_STATE"] == NEW
        refused("EPERM", client.file)
        refused("EPERM", client.dump)


def test_with_kernel_quirks_anyone_may_connect(cable, build):
    """
    Requirements: PX-1, Q-19
    """
    with Daemon("--kernel-quirks") as daemon, PppClient(daemon, cable.near) as client:
        client.drop_rights()
        refused("ENOENT", client.socket().connect, name(1, 2, 3, 4))


# --- options and ioctls ---------------------------------------------------------------------------------

def test_options_of_a_call(program, api):
    """
    Requirements: PX-50, PX-51, PX-52, Q-27
    """
    call = program.call()
    for option in (RECVSEQ, SENDSEQ, LNSMODE):
        call.set_option(option, 1)
        assert call.option(option) == 1
        for value in (2, -1, 100):
            refused("EINVAL", call.set_option, option, value)
        assert call.option(option) == 1
    for value in (0, 1, -1):
        call.set_option(DEBUG, value)
        assert call.option(DEBUG) == 0
    call.set_option(REORDERTO, 334)
    session = api.session_get(program.id, call.session_id)
    assert [session[n] for n in ("RECV_SEQ", "SEND_SEQ", "LNS_MODE", "RECV_TIMEOUT")] == [1, 1, 1, 334]
    api.session_modify(program.id, call.session_id, RECV_SEQ=0, SEND_SEQ=0, RECV_TIMEOUT=52)
    assert [call.option(o) for o in (RECVSEQ, SENDSEQ, LNSMODE, REORDERTO)] == [0, 0, 1, 52]
    call.set_option(REORDERTO, -1)
    assert call.option(REORDERTO) < 0
    refused("EINVAL", call.set_option, SENDSEQ, b"\1\0\0")
    call.set_option(SENDSEQ, b"\1\0\0\0more")
    assert call.option(SENDSEQ) == 1
    for option in (0, 6, 99):
        refused("ENOPROTOOPT", call.set_option, option, 1)
        refused("ENOPROTOOPT", call.option, option)


def test_options_of_a_tunnels_socket(program):
    """
    Requirements: PX-50
    """
    program.control.set_option(DEBUG, 1)
    assert program.control.option(DEBUG) == 0
    for option in (0, RECVSEQ, SENDSEQ, LNSMODE, REORDERTO, 6):
        refused("ENOPROTOOPT", program.control.set_option, option, 1)
        refused("ENOPROTOOPT", program.control.option, option)
    refused("ENOTCONN", program.ppp.socket().set_option, DEBUG, 1)
    refused("ENOTCONN", program.ppp.socket().option, DEBUG)


def test_ioctls(program):
    """
    Requirements: PX-60, Q-25, PPP-2
    """
    call, fresh = program.call(), program.ppp.socket()
    for number in (PPPIOCGMRU, PPPIOCGFLAGS):
        assert call.ioctl_int(number) == 0
        refused("ENOSYS", program.control.ioctl_int, number)
        refused("ENOTCONN", fresh.ioctl_int, number)
    for number in (PPPIOCSMRU, PPPIOCSFLAGS):
        assert call.ioctl_int(number, 7) is None
        refused("ENOSYS", program.control.ioctl_int, number, 7)
        refused("ENOTCONN", fresh.ioctl_int, number, 7)
    for s in (call, program.control, fresh):
        refused("ENOTTY", s.ioctl_int, PPPIOCGUNIT)
        refused("ENOTTY", s.ioctl_int, PPPIOCATTCHAN, 1)
        refused("ENOTTY", s.ioctl_int, PPPIOCNEWUNIT, -1)
    refused("ENOTCONN", fresh.channel)
    refused("ENOTCONN", fresh.stats)
    assert program.control.channel() == -1
    number = call.channel()
    assert number > 0 and call.channel() == number and call.state()["PPP_STATE"] == BOUND
    assert program.call().channel() == number + 1


def test_statistics(rig, program):
    """
    Requirements: PX-61, STAT-3
    """
    call = program.call(11, 22)
    program.control.send(LCP)
    call.send(LCP)
    assert {program.udp.peer.recv(100)[4:6] for _ in range(2)} == {b"\0\0", (22).to_bytes(2, "big")}
    one = {"tx_packets": 1, "tx_bytes": 18}
    assert call.stats(99) == {"ids": (program.id, 11), "flags": 0, **one}
    assert program.control.stats() == {"ids": (program.id, 0), "flags": 0, "tx_packets": 2, "tx_bytes": 36}
    assert program.control.stats(11) == {"ids": (program.id, 11), "flags": 0, **one}
    refused("EBADR", program.control.stats, 99)
    refused("EFAULT", program.control.ioctl, PPPIOCGL2TPSTATS, b"\0")
    rig.api.session_create(program.id, 13, PW_TYPE=PPP, PEER_SESSION_ID=1)
    assert program.control.stats(13) == {"ids": (program.id, 13), "flags": 0}


# --- the end --------------------------------------------------------------------------------------------

def test_a_deleted_session_leaves_its_socket(program, api):
    """
    Requirements: SES-43, PX-60, Q-11
    """
    call = program.call()
    number = call.channel()
    channel = program.ppp.channel_file(number)
    api.session_delete(program.id, call.session_id)
    assert gone(api.session_get, program.id, call.session_id)
    assert call.state()["PPP_STATE"] == SESSION_GONE and "NAME" not in call.state()
    refused("EBUSY", call.connect, program.name(call.session_id, 1))
    refused("ENOTCONN", call.option, SENDSEQ)
    refused("ENOTCONN", call.set_option, SENDSEQ, 1)
    refused("ENOTCONN", call.stats)
    assert call.channel() == number
    channel.send(LCP)
    call.send(LCP)
    assert not channel.hung_up() and not call.hung_up()
    again = program.call(call.session_id, 5)
    again.send(LCP)
    assert program.udp.peer.recv(100)[4:6] == b"\0\5"
    call.close()
    eventually(channel.hung_up, "the channel's files are told")


def test_close_of_each_kind(program, api):
    """
    Requirements: PX-45, SES-40, PX-28, TUN-46
    """
    call, other = program.call(), program.call()
    call.close()
    eventually(lambda: gone(api.session_get, program.id, call.session_id), "the session goes")
    refused("EBADF", call.state)
    program.control.close()
    eventually(lambda: gone(api.session_get, program.id, 0), "the hidden session goes")
    assert api.tunnel_get(program.id) and other.state()["PPP_STATE"] == CONNECTED
    other.send(LCP)
    assert program.udp.peer.recv(100).endswith(LCP)
    again = program.ppp.socket()
    again.connect(program.name())
    kept = program.call()
    program.udp.socket.close()
    eventually(lambda: gone(api.tunnel_get, program.id), "the tunnel goes with its own socket")
    assert kept.state()["PPP_STATE"] == again.state()["PPP_STATE"] == SESSION_GONE
    assert not kept.hung_up()


def test_the_last_of_several_copies_counts(program, api):
    """
    Requirements: PX-45
    """
    call = program.call()
    copy = call.held.dup()
    call.close()
    assert call.state()["PPP_STATE"] == CONNECTED
    copy.send(LCP)
    assert program.udp.peer.recv(100).endswith(LCP)
    copy.close()
    eventually(lambda: gone(api.session_get, program.id, call.session_id), "the session goes")


def test_what_was_written_before_close_is_sent(program):
    """
    Requirements: PX-42, PX-45
    """
    for _ in range(20):
        call = program.call()
        for number in range(10):
            call.send(LCP + bytes([number]))
        call.close()
        assert [program.udp.peer.recv(100)[-1] for _ in range(10)] == list(range(10))


def test_whoever_asks_right_after_close_is_refused(program):
    """The system tells of a close when it likes; no request comes before it."""
    for _ in range(50):
        call = program.call()
        call.close()
        refused("EBADF", call.channel, hand_over=False)


def test_the_debug_texts_know_the_socket(program, cli, api):
    """
    Requirements: PX-3, DBG-3, DBG-12, DBG-13
    """
    api.session_create(program.id, 12, PW_TYPE=PPP, PEER_SESSION_ID=1)
    call = program.call(11, 22)

    def line(session_id):
        return next(l for l in cli("show debug pppol2tp").splitlines() if f"sess {program.id}/{session_id}'" in l).split()[-2:]
    assert (line(11), line(12)) == (["1", "Y"], ["0", "N"])
    call.channel()
    text = cli("show debug pppol2tp")
    assert line(11) == ["3", "Y"] and text.count("interface (null)") == 1
    assert "refcnt 3" in cli("show debug tunnels")
    unit, channel = program.ppp.file(), program.ppp.channel_file(call.channel())
    number = unit.ioctl_int(PPPIOCNEWUNIT, -1)
    channel.ioctl_int(PPPIOCCONNECT, number)
    for which in ("pppol2tp", "tunnels"):
        assert f"interface ppp{number}\n" in cli(f"show debug {which}")
    channel.ioctl_int(PPPIOCDISCONN)
    assert "interface (null)" in cli("show debug pppol2tp")
    channel.ioctl_int(PPPIOCCONNECT, number)
    unit.close()  # the channel stays on what has died
    assert f"interface ppp{number}\n" in cli("show debug pppol2tp")


def test_a_tunnels_socket_that_is_connected_anew(program, rig):
    """
    Requirements: TUN-23, PX-44
    """
    call = program.call()
    call.send(LCP)
    assert program.udp.peer.recv(100).endswith(LCP)
    other = program.udp.far_socket()
    program.udp.connect(other.getsockname()[1])
    program.ppp.netlink.ul2tp("SOCKET_CHANGED", descriptors=[program.udp.socket.fileno()]).check()
    assert call.name()["peer"] == other.getsockname()
    call.send(LCP)
    other.settimeout(20)
    assert other.recv(100).endswith(LCP)


def test_a_program_that_is_killed_leaves_nothing(shared_daemon, cable, rig, api):
    """
    Requirements: PX-45, SES-40
    """
    udp = ProgramSocket(rig, version=2)
    conn_id, ready, child = next(ids), os.pipe(), os.fork()
    if not child:
        with PppClient(shared_daemon, cable.near) as client:
            client.socket().connect(name(conn_id, 0, 1, 0, fd=udp.socket.fileno()), udp.socket.fileno())
            for number in range(1, 6):
                call = client.socket()
                call.connect(name(conn_id, number, 1, number))
                client.channel_file(call.channel())
            os.write(ready[1], b"x")
            signal.pause()
    os.close(ready[1])
    assert os.read(ready[0], 1) == b"x"
    os.close(ready[0])
    assert len([s for s in api.sessions() if s["CONN_ID"] == conn_id]) == 5
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    eventually(lambda: not [s for s in api.sessions() if s["CONN_ID"] == conn_id], "all have gone")
    eventually(lambda: gone(api.session_get, conn_id, 0), "the hidden one too")
    assert api.tunnel_get(conn_id)


def test_statistics_of_an_interface_by_its_name(rig, ppp):
    """
    Requirements: PPP-64
    """
    call, unit = Program(rig, ppp).call(), ppp.file()
    number = unit.ioctl_int(PPPIOCNEWUNIT, -1)
    ppp.channel_file(call.channel()).ioctl_int(PPPIOCCONNECT, number)
    unit.send(bytes.fromhex("80210101000a0306c0000201"))
    asker = ppp.file()
    wanted = f"ppp{number}".encode().ljust(16, b"\0")

    def sent():
        return struct.unpack("=19I", asker.ioctl(SIOCGPPPSTATS, wanted))[6:9]
    eventually(lambda: sent()[2] == 1, "it is counted")
    refused("ENODEV", asker.ioctl, SIOCGPPPSTATS, b"lo".ljust(16, b"\0"))
    refused("EFAULT", asker.ioctl, SIOCGPPPSTATS, b"ppp0")
    unit.close()
