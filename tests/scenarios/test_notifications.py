# SPDX-License-Identifier: BSD-2-Clause
"""Subscribers are told what requests did: all of it, in order, and nothing else."""
import errno
import multiprocessing
import threading

import pytest

from support import netlink, wire
from support.api import Api, refused
from support.process import NOBODY, in_child
from support import netns

pytestmark = pytest.mark.quick
TUNNEL = {"CONN_ID": 1, "PEER_CONN_ID": 2, "IP_SADDR": "127.0.0.1", "IP_DADDR": "127.0.0.1", "UDP_SPORT": 5001,
          "UDP_DPORT": 5002}


@pytest.fixture
def here(shared_daemon, namespace):
    with Api(shared_daemon, namespace) as api:
        yield api


@pytest.fixture
def watcher(shared_daemon, namespace):
    with Api(shared_daemon, namespace) as api:
        api.subscribe()
        yield api


def test_the_story_of_a_tunnel(here, watcher):
    """Each has the content of the GET of that moment, the command's number, and the requester's sequence.

    Requirements: NL-47, NL-65, NL-80, NL-83, NL-75, NL-76, NL-50, NL-51, Q-4
    """
    here.tunnel_create(**TUNNEL)
    sequence = here.netlink.sequence - 1
    [created] = watcher.events(1)
    assert (created.command_name, created.sequence) == ("TUNNEL_CREATE", sequence)
    assert created.flags == netlink.NLM_F_ACK and created.version == 1
    assert created.decoded == here.tunnel_get(1)

    here.session_create(1, 10, PEER_SESSION_ID=11, COOKIE="c00c1e55", PEER_COOKIE="0123456789abcdef", SEND_SEQ=1,
                        RECV_TIMEOUT=40)
    sequence = here.netlink.sequence - 1
    [created] = watcher.events(1)
    assert (created.command_name, created.sequence, created.flags) == ("SESSION_CREATE", sequence, 4)
    assert created.decoded == here.session_get(1, 10)

    here.session_modify(1, 10, SEND_SEQ=0, LNS_MODE=1)
    [modified] = watcher.events(1)
    assert (modified.command_name, modified.flags) == ("SESSION_MODIFY", 4)
    assert (modified.decoded["SEND_SEQ"], modified.decoded["LNS_MODE"]) == (0, 1)
    assert modified.decoded == here.session_get(1, 10)

    here.do("TUNNEL_MODIFY", CONN_ID=1, PEER_CONN_ID=77)
    [modified] = watcher.events(1)
    assert modified.command_name == "TUNNEL_MODIFY" and modified.decoded == here.tunnel_get(1)

    before = here.session_get(1, 10)
    here.session_delete(1, 10)
    [deleted] = watcher.events(1)
    assert (deleted.command_name, deleted.flags, deleted.decoded) == ("SESSION_DELETE", 4, before)

    here.session_create(1, 20)
    watcher.events(1)
    before = here.tunnel_get(1)
    here.tunnel_delete(1)
    [deleted] = watcher.events(1)
    assert (deleted.command_name, deleted.flags, deleted.decoded) == ("TUNNEL_DELETE", 4, before)
    # One for the tunnel, none for its sessions.
    here.tunnels()
    assert watcher.events() == []


def test_the_order_of_attributes(here, watcher):
    """As in a GET.

    Requirements: NL-80, NL-27, NL-25
    """
    here.tunnel_create(**TUNNEL)
    here.session_create(1, 10, COOKIE="c00c1e55")
    created, session = watcher.events(2)
    assert created.payload[4:] == here.do("TUNNEL_GET", CONN_ID=1)[0].payload[4:]
    assert session.payload[4:] == here.do("SESSION_GET", CONN_ID=1, SESSION_ID=10)[0].payload[4:]
    assert [n for n, _ in dict(created.attributes)["STATS"]] == [
        "TX_PACKETS", "TX_BYTES", "TX_ERRORS", "RX_PACKETS", "RX_BYTES", "RX_SEQ_DISCARDS", "RX_COOKIE_DISCARDS",
        "RX_OOS_PACKETS", "RX_ERRORS", "RX_INVALID"]
    here.tunnel_delete(1)


def test_what_fails_or_only_asks_is_not_told(here, watcher):
    """
    Requirements: NL-81, NL-66
    """
    here.tunnel_create(**TUNNEL)
    here.session_create(1, 10, IFNAME="pw")
    watcher.events(2)
    with refused(errno.EEXIST):
        here.tunnel_create(**TUNNEL)
    with refused(errno.EEXIST):
        here.session_create(1, 11, IFNAME="pw")
    with refused(errno.ENODEV):
        here.session_delete(1, 99)
    with refused(errno.ENODEV):
        here.do("TUNNEL_MODIFY", CONN_ID=99)
    here.tunnel_get(1)
    here.session_get(1, 10)
    here.sessions()
    here.do("NOOP")
    assert watcher.events() == []
    here.tunnel_delete(1)


def test_the_requester_is_told_before_it_gets_its_acknowledgement(here):
    """
    Requirements: NL-93, NL-82, NL-47
    """
    here.subscribe()
    nl = here.netlink
    sequence = nl.next_sequence()
    attributes = [netlink.u32(netlink.CONN_ID, 1), netlink.u32(netlink.PEER_CONN_ID, 2),
                  netlink.u8(netlink.PROTO_VERSION, 3), netlink.u16(netlink.ENCAP_TYPE, 0),
                  netlink.ip(netlink.IP_SADDR, "127.0.0.1"), netlink.ip(netlink.IP_DADDR, "127.0.0.1"),
                  netlink.u16(netlink.UDP_DPORT, 5002)]
    nl.send(netlink.message_encode(nl.family("l2tp").id, 5, sequence, netlink.genl_payload(1, attributes)))
    messages = nl.receive()
    while len(messages) < 2:
        messages += nl.receive()
    assert [m.sequence for m in messages] == [sequence] * 2
    assert messages[0].command_name == "TUNNEL_CREATE" and messages[1].type == netlink.NLMSG_ERROR
    here.tunnel_delete(1)


def test_unsubscribing(here, watcher):
    watcher.netlink.unsubscribe()
    here.tunnel_create(**TUNNEL)
    watcher.tunnels()
    assert watcher.events() == []
    watcher.subscribe()
    here.tunnel_delete(1)
    assert [m.command_name for m in watcher.events(1)] == ["TUNNEL_DELETE"]


def test_a_user_may_subscribe(shared_daemon, namespace, here):
    """
    Requirements: NL-13
    """
    def watch():
        with Api(shared_daemon) as api:
            api.subscribe()
            ready.set()
            return [m.command_name for m in api.events(2)]

    ready = multiprocessing.Event()
    result = []
    with open(namespace.path) as handle:
        thread = threading.Thread(target=lambda: result.append(
            in_child(watch, uid=NOBODY, before=lambda: netns.setns(handle.fileno()))))
        thread.start()
        assert ready.wait(30)
        here.tunnel_create(**TUNNEL)
        here.tunnel_delete(1)
        thread.join(60)
    assert result == [["TUNNEL_CREATE", "TUNNEL_DELETE"]]


def test_many_in_order(here, watcher):
    """None is lost and none out of order, to a subscriber that reads.

    Requirements: NL-80
    """
    here.tunnel_create(**TUNNEL)
    for session_id in range(100):
        here.session_create(1, session_id)
        if session_id % 3 == 0:
            here.session_delete(1, session_id)
    seen = [(m.command_name, m.decoded["SESSION_ID"]) for m in watcher.events(1 + 100 + 34)[1:]]
    expected = []
    for session_id in range(100):
        expected.append(("SESSION_CREATE", session_id))
        if session_id % 3 == 0:
            expected.append(("SESSION_DELETE", session_id))
    assert seen == expected
    here.tunnel_delete(1)


def test_deletion_carries_the_last_statistics(rig):
    """
    Requirements: NL-82, NL-75
    """
    session = rig.session().up()
    for _ in range(3):
        session.receive(wire.frame(length=60))
    session.settled(RX_PACKETS=3, RX_BYTES=216)
    with Api(rig.daemon, rig.near) as watcher:
        watcher.subscribe()
        session.delete()
        [deleted] = watcher.events(1)
    assert deleted.decoded["STATS"]["RX_PACKETS"] == 3 and deleted.decoded["STATS"]["RX_BYTES"] == 216


def test_the_end_of_a_namespace_is_not_told(shared_daemon):
    """
    Requirements: NL-81
    """
    outside, doomed = netns.Namespace("outside"), netns.Namespace("doomed")
    try:
        with Api(shared_daemon, outside) as watcher:
            watcher.subscribe()
            with Api(shared_daemon, doomed) as api:
                api.tunnel_create(**TUNNEL)
            doomed.close()
            watcher.tunnels()
            assert watcher.events() == []
    finally:
        outside.close()
        doomed.close()
