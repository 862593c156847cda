# SPDX-License-Identifier: BSD-2-Clause
"""Descriptors run out in either process of ul2tpd while clients ask: ENFILE, nothing half made stays, and then it goes on"""
import contextlib
import errno
import os
import re
import signal
import socket
import threading

from support import proc
from support.api import PPP, UDP, Api
from support.daemon import Daemon, descriptors, no_more_than, settle
from support.netlink import Refused
from support.netns import Cable, run
from support.ppp_file import DEAD, PPPIOCCONNECT, PPPIOCNEWUNIT, PppClient, name
from support.wait import AT_MOST, eventually

CLIENTS, IDS, TUNNELS = 2, (1, 2), 8


class Scarce:
    """A process of ul2tpd that has no number left but the first @left; whoever is its user may say so."""

    def __init__(self, pid, left):
        self.pid = pid
        status = dict(line.split(":", 1) for line in proc.text(pid, "status").splitlines())
        self.user, self.group = (status[kind].split()[0] for kind in ("Uid", "Gid"))
        self.before = next(line.split()[3] for line in proc.text(pid, "limits").splitlines() if "open files" in line)
        held = descriptors(pid)
        self.limit([n for n in range(len(held) + left + 1) if n not in held][left])

    def limit(self, number):
        run("setpriv", "--reuid", self.user, "--regid", self.group, "--clear-groups",
            "prlimit", "--pid", self.pid, f"--nofile={number}:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.limit(self.before)


class Client:
    def __init__(self, daemon, cable):
        self.api, self.ppp = Api(daemon, cable.near), PppClient(daemon, cable.near)
        self.addresses = cable.addresses(4)
        self.program = cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.program.bind((self.addresses[0], 0))
        self.program.connect((self.addresses[1], 1701))

    def tell(self, number):
        """All that makes descriptors, one after the other. Return: whether nothing was refused."""
        near, far = self.addresses
        ids = 10 * number + IDS[0], 10 * number + IDS[1]
        try:
            self.api.tunnel_on(self.program, CONN_ID=ids[1], PEER_CONN_ID=ids[1])
            self.api.tunnel_create(CONN_ID=ids[0], PEER_CONN_ID=ids[0], IP_SADDR=near, IP_DADDR=far, UDP_SPORT=3000 + number,
                                   UDP_DPORT=1701)
            self.api.session_create(ids[0], 1)
            self.api.session_create(ids[0], 2, PW_TYPE=PPP)
            call, channel, unit = self.ppp.socket(), self.ppp.file(), self.ppp.file()
            call.connect(name(ids[0], 2, 0, 0, version=3))
            channel.attach_channel(call.channel())
            channel.ioctl_int(PPPIOCCONNECT, unit.ioctl_int(PPPIOCNEWUNIT, -1))
        except Refused as refusal:
            assert refusal.errno == errno.ENFILE and "LimitNOFILE" in str(refusal), refusal
            return False
        return True

    def close(self):
        for file in self.ppp.files:
            file.close()
        for number in self.api.tunnels():
            self.api.tunnel_delete(number)
        for part in (self.ppp, self.api, self.program):
            part.close()


def nothing_is_left(daemon, cable):
    eventually(lambda: cable.near.devices() == {"wire"}, "no interface is left")
    with Api(daemon, cable.near) as api, PppClient(daemon, cable.near) as ppp:
        assert not api.tunnels()
        eventually(lambda: not [m for m in ppp.dump() if m["PPP_STATE"] != DEAD], "no file of PPP is left")


def tell_all(daemon, cable, pid=0, left=0):
    """Return: how many clients were refused nothing."""
    clients = [Client(daemon, cable) for _ in range(CLIENTS)]
    try:
        if not pid:
            return sum(client.tell(number) for number, client in enumerate(clients))
        with Scarce(pid, left):
            return sum(client.tell(number) for number, client in enumerate(clients))
    finally:
        for client in clients:
            client.close()
        nothing_is_left(daemon, cable)


def refused_socket_is_logged(daemon, cable):
    """Anybody may make a PPPoL2TP socket, and xl2tpd does not say why it could not."""
    with PppClient(daemon, cable.near) as ppp, Scarce(daemon.engine_pid, 0):
        try:
            ppp.socket()
        except Refused:
            pass
        daemon.wait_for_log("<4>event=request-refused command=.* errno=23 reason=.*LimitNOFILE")


def test_an_engine_that_can_not_take_what_the_keeper_made(cable, build):
    """It is refused at each step, first at the first; the keeper does not keep what nobody knows."""
    with Daemon("--workers", "2") as daemon:
        engine = daemon.engine_pid
        assert tell_all(daemon, cable) == CLIENTS
        refused_socket_is_logged(daemon, cable)
        held = {pid: descriptors(pid) for pid in (daemon.keeper_pid, engine)}
        done = [tell_all(daemon, cable, engine, left) for left in range(16)]
        assert done[0] == 0 and done[-1] > 0, done
        assert tell_all(daemon, cable) == CLIENTS
        assert daemon.engine_pid == engine and "engine-died" not in daemon.log
        assert "not-spread" not in daemon.log, "there are sockets that nobody reads"
        for pid, before in held.items():
            no_more_than(before, pid)


def test_a_keeper_that_can_not_take_what_the_engine_hands_over(cable, build):
    """It says so, and does not take the engine for broken."""
    with Daemon() as daemon:
        engine = daemon.engine_pid
        assert tell_all(daemon, cable, daemon.keeper_pid) == 0
        with Scarce(daemon.keeper_pid, 0), cable.near.entered(), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(daemon.socket)
            daemon.wait_for_log("client-refused error=.*LimitNOFILE")
        assert tell_all(daemon, cable) == CLIENTS
        assert daemon.engine_pid == engine and "engine-died" not in daemon.log


def test_who_can_not_be_accepted_waits_and_costs_nothing(cable, build):
    """Nobody is refused: it is looked again now and then, and said once."""
    with Daemon() as daemon:
        Api(daemon, cable.near).close()  # the engine has become who it will be
        engine, answers = daemon.engine_pid, []
        with Scarce(engine, 0):
            late = threading.Thread(target=lambda: answers.append(Api(daemon, cable.near)), daemon=True)
            late.start()
            daemon.wait_for_log("out-of-descriptors")
            before = proc.spent_ms(engine)
            settle(1)
            spent = proc.spent_ms(engine) - before
        late.join(AT_MOST)
        assert answers, "it has never been accepted"
        answers[0].close()
        assert spent <= 50 and daemon.log.count("out-of-descriptors") == 1, (spent, daemon.log)


def make_tunnels(api, cable):
    near, far = cable.addresses(4)
    for number in range(1, TUNNELS + 1):
        api.tunnel_create(CONN_ID=number, PEER_CONN_ID=number, ENCAP_TYPE=UDP, IP_SADDR=near, IP_DADDR=far,
                          UDP_SPORT=5000 + number, UDP_DPORT=5000)
        api.session_create(number, number, PEER_SESSION_ID=number)


def test_a_keeper_that_can_not_start_an_engine(cable, build):
    """It tries again until it can, and all is there."""
    with Daemon() as daemon:
        with Api(daemon, cable.near) as api:
            make_tunnels(api, cable)
        with Scarce(daemon.keeper_pid, 0) as keeper:
            keeper.limit(8)     # fewer than poll() is asked about it refuses, too
            os.kill(daemon.engine_pid, signal.SIGKILL)
            daemon.wait_for_log("engine-not-started error=\"Too many open files")
        daemon.wait_for_log(f"event=adopted tunnels={TUNNELS} sessions={TUNNELS}")


def test_a_keeper_that_can_not_look_who_is_in_a_namespace(cable, build):
    """What it can not see has not gone; what has gone meanwhile is seen afterwards."""
    with Daemon() as daemon, contextlib.closing(Cable()) as brief:
        for where in (cable, brief):
            with Api(daemon, where.near) as api:
                make_tunnels(api, where)
        with Scarce(daemon.keeper_pid, 0) as keeper:
            keeper.limit(8)     # nor does it get one by giving another back
            brief.close()       # so it looks who is where, every quarter of a second
            settle(1)
        eventually(lambda: daemon.log.count("event=tunnel-removed") == TUNNELS, "the other namespace has gone")
        with Api(daemon, cable.near) as api:
            assert len(api.tunnels()) == len(api.sessions()) == TUNNELS


def test_what_the_next_engine_can_not_take_up_is_said(cable, build):
    """The log has how many of the tunnels have ended with the engine before, and why."""
    with Daemon("--workers", "16") as daemon:
        with Api(daemon, cable.near) as api:
            make_tunnels(api, cable)
        with Scarce(daemon.keeper_pid, 8):
            os.kill(daemon.engine_pid, signal.SIGKILL)
            daemon.wait_for_log("adopted-ppp")
        lost = re.search("event=not-adopted lost=(\\d+) error=\"ul2tpd is out of descriptors", daemon.log)
        with Api(daemon, cable.near) as api:
            assert lost and len(api.tunnels()) == TUNNELS - int(lost[1]), daemon.log


def test_ppp_for_which_the_next_engine_has_no_room(cable, build):
    """Some of it has ended, in the keeper too, which the log says; the rest and all tunnels go on, and clients are heard."""
    with Daemon("--workers", "16") as daemon, PppClient(daemon, cable.near) as ppp:
        with Api(daemon, cable.near) as api:
            make_tunnels(api, cable)
            for number in range(1, TUNNELS + 1):
                api.session_create(number, 100 + number, PW_TYPE=PPP)
                call, channel, unit = ppp.socket(), ppp.file(), ppp.file()
                call.connect(name(number, 100 + number, 0, 0, version=3))
                channel.attach_channel(call.channel())
                channel.ioctl_int(PPPIOCCONNECT, unit.ioctl_int(PPPIOCNEWUNIT, -1))
        needed, held = len(descriptors(daemon.engine_pid)), len(descriptors(daemon.keeper_pid))
        with Scarce(daemon.keeper_pid, needed + 2 - held):
            os.kill(daemon.engine_pid, signal.SIGKILL)
            daemon.wait_for_log("adopted-ppp files=\\d+ units=(\\d+)")
            daemon.wait_for_log("event=not-adopted .*out of descriptors.*PPP")
        units = int(re.search("units=(\\d+)", daemon.log)[1])
        assert 0 < units < TUNNELS, daemon.log
        with Api(daemon, cable.near) as api:
            assert len(api.tunnels()) == TUNNELS
            eventually(lambda: len(cable.near.devices()) == 1 + TUNNELS + units, "the cable's interface and theirs are left")
            assert TUNNELS + units <= len(api.sessions()) < 2 * TUNNELS, "a socket may be left without its unit"
