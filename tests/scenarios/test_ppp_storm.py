# SPDX-License-Identifier: BSD-2-Clause
"""A program with many PPP sessions behind `ul2tp run`: three descriptors each, most of them where nothing is trapped"""
import json
import os
import signal
import threading

from support import ppp_many, ppp_storm
from support.api import Api
from support.daemon import BUILD, Daemon, descriptors, no_more_than
from support.wait import eventually

BUSY_S = 12     # longer than the launcher waits for an answer that nobody needs


def storm(daemon, cable, sessions):
    with ppp_storm.Pair(cable, [BUILD / "ul2tp", "run", "--"], dict(os.environ, UL2TP_SOCKET=daemon.socket)) as pair:
        ppp_storm.story(pair, sessions)
    for namespace in (cable.near, cable.far):
        eventually(lambda: namespace.devices() == {"wire"}, "no interface is left")
        with Api(daemon, namespace) as api:
            eventually(lambda: not api.tunnels(), "no tunnel is left")


def test_a_storm_of_sessions(cable, build):
    """What tests/parity demands of a kernel; of 100 sessions, as a program's 128 trapped numbers of PPP are too few.

    Requirements: PX-20, PX-45, PPP-2, PPP-24
    """
    with Daemon() as daemon:
        storm(daemon, cable, 5)
        held = {pid: descriptors(pid) for pid in (daemon.keeper_pid, daemon.engine_pid)}
        storm(daemon, cable, 100)
        for pid, before in held.items():
            no_more_than(before, pid)


def test_what_sessions_cost_and_that_nothing_stays(build):
    """Sessions of 50 tunnels are lost all together and come back; of the others that came and went nothing is left.

    Requirements: PX-20, PX-45, PPP-2
    """
    ppp_many.story(200, 100, patience=120)


def test_calls_wait_for_an_ul2tpd_that_is_busy(build):
    """Also those that need a connection first, as most do when many come at once.

    Requirements: PX-20
    """
    with ppp_many.Gateway(tunnels=1, threads=8) as gateway:
        engine = gateway.daemon.engine_pid
        again = threading.Timer(BUSY_S, os.kill, (engine, signal.SIGCONT))
        os.kill(engine, signal.SIGSTOP)
        gateway.program.tell("up", 1, 8)
        again.start()
        try:
            made = json.loads(gateway.program.heard("up", 60))
        finally:
            again.join()
        assert (made["made"], made["failed"]) == (8, 0), made
        gateway.does("down")
        gateway.close()
