# SPDX-License-Identifier: BSD-2-Clause
"""Trace events: what ul2tp trace prints is what a kernel's trace_pipe has of the same requests and packets."""
import errno
import itertools
import json
import re
import shutil
import subprocess

import pytest

from support import debug_steps, wire
from support.api import Api, refused
from support.daemon import BUILD, Cli, Daemon
from support.lines import Lines
from support.process import NOBODY, in_child, on_one_processor
from support.program_socket import ProgramSocket
from support.wait import AT_MOST, eventually

quick = pytest.mark.quick
EVENTS = ["register_tunnel", "delete_tunnel", "free_tunnel", "register_session", "delete_session", "free_session",
          "session_seqnum_lns_enable", "session_seqnum_lns_disable", "session_seqnum_update", "session_seqnum_reset",
          "session_pkt_expired", "session_pkt_outside_rx_window", "session_pkt_oos"]
LINE = re.compile(r"^ *(\S+)-(\d+) +\[\d{3}\] \.{5} +\d+\.\d{6}: ((\w+): .*)$")
TUNNEL = {"CONN_ID": 1, "PEER_CONN_ID": 2, "IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5001,
          "UDP_DPORT": 5002}


class Trace:
    """A running ul2tp trace, which listens when this comes back."""

    def __init__(self, cli, *words):
        self.process = cli.popen("trace", *words)
        self.lines = Lines(self.process)
        self.lines.until_line("ready")

    def texts(self):
        """The events so far, without what stands before them."""
        return [LINE.match(line)[3] for line in self.lines.seen if LINE.match(line)]

    def until(self, text, count=1):
        self.lines.until_line(text, count)
        return self.texts()

    def close(self):
        self.process.terminate()
        self.process.communicate(timeout=AT_MOST)


@pytest.fixture
def trace():
    """Starts ul2tp trace; it is ended afterwards."""
    started = []

    def start(cli, *words):
        started.append(Trace(cli, *words))
        return started[-1]
    yield start
    for running in started:
        running.close()


@pytest.fixture
def steps(shared_daemon, steps_of):
    return lambda case: steps_of(shared_daemon, case)


def by_tunnel(texts):
    """{tunnel: its events}. A kernel frees sessions and tunnels one beside the other."""
    tunnels = {}
    for text in texts:
        tunnels.setdefault(re.search(r": (?:tunl |sess )(\d+)", text)[1], []).append(text)
    ordered = {}
    for tunnel, events in tunnels.items():
        ordered[tunnel] = []
        for freed, run in itertools.groupby(events, lambda text: text.startswith("free_session")):
            ordered[tunnel] += sorted(run) if freed else list(run)
    return ordered


@quick
@pytest.mark.parametrize("case", debug_steps.cases(without=("nothing", "expired")))
def test_the_events_of_a_kernel(shared_daemon, namespace, steps, trace, case):
    listening = trace(Cli(shared_daemon, namespace))
    expected = debug_steps.golden(case, "trace").splitlines()
    made = steps(case)
    made.run()
    listening.until(": ", sum("free_" not in line and "delete_" not in line for line in expected))
    for conn_id in made.tunnels():
        made.api.tunnel_delete(conn_id)
    freed = sum("free_tunnel" in line for line in expected)
    assert by_tunnel(listening.until("free_tunnel", freed)) == by_tunnel(expected)


def test_every_event_is_in_a_case():
    seen = {line.split(":")[0] for case in debug_steps.cases() for line in
            debug_steps.golden(case, "trace").splitlines()}
    assert seen == set(EVENTS)


@quick
def test_packets_that_waited_too_long(shared_daemon, namespace, steps, trace):
    """A kernel sees it when the next packet comes, ul2tpd a moment after their time (LIM-8): so that is not among
    those that wait, and what is said of the others is the same.

    Requirements: LIM-8
    """
    listening = trace(Cli(shared_daemon, namespace))
    made = steps("expired")
    made.run()
    listening.until("nr=6")
    made.api.tunnel_delete(5)
    expected = debug_steps.golden("expired", "trace").replace(
        "my_nr=1 reorder_q_len=2", "my_nr=1 reorder_q_len=1").replace("my_nr=1 reorder_q_len=3",
                                                                      "my_nr=1 reorder_q_len=2")
    assert listening.until("free_tunnel") == expected.splitlines()


@quick
def test_those_that_were_named(shared_daemon, namespace, trace):
    listening = trace(Cli(shared_daemon, namespace), "delete_tunnel", "register_tunnel")
    with Api(shared_daemon, namespace) as api:
        api.tunnel_create(**TUNNEL)
        api.session_create(1, 2)
        api.tunnel_delete(1)
    assert listening.until("delete_tunnel") == [
        "register_tunnel: tunl 1: type=unmanaged encap=UDP version=L2TPv3 tid=1 ptid=2 fd=-1", "delete_tunnel: tunl 1"]


def test_an_event_that_is_none(shared_daemon, namespace):
    done = Cli(shared_daemon, namespace).run("trace register_tunnel register")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f'ul2tp: there is no event "register", but {" ".join(EVENTS)}\n'


def test_help_names_all(shared_daemon):
    words = Cli(shared_daemon)("trace help").split()
    assert [w for w in words if w in EVENTS][:len(EVENTS)] == EVENTS


def test_json(shared_daemon, namespace, steps, trace):
    """An object a line, with the fields of the event."""
    cli = Cli(shared_daemon, namespace)
    listening = trace(cli, "-j")
    made = steps("numbered")
    made.run()
    listening.lines.until_line("session_seqnum_update", 5)
    made.api.tunnel_delete(5)
    listening.lines.until_line("free_tunnel")
    first, *objects = [json.loads(line) for line in listening.lines.seen]
    assert first == {"event": "ready"}
    for each in objects:
        assert each.pop("time_us") > 0 and each.pop("pid") > 0 and each.pop("process")
        each.pop("cpu")
    assert objects[:3] == [
        {"event": "register_tunnel", "tunnel_id": 5, "peer_tunnel_id": 6, "version": 3, "encap": "UDP"},
        {"event": "register_session", "tunnel_id": 5, "session_id": 1, "peer_tunnel_id": 6, "peer_session_id": 11,
         "pw_type": "eth"},
        {"event": "session_seqnum_reset", "tunnel_id": 5, "session_id": 1, "ns": 0, "nr": 5}]
    assert {"event": "session_pkt_oos", "tunnel_id": 5, "session_id": 1, "pkt_ns": 9, "my_nr": 8,
            "reorder_q_len": 0} in objects
    assert objects[-1] == {"event": "free_tunnel", "tunnel_id": 5}


def test_who_did_it(shared_daemon, namespace, steps, trace):
    """The process of a request; of packets, the thread of ul2tpd."""
    listening = trace(Cli(shared_daemon, namespace))
    made = steps("numbered")
    made.run()
    listening.until("session_seqnum_update", 5)
    done = Cli(shared_daemon, namespace).popen("del", "tunnel", "tunnel_id", "5")
    done.communicate(timeout=AT_MOST)
    listening.until("free_tunnel")
    who = {match[4]: (match[1], int(match[2])) for match in map(LINE.match, listening.lines.seen) if match}
    assert who["delete_tunnel"][0] == "ul2tp"
    assert who["session_seqnum_update"][0].startswith("worker-")


def test_a_tunnel_on_a_programs_socket(rig, shared_daemon, trace):
    """Is managed, and has the number that its program gave; its debug text is that of any other.

    Requirements: TUN-25, DBG-11
    """
    cli = Cli(shared_daemon, rig.near)
    listening = trace(cli, "register_tunnel")
    p = ProgramSocket(rig).tunnel()
    text = listening.until("register_tunnel")[0]
    assert text.startswith(f"register_tunnel: tunl {p.id}: type=managed encap=UDP version=L2TPv3 tid={p.id} ptid=")
    assert text.endswith(f" fd={p.socket.fileno()}")
    assert (f" from {p.near_address} to {p.far_address}\n source port {p.port}, dest port {p.far_port}\n L2TPv3, UDP\n"
            " 0 sessions, refcnt 3/2\n") in cli("show debug tunnels")
    rig.api.tunnel_delete(p.id)


# --- who may listen, to what --------------------------------------------------------------------------------

def test_it_needs_rights(shared_daemon, namespace):
    with Api(shared_daemon, namespace) as api:
        def ask():
            return api.netlink.ul2tp("TRACE", [debug_steps.trace_events(1)]).code
        assert in_child(ask, uid=NOBODY) == errno.EPERM
        assert in_child(ask) == 0


@quick
def test_another_namespace_hears_nothing(shared_daemon, namespace, new_namespace, trace):
    elsewhere = new_namespace("elsewhere")
    here, there = (trace(Cli(shared_daemon, where)) for where in (namespace, elsewhere))
    for where in (namespace, elsewhere):
        with Api(shared_daemon, where) as api:
            api.tunnel_create(**dict(TUNNEL, CONN_ID=7 if where is elsewhere else 1))
            api.tunnel_delete(7 if where is elsewhere else 1)
    assert {t.split()[2].strip(":") for t in here.until("free_tunnel")} == {"1"}
    assert {t.split()[2].strip(":") for t in there.until("free_tunnel")} == {"7"}


def test_the_kernels_way(namespace, new_namespace, trace):
    """With --kernel-quirks everyone hears of every namespace, those that come later included.

    Requirements: Q-20
    """
    with Daemon("--kernel-quirks") as daemon:
        listening = trace(Cli(daemon, namespace))
        with Api(daemon, new_namespace("later")) as api:
            api.tunnel_create(**TUNNEL)
            api.tunnel_delete(1)
        assert len(listening.until("free_tunnel")) == 3
        listening.close()


def test_they_are_limited_like_subscribers(daemon, namespace):
    """Each connection counts once, whatever it listens to, until it stops or ends."""
    with Api(daemon, namespace) as limits, Api(daemon, namespace) as one, Api(daemon, namespace) as two:
        limits.set_limits(SUBSCRIBERS=1)
        one.more("TRACE", TRACE_EVENTS=1)
        one.more("TRACE", TRACE_EVENTS=6)
        with refused(errno.EDQUOT):
            two.more("TRACE", TRACE_EVENTS=1)
        with refused(errno.EDQUOT):
            two.subscribe()
        one.more("TRACE", TRACE_EVENTS=0)
        two.more("TRACE", TRACE_EVENTS=1)
        with refused(errno.EINVAL):
            two.more("TRACE", TRACE_EVENTS=1 << 13)


# --- when there are many -------------------------------------------------------------------------------------

UPDATE = 1 << EVENTS.index("session_seqnum_update")


def trace_messages(connection, until):
    """(events, lost), read until condition(both together) is true."""
    events = lost = 0
    while not until(events + lost):
        for message in connection.receive(20):
            told = message.decoded.get("TRACE_LOST", 0)
            lost += told
            events += not told
    return events, lost


def test_what_is_not_read_is_counted(daemon, namespace, steps_of):
    """A listener that does not read loses events, and learns how many, to the last; nobody waits for it."""
    made = steps_of(daemon, "numbered")
    made.run()

    def packets():
        return made.api.session_get(5, 1)["STATS"]["RX_PACKETS"]

    def send(number):
        made.peer.sendto(wire.data(1, wire.frame(length=60), middle=wire.sublayer(number)), ("192.0.2.1", 5001))

    def old_packets():
        return made.api.session_more(5, 1).rx_drops["outside-window"]

    def old_packet_seen():
        send(1)
        return old_packets() > old
    eventually(lambda: packets() == 5)
    with Api(daemon, namespace) as listener, on_one_processor():
        listener.more("TRACE", TRACE_EVENTS=UPDATE)
        old = old_packets()
        for number in range(60_000):
            send(16 + number)
        # Full sockets lose some, and the gap they leave is an error too: only an old one comes behind all others.
        eventually(old_packet_seen)
        count = packets() - 5
        events, lost = trace_messages(listener.netlink, lambda seen: seen >= count)
        assert (lost > 0, events > 0, events + lost) == (True, True, count)


def test_thousands_of_sessions(shared_daemon, namespace, trace):
    """Each with its events, and all in their order."""
    count = 1000
    listening = trace(Cli(shared_daemon, namespace))
    with Api(shared_daemon, namespace) as api:
        api.tunnel_create(**TUNNEL)
        for number in range(count):
            api.session_create(1, 100 + number)
        api.tunnel_delete(1)
    texts = listening.until("free_tunnel")
    assert not [line for line in listening.lines.seen if "lost" in line]
    kinds = [kind for kind, _ in itertools.groupby(text.split(":")[0] for text in texts)]
    assert kinds == ["register_tunnel", "register_session", "delete_tunnel", "delete_session", "free_session",
                     "free_tunnel"]
    assert len(texts) == 3 + 3 * count


def test_listeners_come_and_go(shared_daemon, namespace, trace):
    """In the middle of events; those that stay miss nothing."""
    listening = trace(Cli(shared_daemon, namespace), "register_tunnel", "free_tunnel")
    with Api(shared_daemon, namespace) as api:
        for _ in range(20):
            with Api(shared_daemon, namespace) as other:
                other.more("TRACE", TRACE_EVENTS=(1 << 13) - 1)
                api.tunnel_create(**TUNNEL)
            api.tunnel_delete(1)
    assert len(listening.until("free_tunnel", 20)) == 40


# --- probes --------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed")
def test_each_event_is_a_probe():
    """For debuggers: the notes in the program have each event, with a semaphore."""
    if "#define HAVE_SYS_SDT_H" not in (BUILD / "config.h").read_text():
        pytest.skip("built without sys/sdt.h")
    notes = subprocess.run(["readelf", "-n", str(BUILD / "ul2tpd")], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"Provider: ul2tp\n\s+Name: (\w+)\n\s+Location: \S+, Base: \S+, Semaphore: (\S+)\n"
                       r"\s+Arguments: (.*)", notes)
    assert sorted({name for name, *_ in found}) == sorted(EVENTS)
    assert all(int(semaphore, 16) for _, semaphore, _ in found)
    assert len({semaphore for _, semaphore, _ in found}) == len(EVENTS)
    arguments = {name: len(words.split()) for name, _, words in found}
    assert arguments["register_tunnel"] == 6 and arguments["register_session"] == 6
    assert arguments["session_seqnum_update"] == 3 and arguments["session_pkt_oos"] == 4
    assert arguments["delete_tunnel"] == 1
