# SPDX-License-Identifier: BSD-2-Clause
"""Sequence numbers that arrive: what is delivered in which order, held, or discarded and counted."""
import time

import pytest

from support import wire
from support.api import Api
from support.process import on_one_processor
from support.wait import SLOW, eventually

quick = pytest.mark.quick
LENGTH = 72  # of each packet: 12 octets of header, a frame of 60
LONG = 60_000  # a reorder timeout that does not end during a test


def labelled(label):
    return wire.frame(f"{label};".encode(), length=60)


def labels(frames):
    return [f[14:].split(b";")[0].decode() for f in frames]


def arrive(session, *numbers):
    """Packets with these numbers arrive: 5, or "5 again" for another of the same; "plain" has none."""
    with on_one_processor():
        for label in numbers:
            number = None if str(label).startswith("plain") else int(str(label).split()[0], 0)
            session.receive(labelled(label), number=number)


def delivered(session):
    """What has come out behind all that arrived."""
    session.tunnel.fence()
    return labels(session.capture.waiting())


def errors(session):
    return {name: value for name, value in session.counts().items() if name not in ("RX_PACKETS", "RX_BYTES")}


def held(session):
    return session.more().counters.get("RX_HELD", 0)


def discards(count):
    return {"RX_SEQ_DISCARDS": count, "RX_ERRORS": count} if count else {}


# --- without reordering ---------------------------------------------------------------------------------

WITHOUT_TIMEOUT = {
    "SEQ-21 in order": (
        [0, 1, 2, 3], [0, 1, 2, 3], {}),
    "SEQ-4 SEQ-20 any first number": (
        [1000, 1001, 1002], [1000, 1001, 1002], {}),
    "SEQ-3 the greatest first number": (
        [0x7ffffe, 0x7fffff, 0x800000], [0x7ffffe, 0x7fffff, 0x800000], {}),
    "SEQ-3 SEQ-2 a first number outside the window": (
        [0x7fffff, 0xffffff, 0x800000], [], {"RX_ERRORS": 3}),
    "SEQ-2 old ones and duplicates": (
        [0, 1, 2, "1 again", "0 again", "2 again", 3], [0, 1, 2, 3], {"RX_ERRORS": 3}),
    "SEQ-4 five behind a gap": (
        [0, 9, 10, 11, 12, 13], [0], discards(5)),
    "SEQ-4 SEQ-20 the sixth behind a gap": (
        [0, 9, 10, 11, 12, 13, 14, 15, 16], [0, 14, 15, 16], discards(5)),
    "SEQ-4 the missing one arrives": (
        [0, 2, 3, 1, "2 again", "3 again"], [0, 1, "2 again", "3 again"], discards(2)),
    "SEQ-4 six that do not follow each other": (
        [0, 9, 11, 13, 15, 17, 19, 21, 1], [0, 1], discards(7)),
    "SEQ-5 the count goes on behind one in sequence": (
        [0, 9, 10, 11, 1, 12, 13, 14, 15], [0, 1, 14, 15], discards(5)),
    "SEQ-2 SEQ-21 the number wraps": (
        [0x7ffffe, *range(0xfffff0, 0x1000000), 0, 1],
        [0x7ffffe, *range(0xfffff5, 0x1000000), 0, 1], discards(5)),
    "SEQ-2 after wrapping the numbers before are old": (
        [0x7ffffe, *range(0xfffff4, 0x1000000), 0, "0xffffff again", 1],
        [0x7ffffe, *range(0xfffff9, 0x1000000), 0, 1], {**discards(5), "RX_ERRORS": 6}),
    "RX-47 plain ones between": (
        [0, "plain a", 1, "plain b"], [0, "plain a", 1, "plain b"], {}),
}


@quick
@pytest.mark.parametrize("over", ["udp", "ip"])
@pytest.mark.parametrize("vector", WITHOUT_TIMEOUT.values(), ids=WITHOUT_TIMEOUT)
def test_without_reordering(rig, vector, over):
    """
    Requirements: RX-41, RX-48, STAT-1
    """
    arriving, expected, counts = vector
    session = rig.session(over).up()
    arrive(session, *arriving)
    assert delivered(session) == [str(label) for label in expected]
    length = LENGTH - (4 if over == "ip" else 0)
    received = {"RX_PACKETS": len(expected), "RX_BYTES": len(expected) * length} if expected else {}
    assert session.counts() == {**received, **counts}
    assert held(session) == 0


# --- with reordering ------------------------------------------------------------------------------------

WITH_TIMEOUT = {
    "SEQ-21 in order": (
        [0, 1, 2], [0, 1, 2], {}),
    "SEQ-6 two exchanged": (
        [0, 2, 1, 3], [0, 1, 2, 3], {"RX_OOS_PACKETS": 1}),
    "SEQ-6 three in reverse": (
        [0, 3, 2, 1], [0, 1, 2, 3], {"RX_OOS_PACKETS": 2}),
    "SEQ-6 two gaps": (
        [0, 4, 2, 1, 3], [0, 1, 2, 3, 4], {"RX_OOS_PACKETS": 3}),
    "SEQ-22 SEQ-20 held behind a gap": (
        [0, 2, 3, 4], [0], {}),
    "SEQ-2 RX-48 a duplicate of one delivered": (
        [0, 2, 1, "1 again", "2 again", 3], [0, 1, 2, 3], {"RX_OOS_PACKETS": 1, "RX_ERRORS": 2}),
    "SEQ-24 LIM-20 a duplicate of one held": (
        [0, 2, "2 again", 1, 3], [0, 1, 2, 3], {"RX_OOS_PACKETS": 1, "RX_ERRORS": 1}),
    "SEQ-3 a first number outside the window": (
        [0x7fffff, 0], [0], {"RX_ERRORS": 1}),
    "SEQ-23 plain ones wait behind a gap": (
        [0, 2, "plain a", 1, "plain b", 3], [0, 1, 2, "plain a", "plain b", 3], {"RX_OOS_PACKETS": 1}),
}


@quick
@pytest.mark.parametrize("over", ["udp", "ip"])
@pytest.mark.parametrize("vector", WITH_TIMEOUT.values(), ids=WITH_TIMEOUT)
def test_with_reordering(rig, vector, over):
    """
    Requirements: RX-46, RX-48
    """
    arriving, expected, counts = vector
    session = rig.session(over, RECV_TIMEOUT=LONG).up()
    arrive(session, *arriving)
    assert delivered(session) == [str(label) for label in expected]
    assert errors(session) == counts
    assert session.stats()["RX_PACKETS"] == len(expected)
    assert held(session) == len(arriving) - len(expected) - counts.get("RX_ERRORS", 0)


@quick
def test_wrapping_while_packets_are_held(rig):
    """0 follows 0xffffff, also in the queue.

    Requirements: SEQ-25, LIM-19
    """
    session = rig.session().up()
    arrive(session, 0x7ffffe, *range(0xfffff0, 0xfffffe))
    assert delivered(session)[-1] == str(0xfffffd)
    session.modify(RECV_TIMEOUT=LONG)
    arrive(session, 0, 0xffffff, 1, 0xfffffe, 2)
    assert delivered(session) == [str(n) for n in (0xfffffe, 0xffffff, 0, 1, 2)]
    assert held(session) == 0


@quick
def test_what_waited_too_long_is_discarded(rig):
    """Once the next packet of the session has come at the latest; that one says where to go on.

    Requirements: SEQ-20, SEQ-22, RX-46
    """
    session = rig.session(RECV_TIMEOUT=1000 * SLOW).up()  # the test may be kept from sending the next for long
    arrive(session, 0, 2, 3)
    assert delivered(session) == ["0"]
    eventually(lambda: held(session) == 0, "they have waited too long")
    arrive(session, 7, 8, 4)
    assert delivered(session) == ["7", "8"]
    assert errors(session) == {"RX_SEQ_DISCARDS": 2, "RX_ERRORS": 3}


@quick
def test_a_missing_packet_in_time(rig):
    """
    Requirements: SEQ-22, RX-46
    """
    session = rig.session(RECV_TIMEOUT=20_000).up()
    arrive(session, 0, 2, 3)
    time.sleep(0.3)
    arrive(session, 1)
    assert delivered(session) == ["0", "1", "2", "3"]
    assert errors(session) == {"RX_OOS_PACKETS": 1}


@quick
def test_plain_ones_expire_too(rig):
    """
    Requirements: SEQ-23
    """
    session = rig.session(RECV_TIMEOUT=1000 * SLOW).up()  # the test may be kept from sending the next for long
    arrive(session, 0, 2, "plain a")
    assert delivered(session) == ["0"]
    eventually(lambda: held(session) == 0, "they have waited too long")
    arrive(session, "plain b", 5)
    assert delivered(session) == ["plain b", "5"]
    assert errors(session) == discards(2)


@quick
def test_a_new_timeout_is_for_later_packets(rig):
    """
    Requirements: SEQ-26, NL-76
    """
    session = rig.session(RECV_TIMEOUT=LONG).up()
    arrive(session, 0, 2)
    assert delivered(session) == ["0"]
    session.modify(RECV_TIMEOUT=20)
    time.sleep(0.3)
    arrive(session, 1)
    assert delivered(session) == ["1", "2"]


@quick
def test_without_a_timeout_what_is_held_stays(rig):
    """
    Requirements: SEQ-26, NL-76
    """
    session = rig.session(RECV_TIMEOUT=LONG).up()
    arrive(session, 0, 2)
    assert delivered(session) == ["0"]
    session.modify(RECV_TIMEOUT=0)
    assert delivered(session) == [] and held(session) == 1
    session.modify(RECV_TIMEOUT=LONG)
    arrive(session, 1)
    assert delivered(session) == ["1", "2"]


@quick
def test_deleting_a_session_discards_what_it_holds(rig):
    """
    Requirements: SES-41, TUN-49
    """
    session = rig.session(RECV_TIMEOUT=LONG).up()
    tunnel = session.tunnel
    arrive(session, 0, 2, 3)
    assert delivered(session) == ["0"] and held(session) == 2
    before = tunnel.counts()["RX_PACKETS"]
    session.delete()
    again = tunnel.session(SESSION_ID=session.id).up()
    arrive(again, 1)
    assert delivered(again) == ["1"]
    # One more for the session of the same number, and one for the fence.
    assert tunnel.counts()["RX_PACKETS"] == before + 2
    assert errors(again) == {}


@pytest.mark.parametrize("over", ["udp", "ip"])
def test_the_queue_has_an_end(rig, over):
    """A peer can not make the daemon store without end; what is beyond counts like what expired.

    Requirements: SEQ-28, LIM-7
    """
    session = rig.session(over, RECV_TIMEOUT=LONG).up()
    arrive(session, 0)
    count = 5000
    for number in range(2, count + 2):
        arrive(session, number)
        if number % 100 == 0:
            session.tunnel.fence()
    assert delivered(session) == ["0"]
    assert 0 < held(session) < count
    assert errors(session) == discards(count - held(session))
    assert session.drops() == {"queue-full": count - held(session)}
    arrive(session, 1)
    session.tunnel.fence()
    assert held(session) == 0 and session.stats()["RX_PACKETS"] == count + 2 - session.drops()["queue-full"]


# --- who numbers what -----------------------------------------------------------------------------------

@quick
def test_the_peer_switches_numbers_on(rig):
    """By default the session follows its peer (LAC), Ethernet included.

    Requirements: RX-42, ETH-27, Q-16, NL-81, HDR-2
    """
    session = rig.session().up()
    session.tunnel.fence()
    watcher = Api(rig.daemon, rig.near)
    rig.closing.append(watcher)
    watcher.subscribe()
    session.transmit(labelled("x"))
    assert session.tunnel.received() == wire.data(session.peer_id, labelled("x"), middle=wire.sublayer())
    arrive(session, 0)
    assert delivered(session) == ["0"]
    assert session.get()["SEND_SEQ"] == 1
    session.transmit(labelled("x"))
    assert session.tunnel.received() == wire.data(session.peer_id, labelled("x"), middle=wire.sublayer(0))
    assert watcher.events() == []


@quick
def test_the_peer_switches_numbers_off(rig):
    """
    Requirements: RX-43, ETH-27, Q-16
    """
    session = rig.session(SEND_SEQ=1).up()
    assert session.get()["SEND_SEQ"] == 1
    arrive(session, "plain")
    assert delivered(session) == ["plain"]
    assert session.get()["SEND_SEQ"] == 0
    session.transmit(labelled("x"))
    assert session.tunnel.received() == wire.data(session.peer_id, labelled("x"), middle=wire.sublayer())


@quick
def test_lns_mode_does_not_follow_the_peer(rig):
    """
    Requirements: RX-42, RX-43
    """
    session = rig.session(LNS_MODE=1).up()
    arrive(session, 0, "plain")
    assert delivered(session) == ["0", "plain"]
    assert session.get()["SEND_SEQ"] == 0
    session.modify(SEND_SEQ=1)
    arrive(session, "plain", 1)
    assert delivered(session) == ["1"]
    assert session.get()["SEND_SEQ"] == 1
    assert errors(session) == discards(1)


@quick
@pytest.mark.parametrize("lns_mode", [0, 1])
@pytest.mark.parametrize("send_seq", [0, 1])
def test_numbers_can_be_required(rig, lns_mode, send_seq):
    """What has none is dropped, and tells nothing about the peer.

    Requirements: RX-43, NL-60
    """
    session = rig.session(RECV_SEQ=1, LNS_MODE=lns_mode, SEND_SEQ=send_seq).up()
    arrive(session, "plain", "plain")
    assert delivered(session) == []
    assert session.counts() == discards(2)
    assert session.get()["SEND_SEQ"] == send_seq
    arrive(session, 0)
    assert delivered(session) == ["0"]
    session.modify(RECV_SEQ=0, SEND_SEQ=0)
    arrive(session, "plain")
    assert delivered(session) == ["plain"]


@quick
@pytest.mark.parametrize("over", ["udp", "ip"])
def test_without_a_sublayer_numbers_can_not_be_met(rig, over):
    """
    Requirements: SEQ-27, RX-41
    """
    session = rig.session(over, RECV_SEQ=1, L2SPEC_TYPE=wire.NONE).up()
    for _ in range(3):
        session.receive(labelled("x"))
    assert delivered(session) == []
    assert session.counts() == discards(3)


@quick
def test_statistics_by_reason_say_where_each_packet_went(rig):
    """The kernel's sums and our reasons are two views of the same packets.

    Requirements: STAT-1
    """
    session = rig.session(PEER_COOKIE="c00c1e55").up()
    arrive(session, 0, 1, 9, "1 again")
    session.receive(labelled("x"), number=2, cookie=b"wron")
    arrive(session, 2)
    assert delivered(session) == ["0", "1", "2"]
    more = session.more()
    assert sum(more.rx_drops.values()) == session.counts()["RX_ERRORS"] == 3
    assert more.rx_drops == {"cookie": 1, "out-of-sequence": 1, "outside-window": 1}
    assert more.counters["RX_PACKETS"] == 3 and more.counters["RX_OCTETS"] == 3 * 76
    assert all(more.words.values()), "each reason has words"
    now = time.time() * 1000
    eventually(lambda: now - 60_000 * SLOW < session.more().counters["RX_LAST"] <= time.time() * 1000 + 1000)
    assert now / 1000 - 60 * SLOW < more.values["CREATED"] <= time.time() + 1
