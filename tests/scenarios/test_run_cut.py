# SPDX-License-Identifier: BSD-2-Clause
"""The connection of `ul2tp run` with ul2tpd ends behind each request that a call needs: the program gets an error or what it
asked for, the supervisor lives on, and the next call succeeds. Or the supervisor ends: another gets the answer."""
import os
import re
import resource
import signal
import sys

import pytest

from support import netlink, proc
from support.api import Api, encode
from support.daemon import TOP, Cli, settle
from support.launcher import REPLIES, Launcher, processes_of, supervisor_of
from support.relay import Relay
from support.wait import eventually

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


# The requests of each line go in one datagram: (command, {attribute: value}), ...
REQUESTS = """
import os, struct, sys
sys.path.insert(0, sys.argv[1])
from support import api, asking, netlink
s = asking.opened()
s.send(asking.question())
family = struct.unpack("=H", asking.attributes(s.recv(65536)[20:])[1])[0]
def send(requests):
    s.send(b"".join(netlink.message_encode(family, 5, number, netlink.genl_payload(	# NLM_F_REQUEST, NLM_F_ACK
        netlink.L2TP_COMMANDS[command], api.encode(values))) for number, (command, values) in enumerate(requests)))
    results = {}
    while len(results) < len(requests):
        octets = s.recv(65536)
        results[struct.unpack_from("=I", octets, 8)[0]] = -struct.unpack_from("=i", octets, 16)[0]
    return list(results.values())
print(os.getpid(), flush=True)
for line in sys.stdin:
    print(send(eval(line)), flush=True)
"""


def tunnel(conn_id):
    return "TUNNEL_CREATE", {"CONN_ID": conn_id, "PEER_CONN_ID": 9, "PROTO_VERSION": 3, "ENCAP_TYPE": 1,
                             "IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1"}


CHANGES = [  # what was there, what is asked for, how many tunnels are there when ul2tpd has done the first of it
    ([], [tunnel(1)], 1),
    ([], [tunnel(1), tunnel(2)], 1),
    ([tunnel(1)], [("TUNNEL_DELETE", {"CONN_ID": 1})], 0),
]


@pytest.mark.parametrize("before, asked, tunnels", CHANGES, ids=["create", "two", "delete"])
@pytest.mark.parametrize("reply", REPLIES)
def test_a_supervisor_ends_between_a_change_and_its_answer(daemon, namespace, tmp_path, reply, before, asked, tunnels):
    """The next one asks again, and gets the answer to what was done. Requirements: NL-1"""
    cli = Cli(daemon, namespace)
    with Relay(daemon.socket, tmp_path / "relay", namespace) as relay:
        launcher = Launcher(relay, namespace, reply=reply)
        with launcher.popen(sys.executable, "-uc", REQUESTS, TOP / "tests", stdin=-1, stderr=None) as process:
            def send(requests):
                process.stdin.write(f"{requests}\n")
                process.stdin.flush()

            program = int(process.stdout.readline())
            send([*before, ("TUNNEL_DELETE", {"CONN_ID": 5})])     # so that the connection is there
            assert "19" in process.stdout.readline()    # ENODEV
            relay.answers_wait = True
            send(asked)
            eventually(lambda: cli("show tunnel").count("Tunnel ") == tunnels, "ul2tpd has done it")
            os.kill(supervisor_of(program), signal.SIGKILL)
            relay.answers_wait = False
            assert process.stdout.readline() == f"{[0] * len(asked)}\n"
            process.stdin.close()
            assert process.wait() == 0


def size_of(pid):
    return int(proc.text(pid, "statm").split()[0]) * resource.getpagesize()


LACKS = {  # what a guardian lacks: it can not start a supervisor, or that can not start a thread
    "descriptors": (resource.RLIMIT_NOFILE, lambda guardian: 3),
    "threads": (resource.RLIMIT_AS, lambda guardian: size_of(guardian) + (128 << 10)),
}


@pytest.mark.parametrize("lack", LACKS)
def test_a_supervisor_that_can_not_be_started_at_once(shared_daemon, lack):
    """Its guardian lacks something for a while, and tries again."""
    kind, left = LACKS[lack]
    with Launcher(shared_daemon).popen(sys.executable, "-uc", PROGRAM % CALLS["file"], stdin=-1) as process:
        program = int(process.stdout.readline())
        supervisor = supervisor_of(program)
        guardian, = set(processes_of(program)) - {supervisor}
        limit = resource.prlimit(guardian, kind)
        resource.prlimit(guardian, kind, (left(guardian), limit[1]))
        os.kill(supervisor, signal.SIGKILL)
        settle(0.2)
        eventually(lambda: processes_of(program) == [guardian], "the program is alone")
        resource.prlimit(guardian, kind, limit)
        process.stdin.write("\n")
        process.stdin.close()
        assert process.stdout.readline() == "done\n"
        assert process.wait() == 0


def test_an_ul2tpd_of_another_language_is_asked_for_nothing(shared_daemon, tmp_path):
    """It has come in the place of the one there was: numbers might mean something else. Its family's version says so."""
    with Relay(shared_daemon.socket, tmp_path / "relay") as relay:
        with Launcher(relay).popen(sys.executable, "-uc", PROGRAM % CALLS["pppox"], stdin=-1, stderr=-1) as process:
            def call():
                process.stdin.write("\n")
                process.stdin.flush()
                return process.stdout.readline()

            process.stdout.readline()
            assert call() == "done\n"
            # Behind the family's name and number
            relay.alter = lambda octets: re.sub(rb"(ul2tp\0\0\0.{8}\x08\0\x03\0)\x01", rb"\1" b"\2", octets, flags=re.DOTALL)
            relay.cut()
            assert call() == "refused\n"
            process.stdin.close()
            assert "another language: start this program again" in process.stderr.read()
            assert process.wait() == 0


# --- what ul2tpd knows requests by ---

TOKEN = 0x0123456789abcdef


def asked(api, token, command, values):
    """The result of a request that came with a token."""
    connection = api.netlink
    requests = [("ul2tp", "SOCKET_SET", [netlink.u64(netlink.UL2TP_ATTR_TOKEN, token)], 1),
                ("l2tp", command, encode(values), 5)]
    octets = b"".join(netlink.message_encode(connection.family(family).id, flags, connection.next_sequence(), netlink.genl_payload(
        connection.family(family).tables[0][command], attributes)) for family, command, attributes, flags in requests)
    return connection.exchange(octets).errors[0].name


def test_a_token_is_of_one_request_in_one_namespace(shared_daemon, cable):
    """What was refused is tried again, what was done is not, and the request after that is another."""
    gone = ("TUNNEL_DELETE", {"CONN_ID": 1})
    with Api(shared_daemon, cable.near) as api, Api(shared_daemon, cable.near) as later, \
            Api(shared_daemon, cable.far) as other:
        assert asked(api, TOKEN, *gone) == "ENODEV"
        assert asked(api, TOKEN, *tunnel(1)) == "OK"
        assert asked(api, TOKEN, *tunnel(1)) == asked(later, TOKEN, *tunnel(1)) == "OK"
        assert asked(api, TOKEN + 1, *tunnel(1)) == "EEXIST"
        assert asked(other, TOKEN, *gone) == "ENODEV"
        with pytest.raises(netlink.Refused):
            later.tunnel_create(**tunnel(1)[1])
        assert asked(api, TOKEN + 2, *gone) == asked(later, TOKEN + 2, *gone) == "OK"
        assert not api.tunnels()
