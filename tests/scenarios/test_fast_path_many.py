# SPDX-License-Identifier: BSD-2-Clause
"""More busy sessions than get tcx: the others have filters of a clsact, and nobody sees a difference but with tc(8)"""
import concurrent.futures
import hashlib
import os
import re

import pytest

from support.api import UDP, Api
from support.daemon import Cli, Daemon
from support.fast_pair import PORT, lay_cable, outer
from support.transfer import transfer
from support.wait import eventually

BARE, COUNT = 8, 12
SESSIONS = range(1, COUNT + 1)
# Lets no packet through: TC_ACT_SHOT.
DROP = ("bpf", "da", "bytecode", "1,6 0 0 2,")
OCTETS = os.urandom(1 << 20)
PINGS = 40


pytestmark = pytest.mark.usefixtures("fast_path")


def address(end, number):
    return f"10.9.{number}.{end + 1}"


class Many:
    """One tunnel with COUNT sessions between two hosts."""

    def __init__(self, cable):
        self.hosts = (cable.near, cable.far)
        self.daemons = [Daemon("--fast-path", "require") for _ in self.hosts]
        self.apis = [Api(daemon, host) for daemon, host in zip(self.daemons, self.hosts)]
        ends = cable.addresses(4)
        for end, api in enumerate(self.apis):
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=1, ENCAP_TYPE=UDP, UDP_SPORT=PORT, UDP_DPORT=PORT,
                              **outer(4, ends[end], ends[1 - end]))
            for number in SESSIONS:
                api.session_create(1, number, IFNAME=f"pw{number}")
                self.hosts[end].ip(f"address add {address(end, number)}/24 dev pw{number}", f"link set pw{number} up")

    def reasons(self, end):
        shown = Cli(self.daemons[end], self.hosts[end]).json("-s show session")
        return {session["session_id"]: session["fast_path"]["reason"] for session in shown}

    def reason(self, number):
        return self.reasons(0)[number]

    def ping(self, number, count=PINGS, check=True):
        return self.hosts[0].run("ping", "-c", count, "-i", "0.002", "-W", 1, address(1, number), check=check)

    def agree(self, number):
        near, far = (api.session_get(1, number)["STATS"] for api in self.apis)
        return all(a[f"TX_{what}"] == b[f"RX_{what}"] > 0 for a, b in ((near, far), (far, near))
                   for what in ("PACKETS", "BYTES"))

    def close(self):
        for api in self.apis:
            api.close()
        return [daemon.stop() for daemon in self.daemons]


@pytest.fixture
def many(build):
    cable = lay_cable("plain")
    made = None
    try:
        made = Many(cable)
        yield made
        assert made.close() == [0, 0]
        made = None
    finally:
        for daemon in made.daemons if made else ():
            daemon.kill()
        cable.close()


def clsact(host, number):
    return "clsact" in host.run("tc", "qdisc", "show", "dev", f"pw{number}").stdout


def filters(host, number):
    return host.run("tc", "filter", "show", "dev", f"pw{number}", "egress").stdout


def become_busy(many):
    """No packet is lost while the programs come: a clsact made on an interface that is up would lose some."""
    def busy():
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(many.ping, SESSIONS))
        for answer in answers:
            seen = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", answer.stdout)}
            # Of the last it waits only for twice what an answer has taken so far, some milliseconds.
            assert seen == set(range(1, len(seen) + 1)) and len(seen) > PINGS / 2, answer.stdout
        return all(set(many.reasons(end).values()) == {"used"} for end in (0, 1))
    eventually(busy)


def test_all_carry_and_both_ends_count_the_same(many):
    """Requirements: ETH-4"""
    near, far = many.hosts
    assert set(many.reasons(0).values()) == {"idle"}
    assert [clsact(near, number) for number in SESSIONS] == [number > BARE for number in SESSIONS]
    assert not any(filters(near, number) for number in SESSIONS)
    become_busy(many)
    assert [("ul2tp-fast" in filters(near, number)) for number in SESSIONS] == [number > BARE for number in SESSIONS]
    for number in SESSIONS:
        eventually(lambda: many.ping(number, 3) and many.agree(number))  # pylint: disable=cell-var-from-loop
        before = near.link_statistics(f"pw{number}")["tx_packets"]
        assert transfer(near, far, address(1, number), OCTETS) == hashlib.sha256(OCTETS).hexdigest()
        sent = near.link_statistics(f"pw{number}")["tx_packets"] - before
        assert sent < len(OCTETS) // 1500 // 2, "the engine has sent most of it"
    for number in SESSIONS:
        eventually(lambda: many.agree(number))  # pylint: disable=cell-var-from-loop
    for number in SESSIONS:
        many.apis[0].session_delete(1, number)
    eventually(lambda: not any(f"pw{number}" in near.devices() for number in SESSIONS))
    assert "clsact" not in near.run("tc", "qdisc", "show").stdout


def test_what_an_administrator_does_with_it_holds(many):
    """Requirements: ETH-4"""
    near, number = many.hosts[0], COUNT
    become_busy(many)
    assert near.run("tc", "qdisc", "add", "dev", f"pw{number}", "clsact", check=False).returncode != 0
    near.run("tc", "qdisc", "replace", "dev", f"pw{number}", "clsact")
    assert "ul2tp-fast" in filters(near, number)
    near.run("tc", "filter", "add", "dev", f"pw{number}", "egress", "prio", 9, *DROP)
    eventually(lambda: many.reason(number) == "device-filter")
    assert many.ping(number, 3, check=False).returncode != 0
    near.run("tc", "filter", "del", "dev", f"pw{number}", "egress", "prio", 9)
    eventually(lambda: many.reason(number) == "used")
    many.ping(number, 3)
    near.run("tc", "qdisc", "del", "dev", f"pw{number}", "clsact")
    eventually(lambda: many.reason(number) == "used" and many.ping(number, 3))
    assert not clsact(near, number)
