# SPDX-License-Identifier: BSD-2-Clause
"""Many sessions: dumps in many messages, and ten thousand made and removed."""
import random
import socket
import time

import pytest

from support import netlink, proc, wire
from support.api import Api
from support.capture import Capture
from support.daemon import Daemon, in_session
from support.netns import Namespace
from support.wait import SLOW, eventually

COUNT = 5000
TUNNEL = {"IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1", "PEER_CONN_ID": 2}


def threads_of(daemon):
    return sum(len(proc.threads(pid)) for pid in in_session(daemon.pid))


def create_many(api, requests):
    """Many in each datagram; all must be granted."""
    nl = api.netlink
    family = nl.family("l2tp").id
    rows = iter(requests)
    batch = True
    while batch:
        batch = []
        for conn_id, session_id in rows:
            batch.append(netlink.message_encode(family, 5, nl.next_sequence(), netlink.genl_payload(5, [
                netlink.u32(netlink.CONN_ID, conn_id), netlink.u32(netlink.SESSION_ID, session_id),
                netlink.u32(netlink.PEER_SESSION_ID, session_id), netlink.u16(netlink.PW_TYPE, 5)])))
            if len(batch) == 50:
                break
        if batch:
            answer = nl.exchange(b"".join(batch), timeout=60 * SLOW)
            assert len(answer.errors) == len(batch) and answer.code == 0, answer.error


@pytest.fixture(scope="module")
def crowd(build):
    """5,000 sessions in ten tunnels of one namespace."""
    namespace = Namespace("crowd")
    try:
        with Daemon() as daemon:
            with Api(daemon, namespace) as api:
                for conn_id in range(1, 11):
                    api.tunnel_create(CONN_ID=conn_id, UDP_SPORT=5000 + conn_id, UDP_DPORT=6000, **TUNNEL)
                ids = list(range(1, COUNT + 1))
                random.Random(7).shuffle(ids)
                create_many(api, (((session_id - 1) % 10 + 1, session_id) for session_id in ids))
                yield daemon, namespace, api
                for conn_id in range(1, 11):
                    api.tunnel_delete(conn_id)
            eventually(lambda: namespace.devices() == set(), timeout=60)
    finally:
        namespace.close()


def test_a_dump_of_five_thousand(crowd):
    """In many datagrams of at most 32 KiB, ascending, each once, then DONE in a datagram of its own.

    Requirements: NL-78, NL-56, NL-92
    """
    answer = crowd[2].netlink.l2tp("SESSION_GET", dump=True, timeout=120).check()
    listed = [(m.decoded["CONN_ID"], m.decoded["SESSION_ID"]) for m in answer.messages]
    assert len(listed) == COUNT and listed == sorted(listed)
    assert all(m.flags == netlink.NLM_F_MULTI for m in answer.messages)
    assert answer.done == 0
    assert len(answer.datagrams) > COUNT * 190 // 32768 and max(answer.datagrams) <= 32768
    assert answer.datagrams[-1] == 20


def test_a_dump_of_the_other_family(crowd):
    """With counters, MTU and times of all of them."""
    answer = crowd[2].netlink.ul2tp("SESSION_GET", dump=True, timeout=120).check()
    assert len(answer.messages) == COUNT
    assert all(dict(m.attributes)["MTU"] > 60_000 for m in answer.messages)


def test_a_dump_while_others_create_and_delete(crowd):
    """What was there all the time appears once; nothing appears twice; what comes and goes may or may not.

    Requirements: NL-57, NL-56, NL-78
    """
    daemon, namespace, api = crowd
    with Api(daemon, namespace, words=False) as dumper:
        nl = dumper.netlink
        family = nl.family("l2tp").id
        for _ in range(3):
            sequence = nl.next_sequence()
            nl.send(netlink.message_encode(family, 0x301, sequence, netlink.genl_payload(8)))
            listed, done, number = [], False, 0
            while not done:
                for message in nl.receive(60 * SLOW):
                    assert not message.flags & 0x10, "NLM_F_DUMP_INTR is never set"
                    if message.type == netlink.NLMSG_DONE:
                        done = True
                    else:
                        listed.append((message.decoded["CONN_ID"], message.decoded["SESSION_ID"]))
                # Between two of its datagrams: one comes before, one behind, and both go.
                number += 1
                api.session_create(1, 100_000 + number)
                api.session_create(10, 200_000 + number)
                api.session_delete(1, 100_000 + number)
                if number % 2:
                    api.session_delete(10, 200_000 + number)
            assert listed == sorted(set(listed))
            assert {s for _, s in listed if s <= COUNT} == set(range(1, COUNT + 1))
            for session in api.sessions():
                if session["SESSION_ID"] > COUNT:
                    api.session_delete(session["CONN_ID"], session["SESSION_ID"])


def test_dumps_on_top_of_each_other(crowd):
    """A dump is refused while one runs, which it does until all of it is on its way; that one is not disturbed.

    Requirements: NL-92
    """
    daemon, namespace, other = crowd
    with Api(daemon, namespace, words=False) as api:
        nl = api.netlink
        family = nl.family("ul2tp").id
        sequences = [nl.next_sequence() for _ in range(8)]
        nl.send(b"".join(netlink.message_encode(family, 0x301, s, netlink.genl_payload(10)) for s in sequences))
        # Nothing is read before the daemon has seen all eight: others have been served meanwhile.
        for _ in range(3):
            other.tunnels()
        counts, ends = dict.fromkeys(sequences, 0), {}
        while len(ends) < len(sequences):
            for message in nl.receive(60 * SLOW):
                if message.type == netlink.NLMSG_ERROR:
                    ends[message.sequence] = netlink.error_decode(message).name
                elif message.type == netlink.NLMSG_DONE:
                    ends[message.sequence] = "DONE"
                else:
                    counts[message.sequence] += 1
        assert ends[sequences[0]] == "DONE" and ends[sequences[-1]] == "EBUSY"
        assert all(counts[s] == (COUNT if ends[s] == "DONE" else 0) for s in sequences), (counts, ends)


def test_a_client_that_leaves_in_the_middle_of_a_dump(crowd):
    """Costs the others nothing."""
    daemon, namespace, api = crowd
    for _ in range(10):
        with Api(daemon, namespace, words=False) as leaver:
            nl = leaver.netlink
            nl.send(netlink.message_encode(nl.family("l2tp").id, 0x301, 1, netlink.genl_payload(8)))
            nl.receive()
    assert len(api.sessions()) == COUNT


def test_data_among_five_thousand(crowd):
    """A packet finds its session, wherever it is."""
    daemon, namespace, api = crowd
    frame = wire.frame(b"among many", length=60)
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 6000))
        for session_id in (1, 2500, COUNT):
            conn_id = (session_id - 1) % 10 + 1
            device = api.session_get(conn_id, session_id)["IFNAME"]
            namespace.ip(f"link set {device} up")
            with Capture(namespace, device) as capture:
                peer.sendto(wire.data(session_id, frame, middle=wire.sublayer()), ("127.0.0.1", 5000 + conn_id))
                assert capture.take(1) == [frame]


@pytest.mark.plain
def test_ten_thousand_sessions(build, capsys):
    """They can be; how long it took is told, not judged here (./run bench does)."""
    count = 10_000
    namespace = Namespace("many")
    try:
        with Daemon() as daemon:
            with Api(daemon, namespace) as api:
                api.tunnel_create(CONN_ID=1, UDP_SPORT=5001, UDP_DPORT=6000, **TUNNEL)
                threads = threads_of(daemon)
                began = time.monotonic()
                create_many(api, ((1, session_id) for session_id in range(count)))
                created = time.monotonic()
                assert len(api.sessions()) == count
                assert len(namespace.devices()) == count
                assert threads_of(daemon) == threads, "no thread for a session"
                dumped = time.monotonic()
                api.tunnel_delete(1)
                acknowledged = time.monotonic()
                eventually(lambda: namespace.devices() == set(), timeout=120)
                deleted = time.monotonic()
        with capsys.disabled():
            print(f"\n{count} sessions: created in {created - began:.1f} s "
                  f"({(created - began) / count * 1000:.2f} ms each), listed in {dumped - created:.1f} s, deletion "
                  f"acknowledged in {acknowledged - dumped:.2f} s, devices gone in {deleted - dumped:.1f} s")
    finally:
        namespace.close()
