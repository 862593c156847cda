# SPDX-License-Identifier: BSD-2-Clause
"""The connection of `ul2tp run` with ul2tpd ends behind each request that a call needs: the program gets an error or what it
asked for, the supervisor lives on, and the next call succeeds."""
import sys

import pytest

from support.launcher import Launcher, supervisor_of
from support.relay import Relay

pytestmark = pytest.mark.quick

REQUESTS_MOST = 8   # of one call, with those of a second connection

CALLS = {
    "file": "os.close(os.open('/dev/ppp', os.O_RDWR))",
    "pppox": "socket.socket(24, 2, 1).close()",
    "ip": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 115).close()",
    "netlink": "ask()",
}

ANSWERS = {"ip": ("done\n",)}   # what was asked of an ul2tpd that ended left nothing there, and is asked again

PROGRAM = """
import os, socket, struct, sys
def ask():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as s:
        s.sendto(struct.pack("=IHHII", 32, 16, 5, 1, 0) + bytes([3, 1, 0, 0]) + struct.pack("=HH", 9, 2) + b"l2tp\\0" + bytes(3),
                 (0, 0))
        if struct.unpack_from("=H", s.recv(65536), 4)[0] != 16:
            raise OSError(0, "refused")
print(os.getpid(), flush=True)
for line in sys.stdin:
    try:
        %s
        print("done", flush=True)
    except OSError as why:
        print("refused", flush=True)
"""


@pytest.mark.parametrize("name", CALLS)
def test_a_connection_ends_behind_each_request(daemon, tmp_path, name):
    """Requirements: PX-20, NL-1"""
    with Relay(daemon.socket, tmp_path / "relay") as relay:
        launcher = Launcher(relay)
        with launcher.popen(sys.executable, "-uc", PROGRAM % CALLS[name], stdin=-1) as process:
            def call():
                process.stdin.write("\n")
                process.stdin.flush()
                return process.stdout.readline()

            program = int(process.stdout.readline())
            supervisor = supervisor_of(program)
            for requests in range(REQUESTS_MOST):
                relay.cut()
                relay.requests_left = requests
                assert call() in ANSWERS.get(name, ("done\n", "refused\n"))
                relay.requests_left = None
                assert call() == "done\n", f"after a connection that ended behind {requests} requests"
            assert supervisor_of(program) == supervisor
            process.stdin.close()
            assert process.wait() == 0
