# SPDX-License-Identifier: BSD-2-Clause
"""Anyone may connect, so nobody may use up all there is."""
import contextlib
import errno
import multiprocessing
import os
import select
import socket

import pytest

from support.api import Api
from support.daemon import Daemon
from support.netlink import Refused
from support.process import NOBODY, in_child

pytestmark = pytest.mark.quick

LIMIT = 256  # CONNECTIONS_OF_USER_MAX of src/api/server.h
REQUESTS = 50
CONNECTIONS = 200  # that may be made while one request is answered: 16 at a time are accepted


def connect_many(path, count):
    """As nobody: how many of the connections the daemon kept."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    made = []
    for _ in range(count):
        made.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        made[-1].connect(path)
    last = made[-1]
    assert select.select([last], [], [], 20)[0], "the last connection is neither closed nor refused"
    closed = sum(1 for s in made if select.select([s], [], [], 0)[0] and s.recv(1) == b"")
    return count - closed


def test_a_user_has_a_limited_number_of_connections_and_others_are_served(build):
    daemon = Daemon()
    try:
        assert in_child(lambda: connect_many(daemon.socket, LIMIT + 10)) == LIMIT
        with Api(daemon) as api:
            assert not list(api.tunnels())
        assert "reason=\"256 connections\"" in daemon.log
    finally:
        assert daemon.stop() == 0


def connect_without_end(path, made):
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.connect(path)
                made.value += 1


def test_who_connects_without_end_keeps_nobody_from_an_answer(build):
    """Nor ul2tpd from ending."""
    daemon = Daemon()
    made = [multiprocessing.Value("Q", 0) for _ in range(3)]
    crowd = [multiprocessing.Process(target=connect_without_end, args=(daemon.socket, m), daemon=True) for m in made]
    try:
        with Api(daemon) as api:
            for process in crowd:
                process.start()
            for _ in range(REQUESTS):
                with pytest.raises(Refused) as refusal:
                    api.tunnel_get(1)
                assert refusal.value.errno == errno.ENODEV
                assert sum(m.value for m in made) < REQUESTS * CONNECTIONS
        assert all(process.is_alive() for process in crowd)
        assert daemon.stop() == 0
        assert "engine-killed" not in daemon.log
    finally:
        for process in crowd:
            process.kill()
            process.join()
        daemon.kill()
