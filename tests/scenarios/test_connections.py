# SPDX-License-Identifier: BSD-2-Clause
"""Anyone may connect, so nobody may use up all there is."""
import os
import select
import socket

import pytest

from support.api import Api
from support.daemon import Daemon
from support.process import NOBODY, in_child

pytestmark = pytest.mark.quick

LIMIT = 256  # CONNECTIONS_OF_USER_MAX of src/api/server.h


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
